"""Async views in event loops that are kept, where nothing can tell them from new ones.

asgiref starts a thread with a new loop for every call and ends both with it, which takes longer than most views.
Here its own code runs, but what it takes for a new thread pool is a `Lane`: an idle thread with an idle loop. A
loop is kept only if the call left nothing in it; else it ends as ``asyncio.run`` ends one, and takes the tasks,
timers, sockets and generators of the call with it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from types import FunctionType
from typing import Any

from asgiref import sync

KEPT = 64
"""How many threads may wait idle."""

_KNOWN_LOOP = getattr(asyncio, "_UnixSelectorEventLoop", None) or (
    asyncio.SelectorEventLoop if os.name == "posix" else None
)


class Lane:
    """A thread, and a loop that only runs in it."""

    def __init__(self) -> None:
        self.executor = ThreadPoolExecutor(max_workers=1)
        self.runner: asyncio.Runner | None = None

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """``asyncio.run(main)`` in the thread of this lane."""
        runner = self.runner
        if runner is None:
            runner = self.runner = asyncio.Runner()
        clean = False
        try:
            result = runner.run(main, context=Context())
            clean = pristine(runner.get_loop())
            return result
        finally:
            if not clean:
                self.end()
            give_back(self)

    def end(self) -> None:
        runner = self.runner
        self.runner = None
        if runner is not None:
            runner.close()


class Lanes:
    """What asgiref takes for a new ``ThreadPoolExecutor``: every job gets a lane of its own."""

    def __init__(self, max_workers: int) -> None:
        assert max_workers == 1

    def submit(self, run: Callable[..., Any], main: Any) -> Future[Any]:
        if run is not _stock_run:
            return ThreadPoolExecutor(max_workers=1).submit(run, main)
        try:
            lane = _idle.pop()
        except IndexError:
            lane = Lane()
        return lane.executor.submit(lane.run, main)


_stock_run = asyncio.run
_idle: list[Lane] = []


def give_back(lane: Lane) -> None:
    if len(_idle) < KEPT:
        _idle.append(lane)
    else:
        lane.end()
        lane.executor.shutdown(wait=False)


def pristine(loop: Any) -> bool:
    """Whether *loop* is as it was when it was made. Of a loop of another kind nobody knows."""
    return (
        type(loop) is _KNOWN_LOOP
        and not loop._ready
        and not loop._scheduled
        and not loop._asyncgens
        and not loop._signal_handlers
        and loop._default_executor is None
        and loop._exception_handler is None
        and loop._task_factory is None
        and loop.slow_callback_duration == 0.1
        and not loop.get_debug()
        and len(loop._selector.get_map()) == 1
        and not vars(loop).keys() - _attributes(loop)
        and not asyncio.all_tasks(loop)
    )


_attributes_of_new: set[str] = set()


def _attributes(loop: Any) -> set[str]:
    """The attributes that a new loop that ran once has."""
    if not _attributes_of_new:
        fresh = type(loop)()
        try:
            fresh.run_until_complete(asyncio.sleep(0))
            _attributes_of_new.update(vars(fresh))
        finally:
            fresh.close()
    return _attributes_of_new


def _close_all() -> None:
    while _idle:
        _idle.pop().end()


def _forget_all() -> None:
    # The threads stayed in the parent. A loop that closes itself here would take the parent's off its own pipe,
    # since both share what the kernel watches for them.
    while _idle:
        runner = _idle.pop().runner
        if runner is not None:
            loop: Any = runner.get_loop()
            loop._closed = True


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _with_lanes() -> Callable[..., Any]:
    """asgiref's own call, in which the name of the thread pool stands for `Lanes`."""
    stock = sync.AsyncToSync.__call__
    if not isinstance(stock, FunctionType) or "ThreadPoolExecutor" not in stock.__code__.co_names:
        return stock
    names = {**stock.__globals__, "ThreadPoolExecutor": Lanes}
    call = FunctionType(stock.__code__, names, stock.__name__, stock.__defaults__, stock.__closure__)
    call.__kwdefaults__ = stock.__kwdefaults__
    return call


_call = _with_lanes()


class AsyncToSync(sync.AsyncToSync[Any, Any]):
    """asgiref's, on kept loops unless the caller asked for one thread for all."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        single = getattr(sync.AsyncToSync, "async_single_thread_context", None)
        if single is not None and single.get(None) is not None:
            return super().__call__(*args, **kwargs)
        return _call(self, *args, **kwargs)


_stock_wrap = sync.async_to_sync


def kept(func: Callable[..., Any], wrap: Any) -> Callable[..., Any]:
    """``wrap(func)``, on kept loops if *wrap* is asgiref's ``async_to_sync``."""
    return AsyncToSync(func) if wrap is _stock_wrap else wrap(func)  # type: ignore[no-any-return]
