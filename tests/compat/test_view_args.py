"""``request.view_args`` as a hook leaves it: the view is called with it as in Flask, over WSGI and over ASGI."""

from __future__ import annotations

import re
from collections import ChainMap, OrderedDict
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import pytest
from werkzeug.test import Client

from oracle import Framework, alike
from over_asgi import Loop, as_wsgi


class Keys:
    def keys(self) -> list[str]:
        return ["x"]

    def __getitem__(self, key: str) -> str:
        return f"of {key}"


class FalseKeys(Keys):
    def __bool__(self) -> bool:
        return False


class NoItems:
    def keys(self) -> list[str]:
        return ["x"]


class Called:
    def __call__(self, **values: Any) -> str:
        return repr(values)


VALUES: list[Any] = [
    *(None, [], [("x", 1)], (), (("x", 1),), "", "ab", 0, 5, False, {("x", 1)}, Keys(), FalseKeys(), NoItems()),
    *({}, {1: 2}, {"y": 1}, {"x": 1, "y": 2}, OrderedDict(x=1), ChainMap({"x": 1}), MappingProxyType({"x": 1})),
]
HOOKS = ["before_request", "url_value_preprocessor", "request_started", "dispatch_request"]


def as_class(fw: Framework) -> Callable[..., Any]:
    class Page(fw.mod("views").MethodView):  # type: ignore[name-defined, misc]
        def get(self, **values: Any) -> str:
            return repr(values)

    return Page.as_view("page")  # type: ignore[no-any-return]


async def asynchronous(**values: Any) -> str:
    return repr(values)


VIEWS: dict[str, Callable[[Framework], Callable[..., Any]]] = {
    "any": lambda fw: lambda **values: repr(values),
    "none": lambda fw: lambda: "none",
    "one": lambda fw: lambda x: repr(x),
    "class": as_class,
    "object": lambda fw: Called(),
    "async": lambda fw: asynchronous,
}


def site(fw: Framework, view: str, hook: str, values: Any) -> Any:
    app = fw.app()
    app.add_url_rule("/<x>", "view", VIEWS[view](fw))

    def replace(*args: Any, **kwargs: Any) -> None:
        fw.request.view_args = values

    if hook == "request_started":
        fw.request_started.connect(replace, app)
        app.connected = replace
    elif hook == "dispatch_request":
        dispatch = app.dispatch_request
        app.dispatch_request = lambda: replace() or dispatch()
    else:
        getattr(app, hook)(replace)

    @app.errorhandler(Exception)
    def told(error: Exception) -> str:
        # The views that have no name, or on Flask another one, say where they are.
        return (
            re.sub(r"\(.*(?= argument after| keywords must)", "(", repr(error))
            if view in ("async", "object")
            else repr(error)
        )

    return app


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("view", VIEWS)
@alike
def test_what_a_view_is_called_with(fw: Framework, view: str, hook: str) -> Any:
    found = []
    for values in VALUES:
        client = site(fw, view, hook, values).test_client()
        found.append([client.open("/q", method=method).text for method in ("GET", "OPTIONS", "HEAD")])
    return found


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("view", VIEWS)
@alike
def test_over_asgi(fw: Framework, loop: Loop, view: str, hook: str) -> Any:
    found = []
    for values in VALUES:
        app = site(fw, view, hook, values)
        found.append(Client(as_wsgi(loop, app) if fw.package == "bolthead" else app).get("/q").text)
    return found
