"""The proxies: `request`, `session`, `g`, `current_app` and the two contexts.

They behave as ``werkzeug.local.LocalProxy`` bound to a context variable, at the price of one look-up.
"""

from __future__ import annotations

import copy
import math
import operator
from typing import Any

from .context_vars import Forward, current

in_place: Any = operator
"""``operator``, whose in-place functions have no types."""


class LocalProxy(Forward):
    """Stands for the object that a context variable holds, or for one of its attributes.

    Every operation goes to that object; unbound, it raises RuntimeError, while ``repr``, ``bool`` and ``dir``
    answer for the proxy itself.
    """

    __slots__ = ("__weakref__",)

    def __repr__(self) -> str:
        try:
            found = current(self)
        except RuntimeError:
            return f"<{type(self).__name__} unbound>"
        return repr(found)

    def __bool__(self) -> bool:
        try:
            found = current(self)
        except RuntimeError:
            return False
        return bool(found)

    def __dir__(self) -> list[str]:
        try:
            found = current(self)
        except RuntimeError:
            return []
        return dir(found)

    def __str__(self) -> str:
        return str(current(self))

    def __bytes__(self) -> bytes:
        return bytes(current(self))

    def __format__(self, spec: str) -> str:
        return format(current(self), spec)

    def __hash__(self) -> int:
        return hash(current(self))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return current(self)(*args, **kwargs)

    def __instancecheck__(self, other: Any) -> bool:
        return isinstance(other, current(self))

    def __subclasscheck__(self, other: Any) -> bool:
        return issubclass(other, current(self))

    # Comparison

    def __lt__(self, other: Any) -> Any:
        return operator.lt(current(self), other)

    def __le__(self, other: Any) -> Any:
        return operator.le(current(self), other)

    def __eq__(self, other: Any) -> Any:
        return operator.eq(current(self), other)

    def __ne__(self, other: Any) -> Any:
        return operator.ne(current(self), other)

    def __gt__(self, other: Any) -> Any:
        return operator.gt(current(self), other)

    def __ge__(self, other: Any) -> Any:
        return operator.ge(current(self), other)

    # Containers

    def __len__(self) -> int:
        return len(current(self))

    def __length_hint__(self) -> int:
        return operator.length_hint(current(self))

    def __getitem__(self, key: Any) -> Any:
        return current(self)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        current(self)[key] = value

    def __delitem__(self, key: Any) -> None:
        del current(self)[key]

    def __iter__(self) -> Any:
        return iter(current(self))

    def __next__(self) -> Any:
        return next(current(self))

    def __reversed__(self) -> Any:
        return reversed(current(self))

    def __contains__(self, item: Any) -> bool:
        return item in current(self)

    # Numbers

    def __add__(self, other: Any) -> Any:
        return current(self) + other

    def __sub__(self, other: Any) -> Any:
        return current(self) - other

    def __mul__(self, other: Any) -> Any:
        return current(self) * other

    def __matmul__(self, other: Any) -> Any:
        return current(self) @ other

    def __truediv__(self, other: Any) -> Any:
        return current(self) / other

    def __floordiv__(self, other: Any) -> Any:
        return current(self) // other

    def __mod__(self, other: Any) -> Any:
        return current(self) % other

    def __lshift__(self, other: Any) -> Any:
        return current(self) << other

    def __rshift__(self, other: Any) -> Any:
        return current(self) >> other

    def __and__(self, other: Any) -> Any:
        return current(self) & other

    def __xor__(self, other: Any) -> Any:
        return current(self) ^ other

    def __or__(self, other: Any) -> Any:
        return current(self) | other

    def __divmod__(self, other: Any) -> Any:
        return divmod(current(self), other)

    def __pow__(self, other: Any) -> Any:
        return current(self) ** other

    def __radd__(self, other: Any) -> Any:
        return other + current(self)

    def __rsub__(self, other: Any) -> Any:
        return other - current(self)

    def __rmul__(self, other: Any) -> Any:
        return other * current(self)

    def __rmatmul__(self, other: Any) -> Any:
        return other @ current(self)

    def __rtruediv__(self, other: Any) -> Any:
        return other / current(self)

    def __rfloordiv__(self, other: Any) -> Any:
        return other // current(self)

    def __rmod__(self, other: Any) -> Any:
        return other % current(self)

    def __rlshift__(self, other: Any) -> Any:
        return other << current(self)

    def __rrshift__(self, other: Any) -> Any:
        return other >> current(self)

    def __rand__(self, other: Any) -> Any:
        return other & current(self)

    def __rxor__(self, other: Any) -> Any:
        return other ^ current(self)

    def __ror__(self, other: Any) -> Any:
        return other | current(self)

    def __rdivmod__(self, other: Any) -> Any:
        return divmod(other, current(self))

    def __rpow__(self, other: Any) -> Any:
        return other ** current(self)

    # In place: the object changes, the name keeps the proxy.

    def __iadd__(self, other: Any) -> Any:
        in_place.iadd(current(self), other)
        return self

    def __isub__(self, other: Any) -> Any:
        in_place.isub(current(self), other)
        return self

    def __imul__(self, other: Any) -> Any:
        in_place.imul(current(self), other)
        return self

    def __imatmul__(self, other: Any) -> Any:
        in_place.imatmul(current(self), other)
        return self

    def __itruediv__(self, other: Any) -> Any:
        in_place.itruediv(current(self), other)
        return self

    def __ifloordiv__(self, other: Any) -> Any:
        in_place.ifloordiv(current(self), other)
        return self

    def __imod__(self, other: Any) -> Any:
        in_place.imod(current(self), other)
        return self

    def __ilshift__(self, other: Any) -> Any:
        in_place.ilshift(current(self), other)
        return self

    def __irshift__(self, other: Any) -> Any:
        in_place.irshift(current(self), other)
        return self

    def __iand__(self, other: Any) -> Any:
        in_place.iand(current(self), other)
        return self

    def __ixor__(self, other: Any) -> Any:
        in_place.ixor(current(self), other)
        return self

    def __ior__(self, other: Any) -> Any:
        in_place.ior(current(self), other)
        return self

    def __ipow__(self, other: Any) -> Any:
        in_place.ipow(current(self), other)
        return self

    def __neg__(self) -> Any:
        return -current(self)

    def __pos__(self) -> Any:
        return +current(self)

    def __invert__(self) -> Any:
        return ~current(self)

    def __abs__(self) -> Any:
        return abs(current(self))

    def __complex__(self) -> Any:
        return complex(current(self))

    def __int__(self) -> Any:
        return int(current(self))

    def __float__(self) -> Any:
        return float(current(self))

    def __index__(self) -> Any:
        return operator.index(current(self))

    def __trunc__(self) -> Any:
        return math.trunc(current(self))

    def __floor__(self) -> Any:
        return math.floor(current(self))

    def __ceil__(self) -> Any:
        return math.ceil(current(self))

    def __round__(self, digits: int | None = None) -> Any:
        return round(current(self), digits)

    # Context managers, asyncio, copies

    def __enter__(self) -> Any:
        return current(self).__enter__()

    def __exit__(self, *error: Any) -> Any:
        return current(self).__exit__(*error)

    def __await__(self) -> Any:
        return current(self).__await__()

    def __aiter__(self) -> Any:
        return current(self).__aiter__()

    def __anext__(self) -> Any:
        return current(self).__anext__()

    def __aenter__(self) -> Any:
        return current(self).__aenter__()

    def __aexit__(self, *error: Any) -> Any:
        return current(self).__aexit__(*error)

    def __copy__(self) -> Any:
        return copy.copy(current(self))

    def __deepcopy__(self, memo: Any) -> Any:
        return copy.deepcopy(current(self), memo)
