"""Percent-encoding of URL paths and queries, character for character as Werkzeug does it.

Both functions encode as UTF-8 and raise UnicodeEncodeError for a lone surrogate.
"""

from __future__ import annotations

from .native import unsafe

_ALWAYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"


def _table(safe: str) -> list[str]:
    keep = frozenset((_ALWAYS + safe).encode())
    return [chr(byte) if byte in keep else f"%{byte:02X}" for byte in range(256)]


# https://url.spec.whatwg.org/#url-path-segment-string
_PATH = _table("!$&'()*+,/:;=@")
# https://url.spec.whatwg.org/#percent-encoded-bytes
_QUERY = _table("!$'()*,/:;?@")
_QUERY[0x20] = "+"


def quote_path(text: str) -> str:
    """*text* as it stands in a path; slashes are kept."""
    # FAST: build; most texts come back as they are.
    if not unsafe(text):
        return text
    table = _PATH
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


def encode_pairs(pairs: object) -> str:
    """An urlencoded query of ``(key, value)`` pairs, without those whose value is None."""
    out = []
    for key, value in pairs:  # type: ignore[attr-defined]
        if value is not None:
            name = quote_query_bytes(key) if isinstance(key, bytes) else quote_query(plain_str(key))
            text = quote_query_bytes(value) if isinstance(value, bytes) else quote_query(plain_str(value))
            out.append(name + "=" + text)
    return "&".join(out)


def plain_str(value: object) -> str:
    """``str(value)``, and of a subclass of str the text itself."""
    if type(value) is str:
        return value
    text = str(value)
    return text if type(text) is str else "".join((text,))
