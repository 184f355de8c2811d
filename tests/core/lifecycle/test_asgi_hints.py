"""Early hints over ASGI: from views of each kind, before and after the response has begun, and where they are not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from bolthead import Flask, request
from bolthead._core.lifecycle import asgi_hints

LINKS = [("Link", "</a.css>; rel=preload"), ("X-Other", "x"), ("link", "</b.js>; rel=preload")]
HINT = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload", b"</b.js>; rel=preload"]}


def ask(app: Flask, path: str, fails: bool = False, extension: bool = True) -> list[Any]:
    """The messages of one request."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        if fails and message["type"] == asgi_hints.HINTS_EXTENSION:
            raise OSError("the client has left")
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "path": path, "query_string": b"", "headers": [(b"host", b"a")]}
    if extension:
        scope["extensions"] = {asgi_hints.HINTS_EXTENSION: {}}
    asyncio.run(app.asgi_app(scope | {"method": "GET"}, receive, send))
    return sent


def site(wrapped: bool = False) -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")
    app.logger.disabled = True

    @app.get("/sync")
    def sync() -> str:
        request.environ["wsgi.early_hints"](LINKS)
        return "text"

    @app.get("/async")
    async def later() -> str:
        request.environ["wsgi.early_hints"](LINKS)
        return "text"

    @app.get("/waits")
    async def waits() -> str:
        request.environ["wsgi.early_hints"](LINKS)
        await asyncio.sleep(0.01)
        return "text"

    @app.get("/none")
    async def none() -> str:
        request.environ["wsgi.early_hints"]([("X-Other", "x")])
        return "text"

    @app.get("/break/<kind>")
    async def line_break(kind: str) -> str:
        request.environ["wsgi.early_hints"]([("Link", "a\r\nX: evil" if kind == "both" else "a\nb")])
        return "text"

    @app.get("/late")
    def late() -> Any:
        hints = request.environ["wsgi.early_hints"]

        def items() -> Iterator[str]:
            yield "a"
            hints(LINKS)
            yield "b"

        return items()

    @app.get("/is-there")
    def is_there() -> str:
        return str("wsgi.early_hints" in request.environ)

    if wrapped:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("path", ["/sync", "/async", "/waits"])
def test_they_come_before_the_response(path: str, wrapped: bool) -> None:
    hint, start, body = ask(site(wrapped), path)
    assert hint == HINT
    assert (start["status"], body["body"]) == (200, b"text")


@pytest.mark.parametrize("path", ["/none", "/late"])
def test_nothing_is_sent(path: str) -> None:
    messages = ask(site(), path)
    assert {message["type"] for message in messages} == {"http.response.start", "http.response.body"}
    assert b"".join(message.get("body", b"") for message in messages) in (b"text", b"ab")


@pytest.mark.parametrize("kind", ["both", "one"])
def test_line_breaks_are_refused(kind: str) -> None:
    start, _ = ask(site(), f"/break/{kind}")
    assert start["status"] == 500


def test_a_client_that_has_left() -> None:
    assert [message.get("status") for message in ask(site(), "/async", fails=True)] == [200, None]


@pytest.mark.parametrize("extension", [True, False])
def test_where_the_server_has_them(extension: bool) -> None:
    assert ask(site(), "/is-there", extension=extension)[1]["body"] == str(extension).encode()
