"""WSGI middleware around an application that is asked over ASGI: the answers and records that it has over WSGI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware

import bolthead
from agents.programs.recorders import RECORDERS

Records = list[Any]
SHARED = Path(__file__).parent


class Refuses:
    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if environ.get("HTTP_AUTHORIZATION") == "Basic me":
            return self.app(environ, start_response)
        start_response("401 UNAUTHORIZED", [("Content-Type", "text/plain"), ("WWW-Authenticate", "Basic")])
        return [b"who are you?"]


class AnswersItself:
    """After the application has answered: it changes status, headers and body, and reads the request's body."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        told: list[Any] = []
        items = self.app(environ, lambda status, headers, exc_info=None: told.extend((status, headers)))
        try:
            body = b"".join(items)
        finally:
            getattr(items, "close", lambda: None)()
        headers = [(name, value) for name, value in told[1] if name.lower() != "content-length"]
        start_response(told[0], [*headers, ("X-Path", environ["PATH_INFO"])])
        return (body.swapcase(), b"!")


class Streams:
    """Piece by piece, with an end of its own; ``start_response`` is called with the first piece."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        items = self.app(environ, start_response)
        try:
            for item in items:
                yield b"<" + item + b">"
            yield b"end"
        finally:
            getattr(items, "close", lambda: None)()


class Writes:
    """By the ``write`` callable of old."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        return [b"returned"]


def proxied(app: Any) -> Any:
    return ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_prefix=1)


def opentelemetry(app: Any) -> Any:
    from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

    return OpenTelemetryMiddleware(app)


def sentry(app: Any) -> Any:
    from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware

    return SentryWsgiMiddleware(app)


MIDDLEWARE: dict[str, Callable[[Any], Any]] = {
    "proxy_fix": proxied,
    "shared_data": lambda app: SharedDataMiddleware(app, {"/files": str(SHARED)}),
    "dispatcher": lambda app: DispatcherMiddleware(app, {"/other": Writes(app)}),
    "proxy": lambda app: ProxyMiddleware(app, {}),
    "refuses": Refuses,
    "answers": AnswersItself,
    "streams": Streams,
    "writes": Writes,
    "two": lambda app: Streams(proxied(app)),
    "opentelemetry": opentelemetry,
    "sentry": sentry,
}
FORWARDED = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.test"}
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/sync/5?a=b", {}),
    ("GET", "/async/5?a=b", {"headers": {**FORWARDED, "X-Forwarded-Prefix": "/sub"}}),
    ("HEAD", "/async/5", {}),
    ("POST", "/async/5", {"data": {"a": "é" * 1000}, "headers": {"Authorization": "Basic me"}}),
    ("POST", "/sync/5", {"json": [1, 2], "headers": {"Authorization": "Basic me"}}),
    ("GET", "/stream", {"headers": {"Authorization": "Basic me"}}),
    ("GET", "/fail", {"headers": {"Authorization": "Basic me"}}),
    ("GET", "/nowhere", {}),
    ("GET", "/other/x", {}),
    ("GET", "/files/test_middleware.py", {}),
]


def site(fw: Any, wrap: Callable[[Any], Any], over_asgi: bool) -> Any:
    app = fw.Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "key"
    app.logger.disabled = True

    def told(number: int) -> Any:
        request = fw.request
        fw.session["number"] = number
        return {
            "url": request.url,
            "remote": request.remote_addr,
            "root": request.script_root,
            "form": request.form,
            "json": request.get_json(silent=True),
            "link": fw.url_for("sync", number=1, _external=True),
        }

    async def told_later(number: int) -> Any:
        await asyncio.sleep(0)
        return told(number)

    def letters() -> Iterator[str]:
        yield from "abc"

    async def letters_later() -> AsyncIterator[str]:
        for letter in "abc":
            await asyncio.sleep(0)
            yield letter

    async def fail() -> Any:
        raise KeyError("failed")

    app.add_url_rule("/sync/<int:number>", "sync", told, methods=["GET", "POST"])
    app.add_url_rule("/async/<int:number>", "async", told_later, methods=["GET", "POST"])
    app.add_url_rule("/stream", "stream", lambda: letters_later() if over_asgi else letters())
    app.add_url_rule("/fail", "fail", fail)
    app.wsgi_app = wrap(app.wsgi_app)
    return app


CHANGING = ("Date", "Expires", "ETag", "Set-Cookie")


def shown(response: Any) -> Any:
    """What of a response does not change from one time to the next."""
    headers = {name: value for name, value in response.headers.items() if name not in CHANGING}
    headers = {name.title(): value for name, value in headers.items()}
    return response.status_code, headers, "Set-Cookie" in response.headers, response.get_data(as_text=True)


@contextmanager
def recording(name: str) -> Iterator[Callable[[], Records]]:
    """What takes that an agent has recorded."""
    pytest.importorskip({"sentry": "sentry_sdk"}.get(name, "opentelemetry.instrumentation.wsgi"))
    recorder = RECORDERS[name]()
    if name == "sentry":
        # Its integrations would patch Flask for all tests that follow.
        recorder.start(default_integrations=False)
    recorder.listen()
    yield lambda: json.loads(json.dumps(recorder.take()).replace("bolthead", "flask"))
    if name == "sentry":
        import sentry_sdk

        sentry_sdk.get_client().close(timeout=0)
        sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture(params=MIDDLEWARE)
def records(request: Any) -> Iterator[tuple[str, Callable[[], Records]]]:
    """The name of a middleware, and what takes that it recorded."""
    if request.param not in RECORDERS:
        yield request.param, list
        return
    with recording(request.param) as take:
        yield request.param, take


def test_the_same_over_asgi(records: tuple[str, Callable[[], Records]]) -> None:
    name, take = records
    found = []
    for fw, over_asgi in ((flask, False), (bolthead, False), (bolthead, True)):
        app = site(fw, MIDDLEWARE[name], over_asgi)
        answers: list[Any] = []

        def ask(app: Any = app, answers: list[Any] = answers) -> None:
            for method, path, options in ASKED:
                response = app.test_client().open(path, method=method, **options)
                answers.append((method, path, shown(response), take()))
                response.close()

        async def ask_over_asgi(app: Any = app, answers: list[Any] = answers) -> None:
            for method, path, options in ASKED:
                response = await app.async_test_client().open(path, method=method, **options)
                answers.append((method, path, shown(response), take()))

        if over_asgi:
            asyncio.run(ask_over_asgi())
        else:
            ask()
        found.append(answers)
    for wanted, over_wsgi, answered in zip(*found, strict=True):
        assert over_wsgi == wanted
        assert answered == wanted
    assert any(answer[3] for answer in found[0]) == (name in RECORDERS)


def test_sentrys_middleware_for_asgi() -> None:
    """It asks whether what it goes around is of ASGI 3."""
    with recording("sentry") as take:
        from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

        app = site(bolthead, lambda wsgi_app: wsgi_app, True)
        app.testing = True
        app.asgi_app = SentryAsgiMiddleware(app.asgi_app)

        async def main() -> Any:
            client = app.async_test_client()
            answered = [(await client.get("/async/5")).get_json()["url"]]
            answered += [(await client.get("/stream")).get_data()]
            recorded = [take()]
            with pytest.raises(KeyError):
                await client.get("/fail")
            return answered, [*recorded, take()]

        answered, [whole, failed] = asyncio.run(main())
    assert answered == ["http://localhost/async/5", b"abc"]
    assert [record[:2] for record in whole] == [
        ["transaction", "http://localhost/async/5"],
        ["transaction", "http://localhost/stream"],
    ]
    assert sorted(str(record[0]) for record in failed) == ["None", "transaction"]


def test_opentelemetrys_middleware_for_asgi() -> None:
    """One span for each request and each websocket, with the spans of its messages."""
    with recording("opentelemetry") as take:
        middleware = pytest.importorskip("opentelemetry.instrumentation.asgi").OpenTelemetryMiddleware
        app = site(bolthead, lambda wsgi_app: wsgi_app, True)
        app.asgi_app = middleware(app.asgi_app)

        @app.websocket("/ws")
        async def echo() -> None:
            await bolthead.websocket.send(await bolthead.websocket.receive())

        async def main() -> Any:
            client = app.async_test_client()
            answered = []
            for path in ("/async/5?a=b", "/sync/5", "/stream", "/nowhere", "/fail"):
                answered.append((await client.get(path)).status_code)
            async with client.websocket("/ws") as opened:
                await opened.send("text")
                answered.append(await opened.receive())
            return answered

        assert asyncio.run(main()) == [200, 200, 200, 404, 500, "text"]
        spans = [(name, status, tags) for name, kind, status, tags, _ in take() if kind == "SERVER"]
    assert [(name, status, tags["http.status_code"]) for name, status, tags in spans] == [
        ("GET /async/5", "UNSET", 200),
        ("GET /sync/5", "UNSET", 200),
        ("GET /stream", "UNSET", 200),
        ("GET /nowhere", "UNSET", 404),
        ("GET /fail", "ERROR", 500),
        ("GET /ws", "UNSET", 200),
    ]
