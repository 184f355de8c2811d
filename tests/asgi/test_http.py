"""The ASGI driver: where functions run, in which order, with which variables; answers of every kind; errors."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib
import io
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import flask
import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

import bolthead
from bolthead import Flask, Response, after_this_request, g, request, session, stream_with_context
from bolthead.async_testing import AsyncFlaskClient, scope_of

LOOP = "loop"
THREAD = "thread"


def where() -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return THREAD
    return LOOP


def make() -> Flask:
    app = Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "key"
    return app


def run(app: Flask, use: Callable[[AsyncFlaskClient], Any]) -> Any:
    async def main() -> Any:
        found = await use(AsyncFlaskClient(app, app.response_class))
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return found

    return asyncio.run(main())


def get(app: Flask, path: str = "/", **kwargs: Any) -> Any:
    response = run(app, lambda client: client.open(path, **kwargs))
    return response.status_code, response.get_data(as_text=True)


KINDS = ("sync", "async")


def as_kind(kind: str, func: Callable[..., Any]) -> Callable[..., Any]:
    """*func*, or a coroutine function that gives the loop a turn before and after it."""
    if kind == "sync":
        return func

    @functools.wraps(func)
    async def turned(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        try:
            return func(*args, **kwargs)
        finally:
            await asyncio.sleep(0)

    return turned


class Failure(Exception):
    pass


def story(fw: Any, kinds: dict[str, str], fails: str | None) -> tuple[Any, list[Any]]:
    """An application of *fw* with a function of each sort, which tells what is called."""
    log: list[Any] = []
    app = fw.Flask("site_under_test", root_path="/nowhere")
    app.secret_key = "key"

    def says(name: str, value: Any = None) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            log.append((name, [type(arg).__name__ for arg in args if not isinstance(arg, fw.Response)]))
            if name in ("before", "view", "after"):
                fw.g.seen = (*fw.g.get("seen", ()), name)
                fw.session[name] = len(fw.session)
            if name == fails:
                raise Failure(name)
            if name == "after":
                args[0].headers["X-Seen"] = " ".join(fw.g.seen)
                return args[0]
            if name == "view":
                fw.after_this_request(as_kind(kinds["after"], lambda response: log.append("this") or response))
            return value

        called.__name__ = name
        return as_kind(kinds.get(name, "sync"), called)

    app.url_value_preprocessor(says("values"))
    app.before_request(says("before"))
    app.before_request(says("before_again"))
    app.add_url_rule("/", "view", says("view", "text"))
    app.after_request(says("after"))
    app.teardown_request(says("teardown"))
    app.teardown_appcontext(says("app_teardown"))
    app.register_error_handler(Failure, says("handler", ("handled", 418)))
    return app, log


@pytest.mark.parametrize("fails", [None, "values", "before", "view", "after", "handler", "404"])
@pytest.mark.parametrize("kinds", list(itertools.product(KINDS, repeat=5)), ids="-".join)
def test_the_order_is_flasks(kinds: tuple[str, ...], fails: str | None) -> None:
    names = dict(zip(("before", "view", "after", "handler", "teardown"), kinds, strict=True))
    names["app_teardown"] = names["teardown"]
    path = "/nowhere" if fails == "404" else "/"
    outcomes = []
    for fw in (flask, bolthead):
        app, log = story(fw, names, "view" if fails == "handler" else fails)
        if fails == "handler":

            def handler(error: Failure) -> Any:
                raise error

            app.register_error_handler(Failure, as_kind(names["handler"], handler))
        app.logger.disabled = True
        if fw is flask:
            response = app.test_client().get(path)
        else:
            response = run(app, lambda client: client.get(path))
        cookie = response.headers.get("Set-Cookie", "").partition(".")[0]
        seen = response.headers.get("X-Seen"), cookie
        outcomes.append((response.status_code, response.get_data(), seen, log))
    assert outcomes[0] == outcomes[1]


def test_async_on_the_loop_and_sync_in_one_thread() -> None:
    app = make()
    places = []

    def note(*args: Any) -> Any:
        places.append((where(), threading.get_ident()))
        return args[0] if args and isinstance(args[0], Response) else None

    app.before_request(note)
    app.before_request(note)
    app.after_request(note)
    app.teardown_request(note)

    @app.get("/")
    def view() -> str:
        note()
        return "x"

    @app.get("/async")
    async def async_view() -> str:
        note()
        return "x"

    assert get(app) == (200, "x")
    assert {place for place, _ in places} == {THREAD}
    assert len({thread for _, thread in places}) == 1
    places.clear()
    assert get(app, "/async") == (200, "x")
    assert [place for place, _ in places] == [THREAD, THREAD, LOOP, THREAD, THREAD]


def test_an_async_view_alone_never_leaves_the_loop() -> None:
    app = make()

    @app.get("/")
    async def view() -> Any:
        session["x"] = 1
        return {"a": where()}

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        assert where() == LOOP

    assert get(app) == (200, '{"a":"loop"}\n')
    assert "_asgi_pool" not in vars(app)


@pytest.mark.parametrize("kinds", list(itertools.product(KINDS, repeat=3)), ids="-".join)
def test_variables_and_their_tokens_hold_for_the_whole_request(kinds: tuple[str, ...]) -> None:
    var: contextvars.ContextVar[str] = contextvars.ContextVar("var", default="none")
    app = make()
    seen = []

    def before() -> None:
        g.token = var.set("before")

    def view() -> str:
        seen.append(var.get())
        g.second = var.set("view")
        return "x"

    def after(response: Response) -> Response:
        seen.append(var.get())
        var.reset(g.second)
        seen.append(var.get())
        var.reset(g.token)
        seen.append(var.get())
        return response

    app.before_request(as_kind(kinds[0], before))
    app.add_url_rule("/", "view", as_kind(kinds[1], view))
    app.after_request(as_kind(kinds[2], after))
    assert get(app) == (200, "x")
    assert seen == ["before", "view", "before", "none"]
    assert var.get() == "none"


def test_two_requests_interleaved_at_every_await() -> None:
    app = make()

    @app.before_request
    async def before() -> None:
        g.name = request.args["name"]
        await asyncio.sleep(0)
        session["name"] = g.name

    @app.get("/")
    async def view() -> Any:
        for _ in range(5):
            await asyncio.sleep(0)
            assert g.name == request.args["name"] == session["name"]
        return g.name

    @app.get("/sync")
    def sync() -> str:
        assert g.name == request.args["name"] == session["name"]
        return str(g.name)

    @app.after_request
    async def after(response: Response) -> Response:
        await asyncio.sleep(0)
        response.headers["X-Name"] = g.name
        return response

    async def use(client: AsyncFlaskClient) -> Any:
        paths = [("/" if n % 3 else "/sync") + f"?name={n}" for n in range(30)]
        clients = [AsyncFlaskClient(app, app.response_class) for _ in paths]
        return await asyncio.gather(*(one.get(path) for one, path in zip(clients, paths, strict=True)))

    found = run(app, use)
    assert [(r.text, r.headers["X-Name"]) for r in found] == [(str(n), str(n)) for n in range(30)]


class OwnError(Exception):
    pass


def test_the_entry_is_awaited_as_a_coroutine_is() -> None:
    """Servers await it or make a task of it; wrong scopes fail either way."""
    app = make()

    @app.get("/")
    async def view() -> str:
        await asyncio.sleep(0)
        return "x"

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}

    async def main() -> None:
        await app.asgi_app(scope, receive, send)
        await asyncio.create_task(app.asgi_app(scope, receive, send))
        await asyncio.ensure_future(app.asgi_app(scope, receive, send))
        await asyncio.wait_for(app.asgi_app(scope, receive, send), 60)
        with pytest.raises(ValueError, match="type 'other'"):
            await app.asgi_app({"type": "other"}, receive, send)

    asyncio.run(main())
    asyncio.run(app.asgi_app(scope, receive, send))  # type: ignore[arg-type]
    assert sent == ["http.response.start", "http.response.body"] * 5


class TestAnswers:
    def test_kinds(self) -> None:
        app = make()

        async def numbers() -> AsyncIterator[str]:
            for n in range(3):
                await asyncio.sleep(0)
                yield f"{n}"

        def letters() -> Iterator[str]:
            yield from "abc"

        async def bytes_of() -> AsyncIterator[bytes]:
            yield b"bytes"

        views: dict[str, tuple[Any, str]] = {
            "text": (lambda: "text", "text"),
            "bytes": (lambda: b"bytes", "bytes"),
            "dict": (lambda: {"a": 1}, '{"a":1}\n'),
            "list": (lambda: [1], "[1]\n"),
            "generator": (letters, "abc"),
            "async_generator": (numbers, "012"),
            "async_bytes": (lambda: (bytes_of(), 200, {"X-A": "b"}), "bytes"),
            "response": (lambda: Response(numbers()), "012"),
            "with_context": (
                lambda: stream_with_context(f"{request.path}{n}" for n in range(2)),
                "/with_context0/with_context1",
            ),
            "wsgi": (lambda: WsgiView(), "wsgi"),
        }
        for name, (view, _) in views.items():
            for kind in KINDS:

                def made(view: Any = view) -> Any:
                    return view()

                app.add_url_rule(
                    f"/{name}" if kind == "sync" else f"/async/{name}", f"{kind}{name}", as_kind(kind, made)
                )
        for name, (_, text) in views.items():
            assert get(app, f"/{name}") == (200, text)
            if name != "with_context":
                assert get(app, f"/async/{name}") == (200, text)
            status, body = get(app, f"/{name}", method="HEAD")
            assert (status, body) == (200, "")

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_an_item_behind_a_proxy(self, kind: str) -> None:
        app = make()

        @app.get("/")
        def view() -> Any:
            item: Any = LocalProxy(lambda: "é")

            async def items() -> AsyncIterator[str]:
                yield item

            return Response(iter([item]) if kind == "sync" else items())

        assert get(app) == (200, "é")

    def test_async_bodies_are_refused_under_wsgi(self) -> None:
        app = make()
        app.testing = True

        @app.get("/")
        def view() -> Any:
            async def numbers() -> AsyncIterator[str]:
                yield "x"

            return numbers()

        with pytest.raises(TypeError, match="async_generator"):
            app.test_client().get("/")

    def test_a_file(self, tmp_path: Any) -> None:
        app = make()
        data = bytes(range(256)) * 2000
        (tmp_path / "file.bin").write_bytes(data)

        @app.get("/")
        async def view() -> Any:
            return bolthead.send_file(str(tmp_path / "file.bin"))

        async def use(client: AsyncFlaskClient) -> Any:
            whole = await client.get("/")
            part = await client.get("/", headers={"Range": "bytes=5-9"})
            known = await client.get("/", headers={"If-None-Match": whole.headers["ETag"]})
            return whole, part, known

        whole, part, known = run(app, use)
        assert whole.data == data
        assert whole.headers["Content-Length"] == str(len(data))
        assert (part.status_code, part.data) == (206, data[5:10])
        assert (known.status_code, known.data) == (304, b"")


class WsgiView:
    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"wsgi"]


class TestErrors:
    def test_unhandled(self) -> None:
        app = make()
        app.logger.disabled = True

        @app.get("/<kind>")
        async def view(kind: str) -> Any:
            raise OwnError(kind)

        assert get(app, "/x")[0] == 500
        app.testing = True
        with pytest.raises(OwnError, match="x"):
            get(app, "/x")

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_handler_for_500_sees_the_original(self, kind: str) -> None:
        app = make()
        app.logger.disabled = True

        @app.get("/")
        async def view() -> Any:
            raise OwnError("original")

        def handler(error: Any) -> Any:
            return repr(error.original_exception), 500

        app.register_error_handler(500, as_kind(kind, handler))
        assert get(app) == (500, "OwnError('original')")

    def test_an_unknown_scope(self) -> None:
        async def main() -> None:
            await make().asgi_app({"type": "carrier-pigeon"}, len, len)  # type: ignore[arg-type]

        with pytest.raises(ValueError, match="carrier-pigeon"):
            asyncio.run(main())

    def test_a_stream_that_fails_midway(self) -> None:
        app = make()
        ended = []

        @app.get("/")
        async def view() -> Any:
            async def items() -> AsyncIterator[str]:
                try:
                    yield "x"
                    raise OwnError
                finally:
                    ended.append(True)

            return items()

        with pytest.raises(OwnError):
            get(app)
        assert ended == [True]

    @pytest.mark.parametrize("is_async", [False, True])
    def test_a_stream_of_what_is_no_text(self, is_async: bool) -> None:
        """No message has a number for its body: servers make so many zeros of it."""
        app, messages = make(), []

        @app.get("/")
        def view() -> Any:
            async def items() -> AsyncIterator[int]:
                yield 5

            return items() if is_async else iter([5])

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            messages.append(message.get("body"))

        scope = scope_of(app.test_client()._request_from_builder_args(("/",), {}).environ)
        with pytest.raises(TypeError, match="A stream sends str or bytes, not int"):
            asyncio.run(app.asgi_app(scope, receive, send))
        # The start of an async one is sent by then.
        assert messages == ([None] if is_async else [])

    @pytest.mark.parametrize("where", ["loop", "thread"])
    def test_a_body_that_cannot_be_closed(self, where: str) -> None:
        """The response is closed nevertheless, in a thread."""
        app, closed = make(), []

        class Body:
            def __aiter__(self) -> Any:
                return self

            async def __anext__(self) -> Any:
                raise StopAsyncIteration

            async def aclose(self) -> None:
                if where == "loop":
                    raise OwnError

        @app.get("/")
        async def view() -> Any:
            body: Any = Body() if where == "loop" else stream_with_context(Body())
            response = app.response_class(body)
            response.call_on_close(lambda: closed.append(threading.current_thread() is threading.main_thread()))
            return response

        @app.teardown_request
        def fails(error: BaseException | None) -> None:
            if where == "thread":
                raise OwnError

        with pytest.raises(OwnError):
            get(app)
        assert closed == [False]

    @pytest.mark.parametrize("piece", [b"x", bytearray(b"x"), memoryview(b"x")])
    def test_a_stream_of_bytes_of_any_kind(self, piece: Any) -> None:
        app = make()
        app.add_url_rule("/", "view", lambda: app.response_class(iter([piece]), direct_passthrough=True))
        assert get(app) == (200, "x")


class TestMiddleware:
    def test_it_counts(self) -> None:
        app = make()

        @app.get("/")
        async def view() -> Any:
            await asyncio.sleep(0)
            return [request.remote_addr, where()]

        headers = {"X-Forwarded-For": "1.2.3.4"}
        assert get(app, headers=headers) == (200, '["127.0.0.1","loop"]\n')
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
        assert get(app, headers=headers) == (200, '["1.2.3.4","loop"]\n')

    @pytest.mark.parametrize("way", ["instance", "subclass", "call", "patched"])
    def test_one_that_refuses(self, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*args: Any) -> Any:
            args[-1]("403 FORBIDDEN", [("Content-Type", "text/plain")])
            yield b"no"

        class Own(Flask):
            pass

        app = Own("site_under_test", root_path="/nowhere")
        app.add_url_rule("/", "view", lambda: "view")
        assert get(app) == (200, "view")
        if way == "instance":
            app.wsgi_app = refuse  # type: ignore[method-assign]
        elif way == "patched":
            monkeypatch.setattr(Flask, "wsgi_app", refuse)
        else:
            setattr(Own, "__call__" if way == "call" else "wsgi_app", refuse)
        assert get(app) == (403, "no")

    def test_bodies_pass_both_ways(self) -> None:
        app = make()
        inner = app.wsgi_app

        @app.post("/")
        async def view() -> Any:
            data = request.get_data()

            async def items() -> AsyncIterator[bytes]:
                for n in range(len(data)):
                    await asyncio.sleep(0)
                    yield data[n : n + 1]

            return items()

        class Upper:
            def __init__(self, environ: Any, start_response: Any) -> None:
                self.items = inner(environ, start_response)

            def __iter__(self) -> Iterator[bytes]:
                for item in self.items:
                    yield item.upper()

            def close(self) -> None:
                self.items.close()  # type: ignore[attr-defined]

        app.wsgi_app = Upper  # type: ignore[assignment,method-assign]
        assert get(app, method="POST", data=b"hello") == (200, "HELLO")


class TestBodies:
    def test_a_large_body_is_spooled(self) -> None:
        app = make()

        @app.post("/")
        def view() -> Any:
            stream = request.environ["wsgi.input"]
            return [not isinstance(stream, io.BytesIO), len(request.get_data())]

        assert get(app, method="POST", data=b"x" * 900_000) == (200, "[true,900000]\n")

    @pytest.mark.parametrize("declared", [True, False])
    def test_too_large(self, declared: bool) -> None:
        app = make()
        app.config["MAX_CONTENT_LENGTH"] = 10
        called = []

        @app.post("/")
        async def view() -> Any:
            called.append(True)
            return str(len(request.get_data()))

        @app.errorhandler(413)
        async def handler(error: HTTPException) -> Any:
            return "too large", 413

        options: dict[str, Any] = {"data": b"x" * 11}
        if not declared:
            options = {"input_stream": io.BytesIO(b"x" * 11), "headers": {"Transfer-Encoding": "chunked"}}
        assert get(app, method="POST", **options) == (413, "too large")
        assert called == [True]

    def test_chunks_as_they_arrive(self) -> None:
        app = make()
        app.config["MAX_CONTENT_LENGTH"] = 1_000_000

        @app.post("/", stream_body=True)
        async def view() -> Any:
            return str([len(chunk) async for chunk in request.body_chunks()])

        @app.post("/early", stream_body=True)
        async def early() -> Any:
            return "did not look"

        assert get(app, method="POST", data=b"x" * 100_000) == (200, "[65536, 34464]")
        assert get(app, "/early", method="POST", data=b"x" * 100_000) == (200, "did not look")
        app.config["MAX_CONTENT_LENGTH"] = 70_000
        assert get(app, method="POST", data=b"x" * 100_000)[0] == 413

    def test_after_this_request(self) -> None:
        app = make()

        @app.get("/")
        async def view() -> Any:
            @after_this_request
            async def add(response: Response) -> Response:
                response.headers["X-A"] = where()
                return response

            return "x"

        assert run(app, lambda client: client.get("/")).headers["X-A"] == LOOP


class TestClasses:
    @pytest.mark.parametrize("every", [True, False])
    def test_async_view_classes_stay_on_the_loop(self, every: bool) -> None:
        from bolthead.views import MethodView, View

        class One(View):
            init_every_request = every

            async def dispatch_request(self, n: int) -> Any:  # type: ignore[override]
                await asyncio.sleep(0)
                return f"{where()} {n}"

        class Many(MethodView):
            init_every_request = every

            async def get(self) -> Any:
                await asyncio.sleep(0)
                return where()

            def post(self) -> Any:
                return where()

        app = make()
        app.add_url_rule("/one/<int:n>", view_func=One.as_view("one"))
        app.add_url_rule("/many", view_func=Many.as_view("many"))
        assert get(app, "/one/5") == (200, "loop 5")
        assert get(app, "/many") == (200, LOOP)
        assert get(app, "/many", method="POST") == (200, THREAD)

    @pytest.mark.parametrize("path", ["/one", "/one?let=in", "/many", "/own"])
    def test_decorators_that_are_not_async_get_what_the_view_returns(self, path: str) -> None:
        """As in Flask, where the function that they decorate is none of async either."""

        def answer(fw: Any, ask: Callable[[Any], Any]) -> Any:
            views = importlib.import_module(f"{fw.__name__}.views")

            def guarded(view: Any) -> Any:
                @functools.wraps(view)
                def inner(**values: Any) -> Any:
                    return view(**values) if "let" in fw.request.args else fw.redirect("/login")

                return inner

            def marked(view: Any) -> Any:
                @functools.wraps(view)
                def inner(*args: Any, **values: Any) -> Any:
                    response = fw.make_response(view(*args, **values))
                    response.headers["X-A"] = "1"
                    return response

                return inner

            class One(views.View):  # type: ignore[misc, name-defined]
                decorators = [guarded]

                async def dispatch_request(self) -> Any:
                    return "one"

            class Many(views.MethodView):  # type: ignore[misc, name-defined]
                decorators = [marked]

                async def get(self) -> Any:
                    return "many"

            class Own(Many):
                decorators = []
                dispatch_request = marked(views.MethodView.dispatch_request)

            app = fw.Flask("site_under_test", root_path="/nowhere")
            for cls in (One, Many, Own):
                name = cls.__name__.lower()
                app.add_url_rule(f"/{name}", view_func=cls.as_view(name))
            found = ask(app)
            return found.status_code, found.text, found.headers.get("X-A"), found.location

        assert answer(bolthead, lambda app: run(app, lambda client: client.get(path))) == answer(
            flask, lambda app: app.test_client().get(path)
        )


def test_a_redirect_that_keeps_the_method_sends_the_body_again() -> None:
    app = make()

    @app.post("/")
    async def first() -> Any:
        return bolthead.redirect("/second", 307)

    @app.post("/second")
    async def second() -> Any:
        return request.form["a"]

    assert get(app, method="POST", data={"a": "b"}, follow_redirects=True) == (200, "b")


HEADERS = [(b"host", b"localhost"), (b"accept", b"text/html"), (b"user-agent", b"a browser")]


def served(app: Flask, path: str, headers: list[tuple[bytes, bytes]] = HEADERS, method: str = "GET") -> Any:
    """Status, headers and body of a request as a server's scope has it. The first one makes the host known."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> None:
        for _ in range(2):
            sent.clear()
            scope = {"type": "http", "method": method, "path": path, "query_string": b"n=1", "headers": headers}
            await app.asgi_app(
                scope | {"scheme": "http", "server": ("localhost", 80), "client": ("::1", 1)}, receive, send
            )

    asyncio.run(main())
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


LOOKS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: "",
    "environ": lambda: sorted(key for key in request.environ if key.startswith("HTTP_")),
    "same environ": lambda: str(request.environ is request.environ),
    "request in environ": lambda: str(request.environ["werkzeug.request"] is request._get_current_object()),
    "method": lambda: request.method,
    "url": lambda: request.url,
    "args": lambda: request.args.to_dict(),
    "headers": lambda: request.headers["User-Agent"],
    "cookies": lambda: request.cookies,
    "body": lambda: request.get_data() or b"none",
    "remote": lambda: request.remote_addr or "",
    "url_for": lambda: bolthead.url_for("view", other="ä"),
    "adapter": lambda: bolthead.ctx.request_ctx.url_adapter.build("view", force_external=True),
    "session": lambda: str(session.setdefault("a", 1)),
    "copy": lambda: bolthead.copy_current_request_context(lambda: request.path)(),
    "defined": lambda: str("environ" in dir(request)),
    "changed": lambda: str(request.environ.update(REQUEST_METHOD="HEAD")) + request.environ["REQUEST_METHOD"],
}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("look", LOOKS)
def test_an_environ_that_is_made_when_looked_at(look: str, after: bool) -> None:
    """The same answer as where it is made at once, which a header of HTTP/2 brings about."""

    def site() -> Flask:
        app = make()

        @app.get("/view")
        async def view() -> Any:
            return LOOKS[look]()

        if after:

            @app.after_request
            def also(response: Response) -> Response:
                response.headers["X-Found"] = str(len(str(LOOKS[look]())))
                return response

        return app

    headers = [*HEADERS, (b":scheme", b"http")]
    # A session says in which second it was signed.
    second = None
    while second != int(time.time()):
        second = int(time.time())
        given, wanted = served(site(), "/view"), served(site(), "/view", headers)
    assert given == wanted


def test_a_request_that_outlives_its_context() -> None:
    app = make()
    kept: list[Any] = []

    @app.get("/")
    async def view() -> str:
        kept.append(request._get_current_object())
        return ""

    served(app, "/")
    assert [found.environ["PATH_INFO"] for found in kept] == ["/", "/"]
    assert kept[1].headers["Accept"] == "text/html"


def test_a_request_class_with_an_environ_of_its_own() -> None:
    class Own(bolthead.Request):
        environ: Any = property(lambda self: self._own, lambda self, value: setattr(self, "_own", value))

    app = make()
    app.request_class = Own

    @app.get("/")
    async def view() -> str:
        return str(request.environ["PATH_INFO"])

    assert served(app, "/")[2] == b"/"


@pytest.mark.parametrize("kind", ["task", "thread", "view without async", "websocket"])
def test_a_copy_of_the_context_for_later(kind: str) -> None:
    """An async function keeps the request beyond its end, wherever it was wrapped."""
    app = make()
    found: list[Any] = []
    waiting: list[Any] = []

    async def job() -> None:
        await asyncio.sleep(0)
        found.append((request.path, request.headers["Accept"], g.get("a")))

    if kind == "view without async":

        @app.get("/view")
        def sync() -> str:
            g.a = 1
            bolthead.copy_current_request_context(job)()
            return ""

    elif kind == "websocket":

        @app.websocket("/view")
        async def ws() -> None:
            g.a = 1
            waiting.append(asyncio.create_task(bolthead.copy_current_request_context(job)()))

    else:

        @app.get("/view")
        async def view() -> str:
            g.a = 1
            copied = bolthead.copy_current_request_context(job)
            waiting.append(asyncio.create_task(copied() if kind == "task" else asyncio.to_thread(copied)))
            return ""

    async def main() -> None:
        client = app.async_test_client()
        if kind == "websocket":
            async with client.websocket("/view", headers={"Accept": "x"}):
                pass
        else:
            await client.get("/view", headers={"Accept": "x"})
        await asyncio.gather(*waiting)

    asyncio.run(main())
    assert found == [("/view", "x", 1)]


def test_a_session_transaction_in_either_kind_of_block() -> None:
    app = Flask("site")
    app.secret_key = "secret"

    @app.get("/")
    async def index() -> Any:
        return dict(session)

    async def main() -> Any:
        client = app.async_test_client()
        async with client.session_transaction() as opened:
            opened["a"] = 1
        with client.session_transaction() as opened:
            assert opened["a"] == 1
            opened["b"] = 2
        return (await client.get("/")).json

    assert asyncio.run(main()) == {"a": 1, "b": 2}
