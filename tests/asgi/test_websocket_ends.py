"""How a websocket ends: errors, handlers and values before and after it is accepted, and messages that nobody reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import Forbidden

from bolthead import Blueprint, Flask, Response, abort, after_this_request, g, send_file, session, websocket
from bolthead._core.lifecycle import websockets as driver
from bolthead.async_testing import WebsocketRefused
from bolthead.sessions import SecureCookieSessionInterface
from bolthead.signals import appcontext_tearing_down
from bolthead.views import MethodView, View

SCOPE = {"type": "websocket", "path": "/ws", "headers": [(b"host", b"localhost")], "query_string": b""}
REFUSES = {"extensions": {"websocket.http.response": {}}}


def exchange(app: Flask, **more: Any) -> list[Any]:
    """What the application answers to a client that sends one text and leaves when nothing more comes."""
    sent: list[Any] = []

    async def main() -> None:
        incoming: asyncio.Queue[Any] = asyncio.Queue()
        incoming.put_nowait({"type": "websocket.connect"})
        incoming.put_nowait({"type": "websocket.receive", "text": "said"})

        async def send(message: Any) -> None:
            kind = message["type"].removeprefix("websocket.")
            if kind == "accept":
                sent.append((kind, message["headers"]))
            elif kind == "close":
                sent.append((kind, message["code"]))
            elif kind == "send":
                sent.append((kind, message["text"]))
            elif kind == "http.response.start":
                sent.append((message["status"], dict(message["headers"]).get(b"set-cookie")))

        task = asyncio.create_task(
            app.asgi_app({**SCOPE, **REFUSES, **more}, incoming.get, send)  # type: ignore[arg-type]
        )
        await asyncio.wait([task], timeout=0.5)
        incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await task

    asyncio.run(main())
    return sent


def make() -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "key"
    app.logger.disabled = True
    return app


PLACES = ["before", "view", "accepted", "received", "closed"]
ERRORS = {"KeyError": KeyError("x"), "403": Forbidden()}
HANDLERS: dict[str, Any] = {"none": None, "KeyError": KeyError, "403": 403, "500": 500, "Exception": Exception}


def raising(
    place: str, error: Any, handler: Any, log: list[Any], in_thread: bool, owner: str, closes: bool = False
) -> Flask:
    app = make()
    part = Blueprint("part", "site_under_test", root_path="/nowhere")

    def act(here: str) -> None:
        if here == place:
            raise ERRORS[error]

    def hook(func: Callable[..., Any]) -> Callable[..., Any]:
        async def turned(*args: Any) -> Any:
            await asyncio.sleep(0)
            return func(*args)

        return func if in_thread else turned

    def after(response: Any) -> Any:
        log.append(("after", response and response.status_code))
        return response

    def handle(caught: Any) -> Any:
        log.append(("handler", type(caught).__name__))
        return "handled", 418

    async def close(caught: Any) -> Any:
        await websocket.close(4001)

    if handler is not None:
        (app if owner == "app" else part).register_error_handler(handler, close if closes else hook(handle))
    part.before_websocket(hook(lambda: act("before")))
    part.after_websocket(hook(after))
    app.after_websocket(hook(after))
    part.teardown_websocket(hook(lambda caught: log.append(("teardown", type(caught).__name__))))

    @part.websocket("/ws")
    async def view() -> None:
        act("view")
        await websocket.accept()
        act("accepted")
        await websocket.receive()
        act("received")
        await websocket.close(4000)
        act("closed")

    app.register_blueprint(part)
    return app


@pytest.mark.parametrize(("owner", "in_thread"), [("app", False), ("app", True), ("part", False)])
@pytest.mark.parametrize("place", PLACES)
def test_errors_and_their_handlers(place: str, owner: str, in_thread: bool) -> None:
    """They are handled as a request's, before and after the connection is accepted; then no answer can follow."""
    for error, (name, handler) in product(ERRORS, HANDLERS.items()):
        log: list[Any] = []
        sent = exchange(raising(place, error, handler, log, in_thread, owner))
        handled = name in (error, "Exception")
        last = handled or (error == "KeyError" and name == "500")
        status = 418 if last else 403 if error == "403" else 500
        ends = {"before": [(status, None)], "view": [(status, None)], "closed": [("close", 4000)]}
        accepted = [("accept", [])] if place in PLACES[2:] else []
        assert sent == accepted + ends.get(place, [("close", 1011)]), (error, name)
        got = {"KeyError": "KeyError", "403": "Forbidden"}[error] if handled else "InternalServerError"
        unhandled = "KeyError" if error == "KeyError" and not handled else "NoneType"
        assert log == [
            *([("handler", got)] if last else []),
            *(("after", status), ("after", status), ("teardown", unhandled)),
        ], (error, name)


def test_a_handler_that_closes() -> None:
    log: list[Any] = []
    for place, accepted in (("view", []), ("accepted", [("accept", [])])):
        sent = exchange(raising(place, "KeyError", KeyError, log, False, "app", closes=True))
        assert sent == [*accepted, ("close", 4001)]


def failing(where: str) -> Flask:
    app = make()

    @app.websocket("/ws")
    async def view() -> None:
        if where != "refusal":
            await websocket.accept()
        if where != "after":
            abort(500)

    @app.after_websocket
    async def after(response: Any) -> Any:
        if where in ("after", "both", "refusal"):
            raise KeyError
        return response

    @app.errorhandler(500)
    async def handle(error: Any) -> Any:
        if where == "handler":
            raise KeyError
        return "", 418

    return app


@pytest.mark.parametrize("where", ["after", "both", "handler", "refusal"])
def test_errors_of_what_comes_afterwards(where: str) -> None:
    assert exchange(failing(where)) == [(418, None)] if where == "refusal" else [("accept", []), ("close", 1011)]


def test_errors_that_are_raised() -> None:
    """The server gets them: it answers a handshake with 500."""
    for place, sent in (("view", []), ("accepted", [("accept", []), ("close", 1011)])):
        app = raising(place, "KeyError", None, [], False, "app")
        app.testing = True
        found: list[Any] = []
        app.asgi_app = noted(app.asgi_app, found)  # type: ignore[method-assign]
        with pytest.raises(KeyError):
            exchange(app)
        assert found == [{"accept": 0, "close": 1011}[kind] for kind, _ in sent]


def noted(inner: Any, found: list[Any]) -> Any:
    async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
        async def note(message: Any) -> None:
            found.append(message.get("code", 0))
            await send(message)

        await inner(scope, receive, note)

    return asgi_app


@pytest.mark.parametrize("value", ["text", ("text", 401), {"a": 1}, 5])
@pytest.mark.parametrize("place", ["before", "view", "accepted", "after", "after a value"])
def test_values_that_are_returned(place: str, value: Any) -> None:
    """One before the connection is accepted refuses it, one after that is an error."""
    app = make()
    app.before_websocket(lambda: value if place == "before" else None)
    log = []

    @app.websocket("/ws")
    async def view() -> Any:
        if place in ("accepted", "after"):
            await websocket.accept()
        return None if place == "after" else value

    @app.after_websocket
    def after(response: Any) -> Any:
        log.append(response and response.status_code)
        return app.make_response(("own", 409)) if place.startswith("after") else response

    status = 500 if value == 5 else 401 if type(value) is tuple else 200
    wanted = {
        "accepted": [("accept", []), ("close", 1011)],
        "after": [("accept", []), ("close", 1000)],
        "after a value": [(409, None)],
    }
    assert exchange(app) == wanted.get(place, [(status, None)])
    assert log == {"accepted": [500], "after": [None]}.get(place, [status])


class TestClosed:
    @pytest.mark.parametrize("then", ["accept", "send", "receive", "return", "raise", "close", "end"])
    @pytest.mark.parametrize("accepted", [False, True])
    def test_nothing_is_sent_after_it(self, accepted: bool, then: str) -> None:
        app = make()
        caught = []

        @app.websocket("/ws")
        async def view() -> Any:
            if accepted:
                await websocket.accept()
            await websocket.close(4000)
            try:
                if then == "accept":
                    await websocket.accept()
                elif then == "send":
                    await websocket.send("x")
                elif then == "receive":
                    return await websocket.receive() and None
                elif then == "close":
                    await websocket.close(4001)
            except RuntimeError as error:
                caught.append(str(error))
            if then == "raise":
                abort(404)
            return "value" if then == "return" else None

        assert exchange(app) == [("accept", [])] * accepted + [("close", 4000)]
        fails = then == "send" or (not accepted and then in ("accept", "receive"))
        assert caught == ["This websocket was closed or refused before."] * fails


HEADERS: list[Any] = [
    *({"X-A": "b"}, {"X-A": 5}, {"X-A": ["b", "c"]}, [("X-A", "b"), ("X-A", "c")], {}, None),
    *({"X-A": "b\r\nX-B: c"}, [("X-A", "b\nc")]),
]


@pytest.mark.parametrize("headers", HEADERS)
def test_headers_of_accepting(headers: Any) -> None:
    app = make()

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.accept(headers=headers)

    pairs = [*headers.items()] if isinstance(headers, dict) else headers or []
    flat = [(name, one) for name, value in pairs for one in (value if isinstance(value, list) else [value])]
    if any("\n" in str(value) for _, value in flat):
        assert exchange(app) == [(500, None)]
    else:
        wanted = [(name.lower().encode(), str(value).encode()) for name, value in flat]
        assert exchange(app) == [("accept", wanted), ("close", 1000)]


@pytest.mark.parametrize("scheme", [{}, {"scheme": None}, {"scheme": "ws"}, {"scheme": "wss"}])
def test_the_scheme_is_optional(scheme: Any) -> None:
    app = make()

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.send(websocket.url)

    url = f"{scheme.get('scheme') or 'ws'}://localhost/ws"
    assert exchange(app, **scheme) == [("accept", []), ("send", url), ("close", 1000)]


@pytest.mark.parametrize("owner", ["app", "part", "part app"])
def test_url_value_preprocessors(owner: str) -> None:
    app = make()
    part = Blueprint("part", "site_under_test", root_path="/nowhere", url_prefix="/<lang>")
    register = {
        "app": app.url_value_preprocessor,
        "part": part.url_value_preprocessor,
        "part app": part.app_url_value_preprocessor,
    }[owner]

    @register
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        assert values is not None
        g.seen = (endpoint, values.pop("lang"))
        if g.seen[1] == "no":
            abort(404)

    @part.websocket("/ws")
    async def view() -> None:
        await websocket.send(" ".join(g.seen))

    app.register_blueprint(part)
    assert exchange(app, path="/en/ws") == [("accept", []), ("send", "part.view en"), ("close", 1000)]
    assert exchange(app, path="/no/ws") == [(404, None)]


def test_after_this_request() -> None:
    app = make()
    log = []
    app.after_websocket(lambda response: log.append("all") or response)

    @app.websocket("/<kind>")
    async def view(kind: str) -> Any:
        @after_this_request
        async def note(response: Any) -> Any:
            log.append(response and response.status_code)
            return response

        if kind == "refused":
            return "", 401
        await websocket.accept()
        return None

    assert exchange(app, path="/accepted") == [("accept", []), ("close", 1000)]
    assert exchange(app, path="/refused") == [(401, None)]
    assert log == [None, "all", 401, "all"]


class TestSessions:
    def test_a_refusal_saves_it(self) -> None:
        app = make()

        @app.websocket("/ws")
        async def view() -> Any:
            session["a"] = 1
            return "", 401

        status, cookie = exchange(app)[0]
        assert status == 401 and cookie.startswith(b"session=")

    @pytest.mark.parametrize("changed", [True, False])
    def test_a_change_that_is_lost_is_told(self, changed: bool, caplog: pytest.LogCaptureFixture) -> None:
        app = make()
        app.logger.disabled = False

        @app.websocket("/ws")
        async def view() -> None:
            await websocket.accept()
            session.get("a")
            if changed:
                session["a"] = 1

        assert exchange(app) == [("accept", []), ("close", 1000)]
        assert [record.levelname for record in caplog.records] == ["WARNING"] * changed

    def test_one_that_cannot_be_opened(self) -> None:
        """It is an error of the application's, as with a request."""

        class Broken(SecureCookieSessionInterface):
            def open_session(self, app: Any, request: Any) -> Any:
                raise OSError("no store")

        app = make()
        app.session_interface = Broken()
        log: list[Any] = []
        app.teardown_websocket(lambda error: log.append(type(error).__name__))
        app.register_error_handler(OSError, lambda error: ("", 418))
        app.register_error_handler(500, lambda error: ("", 503))
        app.add_websocket("/ws", "ws", lambda: None)
        assert exchange(app) == [(503, None)]
        assert log == ["OSError"]


@pytest.mark.parametrize("replaced", [False, True])
def test_the_application_context_is_torn_down(replaced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make()
    log: list[Any] = []
    app.teardown_appcontext(lambda error: log.append("function"))
    if replaced:
        monkeypatch.setattr(app, "do_teardown_appcontext", lambda error=None: log.append("method"))

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.accept()

    def receiver(sender: Any, exc: Any) -> None:
        log.append("signal")

    with appcontext_tearing_down.connected_to(receiver, app):
        exchange(app)
    assert log == (["method"] if replaced else ["function", "signal"])


@pytest.mark.parametrize("kind", ["view", "method view"])
def test_view_classes_hold_no_thread(kind: str) -> None:
    app = make()
    app.config["ASGI_THREADS"] = 1
    both = asyncio.Barrier(2)

    class Plain(View):
        async def dispatch_request(self, n: int) -> Any:
            await websocket.accept()
            await both.wait()
            await websocket.send(str(n))

    class Method(MethodView):
        async def get(self, n: int) -> Any:
            return await Plain().dispatch_request(n)

    view = (Plain if kind == "view" else Method).as_view("ws")
    app.add_websocket("/<int:n>", view_func=view)

    async def main() -> Any:
        client = app.async_test_client()
        async with asyncio.timeout(5), client.websocket("/1") as one, client.websocket("/2") as two:
            return [await one.receive(), await two.receive()]

    assert asyncio.run(main()) == ["1", "2"]


class TestUnreadMessages:
    """Those of a client that the view does not receive."""

    def talk(self, size: int, number: int, view: Callable[[], Any], leaves: bool) -> list[Any]:
        app = make()
        log: list[Any] = []
        app.add_websocket("/ws", "ws", view)
        app.teardown_websocket(lambda error: log.append(type(error).__name__))

        async def main() -> None:
            incoming: asyncio.Queue[Any] = asyncio.Queue()
            incoming.put_nowait({"type": "websocket.connect"})
            message = {"type": "websocket.receive", "bytes": b"x" * size}

            async def send(message: Any) -> None:
                log.append(message.get("code") or message.get("text") or "accept")

            for _ in range(number):
                incoming.put_nowait(message)
            if leaves:
                incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
            scope = {**SCOPE, **REFUSES}
            async with asyncio.timeout(10):
                await app.asgi_app(scope, incoming.get, send)  # type: ignore[arg-type]
            log.append(incoming.qsize())

        asyncio.run(main())
        return log

    @pytest.mark.parametrize(("size", "number"), [(0, 2000), (1000, 600), (300_000, 3)])
    def test_a_client_that_leaves_is_noticed(self, size: int, number: int) -> None:
        async def view() -> None:
            await websocket.accept()
            await asyncio.Event().wait()

        assert self.talk(size, number, view, True) == ["accept", "CancelledError", 0]

    @pytest.mark.parametrize(("size", "number"), [(0, 3000), (1000, 2000), (300_000, 9)])
    def test_a_view_that_takes_none(self, size: int, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is cancelled, after a while, since nobody knows whether the client is there."""
        monkeypatch.setattr(driver, "UNREAD_SECONDS", 0.01)

        async def view() -> None:
            await websocket.accept()
            await asyncio.Event().wait()

        *log, left = self.talk(size, number, view, False)
        assert log == ["accept", 1008, "CancelledError"]
        assert 0 < left < number

    @pytest.mark.parametrize(("size", "number"), [(0, 3000), (300_000, 9)])
    def test_a_view_that_takes_them_late_gets_all(self, size: int, number: int) -> None:
        async def view() -> None:
            await websocket.accept()
            await asyncio.sleep(0.01)
            for _ in range(number):
                assert len(await websocket.receive()) == size
            await websocket.send("all")

        assert self.talk(size, number, view, False) == ["accept", "all", 1000, "NoneType", 0]


def refused_with(make_answer: Callable[[], Any]) -> list[Any]:
    """The messages of an application that refuses a websocket with what *make_answer* returns."""
    sent: list[Any] = []
    app = make()
    app.websocket("/ws")(make_answer)

    async def main() -> None:
        incoming: asyncio.Queue[Any] = asyncio.Queue()
        incoming.put_nowait({"type": "websocket.connect"})

        async def send(message: Any) -> None:
            sent.append(message)

        await app.asgi_app({**SCOPE, **REFUSES}, incoming.get, send)  # type: ignore[arg-type]

    asyncio.run(main())
    return sent


class TestRefusals:
    """A refusal may be any response. It is sent whole, since Granian takes no pieces, and closed."""

    @pytest.mark.parametrize("kind", ["generator", "async generator", "list", "file", "text"])
    def test_bodies(self, kind: str, tmp_path: Path) -> None:
        closed: list[str] = []
        path = tmp_path / "why.txt"
        path.write_text("no entry")

        async def async_pieces() -> Any:
            try:
                yield "no "
                await asyncio.sleep(0)
                yield b"entry"
            finally:
                closed.append("generator")

        def pieces() -> Any:
            try:
                yield "no "
                yield b"entry"
            finally:
                closed.append("generator")

        def answer() -> Any:
            if kind == "file":
                made = send_file(path)
            elif kind.endswith("generator"):
                made = Response(pieces() if kind == "generator" else async_pieces())
            else:
                made = Response(["no ", "entry"] if kind == "list" else "no entry")
            made.call_on_close(lambda: closed.append("response"))
            made.status_code = 403
            return made

        start, body = refused_with(answer)
        assert start["type"] == "websocket.http.response.start" and start["status"] == 403
        assert body == {"type": "websocket.http.response.body", "body": b"no entry", "more_body": False}
        # PARITY: of a response in direct passthrough a WSGI server closes the file alone.
        assert closed == ["generator"] * kind.endswith("generator") + ["response"] * (kind != "file")

    def test_one_that_fails_halfway(self) -> None:
        def answer() -> Any:
            def pieces() -> Any:
                yield "no "
                raise KeyError("entry")

            return pieces(), 403

        start, body = refused_with(answer)
        assert start["status"] == 500
        assert b"Internal Server Error" in body["body"]

    def test_the_async_client_reads_all_of_it(self) -> None:
        app = make()

        @app.websocket("/ws")
        def view() -> Any:
            return (text for text in ("no ", "entry")), 403

        async def main() -> str:
            with pytest.raises(WebsocketRefused) as refused:
                async with app.async_test_client().websocket("/ws") as connection:
                    await connection.receive()
            return refused.value.response.text  # type: ignore[union-attr]

        assert asyncio.run(main()) == "no entry"


class TestCloseCodes:
    def close(self, code: Any, reason: str = "") -> tuple[Any, list[Any]]:
        app = make()
        raised: Any = None

        @app.websocket("/ws")
        async def view() -> None:
            nonlocal raised
            await websocket.accept()
            try:
                await websocket.close(code, reason)
            except Exception as error:
                raised = error
                raise

        sent = exchange(app)
        return raised, sent

    def test_every_code(self) -> None:
        """Those are sent that the library of websockets takes, and no others."""

        frames = pytest.importorskip("websockets.frames")
        exceptions = pytest.importorskip("websockets.exceptions")

        def may_be_sent(code: int) -> bool:
            try:
                frames.Close(code, "").check()
            except exceptions.ProtocolError:
                return False
            return True

        for code in (*range(990, 1030), 2999, 3000, 4999, 5000, 0, -1, 65536):
            raised, sent = self.close(code)
            if may_be_sent(code):
                assert sent == [("accept", []), ("close", code)] and raised is None
            else:
                assert type(raised) is ValueError and str(code) in str(raised)
                assert sent == [("accept", []), ("close", 1011)]

    @pytest.mark.parametrize("code", ["1000", None, 1000.5])
    def test_what_is_no_code(self, code: Any) -> None:
        raised, sent = self.close(code)
        assert type(raised) is ValueError and sent[-1] == ("close", 1011)

    @pytest.mark.parametrize(
        ("reason", "fits"), [("x" * 123, True), ("x" * 124, False), ("é" * 61, True), ("é" * 62, False)]
    )
    def test_the_length_of_a_reason(self, reason: str, fits: bool) -> None:
        raised, sent = self.close(4000, reason)
        assert sent[-1] == ("close", 4000 if fits else 1011)
        assert fits or type(raised) is ValueError
