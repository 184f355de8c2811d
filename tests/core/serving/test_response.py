"""``start_response`` and framing beside gunicorn's ``Response``: the same headers and body, or the same error."""

from __future__ import annotations

import email
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("gunicorn")

NAMES = st.sampled_from(
    [
        "Content-Type",
        "X-A",
        "content-length",
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "Upgrade",
        "a b",
        "",
        "é",
    ]
)
VALUES = st.one_of(
    st.sampled_from(["5", "0", "close", "upgrade", "websocket", " x\t", "", "é", "a\r\nb", "\0", "\u20ac", "\x7f"]),
    st.text(max_size=3),
)
STATUSES = st.sampled_from(
    ["200 OK", "204 No Content", "304 Not Modified", "404", "500 é", "20 x", "200\n", "100 Go on"]
)


class Wire:
    """What both are given to send through."""

    def __init__(self) -> None:
        self.data = b""

    def send(self, data: bytes) -> int:
        self.data += data
        return len(data)

    sendall = send

    def send_two(self, head: bytes, body: bytes) -> None:
        self.data += head + body

    def gettimeout(self) -> None:
        return None


def theirs(method: str, version: tuple[int, int], status: str, headers: Any, pieces: list[bytes]) -> bytes:
    from gunicorn.config import Config
    from gunicorn.http.wsgi import Response

    wire = Wire()
    request = SimpleNamespace(method=method, version=version, should_close=lambda: version < (1, 1))
    response = Response(request, wire, Config())
    response.start_response(status, headers)
    for piece in pieces:
        response.write(piece)
    response.close()
    return wire.data


def response_to(load: Any, wire: Wire, method: str, version: tuple[int, int], rules: Any = None) -> Any:
    module = load("bolthead._core.serving.response")
    connections = load("bolthead._core.serving.connection")
    rules = load("bolthead.serving.rules").Rules() if rules is None else rules
    site = SimpleNamespace(trusts=lambda peer: False, environ={})
    sock = SimpleNamespace(fileno=lambda: 3, send=wire.send)
    connection = connections.Connection(sock, ("", 0), site)
    # So that what is sent goes through the object, not to the descriptor.
    connection.tls = True
    server = SimpleNamespace(rules=rules, stopping=False, options=None)
    return module.Response(server, connection, version >= (1, 1), method == "HEAD", version < (1, 1))


def ours(
    load: Any, method: str, version: tuple[int, int], status: str, headers: Any, pieces: list[bytes], rules: Any = None
) -> bytes:
    wire = Wire()
    response = response_to(load, wire, method, version, rules)
    response.start(status, headers)
    for piece in pieces:
        response.write(piece)
    response.finish()
    return wire.data


def parsed(wire: bytes) -> Any:
    head, _, body = wire.partition(b"\r\n\r\n")
    line, _, rest = head.partition(b"\r\n")
    fields = sorted((name.lower(), value) for name, value in email.message_from_bytes(rest).items())
    # Who served it is not said; a connection that is kept is not announced, where that goes without saying.
    quiet = {("server", "gunicorn"), ("connection", "keep-alive")}
    return line, [field for field in fields if field not in quiet and field[0] != "date"], body


def outcome(call: Any, *arguments: Any) -> Any:
    try:
        return parsed(call(*arguments))
    except Exception as error:
        return type(error), str(error)


@given(
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from([(1, 1), (1, 0)]),
    STATUSES,
    st.lists(st.tuples(NAMES, VALUES), max_size=4),
    st.lists(st.sampled_from([b"", b"abc", b"defgh"]), max_size=3),
)
def test_as_gunicorn(load, method, version, status, headers, pieces):
    expected = outcome(theirs, method, version, status, headers, pieces)
    rules = load("bolthead.serving.rules").Rules()
    found = outcome(ours, load, method, version, status, headers, pieces, rules)
    # The second time the names are known.
    assert outcome(ours, load, method, version, status, headers, pieces, rules) == found
    close = any(name == "Connection" and value.lower() in ("close", "upgrade") for name, value in headers)
    if close and isinstance(expected[0], bytes):
        # An application that asks for the end of the connection is heard.
        assert (found[0], found[2]) == (expected[0], expected[2])
    else:
        assert found == expected


@pytest.mark.parametrize(("status", "headers"), [(200, []), ("200 OK", [("a", 1)]), ("200 OK", [(b"a", "b")])])
def test_wrong_types(load, status, headers):
    assert outcome(ours, load, "GET", (1, 1), status, headers, [])[0] is TypeError


def test_called_twice(load):
    response = response_to(load, Wire(), "GET", (1, 1))
    response.start("200 OK", [])
    with pytest.raises(AssertionError, match="already set"):
        response.start("200 OK", [])


def test_an_error_in_place_of_an_answer(load):
    """Nothing of the answer is left."""
    wire = Wire()
    response = response_to(load, wire, "GET", (1, 1))
    switch = [("Connection", "upgrade"), ("Upgrade", "websocket"), ("Date", "then"), ("Content-Length", "100")]
    response.start("101 Switching Protocols", switch)
    response.start("500 Oh No", [("Content-Length", "2")], (LookupError, LookupError(), None))
    response.write(b"no")
    response.finish()
    assert parsed(wire.data) == (b"HTTP/1.1 500 Oh No", [("content-length", "2")], b"no")
