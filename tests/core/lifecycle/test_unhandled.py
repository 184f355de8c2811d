"""Errors that are used as the response: only where Flask's own ``handle_user_exception`` would return them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import flask
import pytest
from werkzeug import exceptions
from werkzeug.routing import RequestRedirect

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.unhandled"

ERRORS: dict[str, Callable[[], Any]] = {
    "404": exceptions.NotFound,
    "405": lambda: exceptions.MethodNotAllowed(["GET"]),
    "400": exceptions.BadRequest,
    "a missing key": lambda: exceptions.BadRequestKeyError("name"),
    "redirect": lambda: RequestRedirect("/x"),
    "500": exceptions.InternalServerError,
    "with a response": lambda: exceptions.NotFound(response=exceptions.Gone().get_response()),
    "no http error": ValueError,
}


@pytest.mark.parametrize("handlers", [(), (404,), (ValueError,), (exceptions.HTTPException,)], ids=str)
@pytest.mark.parametrize("name", ERRORS)
def test_it_is_what_flask_returns(load: Load, name: str, handlers: tuple[Any, ...]) -> None:
    is_answer, answered = load(NAME).is_answer, 0
    for trap, trap_bad, debug in itertools.product([False, True], [False, True, None], [False, True]):
        outcomes = []
        for framework in (flask, load("bolthead")):
            app = framework.Flask("site", root_path="/nowhere")
            app.debug = debug
            app.config.update(TRAP_HTTP_EXCEPTIONS=trap, TRAP_BAD_REQUEST_ERRORS=trap_bad)
            for handler in handlers:
                app.register_error_handler(handler, lambda error: "handled")
            error = ERRORS[name]()
            with app.test_request_context():
                try:
                    raise error
                except Exception:
                    if framework is flask:
                        try:
                            outcomes.append(app.handle_user_exception(error) is error)
                        except Exception:
                            outcomes.append(False)
                    else:
                        outcomes.append(bool(is_answer(app._make_plan(), error)))
        answered += outcomes[1]
        assert outcomes[0] or not outcomes[1], (trap, trap_bad, debug)
    assert (answered > 0) == (not handlers and name not in ("a missing key", "no http error"))


@pytest.mark.parametrize("step", ["handle_user_exception", "handle_http_exception", "trap_http_exception"])
@pytest.mark.parametrize("on", ["class", "instance", "base"])
def test_not_past_an_overridden_step(load: Load, step: str, on: str) -> None:
    is_answer, bolthead = load(NAME).is_answer, load("bolthead")
    base: Any = type("Base", (bolthead.Flask,), {})
    child: Any = type("Child", (base,), {})
    app = child("site", root_path="/nowhere")
    plan_of = load("bolthead._core.lifecycle.phases").plan_of
    plan = plan_of(app)
    assert is_answer(plan, exceptions.NotFound())
    setattr({"class": child, "instance": app, "base": base}[on], step, lambda *args: None)
    if on != "instance":
        assert not is_answer(plan, exceptions.NotFound()), "the plan that a running request holds"
    assert not is_answer(plan_of(app), exceptions.NotFound())


def test_the_outcome_of_routing(load: Load) -> None:
    routing_error, bolthead = load(NAME).routing_error, load("bolthead")
    app = bolthead.Flask("site", root_path="/nowhere")
    app.add_url_rule("/folder/", "folder", lambda: "")
    for path, wanted in (("/none", exceptions.NotFound), ("/folder", None), ("/folder/", None)):
        with app.test_request_context(path):
            ctx = load("bolthead.globals").request_ctx._get_current_object()
            found = routing_error(app._make_plan(), ctx)
            assert found is None if wanted is None else type(found) is wanted
