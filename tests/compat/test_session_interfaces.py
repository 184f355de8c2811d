"""Session interfaces of others: each step replaced, in each way, or failing, as where a store cannot be reached."""

from __future__ import annotations

import contextvars
import logging
import re
from typing import Any
from unittest import mock

import pytest

from oracle import Framework, both, shown

STEPS = [
    "get_cookie_name", "get_cookie_domain", "get_cookie_path", "get_cookie_httponly", "get_cookie_secure",
    "get_cookie_samesite", "get_cookie_partitioned", "get_expiration_time", "should_set_cookie", "is_null_session",
    "make_null_session", "get_signing_serializer", "open_session", "save_session",
]  # fmt: skip
PATHS = ("/nothing", "/read", "/write", "/read", "/permanent", "/nothing", "/clear", "/flash", "/read", "/nowhere")


def site(fw: Framework, log: list[Any]) -> Any:
    app = fw.app()
    app.logger.handlers[:] = [Noting(log)]
    app.logger.propagate = False

    @app.after_request
    def after(response: Any) -> Any:
        log.append("after")
        return response

    app.teardown_request(lambda error: log.append(type(error).__name__))
    app.add_url_rule("/nothing", "nothing", lambda: "")
    app.add_url_rule("/read", "read", lambda: str(fw.session.get("a")))
    app.add_url_rule("/write", "write", lambda: str(fw.session.update(a=1)))
    app.add_url_rule("/permanent", "permanent", lambda: str(setattr(fw.session, "permanent", True)))
    app.add_url_rule("/clear", "clear", lambda: str(fw.session.clear()))
    app.add_url_rule("/flash", "flash", lambda: str([fw.flash("x"), fw.get_flashed_messages()]))
    return app


class Noting(logging.Handler):
    def __init__(self, log: list[Any]) -> None:
        super().__init__()
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        self.log.append(record.getMessage())


def answers(app: Any, log: list[Any]) -> list[Any]:
    client, found = app.test_client(), []
    for path in PATHS:
        log.append(path)
        try:
            found.append(re.sub("Expires=[^;]+", "", str(shown(client.get(path)))))
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
    return [found, log]


def replaced(fw: Framework, step: str, where: str, fails: bool) -> list[Any]:
    log: list[Any] = []
    app = site(fw, log)
    stock = fw.mod("sessions").SecureCookieSessionInterface
    owner = next(cls for cls in stock.__mro__ if step in vars(cls))
    original = vars(owner)[step]

    def instead(self: Any, *args: Any, **options: Any) -> Any:
        log.append(step)
        if fails:
            raise ConnectionError(step)
        return original(self, *args, **options)

    if where == "class":
        with mock.patch.object(owner, step, instead):
            return answers(app, log)
    if where == "subclass":
        app.session_interface = type("Own", (stock,), {step: instead})()
    else:
        app.session_interface = stock()
        app.test_client().get("/write")
        setattr(app.session_interface, step, instead.__get__(app.session_interface))
    return answers(app, log)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("where", ["class", "subclass", "instance"])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_replaced(step: str, where: str, fails: bool) -> None:
    contextvars.copy_context().run(both, replaced, step, where, fails)


def unreachable(fw: Framework, saves: bool, looks: bool) -> list[Any]:
    log: list[Any] = []
    app = site(fw, log)

    class Interface(fw.mod("sessions").SessionInterface):  # type: ignore[name-defined, misc]
        def open_session(self, app: Any, request: Any) -> Any:
            log.append(fw.error(fw.session.get, "a") if looks else "open")
            raise ConnectionError("no store")

        def save_session(self, app: Any, session: Any, response: Any) -> None:
            log.append(repr(session))
            if not saves:
                session["a"]

    @app.after_request
    def look(response: Any) -> Any:
        if looks:
            log.append(fw.error(fw.session.get, "a"))
        return response

    app.session_interface = Interface()
    return answers(app, log)


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("saves", [False, True])
def test_a_session_that_cannot_be_opened(saves: bool, looks: bool) -> None:
    contextvars.copy_context().run(both, unreachable, saves, looks)


class Marked:
    """What a session class may do in its constructor; mixed into that of each framework."""

    def __init__(self, initial: Any = None) -> None:
        super().__init__(initial)
        self["always"] = 1  # type: ignore[index]


PARTS: list[tuple[str, Any]] = [
    *((name, None) for name in ("salt", "serializer", "session_class", "null_session_class")),
    *(("session_class", given) for given in ({"modified": True}, {"accessed": True}, {})),
    ("key_derivation", "concat"),
    ("null_session_class", 5),
]


def with_part(fw: Framework, name: str, value: Any) -> Any:
    module = fw.mod("sessions")
    cls = module.SecureCookieSession
    if isinstance(value, dict):
        value = type("Own", (cls,) if value else (Marked, cls), value)
    log: list[Any] = []
    app = site(fw, log)
    app.session_interface = module.SecureCookieSessionInterface()
    found = []
    for _ in range(2):
        with mock.patch.object(module.SecureCookieSessionInterface, name, value):
            found.append(answers(app, log))
        found.append(answers(app, log))
    return found


@pytest.mark.parametrize(("name", "value"), PARTS, ids=str)
def test_a_part_of_the_shipped_interface(name: str, value: Any) -> None:
    """A test or tool replaces it for all applications: a session is as Flask makes it, though nothing looks at it."""
    contextvars.copy_context().run(both, with_part, name, value)
