"""Context variables, read without a Python frame, and the object behind a proxy.

The compiled version goes straight to CPython's functions, which an augmenting ``.pxd`` cannot express.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from types import CoroutineType
from typing import Any

ENDED: Any = type("Ended", (), {"__repr__": lambda self: "<ended>", "__slots__": ()})()
"""What `resume` returns for a coroutine that has returned."""


def context_value(var: ContextVar[Any], attr: str | None, message: str) -> Callable[[], Any]:
    """A function of what *var* holds, or of its attribute *attr*; ``RuntimeError(message)`` if *var* is unset.

    FAST (headers): pure, a closure is called in half the time of an instance with ``__call__``.
    """
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

    return whole if attr is None else part


_own: Callable[[Any, str], Any] = object.__getattribute__


def current(proxy: Any) -> Any:
    """The object behind *proxy*. RuntimeError if it is unbound."""
    return _own(proxy, "_get_current_object")()


def set_attribute(proxy: Any, name: str, value: Any) -> None:
    """Set an attribute of the object behind *proxy*."""
    setattr(_own(proxy, "_get_current_object")(), name, value)


attribute_or: Callable[[Any, str, Any], Any] = getattr
"""FAST (shares): compiled, what was looked up last in an object like `g` is not looked up again."""

always_read: Callable[[Any, str], Any] = getattr
"""FAST (string, asgi string): compiled, quick for one name, that of an attribute which each request asks its own
application for."""


def only_raises(hook: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Decorate a ``__getattr__`` that does nothing but ``raise AttributeError(name) from None``.

    FAST (shares): compiled, the proxies do so themselves. Applications ask by `hasattr` for what is not in `g`.
    """
    return hook


def forward_slots(cls: type[Any]) -> None:
    """Let the proxies of *cls* look up attributes and items and be true as by its methods, which are not called.

    Its own names come first.
    """


def resume(context: Context, coroutine: Any, value: Any) -> Any:
    """Send *value* to *coroutine* within *context*. Returns what it yields, or `ENDED` when it has returned.

    FAST (async): the compiled version tells the two apart without an exception.
    """
    try:
        return context.run(coroutine.send, value)
    except StopIteration:
        return ENDED


class Beginning:
    """What can be begun in a context."""

    __slots__ = ()

    def begin_here(self) -> bool:
        """Called in the context."""
        raise NotImplementedError


def begin_in(context: Context, beginning: Beginning) -> bool:
    """Call ``beginning.begin_here()`` within *context*, and return what it does."""
    return context.run(beginning.begin_here)


def copy_of(context: Context | None) -> Context:
    """A copy of *context*, or of the current one."""
    return copy_context() if context is None else context.copy()


def variables_of(context: Context) -> Any:
    """What stands for all variables of *context* with their values; None where nothing does.

    As long as it is the same object, none was set. The pure version cannot tell.
    """


def nothing_is_set() -> bool:
    """Whether no variable is set in the current context. The pure version cannot tell."""
    return False


class Binding:
    """A context in which nothing but two variables is set: to *outer*, then to *inner*, objects with a ``__dict__``.

    Each has its token. *variables* is what `variables_of` returns for the context. *next* is for a list of them, which
    has as many as the *count* of its first.
    """

    __slots__ = ("context", "count", "inner", "inner_token", "next", "outer", "outer_token", "variables")

    next: Binding | None
    count: int

    def __init__(
        self, context: Any, variables: Any, outer: Any, outer_token: Any, inner: Any, inner_token: Any
    ) -> None:
        self.context = context
        self.variables = variables
        self.outer = outer
        self.outer_token = outer_token
        self.inner = inner
        self.inner_token = inner_token
        self.next = None
        self.count = 0

    def is_free(self) -> bool:
        """Whether nobody else has any of it, be it by a copy of the context, and the objects have no attributes.

        The pure version cannot tell.
        """
        return False


class Rest:
    """What is left of an awaitable that `advance` has begun: one that waits for *out* first."""

    __slots__ = ("_first", "_iterator", "_out")

    def __init__(self, iterator: Any, out: Any) -> None:
        self._iterator = iterator
        self._out = out
        self._first = True

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        if self._first:
            self._first = False
            out, self._out = self._out, None
            return out
        return self._iterator.send(value)

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        return self._iterator.throw(kind if value is None else value)

    def close(self) -> None:
        self._iterator.close()


async def wait_for(awaitable: Any) -> Any:
    return await awaitable


def advance(awaitable: Any) -> Any:
    """Run an awaitable to its end or to where it waits. Returns its value, or the `Rest` to await.

    FAST (asgi string): compiled, a coroutine that never waits makes neither an iterator nor an exception.
    """
    coroutine = awaitable if type(awaitable) is CoroutineType else wait_for(awaitable)
    try:
        return Rest(coroutine, coroutine.send(None))
    except StopIteration as end:
        return end.value


# FAST (string): CPython's own functions, without another call between.
var_get: Callable[[ContextVar[Any], None], Any] = ContextVar.get
"""``var_get(var, None)``: what *var* holds, or None."""
var_set: Callable[[ContextVar[Any], Any], Any] = ContextVar.set
"""Set a variable; the token undoes it."""
var_reset: Callable[[ContextVar[Any], Any], None] = ContextVar.reset
