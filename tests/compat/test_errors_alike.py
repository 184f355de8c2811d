"""Errors and redirects without a handler, on Flask and here: they are answered without the steps between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.exceptions import Aborter, BadRequestKeyError, Forbidden, HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Response as WerkzeugResponse

from oracle import Framework, alike, both

LOCATIONS = st.sampled_from(
    ["/next", "", "/a b", "//x/y", "http://other/é", "/?a=<b>&c='d'", "/\n", "/\0", b"/b", None]
) | st.text(max_size=20)


class Teapot(HTTPException):
    code = 418
    description = "short & <stout>"


class Renamed(HTTPException):
    code = 451
    name = "Own name"


class Headed(Forbidden):
    def get_headers(self, environ: Any = None, scope: Any = None) -> Any:
        return [("X-First", "1"), *super().get_headers(environ, scope)]


class Cut(Forbidden):
    def get_headers(self, environ: Any = None, scope: Any = None) -> Any:
        return [*super().get_headers(environ, scope), ("X-Cut", "a\nb")]


class Worded(Forbidden):
    def get_body(self, environ: Any = None, scope: Any = None) -> str:
        return "grüße"


class Counting(Forbidden):
    """An error that is an iterator as well: that is what decides."""

    left = 2

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        self.left -= 1
        return b"tick"


class Called(Forbidden):
    def __call__(self, environ: Any, start_response: Any) -> Any:
        return WerkzeugResponse("called")(environ, start_response)


class Uncoded(HTTPException):
    pass


ERRORS: dict[str, Callable[[], HTTPException]] = {
    "teapot": Teapot,
    "renamed": Renamed,
    "headed": Headed,
    "cut": Cut,
    "worded": Worded,
    "counting": Counting,
    "called": Called,
    "uncoded": Uncoded,
    "described": lambda: NotFound("not <here>"),
    "key": lambda: BadRequestKeyError("name"),
    "allow": lambda: MethodNotAllowed(["GET", "PUT"]),
    "allow-nothing": lambda: MethodNotAllowed([]),
    "allow-cut": lambda: MethodNotAllowed(["GET\n"]),
    "response": lambda: Forbidden(response=WerkzeugResponse("own", 299)),
}


def outcome(fw: Framework, app: Any, path: str = "/", method: str = "GET") -> Any:
    try:
        return fw.get(app, path, method)
    except Exception as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("how", ["raise", "return", "pair", "abort"])
@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_kinds_of_errors(name: str, how: str, method: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()

        @app.get("/")
        def index() -> Any:
            error = ERRORS[name]()
            if how == "raise":
                raise error
            if how == "abort":
                fw.abort(getattr(error, "code", None) or 400)
            return error if how == "return" else (error, 298, {"X-Own": "1"})

        # Twice: the second time what is kept of the class is used.
        return outcome(fw, app, method=method), outcome(fw, app, method=method)

    both(scenario)


@pytest.mark.parametrize("trap", ["TRAP_HTTP_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS", "DEBUG", None])
@pytest.mark.parametrize("name", ["teapot", "key", "described"])
@pytest.mark.parametrize("handled", [None, 404, 418, HTTPException])
@pytest.mark.parametrize("path", ["/", "/nowhere", "/slash"])
def test_traps_and_handlers(trap: str | None, name: str, handled: Any, path: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()

        @app.get("/")
        def index() -> Any:
            raise ERRORS[name]()

        @app.get("/slash/")
        def slash() -> str:
            return ""

        found = [outcome(fw, app, path), outcome(fw, app, path, "POST")]
        if trap:
            app.config[trap] = True
        if handled:
            app._got_first_request = False
            app.register_error_handler(handled, lambda error: (f"handled {error.code}", 297))
        return found, outcome(fw, app, path), outcome(fw, app, path, "POST")

    both(scenario)


@pytest.mark.parametrize("cls", ["werkzeug", "headed", "made", "forced", "uncounted"])
@pytest.mark.parametrize("what", ["/redirect", "/abort", "/nowhere"])
def test_response_classes(cls: str, what: str) -> None:
    def scenario(fw: Framework) -> Any:
        class HeadedResponse(fw.Response):  # type: ignore[name-defined, misc]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.headers["X-Made"] = "1"

        class MadeResponse(fw.Response):  # type: ignore[name-defined, misc]
            def set_data(self, value: Any) -> None:
                super().set_data(value if isinstance(value, str) else value + b"!")

        class ForcedResponse(fw.Response):  # type: ignore[name-defined, misc]
            @classmethod
            def force_type(cls, response: Any, environ: Any = None) -> Any:
                return cls("forced")

        class Uncounted(fw.Response):  # type: ignore[name-defined, misc]
            automatically_set_content_length = False

        app = fw.app()
        app.response_class = {
            "werkzeug": WerkzeugResponse,
            "headed": HeadedResponse,
            "made": MadeResponse,
            "forced": ForcedResponse,
            "uncounted": Uncounted,
        }[cls]
        app.add_url_rule("/redirect", "away", lambda: fw.redirect("/elsewhere"))
        app.add_url_rule("/abort", "refuse", lambda: fw.abort(403))
        return outcome(fw, app, what)

    both(scenario)


@settings(max_examples=300, deadline=None)
@given(LOCATIONS, st.sampled_from([302, 301, 308, 399, 200, 304, "302 Own", "x", None, True, 3.5]))
def test_redirects(location: Any, code: Any) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        with app.test_request_context():
            try:
                response = fw.redirect(location, code)
            except Exception as error:
                return type(error).__name__, str(error)
            return type(response) is fw.Response, response.status, list(response.headers), response.get_data()

    both(scenario)


@pytest.mark.parametrize("kind", ["called", "mapped", "silent", "unknown"])
def test_aborters(kind: str) -> None:
    def scenario(fw: Framework) -> Any:
        class Called(Aborter):
            def __call__(self, code: Any, *args: Any, **kwargs: Any) -> Any:
                raise Teapot("called")

        app = fw.app()
        app.aborter = {
            "called": Called(),
            "mapped": Aborter(extra={403: Teapot}),
            "silent": lambda *args, **kwargs: None,
            "unknown": Aborter(mapping={}),
        }[kind]
        app.add_url_rule("/", "index", lambda: fw.abort(403, "why"))
        return outcome(fw, app)

    both(scenario)


@alike
def test_pages_of_classes_with_equal_descriptions(fw: Framework) -> Any:
    app = fw.app()
    found = []
    for description in ("<i>why</i>", Markup("<i>why</i>"), 1, True, 1.0):
        kind = type("Kind", (HTTPException,), {"code": 418, "description": description})
        with app.test_request_context():
            found.append(fw.make_response(kind()).get_data())
    return found


@pytest.mark.parametrize("name", ["Content-Length", "content-length"])
@alike
def test_a_page_whose_headers_have_a_length(fw: Framework, name: str) -> Any:
    class Measured(Forbidden):
        def get_headers(self, *args: Any, **kwargs: Any) -> Any:
            return [("Content-Type", "text/plain"), (name, "5"), ("X-Last", "1")]

    with fw.app().test_request_context():
        return list(fw.make_response(Measured()).headers)


@pytest.mark.parametrize("name", ["get_body", "get_description", "get_headers", "get_response"])
@alike
def test_a_method_of_one_error_is_replaced(fw: Framework, name: str) -> Any:
    values = {"get_headers": [("Content-Type", "a/b"), ("X-Own", "1")], "get_response": WerkzeugResponse("own", 299)}
    error = NotFound()
    setattr(error, name, lambda *args, **kwargs: values.get(name, "own"))
    app = fw.app()
    app.add_url_rule("/", "index", lambda: fw.abort(fw.make_response(error)))
    answer = app.test_client().get("/")
    return answer.status, list(answer.headers), answer.get_data()


@alike
def test_error_pages_without_a_length(fw: Framework) -> Any:
    client = fw.app().test_client()
    found = [list(client.get("/").headers)]
    with mock.patch.object(WerkzeugResponse, "automatically_set_content_length", False):
        found.append(list(client.get("/").headers))
    return found
