"""Percent-encoding of URL paths and queries, character for character as Werkzeug does it, and its decoding.

What encodes does so as UTF-8 and raises UnicodeEncodeError for a lone surrogate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..primitives.bytes_search import unescape, unsafe

_ALWAYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"


def _table(safe: str) -> list[str]:
    keep = frozenset((_ALWAYS + safe).encode())
    return [chr(byte) if byte in keep else f"%{byte:02X}" for byte in range(256)]


# https://url.spec.whatwg.org/#url-path-segment-string
_PATH_TABLE = _table("!$&'()*+,/:;=@")
# https://url.spec.whatwg.org/#percent-encoded-bytes
_QUERY = _table("!$'()*,/:;?@")
_QUERY[0x20] = "+"

# PARITY: variables, for compiled code would ask a name like `list` for the C type: a proxy tells by `__class__`.
BYTES: Any = bytes
LISTS: Any = (list, tuple, set)

_ASCII_RUN = re.compile("([\x00-\x7f]+)")

SAFE_NAMES_SIZE = 1024
safe_names: dict[str, None] = {}
"""Names that a query has unquoted, the first that were met, without those that begin as the options of ``url_for`` do.
A dict, since without the GIL a set takes a lock."""


def is_safe_name(name: str) -> bool:
    """Whether *name* is one of `safe_names`, or may be."""
    if name in safe_names:
        return True
    if unsafe(name) or name[:1] == "_":
        return False
    if len(safe_names) < SAFE_NAMES_SIZE:
        safe_names[name] = None
    return True


def quote_path(text: str) -> str:
    """*text* quoted for a path; slashes stay as they are."""
    # FAST (build): most texts come back as they are.
    if not unsafe(text):
        return text
    table = _PATH_TABLE
    return "".join([table[byte] for byte in text.encode()])


def quote_query(text: str) -> str:
    """*text* as a key or value of a query string; a space becomes ``+``."""
    if not unsafe(text):
        return text
    table = _QUERY
    return "".join([table[byte] for byte in text.encode()])


def quote_query_bytes(data: bytes) -> str:
    """*data* as a key or value of a query string."""
    table = _QUERY
    return "".join([table[byte] for byte in data])


def quote_query_value(value: Any) -> str:
    """*value* as a key or value of a query string."""
    kind = type(value)
    if kind is not str and kind is not int and isinstance(value, BYTES):
        return quote_query_bytes(bytes(value))
    return quote_query(exact_str(value))


def encode_pairs(pairs: object) -> str:
    """An urlencoded query of ``(key, value)`` pairs, without those whose value is None."""
    out = []
    for key, value in pairs:  # type: ignore[attr-defined]
        if value is not None:
            out.append(quote_query_value(key) + "=" + quote_query_value(value))
    return "&".join(out)


def encode_query(values: Mapping[Any, Any], ordered: bool, key: Callable[[Any], Any] | None) -> str:
    """*values* urlencoded, a pair per item of a list, tuple or set; *ordered* sorts them, by *key* if any."""
    pairs: list[Any] = []
    for name, value in values.items():
        kind = type(value)
        if kind is not str and kind is not int and isinstance(value, LISTS):
            for item in value:
                pairs.append((name, item))
        else:
            pairs.append((name, value))
    if ordered:
        pairs.sort(key=key)
    return encode_pairs(pairs)


def exact_str(value: object) -> str:
    """``str(value)``, and of a subclass of str the text itself."""
    if type(value) is str:
        return value
    text = str(value)
    return text if type(text) is str else "".join((text,))


def unquote(text: str, errors: str = "replace") -> str:
    """*text* with its percent-escapes decoded as UTF-8; an escape that is none stays as it is.

    *errors* treats bytes that are no UTF-8, as in ``bytes.decode``. Characters beyond ASCII pass unchanged.
    """
    # PARITY: the standard library decodes each run of ASCII by itself. Decoding all at once is the same,
    # because a character beyond ASCII begins with a byte that ends an unfinished sequence before it.
    try:
        return unescape(text, errors)
    except UnicodeEncodeError:
        # A lone surrogate cannot be encoded: it stays, and each run of ASCII around it is decoded by itself.
        parts = _ASCII_RUN.split(text)
        parts[1::2] = [unescape(run, errors) for run in parts[1::2]]
        return "".join(parts)
