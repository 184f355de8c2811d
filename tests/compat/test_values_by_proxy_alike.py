"""Values behind a proxy, whose ``__class__`` is that of what they stand for: ``isinstance`` believes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.local import LocalProxy

from oracle import Framework, alike

VALUES: dict[str, Any] = {
    "str": "text é",
    "bytes": b"bytes",
    "bytearray": bytearray(b"array"),
    "dict": {"a": "1"},
    "list": ["a", "b"],
    "tuple": ("body", 201),
    "int": 202,
    "None": None,
}


def with_length(fw: Framework, value: Any) -> Any:
    response = fw.Response(value)
    return [response.status, response.content_length, response.is_streamed, response.is_sequence]


def set_data(fw: Framework, value: Any) -> Any:
    response = fw.Response()
    response.set_data(value)
    return response


WAYS: dict[str, Callable[[Framework, Any], Any]] = {
    "view": lambda fw, value: value,
    "status": lambda fw, value: ("x", value),
    "status before headers": lambda fw, value: ("x", value, {"X-A": "b"}),
    "headers": lambda fw, value: ("x", 200, value),
    "make_response": lambda fw, value: fw.make_response(value),
    "Response": lambda fw, value: fw.Response(value),
    "its status": lambda fw, value: fw.Response("x", status=value),
    "its length": with_length,
    "set_data": set_data,
    "stream": lambda fw, value: fw.Response(iter([value, b"end"])),
    "jsonify": lambda fw, value: fw.jsonify(value=value),
    "redirect": lambda fw, value: fw.redirect(value),
    "variable": lambda fw, value: fw.url_for("s", s=value),
    "query": lambda fw, value: fw.url_for("q", q=value),
    "flash": lambda fw, value: repr([fw.flash(value), fw.get_flashed_messages()]),
    "template": lambda fw, value: fw.render_template_string("{{ v }} {{ v|e }} {{ v is string }} {{ v ~ 1 }}", v=value),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", VALUES)
@alike
def test_a_local_proxy(fw: Framework, name: str, way: str) -> Any:
    app = fw.app()
    app.logger.disabled = True
    app.add_url_rule("/", "view", lambda: WAYS[way](fw, LocalProxy(lambda: VALUES[name])))
    app.add_url_rule("/q", "q", lambda: "")
    app.add_url_rule("/s/<s>", "s", lambda s: "")
    try:
        return fw.get(app)
    except TypeError as error:
        # What is no body is found out when it is sent.
        return str(error)


@alike
def test_the_session_as_headers(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "view", lambda: (str(fw.session.update(a="1")), fw.session))
    return fw.get(app)
