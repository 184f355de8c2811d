"""Helpers, on Flask and here: URLs, redirects, flashed messages, files, streams; where each may be called."""

from __future__ import annotations

import inspect
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Response as PlainResponse

from oracle import Framework, alike, both, shown

# Outside of contexts ------------------------------------------------------------------------------------

OUTSIDE: dict[str, Any] = {
    "url_for": lambda fw: fw.url_for("x"),
    "make_response": lambda fw: fw.make_response("x"),
    "make_response of nothing": lambda fw: fw.make_response(),
    "flash": lambda fw: fw.flash("x"),
    "get_flashed_messages": lambda fw: fw.get_flashed_messages(),
    "send_file": lambda fw: fw.send_file("x"),
    "send_from_directory": lambda fw: fw.send_from_directory("d", "x"),
    "render_template": lambda fw: fw.render_template("x"),
    "render_template_string": lambda fw: fw.render_template_string("x"),
    "stream_template": lambda fw: fw.stream_template("x"),
    "stream_template_string": lambda fw: fw.stream_template_string("x"),
    "get_template_attribute": lambda fw: fw.get_template_attribute("x", "y"),
    "jsonify": lambda fw: fw.jsonify(1),
    "stream_with_context": lambda fw: fw.stream_with_context(iter("ab")),
    "a decorated generator": lambda fw: fw.stream_with_context(lambda: iter("ab"))(),
    "after_this_request": lambda fw: fw.after_this_request(print),
    "copy_current_request_context": lambda fw: fw.copy_current_request_context(print),
    "request": lambda fw: fw.request.method,
    "session": lambda fw: fw.session["x"],
    "g": lambda fw: fw.g.x,
    "current_app": lambda fw: fw.current_app.name,
    "abort": lambda fw: fw.abort(404, "without an application"),
    "abort with a response": lambda fw: fw.abort(PlainResponse("x", 201)),
    "abort with a wrong code": lambda fw: fw.abort(999),
    "stream of what is neither": lambda fw: fw.stream_with_context(7)(),
    "send_static_file": lambda fw: fw.app(static_folder=None).send_static_file("x"),
    "create_jinja_environment": lambda fw: fw.mod("sansio.app").App.create_jinja_environment(fw.app()),
    "add_url_rule of the scaffold": lambda fw: fw.mod("sansio.scaffold").Scaffold.add_url_rule(fw.app(), "/"),
    "setup check of the scaffold": lambda fw: fw.mod("sansio.scaffold").Scaffold._check_setup_finished(None, "x"),
}


@pytest.mark.parametrize("name", list(OUTSIDE))
def test_outside_of_contexts(name: str) -> None:
    both(lambda fw: fw.error(OUTSIDE[name], fw))


@pytest.mark.parametrize("name", [n for n in OUTSIDE if "request" in n or "session" in n or "stream" in n or "fl" in n])
def test_inside_an_application_only(name: str) -> None:
    def scenario(fw: Framework) -> Any:
        with fw.app().app_context():
            try:
                return repr(OUTSIDE[name](fw)).split(" at 0x")[0]
            except Exception:
                return fw.error(OUTSIDE[name], fw)

    both(scenario)


@alike
def test_without_an_application(fw: Framework) -> Any:
    plain = fw.redirect("/x", 301)
    own = fw.redirect("/x", Response=PlainResponse)
    return shown(plain), type(plain) is type(own) is PlainResponse


# URLs ---------------------------------------------------------------------------------------------------


URLS: list[tuple[str, dict[str, Any]]] = [
    ("index", {}),
    ("index", {"a": 1, "b": [2, 3], "c": None}),
    ("item", {"n": 5}),
    ("item", {"n": 5, "_anchor": "x y/ü#?"}),
    ("item", {"n": 5, "_external": True}),
    ("item", {"n": 5, "_external": False}),
    ("item", {"n": 5, "_scheme": "https"}),
    ("item", {"n": 5, "_scheme": "https", "_external": True, "_anchor": "a"}),
    ("item", {"n": 5, "_scheme": "https", "_external": False}),
    ("item", {"n": 5, "_scheme": "", "_external": True}),
    ("item", {"n": 5, "_method": "POST"}),
    ("item", {"n": 5, "_method": "GET", "q": "a b&c=ü"}),
    ("item", {"n": "no number"}),
    ("item", {}),
    ("nothing", {"a": 1, "_anchor": "x"}),
    (".index", {}),
    (".view", {}),
    ("part.view", {}),
    (".part.view", {}),
    (".inner.deep", {}),
    ("part.inner.deep", {}),
    ("..index", {}),
    ("", {}),
    ("static", {"filename": "a/b c.txt"}),
    ("word", {"word": "ä/ö"}),
    ("word", {"word": "x", "self": 1, "values": 2}),
]


def with_urls(fw: Framework, **config: Any) -> Any:
    app = fw.app()
    app.config.update(config)
    part, inner = fw.blueprint("part", url_prefix="/part"), fw.blueprint("inner", url_prefix="/inner")
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/item/<int:n>", "item", lambda n: "", methods=["GET"])
    app.add_url_rule("/post/<int:n>", "item", methods=["POST"])
    app.add_url_rule("/word/<word>", "word", lambda word: "")
    part.add_url_rule("/view", "view", lambda: "")
    inner.add_url_rule("/deep", "deep", lambda: "")
    part.register_blueprint(inner)
    app.register_blueprint(part)
    return app


CONFIGS: list[dict[str, Any]] = [
    {},
    {"SERVER_NAME": "site.test:8080"},
    {"SERVER_NAME": "site.test", "APPLICATION_ROOT": "/root", "PREFERRED_URL_SCHEME": "https"},
]


@pytest.mark.parametrize(("endpoint", "values"), URLS, ids=str)
@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_url_for(endpoint: str, values: dict[str, Any], config: dict[str, Any]) -> None:
    def scenario(fw: Framework) -> Any:
        app = with_urls(fw, **config)
        contexts = [app.app_context()]
        contexts += [app.test_request_context(path) for path in ("/", "/part/view", "/part/inner/deep", "/none")]
        contexts.append(app.test_request_context("/", base_url="https://other.test/deep/"))
        found: list[Any] = []
        for context in contexts:
            with context:
                for build in (fw.url_for, app.url_for):
                    try:
                        found.append(build(endpoint, **values))
                    except Exception:
                        found.append(fw.error(build, endpoint, **values))
        try:
            found.append(app.url_for(endpoint, **values))
        except Exception:
            found.append(fw.error(app.url_for, endpoint, **values))
        return found

    both(scenario)


@pytest.mark.parametrize("config", [{}, CONFIGS[1], {"TRUSTED_HOSTS": ["site.test", "localhost"]}], ids=str)
@pytest.mark.parametrize("script_name", [None, "", "/", "/deep", "/deep/", "/\xc3\xbc"])
def test_url_for_in_a_view(config: dict[str, Any], script_name: str | None) -> None:
    """Before and after the context's adapter is first used; the second request has a host seen before."""

    def scenario(fw: Framework) -> Any:
        app = with_urls(fw, **config)
        app._got_first_request = False
        found: list[Any] = []

        def ask(path: str = "") -> str:
            for endpoint, values in URLS:
                try:
                    found.append(fw.url_for(endpoint, **values))
                except Exception as error:
                    found.append(repr(error))
            return fw.url_for("index", **fw.request.args)

        @app.route("/look/<path:path>", methods=["GET", "POST"])
        def look(path: str) -> str:
            first = ask()
            adapter = fw.request_ctx.url_adapter
            found.append((type(adapter).__name__, adapter.script_name, adapter.subdomain, adapter.match("/")))
            found.append(fw.request_ctx.url_adapter is adapter)
            return first + ask()

        app.add_url_rule("/ask/<path:path>", "ask", ask)
        environ = {} if script_name is None else {"SCRIPT_NAME": script_name}
        for path in ("/ask/a?page=1", "/ask/a?page=%C3%BC+x", "/look/a", "/look/b"):
            found.append(fw.get(app, path, environ_overrides=environ))
        found.append(fw.get(app, "/look/c", "POST", environ_overrides=environ))
        return found

    both(scenario)


@alike
def test_url_for_as_the_application_changes(fw: Framework) -> Any:
    """Each change is made after URLs were built without it."""
    app = with_urls(fw)
    app._got_first_request = False
    calls: list[Any] = []

    def ask() -> None:
        for endpoint in ("index", ".view", "part.view"):
            calls.append(fw.url_for(endpoint, q=1))

    @app.get("/ask")
    def view() -> str:
        fw.request.url_rule.endpoint = "part.ask"
        ask()
        app.url_default_functions["part"].append(lambda endpoint, values: values.setdefault("added", endpoint))
        ask()
        app.url_default_functions = {None: [lambda endpoint, values: values.update(q=2)]}
        ask()
        app.url_default_functions = {}
        ask()
        app.inject_url_defaults = lambda endpoint, values: calls.append(("inject", endpoint, dict(values)))
        ask()
        del app.inject_url_defaults
        ask()
        adapter = fw.request_ctx.url_adapter
        adapter.build = lambda *args, **kwargs: calls.append((args, sorted(kwargs))) or "/built"
        ask()
        del adapter.build
        ask()
        app.url_map.sort_parameters = True
        calls.append(fw.url_for("index", b=1, a=2))
        app.url_for = lambda *args, **kwargs: f"own {args} {kwargs}"
        ask()
        return "done"

    return [fw.get(app, "/ask"), calls]


@alike
def test_the_functions_themselves(fw: Framework) -> Any:
    app = fw.app()
    found: list[Any] = []
    for function in (fw.url_for, fw.Flask.url_for, app.url_for):
        name = function.__module__.partition(".")[2]
        found.append((name, function.__name__, function.__qualname__, inspect.signature(function).return_annotation))
        found.append(sorted(function.__annotations__.keys() - {"self"}))
    for function in (fw.url_for, app.url_for):
        for args, kwargs in [((), {}), (("a", "b"), {}), (("a",), {"endpoint": "b"})]:
            with pytest.raises(TypeError):
                function(*args, **kwargs)
    return found, inspect.ismethod(app.url_for), app.url_for.__func__ is fw.Flask.url_for


@alike
def test_build_error_handlers(fw: Framework) -> Any:
    from werkzeug.routing import BuildError

    calls: list[Any] = []

    def nothing(error: Any, endpoint: str, values: dict[str, Any]) -> None:
        calls.append((type(error).__name__, endpoint, dict(values)))

    def other(error: Any, endpoint: str, values: dict[str, Any]) -> None:
        raise BuildError("other", {}, "PUT")

    def gives(error: Any, endpoint: str, values: dict[str, Any]) -> str | None:
        return f"/made/{endpoint}" if endpoint == "made" else None

    found: list[Any] = []
    for handlers in ([nothing], [other], [nothing, gives], [gives, other], [other, nothing]):
        app = with_urls(fw)
        app.url_build_error_handlers.extend(handlers)
        with app.test_request_context():
            for endpoint in ("made", "none"):
                try:
                    found.append(fw.url_for(endpoint, a=1, _anchor="x", _external=True))
                except BuildError as error:
                    found.append((str(error), error.endpoint))
    return found, calls


@alike
def test_url_defaults_in_order(fw: Framework) -> Any:
    app = with_urls(fw)
    app._got_first_request = False
    calls: list[Any] = []
    app.url_defaults(lambda endpoint, values: calls.append(("app", endpoint, dict(values))))
    app.url_default_functions["part"].append(lambda e, v: v.setdefault("n", 1))
    app.url_default_functions["part.inner"].append(lambda e, v: v.update(n=v["n"] + 1))
    with app.test_request_context("/part/view"):
        return [fw.url_for(name) for name in (".view", ".inner.deep", "index")], calls


@pytest.mark.parametrize("code", [301, 302, 303, 305, 307, 308, 300, 304, 404])
def test_redirect(code: int) -> None:
    def scenario(fw: Framework) -> Any:
        class Own(fw.Flask):  # type: ignore[name-defined, misc]
            def redirect(self, location: str, code: int = 302) -> Any:
                return super().redirect(location + "?own", code)

        app = Own("site", root_path="/nowhere")
        with app.test_request_context():
            try:
                made = fw.redirect("/ä <b>", code, Response=PlainResponse)
                return shown(made), type(made) is app.response_class, shown(app.redirect("x"))
            except Exception:
                return fw.error(fw.redirect, "/x", code)

    both(scenario)


@alike
def test_abort(fw: Framework) -> Any:
    class Own(Exception):
        pass

    app = fw.app()
    app.aborter.mapping[499] = Own
    with app.app_context():
        calls: list[Any] = [
            (404,),
            (404, "words"),
            (499, "x"),
            (999,),
            (PlainResponse("x", 201),),
            ("404",),
            (None,),
        ]
        return [fw.error(fw.abort, *args) for args in calls]


# Flashed messages ---------------------------------------------------------------------------------------


@alike
def test_flashes(fw: Framework) -> Any:
    app = fw.app()
    sent: list[Any] = []

    @fw.message_flashed.connect_via(app)
    def receive(sender: Any, **extra: Any) -> None:
        sent.append((sender is app, sorted(extra), extra.get("message"), extra.get("category")))

    @app.route("/put")
    def put() -> str:
        fw.flash("one")
        fw.flash("two", "error")
        fw.flash(fw.Markup("<b>") if hasattr(fw.root, "Markup") else "<b>", category="x")
        return str(fw.session["_flashes"])

    @app.route("/take")
    def take() -> Any:
        both_kinds = fw.get_flashed_messages(True)
        return [
            fw.get_flashed_messages(),
            both_kinds,
            fw.get_flashed_messages(category_filter=["error"]),
            fw.get_flashed_messages(with_categories=True, category_filter=("x", "message")),
            fw.get_flashed_messages(category_filter=["none"]),
            "_flashes" in fw.session,
        ]

    client = app.test_client()
    return [shown(client.get(path)) for path in ("/take", "/put", "/put", "/take", "/take")], sent


@alike
def test_flashes_in_a_template(fw: Framework) -> Any:
    app = fw.app()
    source = "{% for c, m in get_flashed_messages(with_categories=true) %}{{ c }}={{ m }};{% endfor %}"

    @app.route("/")
    def index() -> Any:
        fw.flash("<x>", "k")
        return fw.render_template_string(source)

    return fw.get(app)


# Files --------------------------------------------------------------------------------------------------

SENT: list[dict[str, Any]] = [
    {},
    {"as_attachment": True},
    {"as_attachment": True, "download_name": "näme.txt"},
    {"download_name": "other.png"},
    {"mimetype": "text/own"},
    {"conditional": False},
    {"etag": False},
    {"etag": "own"},
    {"max_age": 0},
    {"max_age": 60},
    {"max_age": lambda name: 5 if name and name.endswith("txt") else 7},
    {"last_modified": 1_000_000_000},
    {"last_modified": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)},
]
ASKED: list[dict[str, str]] = [
    {},
    {"Range": "bytes=2-4"},
    {"Range": "bytes=-3"},
    {"Range": "bytes=100-"},
    {"Range": "lines=1-2"},
    {"If-None-Match": '"own"'},
    {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    {"If-Range": '"own"', "Range": "bytes=0-1"},
]


@pytest.mark.parametrize("options", SENT, ids=str)
@pytest.mark.parametrize("x_sendfile", [False, True])
def test_send_file(options: dict[str, Any], x_sendfile: bool, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_bytes(b"0123456789")
    os.utime(tmp_path / "file.txt", (1_000_000_000, 1_000_000_000))

    def scenario(fw: Framework) -> Any:
        app = fw.app(root_path=str(tmp_path))
        app.config["USE_X_SENDFILE"] = x_sendfile
        opened = options.get("mimetype") or options.get("download_name")
        app.add_url_rule("/path", "path", lambda: fw.send_file("file.txt", **options))
        app.add_url_rule("/full", "full", lambda: fw.send_file(tmp_path / "file.txt", **options))
        app.add_url_rule("/from/<path:name>", "from", lambda name: fw.send_from_directory("", name, **options))
        if opened:
            app.add_url_rule("/open", "open", lambda: fw.send_file(io.BytesIO(b"0123456789"), **options))
        paths = [
            "/path",
            "/full",
            "/from/file.txt",
            "/from/none.txt",
            "/from/../oracle.py",
            "/from//etc/passwd",
        ]
        answers = []
        for path in [*paths, "/open"] if opened else paths:
            for headers in ASKED:
                for method in ("GET", "HEAD"):
                    status, sent, body = fw.get(app, path, method, headers=headers)
                    answers.append((status, [pair for pair in sent if pair[0] not in {"Date", "Expires"}], body))
        return answers

    both(scenario)


@alike
def test_send_file_refusals(fw: Framework, tmp_path: Path) -> Any:
    app = fw.app(root_path=str(tmp_path))
    with app.test_request_context():
        return [
            fw.error(fw.send_file, io.StringIO("text"), mimetype="text/plain"),
            fw.error(fw.send_file, io.BytesIO(b"x")),
            fw.error(fw.send_file, io.BytesIO(b"x"), as_attachment=True, mimetype="a/b"),
            fw.error(fw.send_file, "none.txt"),
            fw.error(fw.send_from_directory, "none", "x"),
            fw.error(fw.send_from_directory, "", "x", nonsense=1),
        ]


@alike
def test_max_age_of_a_subclass(fw: Framework, tmp_path: Path) -> Any:
    (tmp_path / "static").mkdir(exist_ok=True)
    (tmp_path / "static/a.css").write_text("a")
    (tmp_path / "static/a.js").write_text("b")

    class Own(fw.Flask):  # type: ignore[name-defined, misc]
        def get_send_file_max_age(self, filename: str | None) -> int | None:
            return 9 if filename and filename.endswith("css") else None

    app = Own("site", root_path=str(tmp_path))
    app.add_url_rule("/one", "one", lambda: fw.send_file("static/a.css"))
    wanted = ("Cache-Control", "Expires", "Content-Type")
    return [
        [pair for pair in fw.get(app, path)[1] if pair[0] in wanted and pair[0] != "Expires"]
        for path in ("/static/a.css", "/static/a.js", "/one")
    ]


@alike
def test_open_resources(fw: Framework, tmp_path: Path) -> Any:
    (tmp_path / "instance").mkdir(exist_ok=True)
    (tmp_path / "data.txt").write_text("data")
    app = fw.app(root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))
    with app.open_instance_resource("own.txt", "w") as file:
        file.write("grün")
    found: list[Any] = []
    for opener, name in ((app.open_resource, "data.txt"), (app.open_instance_resource, "own.txt")):
        for mode in ("rb", "r"):
            with opener(name, mode) as file:
                found.append(file.read())
    return found, fw.error(app.open_resource, "data.txt", "w"), fw.error(app.open_resource, "none")[0]


# Streams ------------------------------------------------------------------------------------------------


@alike
def test_stream_with_context(fw: Framework) -> Any:
    app, calls = fw.app(), []
    app.teardown_request(lambda exc: calls.append("teardown request"))
    app.teardown_appcontext(lambda exc: calls.append("teardown app"))

    class Wrapped:
        def __init__(self, items: Any) -> None:
            self.items = items

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return next(self.items)

        def close(self) -> None:
            calls.append(f"closed with {fw.request.path}")

    def generate(word: str = "w") -> Any:
        fw.g.count = 0
        for _ in range(2):
            fw.g.count += 1
            yield f"{word}{fw.g.count}{fw.request.path}{fw.session.get('x')}"
        calls.append("generated")

    @app.route("/generator")
    def generator() -> Any:
        fw.session["x"] = 1
        return fw.Response(fw.stream_with_context(generate()))

    @app.route("/decorated")
    def decorated() -> Any:
        function = fw.stream_with_context(generate)
        calls.append(function.__name__)
        return fw.Response(function("d"))

    @app.route("/closed")
    def closed() -> Any:
        return fw.Response(fw.stream_with_context(Wrapped(iter(["a", "b"]))))

    return [fw.get(app, path) for path in ("/generator", "/decorated", "/closed")], calls


@alike
def test_stream_given_up(fw: Framework) -> Any:
    app, calls = fw.app(), []
    app.teardown_request(lambda exc: calls.append(f"teardown {exc!r}"))

    def generate() -> Any:
        try:
            yield "first"
            yield "second"
        finally:
            calls.append(f"finally in {fw.request.path}")

    app.add_url_rule("/x", "x", lambda: fw.Response(fw.stream_with_context(generate())))
    response = app.test_client().get("/x")
    first = next(iter(response.response))
    calls.append("closing")
    response.close()
    return first, calls, fw.mod("ctx").has_request_context()


@alike
def test_after_this_request(fw: Framework) -> Any:
    app = fw.app()

    @app.route("/")
    def index() -> str:
        @fw.after_this_request
        def add(response: Any) -> Any:
            response.headers["X-Late"] = fw.request.path
            return response

        return add.__name__

    return fw.get(app)


# Overridden steps ---------------------------------------------------------------------------------------------


def replaced(fw: Framework, where: str, name: str, note: Any) -> Any:
    """An application whose method is replaced: in a subclass, on the class, or on the instance."""

    class Own(fw.Flask):  # type: ignore[name-defined, misc]
        pass

    original = getattr(fw.Flask, name)

    def own(self: Any, *args: Any, **kwargs: Any) -> Any:
        note(name, args, dict(kwargs))
        return original(self, *args, **kwargs)

    class Below(Own):
        pass

    app = Below("site_under_test", root_path="/nowhere")
    if where == "instance":
        setattr(app, name, lambda *args, **kwargs: own(app, *args, **kwargs))
    else:
        setattr(Own if where == "base" else Below, name, own)
    return app


@pytest.mark.parametrize("where", ["base", "class", "instance"])
@pytest.mark.parametrize("name", ["url_for", "inject_url_defaults", "handle_url_build_error", "create_url_adapter"])
@pytest.mark.parametrize("late", [False, True])
def test_steps_of_url_for_replaced(where: str, name: str, late: bool) -> None:
    def scenario(fw: Framework) -> Any:
        calls: list[Any] = []

        def note(label: str, args: Any, kwargs: Any) -> None:
            if label != "create_url_adapter":
                calls.append((label, [arg for arg in args if isinstance(arg, (str, dict))], kwargs))

        app = with_urls(fw) if late else replaced(fw, where, name, note)
        if late:
            # Used once as it is, then replaced.
            with app.test_request_context():
                calls.append(fw.url_for("item", n=1))
            other = replaced(fw, where, name, note)
            app.__class__ = type(other)
            if where == "instance":
                original = getattr(app, name)
                setattr(app, name, lambda *args, **kwargs: note(name, args, dict(kwargs)) or original(*args, **kwargs))
        else:
            app.add_url_rule("/item/<int:n>", "item", lambda n: "")
        app._got_first_request = False
        app.add_url_rule("/v", "v", lambda: fw.render_template_string("{{ url_for('item', n=2, _anchor='x') }}"))
        answer = fw.get(app, "/v")
        with app.test_request_context():
            calls.append(fw.url_for("item", n=3, q=1))
            calls.append(fw.error(fw.url_for, "nothing", a=1))
        return answer, calls

    both(scenario)


@alike
def test_adapter_given_to_a_context(fw: Framework) -> Any:
    from werkzeug.routing import MapAdapter

    class Fake:
        def build(self, endpoint: str, values: Any = None, **kwargs: Any) -> str:
            return f"{endpoint} {values} {sorted(kwargs)}"

    app = with_urls(fw)
    with app.test_request_context() as ctx:
        ctx.url_adapter = Fake()
        found = [fw.url_for("x", a=1), fw.url_for(".x", _external=True, _anchor="y")]
        ctx.url_adapter = MapAdapter(app.url_map, "h", "/", None, "http", "/", "GET")
        found.append(fw.url_for("item", n=4, _external=True))
        ctx.url_adapter = None
        found.append(fw.error(fw.url_for, "x"))
    return found
