"""The phases on an event loop, walked by the least driver there can be, against a request on Flask."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextvars import copy_context
from types import ModuleType
from typing import Any

import flask
import pytest
from werkzeug.test import create_environ

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.async_phases"
NAMES = ["before", "view", "after", "handler", "teardown", "app_teardown"]


class Failure(Exception):
    pass


def site(fw: Any, kinds: dict[str, str], scene: str) -> tuple[Any, list[Any]]:
    app = fw.Flask("site", root_path="/nowhere")
    log: list[Any] = []

    def says(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        def sync(*args: Any, **kwargs: Any) -> Any:
            log.append((name, fw.has_request_context(), kwargs))
            return answer(*args)

        async def later(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            return sync(*args, **kwargs)

        return later if kinds[name] == "async" else sync

    def view() -> Any:
        if scene == "fails":
            raise Failure
        return "view", 201

    app.before_request(says("before", lambda: "answered before" if scene == "before answers" else None))
    app.add_url_rule("/<int:number>", "view", says("view", view))
    app.after_request(says("after", lambda response: response))
    app.register_error_handler(Failure, says("handler", lambda error: ("handled", 418)))
    app.teardown_request(says("teardown", lambda error: None))
    app.teardown_appcontext(says("app_teardown", lambda error: None))
    return app, log


def shown(response: Any) -> Any:
    return response.status_code, response.get_data(), sorted(response.allow)


@pytest.mark.parametrize("scene", ["answers", "before answers", "fails", "is not there", "has options"])
@pytest.mark.parametrize("odd", [None, *NAMES])
@pytest.mark.parametrize("most", ["sync", "async"])
def test_a_request(load: Load, scene: str, odd: str | None, most: str) -> None:
    """All functions of one kind, and each of them alone of the other."""
    other = "async" if most == "sync" else "sync"
    kinds = {name: other if name == odd else most for name in NAMES}
    path = "/nowhere" if scene == "is not there" else "/5"
    method = "OPTIONS" if scene == "has options" else "GET"

    app, wanted = site(flask, kinds, scene)
    response = shown(app.test_client().open(path, method=method))

    phases, plan_of = load(NAME).AsyncPhases, load("bolthead._core.lifecycle.phases").plan_of
    app, log = site(load("bolthead"), kinds, scene)
    found: list[Any] = []

    class Driver(phases):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            super().__init__(self.run(), copy_context(), app)
            self.plan = plan_of(app)
            self.ctx = app.request_context(create_environ(path, method=method))

        async def run(self) -> None:
            self.ctx.push()
            try:
                found.append(shown(await self.finish(await self.dispatch())))
            finally:
                await self.pop(self.plan.teardown, None)

    async def main() -> None:
        await Driver()
        assert not load("bolthead").has_request_context()

    asyncio.run(main())
    assert found == [response]
    assert log == wanted


@pytest.mark.usefixtures("no_receivers")
def test_no_thread_where_all_is_async(load: Load) -> None:
    """And a view before which nothing comes is found without a step."""
    phases, plan_of = load(NAME).AsyncPhases, load("bolthead._core.lifecycle.phases").plan_of
    for kinds in itertools.product(["sync", "async"], repeat=2):
        app, _ = site(load("bolthead"), dict.fromkeys(NAMES, kinds[0]) | {"view": kinds[1]}, "answers")
        places: list[bool] = []

        class Driver(phases):  # type: ignore[misc,valid-type]
            def __init__(self, app: Any) -> None:
                super().__init__(self.run(), copy_context(), app)
                self.plan = plan_of(app)
                self.ctx = app.request_context(create_environ("/5"))

            async def run(self) -> None:
                self.ctx.push()
                await self.finish(await self.dispatch())
                places.append(self.in_thread)  # noqa: B023
                await self.pop(self.plan.teardown, None)

        async def main(app: Any = app, driver: Any = Driver) -> None:
            await driver(app)

        asyncio.run(main())
        assert places == [kinds[0] == "sync"]
        assert ("_asgi_pool" in vars(app)) == ("sync" in kinds)
