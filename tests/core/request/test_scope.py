"""The environ of an ASGI scope, on both builds, beside what a WSGI server gives."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import builds
from bolthead.async_testing import scope_of


@pytest.fixture
def scopes(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("bolthead._core.request.scope")


def scope(**changes: Any) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": "/", "headers": [], **changes}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, {"SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_PROTOCOL": "HTTP/1.1"}),
        ({}, {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "REMOTE_ADDR": None}),
        ({"scheme": "https"}, {"SERVER_PORT": "443", "wsgi.url_scheme": "https"}),
        ({"server": ("a", 8000)}, {"SERVER_NAME": "a", "SERVER_PORT": "8000"}),
        ({"server": ("a", "8000")}, {"SERVER_PORT": "8000"}),
        ({"server": ("/run/a.sock", None)}, {"SERVER_NAME": "/run/a.sock", "SERVER_PORT": ""}),
        ({"client": ("::1", 5)}, {"REMOTE_ADDR": "::1", "REMOTE_PORT": "5"}),
        ({"client": ("::1", None)}, {"REMOTE_ADDR": "::1", "REMOTE_PORT": None}),
        ({"http_version": "2"}, {"SERVER_PROTOCOL": "HTTP/2"}),
        ({"path": "/app/x", "root_path": "/app"}, {"SCRIPT_NAME": "/app", "PATH_INFO": "/x"}),
        ({"path": "/app", "root_path": "/app"}, {"SCRIPT_NAME": "/app", "PATH_INFO": ""}),
        ({"path": "/apple", "root_path": "/app"}, {"SCRIPT_NAME": "/app", "PATH_INFO": "/apple"}),
        ({"path": "/x", "root_path": "/app"}, {"SCRIPT_NAME": "/app", "PATH_INFO": "/x"}),
        ({"path": "/é"}, {"PATH_INFO": "/\xc3\xa9"}),
        ({"path": "/\ufffd", "raw_path": b"/%ff"}, {"PATH_INFO": "/\xff", "REQUEST_URI": "/%ff"}),
        ({"path": "/é/\ufffd", "raw_path": b"/%c3%a9/%ff", "root_path": "/é"}, {"PATH_INFO": "/\xff"}),
        ({"path": "/other\ufffd", "raw_path": b"/%ff"}, {"PATH_INFO": "/other\xef\xbf\xbd"}),
        ({"raw_path": b"/a", "query_string": b"b=%ff"}, {"QUERY_STRING": "b=%ff", "RAW_URI": "/a?b=%ff"}),
        ({"raw_path": b"/a?b", "query_string": b"b"}, {"RAW_URI": "/a?b"}),
    ],
)
def test_fields(scopes: ModuleType, changes: dict[str, Any], wanted: dict[str, Any]) -> None:
    made = scope(**changes)
    environ = scopes.environ_of(made)
    assert {key: environ.get(key) for key in wanted} == wanted
    assert environ["asgi.scope"] is made


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ([(b"host", b"a"), (b"x-a", b"1")], {"HTTP_HOST": "a", "HTTP_X_A": "1"}),
        ([(b"X-A", b"1")], {"HTTP_X_A": "1"}),
        ([(b"x-a", b"1"), (b"x-a", b"1"), (b"x-a", b"")], {"HTTP_X_A": "1,1,"}),
        ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], {"HTTP_COOKIE": "a=1; b=2"}),
        ([(b"content-type", b"a/b"), (b"content-length", b"5")], {"CONTENT_TYPE": "a/b", "CONTENT_LENGTH": "5"}),
        ([(b"x_forwarded_for", b"forged")], {"HTTP_X_FORWARDED_FOR": None}),
        ([(b":authority", b"a"), (b":path", b"/")], {"HTTP_HOST": "a", "HTTP_:PATH": None}),
        ([(b"host", b"b"), (b":authority", b"a")], {"HTTP_HOST": "b"}),
        ([(b"x-a", b"\xff\xc3\xa9")], {"HTTP_X_A": "\xff\xc3\xa9"}),
    ],
)
def test_headers(scopes: ModuleType, headers: list[tuple[bytes, bytes]], wanted: dict[str, Any]) -> None:
    for _ in range(2):
        environ = scopes.environ_of(scope(headers=headers))
        assert {key: environ.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("headers", "version", "method", "wanted"),
    [
        ([], "1.1", "POST", False),
        ([(b"content-length", b"0")], "1.1", "POST", False),
        ([(b"content-length", b"5")], "1.1", "GET", True),
        ([(b"transfer-encoding", b"chunked")], "1.1", "GET", True),
        ([], "2", "GET", False),
        ([], "2", "POST", True),
    ],
)
def test_whether_a_body_follows(
    scopes: ModuleType, headers: list[tuple[bytes, bytes]], version: str, method: str, wanted: bool
) -> None:
    environ = scopes.environ_of(scope(headers=headers, http_version=version, method=method))
    assert scopes.has_body(environ) is wanted


LAZY = [b"host", b"cookie", b"accept", b"user-agent", b"sec-fetch-site", b"abcd", b"x_forwarded_for"]
NOT_LAZY = [b"content-type", b"content-length", b"transfer-encoding", b":authority", b"Cookie"]
latin_1 = st.text(st.characters(max_codepoint=255), max_size=8)
names = st.from_regex(r"[A-Z][A-Z0-9]{0,4}", fullmatch=True)


@given(st.dictionaries(names, latin_1), st.binary(max_size=12), latin_1)
def test_back_and_forth(headers: dict[str, str], path: bytes, query: str) -> None:
    environ: dict[str, Any] = {f"HTTP_{name}": value for name, value in headers.items()}
    environ |= {"PATH_INFO": "/" + path.decode("latin-1"), "QUERY_STRING": query, "SERVER_PORT": "80"}
    made = scope_of(environ)
    made["raw_path"] = b"/" + b"".join(b"%%%02X" % byte for byte in path)

    def found_by(build: str) -> dict[str, Any]:
        environ = builds.load(build, "bolthead._core.request.scope").environ_of(made)
        assert environ.pop("wsgi.input").read() == b""
        return environ  # type: ignore[no-any-return]

    found = builds.same(found_by)
    assert {key: found.get(key) for key in environ} == environ


@given(
    st.lists(st.tuples(st.sampled_from([*LAZY, b"upgrade", *NOT_LAZY]), st.sampled_from([b"a", b"b"])), max_size=4),
    st.sampled_from(["http", "websocket"]),
    st.sampled_from(["GET", "HEAD", "POST", None]),
    st.sampled_from(["/", "/a//b", "", "/\xe9"]),
    st.sampled_from(["", "/root"]),
    st.sampled_from(["http", "https", "ws"]),
)
def test_what_may_be_lazy(
    headers: list[tuple[bytes, bytes]], kind: str, method: str | None, path: str, root: str, scheme: str
) -> None:
    """A lazy environ has what the lifecycle takes for granted as long as it is not made."""
    given_scope = scope(type=kind, headers=headers, method=method, path=path, root_path=root, scheme=scheme)
    if method is None:
        del given_scope["method"]

    def found_by(build: str) -> Any:
        module = builds.load(build, "bolthead._core.request.scope")
        lazy = module.lazy_environ(None, given_scope, given_scope["type"] == "websocket")
        if lazy is None:
            return None
        environ = lazy.fill("the request")
        assert lazy.fill("another") is environ is lazy.environ
        assert environ.pop("werkzeug.request") == "the request"
        del environ["wsgi.input"]
        return environ, lazy.host, lazy.path, lazy.cookies, lazy.websocket

    found = builds.same(found_by)
    names = [name for name, _ in headers]
    websocket = kind == "websocket"
    simple = not set(names) & set(NOT_LAZY) and names.count(b"host") == 1 and names.count(b"cookie") < 2
    simple = simple and method in (None, "GET") and path in ("/", "/a//b") and not root
    assert (found is not None) == (simple and (scheme == "ws") == websocket and (websocket or b"upgrade" not in names))
    if found is not None:
        environ, host, lazy_path, cookies, lazy_websocket = found
        assert environ["REQUEST_METHOD"] == "GET"
        assert environ["SCRIPT_NAME"] == ""
        assert environ["wsgi.url_scheme"] in (("ws",) if websocket else ("http", "https"))
        seen = environ["HTTP_HOST"].encode("latin-1"), environ["PATH_INFO"], environ.get("HTTP_COOKIE", ""), websocket
        assert seen == (host, lazy_path, cookies, lazy_websocket)
        seen_early = {"CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"}
        assert not seen_early & environ.keys()


def test_a_request_without_environ(scopes: ModuleType) -> None:
    with pytest.raises(AttributeError, match="'Bare' object has no attribute 'environ'"):
        scopes.made_environ(type("Bare", (), {"_lazy_environ": None})())
