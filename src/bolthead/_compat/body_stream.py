"""The body of a request: the stream it is read from, and shortcuts around that stream."""

from __future__ import annotations

import io
import typing as t

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import LimitedStream

from .._core.request.body import checked_length, read_exactly

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class BodyStream(LimitedStream):
    """Werkzeug's limited stream, with a shorter `read` of the whole body."""

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


def stream_at(environ: WSGIEnvironment, length: int, at: int) -> t.IO[bytes]:
    """The stream of a body of *length* bytes, of which *at* have been read past it."""
    stream = BodyStream(environ["wsgi.input"], length)
    stream._pos = at
    return t.cast("t.IO[bytes]", stream)


def input_stream(environ: WSGIEnvironment, limit: int | None) -> t.IO[bytes]:
    """A stream that ends where the body does; RequestEntityTooLarge beyond *limit*.

    It is empty where neither the headers nor the server say where the body ends.
    """
    stream: t.IO[bytes] = environ["wsgi.input"]
    length = checked_length(environ, limit)
    # WSGI: a server sets this key where its stream ends with the body.
    if "wsgi.input_terminated" in environ:
        if limit is None:
            return stream
        return t.cast("t.IO[bytes]", BodyStream(stream, limit, is_max=True))
    if length is None:
        return io.BytesIO()
    return t.cast("t.IO[bytes]", BodyStream(stream, length))
