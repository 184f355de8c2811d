"""From the bytes of a request's head to a WSGI ``environ``, with exactly gunicorn's verdicts.

Most heads go through ``gunicorn_h1c.parse_to_wsgi_environ``. Whatever that function treats in another way than
gunicorn would (an escape in the path is not one of these), or refuses, is read again by gunicorn's own ``Request``,
whose answer counts.
"""

from __future__ import annotations

import os
import re
from typing import Any

from gunicorn.http import message, wsgi
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData
from gunicorn.util import unquote_to_wsgi_str

from .body import Source
from .connection import Connection

try:
    import gunicorn_h1c
except ImportError:
    gunicorn_h1c = None

Head = Any
"""The bytes of a head: ``bytes`` or a ``memoryview``."""

UNDERSCORE_NAME = re.compile(rb"\n[!#$%&'*+\-.^`|~0-9A-Za-z]*_")
NO_BODY = 0
CHUNKED = -1


class Request:
    """A request whose head has been read."""

    __slots__ = ("consumed", "environ", "exact", "expects", "keep_alive", "length", "modern", "source")

    environ: dict[str, Any]
    source: Source

    def __init__(self, environ: dict[str, Any], consumed: int) -> None:
        self.environ = environ
        self.consumed = consumed
        """How many bytes the head took."""
        self.exact: Any = None
        """gunicorn's own ``Request``, where that read the head."""
        self.length = NO_BODY
        """Bytes of the body; ``CHUNKED`` for one that tells when it ends."""
        self.keep_alive = True
        self.expects = False
        """Whether the visitor waits for ``100 Continue``."""
        self.modern = True
        """HTTP/1.1."""


class HeadReader:
    """Reads heads under the settings of *cfg*; *base* is what every ``environ`` holds."""

    def __init__(self, cfg: Any, base: dict[str, Any]) -> None:
        self.cfg = cfg
        self.base = base
        self.script_name = os.environ.get("SCRIPT_NAME", "")
        self.base["SCRIPT_NAME"] = ""
        line = cfg.limit_request_line
        fields = cfg.limit_request_fields
        size = cfg.limit_request_field_size
        self.limit_line = 1024 * 1024 if line == 0 else min(line, 8190) if line > 0 else 8190
        self.limit_fields = fields if 0 < fields <= message.MAX_HEADERS else message.MAX_HEADERS
        self.limit_size = size if size > 0 else message.DEFAULT_MAX_HEADERFIELD_SIZE
        self.largest = self.limit_fields * (self.limit_size + 2) + 4 + self.limit_line
        """Bytes of a head beyond which it cannot be a good one."""
        self.quick = bool(
            message._check_fast_parser(cfg)
            and not self.script_name
            and not cfg.casefold_http_method
            and not cfg.permit_unconventional_http_method
            and not cfg.permit_unconventional_http_version
        )
        self.parse = gunicorn_h1c.parse_to_wsgi_environ if self.quick else None
        self.incomplete = gunicorn_h1c.IncompleteError if self.quick else ()
        self.refused = gunicorn_h1c.ParseError if self.quick else ()
        self.proxy_protocol = cfg.proxy_protocol != "off"
        self.drops_underscores = cfg.header_map == "drop"
        self.secure_headers = [
            ("HTTP_" + name.upper().replace("-", "_"), value) for name, value in cfg.secure_scheme_headers.items()
        ]

    def read(self, data: Head, connection: Connection) -> Request | None:
        """The request that begins *data*, or None while its head is not complete."""
        if not self.quick or (self.proxy_protocol and not connection.count):
            return self.read_exactly(bytes(data), connection)
        site = connection.site
        try:
            environ = self.parse(  # type: ignore[misc]
                data,
                site.server,
                connection.peer,
                site.scheme,
                self.limit_line,
                self.limit_fields,
                self.limit_size,
            )
        except self.incomplete:
            if len(data) > self.largest:
                raise LimitRequestHeaders("max buffer headers") from None
            return None
        except self.refused:
            return self.read_exactly(bytes(data), connection)
        request = Request(environ, environ.pop("_consumed"))
        if not self._finish(request, data, connection):
            return self.read_exactly(bytes(data), connection)
        return request

    def _finish(self, request: Request, data: Head, connection: Connection) -> bool:
        """What gunicorn does and the quick parser does not; whether that was possible."""
        environ = request.environ
        path = environ["PATH_INFO"]
        query = environ["QUERY_STRING"]
        # An absolute target, a fragment, ``//host``, bytes that have to be escaped, and an empty line before the head.
        if path[:1] != "/" or path[:2] == "//" or "#" in path or "#" in query or not (path + query).isascii():
            return False
        method = environ["REQUEST_METHOD"]
        end = len(method) + 1 + len(path)
        if data[0] in b"\r\n":
            return False
        environ["RAW_URI"] = f"{path}?{query}" if query or data[end] == 0x3F else path
        if "%" in path:
            environ["PATH_INFO"] = unquote_to_wsgi_str(path)
        environ.update(self.base)

        if "HTTP_TRANSFER_ENCODING" in environ:
            return False
        length = environ.get("CONTENT_LENGTH")
        if length is not None:
            request.length = int(length)
        expected = environ.get("HTTP_EXPECT")
        if expected is not None:
            if expected.lower() != "100-continue":
                return False
            request.expects = environ["SERVER_PROTOCOL"] == "HTTP/1.1"

        if connection.trusted:
            if not self._finish_trusted(environ, data, request.consumed):
                return False
        elif not self.drops_underscores and UNDERSCORE_NAME.search(bytes(data[: request.consumed])):
            return False

        request.modern = environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        said = environ.get("HTTP_CONNECTION")
        if said is None:
            request.keep_alive = request.modern and method != "CONNECT"
        else:
            request.keep_alive = keeps_alive(said, request.modern) and method != "CONNECT"

        site = connection.site
        if site.unix:
            environ["REMOTE_ADDR"] = ""
            environ["SERVER_NAME"], environ["SERVER_PORT"] = name_of_unix(environ)
        if connection.proxied is not None:
            environ.update(connection.proxied)
        return True

    def _finish_trusted(self, environ: dict[str, Any], data: Head, consumed: int) -> bool:
        """The headers that a trusted proxy may set."""
        head = bytes(data[:consumed])
        if b"_" in head and UNDERSCORE_NAME.search(head):
            return False
        scheme = None
        for key, value in self.secure_headers:
            said = environ.get(key)
            if said is not None:
                found = "https" if said == value else "http"
                if "," in said or scheme not in (None, found):
                    return False
                scheme = environ["wsgi.url_scheme"] = found
        return True

    def read_exactly(self, data: bytes, connection: Connection) -> Request | None:
        """:meth:`read` by gunicorn's own code alone; raises its exceptions."""
        source = Source(data)
        try:
            exact = message.Request(self.cfg, source, connection.peer, connection.count + 1)
        except (NoMoreData, StopIteration):
            return None
        site = connection.site
        expects = exact._expected_100_continue
        # It would be sent at once.
        exact._expected_100_continue = False
        proxied = wsgi.proxy_environ(exact)
        if proxied:
            connection.proxied = proxied
        _, environ = wsgi.create(exact, connection.sock, connection.peer, site.address, self.cfg)
        if connection.proxied is not None:
            environ.update(connection.proxied)
        environ["wsgi.multithread"] = self.base["wsgi.multithread"]
        request = Request(environ, len(data) - len(source.take_buffered()))
        request.exact = exact
        request.expects = expects
        request.keep_alive = not exact.should_close()
        request.modern = exact.version >= (1, 1)
        reader = exact.body.reader
        if isinstance(reader, message.ChunkedReader):
            request.length = CHUNKED
        else:
            request.length = reader.length
        return request


def keeps_alive(said: str, modern: bool) -> bool:
    """What a ``Connection`` header asks for. Two such headers arrive joined; "close" in either counts."""
    words = [word.strip(" \t") for word in said.lower().split(",")]
    if "close" in words:
        return False
    return modern or words[0] == "keep-alive"


def name_of_unix(environ: dict[str, Any]) -> tuple[str, str]:
    """The server's name and port on a Unix socket, which has none: those of the ``Host`` header."""
    host = environ.get("HTTP_HOST")
    if not host:
        return environ.get("SERVER_NAME", ""), ""
    name, colon, port = host.partition(":")
    if not colon:
        return name, "443" if environ["wsgi.url_scheme"] == "https" else "80"
    return name, port.partition(":")[0]
