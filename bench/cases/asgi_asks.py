"""One request, or one websocket, as an ASGI server hands it to an application."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .asks import BROWSER

HEADERS = [(key[5:].lower().replace("_", "-").encode(), value.encode()) for key, value in BROWSER.items()]


@dataclass(frozen=True)
class AsgiCase:
    """A row of the table. Of a websocket *messages* are sent, and what counts is the time of one.

    *one_core*: a view in a thread costs what waking it costs, which is the most where it wakes on another core.
    """

    key: str
    title: str
    path: str
    body: bytes | None = None
    messages: int = 0
    one_core: bool = False

    @property
    def units(self) -> int:
        return self.messages or 1

    @cached_property
    def scope(self) -> dict[str, Any]:
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": "GET",
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": HEADERS,
            "state": {},
        }
        if self.body is not None:
            length = str(len(self.body)).encode()
            more = [(b"content-type", b"application/json"), (b"content-length", length)]
            scope.update(method="POST", headers=HEADERS + more)
        if self.messages:
            scope.update(type="websocket", scheme="ws", subprotocols=[])
            del scope["method"]
        return scope

    def exchange(self) -> Exchange:
        return Conversation(self) if self.messages else Exchange(self)


class Exchange:
    """The server's side of a request."""

    def __init__(self, case: AsgiCase) -> None:
        self.body = case.body or b""
        self.received = False

    async def receive(self) -> dict[str, Any]:
        if self.received:
            # The client stays.
            await asyncio.Event().wait()
        self.received = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Takes everything, keeps nothing."""


class Conversation(Exchange):
    """The server's side of a websocket: messages, each after the last one was answered, then the client leaves."""

    TEXT = "x" * 100

    def __init__(self, case: AsgiCase) -> None:
        self.left = case.messages
        self.begun = False
        self.waiting = False
        self.answered: asyncio.Future[None] | None = None

    async def receive(self) -> dict[str, Any]:
        if not self.begun:
            self.begun = True
            return {"type": "websocket.connect"}
        if self.waiting:
            self.answered = asyncio.get_running_loop().create_future()
            await self.answered
        if self.left:
            self.left -= 1
            self.waiting = True
            return {"type": "websocket.receive", "text": self.TEXT, "bytes": None}
        return {"type": "websocket.disconnect", "code": 1000, "reason": ""}

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            self.waiting = False
            if self.answered is not None:
                self.answered.set_result(None)
                self.answered = None


async def spin(app: Any, case: AsgiCase, count: int) -> None:
    """The timed loop: *count* exchanges, each with a scope of its own, since frameworks write into it."""
    for _ in range(count):
        exchange = case.exchange()
        await app(case.scope.copy(), exchange.receive, exchange.send)


async def answer(app: Any, case: AsgiCase) -> tuple[int, str, bytes]:
    """What *app* answers: status, content type, body. Of a websocket: how many messages came back, and the last."""
    sent: list[Any] = []
    exchange = case.exchange()

    async def send(message: Any) -> None:
        sent.append(message)
        await exchange.send(message)

    await app(case.scope.copy(), exchange.receive, send)
    if case.messages:
        texts = [message["text"] for message in sent if message["type"] == "websocket.send"]
        return len(texts), "", texts[-1].encode()
    headers = {bytes(name).lower(): bytes(value) for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], headers[b"content-type"].decode().lower(), body
