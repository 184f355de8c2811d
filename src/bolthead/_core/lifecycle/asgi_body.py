"""The body of a request over ASGI: read before the view, or handed to it as it arrives."""

from __future__ import annotations

import io
import tempfile
from asyncio import CancelledError
from collections.abc import AsyncIterator
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge

from ..request.body import content_length
from ..request.spool import SPOOL
from .steps import TO_LOOP

BODY_CHUNKS = "bolthead.body_chunks"
"""The key of an environ under which the chunks of a body are that is not read before the view."""


class Unread(io.RawIOBase):
    """``wsgi.input`` where the body is not read before the view."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise RuntimeError("This view was registered with 'stream_body=True': read with 'request.body_chunks()'.")


class TooLarge(io.RawIOBase):
    """``wsgi.input`` where a body of unknown length is beyond the limit: not even its beginning is given out."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise RequestEntityTooLarge()


async def next_chunk(exchange: Any) -> tuple[bytes, bool]:
    """The next piece of the body, and whether more follows. A client that is gone cancels the request."""
    message = await exchange.receive()
    if message["type"] == "http.disconnect":
        exchange.gone = True
        raise CancelledError()
    more = bool(message.get("more_body"))
    exchange.body_read = not more
    return message.get("body") or b"", more


async def read_body(exchange: Any) -> None:
    """Read the whole body into ``wsgi.input``, beyond `SPOOL` bytes into a file, unless its view reads it itself.

    PARITY: a body beyond the limit is an error when it is looked at, as under WSGI. It is not read: of a declared
    length nothing, of an unknown length only so much that its being too long is found.
    """
    environ = exchange.environ
    if exchange.ctx is None:
        limit = exchange.app.config["MAX_CONTENT_LENGTH"]
    elif getattr(exchange.ctx.request.url_rule, "stream_body", False):
        stream_body(exchange)
        return
    else:
        limit = exchange.ctx.request.max_content_length
    declared = environ.get("CONTENT_LENGTH")
    length = content_length(declared, environ.get("HTTP_TRANSFER_ENCODING"))
    if length is None:
        environ["wsgi.input_terminated"] = True
    if length is not None and limit is not None and length > limit:
        environ["wsgi.input"] = io.BytesIO()
        exchange.watchable = True
        return
    if exchange.in_thread:
        await TO_LOOP
    body, more = await next_chunk(exchange)
    # A file in memory until it is too large for that.
    file: Any = io.BytesIO()
    file.write(body)
    size = len(body)
    while more and (length is not None or limit is None or size <= limit):
        body, more = await next_chunk(exchange)
        size += len(body)
        if size > SPOOL and exchange.spooled is None:
            exchange.spooled = tempfile.TemporaryFile()  # noqa: SIM115
            exchange.spooled.write(file.getbuffer())
            file = exchange.spooled
        file.write(body)
    file.seek(0)
    too_large = length is None and limit is not None and size > limit
    environ["wsgi.input"] = TooLarge() if too_large else file
    exchange.watchable = True


def stream_body(exchange: Any) -> None:
    """Leave the body to the view, which reads it with ``request.body_chunks()``."""
    exchange.environ["wsgi.input"] = Unread()
    exchange.environ[BODY_CHUNKS] = lambda limit: chunks(exchange, limit)


async def chunks(exchange: Any, limit: int | None) -> AsyncIterator[bytes]:
    """The pieces of the body as the server has them. It is asked for the next when this one was taken."""
    size = 0
    more = not exchange.body_read
    while more:
        chunk, more = await next_chunk(exchange)
        size += len(chunk)
        if limit is not None and size > limit:
            raise RequestEntityTooLarge()
        if chunk:
            yield chunk
    exchange.watchable = exchange.watcher is None
