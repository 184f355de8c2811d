"""What users call are Python functions, as in Flask: for mocks, decorators, signatures, help and wrong calls."""

from __future__ import annotations

import functools
import importlib
import inspect
import pydoc
import re
import typing
from types import NoneType, UnionType
from typing import Any
from unittest import mock

import pytest
import werkzeug.routing
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response as WerkzeugResponse

from oracle import Framework, alike

MODULES = ["app", "blueprints", "cli", "config", "ctx", "debughelpers", "globals", "helpers", "json", "json.provider"]
MODULES += ["json.tag", "logging", "sansio.app", "sansio.blueprints", "sansio.scaffold", "sessions", "templating"]
MODULES += ["testing", "views", "wrappers"]


def functions() -> list[tuple[str, str]]:
    """(module, dotted name) of each public function and method that Flask's modules define."""
    found = []
    for module in MODULES:
        for name, value in vars(importlib.import_module(f"flask.{module}")).items():
            if name.startswith("_") or getattr(value, "__module__", None) != f"flask.{module}":
                continue
            if inspect.isfunction(value):
                found.append((module, name))
            elif inspect.isclass(value):
                for key, member in vars(value).items():
                    if inspect.isfunction(member) and (not key.startswith("_") or key in ("__init__", "__call__")):
                        found.append((module, f"{name}.{key}"))
    return found


FUNCTIONS = functions()


def of(package: str, module: str, name: str) -> Any:
    found: Any = importlib.import_module(f"{package}.{module}")
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    return found


def test_the_list_is_whole() -> None:
    wanted = {("app", "Flask.wsgi_app"), ("app", "Flask.__call__"), ("app", "Flask.url_for"), ("helpers", "url_for")}
    assert wanted <= set(FUNCTIONS) and len(FUNCTIONS) > 230


@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=[f"{m}:{n}" for m, n in FUNCTIONS])
def test_a_function(module: str, name: str) -> None:
    theirs, ours = of("flask", module, name), of("bolthead", module, name)
    assert inspect.isfunction(ours)
    assert (ours.__name__, inspect.iscoroutinefunction(ours)) == (
        theirs.__name__,
        inspect.iscoroutinefunction(theirs),
    )
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert functools.wraps(ours)(lambda: None).__name__ == theirs.__name__
    assert inspect.getsourcefile(ours)
    assert wrong_call(ours) == wrong_call(theirs)


def wrong_call(function: Any) -> str:
    """The text of the TypeError for a keyword that it does not take."""
    if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values()):
        return ""
    with pytest.raises(TypeError) as found, mock.patch("warnings.warn"):
        function(nothing_of_this_name=1)
    return Framework("bolthead").plain(str(found.value))


def hints(function: Any) -> dict[str, str] | None:
    """Its type hints, each without the modules that names come from; None where names are missing."""
    try:
        found = typing.get_type_hints(function)
    except NameError:
        return None
    return {name: shown(hint) for name, hint in found.items() if hint is not NoneType}


def shown(hint: Any) -> str:
    """A hint without the modules that its names come from; both spellings of a union alike."""
    if typing.get_origin(hint) in (typing.Union, UnionType):
        return " | ".join(map(shown, typing.get_args(hint)))
    return re.sub(r"\w+\.", "", repr(hint))


@pytest.mark.parametrize("module", MODULES)
def test_type_hints(module: str) -> None:
    # Names that come late are there for whoever asks for all.
    getattr(importlib.import_module(f"bolthead.{module}"), "__all__", None)
    names = [name for of_module, name in FUNCTIONS if of_module == module]
    wanted = {name: found for name in names if (found := hints(of("flask", module, name))) is not None}
    assert {name: hints(of("bolthead", module, name)) for name in wanted} == wanted


CLASSES = ["Flask", "Blueprint", "Request", "Response", "Config", "sessions.SecureCookieSessionInterface"]
CLASSES += ["testing.FlaskClient", "ctx.AppContext", "views.MethodView", "json.provider.DefaultJSONProvider"]


ROUTING = [name for name, value in vars(werkzeug.routing).items() if inspect.isclass(value)]
FORMPARSER = ["FormDataParser", "MultiPartParser"]
PAIRS = [("flask", "bolthead", name) for name in CLASSES]
PAIRS += [("werkzeug", "bolthead", f"routing.{name}") for name in ROUTING]
PAIRS += [("werkzeug", "bolthead", f"formparser.{name}") for name in FORMPARSER]


@pytest.mark.parametrize(("theirs", "ours", "name"), PAIRS, ids=[name for *_, name in PAIRS])
def test_what_kind_each_attribute_of_a_class_is(theirs: Any, ours: Any, name: str) -> None:
    """Inherited ones too: functions are Python functions, and what is a property is one."""
    module, _, cls = name.rpartition(".")
    theirs, ours = (
        getattr(importlib.import_module(f"{package}.{module}".strip(".")), cls) for package in (theirs, ours)
    )
    for key in dir(theirs):
        wanted, found = inspect.getattr_static(theirs, key), inspect.getattr_static(ours, key, None)
        # On PyPy those of `object` are functions.
        if inspect.isfunction(wanted) and wanted is not vars(object).get(key):
            assert inspect.isfunction(found), key
            shown = [[(p.name, p.kind) for p in inspect.signature(f).parameters.values()] for f in (wanted, found)]
            assert shown[0] == shown[1], key
            # Some are inherited on one side, and named after their class.
            said = [re.sub(r"^\w+\.", "", wrong_call(f)) for f in (wanted, found)]
            assert said[0] == said[1], key
        elif isinstance(wanted, property):
            assert isinstance(found, property), key


HELPED = ["url_for", "Flask.wsgi_app", "Flask.url_for", "Flask.route", "Request.get_json", "Response.set_cookie"]
HELPED += ["Response.__init__", "jsonify", "redirect", "send_file", "Blueprint.register", "stream_with_context"]


@pytest.mark.parametrize("name", HELPED)
def test_help(name: str) -> None:
    """Its head is that of a Python function, with the signature; the text below it is our own."""
    shown = []
    for package in ("flask", "bolthead"):
        function = functools.reduce(getattr, name.split("."), importlib.import_module(package))
        title, _, signature, *text = pydoc.plain(pydoc.render_doc(function)).splitlines()
        assert any(line.strip() for line in text)
        # For what Flask inherits the module is another one; types may have other names, or other ways to them.
        shown.append((title.partition(" in module")[0], re.sub(r"(:|->) '[^']*'|\b\w+\.(?=\w)", "", signature)))
    assert shown[0] == shown[1]


@pytest.mark.parametrize("name", ["args", "form", "files", "headers", "cookies", "method", "path", "data", "values"])
def test_help_for_an_attribute_of_requests(name: str) -> None:
    attribute = getattr(Framework("bolthead").Request, name)
    lines = [line.strip() for line in pydoc.plain(pydoc.render_doc(attribute)).splitlines()]
    assert any(line.startswith(name) for line in lines)
    assert (attribute.__doc__ or "").strip().partition("\n")[0] in lines


@pytest.mark.parametrize("attribute", ["args", "form", "files", "headers"])
@pytest.mark.parametrize("name", ["__getitem__", "get"])
@alike
def test_functions_of_mappings_in_a_request(fw: Framework, attribute: str, name: str) -> Any:
    with fw.app().test_request_context("/?a=1", data={"b": "2"}, headers={"c": "3"}):
        mapping = getattr(fw.request, attribute)
        function = getattr(type(mapping), name)
        with pytest.raises(TypeError) as told:
            function(mapping)
        # Of which class, differs.
        found = [
            inspect.isfunction(function),
            [*inspect.signature(function).parameters],
            str(told.value).split(".")[-1],
        ]
        with mock.patch.object(type(mapping), name, autospec=True) as replaced:
            mapping["b"] if name == "__getitem__" else mapping.get("b", 5, type=int)
        found += [replaced.call_args.args[1:], replaced.call_args.kwargs]
        with mock.patch.object(type(mapping), "__getitem__", lambda self, key: f"mine {key}"):
            found += [mapping["b"], mapping.get("b"), mapping.get("c", type=int)]
        return [*found, mapping.get(key="nothing", default=5), fw.error(lambda: mapping["nothing"])]


@alike
def test_a_response_that_is_given_another_class(fw: Framework) -> Any:
    found = []
    for body in ("text", b"bytes", iter(["a", "b"])):
        made = WerkzeugResponse.force_type(fw.Response(body), {})
        made.call_on_close(lambda: found.append("closed"))
        found.append((type(made).__name__, made.direct_passthrough, isinstance(made, fw.Response)))
        environ = EnvironBuilder().get_environ()
        answer = run_wsgi_app(made, environ, buffered=True)
        found.append((b"".join(answer[0]), answer[1], sorted(answer[2])))
    response = fw.Response("x")
    return [*found, response.__class__ is type(response), fw.Response.__class__ is type]


@alike
def test_a_response_class_of_werkzeug(fw: Framework) -> Any:
    app = fw.app()
    app.response_class = type("Own", (WerkzeugResponse,), {})
    app.add_url_rule("/", "a", lambda: fw.Response("x", 201))
    app.add_url_rule("/stream", "b", lambda: fw.Response(iter(["x", "y"])))
    app.add_url_rule("/pair", "c", lambda: (fw.Response("x"), 404, {"X": "y"}))
    return [fw.get(app, path) for path in ("/", "/stream", "/pair")]


@alike
def test_autospec_gets_the_instance(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "view", lambda: fw.request.get_json() or "none", methods=["POST"])
    client = app.test_client()
    found = []

    def fake(self: Any, *args: Any, **kwargs: Any) -> Any:
        return {"size": len(self.data)}

    with mock.patch.object(fw.Request, "get_json", autospec=True, side_effect=fake):
        found.append(client.post("/", json={"a": 1}).get_data())
    with mock.patch.object(fw.Flask, "full_dispatch_request", autospec=True) as replaced:
        replaced.side_effect = lambda self: self.response_class("replaced")
        found.append(client.post("/").get_data())
    with mock.patch(f"{fw.package}.url_for", autospec=True) as replaced:
        found.append(fw.error(replaced, "a", "b"))
    with mock.patch.object(fw.Response, "__init__", autospec=True) as replaced:
        replaced.side_effect = lambda self, *args: None
        found.append((type(fw.Response("x")) is fw.Response, len(replaced.call_args.args)))
    made = mock.create_autospec(fw.Flask)
    return [*found, fw.error(made.url_for), fw.error(made.wsgi_app), type(made.return_value.wsgi_app).__name__]
