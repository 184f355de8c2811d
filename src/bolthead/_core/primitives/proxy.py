"""The proxies: `request`, `session`, `g`, `current_app` and the two contexts.

They are Werkzeug's, at the price of one look-up where theirs cost several calls.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from werkzeug.local import LocalProxy as LocalProxyBase

from .context_vars import ContextValue, current, forward_look_ups, set_attribute


class LocalProxy(LocalProxyBase):  # type: ignore[type-arg]
    """Stands for the object that a context variable holds, or for its attribute *attr*.

    Every operation goes to that object; unbound, it raises ``RuntimeError(message)`` or does what Werkzeug's does. Only
    what requests do often is done here.
    """

    __slots__ = ()
    # PARITY: what the proxy says of itself is what Werkzeug's says.
    __module__ = LocalProxyBase.__module__
    __doc__ = vars(LocalProxyBase)["__doc__"]

    def __init__(self, var: ContextVar[Any], attr: str | None, message: str) -> None:
        super().__init__(var, attr, unbound_message=message)
        object.__setattr__(self, "_get_current_object", ContextValue(var, attr, message))

    def __getattr__(self, name: str) -> Any:
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
            # PARITY: or it would be iterated by `__getitem__`.
            raise TypeError(f"{type(self).__name__!r} object is not iterable") from None
        return iter(found)

    def __contains__(self, item: Any) -> bool:
        return item in current(self)


forward_look_ups(LocalProxy)
