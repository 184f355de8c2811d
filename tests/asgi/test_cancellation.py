"""Clients that leave: at every await, while a body comes, while an answer goes. Nothing is left, teardowns ran.

``BOLTHEAD_LONG=10000`` in the environment lets so many leave.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from bolthead import Flask, g, request, request_tearing_down, stream_with_context
from bolthead._core.lifecycle import asgi
from bolthead.async_testing import AsyncFlaskClient, Call, scope_of
from bolthead.globals import _cv_app, _cv_request

COUNT = int(os.environ.get("BOLTHEAD_LONG") or 200)
AWAITS = 6


def make(log: list[Any]) -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")

    @app.before_request
    async def before() -> None:
        await asyncio.sleep(0)
        g.began = True

    @app.get("/")
    async def view() -> str:
        for n in range(AWAITS):
            log.append(n)
            await asyncio.sleep(0)
        return "x"

    @app.get("/waits")
    async def waits() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        return "never"

    @app.get("/stream")
    async def stream() -> Any:
        async def items() -> AsyncIterator[str]:
            try:
                yield "first"
                await asyncio.Event().wait()
            finally:
                log.append("closed")

        return items()

    @app.post("/body")
    async def body() -> str:
        log.append("called")
        return "x"

    @app.post("/chunks", stream_body=True)
    async def chunks() -> str:
        async for chunk in request.body_chunks():
            log.append(chunk)
        return "x"

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        log.append(("teardown", type(error).__name__, request.path))

    return app


def test_the_driver_is_the_one_under_test() -> None:
    assert asgi.__name__ == "bolthead._core.lifecycle.asgi"


def scope(path: str, method: str = "GET", length: int = 0) -> dict[str, Any]:
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_HOST": "localhost", "SERVER_PORT": "80"}
    if length:
        environ["CONTENT_LENGTH"] = str(length)
    return scope_of(environ)


def test_leaving_at_every_await() -> None:
    log: list[Any] = []
    app = make(log)
    made: weakref.WeakSet[Any] = weakref.WeakSet()

    @app.before_request
    async def note() -> None:
        made.add(request._get_current_object())  # type: ignore[attr-defined]

    async def main() -> None:
        for n in range(COUNT):
            log.clear()
            call = Call(app, scope("/"))
            call.put({"type": "http.request", "body": b"", "more_body": False})
            for _ in range(n % (AWAITS * 3)):
                await asyncio.sleep(0)
            await call.close({"type": "http.disconnect"})
            teardowns = [entry for entry in log if isinstance(entry, tuple)]
            assert len(teardowns) == 1, (n, log)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert _cv_app.get(None) is None
    assert _cv_request.get(None) is None
    # PyPy frees in several steps what has finalizers.
    for _ in range(3):
        gc.collect()
    assert len(made) == 0


def test_a_view_that_waits_is_cancelled() -> None:
    log: list[Any] = []
    app = make(log)

    async def main() -> None:
        call = Call(app, scope("/waits"))
        for _ in range(10):
            await asyncio.sleep(0)
        await call.close({"type": "http.disconnect"})
        task = asyncio.current_task()
        assert task is not None and not task.cancelling()

    asyncio.run(main())
    assert log == ["cancelled", ("teardown", "CancelledError", "/waits")]


@pytest.mark.parametrize("how", ["the client leaves", "the server cancels"])
def test_behind_middleware(how: str) -> None:
    """A thread waits for the view, and then for what comes after it: that is not cancelled."""
    log: list[Any] = []
    app = make(log)
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]

    @app.teardown_request
    async def also(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        log.append("also")

    @app.before_request
    async def begun() -> None:
        waiting.set()

    waiting = threading.Event()

    async def main() -> None:
        call = Call(app, scope("/waits"))
        call.put({"type": "http.request", "body": b"", "more_body": False})
        await asyncio.to_thread(waiting.wait, 60)
        if how == "the client leaves":
            await call.close({"type": "http.disconnect"})
        else:
            call.task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call.task

    asyncio.run(main())
    assert log[-2:] == ["also", ("teardown", "CancelledError", "/waits")]
    assert log[:-2] in ([], ["cancelled"])


def test_the_server_cancels() -> None:
    log: list[Any] = []
    app = make(log)

    async def main() -> None:
        call = Call(app, scope("/waits"))
        for _ in range(10):
            await asyncio.sleep(0)
        call.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call.task

    asyncio.run(main())
    assert log == ["cancelled", ("teardown", "CancelledError", "/waits")]


def test_leaving_a_stream() -> None:
    log: list[Any] = []
    app = make(log)

    async def main() -> None:
        client = AsyncFlaskClient(app, app.response_class)
        async with client.stream("/stream") as answer:
            async for piece in answer:
                assert piece == b"first"
                break

    asyncio.run(main())
    assert log == [("teardown", "NoneType", "/stream"), "closed"]


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("hooks", [0, 1, 2])
def test_behind_middleware_in_each_turn(turns: int, hooks: int) -> None:
    """A client that leaves while a hook ends, which the thread does not know yet, still cancels the view."""
    app = Flask("site_under_test", root_path="/nowhere")
    log = []

    @app.get("/")
    async def view() -> str:
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 5)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        return "x"

    async def hook() -> None: ...

    for _ in range(hooks):
        app.before_request(hook)

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        log.append(type(error).__name__)

    original = app.wsgi_app
    app.wsgi_app = lambda *args: original(*args)  # type: ignore[method-assign]

    async def main() -> None:
        async def receive() -> Any:
            for _ in range(turns):
                await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None: ...

        await asyncio.wait_for(app.asgi_app(scope("/"), receive, send), 10)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    # Cancelled before its first step, it is not begun.
    assert log in (["cancelled", "CancelledError"], ["CancelledError"])


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("middleware", [True, False])
@pytest.mark.parametrize("path", ["/plain", "/contexts", "/response", "/later"])
def test_leaving_a_stream_of_a_plain_generator(path: str, middleware: bool, waits: bool) -> None:
    """It is closed, also where the server drops what is sent then, without waiting or an error, as uvicorn does."""
    app = Flask("site_under_test", root_path="/nowhere")
    log = []

    def items() -> Iterator[str]:
        try:
            while True:
                time.sleep(0.001)
                yield "x"
        finally:
            log.append("closed")

    app.add_url_rule("/plain", "plain", items)
    app.add_url_rule("/contexts", "contexts", lambda: stream_with_context(items()))
    app.add_url_rule("/response", "response", lambda: app.response_class(items(), headers={"X-A": "b"}))

    @app.get("/later")
    async def later() -> Any:
        return items()

    if middleware:
        original = app.wsgi_app
        app.wsgi_app = lambda *args: original(*args)  # type: ignore[method-assign]
    sent = []

    async def main() -> None:
        gone = asyncio.Event()

        async def receive() -> Any:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if waits:
                await asyncio.sleep(0)
            sent.append(message["type"])
            if len(sent) == 10:
                gone.set()

        await asyncio.wait_for(app.asgi_app(scope(path), receive, send), 10)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert log == ["closed"]


def test_short_streams_of_plain_generators_cost_no_task() -> None:
    app = Flask("site_under_test", root_path="/nowhere")
    app.add_url_rule("/", "view", lambda: iter(["only"]))
    running = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        running.append(len(asyncio.all_tasks()))

    async def main() -> None:
        await app.asgi_app(scope("/"), receive, send)

    asyncio.run(main())
    assert running == [1, 1, 1]


@pytest.mark.parametrize("waits", [True, False])
def test_a_body_that_is_read_while_its_answer_goes(waits: bool) -> None:
    """Each piece comes back: who watches for the client does not take one. After the last one it is watched for."""
    app = Flask("site_under_test", root_path="/nowhere")
    log = []

    @app.post("/", stream_body=True)
    async def echo() -> Any:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                async for chunk in chunks:
                    yield chunk
                    await asyncio.sleep(0)
                yield b"end"
                await asyncio.Event().wait()
            finally:
                log.append("closed")

        chunks = request.body_chunks()
        return pieces()

    given = [b"%d" % n for n in range(10)]
    sent: list[bytes] = []

    async def main() -> None:
        rest = list(given)
        ended = asyncio.Event()

        async def receive() -> Any:
            if waits:
                await asyncio.sleep(0)
            if rest:
                return {"type": "http.request", "body": rest.pop(0), "more_body": True}
            if not ended.is_set() and b"9" in sent:
                ended.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            while b"end" not in sent:
                await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if waits:
                await asyncio.sleep(0)
            sent.append(message.get("body"))

        await asyncio.wait_for(app.asgi_app(scope("/", "POST", 10), receive, send), 10)

    asyncio.run(main())
    assert sent[1:] == [*given, b"end"]
    assert log == ["closed"]


@pytest.mark.parametrize("path", ["/body", "/chunks"])
def test_leaving_in_the_middle_of_a_body(path: str) -> None:
    log: list[Any] = []
    app = make(log)

    async def main() -> None:
        call = Call(app, scope(path, "POST", 10))
        call.put({"type": "http.request", "body": b"12345", "more_body": True})
        await call.close({"type": "http.disconnect"})

    asyncio.run(main())
    assert log == [b"12345"] * (path == "/chunks") + [("teardown", "CancelledError", path)]


@pytest.mark.parametrize(("path", "tasks"), [("/whole", 1), ("/pieces", 2)])
def test_who_is_watched_while_the_answer_goes(path: str, tasks: int) -> None:
    """Of an answer that is in memory nothing could be cancelled: it costs no task, however slow its client."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.add_url_rule("/whole", view_func=whole)
    app.add_url_rule("/pieces", view_func=pieces)
    running = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        running.append(len(asyncio.all_tasks()))

    async def main() -> None:
        for _ in range(2):
            await app.asgi_app(scope(path), receive, send)

    asyncio.run(main())
    assert max(running) == tasks


async def whole() -> str:
    return "whole"


async def pieces() -> AsyncIterator[str]:
    async def items() -> AsyncIterator[str]:
        yield "piece"

    return items()


@pytest.mark.parametrize("heard", [False, True], ids=["teardown on the loop", "teardown from the thread"])
def test_leaving_while_a_thread_has_the_request(heard: bool) -> None:
    """What is left then is the teardown, which runs as of any request."""
    app = Flask("site")
    left, entered = threading.Event(), threading.Event()
    log: list[Any] = []

    @app.get("/")
    async def index() -> str:
        await asyncio.sleep(0)
        return "x"

    @app.after_request
    def after(response: Any) -> Any:
        entered.set()
        left.wait(60)
        return response

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        log.append(error)

    def hear(sender: Any, **kwargs: Any) -> None:
        log.append("heard")

    if heard:
        request_tearing_down.connect(hear, app)

    async def main() -> None:
        call = Call(app, scope("/"))
        call.put({"type": "http.request", "body": b"", "more_body": False})
        while not entered.is_set():
            await asyncio.sleep(0.001)
        call.put({"type": "http.disconnect"})
        for _ in range(5):
            await asyncio.sleep(0)
        left.set()
        await call.close({"type": "http.disconnect"})

    asyncio.run(main())
    assert log == [None, *(["heard"] * heard)]


@pytest.mark.parametrize("starts", [False, True], ids=["before the answer", "in the stream"])
def test_a_test_that_waits_no_longer(starts: bool) -> None:
    """A request that a timeout ends leaves no task behind, which the end of the loop would wait for."""
    app, ended = Flask("site_under_test", root_path="/nowhere"), []
    limits: list[asyncio.Timeout] = []

    @app.get("/")
    async def endless() -> AsyncIterator[str]:
        async def pieces() -> AsyncIterator[str]:
            try:
                yield "x"
                limits[0].reschedule(0)
                while True:
                    await asyncio.sleep(0)
                    yield "x"
            finally:
                ended.append("stream")

        if starts:
            return pieces()
        limits[0].reschedule(0)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("view")
        raise AssertionError

    async def use() -> None:
        async with app.async_test_client() as client:
            tasks = asyncio.all_tasks()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(None) as limit:
                    limits.append(limit)
                    await client.get("/")
            assert ended == ["stream" if starts else "view"]
            assert asyncio.all_tasks() == tasks

    asyncio.run(asyncio.wait_for(use(), 10))


def test_a_call_that_nobody_ends() -> None:
    """The end of the loop is not held up by what nobody reads."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.add_url_rule("/", "index", lambda: (letter for letter in "many"))

    async def use() -> None:
        Call(app, scope_of(app.test_client()._request_from_builder_args(("/",), {}).environ))
        await asyncio.sleep(0.05)

    asyncio.run(use())
