"""How much of a body there is, and reading that much."""

from __future__ import annotations

from collections.abc import Callable
from sys import maxsize
from typing import Any

from .headers import plain_int

_PIECE = 64 * 1024


def declared_length(text: Any) -> int | None:
    """A Content-Length as Werkzeug reads it: None when there is none, 0 when it is no number or negative."""
    if text is None:
        return None
    try:
        length: int = plain_int(text)
    except ValueError:
        return 0
    return length if length > 0 else 0


def read_exactly(read: Callable[[int], bytes], size: int) -> bytes | None:
    """*size* bytes from *read*; None if it has fewer or fails, that is, when the client is gone.

    It never asks for more than a piece, because what a client says the size is must not take memory.
    """
    try:
        return _read(read, size if size < maxsize else maxsize)
    except (OSError, ValueError):
        return None


def _read(read: Callable[[int], bytes], size: int) -> bytes | None:
    data = read(size if size < _PIECE else _PIECE)
    got = len(data)
    if got == size:
        return data
    pieces: list[bytes] = []
    while data:
        pieces.append(data)
        if got >= size:
            return b"".join(pieces)
        data = read(size - got if size - got < _PIECE else _PIECE)
        got += len(data)
    return None
