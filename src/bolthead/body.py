"""The body of a request: the stream it is read from, and shortcuts around that stream."""

from __future__ import annotations

import io
import typing as t

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_set_header
from werkzeug.wsgi import LimitedStream

from ._core.body import declared_length, read_exactly

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def content_length(length: str | None, transfer_encoding: str | None) -> int | None:
    """The length of a body from its two headers; None means that only the server knows where it ends."""
    if transfer_encoding is not None and "chunked" in parse_set_header(transfer_encoding):
        return None
    return declared_length(length)


def environ_length(environ: WSGIEnvironment) -> int | None:
    return content_length(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))


class BodyStream(LimitedStream):
    """Werkzeug's limited stream, which a read of all takes in one go instead of through several layers."""

    def readall(self) -> bytes:
        if self._limit_is_max or self._pos >= self.limit:
            return super().readall()
        size = self.limit - self._pos
        data = read_exactly(self._stream.read, size)
        if data is None:
            raise ClientDisconnected()
        self._pos += size
        return data

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        left = self.limit - self._pos
        if size == 0 or left <= 0:
            return t.cast(bytes, super().read(size))
        try:
            data = self._stream.read(size if size < left else left)
        except (OSError, ValueError) as error:
            self.on_disconnect(error)
            return b""
        if not data:
            self.on_disconnect()
            return b""
        self._pos += len(data)
        return data


def spent_stream(environ: WSGIEnvironment, size: int) -> t.IO[bytes]:
    """The stream of a body of which *size* bytes, all there are, have been read past it."""
    stream = BodyStream(environ["wsgi.input"], size)
    stream._pos = size
    return t.cast("t.IO[bytes]", stream)


def input_stream(environ: WSGIEnvironment, limit: int | None) -> t.IO[bytes]:
    """A stream that ends where the body does; RequestEntityTooLarge beyond *limit*.

    It is empty where nobody says where the body ends.
    """
    stream: t.IO[bytes] = environ["wsgi.input"]
    length = environ_length(environ)
    if length is not None and limit is not None and length > limit:
        raise RequestEntityTooLarge()
    # WSGI: by this mark a server says that its stream ends with the body.
    if "wsgi.input_terminated" in environ:
        if limit is None:
            return stream
        return t.cast("t.IO[bytes]", BodyStream(stream, limit, is_max=True))
    if length is None:
        return io.BytesIO()
    return t.cast("t.IO[bytes]", BodyStream(stream, length))


def read_all(environ: WSGIEnvironment, limit: int | None) -> bytes | None:
    """All of a body of declared length, as through :func:`input_stream`; None for any other body."""
    if "wsgi.input_terminated" in environ:
        return None
    length = environ_length(environ)
    if length is None:
        return None
    if limit is not None and length > limit:
        raise RequestEntityTooLarge()
    if not length:
        return b""
    data = read_exactly(environ["wsgi.input"].read, length)
    if data is None:
        raise ClientDisconnected()
    return data
