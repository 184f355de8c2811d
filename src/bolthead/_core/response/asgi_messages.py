"""The messages of an ASGI response."""

from __future__ import annotations

from typing import Any

from ..primitives.objects import Template
from .status import length_of

HEADERS_CACHED = 512
OK = 200
_NAMES: dict[str, bytes] = {}
"""Header name → as ASGI has it: bytes, in lower case."""
LENGTHS_CACHED = 1024
_LENGTHS: list[Any] = [None] * LENGTHS_CACHED
"""The header that gives a length, for short bodies."""
BODY_KEPT = 4096
"""Bytes of a body that may stay in memory until the next one is sent."""
_START = Template({"type": "http.response.start", "status": 200, "headers": None}, "headers")
_BODY = Template({"type": "http.response.body", "body": b"", "more_body": False}, "body")


def name_of(name: str) -> bytes:
    encoded = name.lower().encode("latin-1")
    if len(_NAMES) < HEADERS_CACHED:
        _NAMES[name] = encoded
    return encoded


def start_message(status: int, pairs: Any) -> dict[str, Any]:
    """``http.response.start`` from a status code and (name, value) pairs of str or of a subclass."""
    headers = []
    for key, given in pairs:
        name = key if type(key) is str else "".join((key,))
        value = given if type(given) is str else "".join((given,))
        known = _NAMES.get(name)
        if known is None:
            known = name_of(name)
        headers.append((known, value.encode("latin-1")))
    return start_with(status, headers)


def start_with(status: int, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """``http.response.start`` with this status, and with headers in ASGI's form."""
    message = _START.filled(headers)
    if status is not OK:
        message["status"] = status
    return message


def whole_headers(kind: tuple[bytes, bytes], body: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of a text or JSON that is all there is; *kind* is its Content-Type."""
    size = len(body)
    length = _LENGTHS[size] if size < LENGTHS_CACHED else None
    if length is None:
        length = (b"content-length", length_of(body).encode())
        if size < LENGTHS_CACHED:
            _LENGTHS[size] = length
    return [kind, length]


def body_message(body: bytes, more: bool) -> dict[str, Any]:
    """``http.response.body``; *more* says whether another one follows."""
    message = _BODY.filled(body)
    if more:
        message["more_body"] = True
    return message


def sent_start(message: dict[str, Any]) -> None:
    """Nobody needs *message* any more, unless the server has kept it."""
    _START.take_back(message)


def sent_body(message: dict[str, Any], body: bytes) -> None:
    """The same for the message with this *body*."""
    if len(body) <= BODY_KEPT:
        _BODY.take_back(message)
