"""Each public attribute of what a running application is made of, replaced: by a hook, or between two requests.

A series of requests is sent then, and answered as by Flask, the calls of what was replaced counted too.
`LISTED` has what ``docs/as_flask.md`` lists, whose rows are tested by test_differences.py, and `LEFT` what is left.
"""

from __future__ import annotations

import contextvars
import inspect
import re
from collections import ChainMap, defaultdict, deque
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any
from unittest import mock

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from oracle import FRAMEWORKS, Framework, alike, both, shown
from samples import some

Request = tuple[str, str, dict[str, Any]]
REQUESTS: list[Request] = [
    *(("GET", path, {}) for path in ("/i/5", "/json", "/stream", "/set", "/read", "/error", "/urls", "/part/none")),
    ("POST", "/form?a=b", {"data": {"a": "1"}}),
    ("POST", "/parsed", {"json": {"a": 1}}),
    ("OPTIONS", "/i/5", {}),
    ("HEAD", "/page", {}),
]
FEW = REQUESTS[:2]


def failing(*args: Any, **kwargs: Any) -> Any:
    raise KeyError("failing")


def constant(*args: Any, **kwargs: Any) -> str:
    return "constant"


def counting(calls: list[str], old: Any) -> Any:
    if inspect.isclass(old):
        return type(old.__name__, (old,), {})
    if not callable(old):
        return old

    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append("called")
        return old(*args, **kwargs)

    return call


VALUES: dict[str, Callable[[list[str], Any], Any]] = {
    "None": lambda calls, old: None,
    "5": lambda calls, old: 5,
    "constant": lambda calls, old: constant,
    "failing": lambda calls, old: failing,
    "counting": counting,
}


def by_endpoint(fw: Framework, app: Any) -> Any:
    return next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "i")


OF_THE_APPLICATION: dict[str, Callable[[Framework, Any], Any]] = {
    "application": lambda fw, app: app,
    "blueprint": lambda fw, app: app.blueprints["part"],
    "map": lambda fw, app: app.url_map,
    "rule": by_endpoint,
    "session interface": lambda fw, app: app.session_interface,
    "JSON provider": lambda fw, app: app.json,
    "template environment": lambda fw, app: app.jinja_env,
}
OF_A_REQUEST: dict[str, Callable[[Framework, Any], Any]] = {
    "request": lambda fw, response: fw.request._get_current_object(),
    "session": lambda fw, response: fw.session._get_current_object(),
    "adapter": lambda fw, response: fw.mod("globals").request_ctx.url_adapter,
    "response": lambda fw, response: response,
}
LISTED = {
    *(("request", name) for name in ("close", "cookies", "dict_storage_class", "environ", "files", "headers")),
    *(("request", "trusted_hosts"), ("map", "bind_to_environ"), ("adapter", "map"), ("JSON provider", "dumps")),
    ("application", "json"),
}
LEFT = {("rule", "map"), ("rule", "endpoint"), ("rule", "websocket"), ("adapter", "default_method"), ("rule", "bind")}
"""Values that these cannot have; Werkzeug looks at them at other times."""
LEFT |= {("adapter", "subdomain"), ("adapter", "url_scheme"), ("adapter", "get_host"), ("response", "date")}
LEFT |= {("request", "url_rule")}


def site(fw: Framework, hook: Callable[[Any], None]) -> Any:
    app, part = fw.app(), fw.blueprint(url_prefix="/part")
    app.logger.disabled = True
    app.session_interface = fw.mod("sessions").SecureCookieSessionInterface()  # otherwise that of all applications
    rules: dict[str, Callable[..., Any]] = {
        "/i/<int:x>": lambda x: f"number {x}",
        "/json": lambda: {"a": [1, None]},
        "/stream": lambda: fw.Response(iter(["a", "b"])),
        "/set": lambda: str(fw.session.update(a=1)),
        "/read": lambda: str(fw.session.get("a")),
        "/error": lambda: 1 / 0,
        "/urls": lambda: [fw.url_for("i", x=3), fw.url_for("part.page", q="é", _external=True)],
        "/page": lambda: fw.render_template_string("{{ a }}{{ request.path }}", a="<"),
    }
    for rule, view in rules.items():
        app.add_url_rule(rule, rule.split("/")[1], view)
    app.add_url_rule("/form", "form", lambda: [fw.request.form, fw.request.args, fw.request.method], methods=["POST"])
    app.add_url_rule("/parsed", "parsed", lambda: [fw.request.get_json()], methods=["POST"])
    part.add_url_rule("/page", "page", lambda: "page")
    part.add_url_rule("/none", "none", lambda: fw.abort(404))
    part.register_error_handler(404, lambda error: (f"{fw.request.blueprint}: {error.code}", 404))
    app.register_blueprint(part)
    app.before_request(lambda: hook(None))

    @app.after_request
    def after(response: Any) -> Any:
        hook(response)
        return response

    return app


def outcome(fw: Framework, kind: str, name: str, value: str, moment: str) -> list[Any]:
    calls: list[str] = []

    def replace(one: Any) -> None:
        try:
            setattr(one, name, VALUES[value](calls, getattr(one, name)))
        except Exception as error:
            calls.append(fw.plain(f"{type(error).__name__}: {error}"))

    def hook(response: Any) -> None:
        if kind in OF_A_REQUEST and (response is None) is (moment == "before"):
            replace(OF_A_REQUEST[kind](fw, response))

    def ask(request: Request) -> tuple[Any, ...]:
        calls.clear()
        method, path, options = request
        try:
            with client.open(path, method=method, **options) as response:
                return shown(response), *calls
        except Exception as error:
            return type(error).__name__, fw.plain(str(error)), *calls

    app = site(fw, hook)
    client = app.test_client()
    found = [ask(request) for request in FEW * (moment == "later")]
    if kind in OF_THE_APPLICATION:
        replace(OF_THE_APPLICATION[kind](fw, app))
    return [*found, *map(ask, REQUESTS)]


def names(kind: str) -> Iterator[str]:
    fw = FRAMEWORKS[0]
    app = site(fw, lambda response: None)
    with app.test_request_context():
        made = OF_A_REQUEST[kind](fw, fw.Response()) if kind in OF_A_REQUEST else OF_THE_APPLICATION[kind](fw, app)
        for name in dir(made):
            if not name.startswith("_") and (kind, name) not in LISTED | LEFT:
                yield name


MOMENTS = [(kind, "first") for kind in ("application", "map", "rule")]
MOMENTS += [(kind, "later") for kind in OF_THE_APPLICATION]
MOMENTS += [(kind, "before") for kind in OF_A_REQUEST if kind != "response"]
MOMENTS += [("request", "after"), ("session", "after"), ("response", "after")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(("kind", "moment"), MOMENTS)
def test_an_attribute(kind: str, moment: str, value: str) -> None:
    for name in some(contextvars.copy_context().run(lambda: list(names(kind))), kind, moment, value):
        if (kind, name, moment) == ("map", "update", "first"):
            # PARITY of counts: inserting rules is what it does here.
            continue
        try:
            both(outcome, kind, name, value, moment)
        except pytest.fail.Exception as failed:
            pytest.fail(f"{kind}.{name}: {failed}", pytrace=False)


HOOKS = ["before_request_funcs", "after_request_funcs", "teardown_request_funcs", "teardown_appcontext_funcs"]
HOOKS += ["url_value_preprocessors", "url_default_functions", "error_handler_spec", "template_context_processors"]
COLLECTIONS: dict[str, Callable[[Any], Any]] = {
    **{repr(value): lambda old, value=value: value for value in (0, False, "", (), [], {}, "text")},
    "dict": dict,
    "proxy": MappingProxyType,
    "chain": lambda old: ChainMap({}, old),
    **{
        f"of {change.__name__}": lambda old, change=change: defaultdict(list, {key: change(old[key]) for key in old})
        for change in (tuple, deque, iter, dict.fromkeys)
    },
}


@pytest.mark.parametrize("value", COLLECTIONS)
@pytest.mark.parametrize("name", HOOKS)
@alike
def test_a_collection_of_hooks(fw: Framework, name: str, value: str) -> Any:
    app = site(fw, lambda response: None)
    if isinstance(getattr(app, name), list) and value not in ("()", "[]", "0", "False", "''", "{}"):
        return "no mapping"
    if name == "error_handler_spec" and value.startswith("of "):
        return "a mapping of mappings"
    # Without errors: to Flask, a search for a handler leaves a mark.
    found = ask_all(fw, app, FEW)
    setattr(app, name, COLLECTIONS[value](getattr(app, name)))
    return found + ask_all(fw, app)


def ask_all(fw: Framework, app: Any, requests: list[Request] = REQUESTS) -> list[Any]:
    found: list[Any] = []
    for method, path, options in requests:
        try:
            found.append(fw.get(app, path, method, **options))
        except Exception as error:
            found.append((type(error).__name__, fw.plain(str(error))))
    return found


@pytest.mark.parametrize("name", ["response_class", "request_class"])
@alike
def test_a_class_of_the_application_that_is_none(fw: Framework, name: str) -> Any:
    """A function makes requests, but not responses, which are looked for by their class."""
    found = []
    for value in (lambda *args: getattr(fw.Flask, name)(*args), None, [], {}, mock.Mock(spec=type)):
        app = site(fw, lambda response: None)
        setattr(app, name, value)
        found.append(ask_all(fw, app) if callable(value) else ask_all(fw, app)[0])
    return re.sub("id='[0-9]+'", "", str(found))


@alike
def test_a_context_that_could_not_be_pushed_for_a_client_that_keeps_it(fw: Framework) -> Any:
    app = site(fw, lambda response: None)
    app.app_context = failing
    with app.test_client() as client:
        return fw.error(client.get, "/page")


@alike
def test_a_mock_of_the_provider_where_a_session_is_signed(fw: Framework) -> Any:
    app = site(fw, lambda response: None)
    found = [fw.get(app, "/set")]
    app.json = mock.MagicMock()
    app.testing = True
    return [*found, fw.error(fw.get, app, "/set")]


@alike
def test_defaults_of_a_response_class_that_are_properties(fw: Framework) -> Any:
    app = fw.app()
    own = {"default_status": property(lambda self: 201), "default_mimetype": property(lambda self: "text/x")}
    app.response_class = type("Own", (fw.Response,), own)
    app.add_url_rule("/", "text", lambda: "x")
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/made", "made", lambda: app.response_class("x"))
    return [fw.get(app, path) for path in ("/", "/json", "/made", "/none")]


CLASSES: list[tuple[str, str]] = [
    ("response", "call_on_close"),
    ("response", "force_type"),
    ("response", "is_sequence"),
    ("response", "status_code"),
    ("response", "vary"),
    ("adapter", "match"),
]


@pytest.mark.parametrize("value", [name for name in VALUES if name != "counting"])
@pytest.mark.parametrize(("kind", "name"), CLASSES)
@alike
def test_an_attribute_of_a_class_between_two_requests(fw: Framework, kind: str, name: str, value: str) -> Any:
    app = site(fw, lambda response: None)
    found: list[Any] = []
    cls = fw.Response if kind == "response" else type(app.url_map.bind("host"))

    def ask() -> None:
        for method, path, options in REQUESTS:
            try:
                # Past the test client's own response, which is of the same class.
                body, status, headers = run_wsgi_app(app, EnvironBuilder(path, method=method, **options).get_environ())
                found.append((b"".join(body), status, len(headers), "Vary" in headers))
            except Exception as error:
                found.append((type(error).__name__, fw.plain(str(error)).partition("\n")[0]))

    ask()
    with mock.patch.object(cls, name, VALUES[value]([], None)):
        contextvars.copy_context().run(ask)
    ask()
    return found


STEPS: dict[str, Any] = {
    "_find_error_handler": lambda self, error, blueprints: lambda error: "step",
    "ensure_sync": lambda self, function: lambda **values: "step",
    "full_dispatch_request": lambda self: self.make_response("step"),
    "handle_user_exception": lambda self, error: "step",
    "make_response": lambda self, value: self.response_class("step"),
    "url_for": lambda self, *args, **kwargs: "step",
    "wsgi_app": lambda self, environ, start_response: self.response_class("step")(environ, start_response),
}


@pytest.mark.parametrize("name", STEPS)
@alike
def test_the_class_of_an_application_between_two_requests(fw: Framework, name: str) -> Any:
    app = fw.app()
    app.add_url_rule("/", "index", lambda: fw.url_for("index"))
    client = app.test_client()
    found = []
    for cls in (fw.Flask, type("Sub", (fw.Flask,), {name: STEPS[name]}), fw.Flask):
        app.__class__ = cls
        found += [client.get(path).get_data() for path in ("/", "/none")]
    return found
