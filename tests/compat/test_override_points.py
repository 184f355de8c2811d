"""Every documented override point is honoured as Flask does: by subclass, on the class, on the instance, by wrapt.

Each override logs the calls of one method and does what the method did, before or after the first request. The
calls, their arguments, their results and the responses are the same on Flask and on bolthead; when the override
is taken away, so are the responses.

Every request is sent with the override on the class from the start; in the other ways those that come through it on
Flask then, and a few more. With ``BOLTHEAD_EVERY=1`` in the environment every one is sent in every way, and no way
is left out.
"""

from __future__ import annotations

import functools
import gc
import warnings
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

import flask
import pytest
import wrapt

import bolthead
import samples
from compat import override_points as table

# An override that does not close what it should leaves that to the collector, here as on Flask.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True, scope="module")
def collected() -> Iterator[None]:
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


MISSING: Any = object()
Owner = Callable[[ModuleType], type[Any]]


def home(cls: type[Any], name: str) -> Any:
    """What *cls* has as *name*, unbound: from its dict, or that of the class that it inherits it from."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), MISSING)


OWNERS: dict[str, Owner] = {
    "app": lambda fw: fw.Flask,
    "request": lambda fw: fw.Request,
    "response": lambda fw: fw.Response,
    "session": lambda fw: type(fw.Flask.session_interface),
}
POINTS = [
    *(("app", name) for name in table.APP),
    *(("request", name) for name in table.REQUEST),
    *(("response", name) for name in table.RESPONSE),
    *(("session", name) for name in table.SESSION),
]


def in_place(app_class: type[Any], kind: str, cls: type[Any]) -> dict[str, Any]:
    """The attributes of *app_class* by which its applications use *cls* for *kind*."""
    if kind == "app":
        return {}
    return {f"{kind}_interface": cls()} if kind == "session" else {f"{kind}_class": cls}


class Scene:
    """One override, of *name* on one framework, that can be put on and taken off."""

    def __init__(self, fw: ModuleType, kind: str, name: str, change: table.Change | None) -> None:
        self.fw, self.kind, self.name, self.change = fw, kind, name, change
        self.owner = OWNERS[kind](fw)
        self.log: table.Log = []
        self.undo: Callable[[], None] = lambda: None

    def app_class(self) -> type[Any]:
        return self.fw.Flask  # type: ignore[no-any-return]

    def set(self, target: Any, value: Any) -> None:
        before = vars(target).get(self.name, MISSING)
        setattr(target, self.name, value)

        def undo() -> None:
            if before is MISSING:
                delattr(target, self.name)
            else:
                setattr(target, self.name, before)

        self.undo = undo

    def override(self) -> Any:
        return table.watched(self.name, home(self.owner, self.name), self.log, self.change)

    def put_on(self, app: Any) -> None:
        raise NotImplementedError


class OnClass(Scene):
    def put_on(self, app: Any) -> None:
        self.set(self.owner, self.override())


class BySubclass(Scene):
    def app_class(self) -> type[Any]:
        self.cls = type(self.owner.__name__, (self.owner,), {})
        if self.kind == "app":
            return self.cls
        return type("Flask", (self.fw.Flask,), in_place(self.fw.Flask, self.kind, self.cls))

    def put_on(self, app: Any) -> None:
        if not hasattr(self, "cls"):
            pytest.fail("the application's class is asked for first")
        self.set(self.cls, self.override())


class OnInstance(Scene):
    def put_on(self, app: Any) -> None:
        target = app if self.kind == "app" else app.session_interface
        self.set(target, table.watched_bound(self.name, getattr(target, self.name), self.log, self.change))


class ByWrapt(Scene):
    def put_on(self, app: Any) -> None:
        def wrapper(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            return table.watched_bound(self.name, wrapped, self.log, self.change)(*args, **kwargs)

        self.set(self.owner, wrapt.FunctionWrapper(home(self.owner, self.name), wrapper))


WAYS = {"class": OnClass, "subclass": BySubclass, "instance": OnInstance, "wrapt": ByWrapt}
TIMES = ("first", "late")


def play(fw: ModuleType, way: str, time: str, kind: str, name: str, change: table.Change | None) -> list[Any]:
    """What is seen with the override on, and then without it; *late*, it comes after some requests without it."""
    scene = WAYS[way](fw, kind, name, change)
    cls = scene.app_class()
    found: list[Any] = []
    try:
        if time == "first" and way != "instance":
            scene.put_on(None)
        app = table.make(fw, cls)
        found.append(("made", scene.log[:]))
        if time == "late":
            found += table.use(fw, app, scene.log, table.FEW)
            assert scene.log == [], "there is no override yet"
        if time == "late" or way == "instance":
            scene.put_on(app)
        every = (way, time) == ("class", "first") or samples.EVERY
        found += table.use(fw, app, scene.log, table.REQUESTS if every else passing(kind, name))
        if change is None:
            found += table.use_directly(fw, app, scene.log)
    finally:
        scene.undo()
    return found + table.use(fw, app, scene.log, table.FEW)


@functools.lru_cache(maxsize=1)
def on_flask(way: str, time: str, kind: str, name: str) -> list[Any]:
    return play(flask, way, time, kind, name, None)


@functools.cache
def passing(kind: str, name: str) -> list[Any]:
    """The requests that come through an override on Flask, and those without which nothing is said."""
    _made, *seen = on_flask("class", "first", kind, name)
    return [one for one, (*_, calls) in zip(table.REQUESTS, seen, strict=False) if calls or one in table.FEW]


def is_read(kind: str, name: str) -> bool:
    """Whether this is a property: how often it is read does not count."""
    return isinstance(home(OWNERS[kind](flask), name), property)


@functools.cache
def plain() -> list[Any]:
    """What is seen of Flask when nothing is overridden."""
    app = table.make(flask, flask.Flask)
    found = table.use(flask, app, []) + table.use(flask, app, [], table.FEW)
    return [("made",), *(one[:-1] for one in found)]


def cases(points: Iterable[tuple[str, str]]) -> list[Any]:
    found = []
    for kind, name in points:
        ways = []
        for way in WAYS:
            if way == "instance" and (kind not in ("app", "session") or name == "__call__"):
                continue  # Requests and responses live too short, and Python looks for dunders on the class.
            if way == "wrapt" and (kind != "app" or points is table.CHANGES):
                continue  # To the framework it is one more function in the class's dict.
            ways += [(way, time) for time in TIMES]
        for way, time in (ways[0], *samples.some(ways[1:], kind, name)):
            found.append(pytest.param(way, time, kind, name, id=f"{kind}.{name}-{way}-{time}"))
    return found


@pytest.mark.parametrize(("way", "time", "kind", "name"), cases(POINTS))
def test_an_override_sees_the_same_calls(way: str, time: str, kind: str, name: str) -> None:
    theirs = on_flask(way, time, kind, name)
    if (way, time) == ("class", "first") and name != "max_cookie_size":
        assert any(calls for *_, calls in theirs), "nothing here goes through this point"
    ours = play(bolthead, way, time, kind, name, None)
    for expected, got in zip(theirs, ours, strict=True):
        if is_read(kind, name):
            assert got[:-1] == expected[:-1]
            assert all(read in expected[-1] for read in got[-1])
        else:
            assert got == expected


# Errors in the middle of sending a file leave it to the collector, on Flask too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("way", "time", "kind", "name"), cases(table.CHANGES))
def test_an_override_changes_the_same_answers(way: str, time: str, kind: str, name: str) -> None:
    change = table.CHANGES[kind, name]
    theirs = [one[:-1] for one in play(flask, way, time, kind, name, change)]
    if (way, time) == ("class", "first"):
        assert theirs != plain(), "this change has no effect"
    ours = [one[:-1] for one in play(bolthead, way, time, kind, name, change)]
    for expected, got in zip(theirs, ours, strict=True):
        assert got == expected


def test_flask_replaced_before_the_application_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(fw: ModuleType) -> tuple[str, str, bool]:
        class Traced(fw.Flask):  # type: ignore[misc,name-defined]
            def wsgi_app(self, environ: Any, start_response: Any) -> Any:
                environ["traced"] = "traced"
                return super().wsgi_app(environ, start_response)

        monkeypatch.setattr(fw, "Flask", Traced)
        app = fw.Flask("replaced")
        app.add_url_rule("/", view_func=lambda: fw.request.environ["traced"])
        return app.test_client().get("/").text, repr(app), isinstance(app, fw.app.Flask)

    assert play(bolthead) == play(flask) == ("traced", "<Traced 'replaced'>", True)
