"""The async test client under asyncio, anyio, and plugins whose fixtures are tasks of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

import pytest

from bolthead import Flask, session, websocket
from bolthead.async_testing import AsyncFlaskClient

ORIGIN = {"Origin": "http://localhost"}


def make(log: list[str]) -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "secret"

    @app.while_serving
    async def serving() -> Any:
        log.append("start")
        yield
        log.append("stop")

    @app.get("/")
    async def index() -> str:
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    @app.get("/sync")
    def sync() -> str:
        return str(session["count"])

    @app.get("/stream")
    async def stream() -> Any:
        async def letters() -> Any:
            for letter in "abc":
                yield letter
                await asyncio.sleep(0)

        return letters()

    @app.websocket("/echo")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())

    return app


async def use(client: AsyncFlaskClient) -> list[Any]:
    found: list[Any] = [(await client.get("/")).text, (await client.get("/sync")).text]
    async with client.session_transaction() as opened:
        opened["count"] = 10
    found.append((await client.get("/")).text)
    async with client.stream("/stream") as response:
        found.append(b"".join([piece async for piece in response]))
    async with client.websocket("/echo", headers=ORIGIN) as socket:
        await socket.send("hello")
        found.append(await socket.receive())
    return found


async def in_one_task(app: Flask) -> list[Any]:
    async with app.async_test_client() as client:
        return await use(client)


async def with_a_fixture(app: Flask) -> list[Any]:
    """As pytest-asyncio does: set-up, test and end are tasks with contexts of their own."""
    loop = asyncio.get_running_loop()

    async def fixture() -> Any:
        async with app.async_test_client() as client:
            yield client

    made = fixture()
    client = await loop.create_task(anext(made), context=Context())
    found = await loop.create_task(use(client), context=Context())
    with pytest.raises(StopAsyncIteration):
        await loop.create_task(anext(made), context=Context())
    return found


def by_anyio(main: Callable[[Flask], Any], app: Flask) -> list[Any]:
    anyio = pytest.importorskip("anyio")
    return anyio.run(main, app)  # type: ignore[no-any-return]


@pytest.mark.parametrize("run", [lambda main, app: asyncio.run(main(app)), by_anyio], ids=["asyncio", "anyio"])
@pytest.mark.parametrize("main", [in_one_task, with_a_fixture])
def test_who_runs_the_test(main: Any, run: Any) -> None:
    log: list[str] = []
    assert run(main, make(log)) == ["1", "1", "11", b"abc", "hello"]
    assert log == ["start", "stop"]
