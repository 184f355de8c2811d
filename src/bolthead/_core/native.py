"""What only C can say quickly, in plain Python: the twin of ``native.pyx``.

What lives here a type card cannot express: reading CPython's own record of whether a class was changed, and
going straight to a context variable or an instance's own attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from copy import deepcopy
from functools import partial
from typing import Any

_MISSING = object()


class Watch:
    """Remembers what ``cls.name`` was for each pair, and tells whether all of it still is.

    Attributes are looked up as ``getattr(cls, name)`` finds them, so a change in a base class counts.
    """

    __slots__ = ("_missing", "_same")

    def __init__(self, pairs: Iterable[tuple[type, str]]) -> None:
        seen = [(cls, name, getattr(cls, name, _MISSING)) for cls, name in pairs]
        self._missing = [(cls, name) for cls, name, value in seen if value is _MISSING]
        self._same = _checker([found for found in seen if found[2] is not _MISSING])

    def intact(self) -> bool:
        try:
            return self._same() and not any(hasattr(cls, name) for cls, name in self._missing)
        except AttributeError:
            return False


def _checker(seen: list[tuple[type, str, Any]]) -> Callable[[], bool]:
    """A function that tells whether each ``cls.name`` is still its value.

    FAST: it runs for every request and looks at fifty names, so it is one expression. Not by `==`: a wrapper may
    claim to equal what it wraps, as wrapt's do.
    """
    known: dict[str, Any] = {}
    checks = ["True"]
    for nth, (cls, name, value) in enumerate(seen):
        if not name.isidentifier():
            raise ValueError(f"not the name of an attribute: {name!r}")
        known[f"cls{nth}"], known[f"value{nth}"] = cls, value
        checks.append(f"cls{nth}.{name} is value{nth}")
    return eval(f"lambda: {' and '.join(checks)}", known)  # type: ignore[no-any-return]


class Bound:
    """Forwards attribute access to what *var* holds, or to its attribute *attr*.

    Only ``_get_current_object`` is its own. Unbound, access raises ``RuntimeError(message)``, save for the few
    names that inspection asks of anything.
    """

    __slots__ = ("_lookup",)
    _lookup: Callable[[], Any]

    def __init__(self, var: ContextVar[Any], attr: str | None, message: str) -> None:
        get = var.get

        def whole() -> Any:
            found = get(None)
            if found is None:
                raise RuntimeError(message)
            return found

        def part() -> Any:
            found = get(None)
            if found is None:
                raise RuntimeError(message)
            return getattr(found, attr)  # type: ignore[arg-type]

        object.__setattr__(self, "_lookup", whole if attr is None else part)

    def __getattribute__(self, name: str) -> Any:
        if name == "_get_current_object":
            return _lookup_of(self)
        try:
            found = _lookup_of(self)()
        except RuntimeError:
            if name in UNBOUND_NAMES:
                return UNBOUND_NAMES[name](self)
            raise
        try:
            return getattr(found, name)
        except AttributeError:
            # The one special method that is looked up on an instance.
            if name == "__deepcopy__":
                return partial(deepcopy, found)
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_lookup_of(self)(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_lookup_of(self)(), name)


_lookup_of: Callable[[Bound], Callable[[], Any]] = Bound.__dict__["_lookup"].__get__

UNBOUND_NAMES: dict[str, Callable[[Any], Any]] = {
    "__class__": type,
    "__doc__": lambda proxy: type(proxy).__doc__,
    "__wrapped__": lambda proxy: _lookup_of(proxy),
}


def current(proxy: Bound) -> Any:
    """What *proxy* stands for now. Raises RuntimeError when that is nothing."""
    return _lookup_of(proxy)()


def var_get(var: ContextVar[Any]) -> Any:
    """What *var* holds, or None."""
    return var.get(None)


def var_set(var: ContextVar[Any], value: Any) -> Any:
    """Set *var*; the token undoes it."""
    return var.set(value)


def var_reset(var: ContextVar[Any], token: Any) -> None:
    var.reset(token)



def new(cls: Any) -> Any:
    """``cls.__new__(cls)``: an instance whose ``__init__`` is not called."""
    return cls.__new__(cls)


def found_on(cls: Any, name: str) -> Any:
    """What *cls* or a base of it has under *name*, for one that shows itself when its class is asked; else None."""
    return getattr(cls, name, None)


def own_set(instance: Any, name: str, value: Any) -> None:
    """Set an attribute as ``object`` does, whatever the class makes of it."""
    object.__setattr__(instance, name, value)


def own_item(mapping: Any, key: Any) -> Any:
    """What a subclass of dict holds for *key*, whatever the class makes of it; None for nothing."""
    return dict.get(mapping, key)


def add_pairs(mapping: Any, pairs: list[tuple[Any, Any]]) -> None:
    """Add *pairs* to a multi-dict, which holds a list for each key."""
    for key, value in pairs:
        dict.setdefault(mapping, key, []).append(value)


def find_byte(data: bytes, byte: int, start: int, stop: int) -> int:
    """Where *byte* is first in ``data[start:stop]``, -1 for nowhere. ValueError beyond the data."""
    if start < 0 or stop > len(data):
        raise ValueError("out of range")
    return data.find(byte, start, stop)


def cut(data: bytes, start: int, stop: int) -> bytes:
    """``data[start:stop]``, for places that are in it. ValueError for others."""
    if not 0 <= start <= stop <= len(data):
        raise ValueError("out of range")
    return data[start:stop]


_NOT_HEX = 16
_HEX = bytes(int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else _NOT_HEX for code in range(256))
"""The value of each hex digit, by character code; 16 for all other characters."""


def unescape(text: str, errors: str) -> str:
    """*text* with its percent-escapes decoded as UTF-8; an escape that is none stays as it is.

    UnicodeEncodeError if there is a percent sign and a lone surrogate.
    """
    if "%" not in text:
        return text
    pieces = text.encode().split(b"%")
    out = bytearray(pieces[0])
    for piece in pieces[1:]:
        if len(piece) > 1:
            high, low = _HEX[piece[0]], _HEX[piece[1]]
            if high != _NOT_HEX and low != _NOT_HEX:
                out.append(high << 4 | low)
                out += piece[2:]
                continue
        out += b"%"
        out += piece
    return out.decode("utf-8", errors)


class Finder:
    """Finds *token* in one piece of bytes after the other."""

    __slots__ = ("_token",)

    def __init__(self, token: bytes) -> None:
        self._token = token

    def find(self, data: bytes, start: int) -> int:
        """Where the token is first from *start* on, -1 for nowhere. ValueError for a negative *start*."""
        if start < 0:
            raise ValueError("out of range")
        return data.find(self._token, start)
