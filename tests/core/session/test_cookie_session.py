"""Sessions in a cookie against Flask's own interface: what is read, written, and left to the interface."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import flask
import pytest
from flask.sessions import SecureCookieSessionInterface
from werkzeug.http import parse_cookie

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.session.cookie_session"
OPTIONS = (None, "/", False, False, None, True)


@pytest.fixture(autouse=True)
def lazily_imported(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interface imports it with the first session, by name: let that be the one of the build under test."""
    name = "bolthead._compat.itsdangerous_serializer"
    monkeypatch.setitem(sys.modules, name, load(name))
    # A test of another file may have made one for the same key, of the other build's class.
    monkeypatch.setattr(load("bolthead.sessions"), "_last_signing", (None, None))


def apps(load: Load, **config: Any) -> list[Any]:
    found = []
    for framework in (flask, load("bolthead")):
        app = framework.Flask("site", root_path="/nowhere")
        app.secret_key = "key"
        app.config.update(config)
        found.append(app)
    return found


def stock(load: Load, app: Any) -> Any:
    """What the plan of *app* opens and saves sessions with."""
    app.add_url_rule("/", "index", lambda: "")
    app.test_client().get("/")
    return app._plan.sessions


VALUES: list[dict[str, Any]] = [{}, {"n": 1}, {"a": "é", "list": [1, None]}, {"when": datetime(2024, 1, 2, tzinfo=UTC)}]


@pytest.mark.parametrize("permanent", [False, True])
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_each_reads_what_the_other_wrote(load: Load, value: dict[str, Any], permanent: bool) -> None:
    theirs, ours = apps(load)
    sessions = stock(load, ours)
    with ours.test_request_context():
        session = sessions.open(ours, load("bolthead").request._get_current_object())
        session.update(value, more=1)
        if permanent:
            session.permanent = True
        response = load("bolthead").Response()
        sessions.save(ours, session, response)
    cookie = parse_cookie(response.headers["Set-Cookie"].partition(";")[0])["session"]
    assert response.headers.getlist("Vary") == ["Cookie"]
    assert ("Expires=" in response.headers["Set-Cookie"]) == permanent
    with theirs.test_request_context(headers={"Cookie": f"session={cookie}"}):
        read = dict(flask.session)
        assert read == dict(session)
        written = flask.Response()
        flask.session["more"] = 2
        SecureCookieSessionInterface().save_session(theirs, flask.session._get_current_object(), written)
    cookie = parse_cookie(written.headers["Set-Cookie"].partition(";")[0])["session"]
    with ours.test_request_context(headers={"Cookie": f"session={cookie}"}):
        again = sessions.open(ours, load("bolthead").request._get_current_object())
    assert dict(again) == {**read, "more": 2} and type(again) is load("bolthead.sessions").SecureCookieSession
    assert not again.modified and not again.accessed


def test_a_doubtful_cookie_is_left_to_the_interface(load: Load) -> None:
    _, app = apps(load)
    sessions = stock(load, app)
    with app.test_request_context():
        good = app.session_interface.get_signing_serializer(app).dumps({"n": 1})
    for cookie in ("x", f"{good}x", good.replace(".", "", 1), "." + good, "é", good[:-1]):
        with app.test_request_context(headers={"Cookie": f"session={cookie}"}):
            request = load("bolthead").request._get_current_object()
            assert sessions.open(app, request) is None, cookie
            assert dict(app.session_interface.open_session(app, request)) == {}
    with app.test_request_context(headers={"Cookie": f"session={good}"}):
        assert dict(sessions.open(app, load("bolthead").request._get_current_object())) == {"n": 1}
    app.secret_key = None
    with app.test_request_context():
        assert sessions.open(app, load("bolthead").request._get_current_object()) is None


@pytest.mark.parametrize("vary", [None, "Cookie", "cookie", "Accept", "Accept, Cookie", "*"])
def test_vary(load: Load, vary: str | None) -> None:
    cls = load("bolthead").Response
    found, wanted = cls(), cls()
    for response in (found, wanted):
        if vary is not None:
            response.headers["Vary"] = vary
    load(NAME).vary_by_cookie(found)
    wanted.vary.add("Cookie")
    assert found.headers.getlist("Vary") == wanted.headers.getlist("Vary")


EXPIRIES = [None, datetime(2030, 1, 2, 3, 4, 5, 600), datetime(2030, 1, 2, 3, tzinfo=UTC), 1_900_000_000, "soon"]


@pytest.mark.parametrize("expires", EXPIRIES, ids=str)
@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        ("example.com", "/a b", True, True, "Lax", False),
        (None, None, True, False, "Strict", True),
        ("é.test", "/é", False, False, "None", True),
        (None, "/a\r\nX: y", False, False, None, True),
        (None, "/", False, False, "odd", True),
        (["unhashable"], "/", False, False, None, True),
    ],
    ids=str,
)
def test_set_cookie(load: Load, options: tuple[Any, ...], expires: Any) -> None:
    """As ``Response.set_cookie``, or the same error."""
    module, cls = load(NAME), load("bolthead").Response
    named = dict(zip(module.COOKIE_OPTIONS, options, strict=True))

    def outcome(call: Callable[[Any, str], None], name: str) -> Any:
        response = cls()
        try:
            call(response, name)
        except Exception as error:
            return type(error), str(error)
        return response.headers.getlist("Set-Cookie")

    for name in ("session", "odd name", "é"):
        wanted = outcome(lambda response, name: response.set_cookie(name, "v-1", expires=expires, **named), name)
        assert outcome(lambda response, name: module.set_cookie(response, name, "v-1", expires, options, 0), name) == (
            wanted
        )


def test_a_long_cookie_warns(load: Load) -> None:
    _, app = apps(load, MAX_COOKIE_SIZE=10)
    with app.app_context(), pytest.warns(UserWarning, match="too large"):
        load(NAME).set_cookie(load("bolthead").Response(), "session", "v" * 20, None, OPTIONS, 10)


def test_the_lifetime_is_read_each_time(load: Load) -> None:
    _, app = apps(load)
    sessions = stock(load, app)
    with app.test_request_context():
        good = app.session_interface.get_signing_serializer(app).dumps({"n": 1})
    for seconds, wanted in ((1000, {"n": 1}), (-1, None), (1000, {"n": 1})):
        app.permanent_session_lifetime = timedelta(seconds=seconds)
        with app.test_request_context(headers={"Cookie": f"session={good}"}):
            found = sessions.open(app, load("bolthead").request._get_current_object())
            assert (None if found is None else dict(found)) == wanted
