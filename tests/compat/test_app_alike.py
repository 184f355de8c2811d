"""The application object, on Flask and here: routes, hooks, errors, responses, refusals."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, Conflict, HTTPException, NotFound
from werkzeug.wrappers import Response as PlainResponse

from compat.setup_methods import SETUP_OF_BOTH
from oracle import Framework, alike, both, shown


class Problem(Exception):
    pass


class Worse(Problem):
    pass


class Teapot(HTTPException):
    code = 418
    description = "short and stout"


class Paused(HTTPException):
    code = 599


def raiser(error: BaseException) -> Any:
    def view(**values: Any) -> None:
        raise error

    return view


# Setting up -----------------------------------------------------------------------------------------------


@alike
def test_constructor(fw: Framework, tmp_path: Path) -> Any:
    full = fw.Flask(
        "site",
        static_url_path="/assets/",
        static_folder="files/",
        template_folder=None,
        instance_path=str(tmp_path),
        root_path=str(tmp_path),
    )
    keys = ["name", "import_name", "static_url_path", "static_folder", "template_folder", "instance_path"]
    keys += [
        "root_path",
        "subdomain_matching",
        "jinja_loader",
        "has_static_folder",
        "extensions",
        "blueprints",
    ]
    return (
        [getattr(full, key) for key in keys],
        repr(full),
        fw.error(fw.Flask, "site", instance_path="relative"),
        fw.error(fw.Flask, "site", static_host="s.test"),
        fw.error(fw.Flask, "site", host_matching=True),
        [str(rule) for rule in fw.Flask("site", host_matching=True, static_host="s.test").url_map.iter_rules()],
        [str(rule) for rule in fw.Flask("site", static_folder=None).url_map.iter_rules()],
        [str(rule) for rule in fw.Flask("site", static_url_path="").url_map.iter_rules()],
    )


@pytest.mark.parametrize("file", ["/somewhere/run.py", None, "run", "two.dots.py"])
def test_name_of_main(file: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__file__", file, raising=False)
    both(lambda fw: fw.Flask("__main__", root_path="/nowhere").name)


SETUP = [
    *SETUP_OF_BOTH,
    ("teardown_appcontext", (print,)),
    ("shell_context_processor", (dict,)),
    ("template_filter", ()),
    ("add_template_filter", (str,)),
    ("template_test", ()),
    ("add_template_test", (bool,)),
    ("template_global", ()),
    ("add_template_global", (str,)),
]


@pytest.mark.parametrize(("method", "args"), SETUP)
def test_setup_after_the_first_request(method: str, args: tuple[Any, ...]) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        fw.get(app, "/nothing")
        return app._got_first_request, fw.error(getattr(app, method), *args)

    both(scenario)


@alike
def test_registered_before_but_decorated_after(fw: Framework) -> Any:
    """The decorator is made in time and used too late."""
    app = fw.app()
    decorators = [app.route("/"), app.errorhandler(404), app.template_filter()]
    fw.get(app)
    return [fw.error(decorator, print) for decorator in decorators]


@alike
def test_methods_of_a_route(fw: Framework) -> Any:
    app = fw.app(static_folder=None)

    def view() -> str:
        return fw.request.method

    def with_attributes() -> str:
        return fw.request.method

    with_attributes.methods = ["put"]  # type: ignore[attr-defined]
    with_attributes.required_methods = ["delete"]  # type: ignore[attr-defined]
    with_attributes.provide_automatic_options = False  # type: ignore[attr-defined]

    app.add_url_rule("/plain", "plain", view)
    app.add_url_rule("/post", "post", view, methods=["post"])
    app.add_url_rule("/own", "own", view, methods=["OPTIONS", "GET"])
    app.add_url_rule("/none", "none", view, provide_automatic_options=False)
    app.add_url_rule("/forced", "forced", view, methods=("get", "options"), provide_automatic_options=True)
    app.add_url_rule("/attributes", "attributes", with_attributes)
    app.add_url_rule("/attributes2", "attributes2", with_attributes, methods=["GET"])
    app.add_url_rule("/no-methods", "no-methods", view, methods=[])
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/configured", "configured", view)
    for method in ("get", "post", "put", "delete", "patch"):
        getattr(app, method)(f"/short/{method}", endpoint=method)(view)
    table = [
        (str(rule), sorted(rule.methods or ()), rule.provide_automatic_options) for rule in app.url_map.iter_rules()
    ]
    answers = []
    for rule in list(app.url_map.iter_rules()):
        for method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"):
            status, headers, body = fw.get(app, str(rule), method)
            allow = [sorted(value.split(", ")) for name, value in headers if name == "Allow"]
            answers.append((str(rule), method, status, allow, body if status == "200 OK" else b""))
    return table, answers


@alike
def test_wrong_routes(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/a", "same", lambda: "a")

    class Callable:
        def __call__(self) -> str:
            return "called"

    return [
        fw.error(app.add_url_rule, "/b", "same", lambda: "b"),
        fw.error(app.add_url_rule, "/b"),
        fw.error(app.add_url_rule, "/b", view_func=Callable()),
        fw.error(app.route("/c", methods="GET"), print),
        fw.error(app.add_url_rule, "/c", "c", methods="POST"),
        fw.error(app.add_url_rule, "/c", "c", methods=[1]),
        fw.error(app.get, "/c", methods=["GET"]),
        fw.error(app.add_url_rule, "c", "c"),
        fw.error(app.add_url_rule, "/c", "c", nonsense=1)[0],
        fw.error(app.add_url_rule, "/c/<nothing:x>", "c"),
    ]


@alike
def test_endpoint_without_a_view(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/x", "x")
    app.add_url_rule("/y", "y")
    app.endpoint("y")(lambda: "late")
    return fw.error(fw.get, app, "/x") if app.testing else fw.get(app, "/x"), fw.get(app, "/y")


@alike
def test_wrong_error_handlers(fw: Framework) -> Any:
    app = fw.app()
    wrong: list[Any] = [
        999,
        200,
        "404",
        NotFound(),
        Problem("x"),
        KeyboardInterrupt,
        str,
        object(),
        None,
        404.0,
    ]
    return [fw.error(app.register_error_handler, item, print) for item in wrong]


@alike
def test_classes_to_replace(fw: Framework) -> Any:
    from jinja2 import Environment as Jinja

    class Aborter:
        def __call__(self, code: Any, *args: Any, **kwargs: Any) -> Any:
            raise Teapot(f"{code} {args} {kwargs}")

    class Config(fw.Config):  # type: ignore[name-defined, misc]
        pass

    class Globals:
        pass

    class Environment(fw.mod("templating").Environment):  # type: ignore[name-defined, misc]
        pass

    class Response(fw.Response):  # type: ignore[name-defined, misc]
        default_mimetype = "text/x-own"

    class Request(fw.Request):  # type: ignore[name-defined, misc]
        own = "request"

    class Own(fw.Flask):  # type: ignore[name-defined, misc]
        aborter_class = Aborter
        config_class = Config
        app_ctx_globals_class = Globals
        jinja_environment = Environment
        response_class = Response
        request_class = Request
        jinja_options = {"trim_blocks": True, "autoescape": False, "auto_reload": True}

        def make_config(self, instance_relative: bool = False) -> Any:
            made = super().make_config(instance_relative)
            made["MADE"] = True
            return made

    app = Own("site", root_path="/nowhere")
    app.add_url_rule(
        "/", "index", lambda: fw.request.own + fw.render_template_string("{% if 1 %}\n{{ '<' }}{% endif %}")
    )
    app.add_url_rule("/abort", "abort", lambda: fw.abort(404, "x", key=1))
    with app.app_context():
        kinds = [type(app.config) is Config, type(fw.g._get_current_object()) is Globals, app.config["MADE"]]
    env = app.jinja_env
    kinds += [
        type(env) is Environment,
        isinstance(env, Jinja),
        env.auto_reload,
        env.trim_blocks,
        env.app is app,
    ]
    return kinds, fw.get(app), fw.get(app, "/abort")


# Errors ---------------------------------------------------------------------------------------------------


HANDLED: list[Any] = [
    [],
    [404],
    [HTTPException],
    [NotFound, HTTPException],
    [500],
    [Exception],
    [Problem],
    [Worse, Problem],
    [Problem, Exception, 500],
    [Exception, HTTPException],
    [418],
    [Teapot, 404, Exception],
    [BadRequest],
    [KeyError],
    [400, KeyError],
    [Conflict, Paused],
]
ERRORS: list[Any] = [
    lambda: NotFound("lost"),
    lambda: Problem("p"),
    lambda: Worse("w"),
    lambda: Teapot(),
    lambda: Paused("later"),
    lambda: HTTPException("no code"),
    lambda: KeyError("k"),
    lambda: Conflict(response=PlainResponse("own", 409)),
]


@pytest.mark.parametrize("handled", HANDLED, ids=str)
@pytest.mark.parametrize("setting", [{}, {"DEBUG": True}, {"TESTING": True}, {"PROPAGATE_EXCEPTIONS": False}])
def test_error_handler_look_up(handled: list[Any], setting: dict[str, Any]) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.logger.disabled = True
        app.config.update(setting)
        for number, error in enumerate(ERRORS):
            app.add_url_rule(f"/{number}", f"view{number}", raiser(error()))
        app.add_url_rule("/form", "form", lambda: fw.request.form["missing"])
        for item in handled:
            app.errorhandler(item)(lambda e, item=item: (f"{item} got {type(e).__name__}", 299))
        found = []
        for path in [f"/{number}" for number in range(len(ERRORS))] + ["/form", "/none"]:
            try:
                found.append(fw.get(app, path))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
        app.logger.disabled = False
        return found

    both(scenario)


@pytest.mark.parametrize("trap_http", [False, True])
@pytest.mark.parametrize("trap_bad", [None, False, True])
@pytest.mark.parametrize("debug", [False, True])
def test_trapped_exceptions(trap_http: bool, trap_bad: bool | None, debug: bool) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.config.update(TRAP_HTTP_EXCEPTIONS=trap_http, TRAP_BAD_REQUEST_ERRORS=trap_bad, DEBUG=debug)
        app.config["PROPAGATE_EXCEPTIONS"] = True
        app.add_url_rule("/key", "key", lambda: fw.request.form["missing"])
        app.add_url_rule("/bad", "bad", lambda: fw.abort(400, "plain"))
        app.add_url_rule("/gone", "gone", lambda: fw.abort(410))
        found = []
        for path in ("/key", "/bad", "/gone", "/none"):
            try:
                found.append(fw.get(app, path))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
        return found, [app.trap_http_exception(e) for e in (NotFound(), BadRequest(), Problem())]

    both(scenario)


@alike
def test_exception_is_logged(fw: Framework, caplog: pytest.LogCaptureFixture) -> Any:
    app = fw.app()
    app.add_url_rule("/x", "x", raiser(Problem("p")), methods=["POST"])
    caplog.clear()
    answer = fw.get(app, "/x", "POST")
    return answer, [(r.name, r.levelname, r.getMessage(), r.exc_info and r.exc_info[0]) for r in caplog.records]


@alike
def test_handler_that_fails(fw: Framework, caplog: pytest.LogCaptureFixture) -> Any:
    app = fw.app()
    app.errorhandler(Problem)(lambda e: 1 / 0)
    app.errorhandler(500)(lambda e: f"{type(e.original_exception).__name__}")
    app.add_url_rule("/x", "x", raiser(Problem("p")))
    broken = fw.app()
    broken.after_request(lambda response: 1 / 0)
    broken.add_url_rule("/", "x", lambda: "fine")
    caplog.clear()
    return fw.get(app, "/x"), fw.get(broken), [(r.levelname, r.getMessage()) for r in caplog.records]


@alike
def test_error_told_to_teardown(fw: Framework) -> Any:
    calls: list[str] = []

    class Forgiving(fw.Flask):  # type: ignore[name-defined, misc]
        def should_ignore_error(self, error: BaseException | None) -> bool:
            return isinstance(error, Worse)

    app = Forgiving("site_under_test", root_path="/nowhere")
    app.logger.disabled = True
    app.teardown_request(lambda exc: calls.append(f"request {exc!r}"))
    app.teardown_appcontext(lambda exc: calls.append(f"app {exc!r}"))
    app.errorhandler(KeyError)(lambda e: "handled")
    for name, error in (("a", Problem("p")), ("b", Worse("w")), ("c", KeyError("k")), ("d", NotFound())):
        app.add_url_rule(f"/{name}", name, raiser(error))
        calls.append(fw.get(app, f"/{name}")[0])
        app._got_first_request = False
    app.logger.disabled = False
    return calls


# Responses ------------------------------------------------------------------------------------------------


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("299 Own", [("X-Own", "1")])
    return [environ["REQUEST_METHOD"].encode()]


def pieces() -> Iterator[str]:
    yield "a"
    yield "b"


RETURNED: list[Any] = [
    "text",
    "",
    b"bytes",
    bytearray(b"array"),
    {"a": 1},
    {},
    [1, "x"],
    [],
    ("t", 201),
    ("t", "201 Own words"),
    ("t", b"202 bytes"),
    ("t", {"X-A": "1"}),
    ("t", [("X-A", "1"), ("X-A", "2")]),
    ("t", (("X-A", "1"),)),
    ("t", 203, {"X-A": ["1", "2"]}),
    ("t", 203, None),
    ("t", None, {"X-A": "1"}),
    ("t", None),
    ({"a": 1}, 404),
    ([1], {"Content-Type": "text/own"}),
    ("t", 200, {"Content-Type": "text/own"}),
    ("t", 200, {"Content-Length": "7"}),
    wsgi,
    (wsgi, 298),
    (b"", 204),
    ("t", 299),
    ("t", 999),
    ("t", 42),
]
WRONG: list[Any] = [
    None,
    (None, 200),
    (None, 200, {}),
    ("a",),
    (),
    ("a", 1, {}, 4),
    1,
    1.5,
    True,
    object,
    int,
    {1, 2},
    frozenset(),
    range(3),
    ("t", "x y"),
    ("t", object()),
    ("t", "not a number"),
    ("t", 200, "headers"),
    ("t", 200, 5),
    ("t", 200, [("a",)]),
    lambda: None,
    lambda environ, start: 1,
]


def answer(fw: Framework, make: Any) -> Any:
    app = fw.app()
    app.testing = True
    app.add_url_rule("/x", "x", make)
    try:
        status, headers, body = fw.get(app, "/x")
    except Exception as error:
        return type(error).__name__, fw.plain(str(error)).split(" at 0x")[0]
    return status, headers, body


@pytest.mark.parametrize("value", RETURNED + WRONG, ids=lambda value: repr(value).split(" at 0x")[0])
def test_what_a_view_returns(value: Any) -> None:
    both(lambda fw: answer(fw, lambda: value))


MADE: dict[str, Any] = {
    "generator": lambda fw: pieces(),
    "iterator": lambda fw: iter([b"x", b"y"]),
    "iterator of a list of numbers": lambda fw: map(str, range(3)),
    "response": lambda fw: fw.Response("r", 201, {"X-A": "1"}, mimetype="text/own"),
    "response and status": lambda fw: (fw.Response("r", 201), 202, {"X-B": "2"}),
    "werkzeug's response": lambda fw: PlainResponse("plain", 201),
    "an exception": lambda fw: NotFound("as a value"),
    "an exception and headers": lambda fw: (NotFound("as a value"), {"X-A": "1"}),
    "made": lambda fw: fw.make_response("m", 201),
    "made of one": lambda fw: fw.make_response(("m", 202)),
    "made of nothing": lambda fw: fw.make_response(),
    "made of a response": lambda fw: fw.make_response(fw.Response("x"), {"X-A": "1"}),
    "json": lambda fw: fw.jsonify(a=1),
    "redirect": lambda fw: fw.redirect("/elsewhere?a=ü", 303),
    "headers object": lambda fw: ("t", fw.Response(headers={"X-A": "1"}).headers),
    "a dict with a status": lambda fw: ({"a": (1, 2)}, "299 Own"),
}


@pytest.mark.parametrize("name", list(MADE))
def test_what_a_view_makes(name: str) -> None:
    both(lambda fw: answer(fw, lambda: MADE[name](fw)))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "BREW"])
@pytest.mark.parametrize("path", ["/", "/x", "/x/", "/strict", "/strict/", "//x", "/x?a=1", "/%C3%BC", "/ü"])
def test_routing_of_requests(method: str, path: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.add_url_rule("/x", "x", lambda: "x", methods=["GET", "POST"])
        app.add_url_rule("/strict/", "strict", lambda: "strict", methods=["GET", "POST"])
        app.add_url_rule("/<word>", "word", lambda word: word)
        return fw.get(app, path, method)

    both(scenario)


@alike
def test_redirect_of_a_form_in_debug_mode(fw: Framework) -> Any:
    app = fw.app()
    app.debug = True
    app.add_url_rule("/s/", "s", lambda: "", methods=["GET", "POST"])
    app.add_url_rule("/old", "old", lambda: "", redirect_to="/s/", methods=["GET", "POST"])
    found: list[Any] = []
    for path in ("/s", "/s?a=1", "/old"):
        try:
            found.append(fw.get(app, path, "POST", data={"a": "1"}))
        except AssertionError as error:
            found.append((type(error).__name__, str(error)))
    return found, fw.get(app, "/s")


@alike
def test_files_key_in_debug_mode(fw: Framework) -> Any:
    app = fw.app()
    app.debug = True
    app.testing = True

    def view(key: str) -> Any:
        files = fw.request.files
        try:
            return files[key].read()
        except KeyError as error:
            kind = type(error)
            cls = type(files)
            return [
                kind.__name__,
                str(error),
                cls.__name__,
                isinstance(files, ImmutableMultiDict),
                [b.__name__ for b in kind.__mro__],
            ]

    app.add_url_rule("/<key>", "v", view, methods=["POST"])
    client = app.test_client()
    return [
        shown(client.post("/up", data={"up": "name.txt"})),
        shown(client.post("/up", data={"up": ["a", "b"]})),
        shown(client.post("/other", data={"up": "name.txt"})),
        shown(client.post("/up", data=b"{}", content_type="application/json")),
        shown(client.post("/up", data={"up": (__import__("io").BytesIO(b"x"), "n.txt")})),
        shown(client.post("/down", data={"up": (__import__("io").BytesIO(b"x"), "n.txt")})),
    ]


@alike
def test_shell_context(fw: Framework) -> Any:
    app = fw.app()
    app.shell_context_processor(lambda: {"a": 1, "g": "own"})
    made = app.make_shell_context()
    return sorted(made), made["app"] is app, made["g"]


@alike
def test_debug_attribute(fw: Framework) -> Any:
    app, set_before, configured = fw.app(), fw.app(), fw.app()
    found = [app.debug, app.jinja_env.auto_reload]
    app.debug = True
    found += [app.debug, app.config["DEBUG"], app.jinja_env.auto_reload]
    set_before.debug = True
    configured.config["TEMPLATES_AUTO_RELOAD"] = False
    configured.debug = True
    return [*found, set_before.jinja_env.auto_reload, configured.jinja_env.auto_reload]


NAMES = ["single", "package", "package.inner", "space.part", "space.part.nothing", "space", "nothing_here"]
NAMES += [
    "inst_l",
    "inst_L",
    "inst_o",
    "json",
    "__main__",
    "werkzeug.utils",
    "sys",
    "_io",
    "",
    ".relative",
    "a..b",
]


@pytest.mark.parametrize("name", NAMES)
def test_where_a_package_is(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("lib/python3.11/site-packages", "Lib/site-packages", "own/site-packages"):
        monkeypatch.syspath_prepend(str(tmp_path / place))
    monkeypatch.syspath_prepend(str(tmp_path))
    for file in ("single.py", "package/__init__.py", "package/inner.py", "space/part/__init__.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    for place in ("lib/python3.11/site-packages", "Lib/site-packages", "own/site-packages"):
        (tmp_path / place / f"inst_{place[0]}").mkdir(parents=True)
        (tmp_path / place / f"inst_{place[0]}/__init__.py").write_text("")

    def scenario(fw: Framework) -> Any:
        scaffold, helpers = fw.mod("sansio.scaffold"), fw.mod("helpers")
        found: list[Any] = []
        for function in (scaffold.find_package, scaffold._find_package_path, helpers.get_root_path):
            try:
                found.append(function(name))
            except Exception:
                found.append(fw.error(function, name))
        try:
            found.append(fw.Flask(name, root_path="/nowhere").instance_path)
        except Exception:
            found.append(fw.error(fw.Flask, name, root_path="/nowhere"))
        return found

    both(scenario)
    for loaded in [key for key in sys.modules if key.partition(".")[0] in {"single", "package", "space"}]:
        del sys.modules[loaded]


@alike
def test_where_a_loaded_module_is(fw: Framework, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Modules that are there already; those without a file or a finder that would tell."""
    import types

    get_root_path = fw.mod("helpers").get_root_path

    class Loader:
        def create_module(self, spec: Any) -> Any:
            return None

        def exec_module(self, module: Any) -> None:
            pass

    class Named(Loader):
        def get_filename(self, name: str) -> str:
            return f"/given/{name}.py"

    class Finder:
        @staticmethod
        def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
            from importlib.machinery import ModuleSpec

            kinds: dict[str, Any] = {"without_file": Loader(), "with_name": Named()}
            return ModuleSpec(name, kinds[name]) if name in kinds else None

    loaded = types.ModuleType("loaded_here")
    loaded.__file__ = "relative/file.py"
    monkeypatch.setitem(sys.modules, "loaded_here", loaded)
    monkeypatch.setitem(sys.modules, "no_file", types.ModuleType("no_file"))
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    found = [get_root_path("loaded_here"), get_root_path("with_name"), get_root_path("no_file")]
    refused = fw.error(get_root_path, "without_file")
    sys.modules.pop("without_file", None)
    return found, refused


@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT"])
def test_form_lost_by_a_redirect(code: int, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A routing redirect that drops the form is an error in debug mode; 307 and 308 keep it."""
    import werkzeug.routing

    monkeypatch.setattr(werkzeug.routing.RequestRedirect, "code", code)

    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.debug = True
        methods = ["GET", "POST", "PUT"]
        app.add_url_rule("/s/", "s", lambda: "", methods=methods)
        app.add_url_rule("/old", "old", lambda: "", redirect_to="/s/", methods=methods)
        found = []
        for path in ("/s", "/s?a=1", "/old", "//s/"):
            try:
                found.append(fw.get(app, path, method, data={"a": "1"}))
            except AssertionError as error:
                found.append((type(error).__name__, str(error)))
        return found

    both(scenario)
