"""One site that keeps connections open, in several ASGI frameworks: a websocket, an event stream, a view that waits.

``/say`` sends a text to all that are open. Each connection has a queue.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

WAIT = 0.1
EVENTS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


class Room:
    """The queues of all who listen."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[str]] = set()

    def enter(self) -> asyncio.Queue[str]:
        queue: asyncio.Queue[str] = asyncio.Queue(100)
        self.queues.add(queue)
        return queue

    def say(self, text: str) -> str:
        for queue in self.queues:
            queue.put_nowait(text)
        return str(len(self.queues))

    async def stream(self) -> AsyncIterator[str]:
        """What is said from now on, as server-sent events."""
        queue = self.enter()
        try:
            yield ": hello\n\n"
            while True:
                yield f"data: {await queue.get()}\n\n"
        finally:
            self.queues.discard(queue)


async def deliver(send: Callable[[str], Any], queue: asyncio.Queue[str]) -> None:
    while True:
        await send(await queue.get())


def bolthead() -> Any:
    from bolthead import Flask, request, websocket

    app = Flask(__name__)
    app.secret_key = "unused"
    room = Room()

    @app.get("/wait")
    async def wait() -> Any:
        await asyncio.sleep(WAIT)
        return "waited"

    @app.get("/say")
    async def say() -> Any:
        return room.say(request.args["text"])

    @app.get("/events")
    async def events() -> Any:
        return room.stream(), EVENTS

    @app.websocket("/ws")
    async def ws() -> None:
        queue = room.enter()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(deliver(websocket.send, queue))
                while True:
                    await websocket.receive()
        finally:
            room.queues.discard(queue)

    return app.asgi_app


def starlette() -> Any:
    from starlette import applications, responses, routing, websockets

    room = Room()

    async def wait(request: Any) -> Any:
        await asyncio.sleep(WAIT)
        return responses.HTMLResponse("waited")

    async def say(request: Any) -> Any:
        return responses.HTMLResponse(room.say(request.query_params["text"]))

    async def events(request: Any) -> Any:
        return responses.StreamingResponse(room.stream(), headers=EVENTS)

    async def ws(websocket: Any) -> None:
        await websocket.accept()
        queue = room.enter()
        try:
            with suppress(websockets.WebSocketDisconnect):
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(deliver(websocket.send_text, queue))
                    async for _ in websocket.iter_text():
                        pass
                    sending.cancel()
        finally:
            room.queues.discard(queue)

    return applications.Starlette(
        routes=[
            routing.Route("/wait", wait),
            routing.Route("/say", say),
            routing.Route("/events", events),
            routing.WebSocketRoute("/ws", ws),
        ]
    )


def bare() -> Any:
    """The same by hand: what is left is the server's."""
    room = Room()

    async def answer(send: Any, body: str) -> None:
        data = body.encode()
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(data))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": data, "more_body": False})

    async def stream(send: Any, queue: asyncio.Queue[str]) -> None:
        headers = [(name.lower().encode(), value.encode()) for name, value in EVENTS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
        while True:
            text = await queue.get()
            await send({"type": "http.response.body", "body": f"data: {text}\n\n".encode(), "more_body": True})

    async def until_gone(receive: Any) -> None:
        while not (await receive())["type"].endswith(".disconnect"):
            pass

    async def ws(send: Any, queue: asyncio.Queue[str]) -> None:
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        while True:
            await send({"type": "websocket.send", "text": await queue.get()})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
        elif scope["path"] == "/wait":
            await asyncio.sleep(WAIT)
            await answer(send, "waited")
        elif scope["path"] == "/say":
            await answer(send, room.say(scope["query_string"].decode().partition("=")[2]))
        else:
            queue = room.enter()
            talk = ws if scope["type"] == "websocket" else stream
            task = asyncio.create_task(talk(send, queue))
            try:
                await until_gone(receive)
            finally:
                room.queues.discard(queue)
                task.cancel()

    return app


SITES: dict[str, Callable[[], Any]] = {"bolthead": bolthead, "starlette": starlette, "bare": bare}


def __getattr__(name: str) -> Any:
    # What a server process loads: ``bench.cases.live_sites:app``.
    if name == "app":
        return SITES[os.environ["BENCH_FRAMEWORK"]]()
    raise AttributeError(name)
