"""An async view that nothing comes before, and its short answer: with a wait at every place, or none at all."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from bolthead import Flask, has_app_context, has_request_context, request

SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")], "query_string": b""}
mark: ContextVar[str] = ContextVar("mark", default="unset")


def make(view: Callable[[], Any], **config: Any) -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")
    app.config.update(config)
    app.get("/")(view)
    return app


class Now:
    """An awaitable that is no coroutine, as a server may have it."""

    def __init__(self, waits: bool, error: Exception | None = None) -> None:
        self.waits = waits
        self.error = error

    def __await__(self) -> Generator[Any, Any, None]:
        if self.waits:
            yield from asyncio.sleep(0).__await__()
        if self.error is not None:
            raise self.error


async def as_coroutine(now: Now) -> None:
    await now


class Mere:
    """An awaitable whose iterator has nothing but ``__next__``."""

    def __init__(self, now: Now) -> None:
        self.now = now

    def __await__(self) -> Iterator[Any]:
        return itertools.chain(self.now.__await__())


KINDS = [as_coroutine, lambda now: now, Mere]


def ask(app: Flask, waits: tuple[bool, bool] = (False, False), kind: Any = as_coroutine) -> tuple[list[Any], list[Any]]:
    """The messages of the second request, and what `send` saw of the contexts and of `mark` at each of them."""
    sent: list[Any] = []
    seen: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    def send(message: Any) -> Any:
        sent.append(message)
        seen.append((has_request_context(), has_app_context(), mark.get()))
        return kind(Now(waits[len(sent) - 1]))

    async def main() -> None:
        for _ in range(2):
            # The first request makes the host known.
            sent.clear()
            seen.clear()
            await app.asgi_app(dict(SCOPE), receive, send)
            assert mark.get() == "unset"
            assert not has_request_context()
            assert not has_app_context()

    asyncio.run(main())
    return sent, seen


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sets", [False, True])
@pytest.mark.parametrize("waits", list(itertools.product([False, True], repeat=3)))
def test_what_send_sees(waits: tuple[bool, bool, bool], sets: bool, kind: Any) -> None:
    """No request any more, and the variables that the view has set."""

    async def view() -> str:
        if waits[0]:
            await asyncio.sleep(0)
        if sets:
            mark.set("by the view")
        return f"{request.path} {mark.get()}"

    sent, seen = ask(make(view), waits[1:], kind)
    value = "by the view" if sets else "unset"
    assert seen == [(False, False, value)] * 2
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == f"/ {value}".encode()


def test_a_variable_set_by_a_teardown_or_a_json_provider() -> None:
    async def view() -> Any:
        return {"a": 1}

    app = make(view)
    app.json.dumps = lambda value, **given: mark.set("by the provider") and "{}"  # type: ignore[method-assign]
    assert ask(app)[1] == [(False, False, "by the provider")] * 2

    async def other() -> Any:
        return "x"

    app = make(other)
    app.teardown_request(lambda error: mark.set("by the teardown") and None)
    assert ask(app)[1] == [(False, False, "by the teardown")] * 2


def test_tasks_of_the_view_keep_the_request() -> None:
    tasks: list[Any] = []
    seen: list[Any] = []

    async def later() -> None:
        await asyncio.sleep(0)
        seen.append((request.path, has_app_context()))

    async def view() -> str:
        tasks.append(asyncio.create_task(later()))
        asyncio.get_running_loop().call_soon(lambda: seen.append((request.path, has_app_context())))
        return "x"

    async def main() -> None:
        app = make(view)
        for _ in range(2):
            await app.asgi_app(dict(SCOPE), as_coroutine, lambda message: asyncio.sleep(0))
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert seen == [("/", True)] * 4


@pytest.mark.parametrize("where", [0, 1])
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_send_that_fails(where: int, waits: bool, kind: Any) -> None:
    async def view() -> str:
        return "x"

    app = make(view)
    ask(app)
    sent: list[Any] = []

    def send(message: Any) -> Any:
        sent.append(message["type"])
        return kind(Now(waits, OSError("gone") if len(sent) - 1 == where else None))

    async def main() -> None:
        with pytest.raises(OSError, match="gone"):
            await app.asgi_app(dict(SCOPE), as_coroutine, send)

    asyncio.run(main())
    assert len(sent) == where + 1


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("waits", [False, True])
def test_what_a_view_raises_ends_the_request_once(error: type[BaseException], waits: bool) -> None:
    torn_down: list[Any] = []
    fails = False

    async def view() -> str:
        if fails:
            if waits:
                await asyncio.sleep(0)
            raise error
        return "x"

    app = make(view)
    app.teardown_request(lambda found: torn_down.append(type(found)))
    ask(app)
    torn_down.clear()
    fails = True

    async def main() -> Any:
        coroutine = app.asgi_app(dict(SCOPE), as_coroutine, lambda message: asyncio.sleep(0))
        try:
            await coroutine
        except BaseException as caught:
            return type(caught)
        return None

    found = asyncio.run(main())
    assert found is (None if error is ZeroDivisionError else error)
    assert torn_down == [error]


@pytest.fixture
def collected() -> Iterator[None]:
    gc.collect()
    yield
    gc.collect()


@pytest.mark.usefixtures("collected")
def test_one_that_is_never_awaited() -> None:
    async def view() -> str:
        return "x"

    app = make(view)
    with pytest.warns(RuntimeWarning, match="never awaited"):
        app.asgi_app(dict(SCOPE), as_coroutine, as_coroutine)
        gc.collect()


@pytest.mark.usefixtures("collected")
def test_one_that_is_never_awaited_after_others_were() -> None:
    """Also where it has the memory of one of these."""

    async def view() -> str:
        await asyncio.sleep(0)
        return "x"

    app = make(view)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        pass

    async def main() -> None:
        for _ in range(3):
            await asyncio.gather(*(app.asgi_app(dict(SCOPE), receive, send) for _ in range(20)))

    asyncio.run(main())
    for _ in range(3):
        with pytest.warns(RuntimeWarning, match="never awaited"):
            app.asgi_app(dict(SCOPE), as_coroutine, as_coroutine)
            # PyPy does not count references.
            gc.collect()


@pytest.mark.parametrize(
    "change",
    [
        lambda message: message.update(status=500, more_body=True),
        lambda message: message.update(extra=1),
        lambda message: message.pop("type"),
        lambda message: message.clear(),
        lambda message: message.get("headers", []).append((b"x", b"y")),
        lambda message: None,
    ],
)
def test_a_server_that_changes_or_keeps_messages(change: Callable[[Any], Any]) -> None:
    async def view() -> str:
        return "x"

    app = make(view)
    first = ask(app)
    kept = []

    async def main(keeps: bool) -> None:
        async def send(message: Any) -> None:
            change(message)
            if keeps:
                kept.append((message, repr(message)))

        await app.asgi_app(dict(SCOPE), as_coroutine, send)

    for keeps in (False, True, False, True):
        asyncio.run(main(keeps))
        assert ask(app) == first
    assert [repr(message) for message, _ in kept] == [seen for _, seen in kept]


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("error")
def test_one_that_is_closed_or_cancelled_before_it_runs() -> None:
    async def view() -> str:
        raise AssertionError("it runs")

    app = make(view)
    made: Any = app.asgi_app(dict(SCOPE), as_coroutine, as_coroutine)
    made.close()
    del made

    async def main() -> None:
        task = asyncio.create_task(app.asgi_app(dict(SCOPE), as_coroutine, as_coroutine))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        inner: Any = app.asgi_app(dict(SCOPE), as_coroutine, as_coroutine)
        with pytest.raises(LookupError):
            inner.throw(LookupError())

    asyncio.run(main())


@pytest.mark.parametrize("headers", [[[b"host", b"localhost"]], ((b"host", b"localhost"),)])
def test_headers_in_lists_and_tuples(headers: Any) -> None:
    async def view() -> str:
        return request.headers["Host"]

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> None:
        app = make(view)
        for _ in range(2):
            await app.asgi_app(SCOPE | {"headers": headers}, as_coroutine, send)

    asyncio.run(main())
    assert [message["body"] for message in sent[1::2]] == [b"localhost"] * 2


@pytest.mark.parametrize("body", ["x", b"x", {"a": 1}], ids=["text", "bytes", "json"])
def test_what_a_middleware_does_to_messages(body: Any) -> None:
    """They are its own: nothing of it is in those of the next answer."""

    async def view() -> Any:
        return body

    app = make(view)

    async def ask_twice() -> list[list[Any]]:
        answers: list[list[Any]] = []
        for _ in range(2):
            answers.append([])

            async def send(message: Any, seen: list[Any] = answers[-1]) -> None:
                seen.append({**message, "headers": list(message.get("headers", ()))})
                if "headers" in message:
                    message["headers"].append((b"x-added", b"1"))
                message["status"] = message["more_body"] = message["another"] = message["body"] = 5

            await app.asgi_app(dict(SCOPE), None, send)
        return answers

    first, second = asyncio.run(ask_twice())
    assert first == second and [message["type"] for message in first] == ["http.response.start", "http.response.body"]
    assert first[0]["status"] == 200 and not first[1].get("more_body") and "another" not in first[0]
