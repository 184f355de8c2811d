"""Pages of HTTP errors against what Werkzeug's ``force_type`` makes of the error."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from werkzeug import exceptions
from werkzeug.datastructures import Headers

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.response.error_page"


class Teapot(exceptions.HTTPException):
    code = 418
    description = "short & stout"


class Named(exceptions.NotFound):
    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("X-Own", "1")]


class WithOwnBody(exceptions.Gone):
    def get_body(self, *args: Any, **kwargs: Any) -> str:
        return "é"


ERRORS: dict[str, Callable[[], Any]] = {
    **{f"{code}": cls for code, cls in sorted(exceptions.default_exceptions.items())},
    "own description": lambda: exceptions.NotFound("<b>"),
    "no description": lambda: exceptions.NotFound(""),
    "methods": lambda: exceptions.MethodNotAllowed(["GET", "PUT"]),
    "methods that break the line": lambda: exceptions.MethodNotAllowed(["GET\r\nX-Own: 1"]),
    "teapot": Teapot,
    "own headers": Named,
    "own body": WithOwnBody,
    "retry after": lambda: exceptions.TooManyRequests(retry_after=3),
    "range": lambda: exceptions.RequestedRangeNotSatisfiable(10),
    "a response": lambda: exceptions.NotFound(response=exceptions.Gone().get_response()),
    "no code": exceptions.HTTPException,
}


def environ(method: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": method, "wsgi.url_scheme": "http", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}


def shown(response: Any) -> tuple[Any, ...]:
    return response.status, response.status_code, list(response.headers), type(response.headers), response.get_data()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", ERRORS)
def test_the_page(load: Load, name: str, method: str) -> None:
    cls, error_response = load("bolthead").Response, load(NAME).error_response
    for _ in range(2):
        error = ERRORS[name]()
        found = error_response(cls, error, environ(method))
        handed_over = method == "HEAD" or name in ("methods that break the line", "a response", "no code")
        assert (found is None) == handed_over
        if found is not None:
            wanted = cls.force_type(error, environ(method))
            assert iter(found.response) is found.response, "an iterator, as of any WSGI callable"
            assert shown(found) == shown(wanted)


def test_what_is_overridden_is_called(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    cls, error_response = load("bolthead").Response, load(NAME).error_response
    own: Any = type("Own", (exceptions.NotFound,), {"get_response": lambda self, *args: None})
    assert error_response(cls, own(), environ("GET")) is None
    forced: Any = type("Forced", (cls,), {"force_type": classmethod(lambda cls, *args: None)})
    assert error_response(forced, exceptions.NotFound(), environ("GET")) is None
    walks: Any = type("Walks", (exceptions.NotFound,), {"__iter__": iter, "__next__": next})
    assert error_response(cls, walks(), environ("GET")) is None, "an iterator is a body, not an error"
    assert error_response(cls, exceptions.NotFound(), environ("GET")) is not None
    monkeypatch.setattr(exceptions.HTTPException, "get_body", lambda self, *args: "patched")
    assert error_response(cls, exceptions.NotFound(), environ("GET")).get_data() == b"patched"


def test_the_headers_are_its_own(load: Load) -> None:
    """Two pages share no list: a hook may add to one."""
    cls, error_response = load("bolthead").Response, load(NAME).error_response
    one, other = (error_response(cls, exceptions.NotFound(), environ("GET")) for _ in range(2))
    one.headers["X-Own"] = "1"
    assert type(one.headers) is Headers and "X-Own" not in other.headers
