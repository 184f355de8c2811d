"""Each configuration key with values of each type, fitting or not: the same answers, errors and attributes.

In one process and one after the other, so that what is remembered of one value must not be given for an equal one.
"""

from __future__ import annotations

import contextvars
import io
import logging
from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest

from oracle import FRAMEWORKS, Framework, both, shown
from samples import some

VALUES: list[Any] = [
    False, 0, True, 1, 1.0, None, -1, "", "text", "Lax", "localhost:80", b"by", [], ["localhost"], {}, ("a", "b"),
    timedelta(seconds=5), object(), len,
]  # fmt: skip
MISSING = object()
"""Instead of a value: the key is taken out."""
NEEDED_LATER = {"DEBUG", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "SERVER_NAME"}
NEEDED_LATER |= {
    f"SESSION_COOKIE_{name}" for name in ["DOMAIN", "HTTPONLY", "NAME", "PARTITIONED", "PATH", "SAMESITE", "SECURE"]
}
"""Settings that not every request looks at here."""
ATTRIBUTES = ("debug", "testing", "secret_key", "permanent_session_lifetime", "jinja_env.auto_reload")
KEYS = sorted(FRAMEWORKS[0].Flask.default_config)


def is_listed(key: str, value: Any) -> bool:
    """Whether ``docs/as_flask.md`` tells of the difference: what is needed later is looked at later."""
    if value is MISSING:
        return key in NEEDED_LATER
    if key == "SECRET_KEY_FALLBACKS":
        return bool(value) and not hasattr(value, "__iter__")
    if key == "SESSION_COOKIE_NAME":
        return isinstance(value, list | dict)
    return False


def site(fw: Framework) -> Any:
    app = fw.app()
    app.logger.setLevel(logging.CRITICAL + 1)

    @app.post("/form")
    def form() -> Any:
        fw.session["a"] = 1
        fw.session.permanent = True
        return {"b": fw.request.form["b"], "a": fw.request.form.get("a"), "url": fw.url_for("broken", _external=True)}

    @app.get("/broken")
    def broken() -> Any:
        return 1 / 0

    app.add_url_rule("/session", "session", lambda: fw.render_template_string("{{ session.a }}"))
    app.add_url_rule("/file", "file", lambda: fw.send_file(io.BytesIO(b"x"), "text/plain", last_modified=1))
    app.add_url_rule("/text", "text", lambda: "text")
    return app


def told(fw: Framework, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    try:
        return function(*args, **options)
    except Exception as error:
        return type(error).__name__, fw.plain(str(error))


def set_value(app: Any, key: str, value: Any) -> None:
    if value is MISSING:
        app.config.pop(key, None)
    else:
        app.config[key] = value


def outcomes(fw: Framework, key: str, value: Any) -> list[Any]:
    app = site(fw)
    set_value(app, key, value)
    return answers(fw, app)


def answers(fw: Framework, app: Any) -> list[Any]:
    client, found = app.test_client(), []
    client.set_cookie("other", "value")

    def ask(path: str, method: str = "GET", **options: Any) -> Any:
        with client.open(path, method=method, **options) as response:
            status, headers, body = shown(response)
            return status, [pair for pair in headers if pair[0] != "Date"], body

    for data in ({"b": "c"}, {}):
        found.append(told(fw, ask, "/form", "POST", data=data))
    for path in ("/session", "/broken", "/file", "/text", "/static/x", "/nowhere"):
        found.append(told(fw, ask, path))
    for name in ATTRIBUTES:
        found.append(str(told(fw, attrgetter(name), app)))
    for context in ("app_context", "test_request_context"):

        def url(context: str = context) -> str:
            with getattr(app, context)():
                return str(fw.url_for("text"))

        found.append(told(fw, url))
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("key", KEYS)
def test_values(key: str) -> None:
    for value in some(VALUES, key):
        if not is_listed(key, value):
            compare(outcomes, key, value)


def compare(scenario: Callable[..., Any], *args: Any) -> None:
    """Once more where they differ: a session that ends in five seconds does so a second later for the second one."""
    for last in (False, False, True):
        try:
            contextvars.copy_context().run(both, scenario, *args)
            return
        except AssertionError:
            if last:
                raise


@pytest.mark.parametrize("keys", [5, b"by", [5], ["a"], ("old", None)], ids=repr)
@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_keys_that_cannot_sign(name: str, keys: Any) -> None:
    if not is_listed(name, keys):
        both(outcomes, name, keys)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("key", KEYS)
def test_values_while_it_runs(key: str) -> None:
    """The same application, whose value changes between requests, to fit and to not fit by turns."""
    apps = {fw: site(fw) for fw in FRAMEWORKS}
    fitting = apps[FRAMEWORKS[0]].config[key]
    for value in (fitting, *some(VALUES, key, "while it runs"), MISSING):
        for now in (value, fitting):
            if not is_listed(key, now) and (key != "SERVER_NAME" or now is None or isinstance(now, str)):
                for app in apps.values():
                    set_value(app, key, now)
                compare(lambda fw: answers(fw, apps[fw]))
