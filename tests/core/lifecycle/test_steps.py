"""A coroutine that moves between its loop and threads: values, errors, variables, cancellation at each place."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

VAR: contextvars.ContextVar[int] = contextvars.ContextVar("VAR", default=0)


@pytest.fixture
def steps(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("bolthead._core.lifecycle.steps")


@pytest.fixture
def pool(load: Callable[[str], ModuleType]) -> Any:
    return load("bolthead._core.primitives.thread_pool").ThreadPool(4, "steps")


class QuickPool:
    """Threads that have done what they are given before the loop goes on, as happens on one core."""

    def submit(self, func: Callable[..., Any], *args: Any) -> None:
        thread = threading.Thread(target=lambda: func(*args)())
        thread.start()
        thread.join()


@pytest.fixture(params=["threads", "quick threads"])
def any_pool(request: pytest.FixtureRequest, pool: Any) -> Any:
    return pool if request.param == "threads" else QuickPool()


def with_pool(pool: Any) -> Any:
    """As much of an application as is needed."""
    return SimpleNamespace(_asgi_executor=lambda: pool)


def drive(steps: ModuleType, pool: Any, coroutine: Any) -> Any:
    async def main() -> Any:
        return await steps.Steps(coroutine, contextvars.copy_context(), with_pool(pool))

    return asyncio.run(main())


def test_there_and_back(steps: ModuleType, any_pool: Any) -> None:
    places = []

    async def walk() -> None:
        token = VAR.set(1)
        for _ in range(3):
            places.append(threading.get_ident())
            await steps.TO_THREAD
            places.append(threading.get_ident())
            VAR.reset(token)
            assert VAR.get() == 0
            await steps.TO_LOOP
            token = VAR.set(1)
            await asyncio.sleep(0)

    drive(steps, any_pool, walk())
    here = threading.get_ident()
    assert [place == here for place in places] == [True, False] * 3
    assert VAR.get() == 0


@pytest.mark.parametrize("place", ["loop", "thread", "loop again"])
def test_errors_come_out(steps: ModuleType, any_pool: Any, place: str) -> None:
    async def walk() -> None:
        if place != "loop":
            await steps.TO_THREAD
        if place == "loop again":
            await steps.TO_LOOP
        raise KeyError(place)

    with pytest.raises(KeyError, match=place):
        drive(steps, any_pool, walk())


def test_ending_in_a_thread(steps: ModuleType, any_pool: Any) -> None:
    places = []

    async def walk() -> None:
        await steps.TO_THREAD
        places.append(threading.get_ident())

    drive(steps, any_pool, walk())
    assert places != [threading.get_ident()]


def test_a_quick_thread_is_not_waited_for_and_others_have_their_turn(steps: ModuleType) -> None:
    """The loop goes on without a turn at most once in a row."""
    turns = []

    async def walk() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(3):
            seen: list[None] = []
            for _ in range(2):
                loop.call_soon(seen.append, None)
                await steps.TO_THREAD
                await steps.TO_LOOP
                turns.append(len(seen))
            await asyncio.sleep(0)

    drive(steps, QuickPool(), walk())
    assert turns == [0, 2] * 3


@pytest.mark.parametrize("ends_there", [True, False])
def test_a_cancellation_waits_for_the_thread(steps: ModuleType, pool: Any, ends_there: bool) -> None:
    entered, leave = threading.Event(), threading.Event()
    log = []

    async def walk() -> None:
        await steps.TO_THREAD
        entered.set()
        leave.wait()
        log.append("thread ended")
        if not ends_there:
            try:
                await steps.TO_LOOP
            except asyncio.CancelledError:
                log.append("cancelled on the loop")
                raise

    async def main() -> None:
        task = asyncio.ensure_future(as_task(steps.Steps(walk(), contextvars.copy_context(), with_pool(pool))))
        while not entered.is_set():
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log == ["thread ended"] + ["cancelled on the loop"] * (not ends_there)


async def as_task(awaitable: Any) -> Any:
    return await awaitable


def test_a_function_of_the_loop_called_in_the_thread(steps: ModuleType, pool: Any) -> None:
    async def sets(value: int) -> int:
        await asyncio.sleep(0)
        old = VAR.get()
        VAR.set(value)
        return old

    async def fails() -> None:
        raise KeyError

    found = []

    async def walk() -> None:
        await steps.TO_THREAD
        from_hop: Any = made.hop.bridge
        found.extend([from_hop(sets)(1), VAR.get(), from_hop(sets)(2), VAR.get()])
        with pytest.raises(KeyError):
            from_hop(fails)()

    async def main() -> Any:
        nonlocal made
        made = steps.Steps(walk(), contextvars.copy_context(), with_pool(pool))
        return await made

    made: Any = None
    asyncio.run(main())
    assert found == [0, 1, 1, 2]


def test_cancelled_while_the_thread_waits_for_the_loop(steps: ModuleType, pool: Any) -> None:
    async def forever() -> None:
        started.set()
        await asyncio.Event().wait()

    async def walk() -> None:
        await steps.TO_THREAD
        made.hop.bridge(forever)()

    async def main() -> None:
        nonlocal made, started
        started = asyncio.Event()
        made = steps.Steps(walk(), contextvars.copy_context(), with_pool(pool))
        task = asyncio.ensure_future(as_task(made))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    made: Any = None
    started: Any = None
    asyncio.run(main())


def test_where_no_thread_can_be_started(steps: ModuleType) -> None:
    """The coroutine is told at the await, and ends what it has opened."""
    seen: list[Any] = []

    class Refusing:
        def submit(self, func: Callable[..., Any], *args: Any) -> None:
            raise RuntimeError("can't start new thread")

    async def walk() -> None:
        try:
            await steps.TO_THREAD
        except RuntimeError as error:
            seen.append(str(error))
        await asyncio.sleep(0)
        try:
            await steps.TO_THREAD
        finally:
            await asyncio.sleep(0)
            seen.append("end")

    with pytest.raises(RuntimeError, match="can't start"):
        drive(steps, Refusing(), walk())
    assert seen == ["can't start new thread", "end"]
