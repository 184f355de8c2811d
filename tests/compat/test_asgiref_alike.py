"""Async views beside Flask's where asgiref has a part: ``sync_to_async``, nested calls, other loops, none at all."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.local import Local
from asgiref.sync import AsyncSingleThreadContext, AsyncToSync, ThreadSensitiveContext, async_to_sync, sync_to_async
from asgiref.wsgi import WsgiToAsgi

from loops import answers, in_time
from oracle import Framework, alike, without_the_hint

VAR: contextvars.ContextVar[Any] = contextvars.ContextVar("VAR", default="nothing")


@alike
def test_sync_to_async_comes_back_to_the_calling_thread(fw: Framework) -> Any:
    threads: list[int] = []
    local = Local()

    def sync(name: str) -> str:
        assert threading.get_ident() == threads[0], "not the request's thread"
        fw.g.setdefault("names", []).append(name)
        VAR.set(f"{VAR.get()}+{name}")
        local.names = [*getattr(local, "names", []), name]
        return f"{name} {fw.request.path}"

    async def view() -> Any:
        assert threading.get_ident() != threads[0]
        one = await sync_to_async(sync)("one")
        two = await asyncio.create_task(sync_to_async(sync)("two"))
        more = await asyncio.gather(*(sync_to_async(sync)(name) for name in "ab"))
        other = await sync_to_async(threading.get_ident, thread_sensitive=False)()
        return [one, two, sorted(more), sorted(fw.g.names), VAR.get()[:4], other != threads[0], local.names[:1]]

    return answers(fw, view, 3, threads)


@alike
def test_nested_as_deep_as_one_likes(fw: Framework) -> Any:
    threads: list[int] = []

    def sync(depth: int) -> str:
        assert threading.get_ident() == threads[0]
        VAR.set(f"sync {depth}")
        return f"s{depth} " + str(fw.current_app.ensure_sync(step)(depth - 1)) + f" {VAR.get()}"

    async def step(depth: int) -> str:
        assert threading.get_ident() != threads[0]
        await asyncio.sleep(0)
        if not depth:
            VAR.set("ground")
            raise KeyError("the ground")
        loop = asyncio.get_running_loop()
        try:
            return f"a{depth} " + await sync_to_async(sync)(depth)
        except KeyError as error:
            assert asyncio.get_running_loop() is loop
            return f"caught {error} at {depth}, {VAR.get()}"

    async def view() -> Any:
        return [await step(4), await asyncio.gather(step(2), step(3))]

    return answers(fw, view, 3, threads)


@alike
def test_nested_by_asgirefs_own_name(fw: Framework) -> Any:
    async def inner(loop: Any) -> str:
        return f"{await sync_to_async(lambda: 'innermost')()} {asyncio.get_running_loop() is loop}"

    async def view() -> Any:
        loop = asyncio.get_running_loop()
        return [
            await sync_to_async(async_to_sync(inner))(loop),
            await sync_to_async(async_to_sync(inner), thread_sensitive=False)(loop),
            await sync_to_async(async_to_sync(inner, force_new_loop=True))(loop),
        ]

    # By itself: a thread of the pool that sync_to_async has used would remember the loop.
    async def elsewhere() -> Any:
        return [await asyncio.to_thread(async_to_sync(inner), asyncio.get_running_loop())]

    return answers(fw, view, 3), answers(fw, elsewhere, 3)


@alike
def test_a_pool_that_outlives_the_request(fw: Framework) -> Any:
    pool = ThreadPoolExecutor(1)

    async def inner() -> str:
        return await sync_to_async(lambda: "from the pool")()

    async def view() -> str:
        first = await sync_to_async(async_to_sync(inner), thread_sensitive=False, executor=pool)()
        return first + str(await sync_to_async(lambda: 1)())

    app = fw.app()
    app.add_url_rule("/", "view", view)

    def ask() -> Any:
        found = []
        for _ in range(3):
            found.append(fw.get(app)[::2])
            # The pool's thread remembers a loop that is closed by now.
            found.append(pool.submit(app.ensure_sync(inner)).result(30))
        return found

    try:
        return in_time(ask)
    finally:
        pool.shutdown(wait=False)


@alike
def test_contexts_of_asgiref(fw: Framework) -> Any:
    threads: list[int] = []
    mine = threading.local()

    async def inner() -> bool:
        seen = hasattr(mine, "value")
        mine.value = 1
        return seen

    async def sensitive() -> Any:
        found = []
        async with ThreadSensitiveContext():
            # The calling thread has precedence.
            found.append(await sync_to_async(threading.get_ident)() == threads[0])
        # Without any variable it is the loop by which the thread is found.
        send = sync_to_async(threading.get_ident)()
        found.append(await asyncio.create_task(send, context=contextvars.Context()) == threads[0])
        return found

    def calls(call: Any) -> Any:
        with AsyncSingleThreadContext():
            return [call(), call()]

    async def single() -> Any:
        return await asyncio.to_thread(calls, async_to_sync(inner))

    app = fw.app()
    app.add_url_rule("/sensitive", "sensitive", sensitive)
    app.add_url_rule("/single", "single", single)

    def ask() -> Any:
        threads.append(threading.get_ident())
        call = app.ensure_sync(inner)
        said = [fw.get(app, path)[::2] for path in ("/sensitive", "/single") * 2]
        return said, calls(call), call(), calls(call)

    return in_time(ask)


@alike
def test_where_a_loop_is_running(fw: Framework) -> Any:
    app = fw.app()

    async def inner() -> str:
        return "inner"

    async def view() -> Any:
        return list(fw.error(app.ensure_sync(inner)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # A coroutine that is never awaited.
        return answers(fw, view, 2)


@alike
def test_inside_of_asgi_the_outer_loop_takes_the_view(fw: Framework) -> Any:
    loops: list[Any] = []
    app = fw.app()

    @app.get("/")
    async def view() -> str:
        loops.append(asyncio.get_running_loop())
        return f"view {await sync_to_async(lambda: fw.request.path)()}"

    async def serve() -> Any:
        loops.append(asyncio.get_running_loop())
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append((message["type"], message.get("status"), message.get("body")))

        scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/"}
        scope |= {"query_string": b"", "headers": []}
        await WsgiToAsgi(app)(scope, receive, send)
        return sent

    sent = in_time(asyncio.run, serve())
    return sent, loops[0] is loops[1]


@alike
def test_without_asgiref(fw: Framework) -> Any:
    async def view() -> str:
        return "done"

    app = fw.app()
    assert in_time(app.ensure_sync(view)) == "done"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "asgiref.sync", None)
        return without_the_hint(fw.error(app.ensure_sync, view))


def test_what_to_install_for_async_views(monkeypatch: pytest.MonkeyPatch) -> None:
    async def view() -> str:
        return "done"

    monkeypatch.setitem(sys.modules, "asgiref.sync", None)
    with pytest.raises(RuntimeError, match=r"^Install 'bolthead\[async\]' in order to use async views\.$"):
        Framework("bolthead").app().ensure_sync(view)


@alike
def test_a_replaced_async_to_sync(fw: Framework) -> Any:
    async def view() -> str:
        return "done"

    class Mine(fw.Flask):  # type: ignore[name-defined, misc]
        def async_to_sync(self, func: Any) -> Any:
            return lambda *args: f"mine {super(Mine, self).async_to_sync(func)(*args)}"

    app = fw.app()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("asgiref.sync.async_to_sync", lambda func: lambda: "replaced")
        found = [app.ensure_sync(view)()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncToSync, "__call__", lambda self: "patched")
        found.append(app.ensure_sync(view)())
    return [*found, in_time(Mine("mine", root_path="/nowhere").ensure_sync(view))]
