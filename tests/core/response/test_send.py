"""Sending a response against Werkzeug's own ``Response.__call__``."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from werkzeug.wrappers import Response as WerkzeugResponse

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.response.send"


class Source:
    """An iterable that tells when it is closed."""

    def __init__(self, *items: Any) -> None:
        self.items = list(items)
        self.calls: list[str] = []

    def __iter__(self) -> Any:
        return iter(self.items)

    def close(self) -> None:
        self.calls.append("source")


BODIES: dict[str, Callable[[], Any]] = {
    "list": lambda: [b"a", b"b"],
    "text": lambda: ["é", b"b"],
    "empty list": list,
    "tuple": lambda: (b"a", "b"),
    "list iterator": lambda: iter([b"a", b"b"]),
    "generator": lambda: (text for text in ["é", b"b"]),
    "with close": lambda: Source("a", b"b"),
    "file": lambda: io.BytesIO(b"a\nb"),
}
HEADERS: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "length": [("Content-Length", "2")],
    "local": [("Location", "/a")],
    "to quote": [("Location", "/é b")],
    "other host": [("LOCATION", "http://h/é")],
    "in lower case": [("X", "1"), ("location", "/a")],
    "two local": [("Location", "/a"), ("X", "1"), ("location", "/b"), ("Location", "/c")],
    "two places": [("Content-Location", "/a"), ("content-location", "/b")],
    "content location": [("Content-Location", "/é")],
    "entity": [("Content-Encoding", "x"), ("Expires", "y"), ("Last-Modified", "z"), ("X-Own", "1")],
}


def run(cls: Any, send: Callable[..., Any], body: str, headers: str, code: int, method: str, **flags: Any) -> Any:
    calls: list[str] = []
    source = BODIES[body]()
    response = cls(source, code, HEADERS[headers])
    for name, value in flags.items():
        setattr(response, name, value)
    if flags.get("direct_passthrough") is None:
        response.call_on_close(lambda: calls.append("response"))
    environ = {
        "REQUEST_METHOD": method,
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
    }
    started: list[Any] = []
    app_iter = send(response, environ, lambda *given: started.append(given))
    sent = list(app_iter)
    if hasattr(app_iter, "close"):
        app_iter.close()
    return (
        started,
        b"".join(part.encode() if isinstance(part, str) else part for part in sent),
        calls,
        getattr(source, "calls", None),
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("code", [101, 200, 204, 304, 404])
@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("body", BODIES)
def test_as_werkzeug(load: Load, body: str, headers: str, code: int, method: str) -> None:
    cls, send = load("bolthead").Response, load(NAME).send
    for flags in ({}, {"direct_passthrough": True}, {"autocorrect_location_header": True}):
        wanted = run(cls, WerkzeugResponse.__call__, body, headers, code, method, **flags)
        assert run(cls, send, body, headers, code, method, **flags) == wanted, flags


@pytest.mark.parametrize("name", ["close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response", "iter_encoded"])
def test_an_instances_own_method_is_called(load: Load, name: str) -> None:
    bolthead = load("bolthead")
    responses = load("bolthead.plan").responses_of(bolthead.Response)
    called: list[str] = []
    response = bolthead.Response(Source(b"a"))
    stock = getattr(response, name)
    setattr(response, name, lambda *args: (called.append(name), stock(*args))[1])
    environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "h", "SERVER_PORT": "80"}
    app_iter = responses.send(response, environ, lambda *given: None)
    assert list(app_iter) == [b"a"]
    app_iter.close()
    assert name in called
    assert name in load(NAME).SENDERS


def test_a_stream_ends_once(load: Load) -> None:
    """PARITY: after its end, or an error, it gives nothing more."""
    cls, send = load("bolthead").Response, load(NAME).send

    def fails() -> Any:
        yield "a"
        raise ValueError

    for make in (send, WerkzeugResponse.__call__):
        environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "h", "SERVER_PORT": "80"}
        app_iter = iter(make(cls(fails()), environ, lambda *given: None))
        assert next(app_iter) == b"a"
        with pytest.raises(ValueError):
            next(app_iter)
        assert list(app_iter) == []
