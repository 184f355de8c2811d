"""``Request.get_json`` against Flask's own, and what makes it hand over to Werkzeug's."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from types import ModuleType, SimpleNamespace
from typing import Any

import flask
import pytest
from werkzeug.datastructures import Headers

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.json.request_json"

BODIES = [b'{"a": [1, 2.5, null]}', b"[]", b"", b"{", b"\xff", b'"\xc3\xa9"', b"NaN", b"1" * 50, b'{"a": 1, "a": 2}']
TYPES = [
    None,
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "application/x+json",
    "Application/JSON",
]


def environ(body: bytes, kind: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    return made if kind is None else made | {"CONTENT_TYPE": kind}


def outcome(request: Any, **flags: bool) -> Any:
    found = []
    for _ in range(2):
        try:
            found.append(repr(request.get_json(**flags)))
        except Exception as error:
            found.append(f"{type(error).__name__} {error}")
    return found


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("in_app", [False, True])
def test_as_flask(load: Load, in_app: bool, debug: bool) -> None:
    bolthead = load("bolthead")
    for body in BODIES:
        for kind in TYPES:
            for flags in ({}, {"force": True}, {"silent": True}, {"cache": False}, {"force": True, "silent": True}):
                outcomes = []
                for framework in (flask, bolthead):
                    request = framework.Request(environ(body, kind))
                    if in_app:
                        app = framework.Flask("site", root_path="/nowhere")
                        app.debug = debug
                        with app.app_context():
                            outcomes.append(outcome(request, **flags))
                    else:
                        outcomes.append(outcome(request, **flags))
                assert outcomes[0] == outcomes[1], (body, kind, flags)


def test_the_provider_is_asked_when_it_has_its_own_loads(load: Load) -> None:
    bolthead, has_stock_loads = load("bolthead"), load(NAME).has_stock_loads
    provider_class = bolthead.json.provider.DefaultJSONProvider
    app = bolthead.Flask("site", root_path="/nowhere")

    class Own(provider_class):  # type: ignore[misc]
        def loads(self, text: Any, **options: Any) -> Any:
            return "own"

    assert has_stock_loads(provider_class(app)) and not has_stock_loads(Own(app))
    single = provider_class(app)
    single.loads = lambda text, **options: "its own"
    assert not has_stock_loads(single)
    assert not has_stock_loads(SimpleNamespace()) and not has_stock_loads(bolthead.json)
    for provider, wanted in ((Own(app), "own"), (single, "its own"), (provider_class(app), 1)):
        app.json = provider
        with app.test_request_context(data=b"1", content_type="application/json"):
            assert bolthead.request.get_json() == wanted


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x+json"])
@pytest.mark.parametrize("replaced", ["application/json", "text/plain"])
def test_replaced_headers_say_it(load: Load, kind: str, replaced: str) -> None:
    """The environ tells quickly what the content type is, unless a request has other headers."""
    outcomes = []
    for framework in (flask, load("bolthead")):
        request = framework.Request(environ(b"1", kind))
        request.headers = Headers({"Content-Type": replaced})
        with framework.Flask("site", root_path="/nowhere").app_context():
            outcomes.append((outcome(request), request.is_json))
    assert outcomes[0] == outcomes[1]
