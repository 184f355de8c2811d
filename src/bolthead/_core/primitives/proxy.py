"""The proxies: `request`, `session`, `g`, `current_app` and the two contexts.

Werkzeug's class, with one look-up for the operations where Werkzeug makes several calls.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import local
from typing import Any

from werkzeug.local import LocalProxy as LocalProxyBase

from .context_vars import context_value, current, forward_slots, set_attribute


def hides_errors_of_iter() -> bool:
    """Whether ``iter(x)`` is a TypeError if looking ``__iter__`` up raises another error: before CPython 3.14."""

    class Unbound:
        @property
        def __iter__(self) -> Any:
            raise RuntimeError

    try:
        iter(Unbound())
    except TypeError:
        return True
    except RuntimeError:
        pass
    return False


ITER_IS_TYPE_ERROR = hides_errors_of_iter()


class Failed(local):
    """Of one thread: the proxy, the name and the error of a look-up that is about to raise it again."""

    look_up: tuple[Any, str | None, AttributeError | None] = (None, None, None)


failed = Failed()
own_attribute = object.__getattribute__
behind = vars(LocalProxyBase)["_get_current_object"].__get__


class LocalProxy(LocalProxyBase):  # type: ignore[type-arg]
    """A proxy of the object in a context variable, or of its attribute *attr*.

    Every operation goes to that object; unbound, it raises ``RuntimeError(message)`` or does what Werkzeug's does. Only
    frequent operations are overridden here.
    """

    __slots__ = ()
    # PARITY: its own attributes have the values of Werkzeug's class.
    __module__ = LocalProxyBase.__module__
    __doc__ = vars(LocalProxyBase)["__doc__"]

    def __init__(self, var: ContextVar[Any], attr: str | None, message: str) -> None:
        super().__init__(var, attr, unbound_message=message)
        object.__setattr__(self, "_get_current_object", context_value(var, attr, message))

    def __getattribute__(self, name: str) -> Any:
        # FAST (headers): pure, `__getattr__` alone takes six times as long: CPython makes an error for it each time.
        if name in OWN_NAMES or type(self) is not LocalProxy or ATTRIBUTES["__getattr__"] is not GETATTR:
            return own_attribute(self, name)
        try:
            return getattr(behind(self)(), name)
        except AttributeError as error:
            # The interpreter calls `__getattr__` for it, which raises it again: a property is asked once.
            failed.look_up = (self, name, error)
            raise

    def __getattr__(self, name: str) -> Any:
        proxy, asked, error = failed.look_up
        if proxy is self and asked is name and error is not None:
            del failed.look_up
            raise error
        return getattr(current(self), name)

    __setattr__ = set_attribute

    def __delattr__(self, name: str) -> None:
        delattr(current(self), name)

    def __bool__(self) -> bool:
        try:
            found = current(self)
        except RuntimeError:
            return False
        return bool(found)

    def __getitem__(self, key: Any) -> Any:
        return current(self)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        current(self)[key] = value

    def __iter__(self) -> Any:
        try:
            found = current(self)
        except RuntimeError:
            # PARITY: unbound, Werkzeug's has no `__iter__`, so that `iter` fails.
            if not ITER_IS_TYPE_ERROR:
                raise
            raise TypeError(f"{type(self).__name__!r} object is not iterable") from None
        return iter(found)

    def __contains__(self, item: Any) -> bool:
        return item in current(self)


ATTRIBUTES = vars(LocalProxy)
GETATTR = ATTRIBUTES["__getattr__"]
OWN_NAMES = frozenset(dir(LocalProxy))
"""The names of a proxy's own attributes."""
forward_slots(LocalProxy)
