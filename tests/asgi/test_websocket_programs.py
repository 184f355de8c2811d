"""Random views against random clients: what is sent is what ASGI allows, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest

from bolthead import Flask, abort, websocket

PROGRAMS = int(os.environ.get("BOLTHEAD_WEBSOCKET_PROGRAMS", "25"))
SCOPE = {"type": "websocket", "path": "/", "headers": [(b"host", b"a")], "query_string": b""}
ALLOWED = {
    "accept": ("connecting", "open"),
    "send": ("open", "open"),
    "close": ("connecting or open", "closed"),
    "http.response.start": ("connecting", "refused"),
    "http.response.body": ("refused", "closed"),
}


class Own(Exception):
    pass


async def receive_all() -> None:
    while True:
        await websocket.receive()


async def send_some() -> None:
    for _ in range(3):
        await websocket.send("from a task")
        await asyncio.sleep(0)


async def timed_out() -> None:
    try:
        async with asyncio.timeout(0):
            await websocket.receive()
    except TimeoutError:
        pass


async def caught() -> None:
    try:
        await websocket.receive()
    except asyncio.CancelledError:
        pass


async def both() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(websocket.send("x"))
        group.create_task(websocket.receive())


async def fail() -> None:
    raise Own


async def refuse() -> None:
    abort(403)


TASKS: set[Any] = set()


async def start(task: Any) -> None:
    # As careless as a view may be: the loop alone knows it.
    TASKS.add(made := asyncio.create_task(task()))
    made.add_done_callback(TASKS.discard)


STEPS: dict[str, Any] = {
    "accept": lambda: websocket.accept(),
    "send": lambda: websocket.send("x"),
    "receive": lambda: websocket.receive(),
    "close": lambda: websocket.close(4000),
    "wait": lambda: asyncio.sleep(0),
    "fail": fail,
    "abort": refuse,
    "time out": timed_out,
    "catch": caught,
    "both": both,
    "task that receives": lambda: start(receive_all),
    "task that sends": lambda: start(send_some),
}


async def follow(steps: list[str]) -> str | None:
    for step in steps:
        if step == "return":
            return "value"
        await STEPS[step]()
    return None


class Client:
    """The server's side of one connection: it notes what ASGI does not allow."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.state = "connecting"
        self.left = False
        self.wrong: list[Any] = []
        self.coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.coming.put_nowait({"type": "websocket.connect"})

    async def send(self, message: dict[str, Any]) -> None:
        if self.left:
            if self.kind == "raises":
                raise OSError("The client has gone.")
            return
        before, after = ALLOWED[message["type"].removeprefix("websocket.")]
        if self.state not in before:
            self.wrong.append((self.state, message["type"]))
        self.state = after
        if self.kind == "slow":
            await asyncio.sleep(0)
        if after == "closed":
            self.leave()

    def leave(self) -> None:
        self.left = True
        self.coming.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def behave(self, steps: list[str], connection: asyncio.Future[None]) -> None:
        for step in steps:
            if step == "say":
                self.coming.put_nowait({"type": "websocket.receive", "text": "x"})
            elif step == "leave":
                break
            await asyncio.sleep(0)
        else:
            await asyncio.wait([connection], timeout=0.01)
            if connection.done() and not self.left:
                self.wrong.append(f"ended while {self.state}")
        if not self.left:
            self.leave()
        await asyncio.wait([connection], timeout=5)


@pytest.mark.parametrize("seed", range(20))
def test_programs(seed: int) -> None:
    choose = random.Random(seed)
    for number in range(PROGRAMS):
        parts: dict[str, list[str]] = {
            name: choose.choices([*STEPS, "return"], k=choose.randint(0, most))
            for name, most in (("before", 2), ("view", 5), ("handler", 2))
        }
        parts["after"] = choose.choices(["accept", "send", "close", "wait", "abort"], k=choose.randint(0, 1))
        steps = choose.choices(["say", "wait", "leave"], [4, 4, 1], k=choose.randint(0, 10))
        kind = choose.choice(["", "slow", "raises"])
        assert asyncio.run(outcome(parts, steps, kind)) == ([], 1, set()), (number, parts, steps, kind)


async def outcome(parts: dict[str, list[str]], steps: list[str], kind: str) -> Any:
    """What was wrong, how often the connection was torn down, and which tasks are left."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.logger.disabled = True
    torn_down = []

    @app.before_websocket
    async def before() -> Any:
        return await follow(parts["before"])

    @app.websocket("/")
    async def view() -> Any:
        return await follow(parts["view"])

    @app.after_websocket
    async def after(response: Any) -> Any:
        await follow(parts["after"])
        return response

    @app.teardown_websocket
    async def teardown(error: BaseException | None) -> None:
        torn_down.append(error)

    @app.errorhandler(Own)
    async def handle(error: Own) -> Any:
        return await follow(parts["handler"]) or "handled"

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    client = Client(kind)
    scope = {**SCOPE, "extensions": {"websocket.http.response": {}}}

    async def serve() -> None:
        await app.asgi_app(scope, client.coming.get, client.send)  # type: ignore[arg-type]

    connection = asyncio.ensure_future(serve())
    await client.behave(steps, connection)
    if not connection.done():
        client.wrong.append("waits though its client has left")
    elif not connection.cancelled() and connection.exception() is not None:
        client.wrong.append(connection.exception())
    for _ in range(100):
        if not TASKS:
            break
        await asyncio.sleep(0.001)
    return client.wrong, len(torn_down), set(TASKS)
