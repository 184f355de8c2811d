"""The quick parser of heads: both versions alike, for good and damaged heads; what it leaves to gunicorn."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import builds

NAME = "bolthead._core.serving.head"
LIMITS = (200, 6, 100)

lines = st.sampled_from(
    [
        *(b"Host: a.test", b"host:b"),
        *(b"X-New-1: \t v \t", b"x-new-1:w", b"Cookie: \xc3\xa9=1", b"Empty:", b"X_A: 1", b"Content-Length: 3"),
        *(b"Content-Type:a/b", b": x", b"No colon", b" folded", b"A: \x7f", b"A: a\tb", b"A: a\nb"),
        *(b"Long: " + b"x" * 92, b"Long: " + b"x" * 93, b"Space : x", b"A: a\rb", b"Sec-CH-UA-Mobile: ?0"),
    ]
)
firsts = st.sampled_from(
    [
        *(b"GET / HTTP/1.1", b"POST /a%20b?c=d?e HTTP/1.0", b"PROPFIND /? HTTP/1.1", b"G /x HTTP/1.1"),
        *(
            b"get / HTTP/1.1",
            b"GET // HTTP/1.1",
            b"GET /# HTTP/1.1",
            b"GET /?# HTTP/1.1",
            b"GET * HTTP/1.1",
            b"GET /\xe9 HTTP/1.1",
        ),
        *(b"GET / HTTP/1.2", b"GET / HTTP/1.11", b"GET  / HTTP/1.1", b"GET /"),
        *(b"CONNECT /x HTTP/1.1", b"GET /a b HTTP/1.1"),
        *(b"GET /" + b"a" * 184 + b" HTTP/1.1", b"GET /" + b"a" * 185 + b" HTTP/1.1", b"A" * 20 + b" / HTTP/1.1"),
        b"A" * 21 + b" / HTTP/1.1",
    ]
)
heads = st.builds(
    lambda first, rest, tail: b"\r\n".join([first, *rest, b"", tail]),
    firsts,
    st.lists(lines, max_size=8),
    st.sampled_from([b"", b"\r\n", b"\r\nbody: x\r\n\r\n"]),
)


def parse(build: str, data: bytes) -> tuple[int, Any]:
    environ: dict[str, Any] = {"wsgi.version": (1, 0)}
    size = builds.load(build, NAME).parse_head(data, environ, *LIMITS)
    return size, environ if size > 0 else None


@given(heads, st.integers(0, 400), st.one_of(st.none(), st.binary(max_size=2)))
@example(b"GET / HTTP/1.1\r\n\r\n", 0, None)
def test_both_alike(data: bytes, at: int, damage: bytes | None) -> None:
    if damage is not None:
        data = data[:at] + damage + data[at + 1 :]
    found = [parse(build, data) for build in builds.NAMES]
    assert all(one == found[0] for one in found)


@given(st.binary(max_size=120))
def test_anything(data: bytes) -> None:
    found = [parse(build, data) for build in builds.NAMES]
    assert all(one == found[0] for one in found)


@pytest.fixture
def module(load: Any) -> Any:
    return load(NAME)


def test_a_usual_head(module: Any) -> None:
    head = b"POST /a%2Fb?c=%20 HTTP/1.0\r\nhOST: x\r\nX-Of-Mine:  1 \r\nCookie: n=Jos\xe9\r\nContent-Type: t/t\r\n\r\n"
    environ: dict[str, Any] = {"PATH_INFO": "overwritten"}
    assert module.parse_head(head + b"body", environ, *LIMITS) == len(head)
    assert environ == {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/a%2Fb",
        "QUERY_STRING": "c=%20",
        "RAW_URI": "/a%2Fb?c=%20",
        "SERVER_PROTOCOL": "HTTP/1.0",
        "HTTP_HOST": "x",
        "HTTP_X_OF_MINE": "1",
        "HTTP_COOKIE": "n=José",
        "CONTENT_TYPE": "t/t",
    }


def test_every_cut_is_in_doubt(module: Any) -> None:
    head = b"GET /a?b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
    for end in range(len(head)):
        assert module.parse_head(head[:end], {}, *LIMITS) == module.IN_DOUBT
    assert module.parse_head(head, {}, *LIMITS) == len(head)


def test_names_are_learnt_up_to_a_number(load: Any) -> None:
    names = load("bolthead._core.serving.names")
    parse_head = load(NAME).parse_head
    for number in range(names.MANY + 10):
        environ: dict[str, Any] = {}
        assert parse_head(f"GET / HTTP/1.1\r\nX-{number}: v\r\n\r\n".encode(), environ, *LIMITS) > 0
        assert environ[f"HTTP_X_{number}"] == "v"
    assert len(names.NAMES) == names.MANY


KINDS = {"Content-Type": 0, "X-A": 0, "Content-Length": 1, "Date": 2, "Connection": 3, "Upgrade": 4, "Keep-Alive": 5}
names = st.one_of(st.sampled_from([*KINDS, "X-Unknown", b"X-A", None]), st.text(max_size=2))
values = st.one_of(
    st.sampled_from(
        ["5", "007", "-1", "1" * 15, "1" * 16, "", " a", "a ", "a b", "a\r\nb", "\x7f", "\xe9", "\u20ac", 3, b"x"]
    ),
    st.text(max_size=3),
    st.integers(4000, 4100).map("v".__mul__),
)
pairs = st.one_of(st.tuples(names, values), st.tuples(st.sampled_from([*KINDS]), st.text("5ab ", max_size=4)))


@given(st.lists(st.one_of(pairs, pairs, pairs, st.just(("X-A",)), st.just(["X-A", "b"])), max_size=5))
@example([("X-A", "v" * 4087), ("X-A", "")])
@example([("X-A", "v" * 4089)])
@example([("X-A", "v" * 4090)])
@example([("Date", "x"), ("Content-Length", "12"), ("X-A", "")])
def test_usual_lines_alike(headers: Any) -> None:
    """What both builds take for usual is written as the general way writes it."""
    found = [builds.load(build, NAME).usual_lines(headers, KINDS) for build in builds.NAMES]
    assert all(one == found[0] and type(one) is type(found[0]) for one in found)
    if found[0] is not None:
        text, length, dated = found[0]
        assert text == "".join(f"{name}: {value}\r\n" for name, value in headers)
        lengths = [int(value) for name, value in headers if name == "Content-Length"]
        assert length == (lengths[-1] if lengths else -1) and dated == any(name == "Date" for name, _ in headers)


def test_unusual_lines() -> None:
    """An iterator, a list of anything else, and classes derived from ``str`` are left alone."""

    class Text(str):
        pass

    for build in builds.NAMES:
        usual_lines = builds.load(build, NAME).usual_lines
        assert usual_lines([("X-A", "b")], KINDS) == ("X-A: b\r\n", -1, False)
        pairs = iter([("X-A", "b")])
        for headers in (pairs, (("X-A", "b"),), [("X-A", Text("b"))], [(Text("X-A"), "b")], [None], None):
            assert usual_lines(headers, KINDS) is None
        assert next(pairs) == ("X-A", "b")
