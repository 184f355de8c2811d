"""Events of a server in random order and time: bodies in pieces, clients that leave, a server that cancels or fails.

Each case has a seed. ``BOLTHEAD_LONG=100000`` in the environment makes so many, ``BOLTHEAD_CASE=SEED`` that one.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from bolthead import Flask, g, request, websocket
from bolthead.async_testing import scope_of
from bolthead.globals import _cv_app, _cv_request
from over_asgi import pieces

COUNT = int(os.environ.get("BOLTHEAD_LONG") or 400)
ONE = os.environ.get("BOLTHEAD_CASE")
SEEDS = [int(ONE)] if ONE else range(COUNT)
BODY = b"0123456789" * 3
SAYS = {"/whole": BODY, "/sync": BODY, "/chunks": b"30", "/stream": b"abc", "/sync-stream": b"abc"}


async def turns(rng: random.Random, most: int = 3) -> None:
    for _ in range(rng.randrange(most)):
        await asyncio.sleep(0)


class Server:
    """The server's side of one request or websocket; it checks the order of what is sent."""

    def __init__(self, rng: random.Random, events: list[dict[str, Any]]) -> None:
        self.rng = rng
        self.events = events
        self.fails = rng.random() < 0.1
        self.failed = False
        self.left = False
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        await turns(self.rng)
        if not self.events:
            await asyncio.Event().wait()
        event = self.events[0]
        if event["type"].endswith("disconnect"):
            self.left = True
            await turns(self.rng)
        else:
            del self.events[0]
        return event

    async def send(self, message: dict[str, Any]) -> None:
        if self.fails and self.rng.random() < 0.3:
            self.failed = True
            raise OSError("the connection is lost")
        await turns(self.rng)
        self.sent.append(message)


def make(log: list[str]) -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")

    @app.before_request
    async def before() -> None:
        log.append("began")
        g.name = request.args["name"]
        await asyncio.sleep(0)

    @app.post("/whole")
    async def whole() -> bytes:
        for _ in range(3):
            await asyncio.sleep(0)
            assert g.name == request.args["name"]
        return request.get_data()

    @app.post("/sync")
    def sync() -> bytes:
        assert g.name == request.args["name"]
        return request.get_data()

    @app.post("/chunks", stream_body=True)
    async def chunks() -> str:
        size = 0
        async for chunk in request.body_chunks():
            size += len(chunk)
        return str(size)

    @app.post("/stream")
    async def stream() -> Any:
        async def letters() -> AsyncIterator[str]:
            try:
                for letter in "abc":
                    await asyncio.sleep(0)
                    yield letter
            finally:
                log.append("closed")

        log.append("opened")
        return letters()

    @app.post("/sync-stream")
    def sync_stream() -> Any:
        def letters() -> Iterator[str]:
            try:
                yield from "abc"
            finally:
                log.append("closed")

        log.append("opened")
        return letters()

    @app.before_websocket
    async def begin() -> None:
        log.append("began")
        await asyncio.sleep(0)

    @app.websocket("/echo")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())
            await asyncio.sleep(0)

    @app.websocket("/some")
    async def some() -> None:
        await websocket.accept()
        for _ in range(2):
            await asyncio.sleep(0)
            await websocket.send(await websocket.receive())

    @app.teardown_request
    @app.teardown_websocket
    async def teardown(error: BaseException | None) -> None:
        # Before it waits: a server that cancels may do so here, too.
        log.append("ended")
        await asyncio.sleep(0)

    return app


async def serve(app: Flask, scope: dict[str, Any], server: Server) -> BaseException | None:
    """What the application raised. In every fifth case or so the server cancels it at some turn."""

    async def call() -> None:
        await app.asgi_app(scope, server.receive, server.send)
        assert _cv_app.get(None) is None
        assert _cv_request.get(None) is None

    task = asyncio.ensure_future(call())
    cancels = server.rng.random() < 0.2
    if cancels:
        await turns(server.rng, 20)
        task.cancel()
    done, _ = await asyncio.wait([task], timeout=30)
    assert done, "it waits for ever"
    if task.cancelled():
        assert cancels
        return asyncio.CancelledError()
    error = task.exception()
    if error is not None and not (server.failed and isinstance(error, OSError)):
        raise error
    for _ in range(3):
        await asyncio.sleep(0)
    return error


async def nothing_is_left() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def request_in_random_order(app: Flask, log: list[str], seed: int) -> None:
    rng = random.Random(seed)
    path = rng.choice(list(SAYS))
    cut = [
        {"type": "http.request", "body": piece, "more_body": more} for piece, more in pieces(BODY, rng.randrange(10**6))
    ]
    leaves_at = rng.randrange(len(cut) + 1) if rng.random() < 0.4 else None
    whole = leaves_at is None or leaves_at == len(cut)
    events = cut if leaves_at is None else [*cut[:leaves_at], {"type": "http.disconnect"}]
    server = Server(rng, events)
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "POST", "HTTP_HOST": "localhost", "QUERY_STRING": f"name={seed}"}
    environ |= {"CONTENT_LENGTH": str(len(BODY))} if rng.random() < 0.5 else {"HTTP_TRANSFER_ENCODING": "chunked"}
    error = await serve(app, scope_of(environ), server)
    await nothing_is_left()

    assert log.count("began") <= log.count("ended") <= 1, log
    # A generator that was begun was closed; one that was not has nothing to close.
    assert log.count("closed") <= log.count("opened")
    kinds = [message["type"] for message in server.sent]
    assert kinds == ["http.response.start", "http.response.body"][: len(kinds)] + kinds[2:]
    assert set(kinds[1:]) <= {"http.response.body"}
    assert [message["more_body"] for message in server.sent[1:-1]] == [True] * (len(kinds) - 2)
    if path != "/chunks" and not whole:
        assert not server.sent, "of half a body nothing is answered"
        assert "opened" not in log
    if error is None and not server.left and not server.failed:
        assert server.sent[0]["status"] == 200
        assert b"".join(message["body"] for message in server.sent[1:]) == SAYS[path]
        assert server.sent[-1]["more_body"] is False
        assert log.count("ended") == 1
        assert log.count("closed") == log.count("opened")


async def websocket_in_random_order(app: Flask, log: list[str], seed: int) -> None:
    rng = random.Random(seed)
    path = rng.choice(["/echo", "/some"])
    said = [str(n) for n in range(rng.randrange(2, 6))]
    messages: list[dict[str, Any]] = [{"type": "websocket.receive", "text": text, "bytes": None} for text in said]
    leaves = path == "/echo" or rng.random() < 0.4
    events = [{"type": "websocket.connect"}, *messages]
    if leaves:
        del events[rng.randrange(1, len(events) + 1) :]
        events.append({"type": "websocket.disconnect", "code": 1006})
    server = Server(rng, events)
    environ = {"PATH_INFO": path, "wsgi.url_scheme": "ws", "HTTP_HOST": "localhost"}
    error = await serve(app, scope_of(environ, "websocket"), server)
    await nothing_is_left()

    assert log.count("began") <= log.count("ended") <= 1, log
    kinds = [message["type"] for message in server.sent]
    assert kinds[:1] in ([], ["websocket.accept"], ["websocket.close"])
    assert set(kinds[1:-1]) <= {"websocket.send"}
    echoed = [message["text"] for message in server.sent if message["type"] == "websocket.send"]
    assert echoed == said[: len(echoed)]
    if error is None and not server.left and not server.failed:
        assert echoed == said[:2]
        assert kinds == ["websocket.accept", "websocket.send", "websocket.send", "websocket.close"]
        assert log == ["began", "ended"]


@pytest.mark.parametrize("kind", [request_in_random_order, websocket_in_random_order])
def test_events_in_random_order(kind: Any) -> None:
    log: list[str] = []
    app = make(log)

    async def main() -> None:
        for seed in SEEDS:
            log.clear()
            try:
                await kind(app, log, seed)
            except BaseException as error:
                error.add_note(f"BOLTHEAD_CASE={seed}; {log}")
                raise

    asyncio.run(main())
