"""Percent-encoding of URLs and of form data."""

from __future__ import annotations

import re

from .native import unescape

_ASCII_RUN = re.compile("([\x00-\x7f]+)")


def unquote(text: str, errors: str = "replace") -> str:
    """*text* with its percent-escapes decoded as UTF-8; an escape that is none stays as it is.

    *errors* treats bytes that are no UTF-8, as in ``bytes.decode``. Characters beyond ASCII pass unchanged.
    """
    # PARITY: the standard library decodes each run of ASCII by itself. Decoding all at once is the same,
    # because a character beyond ASCII begins with a byte that ends an unfinished sequence before it.
    try:
        return unescape(text, errors)
    except UnicodeEncodeError:
        # A lone surrogate cannot be a byte: it stays, and what stands around it is decoded by itself.
        parts = _ASCII_RUN.split(text)
        parts[1::2] = [unescape(run, errors) for run in parts[1::2]]
        return "".join(parts)
