"""What Flask reaches of Werkzeug's routing can be replaced while an application runs, and is reached here as well."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter, Map, MapAdapter, Rule
from werkzeug.routing import converters as stock

from oracle import Framework, alike

PATHS = ("/", "/i/5", "/i/x", "/f/1.5", "/s/a", "/url", "/none", "/d", "//d/", "/page/1", "/post")


class Word(BaseConverter):
    def to_python(self, value: str) -> Any:
        return value.upper()


def site(fw: Framework) -> Any:
    app = fw.app()
    app.url_map.converters["word"] = Word
    for rule in ("/i/<int:x>", "/f/<float:x>", "/s/<x>", "/w/<word:x>", "/u/<uuid:x>", "/p/<path:x>"):
        app.add_url_rule(rule, rule[1], lambda x: repr(x))
    app.add_url_rule("/", "root", lambda: "root")
    app.add_url_rule("/d/", "d", lambda: "d")
    page = lambda x: repr(x)  # noqa: E731
    app.add_url_rule("/page/", "page", page, defaults={"x": 1})
    app.add_url_rule("/page/<int:x>", "page", page)
    app.add_url_rule("/post", "post", lambda: "", methods=["POST"])
    urls = lambda: [fw.url_for("i", x=3, q="z"), fw.url_for("s", x="é"), fw.url_for("root", _external=True)]  # noqa: E731
    app.add_url_rule("/url", "url", urls)
    return app


def answers(fw: Framework, app: Any) -> list[Any]:
    found = [fw.get(app, path) for path in PATHS]
    return [(status, dict(headers).get("Location"), body[:40]) for status, headers, body in found]


REPLACED: list[tuple[type, str]] = [
    (Map, "bind"),
    (Map, "bind_to_environ"),
    (Map, "update"),
    (MapAdapter, "match"),
    (MapAdapter, "build"),
    (MapAdapter, "_partial_build"),
    (MapAdapter, "make_redirect_url"),
    (MapAdapter, "get_default_redirect"),
    (Rule, "build"),
    (Rule, "suitable_for"),
    (BaseConverter, "to_python"),
    (BaseConverter, "to_url"),
    (stock.NumberConverter, "to_python"),
    (stock.NumberConverter, "to_url"),
    (stock.IntegerConverter, "to_python"),
    (stock.IntegerConverter, "to_url"),
    (stock.FloatConverter, "to_python"),
    (stock.UnicodeConverter, "to_python"),
    (stock.UnicodeConverter, "to_url"),
]
INNER = ("get_default_redirect", "suitable_for")
ids = [f"{cls.__name__}.{name}" for cls, name in REPLACED]


@pytest.mark.parametrize(("cls", "name"), REPLACED, ids=ids)
@alike
def test_a_wrapper_is_called_and_changes_nothing(fw: Framework, cls: type, name: str) -> Any:
    app = site(fw)
    before = answers(fw, app)
    original: Callable[..., Any] = getattr(cls, name)
    calls = []

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return original(self, *args, **kwargs)

    with mock.patch.object(cls, name, wrapper):
        during = answers(fw, app)
    count = len(calls)
    assert count
    return before, during == before, answers(fw, app) == before, len(calls) == count


@pytest.mark.parametrize("effect", [{"side_effect": NotFound}, {"return_value": "7"}], ids=str)
@pytest.mark.parametrize(("cls", "name"), REPLACED, ids=ids)
@alike
def test_a_mock(fw: Framework, cls: type, name: str, effect: dict[str, Any]) -> Any:
    if name in INNER:
        return "asked less often here"
    app = site(fw)
    app.logger.disabled = True
    found = [answers(fw, app)]
    with mock.patch.object(cls, name, **effect):
        found.append(answers(fw, app))
    return [*found, answers(fw, app)]


@pytest.mark.parametrize("cls", [Word, stock.UUIDConverter, stock.PathConverter])
@alike
def test_a_converter_replaced_and_put_back(fw: Framework, cls: type) -> Any:
    app = site(fw)
    paths = ("/w/a", "/p/a/b", "/u/12345678-1234-5678-1234-567812345678")
    found = [[fw.get(app, path) for path in paths]]
    with mock.patch.object(cls, "to_python", lambda self, value: [value]):
        found.append([fw.get(app, path) for path in paths])
        with mock.patch.object(cls, "to_python", return_value=5):
            found.append([fw.get(app, path) for path in paths])
        found.append([fw.get(app, path) for path in paths])
    return [*found, [fw.get(app, path) for path in paths]]


@alike
def test_a_converter_replaced_before_the_first_request(fw: Framework) -> Any:
    app = site(fw)
    with mock.patch.object(stock.IntegerConverter, "to_python", return_value="mock"):
        found = [fw.get(app, "/i/5")]
    return [*found, fw.get(app, "/i/5")]


@alike
def test_the_map_of_one_application(fw: Framework) -> Any:
    app, other = site(fw), site(fw)
    found = [answers(fw, app)]
    bind = app.url_map.bind_to_environ
    with mock.patch.object(app.url_map, "bind_to_environ", wraps=bind) as called:
        found += [answers(fw, app), answers(fw, other), called.call_count]
    with mock.patch.object(app.url_map, "bind_to_environ", side_effect=NotFound):
        found += [answers(fw, app), answers(fw, other)]
    return [*found, answers(fw, app)]


@alike
def test_the_classes_of_the_framework(fw: Framework) -> Any:
    """Those that a map of the application is and makes."""
    app = site(fw)
    with app.test_request_context("/"):
        adapter_class = type(app.create_url_adapter(fw.request))
    found = [answers(fw, app)]
    for cls, name in ((type(app.url_map), "bind_to_environ"), (adapter_class, "match"), (adapter_class, "build")):
        with mock.patch.object(cls, name, side_effect=NotFound):
            found.append(answers(fw, app))
    return [*found, answers(fw, app)]


class Failing(BaseConverter):
    def to_python(self, value: str) -> Any:
        if value == "error":
            raise KeyError(value)
        if value == "answer":
            raise HTTPException(response=self.map.answer)  # type: ignore[attr-defined]
        if value.isdecimal():
            raise {404: NotFound}.get(int(value), HTTPException)()
        return value


@alike
def test_an_http_error_of_a_converter(fw: Framework) -> Any:
    """As of one that loads an object and does not find it: an outcome of the routing, for hooks and handlers."""
    app = fw.app()
    app.logger.disabled = True
    app.url_map.converters["failing"] = Failing
    app.url_map.answer = fw.Response("an answer", 202)
    app.add_url_rule("/<failing:x>", "page", lambda x: x)
    app.add_url_rule("/<failing:x>/", "folder", lambda x: x)
    app.add_url_rule("/post/<failing:x>", "post", lambda x: x, methods=["POST"])
    seen: list[Any] = []

    @app.before_request
    def before() -> None:
        seen.append((str(fw.request.routing_exception), str(fw.request.url_rule), fw.request.view_args))

    @app.errorhandler(404)
    def not_found(error: Any) -> Any:
        return f"no such thing: {error.code}", 404

    paths = ("/a", "/404", "/404/", "/answer", "/error", "/500", "/post/404", "/post/a", "/a/")
    return [[fw.get(app, path) for path in paths] for _ in range(2)], seen


SETTINGS: list[tuple[str, Any]] = [
    ("alias", True),
    ("redirect_to", "/d/"),
    ("redirect_to", lambda adapter, x: f"/i/{x + 1}"),
    ("redirect_to", "/f/<x>"),
    ("methods", {"POST"}),
    ("defaults", {"x": 2}),
    ("endpoint", "f"),
    ("strict_slashes", False),
    ("merge_slashes", False),
    ("build_only", True),
    ("websocket", True),
    ("provide_automatic_options", False),
    ("rule", "/new/<int:y>"),
    ("rule", "/new"),
    ("subdomain", "sub"),
    ("host", "sub.localhost"),
    ("defaults", {"x": 5}),
    ("defaults", {"y": 2}),
    ("arguments", set()),
]
REQUESTS = list(itertools.product(("/i/5", "//i/5", "/i/5/", "/new/5"), ("GET", "POST", "OPTIONS")))
HOSTS = ("http://localhost", "http://sub.localhost")
VALUES: list[dict[str, Any]] = [{"x": 5}, {"x": 2, "z": 1}, {"y": 5}, {}]


def state(fw: Framework, app: Any, endpoint: str = "i") -> list[Any]:
    """What is answered, built and shown."""
    found: list[Any] = []
    for host, (path, method) in itertools.product(HOSTS, REQUESTS):
        status, headers, body = fw.get(app, path, method, base_url=host)
        found.append((status, dict(headers).get("Location"), body[:40]))
    for host, values in itertools.product(HOSTS, VALUES):
        with app.test_request_context("/", base_url=host):
            try:
                found.append(fw.url_for(endpoint, **values))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
    return [*found, [re.sub(r" \(.*?\)", "", repr(rule)) + str(rule) for rule in app.url_map.iter_rules()]]


@pytest.mark.parametrize("matched", [False, True])
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@alike
def test_a_setting_of_a_rule_is_replaced(fw: Framework, setting: tuple[str, Any], matched: bool) -> Any:
    app = site(fw)
    app.testing = True
    app.logger.disabled = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    if matched:
        state(fw, app)
    (rule,) = (rule for rule in app.url_map.iter_rules() if rule.endpoint == "i")
    setattr(rule, *setting)
    found = [state(fw, app)]
    app.url_map.add(fw.Flask.url_rule_class("/later", endpoint="root"))
    found.append(state(fw, app))
    if setting[0] != "arguments":
        rule.compile()
        app.url_map._remap = True
        found.append(state(fw, app))
    return found


OF_THE_MAP: list[tuple[str, Any]] = [
    ("default_subdomain", "sub"),
    ("host_matching", True),
    ("host_matching", False),
    ("merge_slashes", False),
    ("redirect_defaults", False),
    ("sort_parameters", True),
    ("strict_slashes", False),
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"subdomain_matching": True},
    {"host_matching": True, "static_host": "localhost"},
]


@pytest.mark.parametrize("matched", [False, True])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("setting", OF_THE_MAP, ids=str)
@alike
def test_a_setting_of_a_map_is_replaced(
    fw: Framework, setting: tuple[str, Any], options: dict[str, Any], matched: bool
) -> Any:
    app = fw.app(**options)
    app.add_url_rule("/i/<int:x>", "i", lambda x: repr(x), **({"host": "localhost"} if len(options) > 1 else {}))
    app.add_url_rule("/new/<int:x>", "i")
    if matched:
        state(fw, app)
    setattr(app.url_map, *setting)
    found = [state(fw, app)]
    app.url_map.add(fw.Flask.url_rule_class("/i/<x>/", endpoint="i"))
    found.append(state(fw, app))
    for rule in app.url_map.iter_rules():
        rule.compile()
    return found
