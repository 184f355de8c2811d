"""Searches in bytes and text that the compiled version does over memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

utf8: Callable[[str], bytes] = str.encode
"""The bytes of a text. FAST (shares): compiled, a page that is not all ASCII is done by blocks that are."""

join: Callable[[list[Any]], str | None] = "".join
"""One text of many; None where ``"".join`` has to be asked. FAST (shares): compiled, they are widened by blocks."""

unsafe: Callable[[str], Any] = re.compile(r"[^A-Za-z0-9_.\-~!$'()*,/:@]").search
"""Something true for a text that a URL's path or its query would percent-encode in part."""

_PRINTED = re.compile(rb"[ !#$&-\[\]-~]*")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]*")
NUMBER_SIZE = 18
"""As many digits as any C integer of 64 bits has."""

not_token: Callable[[str], Any] = re.compile(r"[^A-Za-z0-9!#$%&'*+\-.^_`|~]").search
"""Something true for a text with a character that no token has (RFC 9110, 5.6.2)."""

cookie_quoted: Callable[[str], Any] = re.compile(r"[^\w!#$%&'()*+\-./:<=>?@\[\]^`{|}~]", re.A).search
"""Something true for a text that is quoted as the value of a cookie (RFC 6265, 4.1.1; as Werkzeug has it)."""


def token_end(text: str, at: int, size: int) -> int:
    """Where the token (RFC 9110, 5.6.2) that begins at *at* ends; *size* is the length of *text*."""
    if not 0 <= at <= size <= len(text):
        raise ValueError("out of range")
    found: Any = _TOKEN.match(text, at, size)
    return found.end()  # type: ignore[no-any-return]


def ascii_number(text: str) -> int:
    """The value of a text of ASCII digits, eighteen at most; -1 for any other text."""
    return int(text) if text.isdigit() and text.isascii() and len(text) <= NUMBER_SIZE else -1


def is_literal(data: bytes, start: int, stop: int) -> bool:
    """Whether ``data[start:stop]`` is printable ASCII without double quotes, backslashes and percent signs."""
    if not 0 <= start <= stop <= len(data):
        raise ValueError("out of range")
    return _PRINTED.fullmatch(data, start, stop) is not None


def find_byte(data: bytes, byte: int, start: int, stop: int) -> int:
    """Where *byte* is first in ``data[start:stop]``, -1 for nowhere. ValueError beyond the data."""
    if start < 0 or stop > len(data):
        raise ValueError("out of range")
    return data.find(byte, start, stop)


def cut(data: bytes, start: int, stop: int) -> bytes:
    """``data[start:stop]``, for places that are in it. ValueError for others."""
    if not 0 <= start <= stop <= len(data):
        raise ValueError("out of range")
    return data[start:stop]


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

        That is for another method, a ``root_path``, a path that does not begin with a slash or is not all ASCII, and
        anything odd.
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
        return path[:1] == "/" and path.isascii() and self.read_headers(scope.get("headers"), websocket)

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


_NOT_HEX = 16
_HEX = bytes(int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else _NOT_HEX for code in range(256))
"""The value of each hex digit, by character code; 16 for all other characters."""


def unescape(text: str, errors: str) -> str:
    """*text* with its percent-escapes decoded as UTF-8; an escape that is none stays as it is.

    UnicodeEncodeError if there is a percent sign and a lone surrogate.
    """
    if "%" not in text:
        return text
    pieces = text.encode().split(b"%")
    out = bytearray(pieces[0])
    for piece in pieces[1:]:
        if len(piece) > 1:
            high, low = _HEX[piece[0]], _HEX[piece[1]]
            if high != _NOT_HEX and low != _NOT_HEX:
                out.append(high << 4 | low)
                out += piece[2:]
                continue
        out += b"%"
        out += piece
    return out.decode("utf-8", errors)


class Finder:
    """Finds *token* in one piece of bytes after the other."""

    __slots__ = ("_token",)

    def __init__(self, token: bytes) -> None:
        self._token = token

    def find(self, data: bytes, start: int) -> int:
        """Where the token is first from *start* on, -1 for nowhere. ValueError for a negative *start*."""
        if start < 0:
            raise ValueError("out of range")
        return data.find(self._token, start)
