"""View classes over ASGI: those with an async method are called on the loop."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

from ..primitives.place import place
from .records import RequestRecord


def waits_on_loop(view: Any, ctx: RequestRecord) -> bool:
    """Whether *view* is a view class's function, as shipped, whose method for this request is a coroutine function."""
    cls = getattr(view, "view_class", None)
    if cls is None or getattr(view, "__qualname__", "") != "View.as_view.<locals>.view":
        return False
    method = cls.dispatch_request
    if getattr(method, "__qualname__", "") == "MethodView.dispatch_request":
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
