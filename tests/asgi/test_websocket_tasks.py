"""Tasks of a websocket's view: none waits for a message that cannot come any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bolthead import Flask, websocket
from bolthead.async_testing import WebsocketClosed

Use = Callable[[list[Any]], Awaitable[None]]


async def receive(log: list[Any], name: str = "") -> None:
    try:
        while True:
            log.append(await websocket.receive())
    except asyncio.CancelledError:
        log.append(f"cancelled{name}")
        raise


async def task_of_its_own(log: list[Any]) -> None:
    task = asyncio.create_task(receive(log))
    await wait(log)
    log.append(task.done())


async def two_tasks(log: list[Any]) -> None:
    tasks = [asyncio.create_task(receive(log, name)) for name in ("", "")]
    await wait(log)
    log.append(len(tasks))


async def task_that_is_awaited_at_the_end(log: list[Any]) -> None:
    task = asyncio.create_task(receive(log))
    try:
        await wait(log)
    finally:
        if websocket.args.get("leaves"):
            await asyncio.wait([task])


async def task_with_a_sender(log: list[Any]) -> None:
    receiver = asyncio.create_task(receive(log))
    await asyncio.create_task(websocket.send("said"))
    await wait(log)
    log.append(receiver.done())


async def wait(log: list[Any]) -> None:
    if websocket.args.get("leaves"):
        await asyncio.Event().wait()
    await until(lambda: bool(log))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


@pytest.mark.parametrize("leaves", ["", "yes"])
@pytest.mark.parametrize("use", [task_of_its_own, two_tasks, task_that_is_awaited_at_the_end, task_with_a_sender])
def test_no_task_is_left(use: Use, leaves: str) -> None:
    """Whether the client leaves or the view ends while they receive."""
    app = Flask("site_under_test", root_path="/nowhere")
    log: list[Any] = []

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.accept()
        await use(log)

    async def main() -> Any:
        async with asyncio.timeout(60):
            async with app.async_test_client().websocket(f"/ws?leaves={leaves}") as ws:
                await ws.send("said")
                await until(lambda: bool(log))
            for _ in range(10):
                await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main()) == set()
    assert log.count("cancelled") == (2 if use is two_tasks else 1)
    assert log[0] == "said"


@pytest.mark.parametrize("queued", [False, True])
def test_a_view_that_catches_its_cancellation(queued: bool) -> None:
    """It gets what was said before, and is cancelled again at each receive; other tasks have their turns."""
    app = Flask("site_under_test", root_path="/nowhere")
    log: list[Any] = []
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.accept()
        counting = asyncio.create_task(count())
        for _ in range(6):
            try:
                log.append(await (websocket.receive() if log or not queued else asyncio.sleep(5)))
            except asyncio.CancelledError:
                log.append("cancelled")
        counting.cancel()

    async def main() -> None:
        async with asyncio.timeout(5), app.async_test_client().websocket("/ws") as ws:
            await ws.send("one")
            await ws.send("two")

    asyncio.run(main())
    said = ["one", "two"]
    assert log == (["cancelled", *said] if queued else [*said, "cancelled"]) + ["cancelled"] * 3
    assert turns >= 3


@pytest.mark.parametrize("first", ["view", "task"])
def test_a_view_and_a_task_that_both_receive(first: str) -> None:
    """Each message gets to one of them, and both are told that the client has left."""
    app = Flask("site_under_test", root_path="/nowhere")
    log: list[Any] = []

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.accept()
        task = asyncio.create_task(receive(log, " task"))
        if first == "task":
            await asyncio.sleep(0)
        try:
            await receive(log, " view")
        finally:
            await asyncio.wait([task])

    async def main() -> None:
        async with asyncio.timeout(5), app.async_test_client().websocket("/ws") as ws:
            for word in ("one", "two", "three"):
                await ws.send(word)
                await asyncio.sleep(0)

    asyncio.run(main())
    assert sorted(log) == ["cancelled task", "cancelled view", "one", "three", "two"]


def test_a_task_that_accepts_what_the_view_refuses() -> None:
    """No response is sent to a connection that is open."""
    app = Flask("site_under_test", root_path="/nowhere")
    accepted = asyncio.Event()

    @app.websocket("/ws")
    async def view() -> str:
        async def accept() -> None:
            await websocket.accept()
            accepted.set()

        task = asyncio.create_task(accept())
        return "" if task else "never"

    @app.after_websocket
    async def after(response: Any) -> Any:
        await accepted.wait()
        return response

    async def main() -> Any:
        async with asyncio.timeout(5), app.async_test_client().websocket("/ws") as ws:
            with pytest.raises(WebsocketClosed) as closed:
                await ws.receive()
            return closed.value.code

    assert asyncio.run(main()) == 1000
