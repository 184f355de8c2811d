"""A coroutine that moves between its event loop and worker threads, and takes its context variables along."""

from __future__ import annotations

from asyncio import CancelledError, create_task, current_task, get_running_loop
from collections.abc import Callable, Generator
from concurrent.futures import Future as ThreadFuture
from contextvars import Context, copy_context
from functools import wraps
from sys import exc_info
from typing import Any

from ..primitives.context_vars import ENDED, Beginning, begin_in, copy_of, resume
from ..primitives.objects import Turn
from ..primitives.place import place
from .handling import awaited_handling


class Move:
    """Awaited inside of `Steps`: moves the coroutine to a thread or back to the loop."""

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


class Steps(Beginning):
    """Awaiting it runs *coroutine* to its end, in *context*, on the loop and, after `TO_THREAD`, in threads.

    What the coroutine returns is dropped. All of it runs in the one context: a variable set anywhere is there in the
    next step, and a token of one step is good in another. *app* has the pool of threads, made with the first hop.

    ``in_thread``: the coroutine is in a thread. ``running``: on the loop, it is what runs, and not a task that it has
    made. ``prompt``: it has come back from a thread, and has gone on, without the loop's having had a turn.

    Without a coroutine, ``begin_here`` is called first, in ``own_context``: it may make one, or do all that there is to
    do. If it returns true, that context is left, and it is called again in the current one.

    A thread cannot be interrupted: a cancellation that comes meanwhile is raised when the coroutine is back on the
    loop; with ``ending`` after the coroutine has ended, since what is left are functions that have to run.
    """

    __slots__ = (
        "app",
        "cancelled",
        "context",
        "coroutine",
        "ending",
        "hop",
        "in_thread",
        "prompt",
        "running",
        "task",
        "watchable",
    )

    def __init__(self, coroutine: Any, context: Context, app: Any) -> None:
        self.prepare(coroutine, context, app)

    def prepare(self, coroutine: Any, context: Any, app: Any) -> None:
        self.coroutine = coroutine
        self.context = context
        self.app = app
        self.in_thread = False
        self.prompt = False
        self.ending = False
        self.cancelled = False
        self.running = False
        self.watchable = False
        self.task: Any = None
        self.hop: Any = None

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        # FAST (async): compiled, this statement within this method makes no exception.
        out = self._step(None) if self.hop is None else self._arrive()
        if out is ENDED:
            raise StopIteration
        return out

    def send(self, value: Any) -> Any:
        out = self._step(value) if self.hop is None else self._arrive()
        if out is ENDED:
            raise StopIteration
        return out

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        out = self._throw(kind if value is None else value) if self.hop is None else self._arrive()
        if out is ENDED:
            raise StopIteration
        return out

    def close(self) -> None:
        if self.coroutine is None:
            self.running = True
        elif self.hop is None:
            self.context.run(self.coroutine.close)

    def _step(self, value: Any) -> Any:
        self.running = True
        try:
            if self.coroutine is None:
                self.context = self.own_context()
                if begin_in(self.context, self):
                    self.begin_here()
                    if self.coroutine is not None:
                        self.context = copy_of(None)
            out = ENDED if self.coroutine is None else resume(self.context, self.coroutine, value)
        except BaseException as error:
            return self._end(error)
        return self._end(None) if out is ENDED else self._wait(out)

    def _throw(self, error: Any) -> Any:
        self.running = True
        if self.coroutine is None:
            return self._end(error)
        try:
            out = self.context.run(self.coroutine.throw, error)
        except StopIteration:
            return self._end(None)
        except BaseException as raised:
            return self._end(raised)
        return self._wait(out)

    def _wait(self, out: Any) -> Any:
        """The coroutine waits for *out*."""
        self.running = False
        if out is TO_THREAD:
            return self._depart()
        self.prompt = False
        if self.watchable:
            self.suspended()
        return out

    def _end(self, error: Any) -> Any:
        if error is None and self.cancelled:
            error = CancelledError()
        error = self.ended(error)
        if error is not None:
            raise error
        return ENDED

    def _depart(self) -> Any:
        """Give the coroutine to a thread. Returns what to wait for, or what came of it."""
        self.in_thread = True
        self.task = current_task()
        hop = self.hop = Hop(self)
        # Other tasks have their turn after each second hop at the latest.
        if self.prompt:
            hop.take()
        try:
            self.app._asgi_executor().submit(hop.run, self.context, self.coroutine)
        except RuntimeError as error:
            # No thread could be started: it is for the coroutine to end, with what it has opened.
            self.in_thread, self.hop = False, None
            return self._throw(error)
        if not self.prompt and not hop.take():
            # FAST (asgi sync): the thread has run already, as it mostly does where both are on one core.
            self.prompt = True
            return self._go_on()
        self.prompt = False
        return hop.waited_for()

    def _arrive(self) -> Any:
        hop = self.hop
        if not hop.landed:
            # Not woken by the thread, which has to return first.
            return hop.waited_for()
        return self._go_on()

    def _go_on(self) -> Any:
        """The thread has returned from the hop: go on where the coroutine stands."""
        hop = self.hop
        self.hop = None
        self.in_thread = False
        if hop.ended:
            error, hop.error = hop.error, None
            if error is None and hop.cancelled_meanwhile:
                error = CancelledError()
            return self._end(error)
        if hop.cancelled_meanwhile:
            if not self.ending:
                return self._throw(CancelledError())
            self.cancelled = True
        return self._step(None)

    def own_context(self) -> Any:
        """The context to begin in: by default, a copy of the current one."""
        return copy_of(None)

    def suspended(self) -> None:
        """Called when the coroutine waits on the loop, as long as ``watchable`` is set."""

    def ended(self, error: BaseException | None) -> BaseException | None:
        """Called on the loop when the coroutine has ended: with None, or what it raised.

        What is returned is raised in its place, if it is not None.
        """
        return error


_waited_for: dict[Any, Hop] = {}
"""The tasks on a loop for which a worker thread waits, with the hop that it is on."""


def waiting_hop() -> Hop | None:
    """The hop whose thread waits for the current task; None where there is none."""
    try:
        return _waited_for.get(current_task())
    except RuntimeError:
        return None


class Hop(Turn):
    """What the task waits for while a thread has the coroutine of *steps*.

    The task takes its turn when it begins to wait, the thread when it has run: who is second knows that the other has.
    ``streams``: bodies made on the loop meanwhile, which the thread is to push the contexts for.

    FAST (asgi sync): it is no `asyncio.Future` but as much of one as a task asks for, which goes on as soon as the hop
    has landed: a future's callbacks would have another turn of the loop.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "callback",
        "cancelled_meanwhile",
        "context",
        "ended",
        "error",
        "inner",
        "landed",
        "loop",
        "steps",
        "streams",
        "told",
    )

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.loop = get_running_loop()
        self.ended = self.landed = self.cancelled_meanwhile = self.told = False
        self.error: BaseException | None = None
        self.inner: Any = None
        self.streams: list[Any] | None = None
        self.callback: Any = None
        self.context: Any = None
        self._asyncio_future_blocking = False

    def get_loop(self) -> Any:
        return self.loop

    def waited_for(self) -> Hop:
        """What a coroutine yields to its task to wait for this."""
        self._asyncio_future_blocking = True
        return self

    def add_done_callback(self, callback: Any, *, context: Any = None) -> None:
        self.callback = callback
        self.context = copy_context() if context is None else context

    def result(self) -> None:
        """What the task asks for when it goes on."""

    def cancel(self, msg: Any = None) -> bool:
        """Note that the task is to be cancelled. A coroutine that the thread waits for is cancelled at once."""
        if self.landed:
            return False
        self.cancelled_meanwhile = True
        if self.inner is not None and not self.steps.ending:
            self.tell()
        return True

    def tell(self) -> None:
        """Cancel what the thread waits for: once, so that the teardown functions that follow are awaited.

        What has ended, and the thread does not know yet, is not cancelled: the next one is, then.
        """
        self.told = self.inner.cancel()

    def run(self, context: Context, coroutine: Any) -> Callable[[], None]:
        """In the thread: run the coroutine until it awaits `TO_LOOP`, or ends. Returns what tells the task so."""
        place.hop = self
        try:
            self.ended = resume(context, coroutine, None) is ENDED
        except BaseException as error:
            self.ended, self.error = True, error
        finally:
            place.hop = None
        return self.report

    def report(self) -> None:
        if self.take():
            return
        try:
            self.loop.call_soon_threadsafe(self.land)
        except RuntimeError:
            # The loop was closed meanwhile: no task waits any more.
            pass

    def land(self) -> None:
        self.landed = True
        callback, self.callback = self.callback, None
        if callback is not None:
            self.context.run(callback, self)

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
        error = exc_info()[1]

        async def call() -> Any:
            made = func(*args, **kwargs)
            return await (made if error is None else awaited_handling(error, made))

        def start() -> None:
            self.inner = create_task(call(), context=context)
            _waited_for[self.inner] = self
            self.inner.add_done_callback(finish)
            if self.cancelled_meanwhile and not self.told and not self.steps.ending:
                self.tell()
            elif self.steps.watchable:
                self.steps.suspended()

        def finish(task: Any) -> None:
            self.inner = None
            del _waited_for[task]
            if task.cancelled():
                outcome.set_exception(CancelledError())
            elif task.exception() is not None:
                outcome.set_exception(task.exception())
            else:
                outcome.set_result(task.result())

        self.loop.call_soon_threadsafe(start, context=Context())
        try:
            result = outcome.result()
        finally:
            for var, value in context.items():
                if var.get(outcome) is not value:
                    var.set(value)
        while self.streams:
            self.streams.pop().push()
        return result
