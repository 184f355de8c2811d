"""The ``Cookie`` header."""

from __future__ import annotations

import re

# A backslash that no octal byte follows stands for the character after it. DOTALL is left out because a
# quoted value with an escaped newline is no value in the first place.
_ESCAPE = re.compile(rb"\\([0-3][0-7][0-7]|.)")


def parse_cookie_pairs(header: str) -> list[tuple[str, str]]:
    """Every cookie of *header* in its order, a name with no ``=`` having the value ``""``.

    A pair that is malformed (no name, a quote that is never closed, a space or quote inside a bare value) is
    left out, and reading goes on after the next ``;`` from where that pair began.
    """
    text = str(header)
    # FAST: headers; as every browser writes it, there are no other spaces, and ``;`` divides wherever it stands.
    bare = text.replace("; ", ";")
    if " " in bare or '"' in bare or "\t" in bare:
        return _pairs(text)
    return _bare_pairs(bare)


def _bare_pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a text without quotes and spaces."""
    pairs: list[tuple[str, str]] = []
    size = len(text)
    start = 0
    while start < size:
        stop = text.find(";", start)
        if stop < 0:
            stop = size
        equals = text.find("=", start, stop)
        if equals < 0:
            if stop > start:
                pairs.append((text[start:stop], ""))
        elif equals > start:
            pairs.append((text[start:equals], text[equals + 1 : stop]))
        start = stop + 1
    return pairs


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    size = len(text)
    start = 0
    while start < size:
        stop = text.find(";", start)
        if stop < 0:
            stop = size
        name_start = start + 1 if text[start] == " " else start
        at = text.find("=", name_start, stop)
        if at > 0:
            # FAST (session-read): most pairs have a plain name and value, found without a look at each character.
            name = text[name_start:at]
            value = text[at + 1 : stop]
            if name.isidentifier() and not (" " in value or '"' in value or "\t" in value):
                pairs.append((name, value))
                start = stop + 1
                continue
        name_start = _skip_space(text, start, size)
        at = name_start
        while at < size and text[at] not in ' \t=";':
            at += 1
        name_stop = at
        at = _skip_space(text, at, size)
        value_start = value_stop = at
        quoted = False
        if name_stop > name_start and at < size and text[at] == "=":
            at = value_start = _skip_space(text, at + 1, size)
            if at < size and text[at] == '"':
                quoted = True
                at = _closing_quote(text, at + 1, size)
            else:
                while at < size and text[at] not in ' \t";':
                    at += 1
            value_stop = at
            at = _skip_space(text, at, size)
        if name_stop > name_start and at <= size and (at == size or text[at] == ";"):
            value = text[value_start:value_stop]
            if quoted:
                value = unquote_cookie(value)
            pairs.append((text[name_start:name_stop], value))
            start = at + 1
        else:
            start = text.find(";", start) + 1
            if start == 0:
                break
    return pairs


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
    return _ESCAPE.sub(_unescaped, value.encode()).decode("utf-8", "replace")


def _unescaped(match: re.Match[bytes]) -> bytes:
    found = match[1]
    return found if len(found) == 1 else bytes((int(found, 8),))
