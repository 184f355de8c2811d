"""Runs the coroutine of an async view as asgiref's ``async_to_sync`` does, for less.

PARITY: each call has a new thread and an unused event loop; the calling thread meanwhile runs what
``sync_to_async`` sends it; context variables are copied in and back. Only the cost differs: no thread pool, no
selector and sockets made and closed for each call, no two further runs of the loop to find that nothing is left.
Every other case is handed to asgiref.

The only reader of asgiref's and asyncio's private names. Loaded with the first async view.
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from inspect import CO_COROUTINE
from types import BuiltinFunctionType, FunctionType, TracebackType
from typing import Any

from asgiref import sync
from asgiref.current_thread_executor import CurrentThreadExecutor
from asgiref.sync import AsyncToSync as StockAsyncToSync

IDLE_LIMIT = 64
REFERENCES_AT_WORK = 2
"""References to a loop that runs a call: asgiref's table has one, and the policy."""

_stock = (sync.async_to_sync, StockAsyncToSync.__call__)
_policy: Callable[[], Any] = getattr(asyncio.events, "_get_event_loop_policy", asyncio.get_event_loop_policy)
_running_loop: Callable[[], Any] = asyncio._get_running_loop
_threads: dict[int, Any] = getattr(threading, "_active", {})


def _is_supported() -> bool:
    """Whether asgiref has the private names and shapes that this module uses, and Python counts references."""
    executor = {"_broken", "_old_executor", "_work_items", "_work_ready", "_work_thread"}
    bridge = ("async_single_thread_context", "executors", "loop_thread_executors")
    return (
        # PyPy does not, so there is no telling whether a loop is still in use.
        hasattr(sys, "getrefcount")
        and hasattr(sync, "_restore_context")
        and all(hasattr(StockAsyncToSync, name) for name in bridge)
        and hasattr(sync.SyncToAsync, "threadlocal")
        and vars(CurrentThreadExecutor(None)).keys() == executor
    )


SUPPORTED = _is_supported()


def bridge(given: Callable[..., Any], func: Callable[..., Any]) -> Callable[..., Any]:
    """``given(func)``, where *given* is asgiref's ``async_to_sync`` or a replacement of it."""
    if SUPPORTED and (given, StockAsyncToSync.__call__) == _stock:
        return AsyncToSync(func)
    return given(func)  # type: ignore[no-any-return]


class AsyncToSync(StockAsyncToSync[..., Any]):
    """asgiref's class under its own name, with the shorter call."""

    def __init__(self, func: Callable[..., Any]) -> None:
        if type(func) is FunctionType and func.__code__.co_flags & CO_COROUTINE:
            # FAST (async): the parent's check for a coroutine function takes several calls.
            self.awaitable, self.force_new_loop = func, False
        else:
            super().__init__(func)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        if not _gets_own_loop():
            return super().__call__(*args, **kwargs)
        executors: Any = StockAsyncToSync.executors
        outer = getattr(executors, "current", None)
        executors.current = executor = CallerThreadExecutor(outer)
        context = copy_context()
        try:
            call = AsyncCall(self.awaitable(*args, **kwargs), context, executor)
            _thread.start_new_thread(call.run, ())
            executor.work()
        finally:
            sync._restore_context(context)
            executors.current = outer
        if call.error is None:
            return call.result
        # The error's traceback refers to this frame and the call; without a reference cycle it is freed once handled.
        error, call.error = call.error, None
        try:
            raise error
        finally:
            del error


def _gets_own_loop() -> bool:
    """Whether asgiref would give the call a thread and a loop of its own.

    It would not inside of ``sync_to_async``, whose loop takes the call, or of an ``AsyncSingleThreadContext``;
    and it refuses where a loop is running. With gevent and eventlet, or a debugger that follows threads,
    threads are not what they seem.
    """
    loop = getattr(sync.SyncToAsync.threadlocal, "main_event_loop", None)
    return (
        (loop is None or loop.is_closed())
        and _running_loop() is None
        and StockAsyncToSync.async_single_thread_context.get(None) is None
        and type(_thread.start_new_thread) is BuiltinFunctionType
    )


class AsyncCall:
    """One coroutine, to be run in a thread of its own; then *result* or *error*."""

    __slots__ = ("context", "coroutine", "ended", "error", "executor", "handled", "result")

    def __init__(self, coroutine: Any, context: Context, executor: CallerThreadExecutor) -> None:
        self.coroutine = coroutine
        self.context = context
        self.executor = executor
        self.handled = sys.exc_info()[1]
        self.ended = False
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """The thread."""
        trace, profile = threading.gettrace(), threading.getprofile()
        if trace is not None:
            sys.settrace(trace)
        if profile is not None:
            sys.setprofile(profile)
        try:
            self._run()
        except BaseException as error:
            # Not the coroutine's own: it has stopped its loop, or a task failed when it was cancelled.
            self.error = error
        finally:
            # PARITY: of a thread that is gone nothing is listed (CPython before 3.13 would).
            _threads.pop(_thread.get_ident(), None)
            self.executor.close()

    def _run(self) -> None:
        pooled = loops.borrow()
        as_new = False
        try:
            StockAsyncToSync.loop_thread_executors[pooled.loop] = self.executor
            pooled.policy.set_event_loop(pooled.loop)
            try:
                pooled.loop.create_task(self._main(pooled.loop), context=self.context)
                pooled.loop.run_forever()
                if not self.ended:
                    raise RuntimeError("Event loop stopped before Future completed.")
                as_new = pooled.is_as_new(REFERENCES_AT_WORK)
                if not as_new:
                    # PARITY: `run_until_complete` runs the callbacks that are ready once more.
                    pooled.loop.stop()
                    pooled.loop.run_forever()
                    as_new = pooled.is_as_new(REFERENCES_AT_WORK)
            finally:
                del StockAsyncToSync.loop_thread_executors[pooled.loop]
                pooled.policy.set_event_loop(None)
        finally:
            loops.give_back(pooled, as_new)

    async def _main(self, loop: Any) -> None:
        __traceback_hide__ = True
        # Context variables are set already; asgiref's thread-local ones must be set for the new thread.
        sync._restore_context(self.context)
        try:
            if self.handled is None:
                self.result = await self.coroutine
            else:
                # An error handler's: what it handles is what it finds in sys.exc_info().
                try:
                    raise self.handled
                except BaseException:
                    self.result = await self.coroutine
        except BaseException as error:
            self.error = error
        # FAST (async): Here, and not in a callback of the task, it saves a turn of the loop.
        self.ended = True
        loop.stop()


class CallerThreadExecutor(CurrentThreadExecutor):
    """Runs in the calling thread what ``sync_to_async`` submits, until the call is over.

    FAST (async): The same work items as asgiref's, with two locks instead of a condition and a future.
    """

    def __init__(self, outer: CurrentThreadExecutor | None) -> None:
        # Not the parent's, which would make the condition. All five are read by executors inside of this one.
        self._work_thread = threading.current_thread()
        self._work_ready: Any = WakeUp()
        self._work_items: deque[Any] = deque()
        self._broken = False
        self._old_executor = outer

    def work(self) -> None:
        items, woken = self._work_items, self._work_ready.woken
        while True:
            woken.acquire()
            while items:
                items.popleft().run()
            # Nothing is submitted after the close, so the order of these two does not matter.
            if self._broken and not items:
                return

    def close(self) -> None:
        with self._work_ready:
            self._broken = True
            self._work_ready.notify()


class WakeUp:
    """A condition for one waiting thread. A notification that comes before the wait ends it at once."""

    __slots__ = ("mutex", "woken")

    def __init__(self) -> None:
        self.mutex = _thread.allocate_lock()
        self.woken = _thread.allocate_lock()
        self.woken.acquire()

    def __enter__(self) -> None:
        self.mutex.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.mutex.release()

    def notify(self) -> None:
        if self.woken.locked():
            self.woken.release()


class PooledLoop:
    """An event loop, and its state when it was made."""

    __slots__ = ("_attributes", "_references", "loop", "policy")

    def __init__(self) -> None:
        self.policy = _policy()
        self.loop = asyncio.new_event_loop()
        # Other kinds, uvloop's among them, do not show their state.
        keeps = sys.platform != "win32" and type(self.loop) is asyncio.SelectorEventLoop
        self._attributes = dict(vars(self.loop)) if keeps else None
        self._references = self._count()

    def _count(self) -> int:
        return sys.getrefcount(self.loop)

    def is_as_new(self, more: int) -> bool:
        """Whether the loop has the state of a new one.

        Anything that could still use it (a task, a timer, a transport, a lock, an asynchronous generator, a
        thread) holds a reference to it. An executor does not, but like all settings it is an attribute. *more* is
        the number of references that are accounted for.
        """
        return vars(self.loop) == self._attributes and self._count() == self._references + more

    def close(self) -> None:
        """As ``asyncio.run`` ends: cancel the tasks, end the asynchronous generators, wait for the executor."""
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.get_loop()


class LoopPool:
    """Event loops in their initial state, for reuse by later calls."""

    def __init__(self) -> None:
        self.idle: list[PooledLoop] = []
        self._lost: list[list[PooledLoop]] = []
        self._idle_limit = IDLE_LIMIT

    def borrow(self) -> PooledLoop:
        try:
            pooled = self.idle.pop()
        except IndexError:
            return PooledLoop()
        if pooled.policy is not _policy():
            pooled.loop.close()
            return PooledLoop()
        return pooled

    def give_back(self, pooled: PooledLoop, as_new: bool) -> None:
        if as_new and len(self.idle) < self._idle_limit:
            self.idle.append(pooled)
        else:
            pooled.close()

    def forget(self) -> None:
        """In a child process: its selectors are the parent's as well, which closing a loop would change."""
        self._lost.append(self.idle)
        self.idle = []

    def close(self) -> None:
        self._idle_limit = 0
        while self.idle:
            self.idle.pop().loop.close()


loops = LoopPool()
atexit.register(loops.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=loops.forget)
