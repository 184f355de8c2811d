"""Calls that the interpreter itself has to make, in both builds.

What handles an error finds it in ``sys.exc_info()`` as in an ``except`` of its own: a compiled coroutine that awaits
another is left out when that one goes on, and its ``except`` with it. And a compiled call takes pairs for a mapping.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


def handling(error: BaseException, func: Callable[[Any], Any]) -> Any:
    """What *func* makes of *error*."""
    before = error.__traceback__, error.__context__
    try:
        raise error
    except BaseException:
        error.__traceback__, error.__context__ = before
        return func(error)


async def awaited_handling(error: BaseException, made: Awaitable[Any]) -> Any:
    """What the awaitable gives that a handler has *made* of *error*."""
    before = error.__traceback__, error.__context__
    try:
        raise error
    except BaseException:
        error.__traceback__, error.__context__ = before
        return await made


def called(view: Callable[..., Any], values: Any) -> Any:
    """What *view* returns for *values*, which are no dict; if they are no mapping, the interpreter's error."""
    return view(**values)
