"""The WSGI driver with an environ and a ``start_response``: against Flask, and as PEP 3333 wants it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any
from wsgiref.validate import validator

import flask
import pytest
from werkzeug.test import EnvironBuilder

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.wsgi"


class Stop(BaseException):
    pass


def fails() -> Any:
    raise ValueError("in the view")


def stops() -> Any:
    raise Stop


VIEWS: dict[str, Callable[[], Any]] = {
    "text": lambda: "é",
    "bytes": lambda: b"b",
    "json": lambda: {"a": 1},
    "list": lambda: [1],
    "tuple": lambda: ("x", 201, {"X-Own": "1"}),
    "stream": lambda: (text for text in "ab"),
    "nothing": lambda: None,
    "fails": fails,
    "stops": stops,
    "aborts": lambda: flask.abort(418),
    "unknown json": lambda: {"a": object()},
}


def site(framework: Any, calls: list[Any]) -> Any:
    app = framework.Flask("site", root_path="/nowhere")
    app.logger.disabled = True
    for name, view in VIEWS.items():
        app.add_url_rule(f"/{name}", name, view)
    app.teardown_request(lambda exc: calls.append(("request", type(exc).__name__)))
    app.teardown_appcontext(lambda exc: calls.append(("app", type(exc).__name__)))
    return app


def ask(app: Any, path: str, method: str = "GET") -> Any:
    environ = EnvironBuilder(path=path, method=method).get_environ()
    started: list[Any] = []
    try:
        body = app(environ, lambda status, headers, exc_info=None: started.append((status, sorted(headers))))
        sent = b"".join(body)
        if hasattr(body, "close"):
            body.close()
    except BaseException as error:
        return type(error).__name__, str(error).split(" at 0x")[0]
    return started, sent


@pytest.mark.parametrize("propagate", [None, True])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("name", [*VIEWS, "missing"])
def test_as_flask(load: Load, name: str, method: str, propagate: bool | None) -> None:
    """Twice, since the first request finds no plan; the teardown functions run once for each, with the error."""
    found = []
    logging.disable(logging.CRITICAL)
    try:
        for framework in (flask, load("bolthead")):
            calls: list[Any] = []
            app = site(framework, calls)
            app.config["PROPAGATE_EXCEPTIONS"] = propagate
            found.append([*[ask(app, f"/{name}", method) for _ in range(2)], calls])
            assert not framework.has_app_context()
    finally:
        logging.disable(logging.NOTSET)
    for each in found:
        for outcome in each[:2]:
            if isinstance(outcome[0], list):
                for _, headers in outcome[0]:
                    headers[:] = [(k, sorted(v.split(", ")) if k == "Allow" else v) for k, v in headers]
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["text", "json", "tuple", "stream", "missing"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_pep_3333(load: Load, name: str, method: str) -> None:
    """wsgiref's checker: the types and the order of calls."""
    app = validator(site(load("bolthead"), []))
    environ = EnvironBuilder(path=f"/{name}", method=method).get_environ()
    for _ in range(2):
        body = app(dict(environ), lambda status, headers, exc_info=None: lambda data: None)
        list(body)
        body.close()


def test_the_functions_behind_the_methods(load: Load) -> None:
    """`run_wsgi` is ``Flask.wsgi_app`` and `full_dispatch` its ``full_dispatch_request``."""
    module, app = load(NAME), site(load("bolthead"), [])
    started: list[Any] = []
    environ = EnvironBuilder(path="/text").get_environ()
    assert module.run_wsgi(app, environ, lambda *given: started.append(given)) == ["é".encode()]
    assert started[0][0] == "200 OK"
    with app.test_request_context("/text"):
        ctx = load("bolthead.globals").request_ctx._get_current_object()
        response = module.full_dispatch(load("bolthead._core.lifecycle.phases").plan_of(app), app, ctx)
        assert response.get_data() == app.full_dispatch_request().get_data() == "é".encode()


def test_contexts_that_a_client_wants_preserved(load: Load) -> None:
    app, given = site(load("bolthead"), []), []
    environ = EnvironBuilder(path="/text").get_environ() | {"werkzeug.debug.preserve_context": given.append}
    app(environ, lambda *args: None)
    assert [type(ctx).__name__ for ctx in given] == ["AppContext", "RequestContext"]
