"""When a loop is used again, and when a call is asgiref's."""

from __future__ import annotations

import _thread
import asyncio
import contextvars
import gc
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import AsyncToSync, sync_to_async

from loops import in_time

pytestmark = pytest.mark.skipif(
    not hasattr(sys, "getrefcount"), reason="where references are not counted, asgiref's own bridge is used"
)


@pytest.fixture
def ours(load: Callable[[str], ModuleType]) -> Any:
    module: Any = load("bolthead._compat.asgiref_bridge")
    module.loops.close()
    module.loops._idle_limit = module.IDLE_LIMIT
    return module


def test_this_asgiref_is_supported(ours: Any) -> None:
    assert ours.SUPPORTED, "asgiref has changed inside: compare with _compat/asgiref_bridge.py and adapt it"


async def nothing() -> str:
    return "done"


async def sleeps() -> str:
    await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    return "done"


async def gathers() -> str:
    await asyncio.gather(asyncio.sleep(0), asyncio.create_task(asyncio.sleep(0)))
    async with asyncio.Lock(), asyncio.timeout(5):
        pass
    return str([number async for number in numbers()])


async def numbers() -> Any:
    yield 1
    yield 2


@pytest.mark.skipif(sys.platform == "win32", reason="a loop of another kind")
@pytest.mark.parametrize("function", [nothing, sleeps, gathers])
def test_a_loop_that_is_as_new_is_used_again(ours: Any, function: Callable[[], Coroutine[Any, Any, str]]) -> None:
    gc.collect()
    assert in_time(ours.AsyncToSync(function)) == in_time(ours.AsyncToSync(function))
    (lent,) = ours.loops.idle
    for _ in range(3):
        in_time(ours.AsyncToSync(function))
        assert ours.loops.idle == [lent] and not lent.loop.is_closed()


KEPT: list[Any] = []


async def keeps_the_loop() -> None:
    KEPT.append(asyncio.get_running_loop())


async def keeps_a_task() -> None:
    KEPT.append(asyncio.current_task())


async def leaves_a_task() -> None:
    asyncio.get_running_loop().create_task(asyncio.sleep(3600))


async def leaves_a_timer() -> None:
    asyncio.get_running_loop().call_later(3600, print)


async def leaves_a_callback() -> None:
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: loop.call_soon(print))


async def leaves_a_reader() -> None:
    KEPT.extend(socket.socketpair())
    asyncio.get_running_loop().add_reader(KEPT[0], print)


async def leaves_a_lock() -> None:
    lock = asyncio.Lock()
    KEPT.append(lock)
    await lock.acquire()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lock.acquire(), 0.001)


async def leaves_a_generator() -> None:
    KEPT.append(numbers())
    await anext(KEPT[-1])


async def uses_the_executor() -> None:
    await asyncio.to_thread(print, end="")


async def uses_sync_to_async() -> None:
    await sync_to_async(print)(end="")


async def uses_sync_to_async_elsewhere() -> None:
    await sync_to_async(print, thread_sensitive=False)(end="")


async def sets_debug() -> None:
    asyncio.get_running_loop().set_debug(True)


async def sets_an_attribute() -> None:
    asyncio.get_running_loop().name = "mine"  # type: ignore[attr-defined]


async def sets_a_handler() -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *args: None)


@pytest.mark.parametrize(
    "function",
    [keeps_the_loop, keeps_a_task, leaves_a_task, leaves_a_timer, leaves_a_callback, leaves_a_reader, leaves_a_lock,
     leaves_a_generator, uses_the_executor, uses_sync_to_async, uses_sync_to_async_elsewhere, sets_debug,
     sets_an_attribute, sets_a_handler],
)  # fmt: skip
def test_any_other_loop_is_closed(ours: Any, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    seen: list[Any] = []

    async def wrapped() -> None:
        seen.append(id(asyncio.get_running_loop()))
        await function()

    try:
        in_time(ours.AsyncToSync(nothing))
        before = list(ours.loops.idle)
        in_time(ours.AsyncToSync(wrapped))
        assert ours.loops.idle == []
        assert all(lent.loop.is_closed() for lent in before)
    finally:
        for thing in KEPT:
            if isinstance(thing, socket.socket):
                thing.close()
        KEPT.clear()


def test_a_child_process_does_not_touch_its_parents_loops(ours: Any) -> None:
    in_time(ours.AsyncToSync(nothing))
    before = list(ours.loops.idle)
    ours.loops.forget()
    assert ours.loops.idle == [] and not any(lent.loop.is_closed() for lent in before)
    assert in_time(ours.AsyncToSync(nothing)) == "done"
    assert not set(map(id, before)) & set(map(id, ours.loops.idle))
    for lent in before:
        lent.loop.close()


@pytest.mark.filterwarnings("ignore:.*EventLoopPolicy|.*event_loop_policy:DeprecationWarning")
def test_another_policy_gets_its_own_loops(ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    in_time(ours.AsyncToSync(nothing))
    before = list(ours.loops.idle)
    made: list[Any] = []

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> Any:
            made.append(super().new_event_loop())
            return made[-1]

    asyncio.set_event_loop_policy(Policy())
    try:
        in_time(ours.AsyncToSync(nothing))
    finally:
        asyncio.set_event_loop_policy(None)
    assert len(made) == 1 and all(lent.loop.is_closed() for lent in before)


def test_no_more_loops_than_are_good_for_anything(ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours.loops, "_idle_limit", 2)
    barrier = threading.Barrier(5)
    made: list[bool] = []

    async def meets() -> None:
        await asyncio.to_thread(made.append, True) if not made else None
        barrier.wait(30)

    threads = [threading.Thread(target=ours.AsyncToSync(meets)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(ours.loops.idle) <= 2


@pytest.mark.parametrize("reason", ["threads", "loop"])
def test_where_threads_are_not_what_they_seem_it_is_asgirefs(
    ours: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []
    theirs = AsyncToSync.__call__
    # The class's own, which ours calls; the check whether it is patched is made before.
    call = ours.AsyncToSync(nothing)
    monkeypatch.setattr(AsyncToSync, "__call__", lambda self: called.append(self) or theirs(self))
    if reason == "threads":
        # What gevent and eventlet do.
        start = _thread.start_new_thread
        monkeypatch.setattr(_thread, "start_new_thread", lambda *args: start(*args))
        assert in_time(call) == "done"
    else:

        async def inside() -> None:
            with pytest.raises(RuntimeError, match="just await the async function"):
                call()

        asyncio.run(inside())
    assert called == [call]


def test_a_thread_that_cannot_be_started(ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    variable.set(1)
    before = getattr(AsyncToSync.executors, "current", None)
    monkeypatch.setattr(ours, "_gets_own_loop", lambda: True)

    def fails(*args: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", fails)
    call = ours.AsyncToSync(nothing)
    call.awaitable = lambda: None
    with pytest.raises(RuntimeError, match="can't start new thread"):
        call()
    assert getattr(AsyncToSync.executors, "current", None) is before


def test_an_error_leaves_no_circle(ours: Any) -> None:
    class Own(Exception):
        pass

    freed: list[str] = []

    class Thing:
        def __del__(self) -> None:
            freed.append("freed")

    async def fails() -> None:
        thing = Thing()
        raise Own(repr(thing))

    gc.disable()
    try:
        with pytest.raises(Own):
            ours.AsyncToSync(fails)()
        try:
            ours.AsyncToSync(fails)()
        except Own:
            freed.clear()
        assert freed == ["freed"]
    finally:
        gc.enable()


def test_an_executor_hands_on_what_comes_too_late(ours: Any) -> None:
    outer = ours.CallerThreadExecutor(None)
    inner = ours.CallerThreadExecutor(outer)
    found: list[str] = []

    def send() -> None:
        inner.submit(found.append, "inner")
        inner.close()
        inner.submit(found.append, "outer")
        outer.close()
        with pytest.raises(RuntimeError, match="already quit or is broken"):
            inner.submit(found.append, "nobody")
        found.append("sent")

    thread = threading.Thread(target=send)
    thread.start()
    inner.work()
    outer.work()
    thread.join(30)
    assert sorted(found) == ["inner", "outer", "sent"]
