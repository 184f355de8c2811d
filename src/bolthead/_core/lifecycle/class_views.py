"""View classes over ASGI: those with an async method are called on the loop."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

from ..primitives.place import place
from .records import RequestRecord


def is_shipped(func: Any, name: str) -> bool:
    """Whether *func* is the function of that name, and no decorator's, which has its name and may use its result."""
    return getattr(func, "__qualname__", "") == name and not hasattr(func, "__wrapped__")


def waits_on_loop(view: Any, ctx: RequestRecord) -> bool:
    """Whether *view* is a view class's function, as shipped, whose method for this request is a coroutine function."""
    cls = getattr(view, "view_class", None)
    if cls is None or not is_shipped(view, "View.as_view.<locals>.view"):
        return False
    method = cls.dispatch_request
    if is_shipped(method, "MethodView.dispatch_request"):
        name = ctx.request.method.lower()
        method = getattr(cls, name, None) or (getattr(cls, "get", None) if name == "head" else None)
    return iscoroutinefunction(method)


async def on_loop(view: Any, values: Any) -> Any:
    """Call a view class's function; ``ensure_sync`` gives it the coroutine function itself."""
    place.on_loop = True
    try:
        coroutine = view(**values)
    finally:
        place.on_loop = False
    return await coroutine
