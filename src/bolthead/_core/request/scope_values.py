"""What the lifecycle needs of an ASGI scope by itself, where the request is so short that its environ can wait."""

from __future__ import annotations

from typing import Any

_LOWER_A = ord("a")
_BODY_HEADERS = (b"content-type", b"content-length", b"transfer-encoding")


class ScopeValues:
    """The path of a GET request without a body, its headers Host and Cookie, and what its server can beyond ASGI.

    *cookie* is None without one, *extensions* where the scope has none.
    """

    __slots__ = ("cookie", "extensions", "host", "path")

    path: str
    host: Any
    cookie: Any
    extensions: Any

    def read(self, scope: dict[str, Any], websocket: bool) -> bool:
        """Find them in a scope, of type *websocket* or not. False where the environ has to be looked at.

        That is for another method, a ``root_path``, a path that is empty or not all ASCII, and anything odd.
        """
        method = scope.get("method", "GET")
        root = scope.get("root_path", "")
        path = scope.get("path")
        if type(method) is not str or method != "GET" or type(root) is not str or root or type(path) is not str:
            return False
        scheme = scope.get("scheme", "")
        if type(scheme) is not str or scheme not in (("ws", "wss") if websocket else ("http", "https", "")):
            return False
        self.path = path
        self.extensions = scope.get("extensions")
        return len(path) > 0 and path.isascii() and self.read_headers(scope.get("headers"), websocket)

    def read_headers(self, headers: Any, websocket: bool) -> bool:
        """Find Host and Cookie among (name, value) pairs.

        False where a header says that there is a body, or asks for another protocol, where Host is not there, one of
        the two is there twice, or a pair is not two bytes in a tuple, with a name that begins in lower case.
        """
        self.host = self.cookie = None
        if type(headers) is not list and type(headers) is not tuple:
            return False
        for pair in headers:
            if type(pair) is not tuple or len(pair) != 2:
                return False
            name, value = pair
            if type(name) is not bytes or type(value) is not bytes or not name or name[0] < _LOWER_A:
                # ASGI requires lower case; a colon begins a pseudo header of HTTP/2.
                return False
            if name == b"host":
                if self.host is not None:
                    return False
                self.host = value
            elif name == b"cookie":
                if self.cookie is not None:
                    return False
                self.cookie = value
            elif (name == b"upgrade" and not websocket) or name in _BODY_HEADERS:
                return False
        return self.host is not None
