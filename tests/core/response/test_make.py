"""What a view returns becomes a response: against Flask's ``make_response`` and Werkzeug's constructor."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import flask
import pytest
import werkzeug.utils
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response as WerkzeugResponse
from werkzeug.datastructures import Headers
from werkzeug.exceptions import Gone

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.response.make"


def hello(environ: Any, start_response: Any) -> list[bytes]:
    start_response("299 OWN", [("X-App", "1")])
    return [b"app"]


VALUES: dict[str, Callable[[], Any]] = {
    "str": lambda: "é",
    "bytes": lambda: b"b",
    "bytearray": lambda: bytearray(b"b"),
    "dict": lambda: {"b": 1, "a": 2},
    "list": lambda: [1, {}],
    "str subclass": lambda: type("S", (str,), {})("s"),
    "generator": lambda: (text for text in ["a", "b"]),
    "a wsgi application": lambda: hello,
    "werkzeug's response": lambda: WerkzeugResponse("w", 202, {"X-Own": "1"}),
    "an http error": Gone,
    "status": lambda: ("x", 201),
    "status text": lambda: ("x", "201 Fine"),
    "headers": lambda: ("x", {"X-Own": "1"}),
    "headers list": lambda: ("x", [("X-Own", "1"), ("X-Own", "2")]),
    "headers object": lambda: ("x", Headers([("Content-Type", "a/b")])),
    "all three": lambda: ({"a": 1}, 203, {"X-Own": "1"}),
    "an error and a status": lambda: (Gone(), 403),
    "none": lambda: None,
    "a tuple with none": lambda: (None, 200),
    "one": lambda: ("x",),
    "four": lambda: ("x", 1, {}, 2),
    "int": lambda: 3,
    "set": set,
    "status none": lambda: ("x", None),
}


def shown(response: Any) -> tuple[Any, ...]:
    return response.status, sorted(response.headers), response.get_data(), response.is_streamed


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return shown(call())
    except TypeError as error:
        return str(error)


@pytest.mark.parametrize("name", VALUES)
def test_as_flask(load: Load, name: str) -> None:
    outcomes = []
    for framework in (flask, load("bolthead")):
        app = framework.Flask("site", root_path="/nowhere")
        app.add_url_rule("/", "index", lambda: "")
        with app.test_request_context():
            value = VALUES[name]()
            if framework is flask:
                outcomes.append(outcome(lambda: app.make_response(value)))  # noqa: B023
            else:
                responses = load("bolthead.plan").responses_of(app.response_class)
                outcomes.append(outcome(lambda: responses.make(app, framework.request, value)))  # noqa: B023
    assert outcomes[0] == outcomes[1]


def test_a_response_is_itself(load: Load) -> None:
    bolthead = load("bolthead")
    responses = load("bolthead.plan").responses_of(bolthead.Response)
    response = bolthead.Response("x")
    assert responses.make(None, None, response) is response


@pytest.mark.parametrize("code", [200, 204, 304, 404])
@pytest.mark.parametrize("sets_length", [True, False])
def test_text_without_a_response(load: Load, code: int, sets_length: bool) -> None:
    """`send_whole` sends what `whole` makes."""
    plan = load("bolthead.plan")
    cls: Any = type(
        "Own",
        (load("bolthead").Response,),
        {"default_status": code, "default_mimetype": "text/x", "automatically_set_content_length": sets_length},
    )
    responses = plan.responses_of(cls)
    made = responses.whole(b"text", responses.header)
    assert shown(made) == shown(cls(b"text"))
    assert plan.sends_text(responses) == (sets_length and code not in (204, 304))
    if plan.sends_text(responses):
        for method in ("GET", "HEAD"):
            environ = {"REQUEST_METHOD": method, "wsgi.url_scheme": "http", "SERVER_NAME": "h", "SERVER_PORT": "80"}
            started: list[Any] = []
            bodies = [
                b"".join(send(environ, lambda *given: started.append(given)))  # noqa: B023
                for send in (lambda *args: responses.send_whole(b"text", responses.header, *args), cls(b"text"))
            ]
            assert bodies[0] == bodies[1] and started[0] == started[1]


KINDS = st.sampled_from([None, "text/html", "text/x; a=b", "application/json", "a\nb"])


def test_the_constructor(load: Load) -> None:
    cls = load("bolthead").Response

    @given(
        response=st.sampled_from([None, "é", b"b", bytearray(b"b"), ["a", b"b"], ("a",)]),
        status=st.sampled_from([None, 200, 404, "201 Fine", "299", 999, True]),
        headers=st.sampled_from([None, {"X-Own": "1"}, [("Content-Type", "own")], Headers()]),
        mimetype=KINDS,
        content_type=KINDS,
        direct_passthrough=st.booleans(),
    )
    def run(**given: Any) -> None:
        outcomes = []
        for kind in (flask.Response, cls):
            try:
                made = kind(**given)
            except Exception as error:
                outcomes.append((type(error), str(error)))
            else:
                outcomes.append((made.status, list(made.headers), made.response, made.direct_passthrough))
        assert outcomes[0] == outcomes[1], given

    run()


@pytest.mark.parametrize("location", ["/x", "http://h/x?a=b&c", "/é", "/<b>", '/"', "/a\nb", "", "//h"])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 299])
def test_redirects(load: Load, location: str, code: int) -> None:
    cls = load("bolthead").Response
    outcomes = []
    for make in (
        lambda: werkzeug.utils.redirect(location, code, cls),
        lambda: load(NAME).redirection(cls, location, code),
    ):
        try:
            outcomes.append(shown(make()))
        except ValueError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
