"""A WSGI callable whose requests go through ``asgi_app``, so that tests made for WSGI see what ASGI gives."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

from werkzeug.http import HTTP_STATUS_CODES

from bolthead.async_testing import scope_of


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine: Any) -> Any:
        async def caught() -> tuple[Any, BaseException | None]:
            # A KeyboardInterrupt that a test raises would end the loop.
            try:
                return await coroutine, None
            except BaseException as error:
                return None, error

        result, error = asyncio.run_coroutine_threadsafe(caught(), self.loop).result(60)
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def pieces(body: bytes, seed: int) -> Iterator[tuple[bytes, bool]]:
    """The body cut at random, and whether more follows."""
    rng = random.Random(seed)
    while len(body) > 1 and rng.random() < 0.7:
        cut = rng.randrange(len(body))
        yield body[:cut], True
        body = body[cut:]
    yield body, False


def ask(loop: Loop, app: Any, environ: dict[str, Any], body: bytes, seed: int = 0) -> tuple[int, list[Any], bytes]:
    """Status, headers and body of one request."""
    sent: list[dict[str, Any]] = []
    cut = pieces(body, seed)

    async def receive() -> dict[str, Any]:
        found = next(cut, None)
        if found is None:
            await asyncio.Event().wait()
            raise AssertionError
        return {"type": "http.request", "body": found[0], "more_body": found[1]}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    loop.run(app.asgi_app(scope_of(environ), receive, send))
    start, *rest = sent
    assert [message["more_body"] for message in rest] == [True] * (len(rest) - 1) + [False]
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return start["status"], headers, b"".join(message["body"] for message in rest)


def as_wsgi(loop: Loop, app: Any) -> Callable[..., Any]:
    """``app(environ, start_response)`` by way of ASGI."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        stream = environ["wsgi.input"]
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
        if body and stream.seekable():
            # The test client sends the same stream after a redirect, which under WSGI nothing has read.
            stream.seek(-len(body), 1)
        status, headers, data = ask(loop, app, environ, body)
        phrase = HTTP_STATUS_CODES.get(status, "UNKNOWN").upper()
        start_response(f"{status} {phrase}", [(name.title(), value) for name, value in headers])
        return [data]

    return call
