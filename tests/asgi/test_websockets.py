"""Websockets: messages both ways, hooks in their order, refusals, close codes, clients that leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import bolthead
from bolthead import Blueprint, Flask, g, request, session, websocket
from bolthead._core.lifecycle import websockets as driver
from bolthead.async_testing import AsyncFlaskClient, TestWebsocket, WebsocketClosed, WebsocketRefused
from bolthead.websockets import Websocket


def make() -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "key"
    return app


def talk(app: Flask, path: str, use: Callable[[TestWebsocket], Any], **options: Any) -> Any:
    async def main() -> Any:
        client = app.async_test_client()
        async with client.websocket(path, **options) as ws:
            found = await use(ws)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return found

    return asyncio.run(main())


def test_echo() -> None:
    app = make()

    @app.websocket("/ws/<int:n>")
    async def echo(n: int) -> None:
        assert request._get_current_object() is websocket._get_current_object()  # type: ignore[attr-defined]
        while True:
            data = await websocket.receive()
            await websocket.send(data * n)

    async def use(ws: TestWebsocket) -> Any:
        await ws.send("a")
        await ws.send(b"b")
        return await ws.receive(), await ws.receive()

    assert talk(app, "/ws/2", use) == ("aa", b"bb")


def test_json_args_headers_cookies_and_the_session() -> None:
    app = make()

    @app.get("/login")
    async def login() -> str:
        session["name"] = "me"
        return "x"

    @app.websocket("/ws")
    async def view() -> None:
        value = await websocket.receive_json()
        await websocket.send_json(value, websocket.args["a"], websocket.headers["X-A"], session["name"])
        await websocket.send_json(a=1)
        await websocket.send_json([1])

    async def main() -> Any:
        client = app.async_test_client()
        await client.get("/login")
        async with client.websocket("/ws?a=b", headers={"X-A": "c"}) as ws:
            await ws.send_json({"x": None})
            return [await ws.receive_json() for _ in range(3)]

    assert asyncio.run(main()) == [[{"x": None}, "b", "c", "me"], {"a": 1}, [1]]


def test_accepting_by_hand() -> None:
    app = make()

    @app.websocket("/ws")
    async def view() -> None:
        assert websocket.requested_subprotocols == ["one", "two"]
        await websocket.accept(headers={"X-A": "b", "Set-Cookie": "c=d"}, subprotocol="two")
        await websocket.accept()

    async def use(ws: TestWebsocket) -> Any:
        await ws.accept()
        with pytest.raises(WebsocketClosed) as closed:
            await ws.receive()
        cookie: Any = ws._client.get_cookie("c")
        return ws.subprotocol, ws.headers["X-A"], closed.value.code, cookie.value

    assert talk(app, "/ws", use, subprotocols=["one", "two"]) == ("two", "b", 1000, "d")


def test_hooks_in_their_order() -> None:
    log: list[Any] = []
    app = make()
    blueprint = Blueprint("part", "site_under_test", root_path="/nowhere", url_prefix="/part")

    def hook(name: str, asynchronous: bool) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            log.append((name, args))
            g.seen = (*g.get("seen", ()), name)
            return args[0] if args and name.startswith("after") else None

        async def turned(*args: Any) -> Any:
            await asyncio.sleep(0)
            return called(*args)

        return turned if asynchronous else called

    for n, owner in enumerate((app, blueprint)):
        for name in ("before", "after", "teardown"):
            getattr(owner, f"{name}_websocket")(hook(f"{name} {n}", False))
            getattr(owner, f"{name}_websocket")(hook(f"{name} {n} async", True))
    blueprint.before_app_websocket(hook("before app", True))
    app.teardown_appcontext(hook("teardown app", False))
    app.before_request(hook("never", False))

    @blueprint.websocket("/ws")
    async def view() -> None:
        await websocket.send(",".join(g.seen))

    app.register_blueprint(blueprint)

    async def use(ws: TestWebsocket) -> Any:
        found = await ws.receive()
        with pytest.raises(WebsocketClosed):
            await ws.receive()
        return found

    assert talk(app, "/part/ws", use) == "before 0,before 0 async,before app,before 1,before 1 async"
    assert [entry for entry in log if not entry[0].startswith("before")] == [
        *(("after 1 async", (None,)), ("after 1", (None,)), ("after 0 async", (None,)), ("after 0", (None,))),
        *(("teardown 1 async", (None,)), ("teardown 1", (None,))),
        *(("teardown 0 async", (None,)), ("teardown 0", (None,)), ("teardown app", (None,))),
    ]


class TestRefusals:
    @pytest.mark.parametrize("where", ["view", "hook", "abort", "handler", "nowhere", "not a websocket"])
    def test_with_a_response(self, where: str) -> None:
        app = make()

        @app.before_websocket
        def before() -> Any:
            return ("hook", 401) if where == "hook" else None

        @app.websocket("/ws")
        async def view() -> Any:
            if where in ("abort", "handler"):
                bolthead.abort(403)
            return "view", 402, {"X-A": "b"}

        app.add_url_rule("/page", "page", lambda: "page")
        if where == "handler":
            app.register_error_handler(403, lambda error: ("handled", 418))

        async def use(ws: TestWebsocket) -> Any:
            with pytest.raises(WebsocketRefused) as refused:
                await ws.accept()
            response: Any = refused.value.response
            return response.status_code, response.text[:7]

        path = {"nowhere": "/nope", "not a websocket": "/page"}.get(where, "/ws")
        wanted = {
            "view": (402, "view"),
            "hook": (401, "hook"),
            "abort": (403, "<!docty"),
            "handler": (418, "handled"),
            "nowhere": (404, "<!docty"),
            "not a websocket": (400, "<!docty"),
        }
        assert talk(app, path, use) == wanted[where]

    def test_by_closing(self) -> None:
        app = make()

        @app.websocket("/ws")
        async def view() -> None:
            await websocket.close(1008)

        async def use(ws: TestWebsocket) -> Any:
            with pytest.raises(WebsocketRefused) as refused:
                await ws.accept()
            return refused.value.response

        assert talk(app, "/ws", use) is None


def test_close_codes() -> None:
    app = make()
    app.logger.disabled = True

    @app.websocket("/ws/<kind>")
    async def view(kind: str) -> None:
        await websocket.accept()
        if kind == "own":
            await websocket.close(4001, "enough")
        if kind == "error":
            raise KeyError

    async def use(ws: TestWebsocket) -> Any:
        with pytest.raises(WebsocketClosed) as closed:
            await ws.receive()
        return closed.value.code, closed.value.reason

    assert talk(app, "/ws/own", use) == (4001, "enough")
    assert talk(app, "/ws/error", use) == (1011, "")
    assert talk(app, "/ws/end", use) == (1000, "")
    app.testing = True
    with pytest.raises(KeyError):
        talk(app, "/ws/error", use)


def test_the_client_closes() -> None:
    """The view ends as with any client that leaves; a message before that is still read."""
    app = make()
    log: list[Any] = []

    @app.websocket("/ws")
    async def view() -> None:
        try:
            while True:
                log.append(await websocket.receive())
        except asyncio.CancelledError:
            log.append("gone")
            raise

    async def use(ws: TestWebsocket) -> Any:
        await ws.send("last")
        await ws.close(4002, "enough")
        with pytest.raises(WebsocketClosed):
            await ws.receive()

    talk(app, "/ws", use)
    assert log == ["last", "gone"]


@pytest.mark.parametrize("place", ["receive", "sleep", "queue"])
def test_a_client_that_leaves(place: str) -> None:
    app = make()
    log = []

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.send("ready")
        try:
            if place == "receive":
                await websocket.receive()
            elif place == "queue":
                await asyncio.sleep(0)
                while True:
                    await websocket.receive()
            else:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    @app.teardown_websocket
    async def teardown(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        log.append(type(error).__name__)

    async def use(ws: TestWebsocket) -> Any:
        return await ws.receive()

    assert talk(app, "/ws", use) == "ready"
    assert log == ["cancelled", "CancelledError"]


@pytest.mark.parametrize("talk_first", ["timeout", "sender", "receiver", "nothing"])
def test_a_client_that_leaves_a_view_that_waits(talk_first: str) -> None:
    """What a view or a task of it has said and heard before does not hide that the client has gone."""
    app = make()
    log = []

    async def send_two() -> None:
        await websocket.send("1")
        await websocket.send("2")

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.send("ready")
        tasks = []
        if talk_first == "timeout":
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await websocket.receive()
        elif talk_first == "sender":
            tasks.append(asyncio.create_task(bolthead.copy_current_request_context(send_two)()))
        elif talk_first == "receiver":
            # The client reads one message of two that wait, so that this receives while the view's send waits.
            tasks.append(asyncio.create_task(bolthead.copy_current_request_context(websocket.receive)()))
            await websocket.send("1")
            await websocket.send("2")
            log.append(await tasks[0])
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def use(ws: TestWebsocket) -> Any:
        assert await ws.receive() == "ready"
        if talk_first == "receiver":
            await ws.send("heard")
        for _ in range(20):
            await asyncio.sleep(0)
        if talk_first in ("sender", "receiver"):
            assert [await ws.receive(), await ws.receive()] == ["1", "2"]
        await asyncio.sleep(0.02)

    talk(app, "/ws", use)
    assert log == ["heard"] * (talk_first == "receiver") + ["cancelled"]


class TestContexts:
    """A handshake makes its context in a short way as long as nothing of it is replaced."""

    def found(self, app: Flask) -> Any:
        """What two connections see; the host of the second one is known."""

        @app.get("/page")
        async def page() -> str:
            return ""

        @app.websocket("/ws/<int:n>")
        async def view(n: int) -> None:
            environ = {key: value for key, value in websocket.environ.items() if isinstance(value, (str, bool))}
            urls = bolthead.url_for("page"), bolthead.url_for("view", n=2), bolthead.url_for("page", _external=True)
            seen = environ, urls, websocket.url, dict(websocket.cookies), websocket.view_args, str(websocket.url_rule)
            await websocket.send_json(
                *seen, websocket.method, session.get("name"), type(websocket._connection).__name__
            )

        async def use(ws: TestWebsocket) -> Any:
            return await ws.receive_json()

        headers = {"Cookie": "a=b", "Connection": "Upgrade", "Upgrade": "websocket", "X-A": "1"}
        return [talk(app, "/ws/1?q=1", use, headers=headers) for _ in range(2)]

    def test_what_is_seen(self) -> None:
        app = make()
        long_way = make()
        long_way.websocket_context = lambda environ: Flask.websocket_context(long_way, environ)  # type: ignore[method-assign]
        found = self.found(app)
        assert found[0] == found[1]
        assert found == self.found(long_way)

    @pytest.mark.parametrize("part", ["instance", "class", "websocket", "init", "environ"])
    def test_what_is_replaced(self, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = []
        app = make()

        @app.websocket("/ws")
        async def view() -> None:
            await websocket.send(websocket.path)

        async def use(ws: TestWebsocket) -> Any:
            return await ws.receive()

        def note(func: Any) -> Any:
            def noted(*args: Any) -> Any:
                calls.append(part)
                return func(*args)

            return noted

        for _ in range(3):
            assert talk(app, "/ws", use) == "/ws"
        made = app.websocket_context
        if part == "instance":
            app.websocket_context = note(made)  # type: ignore[method-assign]
        elif part == "class":
            monkeypatch.setattr(Flask, "websocket_context", note(Flask.websocket_context))
        elif part == "websocket":
            app.websocket_class = type("Own", (Websocket,), {"__init__": note(Websocket.__init__)})
        elif part == "init":
            monkeypatch.setattr(Websocket, "__init__", note(Websocket.__init__))
        else:
            own = property(note(lambda self: vars(self)["environ"]), lambda self, made: vars(self).update(environ=made))
            monkeypatch.setattr(Websocket, "environ", own)
        assert talk(app, "/ws", use) == "/ws"
        assert calls


def test_messages_that_come_while_the_view_waits_for_something_else() -> None:
    app = make()
    total = 100

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.accept()
        for _ in range(5):
            await asyncio.sleep(0)
        for _ in range(total):
            await websocket.send(await websocket.receive())

    async def use(ws: TestWebsocket) -> Any:
        for n in range(total):
            await ws.send(str(n))
        return [await ws.receive() for _ in range(total)]

    assert talk(app, "/ws", use) == [str(n) for n in range(total)]


def test_a_rule_for_requests_beside_it() -> None:
    app = make()

    @app.get("/x")
    async def page() -> str:
        return "page"

    @app.websocket("/x")
    async def ws() -> None:
        await websocket.send("ws")

    async def use(ws: TestWebsocket) -> Any:
        return await ws.receive()

    assert talk(app, "/x", use) == "ws"
    assert app.test_client().get("/x").text == "page"


@pytest.mark.parametrize("client", ["wsgi", "asgi"])
def test_a_request_for_a_websocket(client: str) -> None:
    app = make()

    @app.websocket("/ws")
    async def view() -> None: ...

    async def ask() -> Any:
        return await AsyncFlaskClient(app, app.response_class).get("/ws")

    response = app.test_client().get("/ws") if client == "wsgi" else asyncio.run(ask())
    assert response.status_code == 426
    assert response.headers["Upgrade"] == "websocket"
    assert "bolthead serve --asgi" in response.text


UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}


@pytest.mark.parametrize("client", ["wsgi", "asgi"])
def test_a_handshake_that_comes_as_a_request(client: str) -> None:
    """As a WSGI server hands it on, and an ASGI server without websockets. No function of the websocket's is called."""
    app = make()
    app.add_url_rule("/page", "page", lambda: "page")
    app.add_url_rule("/both", "page")
    app.add_url_rule("/flask", "flask", lambda: "as in Flask", websocket=True)
    blueprint = Blueprint("part", "site_under_test", root_path="/nowhere", url_prefix="/part")
    called = []

    for owner in (app, blueprint):

        @owner.websocket("/ws/<int:n>", endpoint="ws")
        @owner.websocket("/both", endpoint="both")
        async def view(n: int = 0) -> str:
            called.append(n)
            return "answer"

    @app.before_websocket
    def refuse() -> None:
        called.append(-1)

    app.register_blueprint(blueprint)

    def status(path: str, headers: dict[str, str]) -> tuple[int, str | None]:
        async def ask() -> Any:
            return await AsyncFlaskClient(app, app.response_class).get(path, headers=headers)

        response = app.test_client().get(path, headers=headers) if client == "wsgi" else asyncio.run(ask())
        return response.status_code, response.headers.get("Upgrade")

    paths = ["/ws/1", "/both", "/page", "/flask", "/part/ws/1", "/part/both", "/nothing"]
    needed = (426, "websocket")
    found = [[status(path, headers) for path in paths] for headers in ({}, UPGRADE)]
    assert found == [
        [needed, (200, None), (200, None), needed, needed, needed, (404, None)],
        [needed, needed, (400, None), (200, None), needed, needed, (404, None)],
    ]
    assert called == []


class Gone(OSError):
    """What a server raises that is to send to a client that has gone, by ASGI 2.4."""


class Lost:
    """A server that cannot send message *failing* any more, and has told nothing of it yet."""

    def __init__(self, error: Exception, failing: str, told: bool) -> None:
        self.error = error
        self.failing = failing
        self.told = told
        self.messages = [{"type": "websocket.connect"}]
        self.failed = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop()
        await self.failed.wait()
        await asyncio.sleep(0 if self.told else 100)
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == self.failing:
            self.failed.set()
        if self.failed.is_set():
            raise self.error


def talk_to_lost(failing: str, error: Exception, told: bool, in_task: str = "") -> list[Any]:
    app = make()
    app.testing = True
    log: list[Any] = []

    async def speak() -> None:
        try:
            await websocket.accept()
            await websocket.send("1")
            await websocket.close()
        except BaseException as caught:
            log.append(type(caught).__name__)
            raise

    @app.websocket("/ws")
    async def view() -> None:
        if in_task == "group":
            await websocket.accept()
            async with asyncio.TaskGroup() as group:
                group.create_task(speak())
                while True:
                    await websocket.receive()
        elif in_task == "copy":
            await asyncio.create_task(bolthead.copy_current_request_context(speak)())
        else:
            await speak()

    @app.teardown_websocket
    def teardown(caught: BaseException | None) -> None:
        log.append(type(caught).__name__)

    async def main() -> None:
        scope = {"type": "websocket", "path": "/ws", "headers": [(b"host", b"a")], "query_string": b"", "scheme": "ws"}
        server = Lost(error, failing, told)
        try:
            await app.asgi_app(scope, server.receive, server.send)
        except Exception as caught:
            log.append(caught)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    return log


SENT = ["websocket.accept", "websocket.send", "websocket.close"]


@pytest.mark.parametrize("in_task", ["", "group", "copy"])
@pytest.mark.parametrize("failing", SENT)
def test_sending_to_a_client_that_has_gone(failing: str, in_task: str) -> None:
    """It is no error of the application's: the view is cancelled, as where the server tells it by a message."""
    wanted = ["CancelledError"] if (failing, in_task) == ("websocket.accept", "group") else ["CancelledError"] * 2
    for told in (True, False):
        if in_task != "group" or told:
            assert talk_to_lost(failing, Gone(), told, in_task) == wanted


@pytest.mark.parametrize("failing", SENT)
def test_sending_fails_before_the_server_knows_why(failing: str) -> None:
    assert talk_to_lost(failing, RuntimeError("closed"), True) == ["CancelledError", "CancelledError"]
    error = RuntimeError("something else")
    assert talk_to_lost(failing, error, False) == ["RuntimeError", "RuntimeError", error]


def test_sending_to_another_s_client_that_has_gone() -> None:
    app = make()
    others: list[Websocket] = []
    caught = []

    @app.websocket("/listen")
    async def listen() -> None:
        others.append(websocket._get_current_object())  # type: ignore[attr-defined]
        await websocket.accept()
        await asyncio.Event().wait()

    @app.websocket("/speak")
    async def speak() -> None:
        try:
            await others[0].send("x")
        except OSError as error:
            caught.append(error)
        await websocket.send("still here")

    async def main() -> Any:
        scope = {"type": "websocket", "headers": [(b"host", b"a")], "query_string": b"", "scheme": "ws"}
        server = Lost(Gone(), "websocket.send", False)
        task = asyncio.create_task(
            app.asgi_app({**scope, "path": "/listen"}, server.receive, server.send)  # type: ignore[arg-type]
        )
        await asyncio.sleep(0)
        async with app.async_test_client().websocket("/speak") as ws:
            said = await ws.receive()
        task.cancel()
        await asyncio.wait([task])
        return said

    assert asyncio.run(main()) == "still here"
    assert len(caught) == 1


def test_outside_of_one() -> None:
    app = make()
    with pytest.raises(RuntimeError, match="websocket"):
        websocket.args  # noqa: B018
    with app.test_request_context("/"), pytest.raises(RuntimeError, match="websocket"):
        websocket.args  # noqa: B018


def test_only_text_and_bytes_are_sent() -> None:
    app = make()
    app.testing = True

    @app.websocket("/ws")
    async def view() -> None:
        await websocket.send(5)  # type: ignore[arg-type]

    async def use(ws: TestWebsocket) -> Any:
        await ws.receive()

    with pytest.raises((TypeError, WebsocketClosed)):
        talk(app, "/ws", use)


def test_the_connection_of_the_current_websocket() -> None:
    app = make()

    @app.websocket("/ws")
    async def ws() -> None:
        connection = websocket._connection
        assert type(connection) is driver.Connection
        before = (connection.accepted, connection.closed)
        await websocket.send("text")
        assert (*before, connection.accepted, connection.closed) == (False, False, True, False)
        assert connection.scope is websocket.environ["asgi.scope"] and connection.scope["type"] == "websocket"

    assert talk(app, "/ws", lambda opened: opened.receive()) == "text"


def test_the_test_client_sends_what_a_client_can() -> None:
    app = Flask("site_under_test")

    @app.websocket("/")
    async def echo() -> None:
        await websocket.send(await websocket.receive())

    async def use() -> str | bytes:
        async with app.async_test_client() as client, client.websocket("/") as socket:
            with pytest.raises(TypeError, match="not dict"):
                await socket.send({"a": 1})  # type: ignore[arg-type]
            await socket.send_json({"a": 1})
            return await socket.receive()

    assert asyncio.run(use()) == '{"a": 1}'
