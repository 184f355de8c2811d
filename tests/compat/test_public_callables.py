"""What users call are Python functions, as in Flask: for mocks, decorators, signatures, help and wrong calls."""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any
from unittest import mock

import pytest

from oracle import Framework, alike

MODULES = ["app", "blueprints", "config", "ctx", "helpers", "json", "json.provider", "json.tag", "sansio.app"]
MODULES += ["sansio.blueprints", "sansio.scaffold", "sessions", "templating", "testing", "views", "wrappers", "cli"]


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
    plain = Framework("bolthead").plain
    keywords = [p for p in inspect.signature(theirs).parameters.values() if p.kind is p.VAR_KEYWORD]
    if not keywords:
        with pytest.raises(TypeError) as wanted, mock.patch("warnings.warn"):
            theirs(nothing_of_this_name=1)
        with pytest.raises(TypeError) as found, mock.patch("warnings.warn"):
            ours(nothing_of_this_name=1)
        assert plain(str(found.value)) == str(wanted.value)


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
    made = mock.create_autospec(fw.Flask)
    return [*found, fw.error(made.url_for), fw.error(made.wsgi_app), type(made.return_value.wsgi_app).__name__]
