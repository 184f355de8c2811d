"""A coroutine that moves between its event loop and worker threads, and takes its context variables along."""

from __future__ import annotations

from asyncio import CancelledError, Future, create_task, current_task, get_running_loop
from collections.abc import Callable, Generator
from concurrent.futures import Future as ThreadFuture
from contextvars import Context, copy_context
from functools import wraps
from typing import Any

from ..primitives.place import place


class Move:
    """Awaited inside of `Steps`, it says where the coroutine goes on."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __await__(self) -> Generator[Move, None, None]:
        yield self


TO_THREAD = Move("TO_THREAD")
"""From the loop to a worker thread. What blocks may follow, no other await but `TO_LOOP`."""
TO_LOOP = Move("TO_LOOP")
"""From the worker thread back to the loop."""


class Steps:
    """Awaiting it runs *coroutine* to its end, in *context*, on the loop and (where it asks for that) in threads.

    All of it runs in the one context, so that a variable set anywhere is there in the next step, and a token of one
    step is good in another. *executor* gives the pool of threads when one is needed first.

    ``in_thread`` tells the coroutine where it is. A thread cannot be interrupted: a cancellation that comes meanwhile
    is raised when the coroutine is back on the loop.
    """

    __slots__ = ("context", "coroutine", "executor", "hop", "in_thread", "task", "watchable")

    def __init__(self, coroutine: Any, context: Context, executor: Callable[[], Any]) -> None:
        self.prepare(coroutine, context, executor)

    def prepare(self, coroutine: Any, context: Any, executor: Any) -> None:
        self.coroutine = coroutine
        self.context = context
        self.executor = executor
        self.in_thread = False
        self.watchable = False
        self.task: Any = None
        self.hop: Any = None

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        if self.hop is not None:
            return self._arrive()
        return self._step(self.coroutine.send, value)

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        if self.hop is not None:
            return self._arrive()
        return self._step(self.coroutine.throw, kind if value is None else value)

    def close(self) -> None:
        if self.hop is None:
            self.context.run(self.coroutine.close)

    def _step(self, advance: Any, value: Any) -> Any:
        try:
            out = self.context.run(advance, value)
        except BaseException as error:
            raise self.ended(error)
        if out is TO_THREAD:
            return self._depart()
        if self.watchable:
            self.watchable = False
            self.suspended()
        return out

    def _depart(self) -> Any:
        self.in_thread = True
        self.task = current_task()
        hop = self.hop = Hop(self)
        self.executor().submit(hop.run, self.context, self.coroutine)
        return next(hop.__await__())

    def _arrive(self) -> Any:
        hop = self.hop
        if not hop.done():
            # Not woken by the thread: whatever it is, the thread has to come back first.
            return next(hop.__await__())
        self.hop = None
        self.in_thread = False
        error, hop.error = hop.error, None
        if error is not None:
            if hop.cancelled_meanwhile and isinstance(error, StopIteration):
                error = CancelledError()
            raise self.ended(error)
        if hop.cancelled_meanwhile:
            return self._step(self.coroutine.throw, CancelledError())
        return self._step(self.coroutine.send, None)

    def suspended(self) -> None:
        """Called once, when the coroutine first waits on the loop after ``watchable`` was set."""

    def ended(self, error: BaseException) -> BaseException:
        """Called on the loop when the coroutine has ended: with StopIteration, or what it raised.

        What is returned is raised in its place.
        """
        return error


class Hop(Future[None]):
    """What the task waits for while a thread has the coroutine of *steps*."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(loop=get_running_loop())
        self.steps = steps
        self.error: BaseException | None = None
        self.cancelled_meanwhile = False
        self.inner: Any = None

    def cancel(self, msg: Any = None) -> bool:
        """Note that the task is to be cancelled. A coroutine that the thread waits for is cancelled at once."""
        if self.done():
            return False
        self.cancelled_meanwhile = True
        if self.inner is not None:
            self.inner.cancel()
        return True

    def run(self, context: Context, coroutine: Any) -> None:
        """In the thread: run the coroutine until it asks for the loop, or ends."""
        place.hop = self
        try:
            context.run(coroutine.send, None)
        except BaseException as error:
            self.error = error
        finally:
            place.hop = None
        try:
            self.get_loop().call_soon_threadsafe(self.land)
        except RuntimeError:
            # The loop was closed meanwhile: no task waits any more.
            pass

    def land(self) -> None:
        if not self.done():
            self.set_result(None)

    def bridge(self, func: Any) -> Any:
        """A synchronous function for the thread, which runs coroutine function *func* on the loop and waits for it."""

        @wraps(func)
        def on_loop(*args: Any, **kwargs: Any) -> Any:
            return self.wait_for(func, args, kwargs)

        return on_loop

    def wait_for(self, func: Any, args: Any, kwargs: Any) -> Any:
        if place.hop is not self:
            raise RuntimeError("An async function was prepared for another request, or another thread.")
        # The thread is inside of its own context, so the loop gets a copy, whose changes come back.
        context = copy_context()
        outcome: ThreadFuture[Any] = ThreadFuture()

        async def call() -> Any:
            return await func(*args, **kwargs)

        def start() -> None:
            self.inner = create_task(call(), context=context)
            self.inner.add_done_callback(finish)
            if self.cancelled_meanwhile:
                self.inner.cancel()
            elif self.steps.watchable:
                self.steps.watchable = False
                self.steps.suspended()

        def finish(task: Any) -> None:
            self.inner = None
            if task.cancelled():
                outcome.set_exception(CancelledError())
            elif task.exception() is not None:
                outcome.set_exception(task.exception())
            else:
                outcome.set_result(task.result())

        self.get_loop().call_soon_threadsafe(start, context=Context())
        try:
            return outcome.result()
        finally:
            for var, value in context.items():
                if var.get(outcome) is not value:
                    var.set(value)
