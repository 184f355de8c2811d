"""How much of a body there is, and reading that much."""

from __future__ import annotations

from collections.abc import Callable
from sys import maxsize
from typing import Any

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_set_header

from .headers import plain_int

_PIECE = 64 * 1024


def declared_length(text: Any) -> int | None:
    """A Content-Length as Werkzeug reads it: None when there is none, 0 when it is no number or negative."""
    if text is None:
        return None
    try:
        # FAST: form; nearly all are plain digits.
        length: int = int(text) if text.isdigit() and text.isascii() else plain_int(text)
    except ValueError:
        return 0
    return length if length > 0 else 0


def content_length(length: Any, transfer_encoding: Any) -> int | None:
    """The length of a body from its two headers; None means that only the server knows where it ends."""
    if transfer_encoding is not None and "chunked" in parse_set_header(transfer_encoding):
        return None
    return declared_length(length)


def environ_length(environ: Any) -> int | None:
    return content_length(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))


def read_all(environ: Any, limit: int | None) -> bytes | None:
    """All of a body of declared length; None for any other body. RequestEntityTooLarge beyond *limit*."""
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


def read_exactly(read: Callable[[int], bytes], size: int) -> bytes | None:
    """*size* bytes from *read*; None if it has fewer or fails, that is, when the client is gone.

    It never asks for more than a piece, because what a client says the size is must not take memory.
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
