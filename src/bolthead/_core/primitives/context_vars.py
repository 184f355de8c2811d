"""Context variables, read without a Python frame, and attribute access that goes to what one holds.

The compiled version goes straight to CPython's functions, which an augmenting ``.pxd`` cannot express.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from copy import deepcopy
from functools import partial
from typing import Any


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
