"""Request bodies that are read while they come: gunicorn's readers over a socket that does not block."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.unreader import Unreader

from .._core.serving.connection import WOULD_BLOCK, Connection, Stalled
from .._core.serving.request import HEXADECIMAL, Request

if TYPE_CHECKING:
    from .loop import Loop

CHUNK = 64 * 1024
MOST = 1024 * 1024


class NeedMore(Exception):
    """The rest has not come yet."""


class BrokenBody(OSError):
    """The body ended early, broke its framing, or came too slowly."""

    status = 400
    line = "400 Bad Request"


class TooLarge(OSError):
    """The body is larger than it may be."""

    status = 413
    line = "413 Request Entity Too Large"

    def __init__(self) -> None:
        super().__init__("the body is larger than --max-body allows")


class Source(Unreader):  # type: ignore[misc]
    """Where gunicorn's parser and readers get bytes: those that were read ahead, then the socket's.

    Until :meth:`open` was called there is no socket, and reading past the end of what is there returns nothing
    (a head) or raises :exc:`NeedMore` (a body).
    """

    def __init__(self, data: bytes, in_body: bool = False) -> None:
        super().__init__()
        self.buf.write(data)
        self.in_body = in_body
        self.connection: Connection | None = None

    def open(self, connection: Connection, loop: Loop, expects: bool) -> None:
        self.connection = connection
        self.loop = loop
        options = loop.options
        self.expects = expects
        self.until = monotonic() + options.body_timeout if options.body_timeout else 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        connection = self.connection
        if connection is None:
            if self.in_body:
                raise NeedMore
            return b""
        if connection.handed_over:
            connection.take_back()
        if self.expects:
            self.expects = False
            connection.send(CONTINUE)
        options = self.loop.options
        size = min(max(size_hint or 0, CHUNK), MOST)
        while True:
            try:
                data: bytes = connection.sock.recv(size)
                break
            except WOULD_BLOCK:
                self.loop.threads.wait_for_sender(connection)
        if not data:
            raise NoMoreData(b"")
        if self.until:
            # A body may take its time, as long as it comes at a least rate on the whole.
            if options.body_rate:
                self.until += len(data) / options.body_rate
            if monotonic() > self.until:
                raise Stalled("the body comes too slowly")
        return data


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class StreamedBody(Body):  # type: ignore[misc]
    """``wsgi.input`` of a body that is read by the view.

    A body that is broken, short or too large is an error for the view that reads it, and is remembered, so that no
    answer can pass it off as a whole one.
    """

    def __init__(self, reader: Any, limit: int) -> None:
        super().__init__(reader)
        self.left = limit or sys.maxsize
        self.error: BrokenBody | TooLarge | None = None

    def _read_reader(self, size: int) -> bytes:
        if self.error is not None:
            raise self.error
        try:
            data: bytes = self.reader.read(size)
        except TooLarge as error:
            self._fail(error)
        except (ParseException, OSError) as error:
            self._fail(BrokenBody(str(error) or "the body ended early"))
        self.left -= len(data)
        if self.left < 0:
            self._fail(TooLarge())
        return data

    def _fail(self, error: BrokenBody | TooLarge) -> None:
        self.failed = True
        self.error = error
        # Where the framework has an exception that answers with the right status, that is what its views know.
        exceptions = sys.modules.get("werkzeug.exceptions")
        if exceptions is not None:
            known = exceptions.RequestEntityTooLarge if error.status == 413 else exceptions.ClientDisconnected
            raise known() from error
        raise error

    def finished(self) -> bool:
        """Whether all of it was read."""
        if self.failed or self.buf.tell():
            return False
        reader = self.reader
        if isinstance(reader, LengthReader):
            return bool(reader.length == 0)
        return reader.parser is None and not reader.buf.tell()


class LimitedChunks(ChunkedReader):  # type: ignore[misc]
    """gunicorn's reader of chunks, which goes no further than to one that would be too much."""

    def __init__(self, request: Any, source: Source, limit: int) -> None:
        super().__init__(request, source)
        self.limit = limit or sys.maxsize
        self.announced = 0

    def parse_chunk_size(self, unreader: Any, data: Any = None) -> tuple[int, bytes | None]:
        size, rest = super().parse_chunk_size(unreader, data)
        self.announced += size
        if self.announced > self.limit:
            raise TooLarge()
        return size, rest


def chunked_body(request: Any, source: Source, limit: int) -> StreamedBody:
    return StreamedBody(LimitedChunks(request, source, limit), limit)


def announced(request: Request, data: bytes) -> int:
    """How many bytes the chunks have that begin in *data*, the part of a body that has come.

    Each is counted once, and what is malformed is left to gunicorn's reader.
    """
    while True:
        end = data.find(b"\r\n", request.reached)
        digits = data[request.reached : end].partition(b";")[0].rstrip(b" \t") if end > 0 else b""
        if not digits or digits.strip(HEXADECIMAL):
            return request.announced
        size = int(digits, 16)
        if not size:
            return request.announced
        request.announced += size
        request.reached = end + 2 + size + 2


def sized_body(length: int, source: Source, limit: int) -> StreamedBody:
    return StreamedBody(LengthReader(source, length), limit)


def read_whole(request: Any, data: bytes, limit: int) -> tuple[bytes, bytes] | None:
    """A chunked body that is all there: the body, and the bytes after it; None when more has to come.

    Raises gunicorn's exceptions for one that is malformed.
    """
    source = Source(data, in_body=True)
    body = Body(ChunkedReader(request, source))
    try:
        content: bytes = body.read(limit)
        if body.read(1):
            return None
    except NeedMore:
        return None
    return content, source.take_buffered()
