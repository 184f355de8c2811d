"""Calls of what handles an error, which finds that error in ``sys.exc_info()`` as in an ``except`` of its own.

Not compiled: a compiled coroutine that awaits another is left out when that one goes on, and its ``except`` with it.
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
