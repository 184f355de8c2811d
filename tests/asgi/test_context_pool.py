"""Contexts that serve one request after another: whatever a view keeps of its own stays, and the next one sees none.

What the driver takes and gives back is in `bolthead._core.lifecycle.context_pool`.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import sys
import weakref
from collections.abc import Awaitable, Callable
from sysconfig import get_config_var
from typing import Any

import pytest

from bolthead import Flask, _core, after_this_request, flash, g, request, session
from bolthead.globals import _cv_app, _cv_request, app_ctx, request_ctx

Keep = Callable[[list[Any]], Any]
other: contextvars.ContextVar[str] = contextvars.ContextVar("other")


def contexts() -> tuple[Any, Any]:
    return _cv_app.get(), _cv_request.get()


def keep_a_task(kept: list[Any]) -> None:
    """A task that goes on when the request has ended, with a variable of its own and those of the request."""
    go_on = asyncio.Event()

    async def later() -> tuple[str, str, str]:
        other.set("the task's")
        await go_on.wait()
        return request.path, g.word, request_ctx.app.name

    kept.append((asyncio.get_running_loop().create_task(later()), go_on))


KEEPS: dict[str, Keep] = {
    "nothing": lambda kept: None,
    "both contexts": lambda kept: kept.append(contexts()),
    "the application's": lambda kept: kept.append(_cv_app.get()),
    "the request": lambda kept: kept.append(request._get_current_object()),  # type: ignore[attr-defined]
    "g": lambda kept: kept.append(g._get_current_object()),  # type: ignore[attr-defined]
    "a weak reference": lambda kept: kept.append([weakref.ref(one) for one in contexts()]),
    "the variables": lambda kept: kept.append(contextvars.copy_context()),
    "the context itself": lambda kept: kept.append([one for one in gc.get_referrers(request_ctx._token) if one]),
    "a token": lambda kept: kept.append(request_ctx._token),
    "a bound method": lambda kept: kept.append(request_ctx.match_request),
    "a copy": lambda kept: kept.append((copy.copy(app_ctx._get_current_object()), request_ctx.copy())),
    "a task": keep_a_task,
    "an attribute": lambda kept: [setattr(one, "mine", 1) for one in contexts()],
    "its fields": lambda kept: kept.append([vars(one) for one in contexts()]),
    "another variable": lambda kept: other.set("set"),
    "another request": lambda kept: _cv_request.set(contexts()[1]),
    "a push": lambda kept: (contexts()[1].push(), contexts()[1].pop()),
    "a push of both": lambda kept: (contexts()[0].push(), contexts()[0].pop()),
    "another application": lambda kept: setattr(contexts()[1], "app", "another"),
    "a flash": lambda kept: flash("told"),
    "a session": lambda kept: session.update(word="kept"),
    "a hook": lambda kept: after_this_request(lambda response: response),
}
if sys.implementation.name == "pypy":
    # Its `get_referrers` goes through all of memory: minutes, behind the tests of the core.
    del KEEPS["the context itself"]


def seen() -> dict[str, Any]:
    """What a view that was just called sees: it is to be what it sees in the first request of all."""
    app, ctx = contexts()
    return {
        "g": list(g),
        "session": dict(session),
        "attributes": [sorted(set(vars(one)) - {"session"}) for one in (app, ctx)],
        "mine": [hasattr(one, "mine") for one in (app, ctx)],
        "fields": [ctx.flashes, ctx._after, ctx._tokens, app._tokens, ctx._pushed is app, ctx.app is app.app],
        "request": [request.path, request.view_args, request.endpoint, request.args.to_dict(), len(request.headers)],
        "same": [ctx.request is request._get_current_object(), request.environ["werkzeug.request"] is ctx.request],  # type: ignore[attr-defined]
        "other": other.get("unset"),
        "variables": len(contextvars.copy_context()),
    }


def site(keep: Keep, kept: list[Any], looks: list[Any]) -> Flask:
    app = Flask("site", root_path="/nowhere")
    app.secret_key = "kept"

    @app.get("/bare/<word>")
    async def bare(word: str) -> str:
        return word

    @app.get("/keep/<word>")
    async def keeper(word: str) -> str:
        g.word = word
        keep(kept)
        return word

    @app.get("/look")
    async def look() -> str:
        looks.append(seen())
        return "looked"

    return app


async def ask(app: Flask, path: str) -> bytes:
    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"a")], "query_string": b""}
    body = bytearray()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        body.extend(message.get("body", b""))

    # A task has a context of its own, as in a server.
    await asyncio.create_task(_await(app.asgi_app(scope, receive, send)))
    return bytes(body)


async def _await(awaitable: Awaitable[Any]) -> None:
    await awaitable


@pytest.mark.parametrize("keep", KEEPS)
def test_the_next_request_sees_nothing_of_the_one_before(keep: str) -> None:
    kept: list[Any] = []
    looks: list[Any] = []

    async def main() -> None:
        for _ in range(3):
            await ask(app, "/look")
        for turn in range(3):
            await ask(app, f"/keep/{turn}")
            for word in "ab":
                assert await ask(app, f"/bare/{word}") == word.encode()
            await ask(app, "/look")
        await check(keep, kept)

    app = site(KEEPS[keep], kept, looks)
    contextvars.Context().run(asyncio.run, main())
    assert all(look == looks[0] for look in looks), [look for look in looks if look != looks[0]]


async def check(keep: str, kept: list[Any]) -> None:
    """What was kept is still what it was, of the first request to the last."""
    if keep in ("both contexts", "the application's", "the request", "g", "the variables", "a bound method"):
        assert len({id(one) for one in kept}) == len(kept) == 3
    for turn, one in enumerate(kept):
        if keep == "both contexts":
            assert one[0].g.word == str(turn)
            assert one[1].request.path == f"/keep/{turn}"
        elif keep == "the application's":
            assert one.g.word == str(turn)
        elif keep == "the request":
            assert one.path == f"/keep/{turn}"
            assert one.view_args == {"word": str(turn)}
        elif keep == "g":
            assert one.word == str(turn)
        elif keep == "the variables":
            assert one[_cv_app].g.word == str(turn)
            assert one[_cv_request].request.path == f"/keep/{turn}"
        elif keep == "a bound method":
            assert one.__self__.request.path == f"/keep/{turn}"
        elif keep == "a copy":
            assert one[0].g.word == str(turn)
            assert one[1].request.path == f"/keep/{turn}"
        elif keep == "a task":
            task, go_on = one
            go_on.set()
            assert await task == (f"/keep/{turn}", str(turn), "site")


def test_a_request_leaves_nothing_behind() -> None:
    """The objects of a request are gone with its answer: what is used again has none of them."""

    class Word:
        pass

    left: list[Any] = []
    app = Flask("site", root_path="/nowhere")

    @app.get("/")
    async def index() -> str:
        g.word = word = Word()
        request.word = word  # type: ignore[attr-defined]
        left.extend(weakref.ref(one) for one in (word, g._get_current_object(), request._get_current_object()))  # type: ignore[attr-defined]
        return "left"

    async def main() -> None:
        for _ in range(4):
            assert await ask(app, "/") == b"left"
            gc.collect()
            assert [one() for one in left] == [None] * len(left)

    contextvars.Context().run(asyncio.run, main())


@pytest.mark.skipif(_core.build_name() != "compiled", reason="the pure version cannot tell what is free")
@pytest.mark.skipif(bool(get_config_var("Py_GIL_DISABLED")), reason="without the GIL counts do not tell what is free")
def test_contexts_are_used_again() -> None:
    """For a view that keeps nothing, as long as the caller's context has no variables."""
    numbers: list[int] = []
    app = Flask("site", root_path="/nowhere")

    @app.get("/")
    async def index() -> str:
        numbers.append(id(_cv_request.get()))
        return "number"

    async def main(sets: bool) -> None:
        numbers.clear()
        blocks = []
        for _ in range(6):
            if sets:
                other.set("set")
            await ask(app, "/")
            # Whatever is free in the heap is taken.
            blocks.append([object() for _ in range(50)])

    def kept() -> int:
        return 0 if app._plan is None or app._plan.pool is None else app._plan.pool.count

    contextvars.Context().run(asyncio.run, main(True))
    assert kept() == 0
    contextvars.Context().run(asyncio.run, main(False))
    assert kept() == 1
    assert len(set(numbers)) == 1
