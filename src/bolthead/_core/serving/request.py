"""From the bytes of a request's head to a WSGI ``environ``, by the quick parser where that is in no doubt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from .connection import Connection
from .head import parse_head

CHUNKED = -1
HEXADECIMAL = b"0123456789abcdefABCDEF"


class Request:
    """A request whose head has been read."""

    __slots__ = (
        "announced",
        "consumed",
        "environ",
        "exact",
        "expects",
        "keep_alive",
        "length",
        "modern",
        "reached",
        "source",
        "whole",
    )

    def __init__(self, environ: dict[str, Any], consumed: int) -> None:
        self.environ = environ
        self.consumed = consumed
        """How many bytes the head took, and the body if that is in *whole*."""
        self.exact: Any = None
        """gunicorn's own ``Request``, where that read the head."""
        self.source: Any = None
        """Where the body is read from, when the view reads it."""
        self.length = 0
        """Bytes of the body; ``CHUNKED`` for one that tells when it ends."""
        self.whole: bytes | None = None
        """A chunked body that came with the head."""
        self.announced = 0
        """Bytes of the chunks that have begun, while a chunked body comes."""
        self.reached = 0
        """Where in the body the next chunk begins."""
        self.keep_alive = True
        self.expects = False
        """Whether the client waits for ``100 Continue``."""
        self.modern = True
        """HTTP/1.1."""


class HeadReader:
    """Reads heads: *quick* ones itself, those that leave a doubt with *exactly*, gunicorn's own code.

    The limits are those of gunicorn's settings: bytes of the request line, header fields, bytes of each. *secure* are
    the keys and values that say "https" when a trusted proxy sends them.
    """

    __slots__ = (
        "exactly",
        "largest",
        "limit_fields",
        "limit_line",
        "limit_size",
        "once",
        "quick",
        "secure",
        "small",
        "too_large",
    )

    def __init__(
        self,
        exactly: Callable[[bytes, Connection], Request | None],
        too_large: Callable[[], Exception],
        limits: tuple[int, int, int],
        quick: bool = True,
        secure: list[tuple[str, str]] | None = None,
        once: bool = False,
    ) -> None:
        self.exactly = exactly
        self.too_large = too_large
        self.limit_line, self.limit_fields, self.limit_size = limits
        self.largest = self.limit_fields * (self.limit_size + 2) + 4 + self.limit_line
        """Bytes of a head beyond which it cannot be a good one."""
        self.quick = quick
        self.secure = secure or []
        self.small = 0
        """Bytes of the largest chunked body that is read here."""
        self.once = once
        """Whether the first head of a connection has to be read exactly."""

    def read(self, data: bytes, connection: Connection) -> Request | None:
        """The request that begins *data*, or None while its head is not complete."""
        if self.quick and (connection.count or not self.once):
            environ = connection.shared.copy()
            consumed = parse_head(data, environ, self.limit_line, self.limit_fields, self.limit_size)
            if consumed > 0:
                request = Request(environ, consumed)
                if self._finish(request, connection, data):
                    return request
        return self._read_exactly(data, connection)

    def _read_exactly(self, data: bytes, connection: Connection) -> Request | None:
        request = self.exactly(data, connection)
        if request is None and len(data) > self.largest:
            raise self.too_large()
        return request

    def _finish(self, request: Request, connection: Connection, data: bytes) -> bool:
        """What follows from the head and the connection; whether that is in no doubt."""
        environ = request.environ
        length = environ.get("CONTENT_LENGTH")
        if "HTTP_TRANSFER_ENCODING" in environ:
            if length is not None or not self._finish_chunked(request, data):
                return False
        elif length is not None:
            if not (length.isascii() and length.isdigit()) or len(length) > 15:
                return False
            request.length = int(length)
        modern = environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        request.modern = modern
        expected = environ.get("HTTP_EXPECT")
        if expected is not None:
            if expected.lower() != "100-continue":
                return False
            request.expects = modern
        said = environ.get("HTTP_CONNECTION")
        request.keep_alive = modern if said is None else keeps_alive(said, modern)
        path = environ["PATH_INFO"]
        if "%" in path:
            environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        environ["REMOTE_ADDR"] = connection.address
        if connection.port is not None:
            environ["REMOTE_PORT"] = connection.port
        if connection.trusted and not self._finish_trusted(environ):
            return False
        if connection.site.unix:
            if not environ.get("HTTP_HOST"):
                return False
            environ["SERVER_NAME"], environ["SERVER_PORT"] = name_of_unix(environ)
        if connection.proxied is not None:
            environ.update(connection.proxied)
        return True

    def _finish_chunked(self, request: Request, data: bytes) -> bool:
        """Read the body behind the head, if it is all there and small."""
        environ = request.environ
        if environ["HTTP_TRANSFER_ENCODING"] != "chunked" or environ["SERVER_PROTOCOL"] != "HTTP/1.1":
            return False
        found = read_chunks(data, request.consumed)
        if found is None or len(found[0]) > self.small:
            return False
        request.whole, request.consumed = found
        request.length = CHUNKED
        return True

    def _finish_trusted(self, environ: dict[str, Any]) -> bool:
        """The headers that a trusted proxy may set."""
        scheme = None
        for key, value in self.secure:
            said = environ.get(key)
            if said is not None:
                found = "https" if said == value else "http"
                if scheme is not None and scheme != found:
                    return False
                scheme = environ["wsgi.url_scheme"] = found
        return True


def read_chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    """The chunked body (RFC 9112, 7.1) that begins at *at*, and where it ends.

    None if that is not all of it, or if it has an extension, a trailer, or a size that is not one to seven digits.
    """
    chunks: list[bytes] = []
    while True:
        end = data.find(b"\r\n", at, at + 9)
        digits = data[at:end] if end > 0 else b""
        if not digits or digits.strip(HEXADECIMAL):
            return None
        size = int(digits, 16)
        at = end + 2
        end = at + size
        if data[end : end + 2] != b"\r\n":
            return None
        if not size:
            return b"".join(chunks), end + 2
        chunks.append(data[at:end])
        at = end + 2


def keeps_alive(said: str, modern: bool) -> bool:
    """What a ``Connection`` header asks for. Two such headers arrive joined; "close" in either counts."""
    if said == "keep-alive":
        return True
    words = [word.strip(" \t") for word in said.lower().split(",")]
    if "close" in words:
        return False
    return modern or words[0] == "keep-alive"


def name_of_unix(environ: dict[str, Any]) -> tuple[str, str]:
    """The server's name and port on a Unix socket, which has none: those of the ``Host`` header."""
    name, colon, port = environ["HTTP_HOST"].partition(":")
    if not colon:
        return name, "443" if environ["wsgi.url_scheme"] == "https" else "80"
    return name, port.partition(":")[0]
