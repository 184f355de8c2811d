"""Scopes as servers and middleware may hand them on, in other types and without optional keys: answered alike.

Starlette and Quart take those of `TAKEN`. An application without hooks reads no environ, so it is one of several.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, UserDict
from collections.abc import Callable
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import pytest

import bolthead

HEADERS = [(b"host", b"localhost"), (b"x-a", b"1"), (b"cookie", b"c=d")]
SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"a=b",
    "root_path": "",
    "headers": HEADERS,
    "client": ("1.2.3.4", 5),
    "server": ("localhost", 80),
}


class Text(str):
    pass


class Octets(bytes):
    pass


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in SCOPE.items() if name != key}


def headers(function: Callable[[Any], Any], also_names: bool = True) -> dict[str, Any]:
    made = [(function(name) if also_names else name, function(value)) for name, value in HEADERS]
    return SCOPE | {"headers": made}


OPTIONAL = ["asgi", "http_version", "method", "scheme", "raw_path", "root_path", "server"]
TAKEN: dict[str, Any] = {
    **{f"no {key}": without(key) for key in OPTIONAL},
    **{f"{key} is None": SCOPE | {key: None} for key in ("asgi", "http_version", "scheme", "raw_path", "root_path")},
    "server is None": SCOPE | {"server": None},
    "extensions is None": SCOPE | {"extensions": None, "state": None},
    "raw_path is text": SCOPE | {"raw_path": "/"},
    "tuples": SCOPE | {"headers": tuple(HEADERS)},
    "lists": SCOPE | {"headers": [list(pair) for pair in HEADERS]},
    "a view of a dict": SCOPE | {"headers": dict(HEADERS).items()},
    "bytearrays": headers(bytearray),
    "bytearrays as values": headers(bytearray, also_names=False),
    "a subclass of bytes": headers(Octets),
    "capitals": SCOPE | {"headers": [(name.title(), value) for name, value in HEADERS]},
    "query as bytearray": SCOPE | {"query_string": bytearray(b"a=b")},
    "query of a subclass": SCOPE | {"query_string": Octets(b"a=b")},
    "path of a subclass": SCOPE | {"path": Text("/")},
    "method of a subclass": SCOPE | {"method": Text("GET")},
    "method in small letters": SCOPE | {"method": "get"},
    "client in a list": SCOPE | {"client": ["1.2.3.4", 5]},
    "client without port": SCOPE | {"client": ("1.2.3.4", None)},
    "server in a list": SCOPE | {"server": ["localhost", 80]},
    "a socket": SCOPE | {"server": ("/run/socket", None)},
    "HTTP/2": SCOPE | {"http_version": "2"},
    "a proxy": MappingProxyType(SCOPE),
    "a dict of users": UserDict(SCOPE),
    "an ordered dict": OrderedDict(SCOPE),
}
IS_TEXT = "names and values of headers in an ASGI scope are bytes, not str"
REFUSED: dict[str, tuple[Any, str]] = {
    "no type": (without("type"), "KeyError('type')"),
    "no path": (without("path"), "KeyError('path')"),
    "no headers": (without("headers"), "KeyError('headers')"),
    "headers is None": (SCOPE | {"headers": None}, "TypeError(\"'NoneType' object is not iterable\")"),
    "names are text": (headers(lambda value: value.decode()), f"TypeError('{IS_TEXT}')"),
    "values are text": (headers(lambda value: value.decode(), also_names=False), f"TypeError('{IS_TEXT}')"),
    "query is text": (
        SCOPE | {"query_string": "a=b"},
        "AttributeError(\"'str' object has no attribute 'decode'\")",
    ),
    "another type": (SCOPE | {"type": "x"}, "ValueError(\"An ASGI scope of type 'x' is none that bolthead serves.\")"),
}


def told() -> dict[str, Any]:
    request = bolthead.request
    names = [name.title() for name, _ in request.headers]
    return {
        "line": [request.method, request.url, request.args.to_dict()],
        "headers": [sorted(names), request.headers["x-a"], request.cookies, request.remote_addr],
        "body": request.get_data(as_text=True),
    }


async def told_later() -> dict[str, Any]:
    return told()


def site(kind: str) -> Any:
    app = bolthead.Flask(__name__)
    app.add_url_rule("/", "view", told_later if kind == "async" else told)
    if kind == "after":
        app.after_request(lambda response: response)
    elif kind == "before":
        app.before_request(lambda: bolthead.request.headers.get("nothing"))
    elif kind == "text":
        app.view_functions["view"] = lambda: "text"
    return app.asgi_app


def ask(app: Any, scope: Any) -> Any:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message["body"] for message in sent[1:])


KINDS = ["sync", "async", "after", "before", "text"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_taken(kind: str) -> None:
    app = site(kind)
    wanted = ask(app, SCOPE)
    assert wanted[0] == 200
    found = {name: ask(app, scope) for name, scope in TAKEN.items()}
    assert {name: answer for name, answer in found.items() if answer != wanted} == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(kind: str, name: str) -> None:
    scope, wanted = REFUSED[name]
    with pytest.raises(Exception) as found:
        ask(site(kind), scope)
    assert repr(found.value) == wanted


OWN = {"a b": "/%61%20b", "é/ü": "/%C3%A9/%c3%bc", "\ufffd": "/%ff", "x://y/z": "/x://y/z", "//b": "//b", "": ""}
TARGETS = ["http://site.test", "https://[::1]:80", "HTTP://u:p@site.test:8000", "ws+x.y-1://a%2Fb", "x://"]


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("own", OWN)
def test_targets_in_absolute_form(own: str, raw: bool) -> None:
    """RFC 9112, 3.2.2: a server accepts them. What is after the authority is the path, as a WSGI server has it."""
    if not raw and own == "\ufffd":
        pytest.skip("what is no UTF-8 is only in the raw path")
    app = bolthead.Flask(__name__)

    @app.route("/", defaults={"path": ""})
    @app.route("/<path:path>")
    async def view(path: str) -> dict[str, Any]:
        request = bolthead.request
        return {name: getattr(request, name) for name in ("path", "url", "host", "script_root")} | {
            name: request.environ.get(name) for name in ("PATH_INFO", "SCRIPT_NAME", "QUERY_STRING")
        }

    wanted = ask(app.asgi_app, SCOPE | {"path": unquote(OWN[own]), "raw_path": OWN[own].encode() if raw else None})
    for authority in TARGETS if raw else TARGETS[:-2]:
        target = authority + OWN[own]
        scope = SCOPE | {"path": unquote(target), "raw_path": target.encode() if raw else None}
        assert ask(app.asgi_app, scope) == wanted, target


@pytest.mark.parametrize("path", ["*", "info", "http:/x", "://x", "1://x"])
def test_targets_that_are_no_url(path: str) -> None:
    app = bolthead.Flask(__name__)
    app.add_url_rule("/<path:path>", "view", lambda path: bolthead.request.environ["PATH_INFO"])
    for raw in (path.encode(), None):
        assert ask(app.asgi_app, SCOPE | {"path": path, "raw_path": raw})[1] == path.encode()
