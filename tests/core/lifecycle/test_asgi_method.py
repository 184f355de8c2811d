"""``asgi_app`` bound: what servers ask of it, what a bound method has, and calls that are not ASGI 3's."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from asgiref.compatibility import is_double_callable

Load = Callable[[str], ModuleType]


NAME = "bolthead._core.lifecycle.asgi_method"


async def asgi_app(self: Any, *message: Any) -> Any:
    """Its text."""
    await asyncio.sleep(0)
    return self, *message


@pytest.fixture(params=["its own", "inherited", "of super"])
def app(request: Any, load: Load) -> Any:
    function = load(NAME).AsgiFunction(asgi_app)
    site = type("Site", (), {"asgi_app": function})
    if request.param == "its own":
        return site()
    heir = type("Heir", (site,), {})
    if request.param == "of super":
        heir.asgi_app = property(lambda self: super(heir, self).asgi_app)
    return heir()


def test_what_servers_ask(app: Any) -> None:
    entry = app.asgi_app
    assert not inspect.isclass(entry) and not inspect.isfunction(entry)
    # uvicorn and Sentry the first, Hypercorn either, asgiref and daphne the third.
    assert inspect.iscoroutinefunction(entry.__call__)
    if sys.version_info < (3, 14):  # deprecated from there on, and the same question
        assert asyncio.iscoroutinefunction(entry.__call__)
    assert inspect.iscoroutinefunction(entry)
    assert not is_double_callable(entry)


def test_it_is_as_a_bound_method(app: Any) -> None:
    entry = app.asgi_app
    method = asgi_app.__get__(app)
    assert (entry.__name__, entry.__qualname__, entry.__self__) == (method.__name__, method.__qualname__, app)
    assert entry.__func__ is method.__func__
    assert inspect.signature(entry) == inspect.signature(method)
    assert repr(entry) == repr(method)
    assert entry == app.asgi_app and hash(entry) == hash(app.asgi_app) and entry != method
    with pytest.raises(AttributeError):
        _ = entry.no_such_name


def test_it_is_called(app: Any) -> None:
    assert asyncio.run(app.asgi_app(1, 2, 3)) == (app, 1, 2, 3)
    assert asyncio.run(app.asgi_app(scope=1, receive=2, send=3)) == (app, 1, 2, 3)


@pytest.mark.parametrize(
    ("args", "text"),
    [(({}, len), "Give a WSGI server the application itself"), (({},), "uvicorn --interface asgi3")],
)
def test_calls_of_another_protocol(app: Any, args: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        app.asgi_app(*args)
