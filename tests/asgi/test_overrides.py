"""Each method of the application that may be overridden is called over ASGI as over WSGI, on class or instance."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from bolthead import Flask, Response, abort
from bolthead.plan import APP_STEPS, ERROR_STEPS

NOT_OF_ASGI = {"__call__", "wsgi_app"}
"""These stand around a request, which then passes through them in a thread: tests/asgi/test_http.py."""
STEPS = [*sorted({*APP_STEPS, *ERROR_STEPS} - NOT_OF_ASGI), "handle_exception", "log_exception", "should_ignore_error"]
CONDITIONAL = {"async_to_sync", "ensure_sync"}
"""Called where an async function has to be made a plain one, which over ASGI need not be."""


def noting(log: list[str], name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(*args: Any, **kwargs: Any) -> Any:
        log.append(name)
        return method(*args, **kwargs)

    return called


def site(name: str, on: str, log: list[str], kind: str) -> Flask:
    cls = Flask
    if on == "class":
        cls = type("Own", (Flask,), {name: noting(log, name, getattr(Flask, name))})
    app = cls("site_under_test", root_path="/nowhere")
    if on == "instance":
        setattr(app, name, noting(log, name, getattr(app, name)))

    def body(what: str) -> Any:
        if what == "abort":
            abort(404)
        if what == "error":
            raise KeyError(what)
        return "text"

    if kind == "async":

        async def view(what: str) -> Any:
            await asyncio.sleep(0)
            return body(what)

    else:
        view = body  # type: ignore[assignment]

    app.add_url_rule("/<what>", "view", view)
    app.before_request(lambda: None)
    app.teardown_request(lambda error: None)

    @app.after_request
    def after(response: Response) -> Response:
        return response

    return app


def over_asgi(app: Flask, path: str) -> tuple[int, bytes]:
    async def main() -> tuple[int, bytes]:
        response = await app.async_test_client().get(path)
        return response.status_code, response.get_data()

    return asyncio.run(main())


def over_wsgi(app: Flask, path: str) -> tuple[int, bytes]:
    response = app.test_client().get(path)
    return response.status_code, response.get_data()


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("on", ["class", "instance"])
@pytest.mark.parametrize("name", STEPS)
def test_an_override_is_called(name: str, on: str, kind: str) -> None:
    seen = 0
    for path in ("/view", "/abort", "/error", "/a/b"):
        logs: list[list[str]] = [[], []]
        for log, ask in zip(logs, (over_wsgi, over_asgi), strict=True):
            app = site(name, on, log, kind)
            app.logger.disabled = True
            first = ask(app, path)
            assert ask(app, path) == first
            log.append(str(first))
        if name in CONDITIONAL:
            assert logs[0][-1] == logs[1][-1]
        else:
            assert logs[0] == logs[1]
        seen += len(logs[0]) - 1
    if name not in CONDITIONAL:
        assert seen


class Own(Flask):
    async def asgi_app(self, scope: Any, receive: Any, send: Any) -> None:
        self.extensions.setdefault("seen", []).append(scope["type"])
        await super().asgi_app(scope, receive, send)


class Heir(Own):
    pass


@pytest.mark.parametrize("cls", [Flask, Own, Heir])
def test_the_entry_may_be_overridden(cls: type[Flask]) -> None:
    app = cls("site_under_test", root_path="/nowhere")
    app.add_url_rule("/", "view", lambda: "text")
    assert over_asgi(app, "/") == (200, b"text")
    assert app.extensions == ({} if cls is Flask else {"seen": ["http"]})
    # What a server asks, and what a program that patches the class finds.
    assert inspect.iscoroutinefunction(app.asgi_app.__call__)
    assert inspect.isfunction(cls.asgi_app)
    with pytest.raises(TypeError, match="Give a WSGI server the application itself"):
        app.asgi_app({}, len)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize("args", [({"type": "http"},), ({"type": "http"}, len, len), ({}, None)])
def test_asgi_calls_of_the_application(args: Any) -> None:
    app: Any = Flask("site_under_test", root_path="/nowhere")
    with pytest.raises(TypeError, match=r"Give an ASGI server its 'asgi_app', as in 'module:app\.asgi_app'"):
        app(*args)
