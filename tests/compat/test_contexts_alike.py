"""Contexts, sessions and the test tools, on Flask and here."""

from __future__ import annotations

import contextvars
import copy
import io
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from werkzeug.test import EnvironBuilder as PlainBuilder
from werkzeug.wrappers import Request as PlainRequest

from oracle import FRAMEWORKS, Framework, alike, both, shown

# Contexts -------------------------------------------------------------------------------------------------


@alike
def test_popped_wrongly(fw: Framework) -> Any:
    app = fw.app()
    calls: list[str] = []
    app.teardown_request(lambda exc: calls.append("request"))
    app.teardown_appcontext(lambda exc: calls.append("app"))

    def kind(function: Any, *args: Any) -> Any:
        name, text = fw.error(function, *args)
        return name, text.split(" at 0x")[0].split(" object")[0]

    def in_fresh_context(function: Any) -> Any:
        return contextvars.Context().run(function)

    def never_pushed() -> Any:
        return [kind(app.app_context().pop), kind(app.test_request_context().pop)]

    def popped_twice() -> Any:
        found = []
        for make in (app.app_context, app.test_request_context):
            ctx = make()
            ctx.push()
            ctx.pop()
            found.append(kind(ctx.pop))
        return found

    def never_pushed_inside_another() -> Any:
        with app.test_request_context("/outer"):
            found = [kind(app.test_request_context().pop), kind(app.app_context().pop)]
            return found, fw.request.path

    def out_of_order() -> Any:
        one, two = app.app_context(), app.app_context()
        one.push()
        two.push()
        found = [kind(one.pop)]
        try:
            two.pop()
        except Exception as error:
            found.append((type(error).__name__, ""))
        first, second = app.test_request_context("/1"), app.test_request_context("/2")
        first.push()
        second.push()
        found.append(kind(first.pop))
        return found

    steps = [never_pushed, popped_twice, never_pushed_inside_another, out_of_order]
    return [in_fresh_context(step) for step in steps], calls


@alike
def test_pushed_twice(fw: Framework) -> Any:
    app, calls = fw.app(), []
    app.teardown_request(lambda exc: calls.append(f"request {exc!r}"))
    app.teardown_appcontext(lambda exc: calls.append(f"app {exc!r}"))
    ctx = app.test_request_context("/x")
    with ctx:
        fw.g.a = 1
        with ctx:
            calls.append(f"inner {fw.g.a} {fw.request.path}")
        calls.append("outer")
    with app.app_context() as outer, app.test_request_context():
        calls.append(str(fw.mod("globals").app_ctx._get_current_object() is outer))
    other = fw.app(import_name="other_site")
    with app.test_request_context("/a"), other.test_request_context("/b"):
        calls.append(f"{fw.current_app.name} {fw.request.path}")
    return calls


@alike
def test_exceptions_told(fw: Framework) -> Any:
    app, calls = fw.app(), []
    app.teardown_request(lambda exc: calls.append(f"request {exc!r}"))
    app.teardown_appcontext(lambda exc: calls.append(f"app {exc!r}"))
    for make in (app.app_context, app.test_request_context):
        try:
            with make():
                raise ValueError("in the block")
        except ValueError:
            pass
        ctx = make()
        ctx.push()
        try:
            raise KeyError("in flight")
        except KeyError:
            ctx.pop()
        ctx.push()
        ctx.pop(None)
        ctx.push()
        ctx.pop(OSError("given"))
    with app.test_request_context():
        app.do_teardown_request()
        app.do_teardown_appcontext(ValueError("by hand"))
    return calls


@alike
def test_g(fw: Framework) -> Any:
    app = fw.app()
    with app.app_context():
        g = fw.g
        g.a = 1
        found = [g.a, "a" in g, "b" in g, g.get("b"), g.get("b", 2), g.setdefault("c", 3), g.setdefault("a", 4)]
        found += [sorted(g), g.pop("a"), g.pop("a", 5), fw.error(g.pop, "a"), fw.error(getattr, g, "none")]
        del g.c
        found += [list(g), fw.error(delattr, g, "c"), repr(g), bool(g)]
        g.x = 1
    with app.app_context():
        found.append(list(fw.g))
    return found, fw.plain(repr(fw.mod("ctx")._AppCtxGlobals()).split(" at 0x")[0])


@alike
def test_g_of_a_context_is_set_deleted_and_mocked(fw: Framework) -> Any:
    app = fw.app()
    with app.app_context() as ctx:
        fw.g.mine = 1
        with mock.patch.object(ctx, "g", SimpleNamespace(mine=2)):
            found = [fw.g.mine]
        found.append(fw.g.mine)
        kept = ctx.g
        del ctx.g
        found += [hasattr(ctx, "g"), fw.error(getattr, ctx, "g"), fw.error(delattr, ctx, "g")[0]]
        ctx.g = kept
        return [*found, fw.g.mine]


@alike
def test_g_of_a_class_with_descriptors(fw: Framework) -> Any:
    """What is set goes into the dict, past a property, also from a function of a test or an extension."""

    class Globals(fw.mod("ctx")._AppCtxGlobals):
        @property
        def user(self) -> Any:
            return vars(self).get("user", "nobody")

    class Noted:
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, ("noted", value))

    class Both(Noted, Globals):
        pass

    found = []
    for cls in (Globals, Both):
        app = fw.app()
        app.app_ctx_globals_class = cls
        with app.app_context() as context:
            fw.g.user = 1
            found.append((fw.g.user, vars(context.g)))
            context.g.user = 2
            del fw.g.user
            found.append((fw.g.user, fw.g.get("user"), fw.error(delattr, fw.g, "user")))
    return found


@alike
def test_pushes_are_counted(fw: Framework) -> Any:
    found = []
    for context in (fw.app().app_context(), fw.app().test_request_context()):
        for call in ("push", "push", "push", "pop", "pop", "pop"):
            getattr(context, call)()
            found.append([type(entry).__name__ for entry in context._cv_tokens])
            found += [[type(one).__name__ for one in entry] for entry in context._cv_tokens if type(entry) is tuple]
    return found


@alike
def test_functions_after_this_request_are_replaced(fw: Framework) -> Any:
    app = fw.app()

    def view() -> Any:
        fw.after_this_request(lambda response: fw.Response("first"))
        context = fw.globals.request_ctx._get_current_object()
        context._after_request_functions = [lambda response: fw.Response("second")]
        return "none"

    app.add_url_rule("/", "view", view)
    return fw.get(app)


@alike
def test_request_context_object(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/x/<int:n>", "x", lambda n: "")
    ctx = app.test_request_context("/x/5?a=1", method="POST", base_url="http://site.test/root")
    before = [repr(ctx), fw.error(lambda: ctx.session), ctx.request.url_rule, ctx.flashes]
    with ctx:
        inside = [ctx.request.url_rule and str(ctx.request.url_rule), ctx.request.view_args]
        inside += [type(ctx.request.routing_exception).__name__, ctx.url_adapter.build("x", {"n": 1})]
        inside += [ctx.session is fw.session._get_current_object(), ctx.app is app, type(ctx.copy()) is type(ctx)]
        inside += [ctx.copy().request is ctx.request, fw.mod("ctx").has_request_context()]
    with app.request_context(PlainBuilder("/x/7").get_environ()):
        inside.append(fw.request.view_args)
    return before, inside, fw.mod("ctx").has_request_context(), fw.mod("ctx").has_app_context()


@alike
def test_copied_context(fw: Framework) -> Any:
    app = fw.app()
    found: list[Any] = []

    @app.route("/x")
    def view() -> str:
        fw.session["a"] = 1
        fw.g.only_here = True

        @fw.copy_current_request_context
        def work(label: str) -> str:
            """Words."""
            found.append((label, fw.request.path, fw.session["a"], "only_here" in fw.g, fw.current_app.name))
            return "done"

        @fw.copy_current_request_context
        async def later() -> str:
            return fw.request.path

        def bare() -> None:
            found.append((fw.mod("ctx").has_request_context(), fw.mod("ctx").has_app_context()))

        for target, args in ((work, ("thread",)), (bare, ())):
            thread = threading.Thread(target=target, args=args)
            thread.start()
            thread.join()
        return f"{work('direct')} {work.__name__} {work.__doc__} {later()}"

    return fw.get(app, "/x"), found


@alike
def test_uploads_closed_with_the_request(fw: Framework) -> Any:
    """Uploaded files are closed when the request context goes, whoever has read them."""
    kept: list[Any] = []

    class Request(fw.Request):  # type: ignore[name-defined, misc]
        def close(self) -> None:
            kept.append("own close")
            super().close()

    found: list[Any] = []
    for request_class in (fw.Request, Request):
        app = fw.app()
        app.request_class = request_class

        @app.route("/<look>", methods=["POST"])
        def upload(look: str) -> str:
            request = fw.request
            if look != "nothing":
                kept.append(request.files["up"].stream if look == "files" else request.form.get("x"))
                kept[-1] = request.files["up"].stream
            return str(len(kept))

        for path in ("/files", "/form", "/nothing"):
            found.append(fw.get(app, path, "POST", data={"up": (io.BytesIO(b"content"), "n.txt"), "x": "1"}))
    return found, [getattr(item, "closed", item) for item in kept]


# Sessions -------------------------------------------------------------------------------------------------

COOKIES: list[dict[str, Any]] = [
    {},
    {"SESSION_COOKIE_NAME": "own"},
    {"SESSION_COOKIE_DOMAIN": "site.test"},
    {"SESSION_COOKIE_PATH": "/path"},
    {"APPLICATION_ROOT": "/root"},
    {"SESSION_COOKIE_HTTPONLY": False},
    {"SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_SAMESITE": "Lax"},
    {"SESSION_COOKIE_SAMESITE": "Wrong"},
    {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
    {"PERMANENT_SESSION_LIFETIME": 3600},
    {"PERMANENT_SESSION_LIFETIME": timedelta(seconds=0)},
    {"SESSION_REFRESH_EACH_REQUEST": False},
    {"SECRET_KEY": None},
    {"SECRET_KEY": b"other"},
    {"SECRET_KEY_FALLBACKS": ["old", "older"]},
]


def with_session(fw: Framework, config: dict[str, Any]) -> Any:
    app = fw.app()
    app.testing = True
    app.config.update(config)
    session = fw.session

    def set_value() -> str:
        session["a"] = (1, b"x")
        return ""

    def permanent() -> str:
        session.permanent = True
        session["p"] = 1
        return str(session.permanent)

    views: dict[str, Any] = {
        "nothing": lambda: "",
        "look": lambda: str(session.get("a")),
        "set": set_value,
        "permanent": permanent,
        "pop": lambda: str(session.pop("a", None)),
        "clear": lambda: str(session.clear()),
        "state": lambda: f"{session.new} {session.modified} {session.accessed} {bool(session)} {session!r}",
        "nested": lambda: str(session.setdefault("list", []).append(1)),
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app


def without_times(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    """The signature's time stamp and the expiry depend on the second."""
    status, headers, body = answer
    cleaned = []
    for name, value in headers:
        if name == "Set-Cookie":
            first, *rest = value.split("; ")
            rest = [item for item in rest if not item.startswith("Expires") or "1970" in item]
            value = "; ".join([first.split(".")[0], *rest])
        cleaned.append((name, value))
    return status, cleaned, body


WALKS = [["nothing", "look", "set", "look", "state", "nothing", "nested", "pop", "clear", "look"]]
WALKS += [["permanent", "nothing", "look", "state", "clear", "state"], ["state", "set", "clear", "nothing"]]


@pytest.mark.parametrize("config", COOKIES, ids=str)
@pytest.mark.parametrize("walk", WALKS, ids=str)
def test_session(config: dict[str, Any], walk: list[str]) -> None:
    def scenario(fw: Framework) -> Any:
        app = with_session(fw, config)
        client = app.test_client()
        found = []
        for name in walk:
            try:
                answer = shown(client.get(f"/{name}", base_url="http://site.test/"))
                found.append(without_times(answer))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
        return found

    both(scenario)


@pytest.mark.parametrize(("writer", "reader"), [(0, 1), (1, 0)])
def test_cookies_of_the_other(writer: int, reader: int) -> None:
    """A session that one framework has signed opens in the other, by a fallback key as well."""
    wrote = with_session(FRAMEWORKS[writer], {"SECRET_KEY": "old"}).test_client().get("/set")
    cookie = wrote.headers["Set-Cookie"].split(";")[0]
    for config, wanted in (
        ({"SECRET_KEY": "old"}, b"(1, b'x')"),
        ({"SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": ["x", "old"]}, b"(1, b'x')"),
        ({"SECRET_KEY": "new"}, b"None"),
    ):
        app = with_session(FRAMEWORKS[reader], config)
        client = app.test_client(use_cookies=False)
        assert client.get("/look", headers={"Cookie": cookie}).data == wanted
        assert client.get("/look", headers={"Cookie": cookie[:-1]}).data == b"None"


@alike
def test_own_session_interface(fw: Framework) -> Any:
    sessions = fw.mod("sessions")
    calls: list[str] = []

    class Own(dict, sessions.SessionMixin):  # type: ignore[name-defined, misc, type-arg]
        pass

    class Interface(sessions.SessionInterface):  # type: ignore[name-defined, misc]
        def open_session(self, app: Any, request: Any) -> Any:
            calls.append(f"open {request.path}")
            return None if request.path == "/null" else Own()

        def save_session(self, app: Any, session: Any, response: Any) -> None:
            calls.append(f"save {dict(session)} {self.should_set_cookie(app, session)}")
            response.headers["X-Saved"] = "1"

    app = fw.app()
    app.session_interface = Interface()
    app.add_url_rule("/x", "x", lambda: fw.session.setdefault("a", "b"))
    app.add_url_rule("/null", "null", lambda: type(fw.session._get_current_object()).__name__)
    bare = sessions.SessionInterface()
    return (
        fw.get(app, "/x"),
        fw.get(app, "/null"),
        calls,
        fw.error(bare.open_session, app, None),
        fw.error(bare.save_session, app, None, None),
        [getattr(bare, name)(app) for name in dir(bare) if name.startswith("get_cookie")],
    )


# Test tools -----------------------------------------------------------------------------------------------


@alike
def test_environ_builder(fw: Framework) -> Any:
    builder = fw.mod("testing").EnvironBuilder
    found = []
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}),
        (("/p?a=1",), {}),
        (("/p?a=1#frag",), {}),
        (("https://other.test:8/p?q=ü",), {}),
        (("/p",), {"subdomain": "sub"}),
        (("/p",), {"url_scheme": "https"}),
        (("/p",), {"base_url": "http://base.test/r/"}),
        (("/p", "http://base.test/"), {}),
        (("/p",), {"base_url": ""}),
        (("/p", None, "sub", "https"), {}),
        (("/p",), {"json": {"b": 1, "a": (1,)}}),
        (("/p", None, None, None, {"q": "1"}), {}),
        (("//x/y",), {}),
        (("p",), {}),
        (("",), {}),
        (("?only=query",), {}),
    ]
    keys = ["PATH_INFO", "QUERY_STRING", "HTTP_HOST", "SERVER_NAME", "SCRIPT_NAME", "wsgi.url_scheme", "CONTENT_TYPE"]
    for config in ({}, {"SERVER_NAME": "site.test:81", "APPLICATION_ROOT": "/root", "PREFERRED_URL_SCHEME": "https"}):
        app = fw.app()
        app.config.update(config)
        for args, kwargs in calls:
            made = builder(app, *args, **kwargs)
            environ = made.get_environ()
            found.append([environ.get(key) for key in keys] + [environ["wsgi.input"].read(), made.app is app])
            made.close()
    wrong = [{"base_url": "http://x", "subdomain": "s"}, {"base_url": "", "url_scheme": "https"}]
    return found, [fw.error(builder, app, **kwargs) for kwargs in wrong], builder(app).json_dumps({"a": 1})


@alike
def test_client(fw: Framework) -> Any:
    app = fw.app()

    @app.route("/", methods=["GET", "POST"])
    def index() -> Any:
        request = fw.request
        return {
            "method": request.method,
            "json": request.get_json(silent=True),
            "form": request.form,
            "agent": request.user_agent.string.partition("/")[0],
            "address": request.remote_addr,
            "url": request.url,
            "own": request.environ.get("own"),
            "cookies": request.cookies,
        }

    app.add_url_rule("/go", "go", lambda: fw.redirect("/go2"))
    app.add_url_rule("/go2", "go2", lambda: fw.redirect("/?end=1"))
    client = app.test_client()
    client.environ_base["own"] = "base"
    builder = fw.mod("testing").EnvironBuilder(app, "/", json={"built": 1})
    plain = PlainBuilder("/?plain", environ_base={"own": "builder's"})
    answers = [
        client.get("/"),
        client.post("/", json={"a": (1, 2)}),
        client.post("/", data={"a": "1"}),
        client.get("/", environ_base={"own": "call"}),
        client.open(builder, method="POST"),
        client.open(plain),
        client.open(PlainBuilder("/?environ").get_environ()),
        client.open(PlainRequest(PlainBuilder("/?request").get_environ())),
        client.get("/", subdomain="s"),
        client.get("https://other.test/x"),
    ]
    client.set_cookie("c", "v")
    answers += [client.get("/"), app.test_client(use_cookies=False).get("/")]
    followed = client.get("/go", follow_redirects=True)
    return (
        [shown(answer) for answer in answers],
        [type(answer.json).__name__ for answer in answers],
        shown(followed),
        [entry.request.path for entry in followed.history],
        followed.request.path,
        isinstance(answers[0], app.response_class),
        type(client).__name__,
        fw.mod("testing")._get_werkzeug_version(),
    )


@alike
def test_client_of_an_own_class(fw: Framework) -> Any:
    testing = fw.mod("testing")

    class Client(testing.FlaskClient):  # type: ignore[name-defined, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.own = kwargs.pop("own")
            super().__init__(*args, **kwargs)

    class Runner(testing.FlaskCliRunner):  # type: ignore[name-defined, misc]
        pass

    app = fw.app()
    app.test_client_class = Client
    app.test_cli_runner_class = Runner
    return app.test_client(own=1).own, fw.error(app.test_client), type(app.test_cli_runner()) is Runner


@alike
def test_contexts_kept(fw: Framework) -> Any:
    app, calls = fw.app(), []
    app.teardown_request(lambda exc: calls.append(f"request {fw.request.path}"))
    app.teardown_appcontext(lambda exc: calls.append("app"))

    @app.route("/<name>")
    def view(name: str) -> str:
        fw.g.name = name
        fw.session["n"] = name
        calls.append("view")
        return name

    client = app.test_client()
    with client:
        client.get("/one")
        calls.append(f"kept {fw.g.name} {fw.session['n']} {fw.request.path}")
        client.get("/two")
        calls.append(f"kept {fw.g.name} {fw.request.path}")
        calls.append(str(fw.error(client.__enter__)))
    calls.append(str(fw.mod("ctx").has_request_context()))
    client.get("/three")
    calls.append(str(client.preserve_context))
    return calls


@alike
def test_contexts_kept_after_an_error(fw: Framework) -> Any:
    app, calls = fw.app(), []
    app.testing = True
    app.teardown_request(lambda exc: calls.append(f"request {exc!r}"))
    app.add_url_rule("/x", "x", lambda: 1 / 0)
    app.add_url_rule("/y", "y", lambda: "y")
    with app.test_client() as client:
        calls.append(str(fw.error(client.get, "/x")))
        calls.append(str(client.get("/y").data))
        calls.append(fw.request.path)
    return calls


@alike
def test_session_transaction(fw: Framework) -> Any:
    app = with_session(fw, {})
    client = app.test_client()
    with client.session_transaction() as session:
        session["a"] = "from the test"
    found: list[Any] = [client.get("/look").data]
    with client.session_transaction("/elsewhere", base_url="http://other.test") as session:
        found.append(dict(session))
    with client.session_transaction() as session:
        found.append(dict(session))
        del session["a"]
    found.append(client.get("/look").data)

    def enter(app: Any, **kwargs: Any) -> None:
        with app.test_client(**kwargs).session_transaction():
            pass

    without_key = fw.app()
    without_key.secret_key = None
    closed = fw.app()

    class Interface(fw.mod("sessions").SessionInterface):  # type: ignore[name-defined, misc]
        def open_session(self, app: Any, request: Any) -> None:
            return None

    closed.session_interface = Interface()
    refused = [fw.error(enter, app, use_cookies=False), fw.error(enter, without_key), fw.error(enter, closed)]

    def failing() -> None:
        with app.test_client().session_transaction() as session:
            session["a"] = 1
            raise ValueError("in the block")

    return found, refused, fw.error(failing)


@alike
def test_runner(fw: Framework) -> Any:
    import click

    app = fw.app()

    @app.cli.command("name")
    def name() -> None:
        click.echo(fw.current_app.name)

    @click.command()
    @fw.mod("cli").pass_script_info
    def bare(info: Any) -> None:
        click.echo(info.load_app().name)

    @click.command()
    def plain() -> None:
        click.echo("plain")

    runner = app.test_cli_runner(env={"A": "1"})
    results = [runner.invoke(args=["name"]), runner.invoke(bare), runner.invoke(cli=plain, args=[])]
    results.append(runner.invoke(bare, obj=fw.mod("cli").ScriptInfo(create_app=lambda: fw.app(import_name="x"))))
    results.append(runner.invoke(args=["none"]))
    return [(r.exit_code, r.output.splitlines()[-1:]) for r in results], runner.env, runner.app is app


@pytest.mark.parametrize("kind", ["app", "request"])
@alike
def test_vars_and_copies(fw: Framework, kind: str) -> Any:
    app = fw.app()
    app.add_url_rule("/<int:n>", "view", lambda n: "")
    ctx = app.app_context() if kind == "app" else app.test_request_context("/5")

    def look() -> Any:
        copied = copy.copy(ctx)
        names = [name for name in vars(ctx) if name != "_cv_tokens"]
        return [
            *[(name, vars(ctx)[name] is getattr(ctx, name), vars(copied)[name] is vars(ctx)[name]) for name in names],
            (vars(ctx) is vars(ctx), type(copied) is type(ctx), copied.app is app, set(names) <= set(dir(ctx))),
        ]

    found = look()
    with ctx:
        found += look()
        ctx.own = 1
        vars(ctx)["other"] = 2
        found += [ctx.other, look()]
        if kind == "app":
            with mock.patch.object(ctx, "g", "mocked"):
                found += [vars(ctx)["g"], repr(fw.g._get_current_object())]
            del ctx.g
            found += [look(), fw.error(getattr, ctx, "g"), fw.error(delattr, ctx, "g")]
            ctx.g = "set"
        else:
            with mock.patch.object(ctx, "flashes", ["mocked"]):
                found += [vars(ctx)["flashes"], fw.get_flashed_messages()]
        found += look()
    return found + look()


@pytest.mark.parametrize("name", ["app", "g", "url_adapter", "request", "flashes"])
@alike
def test_an_attribute_of_a_context_that_is_mocked(fw: Framework, name: str) -> Any:
    app = fw.app()
    ctx = app.app_context() if name == "g" else app.test_request_context()
    before = getattr(ctx, name)
    with mock.patch.object(ctx, name) as mocked:
        found = [getattr(ctx, name) is mocked, vars(ctx)[name] is mocked]
    return [*found, getattr(ctx, name) is before, vars(ctx)[name] is before]


@alike
def test_vars_of_a_subclass(fw: Framework) -> Any:
    class Own(fw.mod("ctx").AppContext):  # type: ignore[misc]
        def __init__(self, app: Any) -> None:
            super().__init__(app)
            self.mine = 1

    ctx = Own(fw.app())
    return {name: value for name, value in vars(ctx).items() if name in ("mine", "url_adapter")}, copy.copy(ctx).mine


@pytest.mark.parametrize("rule", ["/", "/<name>", "/<path:name>", "/<name>/", "/a", "//", "/<int(fixed_digits=1):n>"])
@alike
def test_empty_paths(fw: Framework, rule: str) -> Any:
    """As a middleware may leave them that takes a prefix away."""
    app = fw.app()
    app.add_url_rule(rule, "index", lambda **values: f"{fw.request.path} {fw.request.url} {values}", methods=["GET"])
    client = app.test_client()
    found = []
    for method in ("GET", "POST", "OPTIONS"):
        for script in ("", "/", "/at"):
            overrides = {"PATH_INFO": "", "SCRIPT_NAME": script}
            given = client.open("/", method=method, environ_overrides=overrides)
            found.append((given.status, given.get_data(as_text=True), given.headers.get("Location")))
    return found


@pytest.mark.parametrize("name", ["__init__", "__new__"])
@pytest.mark.parametrize("owner", ["class", "instance", "later"])
@alike
def test_a_class_of_g_that_notes_when_it_is_made(fw: Framework, owner: str, name: str) -> Any:
    log: list[str] = []

    def made(self: Any) -> Any:
        log.append("made")
        return None if name == "__init__" else object.__new__(self)

    noting = type("Noting", (fw.mod("ctx")._AppCtxGlobals,), {} if owner == "later" else {name: made})
    app = (
        type("Own", (fw.Flask,), {"app_ctx_globals_class": noting})("site", root_path="/")
        if owner == "class"
        else fw.app()
    )
    app.app_ctx_globals_class = noting
    app.add_url_rule("/", "view", lambda: log.append("view") or "")
    client = app.test_client()
    for turn in range(2):
        client.get("/")
        with app.app_context(), app.test_request_context():
            log.append("context")
        if owner == "later" and not turn:
            setattr(noting, name, made)
    return log
