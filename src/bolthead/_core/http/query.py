"""Pairs from a query string or an urlencoded body, and the multi-dicts that hold them."""

from __future__ import annotations

from typing import Any

from ..primitives.objects import add_pairs, bare_dict, own_item
from .url_encoding import unquote


def parse_pairs(text: str, errors: str = "replace") -> list[tuple[str, str]]:
    """Every ``name=value`` of *text* in its order; a name without ``=`` has the value ``""``.

    ``&`` is the one separator. Empty fields are left out; a field of nothing but ``=`` is not empty.
    """
    return _pairs(str(text), errors)


def _pairs(text: str, errors: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if "+" in text:
        text = text.replace("+", " ")
    size = len(text)
    # FAST (query): a field before the position of the next escape has nothing to decode.
    escape = text.find("%")
    if escape < 0:
        escape = size
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
            if escape < stop:
                name = unquote(name, errors)
                value = unquote(value, errors)
                escape = text.find("%", stop)
                if escape < 0:
                    escape = size
            pairs.append((name, value))
        start = stop + 1
    return pairs


def multi_dict(cls: Any, pairs: list[tuple[Any, Any]], multi_dicts: frozenset[Any]) -> Any:
    """*pairs* in the storage class *cls*, which may be any that takes them.

    *multi_dicts*: the multi-dicts whose ``__init__`` would do no more than is done here.
    """
    if cls not in multi_dicts:
        return cls(pairs)
    made = bare_dict(cls)
    if pairs:
        add_pairs(made, pairs)
    return made


def get(self: Any, key: Any, default: Any = None, type: Any = None) -> Any:
    """The first value for *key*, through *type*; *default* where there is none or *type* refuses it.

    *type* refuses by ValueError or TypeError.
    """
    values = own_item(self, key)
    if not values:
        return default
    value = values[0]
    if type is None:
        return value
    try:
        return type(value)
    except (ValueError, TypeError):
        return default
