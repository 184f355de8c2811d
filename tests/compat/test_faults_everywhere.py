"""Each place of an application's own code raises each kind of exception, and returns each kind of value.

What is compared: answers or what leaves the application, the order of hooks, what teardowns are given, the log.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug import exceptions

from oracle import Framework, both, shown
from samples import some

Raised = Callable[[Framework], Any]
RAISED: dict[str, Raised] = {
    "error": lambda fw: ValueError("v"),
    "class": lambda fw: ValueError,
    "group": lambda fw: ExceptionGroup("g", [ValueError("v")]),
    "StopIteration": lambda fw: StopIteration("s"),
    "HTTP": lambda fw: exceptions.Conflict("c"),
    "404": lambda fw: exceptions.NotFound(),
    "500": lambda fw: exceptions.InternalServerError("i"),
    "missing key": lambda fw: exceptions.BadRequestKeyError("k"),
    "a response": lambda fw: exceptions.HTTPException(response=fw.Response("r", 409)),
    "without code": lambda fw: exceptions.HTTPException("n"),
    "redirect": lambda fw: fw.mod("app").RequestRedirect("/x"),
    "interrupt": lambda fw: KeyboardInterrupt("k"),
    "exit": lambda fw: SystemExit(3),
    "GeneratorExit": lambda fw: GeneratorExit("g"),
    "cancelled": lambda fw: asyncio.CancelledError("c"),
}
RETURNED: dict[str, Raised] = {
    "None": lambda fw: None,
    "5": lambda fw: 5,
    "True": lambda fw: True,
    "bytes": lambda fw: b"by",
    "bytearray": lambda fw: bytearray(b"ba"),
    "list": lambda fw: [1],
    "set": lambda fw: {1},
    "()": lambda fw: (),
    "one": lambda fw: ("x",),
    "status": lambda fw: ("x", 201),
    "text status": lambda fw: ("x", "418 no"),
    "headers": lambda fw: ("x", {"A": "b"}),
    "status, headers": lambda fw: ("x", 201, [("A", "b")]),
    "four": lambda fw: ("x", 1, 2, 3),
    "nothing, status": lambda fw: (None, 404),
    "in one another": lambda fw: (("x", 201), 202),
    "generator": lambda fw: (letter for letter in "ab"),
    "response": lambda fw: fw.Response("r", 203),
    "HTTP error": lambda fw: exceptions.Conflict("c"),
    "error": lambda fw: ValueError("v"),
    "class": lambda fw: int,
}
SIGNALS = (
    "request_started", "request_finished", "request_tearing_down", "got_request_exception",
    "appcontext_pushed", "appcontext_popped",
)  # fmt: skip
METHODS = (
    "make_response", "process_response", "make_default_options_response", "dispatch_request", "finalize_request",
    "handle_user_exception", "handle_http_exception", "handle_exception", "preprocess_request",
    "full_dispatch_request", "do_teardown_request", "do_teardown_appcontext", "log_exception",
)  # fmt: skip
HOOKS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "before_request": lambda app, part, f: app.before_request(f),
    "before_request of a blueprint": lambda app, part, f: part.before_request(f),
    "after_request": lambda app, part, f: app.after_request(f),
    "after_request of a blueprint": lambda app, part, f: part.after_request(f),
    "url_value_preprocessor": lambda app, part, f: app.url_value_preprocessor(f),
    "url_defaults": lambda app, part, f: app.url_defaults(f),
    "context_processor": lambda app, part, f: app.context_processor(f),
    "teardown_request": lambda app, part, f: app.teardown_request(f),
    "teardown_request of a blueprint": lambda app, part, f: part.teardown_request(f),
    "teardown_appcontext": lambda app, part, f: app.teardown_appcontext(f),
    "handler of 404": lambda app, part, f: app.errorhandler(404)(f),
    "handler of 500": lambda app, part, f: app.errorhandler(500)(f),
    "handler of KeyError": lambda app, part, f: app.errorhandler(KeyError)(f),
    "handler of a blueprint": lambda app, part, f: part.errorhandler(KeyError)(f),
    "handler of HTTP errors": lambda app, part, f: app.errorhandler(exceptions.HTTPException)(f),
    **{name: lambda app, part, f, name=name: setattr(app, name, f) for name in METHODS},
}
VIEWS: dict[str, Callable[[Framework, Any], Any]] = {
    "view": lambda fw, f: f(),
    "after_this_request": lambda fw, f: str(fw.after_this_request(f)),
    "stream": lambda fw, f: fw.Response(late(f)),
    "stream with context": lambda fw, f: fw.Response(fw.stream_with_context(late(f))),
    "call_on_close": lambda fw, f: closing(fw.Response("x"), f),
    "template": lambda fw, f: fw.render_template_string("{{ f() }}", f=f),
}
MODES: dict[str, Callable[[Any], Any]] = {
    "plain": lambda app: None,
    "testing": lambda app: app.config.update(TESTING=True),
    "trapping": lambda app: app.config.update(TRAP_HTTP_EXCEPTIONS=True),
    "with a handler": lambda app: app.register_error_handler(Exception, lambda error: (type(error).__name__, 501)),
}
PLACES = [*HOOKS, *VIEWS, *SIGNALS]


def late(function: Callable[[], Any]) -> Any:
    yield "a"
    yield function()


def closing(response: Any, function: Callable[[], Any]) -> Any:
    response.call_on_close(function)
    return response


class Noting(logging.Handler):
    def __init__(self, log: list[Any]) -> None:
        super().__init__()
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        self.log.append((record.levelname, record.getMessage(), str(record.exc_info and record.exc_info[0])))


def outcome(fw: Framework, place: str, function: Callable[[Framework], Any], mode: str) -> list[Any]:
    log: list[Any] = []
    app, part = fw.app(), fw.blueprint(url_prefix="/part")
    app.logger.handlers[:] = [Noting(log)]
    app.logger.propagate = False
    MODES[mode](app)
    app.before_request(lambda: log.append("before"))
    app.after_request(lambda response: [log.append("after"), response][1])
    app.teardown_request(lambda error: log.append(type(error).__name__))
    app.teardown_appcontext(lambda error: log.append(("context", type(error).__name__)))

    def called(*args: Any, **options: Any) -> Any:
        log.append(place)
        return function(fw)

    def view() -> Any:
        return VIEWS[place](fw, called) if place in VIEWS else fw.render_template_string(fw.url_for("view"))

    def broken() -> Any:
        raise KeyError("original")

    if place in HOOKS:
        HOOKS[place](app, part, called)
    elif place in SIGNALS:
        getattr(fw, place).connect(called, app)
    for owner in (app, part):
        owner.add_url_rule("/", "view", view)
        owner.add_url_rule("/broken", "broken", broken)
    app.register_blueprint(part)
    client, found = app.test_client(), []

    def ask(path: str, method: str) -> Any:
        try:
            return fw.plain(str(shown(client.open(path, method=method))))
        except BaseException as error:
            return type(error).__name__, fw.plain(str(error))

    for path in ("/", "/part/", "/broken", "/part/broken", "/nowhere"):
        found.append(contextvars.copy_context().run(ask, path, "GET"))
    found.append(contextvars.copy_context().run(ask, "/", "OPTIONS"))
    return [found, log]


def raising(make: Raised) -> Callable[[Framework], Any]:
    def function(fw: Framework) -> Any:
        raise make(fw)

    return function


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", PLACES)
def test_raised(place: str) -> None:
    for make in some(RAISED.values(), place, "raised"):
        for mode in MODES:
            both(outcome, place, raising(make), mode)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", PLACES)
def test_returned(place: str) -> None:
    for make in some(RETURNED.values(), place, "returned"):
        for mode in ("plain", "testing"):
            both(outcome, place, make, mode)
