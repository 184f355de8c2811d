"""The ``Cookie`` header."""

from __future__ import annotations

import re


def parse_cookie_pairs(header: str) -> list[tuple[str, str]]:
    """Every cookie of *header* in its order, a name with no ``=`` having the value ``""``.

    A pair that is malformed (no name, a quote that is never closed, a space or quote inside a bare value) is
    left out, and reading goes on after the next ``;`` from where that pair began.
    """
    text = str(header)
    # FAST (headers): browsers write no other spaces and no quotes, so that each ``;`` is a separator.
    bare = text.replace("; ", ";")
    unquoted = not (" " in bare or '"' in bare or "\t" in bare)
    if unquoted:
        text = bare
    pairs: list[tuple[str, str]] = []
    size = len(text)
    start = 0
    while start < size:
        stop = text.find(";", start)
        if stop < 0:
            stop = size
        if not unquoted:
            name_start = start + 1 if text[start] == " " else start
            piece = text[name_start:stop]
            if " " in piece or '"' in piece or "\t" in piece:
                after = _odd_pair(text, start, size, pairs)
                start = after if after else stop + 1
                continue
            start = name_start
        equals = text.find("=", start, stop)
        if equals < 0:
            if stop > start:
                pairs.append((text[start:stop], ""))
        elif equals > start:
            pairs.append((text[start:equals], text[equals + 1 : stop]))
        start = stop + 1
    return pairs


def _odd_pair(text: str, start: int, size: int, pairs: list[tuple[str, str]]) -> int:
    """Add the pair at *start*, which may have quotes and spaces; where the next one starts, 0 if it is malformed."""
    at = name_start = _skip_space(text, start, size)
    while at < size and text[at] not in ' \t=";':
        at += 1
    name_stop = at
    at = value_start = value_stop = _skip_space(text, at, size)
    if name_stop == name_start:
        return 0
    quoted = False
    if at < size and text[at] == "=":
        at = value_start = _skip_space(text, at + 1, size)
        if at < size and text[at] == '"':
            quoted = True
            at = _closing_quote(text, at + 1, size)
        else:
            while at < size and text[at] not in ' \t";':
                at += 1
        value_stop = at
        at = _skip_space(text, at, size)
    if at > size or (at < size and text[at] != ";"):
        return 0
    value = text[value_start:value_stop]
    pairs.append((text[name_start:name_stop], unquote_cookie(value) if quoted else value))
    return at + 1


def _skip_space(text: str, at: int, size: int) -> int:
    while at < size and (text[at] == " " or text[at] == "\t"):
        at += 1
    return at


def _closing_quote(text: str, at: int, size: int) -> int:
    """Where a quoted value ends, its closing quote included; beyond *size* when it is never closed."""
    while at < size:
        char = text[at]
        if char == '"':
            return at + 1
        if char == "\\":
            at += 1
            if at < size and text[at] == "\n":
                break
        at += 1
    return size + 1


def unquote_cookie(value: str) -> str:
    """The text of a quoted cookie value: octal escapes are bytes of UTF-8, bad ones replaced."""
    value = value[1:-1]
    if "\\" not in value:
        # PARITY: what cannot be encoded fails here as it does with escapes.
        if not value.isascii():
            value.encode()
        return value
    # A backslash without an octal byte escapes the character after it. Without DOTALL: a quoted value with an escaped
    # newline is malformed.
    return re.sub(rb"\\([0-3][0-7][0-7]|.)", _unescaped, value.encode()).decode("utf-8", "replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    found = match[1]
    return found if len(found) == 1 else bytes((int(found, 8),))
