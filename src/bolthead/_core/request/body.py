"""How much of a body there is, and reading that much."""

from __future__ import annotations

from collections.abc import Callable
from sys import maxsize
from typing import Any

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_set_header

from ..http.headers import parse_int
from ..primitives.bytes_search import ascii_number
from ..primitives.context import _cv_app
from ..primitives.context_vars import var_get
from ..primitives.objects import item_of

_PIECE = 64 * 1024

app_var = _cv_app


def content_length(length: Any, transfer_encoding: Any) -> int | None:
    """The length of a body from its two headers; None where only the server can tell its end.

    PARITY: 0 for a header that is negative or no number, as with Werkzeug.
    """
    if transfer_encoding is not None and "chunked" in parse_set_header(transfer_encoding):
        return None
    if length is None:
        return None
    # FAST (form): nearly all are ASCII digits.
    size = ascii_number(length) if type(length) is str else -1
    if size < 0:
        try:
            size = parse_int(length)
        except ValueError:
            return 0
    return size if size > 0 else 0


def limit_of(own: Any, key: str, default: Any) -> Any:
    """A limit of a request: its *own*, else the current application's configuration under *key*, else *default*."""
    if own is not None:
        return own
    ctx = var_get(app_var, None)
    return default if ctx is None else item_of(ctx.app.config, key)


def checked_length(environ: Any, limit: int | None) -> int | None:
    """The length of the body of *environ*; RequestEntityTooLarge beyond *limit*."""
    found: dict[str, Any] = environ if type(environ) is dict else dict(environ)
    length = content_length(found.get("CONTENT_LENGTH"), found.get("HTTP_TRANSFER_ENCODING"))
    if length is not None and limit is not None and length > limit:
        raise RequestEntityTooLarge()
    return length


def read_declared(environ: Any, length: int) -> bytes:
    """All of a body of *length* bytes; ClientDisconnected where there is less of it than that."""
    if not length:
        return b""
    data = read_exactly(environ["wsgi.input"].read, length)
    if data is None:
        raise ClientDisconnected()
    return data


def read_all(environ: Any, limit: int | None) -> bytes | None:
    """All of a body, as a fresh stream of it would give it; RequestEntityTooLarge beyond *limit*.

    None for a body of unknown length that is limited.
    """
    length = checked_length(environ, limit)
    if "wsgi.input_terminated" in environ:
        return environ["wsgi.input"].read() if limit is None else None
    # PARITY: without a length there is no body for who does not say that the stream ends.
    return b"" if length is None else read_declared(environ, length)


def read_exactly(read: Callable[[int], bytes], size: int) -> bytes | None:
    """*size* bytes from *read*; None if it has fewer or fails, that is, when the client is gone.

    Each read is of one piece at most: a size that a client declares must not allocate memory.
    """
    try:
        data = read(size if size < _PIECE else _PIECE)
        return data if len(data) == size else _rest(read, size if size < maxsize else maxsize, data)
    except (OSError, ValueError):
        return None


def _rest(read: Callable[[int], bytes], size: int, data: bytes) -> bytes | None:
    got = len(data)
    pieces: list[bytes] = []
    while data:
        pieces.append(data)
        if got >= size:
            return b"".join(pieces)
        data = read(size - got if size - got < _PIECE else _PIECE)
        got += len(data)
    return None


class Declared:
    """A body of declared *length*, read in pieces. ClientDisconnected where there is less of it than that."""

    __slots__ = ("_read", "left", "length")

    def __init__(self, read: Callable[[int], bytes], length: int) -> None:
        self._read = read
        self.length = length
        self.left = length

    def read(self, size: int) -> bytes:
        if self.left <= 0:
            return b""
        try:
            data = self._read(size if size < self.left else self.left)
        except (OSError, ValueError):
            data = b""
        if not data:
            raise ClientDisconnected()
        self.left -= len(data)
        return data
