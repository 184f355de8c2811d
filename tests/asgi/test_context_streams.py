"""``stream_with_context`` around async generators: views of each kind, WSGI middleware of each kind."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from bolthead import Flask, current_app, g, has_request_context, request, session, stream_with_context

own: contextvars.ContextVar[str] = contextvars.ContextVar("own", default="unset")


class Failure(Exception):
    pass


def walks(app: Any) -> Callable[..., Iterator[bytes]]:
    """Middleware that has the pieces in its hands."""

    def call(environ: Any, start_response: Any) -> Iterator[bytes]:
        items = app(environ, start_response)
        try:
            yield from items
        finally:
            getattr(items, "close", lambda: None)()

    return call


def drops(app: Any) -> Callable[..., list[bytes]]:
    """Middleware that has an answer of its own to some requests."""

    def call(environ: Any, start_response: Any) -> Any:
        items = app(environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            getattr(items, "close", lambda: None)()
            return [b""]
        return items

    return call


AROUND: dict[str, Callable[[Any], Any]] = {"nothing": list, "passed on": ProxyFix, "walked": walks, "dropped": drops}
KINDS = ("sync", "async", "ensured")


def make(around: str, kind: str, fails: bool = False) -> tuple[Flask, list[Any]]:
    """An application with one such view, and what happened to it."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "key"
    app.logger.disabled = True
    log: list[Any] = []

    @app.before_request
    def before() -> None:
        g.token = own.set("before")
        g.number = 0

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        log.append(("request", request.path, g.number))

    @app.teardown_request
    def teardown_sync(error: BaseException | None) -> None:
        # A token is good in the context alone in which it was made.
        own.reset(g.token)

    @app.teardown_appcontext
    def teardown_app(error: BaseException | None) -> None:
        log.append(("app", current_app.name))

    @stream_with_context
    async def items() -> AsyncIterator[str]:
        try:
            for _ in range(3):
                await asyncio.sleep(0)
                g.number += 1
                assert not log
                yield f"{request.path}{g.number} "
                if fails:
                    raise Failure
            yield f"{own.get()} {session['a']}"
        finally:
            log.append(("items", request.path))

    def view() -> Any:
        session["a"] = "b"
        return items()

    async def view_later() -> Any:
        await asyncio.sleep(0)
        return view()

    @functools.wraps(view_later)
    def ensured() -> Any:
        return app.ensure_sync(view_later)()

    app.add_url_rule("/", "view", {"sync": view, "async": view_later, "ensured": ensured}[kind])
    if around != "nothing":
        app.wsgi_app = AROUND[around](app.wsgi_app)  # type: ignore[method-assign]
    return app, log


ENDED = ["items", "request", "app"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("around", AROUND)
def test_the_contexts_stay_until_its_end(around: str, kind: str) -> None:
    app, log = make(around, kind)

    async def main() -> Any:
        response = await app.async_test_client().get("/")
        assert not has_request_context()
        return response.text

    assert asyncio.run(main()) == "/1 /2 /3 before b"
    assert [entry[0] for entry in log] == ENDED
    assert log[1] == ("request", "/", 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("around", AROUND)
def test_an_error_midway(around: str, kind: str) -> None:
    app, log = make(around, kind, fails=True)

    async def main() -> None:
        await app.async_test_client().get("/")

    with pytest.raises(Failure):
        asyncio.run(main())
    assert [entry[0] for entry in log] == ENDED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("around", AROUND)
def test_a_client_that_leaves(around: str, kind: str) -> None:
    app, log = make(around, kind)

    async def main() -> None:
        async with app.async_test_client().stream("/") as response:
            async for piece in response:
                assert piece == b"/1 "
                break

    asyncio.run(main())
    assert [entry[0] for entry in log] == ENDED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("around", AROUND)
def test_only_the_head(around: str, kind: str) -> None:
    """The generator has not begun, so nothing of it is run; the contexts go all the same."""
    app, log = make(around, kind)

    async def main() -> Any:
        return (await app.async_test_client().head("/")).get_data()

    assert asyncio.run(main()) == b""
    assert [entry[0] for entry in log] == ENDED[1:]
