"""Pairs from a query string or an urlencoded body."""

from __future__ import annotations

from .percent import unquote


def parse_pairs(text: str, errors: str = "replace") -> list[tuple[str, str]]:
    """Every ``name=value`` of *text* in its order; a name without ``=`` has the value ``""``.

    ``&`` is the one separator. Empty fields are left out; a field of nothing but ``=`` is not empty.
    """
    return _pairs(str(text), errors)


def _pairs(text: str, errors: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    # FAST: most texts have nothing to decode, which one search tells for all their fields.
    if "+" in text:
        text = text.replace("+", " ")
    escaped = "%" in text
    size = len(text)
    start = 0
    while start < size:
        stop = text.find("&", start)
        if stop < 0:
            stop = size
        if stop > start:
            equals = text.find("=", start, stop)
            if equals < 0:
                name = text[start:stop]
                value = ""
            else:
                name = text[start:equals]
                value = text[equals + 1 : stop]
            if escaped:
                name = unquote(name, errors)
                value = unquote(value, errors)
            pairs.append((name, value))
        start = stop + 1
    return pairs


def group(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """*pairs* as a dict from each name to the list of its values, as a multi-dict keeps them inside."""
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        name = pair[0]
        values = groups.get(name)
        if values is None:
            groups[name] = [pair[1]]
        else:
            values.append(pair[1])
    return groups
