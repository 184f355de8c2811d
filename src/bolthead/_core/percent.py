"""Percent-encoding of URLs and of form data."""

from __future__ import annotations

import re

_ASCII_RUN = re.compile("([\x00-\x7f]+)")
_NOT_HEX = 16
_HEX = bytes(int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else _NOT_HEX for code in range(256))
"""The value of each hex digit, by character code; 16 for all other characters."""


def unquote(text: str, errors: str = "replace") -> str:
    """*text* with its percent-escapes decoded as UTF-8; an escape that is none stays as it is.

    *errors* treats bytes that are no UTF-8, as in ``bytes.decode``. Characters beyond ASCII pass unchanged.
    """
    if "%" not in text:
        return text
    try:
        data = text.encode()
    except UnicodeEncodeError:
        # A lone surrogate cannot be a byte: it stays, and what stands around it is decoded by itself.
        parts = _ASCII_RUN.split(text)
        parts[1::2] = [_unquoted(run.encode("ascii"), errors) for run in parts[1::2]]
        return "".join(parts)
    # PARITY: the standard library decodes each run of ASCII by itself. Decoding all at once is the same,
    # because a character beyond ASCII begins with a byte that ends an unfinished sequence before it.
    return _unquoted(data, errors)


def unquote_plus(text: str, errors: str = "replace") -> str:
    """:func:`unquote` for form data, where ``+`` is a space."""
    return unquote(text.replace("+", " "), errors)


def _unquoted(data: bytes, errors: str) -> str:
    size = len(data)
    start = data.find(b"%")
    if start < 0:
        return data.decode("utf-8", errors)
    # FAST: what stands before the first and after the last escape is copied whole; between them the loop
    # goes by the byte, for which the compiled build needs no call.
    last = data.rfind(b"%", 0, size - 2) if size > 2 else -1
    out = bytearray(data)
    at = start
    end = start
    while at <= last:
        byte = data[at]
        if byte == 37:
            high = _HEX[data[at + 1]]
            low = _HEX[data[at + 2]]
            if high != _NOT_HEX and low != _NOT_HEX:
                byte = high << 4 | low
                at += 2
        out[end] = byte
        end += 1
        at += 1
    out[end:] = data[at:]
    return out.decode("utf-8", errors)
