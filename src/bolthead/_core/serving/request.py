"""From the bytes of a request's head to a WSGI ``environ``, by the quick parser where its verdict is the exact one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from .connection import Connection

UNDERSCORE_NAME = re.compile(rb"\n[!#$%&'*+\-.^`|~0-9A-Za-z]*_")
CHUNKED = -1


class Request:
    """A request whose head has been read."""

    __slots__ = ("consumed", "environ", "exact", "expects", "keep_alive", "length", "modern", "source")

    def __init__(self, environ: dict[str, Any], consumed: int) -> None:
        self.environ = environ
        self.consumed = consumed
        """How many bytes the head took."""
        self.exact: Any = None
        """gunicorn's own ``Request``, where that read the head."""
        self.source: Any = None
        """Where the body is read from, when the view reads it."""
        self.length = 0
        """Bytes of the body; ``CHUNKED`` for one that tells when it ends."""
        self.keep_alive = True
        self.expects = False
        """Whether the visitor waits for ``100 Continue``."""
        self.modern = True
        """HTTP/1.1."""


class HeadReader:
    """Reads heads with *parse*, which raises *incomplete* for one that goes on and *refused* for one it does not take.

    Whatever *parse* refuses, or treats in another way than *exactly* would, is read again by *exactly*. *base* is what
    every ``environ`` holds. *secure* are the keys and values that say "https" when a trusted proxy sends them.
    """

    __slots__ = (
        "base",
        "drops_underscores",
        "exactly",
        "incomplete",
        "largest",
        "limit_fields",
        "limit_line",
        "limit_size",
        "once",
        "parse",
        "refused",
        "secure",
        "too_large",
    )

    def __init__(
        self,
        parse: Callable[..., Any] | None,
        exactly: Callable[[bytes, Connection], Request | None],
        too_large: Callable[[], Exception],
        base: dict[str, Any],
        incomplete: Any = (),
        refused: Any = (),
        limits: tuple[int, int, int] = (8190, 100, 8190),
        secure: list[tuple[str, str]] | None = None,
        drops_underscores: bool = True,
        once: bool = False,
    ) -> None:
        self.parse = parse
        self.exactly = exactly
        self.too_large = too_large
        self.base = base
        self.incomplete = incomplete
        self.refused = refused
        self.limit_line, self.limit_fields, self.limit_size = limits
        self.largest = self.limit_fields * (self.limit_size + 2) + 4 + self.limit_line
        """Bytes of a head beyond which it cannot be a good one."""
        self.secure = secure or []
        self.drops_underscores = drops_underscores
        self.once = once
        """Whether the first head of a connection has to be read exactly."""

    def read(self, data: bytes, connection: Connection) -> Request | None:
        """The request that begins *data*, or None while its head is not complete."""
        parse = self.parse
        if parse is None or (self.once and not connection.count):
            return self.exactly(data, connection)
        site = connection.site
        try:
            environ = parse(
                data, site.server, connection.peer, site.scheme, self.limit_line, self.limit_fields, self.limit_size
            )
        except self.incomplete:
            if len(data) > self.largest:
                raise self.too_large() from None
            return None
        except self.refused:
            return self.exactly(data, connection)
        request = Request(environ, environ.pop("_consumed"))
        if not self._finish(request, data, connection):
            return self.exactly(data, connection)
        return request

    def _finish(self, request: Request, data: bytes, connection: Connection) -> bool:
        """What gunicorn does and the quick parser does not; whether that was possible."""
        environ = request.environ
        path = environ["PATH_INFO"]
        query = environ["QUERY_STRING"]
        method = environ["REQUEST_METHOD"]
        # An absolute target, a fragment, ``//host``, bytes that have to be escaped, and an empty line before the head.
        if not path.startswith("/") or path.startswith("//") or not path.isascii() or not query.isascii():
            return False
        if "#" in path or "#" in query or data.startswith((b"\r", b"\n")):
            return False
        if query:
            environ["RAW_URI"] = f"{path}?{query}"
        elif data.startswith(b"?", len(method) + 1 + len(path)):
            environ["RAW_URI"] = path + "?"
        else:
            environ["RAW_URI"] = path
        if "%" in path:
            environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        environ.update(self.base)

        if "HTTP_TRANSFER_ENCODING" in environ:
            return False
        length = environ.get("CONTENT_LENGTH")
        if length is not None:
            request.length = int(length)
        modern = environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        request.modern = modern
        expected = environ.get("HTTP_EXPECT")
        if expected is not None:
            if expected.lower() != "100-continue":
                return False
            request.expects = modern
        said = environ.get("HTTP_CONNECTION")
        request.keep_alive = (modern if said is None else keeps_alive(said, modern)) and method != "CONNECT"

        if connection.trusted:
            if not self._finish_trusted(environ, data, request.consumed):
                return False
        elif not self.drops_underscores and UNDERSCORE_NAME.search(data, 0, request.consumed):
            return False
        if connection.site.unix:
            if not environ.get("HTTP_HOST"):
                return False
            environ["REMOTE_ADDR"] = ""
            environ["SERVER_NAME"], environ["SERVER_PORT"] = name_of_unix(environ)
        if connection.proxied is not None:
            environ.update(connection.proxied)
        return True

    def _finish_trusted(self, environ: dict[str, Any], data: bytes, consumed: int) -> bool:
        """The headers that a trusted proxy may set."""
        if data.find(b"_", 0, consumed) >= 0 and UNDERSCORE_NAME.search(data, 0, consumed):
            return False
        scheme = None
        for key, value in self.secure:
            said = environ.get(key)
            if said is not None:
                found = "https" if said == value else "http"
                if "," in said or (scheme is not None and scheme != found):
                    return False
                scheme = environ["wsgi.url_scheme"] = found
        return True


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
