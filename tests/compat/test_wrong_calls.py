"""Calls with arguments that a function does not take, too many, twice or not at all: the error is Flask's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compat.test_public_callables import FUNCTIONS, of
from oracle import Framework
from samples import some

FLASK, OURS = Framework("flask"), Framework("bolthead")
Call = tuple[tuple[str, ...], dict[str, str]]
LEFT_OUT = {("app", "Flask.run"), ("cli", "main")}
"""What serves, and what ends the process."""

MADE: dict[str, Callable[[Framework, Any], Any]] = {
    "App": lambda fw, cls: fw.app(),
    "AppContext": lambda fw, cls: fw.app().app_context(),
    "Blueprint": lambda fw, cls: fw.blueprint(),
    "Config": lambda fw, cls: fw.app().config,
    "Flask": lambda fw, cls: fw.app(),
    "FlaskClient": lambda fw, cls: fw.app().test_client(),
    "Map": lambda fw, cls: fw.app().url_map,
    "MapAdapter": lambda fw, cls: fw.app().url_map.bind("host"),
    "Request": lambda fw, cls: fw.request._get_current_object(),
    "RequestContext": lambda fw, cls: fw.app().test_request_context(),
    "Response": lambda fw, cls: fw.Response("x"),
    "Rule": lambda fw, cls: fw.Flask.url_rule_class("/rule"),
    "Scaffold": lambda fw, cls: fw.app(),
}


def inherited() -> list[tuple[str, str]]:
    """(module, dotted name) of the methods that Flask's classes have from Werkzeug and Click."""
    found = []
    for dotted in ("wrappers.Request", "wrappers.Response", "testing.FlaskClient", "config.Config"):
        module, name = dotted.split(".")
        cls = getattr(FLASK.mod(module), name)
        for key in dir(cls):
            if inspect.isfunction(inspect.getattr_static(cls, key)) and not key.startswith("_"):
                found.append((module, f"{name}.{key}"))
    return found


ALL = sorted({*FUNCTIONS, *inherited()} - LEFT_OUT)


def bound(fw: Framework, module: str, name: str) -> Any:
    """A function of a module, a class, or a method of an instance."""
    first, _, method = name.partition(".")
    found = getattr(fw.mod(module), first)
    if method in ("", "__init__"):
        return found
    return getattr(MADE.get(first, lambda fw, cls: cls.__new__(cls))(fw, found), method)


def wrong_calls(function: Any, is_method: bool) -> Iterator[Call]:
    parameters = list(inspect.signature(function).parameters.values())[is_method:]
    kinds = {parameter.kind for parameter in parameters}
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p.name for p in places if p.default is p.empty]
    by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    enough = ("v",) * len(needed)
    for count in range(len(needed)):
        yield ("v",) * count, {}
    for left_out in needed:
        yield (), {name: "v" for name in needed if name != left_out}
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        for more in (1, 2):
            yield ("v",) * (len(places) + more), {}
            for names in (by_name[:1], by_name, ["nothing_such"]):
                yield ("v",) * (len(places) + more), dict.fromkeys(names, "v")
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        yield (), {"nothing_such": "v"}
        yield enough, {"nothing_such": "v"}
        yield enough, {"nothing_such": "v", "nor_this": "v"}
        for parameter in parameters:
            # Newer interpreters suggest a name that is nearly right.
            yield enough, {f"{parameter.name}s": "v"}
    for place, parameter in enumerate(places):
        yield ("v",) * (place + 1), {parameter.name: "v"}


def is_listed(name: str, args: tuple[str, ...], options: dict[str, str]) -> bool:
    """Whether ``docs/as_flask.md`` tells of the difference."""
    if name == "Flask.__call__":
        return len(args) + len(options) in (1, 3)
    return "url_for" in name and len(args) > 1 and "_anchor" in options


def told(fw: Framework, module: str, name: str, call: Call) -> tuple[str, str]:
    with fw.app().test_request_context():
        function = bound(fw, module, name)
        try:
            function(*call[0], **call[1])
        except Exception as error:
            return type(error).__name__, fw.plain(str(error))
    return "nothing", ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("module", "name"), ALL, ids=[f"{module}:{name}" for module, name in ALL])
def test_wrong_calls(module: str, name: str) -> None:
    calls = some(wrong_calls(of("flask", module, name), "." in name), module, name)
    # Some take whatever they are given.
    for call in calls or [((), {"self": "v"})]:
        if is_listed(name, *call):
            continue
        assert told(OURS, module, name, call) == told(FLASK, module, name, call), call
