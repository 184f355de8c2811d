"""The table of override points, an application that passes through all of them, and what is seen from there."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import GeneratorType, ModuleType
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from jinja2 import DictLoader
from werkzeug.wrappers import Response as WerkzeugResponse
from werkzeug.wsgi import ClosingIterator, FileWrapper

from bolthead._core.response.send import Stream

HERE = Path(__file__).parent

APP = [
    "__call__",
    "add_template_filter",
    "add_url_rule",
    "app_context",
    "async_to_sync",
    "auto_find_instance_path",
    "create_global_jinja_loader",
    "create_jinja_environment",
    "create_url_adapter",
    "dispatch_request",
    "do_teardown_appcontext",
    "do_teardown_request",
    "ensure_sync",
    "finalize_request",
    "full_dispatch_request",
    "get_send_file_max_age",
    "handle_exception",
    "handle_http_exception",
    "handle_url_build_error",
    "handle_user_exception",
    "inject_url_defaults",
    "iter_blueprints",
    "log_exception",
    "make_aborter",
    "make_config",
    "make_default_options_response",
    "make_response",
    "open_resource",
    "preprocess_request",
    "process_response",
    "raise_routing_exception",
    "redirect",
    "register_blueprint",
    "register_error_handler",
    "request_context",
    "select_jinja_autoescape",
    "send_static_file",
    "should_ignore_error",
    "test_request_context",
    "trap_http_exception",
    "update_template_context",
    "url_for",
    "wsgi_app",
]
REQUEST = [
    "__init__",
    "_load_form_data",
    "blueprint",
    "blueprints",
    "close",
    "endpoint",
    "get_data",
    "get_json",
    "make_form_data_parser",
    "max_content_length",
    "max_form_memory_size",
    "max_form_parts",
    "on_json_loading_failed",
    "want_form_data_parsed",
]
RESPONSE = [
    "__call__",
    "__init__",
    "_clean_status",
    "close",
    "force_type",
    "get_app_iter",
    "get_data",
    "get_wsgi_headers",
    "get_wsgi_response",
    "iter_encoded",
    "make_conditional",
    "max_cookie_size",
    "set_cookie",
    "set_data",
]
SESSION = [
    "get_cookie_domain",
    "get_cookie_httponly",
    "get_cookie_name",
    "get_cookie_partitioned",
    "get_cookie_path",
    "get_cookie_samesite",
    "get_cookie_secure",
    "get_expiration_time",
    "get_signing_serializer",
    "is_null_session",
    "make_null_session",
    "open_session",
    "save_session",
    "should_set_cookie",
]
BODIES = (ClosingIterator, Stream, FileWrapper, GeneratorType, chain, type(iter([])))
"""What a WSGI application may return, besides a list of bytes; which of them is not specified."""

Log = list[tuple[Any, ...]]
Change = Callable[[Callable[[], Any]], Any]
"""Given the original call, what to do instead of it."""


def show(value: Any) -> Any:
    """*value* in words that are the same on Flask and on bolthead."""
    if isinstance(value, WerkzeugResponse):
        headers = [(key, clean(text)) for key, text in value.headers if key not in ("Date", "Allow")]
        return (value.status, sorted(headers), sorted(value.allow))
    if isinstance(value, BaseException):
        return (type(value).__name__, str(value))
    if isinstance(value, (str, int, float, bytes, type(None))):
        return clean(value) if isinstance(value, str) else value
    if isinstance(value, BODIES) or (type(value) is list and all(type(i) is bytes for i in value)):
        return "a WSGI body"
    if isinstance(value, (list, tuple)):
        return [show(item) for item in value]
    if isinstance(value, type) or callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if isinstance(value, Mapping) and type(value) is dict:
        return sorted(str(key) for key in value if "." not in str(key))
    # Ours is one too, that keeps what does not change from cookie to cookie.
    return "URLSafeTimedSerializer" if isinstance(value, URLSafeTimedSerializer) else type(value).__name__


def clean(text: str) -> str:
    if re.fullmatch(r"[A-Z]+(, [A-Z]+)+", text):
        return ", ".join(sorted(text.split(", ")))
    text = re.sub(r"session=[^;]+", "session=…", text)
    text = re.sub(r"eyJ[\w-]+\.[\w-]{6}\.[\w-]{27}", "signed now", text)
    text = re.sub(r"\d\d \w\w\w \d{4} \d\d:\d\d:\d\d GMT", "then", text)
    return re.sub(r"0x[0-9a-f]+", "0x…", text).replace("bolthead", "flask")


def watched(name: str, original: Any, log: Log, change: Change | None = None) -> Any:
    """An override of *original*, a method or property, that logs each call and then does the same, or *change*."""
    if isinstance(original, property):
        getter: Callable[[Any], Any] = original.fget  # type: ignore[assignment]

        def read(self: Any) -> Any:
            value = getter(self) if change is None else change(functools.partial(getter, self))
            log.append((name, show(value)))
            return value

        return property(read, original.fset, original.fdel)
    if isinstance(original, (classmethod, staticmethod)):
        return type(original)(watched(name, original.__func__, log, change))
    if not callable(original):
        return original

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if args[1:] and getattr(args[1], "__name__", "") == "_default_template_ctx_processor":
            return original(*args, **kwargs)  # Made sync by Flask each time, though it is.
        entry = [name, *(show(arg) for arg in args[1:]), show(kwargs)]
        try:
            again = functools.partial(original, *args, **kwargs)
            result = again() if change is None else change(again)
        except BaseException as error:
            log.append((*entry, "raised", show(error)))
            raise
        log.append((*entry, "gave", show(result)))
        if isinstance(result, WerkzeugResponse):
            result.headers["X-Overridden"] = name
        return result

    return call


def watched_bound(name: str, bound: Any, log: Log, change: Change | None = None) -> Any:
    """The same for an attribute of an instance."""
    inner = watched(name, lambda self, *args, **kwargs: bound(*args, **kwargs), log, change)
    return functools.partial(inner, None)


def with_status(status: int) -> Change:
    def change(call: Callable[[], Any]) -> Any:
        response = call()
        response.status_code = status
        return response

    return change


def instead(value: Any) -> Change:
    return lambda call: value


def after_all(value: Any) -> Change:
    """Call the original, and then give *value*."""

    def change(call: Callable[[], Any]) -> Any:
        result = call()
        if hasattr(result, "close"):
            result.close()
        return value

    return change


def refuse(call: Callable[[], Any]) -> Any:
    raise LookupError("refused")


CHANGES: dict[tuple[str, str], Change] = {
    ("app", "__call__"): after_all([b"from __call__"]),
    ("app", "create_url_adapter"): refuse,
    ("app", "dispatch_request"): instead("dispatched"),
    ("app", "ensure_sync"): lambda call: lambda *args, **kwargs: call()(*args, **kwargs) or "was empty",
    ("app", "finalize_request"): with_status(291),
    ("app", "full_dispatch_request"): with_status(292),
    ("app", "get_send_file_max_age"): instead(77),
    ("app", "handle_exception"): with_status(593),
    ("app", "handle_http_exception"): instead("an HTTP error"),
    ("app", "handle_url_build_error"): instead("/nowhere"),
    ("app", "handle_user_exception"): instead(("any error", 594)),
    ("app", "inject_url_defaults"): refuse,
    ("app", "make_default_options_response"): with_status(295),
    ("app", "make_response"): with_status(296),
    ("app", "preprocess_request"): instead("preprocessed"),
    ("app", "process_response"): with_status(297),
    ("app", "raise_routing_exception"): refuse,
    ("app", "redirect"): with_status(307),
    ("app", "request_context"): refuse,
    ("app", "select_jinja_autoescape"): instead(True),
    ("app", "should_ignore_error"): instead(True),
    ("app", "trap_http_exception"): instead(True),
    ("app", "update_template_context"): instead(None),
    ("app", "url_for"): instead("/anywhere"),
    ("app", "wsgi_app"): after_all([b"from wsgi_app"]),
    ("request", "blueprint"): instead("bp"),
    ("request", "blueprints"): instead(["bp"]),
    ("request", "endpoint"): instead("index"),
    ("request", "get_json"): instead({"got": "json"}),
    ("request", "max_content_length"): instead(2),
    ("request", "max_form_parts"): instead(1),
    ("request", "on_json_loading_failed"): instead({"not": "json"}),
    ("request", "want_form_data_parsed"): instead(False),
    ("response", "__call__"): after_all([b"from __call__"]),
    ("response", "get_app_iter"): after_all([b"from get_app_iter"]),
    ("response", "get_wsgi_headers"): refuse,
    ("response", "iter_encoded"): lambda call: iter([b"from iter_encoded"]),
    ("response", "set_cookie"): instead(None),
    ("response", "set_data"): refuse,
    ("session", "get_cookie_domain"): instead("example.org"),
    ("session", "get_cookie_httponly"): instead(False),
    ("session", "get_cookie_name"): instead("other"),
    ("session", "get_cookie_partitioned"): instead(True),
    ("session", "get_cookie_path"): instead("/some"),
    ("session", "get_cookie_samesite"): instead("Strict"),
    ("session", "get_cookie_secure"): instead(True),
    ("session", "get_expiration_time"): instead(None),
    ("session", "get_signing_serializer"): instead(None),
    ("session", "is_null_session"): instead(True),
    ("session", "open_session"): instead(None),
    ("session", "save_session"): refuse,
    ("session", "should_set_cookie"): instead(False),
}
"""Overrides that show in the answer. (A null session from ``open_session`` and the like ends in an error 500.)"""


def make(fw: ModuleType, cls: type[Any]) -> Any:
    """An application of class *cls* that uses everything."""
    logging.getLogger("table").disabled = True
    app = cls("table", static_folder=str(HERE), static_url_path="/static", root_path=str(HERE))
    app.secret_key = "key"
    app.jinja_loader = DictLoader({"t.html": "<i>{{ x }}{{ y }}{{ z }}{{ '<'|twice }}</i>", "t.txt": "{{ '<' }}"})
    app.config.update(PERMANENT_SESSION_LIFETIME=100, SESSION_COOKIE_SAMESITE="Lax")
    app.extensions["torn down"] = []
    add_hooks(fw, app)
    add_views(fw, app)
    add_blueprint(fw, app)
    return app


def add_hooks(fw: ModuleType, app: Any) -> None:
    @app.before_request
    def before() -> None:
        fw.g.before = True

    @app.after_request
    def after(response: Any) -> Any:
        response.headers["X-After"] = "1"
        return response

    @app.teardown_request
    def teardown(error: Any) -> None:
        app.extensions["torn down"].append(show(error))

    @app.teardown_appcontext
    def teardown_app(error: Any) -> None:
        pass

    @app.context_processor
    def more() -> dict[str, int]:
        return {"y": 2}

    @app.url_defaults
    def defaults(endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("lang", "en")

    @app.template_filter("twice")
    def twice(text: str) -> str:
        return text * 2

    @app.errorhandler(418)
    def teapot(error: Any) -> Any:
        return f"teapot: {error.code}", 418

    @app.errorhandler(ValueError)
    def value_error(error: Any) -> Any:
        return {"error": str(error)}, 422

    app.url_build_error_handlers.append(lambda error, endpoint, values: f"/built/{endpoint}")


def add_views(fw: ModuleType, app: Any) -> None:
    @app.route("/")
    def index() -> str:
        return "hello"

    @app.route("/json")
    def as_json() -> Any:
        return {"a": [1, 2]}

    @app.route("/bytes")
    def as_bytes() -> Any:
        return b"bytes"

    @app.route("/tuple")
    def as_tuple() -> Any:
        return "made", 201, {"X-Made": "yes"}

    @app.route("/response")
    def as_response() -> Any:
        @fw.after_this_request
        def later(response: Any) -> Any:
            response.set_cookie("c", "v")
            return response

        return fw.make_response("own", "202 Fine")

    @app.route("/wsgi")
    def as_wsgi() -> Any:
        return WerkzeugResponse("foreign", mimetype="text/plain")

    @app.route("/none")
    def nothing() -> Any:
        return None

    @app.route("/stream")
    def stream() -> Any:
        def parts() -> Iterator[str]:
            yield "a"
            yield fw.request.path

        return fw.Response(fw.stream_with_context(parts()))

    @app.route("/session", methods=["GET", "POST"])
    def use_session() -> Any:
        if fw.request.method == "POST":
            fw.session["n"] = fw.session.get("n", 0) + 1
            fw.session.permanent = True
        return str(fw.session.get("n"))

    @app.route("/item/<name>")
    def item(name: str) -> str:
        return f"{name} {fw.request.endpoint} {fw.request.blueprint} {fw.request.blueprints}"

    @app.route("/slash/", methods=["GET", "POST"])
    def slash() -> str:
        return "slash"

    @app.route("/url")
    def url() -> Any:
        return fw.url_for("item", name="a b", _anchor="x", _external=True) + fw.url_for("nowhere", q=1)

    @app.route("/redirect")
    def away() -> Any:
        return fw.redirect("/")

    @app.route("/abort/<int:code>")
    def stop(code: int) -> Any:
        fw.abort(code)

    @app.route("/value")
    def value() -> Any:
        raise ValueError("bad value")

    @app.route("/crash")
    def crash() -> Any:
        raise KeyError("unexpected")

    @app.route("/async")
    async def later() -> str:
        return "awaited"

    @app.route("/template")
    def template() -> Any:
        return fw.render_template("t.html", x=1) + fw.render_template("t.txt")

    @app.route("/form", methods=["POST"])
    def form() -> Any:
        return fw.request.form["a"] + ",".join(fw.request.files)

    @app.route("/data", methods=["POST"])
    def data() -> Any:
        return fw.request.get_json()


def add_blueprint(fw: ModuleType, app: Any) -> None:
    bp = fw.Blueprint("bp", "table_bp", url_prefix="/<lang>/bp", root_path=str(HERE))

    @bp.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        fw.g.lang = (values or {}).pop("lang", None)

    @bp.before_request
    def before() -> Any:
        return "stopped" if fw.request.args.get("stop") else None

    @bp.after_request
    def after(response: Any) -> Any:
        response.headers["X-Blueprint"] = fw.g.lang
        return response

    @bp.app_context_processor
    def more() -> dict[str, int]:
        return {"z": 3}

    @bp.errorhandler(404)
    def missing(error: Any) -> Any:
        return "not in here", 404

    @bp.route("/")
    def home() -> str:
        return fw.url_for(".home") + f" {fw.request.blueprints}"

    @bp.route("/missing")
    def gone() -> Any:
        fw.abort(404)

    app.register_blueprint(bp)


PATHS = ["/", "/json", "/bytes", "/tuple", "/response", "/wsgi", "/none", "/stream", "/item/x", "/slash", "/slash/"]
PATHS += ["/url", "/redirect", "/value", "/crash", "/async", "/template"]
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    *(("GET", path, {}) for path in PATHS),
    *(("GET", f"/abort/{code}", {}) for code in (418, 403, 500)),
    *(("GET", path, {}) for path in ("/en/bp/", "/en/bp/?stop=1", "/en/bp/missing", "/no/such", "/abort/x")),
    ("GET", "/static/override_points.py", {}),
    ("GET", "/static/no-such-file", {}),
    ("POST", "/session", {}),
    ("GET", "/session", {}),
    ("HEAD", "/", {}),
    ("OPTIONS", "/item/x", {}),
    ("DELETE", "/", {}),
    ("POST", "/slash", {"data": {"a": "b"}}),
    ("POST", "/form", {"data": {"a": "b"}}),
    ("POST", "/form", {"data": {"no": "a"}}),
    ("POST", "/form", {"data": {"a": "b", "b": "c"}, "content_type": "multipart/form-data"}),
    ("POST", "/data", {"json": {"a": 1}}),
    ("POST", "/data", {"data": b"{", "content_type": "application/json"}),
    ("POST", "/data", {"data": b"{"}),
]


FEW = [request for request in REQUESTS if request[1] in ("/", "/json", "/crash", "/session", "/en/bp/")]


def ask(client: Any, method: str, path: str, options: dict[str, Any]) -> Any:
    try:
        response = client.open(path, method=method, buffered=True, **options)
        body = response.get_data() if "static" not in path else b"file"
        return (show(response), clean(body.decode()))
    except Exception as error:
        return ("raised", show(error))


def use(fw: ModuleType, app: Any, log: Log, requests: list[Any] = REQUESTS) -> list[Any]:
    """Send every request; what came back, each with the calls it made."""
    found: list[Any] = []
    client = app.test_client()
    for method, path, options in requests:
        start = len(log)
        answer = ask(client, method, path, options)
        torn_down = app.extensions["torn down"]
        found.append((method, path, answer, torn_down[:], log[start:]))
        torn_down.clear()
    return found


def use_directly(fw: ModuleType, app: Any, log: Log) -> list[Any]:
    """Do what can be done with an application without a server, and see the same."""
    client = app.test_client()
    start = len(log)
    with app.test_request_context("/item/y?stop=1", method="POST", data="x"):
        done = [show(app.preprocess_request()), show(app.make_response(("a", 201))), app.url_for("index")]
    with app.app_context():
        done.append(show(app.redirect("/")))
        with app.open_resource("override_points.py") as file:
            done.append(file.read(3))
        done.append([bp.name for bp in app.iter_blueprints()])
    with client.session_transaction() as session:
        session["k"] = "v"
    done.append(client.get("/session").status)
    app.secret_key = None
    done.append(client.get("/session").status)
    return [("directly", done, log[start:])]
