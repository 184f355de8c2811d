"""Text that is no exact `str`: members of enumerations, Markup, own subclasses. Flask takes all of them as text."""

from __future__ import annotations

import enum
import io
from collections.abc import Callable
from typing import Any

import pytest
from markupsafe import Markup
from werkzeug.test import EnvironBuilder, run_wsgi_app

from oracle import Framework, alike


class Text(str):
    """A subclass that changes nothing."""


class Bytes(bytes):
    """The same of bytes."""


TEXTS = (
    *("/rule", "/item/<int:n>", "/branch/", "/here", "/a", "index", "POST", "text/x", "1"),
    *("X-Token", "Location", "Content-Length", "Content-Location"),
)
MEMBERS = {f"TEXT_{nth}": text for nth, text in enumerate(TEXTS)}
Name: Any = enum.StrEnum("Name", MEMBERS)
Mixed: Any = enum.Enum("Mixed", MEMBERS, type=str)
"""As before Python 3.11: `str()` of a member is not its text."""

KINDS: list[Callable[[str], str]] = [Text, Markup, Name, Mixed]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def sent(app: Any, path: str, **environ: Any) -> tuple[Any, ...]:
    body, status, headers = run_wsgi_app(app, EnvironBuilder(path).get_environ() | environ)
    # An Allow is made of a set: its order says nothing.
    pairs = sorted((name, "".join(sorted(value) if name == "Allow" else value)) for name, value in headers)
    return status, pairs, b"".join(body)


RESPONSES: dict[str, Callable[[Framework, Any], Any]] = {
    "a name": lambda fw, kind: ("x", {kind("X-Token"): kind("1")}),
    "a name of a stream": lambda fw, kind: (iter(["x"]), {kind("X-Token"): kind("1")}),
    "a name without a body": lambda fw, kind: ("", 204, [(kind("X-Token"), "1"), (kind("Content-Length"), kind("1"))]),
    "not modified": lambda fw, kind: ("", 304, {kind("Content-Location"): kind("/here"), kind("X-Token"): "1"}),
    "a place": lambda fw, kind: ("x", 201, {kind("Location"): kind("/here")}),
    "a place of a stream": lambda fw, kind: (iter(["x"]), 201, {kind("Content-Location"): kind("/here")}),
    "a length": lambda fw, kind: fw.Response(b"x", headers=[(kind("Content-Length"), kind("1"))]),
    "a type": lambda fw, kind: fw.Response("x", content_type=kind("text/x")),
    "a mimetype": lambda fw, kind: fw.Response("x", mimetype=kind("text/x")),
    "a body": lambda fw, kind: kind("text/x"),
    "pieces": lambda fw, kind: fw.Response([kind("1"), kind("text/x")]),
    "a redirect": lambda fw, kind: fw.redirect(kind("/here")),
    "JSON": lambda fw, kind: {kind("index"): [kind("1")]},
    "a URL": lambda fw, kind: fw.url_for(kind("index"), q=kind("text/x"), _anchor=kind("1")),
}


@pytest.mark.parametrize("name", RESPONSES)
@kinds
@alike
def test_responses(fw: Framework, kind: Callable[[str], str], name: str) -> Any:
    app = fw.app()
    app.add_url_rule("/", "index", lambda: RESPONSES[name](fw, kind))
    return [sent(app, "/") for _ in range(2)]


@kinds
@alike
def test_rules(fw: Framework, kind: Callable[[str], str]) -> Any:
    app = fw.app()

    def view(**values: Any) -> str:
        return str(values)

    for rule in ("/rule", "/item/<int:n>", "/branch/"):
        app.add_url_rule(kind(rule), kind("index"), view, methods=[kind("POST"), "GET"])
    return [sent(app, path) for path in ("/rule", "/item/5", "/item/x", "/branch", "/branch/", "/here")]


@kinds
@alike
def test_environs(fw: Framework, kind: Callable[[str], str]) -> Any:
    app = fw.app()
    app.add_url_rule("/rule", "index", lambda: f"{fw.request.method} {fw.request.path}", methods=["POST", "GET"])
    app.add_url_rule("/branch/", "branch", lambda: "b")
    paths = ("/rule", "/branch/", "/here")
    found = [sent(app, "/", PATH_INFO=kind(path)) for path in paths]
    return found + [sent(app, path, REQUEST_METHOD=kind("POST")) for path in paths]


@kinds
@alike
def test_maps(fw: Framework, kind: Callable[[str], str]) -> Any:
    flask_class: Any = fw.Flask
    url_map = flask_class.url_map_class(default_subdomain=kind("index"))
    url_map.add(flask_class.url_rule_class("/rule", endpoint="here"))
    url_map.add(flask_class.url_rule_class("/<any(a, b):name>", endpoint="there"))
    adapter = url_map.bind("host")
    found = [adapter.match(kind("/rule")), adapter.match("/a"), fw.error(adapter.match, kind("/here"))]
    return [*found, adapter.build("here", {"q": [kind("1"), Bytes(b"\xff")], "r": Bytes(b" ")})]


@alike
def test_bodies_of_bytes(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "index", lambda: Bytes(b"x"))
    app.add_url_rule("/pieces", "pieces", lambda: fw.Response([Bytes(b"x"), b"y"]))
    app.add_url_rule("/read", "read", lambda: fw.request.form)

    class Input(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return Bytes(super().read(size))

    form = {"wsgi.input": Input(b"a=1"), "CONTENT_LENGTH": "3", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    return [sent(app, "/"), sent(app, "/pieces"), sent(app, "/read", **form)]
