"""What handles an error finds it in ``sys.exc_info()``, wherever it runs, as on Flask."""

from __future__ import annotations

import asyncio
import itertools
import sys
from types import ModuleType
from typing import Any

import flask
import pytest

import bolthead
from bolthead.async_testing import AsyncFlaskClient, WebsocketRefused

VIEWS = ("sync", "async", "waiting")
HANDLERS = ("sync", "async", "waiting", "raising", "of 500", "logging")


def handled() -> str:
    return repr(sys.exc_info()[1])


def make(package: ModuleType, view: str, handler: str, own_steps: bool) -> Any:
    def fail() -> None:
        raise ValueError("mine")

    async def fail_async() -> None:
        if view == "waiting":
            await asyncio.sleep(0)
        raise ValueError("mine")

    def handle(error: Exception) -> str:
        return handled()

    async def handle_async(error: Exception) -> str:
        if handler == "waiting":
            await asyncio.sleep(0)
        return handled()

    def handle_by_raising(error: Exception) -> None:
        raise

    class App(package.Flask):  # type: ignore[name-defined,misc]
        if own_steps:

            def handle_user_exception(self, e: Exception) -> Any:
                return super().handle_user_exception(e)

        def log_exception(self, exc_info: Any) -> None:
            told.append(repr(exc_info[1]))

    app: Any = App("site", root_path="/nowhere")
    told = app.told = []
    app.add_url_rule("/", view_func=fail if view == "sync" else fail_async)
    if handler == "raising":
        app.register_error_handler(ValueError, handle_by_raising)
    if handler == "of 500" or handler == "raising":
        app.register_error_handler(500, handle)
    elif handler != "logging":
        app.register_error_handler(ValueError, handle if handler == "sync" else handle_async)

    @app.after_request
    def after(response: Any) -> Any:
        told.append(handled())
        return response

    return app


@pytest.mark.parametrize(("view", "handler", "own_steps"), [*itertools.product(VIEWS, HANDLERS, (False, True))])
def test_http(view: str, handler: str, own_steps: bool) -> None:
    expected = make(flask, view, handler, own_steps)
    wanted = expected.test_client().get("/")
    app = make(bolthead, view, handler, own_steps)
    found = asyncio.run(AsyncFlaskClient(app, app.response_class).get("/"))
    assert (found.status_code, found.get_data(as_text=True)) == (wanted.status_code, wanted.text)
    assert app.told == expected.told
    assert ("mine" in wanted.text) == (handler != "logging")


@pytest.mark.parametrize("handler", ["sync", "async", "waiting"])
def test_websocket(handler: str) -> None:
    app = make(bolthead, "sync", handler, False)

    @app.websocket("/ws")
    async def refuse() -> None:
        await asyncio.sleep(0)
        raise ValueError("mine")

    async def main() -> Any:
        async with app.async_test_client().websocket("/ws") as ws:
            with pytest.raises(WebsocketRefused) as refused:
                await ws.receive()
            return refused.value.response

    assert asyncio.run(main()).text == "ValueError('mine')"
