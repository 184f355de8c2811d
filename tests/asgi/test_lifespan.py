"""What runs around the serving and beside the requests."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from contextvars import ContextVar
from typing import Any

import pytest

from bolthead import (
    Blueprint,
    Flask,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
    url_for,
    websocket,
)
from bolthead.signals import appcontext_tearing_down


def make() -> Flask:
    return Flask("site_under_test", root_path="/nowhere")


def test_the_order() -> None:
    app = make()
    log: list[Any] = []
    blueprint = Blueprint("part", "site_under_test", root_path="/nowhere")

    @app.before_serving
    async def before() -> None:
        log.append(("before", current_app.name))

    @app.before_serving
    def before_in_thread() -> None:
        log.append(("before", threading.current_thread() is threading.main_thread()))

    @app.while_serving
    async def around() -> AsyncIterator[None]:
        log.append("enter")
        yield
        log.append("leave")

    @app.after_serving
    async def after() -> None:
        log.append("after")

    blueprint.before_app_serving(lambda: log.append("part before"))
    blueprint.after_app_serving(lambda: log.append("part after"))
    app.register_blueprint(blueprint)

    @app.get("/")
    async def view() -> str:
        log.append("view")
        return "x"

    async def main() -> None:
        async with app.async_test_client() as client:
            assert app.serving_loop is asyncio.get_running_loop()
            assert (await client.get("/")).text == "x"

    asyncio.run(main())
    assert log == [
        *(("before", "site_under_test"), ("before", False), "part before", "enter", "view", "leave", "after"),
        "part after",
    ]
    assert app.serving_loop is None


@pytest.mark.parametrize("where", ["startup", "shutdown"])
def test_failures_are_reported(where: str) -> None:
    app = make()
    app.logger.disabled = True

    async def fails() -> None:
        raise ValueError("no database")

    (app.before_serving if where == "startup" else app.after_serving)(fails)

    async def main() -> None:
        async with app.async_test_client():
            assert where == "shutdown"

    with pytest.raises(RuntimeError, match="ValueError: no database"):
        asyncio.run(main())


FAILURES = {
    "": None,
    "start": "ValueError: start",
    "stop": "ValueError: stop",
    "no yield": "RuntimeError: A 'while_serving' generator must yield once.",
    "two yields": "RuntimeError: A 'while_serving' generator must yield once.",
    "coroutine": "TypeError: A 'while_serving' function has to be an async generator",
}


@pytest.mark.parametrize("failing", [0, 1, 2])
@pytest.mark.parametrize("how", FAILURES)
def test_generators_around_the_serving(how: str, failing: int) -> None:
    """What was begun is ended, last begun first, whichever of them fails."""
    app = make()
    app.logger.disabled = True
    log: list[Any] = []

    def around(n: int) -> Callable[[], Any]:
        fails = how if n == failing else ""

        async def generator() -> Any:
            if fails == "start":
                raise ValueError("start")
            if fails == "no yield":
                return
            log.append(n)
            try:
                yield
                if fails == "two yields":
                    yield
            finally:
                log.append(-n)
            if fails == "stop":
                raise ValueError("stop")

        async def coroutine() -> None:
            pass

        return coroutine if fails == "coroutine" else generator

    for n in range(3):
        app.while_serving(around(n))
    app.after_serving(lambda: log.append("after"))

    async def main() -> None:
        async with app.async_test_client():
            log.append("serves")

    message = FAILURES[how]
    if message is None:
        asyncio.run(main())
    else:
        with pytest.raises(RuntimeError, match=message):
            asyncio.run(main())
    begun = list(range(3 if how in ("", "stop", "two yields") else failing))
    ended = [-n for n in reversed(begun)]
    assert log == [*begun, *(["serves", *ended, "after"] if len(begun) == 3 else ended)]


def torn_down(kind: str, log: list[Any]) -> Any:
    """A teardown function that notes ``g.word`` and the error."""

    def sync(error: BaseException | None) -> None:
        log.append((g.get("word"), repr(error)))

    async def coroutine(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        sync(error)

    return sync if kind == "sync" else coroutine


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_teardown_functions_around_the_serving(kind: str) -> None:
    app = make()
    log: list[Any] = []
    app.teardown_appcontext(torn_down(kind, log))

    @app.while_serving
    async def around() -> Any:
        g.word = "before"
        yield
        g.word = "after"

    async def main() -> None:
        async with app.async_test_client():
            pass

    asyncio.run(main())
    assert log == [("before", "None"), ("after", "None")]


def test_a_teardown_function_that_fails_at_the_end() -> None:
    """It hides no other failure, and the serving is over."""
    app = make()
    app.logger.disabled = True
    serves: list[Any] = []

    @app.after_serving
    def after() -> None:
        raise LookupError

    @app.teardown_appcontext
    def teardown(error: BaseException | None) -> None:
        if serves:
            raise KeyError

    async def main() -> None:
        async with app.async_test_client():
            serves.append(app.serving_loop)

    with pytest.raises(RuntimeError, match="ExceptionGroup: .* \\(2 sub-exceptions\\)"):
        asyncio.run(main())
    assert serves != [None]
    assert app.serving_loop is None


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_failed_start_is_torn_down(kind: str) -> None:
    app = make()
    log: list[Any] = []
    app.teardown_appcontext(torn_down(kind, log))

    @app.before_serving
    def fails() -> None:
        raise LookupError("mine")

    async def main() -> None:
        async with app.async_test_client():
            pass

    with pytest.raises(RuntimeError, match="LookupError: mine"):
        asyncio.run(main())
    assert log == [(None, "LookupError('mine')")]


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("kinds", [["sync"], ["async"], ["sync", "async"]])
def test_an_application_context_on_a_loop(kinds: list[str], failing: bool) -> None:
    app = make()
    log: list[Any] = []
    for kind in kinds:
        app.teardown_appcontext(torn_down(kind, log))
    appcontext_tearing_down.connect(told := lambda sender, exc: log.append(repr(exc)), app)

    async def main() -> None:
        async with app.app_context() as outer:
            g.word = "tea"
            async with outer:
                assert g.word == "tea"
            assert log == []
            if failing:
                raise LookupError("mine")

    with pytest.raises(LookupError) if failing else nullcontext():
        asyncio.run(main())
    error = "LookupError('mine')" if failing else "None"
    assert log == [("tea", error)] * len(kinds) + [error]
    assert not has_app_context()
    assert told


def called_by(app: Any, kind: str, func: Callable[[], str]) -> None:
    """Call *func* while *app* is served: by a request, as a view that is "sync" or "async", or with "no view"."""

    async def async_view() -> str:
        return func()

    app.add_url_rule("/", "view", async_view if kind == "async" else func)

    async def main() -> None:
        async with app.async_test_client() as client:
            if kind == "no view":
                func()
            else:
                await client.get("/")

    asyncio.run(main())


class TestBackgroundTasks:
    @pytest.mark.parametrize("kind", ["sync", "async"])
    @pytest.mark.parametrize("view_kind", ["sync", "async"])
    def test_it_runs_beside_the_request(self, kind: str, view_kind: str) -> None:
        app = make()
        log: list[Any] = []

        def work(n: int, name: str) -> None:
            log.append((n, name, current_app.name, has_request_context()))

        async def work_async(n: int, name: str) -> None:
            await asyncio.sleep(0)
            work(n, name)

        def view() -> str:
            app.add_background_task(work if kind == "sync" else work_async, 1, name=request.path)
            return "x"

        called_by(app, view_kind, view)
        assert log == [(1, "/", "site_under_test", False)]
        assert app.background_tasks == set()

    @pytest.mark.parametrize("kind", ["sync", "async"])
    @pytest.mark.parametrize("view_kind", ["sync", "async", "no view"])
    def test_there_is_no_request_in_it(self, kind: str, view_kind: str) -> None:
        """As outside of a request in Flask, whatever asks. Other variables are those of who has added it."""
        app = make()
        log: list[Any] = []
        variable: ContextVar[str] = ContextVar("variable")

        def work() -> None:
            log.append([bool(request), bool(session), bool(websocket), bool(g), repr(request), variable.get()])
            for ask in (lambda: request.path, lambda: session.get("a"), lambda: url_for(".view")):
                with pytest.raises(RuntimeError) as caught:
                    ask()
                log.append("outside of" in str(caught.value) or "SERVER_NAME" in str(caught.value))
            with app.test_request_context("/inner"):
                log.append(request.path)
            log.append((bool(request), has_request_context()))

        async def work_async() -> None:
            await asyncio.sleep(0)
            work()

        def view() -> str:
            variable.set("set")
            app.add_background_task(work if kind == "sync" else work_async)
            return "x"

        called_by(app, view_kind, view)
        outside = [False, False, False, True, "<LocalProxy unbound>", "set"]
        assert log == [outside, True, True, True, "/inner", (False, False)]

    def test_cancelled_at_shutdown_after_the_limit(self) -> None:
        app = make()
        app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0
        log = []

        async def forever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                log.append("ended")

        async def main() -> None:
            async with app.async_test_client():
                app.add_background_task(forever)
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        asyncio.run(main())
        assert log == ["ended"]

    @pytest.mark.parametrize("failing", [False, True])
    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_its_context_is_torn_down(self, kind: str, failing: bool) -> None:
        app = make()
        log: list[Any] = []
        app.teardown_appcontext(torn_down(kind, log))

        async def work() -> None:
            g.word = "tea"
            if failing:
                raise LookupError("mine")

        async def main() -> None:
            async with app.async_test_client():
                log.clear()
                app.add_background_task(work)
                while not log:
                    await asyncio.sleep(0)

        asyncio.run(main())
        assert log[0] == ("tea", "LookupError('mine')" if failing else "None")

    @pytest.mark.skipif(sys.platform == "emscripten", reason="a loop always runs in WebAssembly")
    def test_one_that_is_added_at_the_end(self) -> None:
        """It is awaited as the others are."""
        app = make()
        log = []

        async def second() -> None:
            await asyncio.sleep(0.01)
            log.append("second")

        async def first() -> None:
            await asyncio.sleep(0.01)
            app.add_background_task(second)

        app.before_serving(lambda: app.add_background_task(first))

        async def main() -> None:
            async with app.async_test_client():
                pass
            log.append("ended")

        asyncio.run(main())
        assert log == ["second", "ended"]

    def test_without_a_loop(self) -> None:
        with pytest.raises(RuntimeError, match="serve the application with .bolthead serve."):
            make().add_background_task(print)

    def test_the_loop_of_one_view_is_none(self) -> None:
        """Over WSGI an async view runs on a loop that ends with it."""
        app = make()
        app.testing = True

        async def view() -> str:
            app.add_background_task(print)
            return "x"

        app.add_url_rule("/", "view", view)
        with pytest.raises(RuntimeError, match="bolthead serve"):
            app.test_client().get("/")


def test_the_state_is_within_reach() -> None:
    app = make()

    @app.before_serving
    async def before() -> None:
        assert app.serving_state is not None
        app.serving_state["x"] = 1

    async def main() -> None:
        async with app.async_test_client():
            assert app.serving_state == {"x": 1}

    asyncio.run(main())
