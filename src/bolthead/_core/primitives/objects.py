"""What only C can say quickly, in plain Python: the twin of ``native.pyx``.

What lives here a type card cannot express: reading CPython's own record of whether a class was changed, and
going straight to a context variable or an instance's own attributes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from copy import deepcopy
from functools import partial
from types import FunctionType
from typing import Any

CO_COROUTINE = 0x80
MARKS = sys.version_info >= (3, 12)
"""Whether ``inspect.markcoroutinefunction`` exists."""

_MISSING = object()


class Watch:
    """Remembers what ``cls.name`` was for each pair, and tells whether all of it still is.

    Attributes are looked up as ``getattr(cls, name)`` finds them, so a change in a base class counts.
    ``intact`` is a function of this instance: it runs for every request, so it is made to measure.
    """

    __slots__ = ("intact",)
    intact: Callable[[], bool]

    def __init__(self, pairs: Iterable[tuple[type, str]]) -> None:
        pairs = list(pairs)
        same = _comparison([(cls, name, getattr(cls, name, _MISSING)) for cls, name in pairs])
        probes = _probes(list(dict.fromkeys([cls for cls, _ in pairs]))) if FLAGGED else None
        self.intact = same if probes is None else _flagged(probes, same)


def _comparison(seen: list[tuple[type, str, Any]]) -> Callable[[], bool]:
    """A function that tells whether each ``cls.name`` is still its value.

    FAST: fifty names and more, so it is one expression. Not by `==`: a wrapper may claim to equal what it wraps,
    as wrapt's do.
    """
    known: dict[str, Any] = {}
    found, missing = ["True"], []
    for nth, (cls, name, value) in enumerate(seen):
        if not name.isidentifier():
            raise ValueError(f"not the name of an attribute: {name!r}")
        known[f"cls{nth}"], known[f"value{nth}"] = cls, value
        if value is _MISSING:
            missing.append(f"not hasattr(cls{nth}, {name!r})")
        else:
            found.append(f"cls{nth}.{name} is value{nth}")
    checks = " and ".join(found + missing)
    exec(f"def same():\n try:\n  return {checks}\n except AttributeError:\n  return False", known)
    return known["same"]  # type: ignore[no-any-return]


TAGGED = 1 << 19
"""CPython's ``Py_TPFLAGS_VALID_VERSION_TAG``: nothing in a class or its bases changed since a look-up in it."""


def _probes(classes: list[type]) -> list[type] | None:
    """As few subclasses of *classes* as do; None where one cannot be had without anybody noticing.

    CPython takes `TAGGED` from all subclasses of a class that changes. A class gets it back with the next look-up,
    and in these nobody looks up anything but who watches.
    """
    groups: list[list[type]] = []
    for cls in classes:
        if type(cls) is not type or any("__init_subclass__" in vars(base) for base in cls.__mro__[:-1]):
            return None
        if not groups or _probe([*groups[-1], cls]) is None:
            groups.append([])
        groups[-1].append(cls)
    probes = [probe for probe in map(_probe, groups) if probe is not None]
    return probes if probes and len(probes) == len(groups) else None


def _probe(classes: list[type]) -> type | None:
    try:
        return type("Probe", tuple(classes), {"__slots__": ()})
    except TypeError:
        return None


def _flagged(probes: list[Any], same: Callable[[], bool]) -> Callable[[], bool]:
    def again() -> bool:
        if not same():
            return False
        for probe in probes:
            getattr(probe, "anything", None)
        # From here on a change is seen; one that came before is not.
        if same():
            return True
        probes[0].changed = True
        return False

    # A class's own making may look something up in it.
    probes[0].changed = True
    known: dict[str, Any] = {"again": again, "TAGGED": TAGGED}
    known |= {f"probe{nth}": probe for nth, probe in enumerate(probes)}
    flags = " & ".join([f"{name}.__flags__" for name in known if name.startswith("probe")])
    return eval(f"lambda: {flags} & TAGGED != 0 or again()", known)  # type: ignore[no-any-return]


FLAGGED = sys.implementation.name == "cpython" and sys.version_info < (3, 13)
"""Whether to ask the flags. FAST: string, pure; from 3.13 on CPython sets none, and the comparison has to do."""


class Forward:
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


_lookup_of: Callable[[Forward], Callable[[], Any]] = Forward.__dict__["_lookup"].__get__

UNBOUND_NAMES: dict[str, Callable[[Any], Any]] = {
    "__class__": type,
    "__doc__": lambda proxy: type(proxy).__doc__,
    "__wrapped__": lambda proxy: _lookup_of(proxy),
}


def current(proxy: Forward) -> Any:
    """What *proxy* stands for now. Raises RuntimeError when that is nothing."""
    return _lookup_of(proxy)()


# FAST: string, pure; CPython's own functions, so that no other stands between.
var_get: Callable[[ContextVar[Any], None], Any] = ContextVar.get
"""``var_get(var, None)``: what *var* holds, or None."""
var_set: Callable[[ContextVar[Any], Any], Any] = ContextVar.set
"""Set a variable; the token undoes it."""
var_reset: Callable[[ContextVar[Any], Any], None] = ContextVar.reset
bare: Callable[[Any], Any] = object.__new__
"""An instance of an ordinary class whose ``__init__`` is not called."""
bare_dict: Callable[[Any], Any] = dict.__new__
"""The same for a subclass of dict."""


def new(cls: Any) -> Any:
    """``cls.__new__(cls)``: an instance whose ``__init__`` is not called."""
    return cls.__new__(cls)


def is_on(cls: Any, name: str, value: Any) -> bool:
    """Whether *value* is what *cls* or a base of it has under *name*; one that shows itself when its class is asked."""
    return cls.__dict__.get(name) is value or getattr(cls, name, None) is value


def is_plain(func: Any) -> bool:
    """Whether *func* is a Python function that is no coroutine function, nor marked as one."""
    return (
        type(func) is FunctionType
        and not func.__code__.co_flags & CO_COROUTINE
        and not (MARKS and "_is_coroutine_mark" in func.__dict__)
    )


own_set: Callable[[Any, str, Any], None] = object.__setattr__
"""Set an attribute as ``object`` does, whatever the class makes of it."""

own_item: Callable[[Any, Any], Any] = dict.get
"""What a subclass of dict holds for a key, whatever the class makes of it; None for nothing."""


def add_pairs(mapping: Any, pairs: list[tuple[Any, Any]]) -> None:
    """Add *pairs* to a multi-dict, which holds a list for each key."""
    for key, value in pairs:
        dict.setdefault(mapping, key, []).append(value)


unsafe: Callable[[str], Any] = re.compile(r"[^A-Za-z0-9_.\-~!$'()*,/:@]").search
"""Something true for a text that a URL's path or its query would percent-encode in part."""


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
