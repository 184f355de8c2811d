"""Status lines, content types and lengths as text."""

from __future__ import annotations

import sys

from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.utils import get_content_type

from ..primitives.objects import immortal

# What is remembered is interned, or made so: without the GIL that is immortal, so that threads need not share a count.
STATUSES: dict[int, tuple[str, str]] = {}
"""Phrases as Werkzeug's table had them, which applications may change, and the status lines with them."""
CONTENT_TYPES: dict[str, tuple[str, str]] = {}
ASGI_TYPES: dict[str, tuple[bytes, bytes]] = {}
CONTENT_TYPES_SIZE = 512
"""How many content types are remembered."""
LENGTHS_SIZE = 1024
LENGTHS = [sys.intern(str(size)) for size in range(LENGTHS_SIZE)]
"""The decimal forms of small lengths."""


def status_text(code: int) -> str:
    """``200`` → ``"200 OK"``, as Werkzeug writes it."""
    phrase = HTTP_STATUS_CODES.get(code)
    if phrase is None:
        return f"{code} UNKNOWN"
    known = STATUSES.get(code)
    if known is None or known[0] is not phrase:
        known = STATUSES[code] = immortal((phrase, sys.intern(f"{code} {phrase.upper()}")))
    return known[1]


def content_type_of(mimetype: str) -> str:
    """*mimetype* with a charset where a text type needs one. ValueError for one that would break the header's line."""
    return content_type_header(mimetype)[1]


def content_type_header(mimetype: str) -> tuple[str, str]:
    """The header with `content_type_of`."""
    header = CONTENT_TYPES.get(mimetype)
    if header is None:
        found = get_content_type(mimetype, "utf-8")
        if "\n" in found or "\r" in found:
            raise ValueError("Header values must not contain newline characters.")
        header = ("Content-Type", found)
        if len(CONTENT_TYPES) < CONTENT_TYPES_SIZE and type(found) is str:
            # FAST (string): a tuple for all answers of one type.
            header = CONTENT_TYPES[mimetype] = immortal(("Content-Type", sys.intern(found)))
    return header


def asgi_content_type(content_type: str) -> tuple[bytes, bytes]:
    """The header as ASGI has it. Raises UnicodeEncodeError beyond Latin-1."""
    header = ASGI_TYPES.get(content_type)
    if header is None:
        header = (b"content-type", content_type.encode("latin-1"))
        if len(ASGI_TYPES) < CONTENT_TYPES_SIZE:
            header = ASGI_TYPES.setdefault(content_type, header)
    return header


def length_of(body: bytes) -> str:
    """The length of *body* in bytes, as a Content-Length has it."""
    size = len(body)
    return LENGTHS[size] if size < LENGTHS_SIZE else str(size)
