"""The WSGI environ of an ASGI request: one pass over the scope's headers."""

from __future__ import annotations

import io
import re
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from ..primitives.bytes_search import ScopeValues
from ..primitives.objects import keep_memory

NAMES_CACHED = 512
"""How many header names are remembered with their keys in the environ."""

_KEYS: dict[bytes, str] = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
"""Header name → key in the environ; an empty key for what is left out."""

TEST_ENVIRON = "bolthead.environ"
"""The key of a scope's extensions under which a test client passes what an ASGI scope has no place for."""


class NoBody(io.RawIOBase):
    """``wsgi.input`` where there is no body. It has no state: one serves all."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return 0

    def close(self) -> None:
        pass


_BASE: dict[str, Any] = {
    "wsgi.input": NoBody(),
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "GATEWAY_INTERFACE": "CGI/1.1",
}
_AUTHORITY = re.compile("[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*")
"""What is before the path of an absolute URL."""
DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


def key_of(name: bytes) -> str:
    """The key of a header, empty for one that is left out.

    Left out are HTTP/2's pseudo headers, whose contents the scope has elsewhere, and names with an underscore, which in
    an environ could not be distinguished from names with a dash: a client could forge what a proxy sets.
    """
    key = ""
    if name[:1] != b":" and b"_" not in name:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        if name.lower() in (b"content-type", b"content-length"):
            key = key[5:]
    if len(_KEYS) < NAMES_CACHED:
        _KEYS[bytes(name)] = key
    return key


def environ_of(scope: dict[str, Any]) -> dict[str, Any]:
    """The environ for an ASGI *scope* of type ``http`` or ``websocket``, with an empty ``wsgi.input``.

    ``asgi.scope`` holds the scope. Values are bytes as latin-1, as PEP 3333 has it. A repeated header is joined with
    commas, a repeated Cookie with semicolons (RFC 9113, 8.2.3).
    """
    headers = scope["headers"]
    try:
        return _environ_of(scope, headers)
    except (TypeError, AttributeError):
        if not isinstance(headers, (list, tuple)):
            raise
        # Other frameworks take other kinds of bytes as well.
        return _environ_of(scope, [(_bytes(name), _bytes(value)) for name, value in headers])


def _bytes(value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"names and values of headers in an ASGI scope are bytes, not {type(value).__name__}")
    return bytes(value)


def _environ_of(scope: dict[str, Any], headers: Any) -> dict[str, Any]:
    environ = _BASE.copy()
    environ["asgi.scope"] = scope
    environ["wsgi.errors"] = sys.stderr
    count = len(environ)
    for name, value in headers:
        key = _KEYS.get(name)
        if key is None:
            key = key_of(name)
        if not key:
            if name == b":authority" and "HTTP_HOST" not in environ:
                environ["HTTP_HOST"] = value.decode("latin-1")
                count += 1
            continue
        text = value.decode("latin-1")
        first = environ.setdefault(key, text)
        count += 1
        if count != len(environ):
            # It was there before.
            count -= 1
            environ[key] = first + ("; " if key == "HTTP_COOKIE" else ",") + text
    environ["REQUEST_METHOD"] = scope.get("method", "GET")
    fill_path(environ, scope)
    fill_peers(environ, scope)
    return environ


def _exact(text: Any) -> str:
    return text if type(text) is str else "".join((text,))


def fill_path(environ: dict[str, Any], scope: dict[str, Any]) -> None:
    path = _exact(scope["path"])
    root = _exact(scope.get("root_path") or "")
    raw = scope.get("raw_path")
    if not isinstance(raw, bytes):
        raw = None
    own = raw
    if path[:1] != "/":
        path, own = without_authority(path, raw)
    if not path.isascii():
        path = as_latin_1(path, own)
    if root:
        if not root.isascii():
            root = root.encode().decode("latin-1")
        path = below(path, root)
    query = scope.get("query_string", b"").decode("latin-1")
    environ["SCRIPT_NAME"] = root
    environ["PATH_INFO"] = path
    environ["QUERY_STRING"] = query
    if raw is not None:
        target = raw.decode("latin-1")
        # Some servers leave the query in it.
        if query and "?" not in target:
            target = f"{target}?{query}"
        environ["REQUEST_URI"] = environ["RAW_URI"] = target


def without_authority(path: str, raw: Any) -> tuple[str, Any]:
    """*path* and its *raw* form, of a target in absolute form the part that is a path.

    RFC 9112 (3.2.2): a server has to accept ``GET http://example.org/path``. Not each takes it apart.
    """
    authority = _AUTHORITY.match(path if raw is None else raw.decode("latin-1"))
    if authority is None:
        return path, raw
    if raw is None:
        return path[authority.end() :], None
    # In what is decoded already, an escaped slash would end the authority.
    own = raw[authority.end() :]
    return unquote_to_bytes(own.partition(b"?")[0]).decode("utf-8", "replace"), own


def below(path: str, root: str) -> str:
    """*path* without *root*, which a server may or may not have put before it."""
    if path.startswith(root):
        rest = path[len(root) :]
        if not rest or rest[0] == "/" or root[-1] == "/":
            return rest
    return path


def as_latin_1(path: str, raw: Any) -> str:
    """The bytes of *path* as latin-1. Where decoding it has lost bytes that are no UTF-8, *raw* still has them."""
    if raw is not None and "\ufffd" in path:
        exact = unquote_to_bytes(raw.partition(b"?")[0])
        if exact.decode("utf-8", "replace") == path:
            return exact.decode("latin-1")
    return path.encode("utf-8", "surrogateescape").decode("latin-1")


def fill_peers(environ: dict[str, Any], scope: dict[str, Any]) -> None:
    scheme = scope.get("scheme") or ("ws" if scope.get("type") == "websocket" else "http")
    environ["wsgi.url_scheme"] = scheme
    version = scope.get("http_version") or "1.1"
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if version == "1.1" else f"HTTP/{version}"
    server = scope.get("server")
    if server is None:
        environ["SERVER_NAME"] = "localhost"
        environ["SERVER_PORT"] = DEFAULT_PORTS.get(scheme, "80")
    else:
        environ["SERVER_NAME"] = server[0]
        # A Unix socket has a path and no port.
        environ["SERVER_PORT"] = "" if server[1] is None else str(server[1])
    client = scope.get("client")
    if client is not None:
        environ["REMOTE_ADDR"] = client[0]
        if client[1] is not None:
            environ["REMOTE_PORT"] = str(client[1])


def has_body(environ: dict[str, Any]) -> bool:
    """Whether a body may follow. HTTP/2 and later do not need a header to say so."""
    length = environ.get("CONTENT_LENGTH")
    if length is not None:
        return bool(length != "0")
    if "HTTP_TRANSFER_ENCODING" in environ:
        return True
    return environ["SERVER_PROTOCOL"] > "HTTP/1.1" and environ["REQUEST_METHOD"] not in ("GET", "HEAD")


class LazyEnviron(ScopeValues):
    """The environ of a GET request without a body and anything else that is rare: it is made when looked at.

    *plan* is that of the application. *cookies* (the header, empty without one) and *websocket* (whether the request
    asks for one) are what the lifecycle needs of it by itself, beside the `ScopeValues`.
    """

    __slots__ = ("cookies", "environ", "plan", "scope", "websocket")

    plan: Any
    scope: dict[str, Any]
    cookies: str
    websocket: bool
    environ: Any

    def fill(self, request: Any) -> Any:
        """The environ, with *request* in it."""
        environ = self.environ
        if environ is None:
            environ = self.environ = environ_of(self.scope)
            environ["werkzeug.request"] = request
        return environ


keep_memory(LazyEnviron)


def lazy_environ(plan: Any, scope: dict[str, Any], websocket: bool) -> Any:
    """A `LazyEnviron` for *scope*, of type websocket or not; None where the environ is to be made at once.

    FAST (asgi string, asgi connect): the environ is the larger part of what a short request costs.
    """
    lazy = LazyEnviron.__new__(LazyEnviron)
    # With a body the lifecycle looks at the environ in any case.
    if not lazy.read(scope, websocket):
        return None
    lazy.plan = plan
    lazy.scope = scope
    cookie = lazy.cookie
    lazy.cookies = "" if cookie is None else cookie.decode("latin-1")
    lazy.websocket = websocket
    lazy.environ = None
    return lazy


def made_environ(request: Any) -> Any:
    """The environ of *request*, whose context was made with a lazy one: what fills its attribute ``environ``."""
    lazy = request._lazy_environ
    if lazy is None:
        raise AttributeError(
            f"{type(request).__name__!r} object has no attribute 'environ'", name="environ", obj=request
        )
    return lazy.fill(request)
