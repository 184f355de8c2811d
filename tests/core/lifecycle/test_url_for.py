"""``url_for`` against Flask's, in and out of requests, and the guards that it rests on."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import flask
import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.url_for"

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("index", {}),
    ("item", {"n": 3}),
    ("item", {"n": 3, "more": "é &"}),
    ("item", {}),
    ("item", {"n": "x"}),
    ("part.view", {"name": "a b"}),
    (".view", {"name": "x"}),
    ("unknown", {}),
    ("index", {"_anchor": "é #"}),
    ("index", {"_external": True}),
    ("index", {"_scheme": "https"}),
    ("index", {"_scheme": "https", "_external": False}),
    ("index", {"_external": False}),
    ("index", {"_anchor": None, "_external": None, "_method": None, "_scheme": None}),
    ("index", {"q": 1, "_method": "POST"}),
    ("item", {"n": 3, "_anchor": "x"}),
    ("item", {"_anchor": "x", "n": 3, "q": None}),
    ("item", {"n": 3, "q": "é", "_anchor": "", "r&": 1}),
    ("item", {"n": 3, "q": [1, 2], "_anchor": "x"}),
    ("item", {"n": 3, "q": 1.5, "_scheme": "https", "_external": True, "_anchor": "x"}),
    ("item", {"n": 3, "_other": 1}),
    ("odd", {"_anchor": "x"}),
    ("odd", {"_anchor": "x", "q": 1}),
    ("method", {"_method": "PUT"}),
    ("method", {"_method": "PUT", "q": 1}),
    ("static", {"filename": "a/b.css"}),
    ("shelf", {}),
    ("shelf", {"kind": "a b"}),
    ("shelf", {"kind": "a", "page": 2}),
    ("shelf", {"kind": "a", "page": 2, "q": 1, "_anchor": "x"}),
    ("shelf", {"page": 2}),
    ("shelf", {"kind": None, "page": 2}),
    ("shelf", {"kind": "a", "page": "x"}),
    ("shelf", {"kind": "a", "_method": "GET"}),
    ("shelf", {"kind": "a", "_method": "PUT"}),
    ("shelf", {"kind": "a", "_external": True}),
    ("part.inner.view", {}),
    ("part.inner.view", {"name": "x", "_anchor": "y"}),
    (".inner.view", {"name": "x"}),
    ("..dotted", {"n": 1}),
    (".dotted", {"n": 1}),
]


def site(framework: Any, **config: Any) -> Any:
    app = framework.Flask("site", root_path="/nowhere")
    app.config.update(config)
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/item/<int:n>", "item", lambda n: "")
    app.add_url_rule("/odd/<_anchor>", "odd", lambda _anchor: "")
    app.add_url_rule("/dotted/<int:n>", ".dotted", lambda n: "")
    app.url_map.sort_parameters = "SORT" in config
    app.add_url_rule("/m/get", "method", lambda: "", methods=["GET"])
    app.add_url_rule("/m/put", "method", methods=["PUT"])
    part = framework.Blueprint("part", "site", url_prefix="/part", root_path="/nowhere")
    part.add_url_rule("/<name>", "view", lambda name: "")
    part.register_blueprint(inner := framework.Blueprint("inner", "site", url_prefix="/in", root_path="/nowhere"))
    inner.add_url_rule("/<name>", "view", lambda name: "")
    app.register_blueprint(part)
    for path in ("/shelf", "/shelf/<kind>", "/shelf/<kind>/<int:page>"):
        app.add_url_rule(path, "shelf", None if path != "/shelf" else lambda **values: "")
    return app


def outcomes(framework: Any, app: Any) -> list[Any]:
    """Of each call: from Python, and from a template."""
    template = app.jinja_env.from_string("{{ url_for(endpoint, **values) | safe }}")

    def rendered(endpoint: str, **values: Any) -> Any:
        return template.render(endpoint=endpoint, values=values)

    found: list[Any] = []
    for endpoint, values in CALLS:
        for url_for in (framework.url_for, rendered) * 2:
            try:
                found.append(url_for(endpoint, **values))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
    return found


@pytest.mark.parametrize(
    "config", [{}, {"SORT": True}, {"SERVER_NAME": "example.test", "APPLICATION_ROOT": "/app"}], ids=str
)
@pytest.mark.parametrize("path", [None, "", "/", "/part/x", "/none"])
def test_as_flask(load: Load, path: str | None, config: dict[str, Any]) -> None:
    """Outside of every context, in an application's, in requests that match a view, a blueprint's, and nothing."""
    found = []
    for framework in (flask, load("bolthead")):
        app = site(framework, **config)
        if path is None:
            found.append(outcomes(framework, app))
        elif not path:
            with app.app_context():
                found.append(outcomes(framework, app))
        else:
            with app.test_request_context(path, base_url="http://example.test/app"):
                found.append(outcomes(framework, app))
    assert found[0] == found[1]


def more_values(endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("lang", "en")


def mount(framework: Any, endpoint: str, values: dict[str, Any]) -> None:
    framework.globals.request_ctx.url_adapter.script_name = "/mounted/"


def change_rules(app: Any, endpoint: str) -> None:
    """What a function of URL defaults may do to the rules, one thing after the other."""
    rules = app.url_map._rules_by_endpoint
    if endpoint == "item":
        app.add_url_rule(f"/more/{len(rules['index'])}", "index")
    elif endpoint == "part.view":
        app.url_map._rules_by_endpoint = {**rules, "static": rules["index"][:1]}
    elif endpoint == "method":
        rules["part.inner.view"] = rules["part.view"]
    elif endpoint == "shelf":
        app.url_map.host_matching = False


@pytest.mark.parametrize("what", ["more", "mount", "error", "none", "rules"])
@pytest.mark.parametrize("path", [None, "/", "/part/x"])
def test_defaults_of_the_application_and_of_blueprints(load: Load, path: str | None, what: str) -> None:
    """They are called once for each URL, in Flask's order, with the same endpoint and values."""
    found = []
    for framework in (flask, load("bolthead")):
        app = site(framework, SERVER_NAME="example.test")
        calls: list[Any] = []

        def called(
            name: str | None, calls: list[Any] = calls, framework: Any = framework, app: Any = app
        ) -> Callable[..., None]:
            def default(endpoint: str, values: dict[str, Any]) -> None:
                calls.append((name, endpoint, dict(values)))
                if what == "more":
                    more_values(endpoint, values)
                elif what == "mount" and path is not None:
                    mount(framework, endpoint, values)
                elif what == "rules":
                    change_rules(app, endpoint)
                elif what == "error" and endpoint == "item":
                    raise LookupError(f"{name} {endpoint}")

            return default

        for name in (None, "part", "part.inner", "inner", "shelf"):
            app.url_default_functions[name].append(called(name))
        if what == "none":
            app.url_default_functions.clear()
            app.url_default_functions[None] = []
        context = app.app_context() if path is None else app.test_request_context(path, base_url="http://example.test")
        with context:
            found.append((outcomes(framework, app), calls))
            given = {"a": 1}
            app.inject_url_defaults("part.inner.view", given)
            found[-1] += (given,)
    assert found[0] == found[1]
    assert bool(found[0][1]) is (what != "none")


@pytest.mark.parametrize("change", ["defaults", "subclass", "instance", "adapter", "error handler"])
def test_what_is_changed_counts_at_once(load: Load, change: str) -> None:
    found = []
    for framework in (flask, load("bolthead")):
        app = site(type("Fw", (), {**vars(framework), "Flask": type("Site", (framework.Flask,), {})}))
        calls: list[Any] = []
        with app.test_request_context("/"):
            calls.append(outcomes(framework, app))
            if change == "defaults":
                app.url_defaults(lambda endpoint, values: values.setdefault("n", 9))
            elif change == "subclass":
                type(app).url_for = lambda self, endpoint, **values: f"own {endpoint}"
            elif change == "instance":
                app.url_for = lambda endpoint, **values: f"own {endpoint}"
            elif change == "adapter":
                context = framework.globals.request_ctx._get_current_object()
                context.url_adapter.build = lambda endpoint, *args, **kwargs: f"/own/{endpoint}"
            else:
                app.url_build_error_handlers.append(lambda error, endpoint, values: f"missing {endpoint}")
            calls.append(outcomes(framework, app))
        found.append(calls)
    assert found[0] == found[1]
    assert found[0][0] != found[0][1], "the change has no effect"


def test_an_attribute_of_the_application_that_comes_and_goes(load: Load) -> None:
    """Contexts that were there before see it too."""
    for framework in (flask, load("bolthead")):
        app = site(framework)
        with app.test_request_context("/"):
            assert framework.url_for("index", q=1) == "/?q=1"
            with app.app_context(), app.test_request_context("/"):
                assert framework.url_for("index", q=1) == "/?q=1"
                app.url_for = lambda endpoint, **values: f"own {values}"
                own = "own {'_anchor': None, '_method': None, '_scheme': None, '_external': None, 'q': 1}"
                assert framework.url_for("index", q=1) == own
            assert framework.url_for("index", q=1) == own
            del app.url_for
            assert framework.url_for("index", q=1) == "/?q=1"
            app.inject_url_defaults = lambda endpoint, values: values.update(r=2)
            assert framework.url_for("index", q=1) == "/?q=1&r=2"


def test_keywords_that_are_no_exact_strings(load: Load) -> None:
    text = type("Text", (str,), {})
    for framework in (flask, load("bolthead")):
        app = site(framework)
        with app.test_request_context("/"):
            assert framework.url_for("item", **{text("n"): 3, text("q"): 4}) == "/item/3?q=4"
            assert framework.url_for("item", **{text("n"): 3, text("_anchor"): "x"}) == "/item/3#x"


def test_the_body_of_the_method(load: Load) -> None:
    module, app = load(NAME), site(load("bolthead"))
    with app.test_request_context("/"):
        assert module.build_url(app, "item", {"n": 3}) == "/item/3"
    with app.app_context(), pytest.raises(RuntimeError, match="outside an active request without 'SERVER_NAME'"):
        module.build_url(app, "item", {"n": 3})
    assert {"url_for", "inject_url_defaults", "url_default_functions"} <= module.GUARDED
