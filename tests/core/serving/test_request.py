"""The quick reader of heads beside gunicorn's own code: the same ``environ``, or its exception."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("gunicorn")
h1c = pytest.importorskip("gunicorn_h1c")


NAME = "bolthead._core.serving.request"


@pytest.fixture(scope="module")
def module(load):
    return load(NAME)


@pytest.mark.parametrize(
    ("said", "modern", "keeps"),
    [
        *(("keep-alive", modern, True) for modern in (True, False)),
        *(("Keep-Alive", modern, True) for modern in (True, False)),
        *(("close", modern, False) for modern in (True, False)),
        *((" upgrade , CLOSE\t", modern, False) for modern in (True, False)),
        *(("keep-alive, close", modern, False) for modern in (True, False)),
        ("upgrade", True, True),
        ("upgrade", False, False),
        ("", True, True),
        ("", False, False),
    ],
)
def test_connection_header(module, said, modern, keeps):
    assert module.keeps_alive(said, modern) is keeps


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"HTTP_HOST": "a.test", "wsgi.url_scheme": "http"}, ("a.test", "80")),
        ({"HTTP_HOST": "a.test", "wsgi.url_scheme": "https"}, ("a.test", "443")),
        ({"HTTP_HOST": "a.test:81"}, ("a.test", "81")),
    ],
)
def test_name_of_a_unix_socket(module, environ, name):
    assert module.name_of_unix(environ) == name


LINES = st.sampled_from(
    [
        *("Host: a.test", "X-A: 1", "x-a: 2", "X_A: 3", "SCRIPT_NAME: /s", "Content-Length: 5", "Connection: close"),
        *("Connection: keep-alive", "Expect: 100-continue", "Expect: x", "Transfer-Encoding: chunked", "X-B: \xff"),
        *("X-Forwarded-Proto: https", "X-Forwarded-Proto: http", "X-Forwarded-Ssl: on", "Content-Type: a/b", "Bad"),
    ]
)
TARGETS = st.sampled_from(
    [
        "/",
        "/a%20b/%C3%A9",
        "/?",
        "/a?b=c%20d",
        "//x/y",
        "/a#f",
        "http://h.test/p?q",
        "*",
        "/\xe9",
        "/%zz",
        "a:80",
        "/?#",
    ]
)


@given(
    st.sampled_from(["GET", "OPTIONS", "POST", "CONNECT", "HEAD", "get"]),
    TARGETS,
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/1.2"]),
    st.lists(LINES, max_size=6),
    st.sampled_from(["", "\r\n"]),
    st.sampled_from([("127.0.0.1", 9), ("10.1.1.1", 9), ""]),
    st.sampled_from(["drop", "refuse", "dangerous"]),
)
def test_as_gunicorn(load, method, target, version, lines, before, peer, header_map):
    from gunicorn.config import Config

    heads = load("bolthead.serving.heads")
    connections = load("bolthead._core.serving.connection")
    loop = load("bolthead.serving.loop")
    cfg = Config()
    cfg.set("header_map", header_map)
    site = loop.Site.__new__(loop.Site)
    site.unix = peer == ""
    site.address = "/run/s" if site.unix else ("127.0.0.1", 8000)
    site.allowed, site.networks = cfg.forwarded_allow_ips, cfg.forwarded_allow_networks()
    site.environ = {**heads.wsgi.base_environ(cfg), "SCRIPT_NAME": "", "wsgi.url_scheme": "http"}
    site.environ["wsgi.multithread"] = True
    if not site.unix:
        site.environ |= {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000"}
    connection = connections.Connection(SimpleNamespace(fileno=lambda: 3), peer, site)
    data = (before + "\r\n".join([f"{method} {target} {version}", *lines, "", ""])).encode("latin-1")

    def outcome(read):
        try:
            request = read(data, connection)
        except Exception as error:
            return type(error), str(error)
        environ = {key: value for key, value in request.environ.items() if key not in DIFFERENT}
        return (environ, request.consumed, request.length, request.keep_alive, request.expects, request.modern)

    reader = heads.make_reader(cfg, True)
    assert outcome(reader.read) == outcome(reader.exactly)


PIECES = st.sampled_from(
    [
        *("2\r\nab\r\n", "0\r\n\r\n", "0\r\n", "\r\n", "000a\r\n0123456789\r\n", "A\r\n0123456789\r\n", "1\r\na\r\n"),
        *("1;x=y\r\na\r\n", "1 \r\na\r\n", "-1\r\na\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", "1_0\r\na\r\n", "3\r\na\r\n"),
        *("0\r\nX: y\r\n\r\n", "1\na\n", "g\r\n", "fffffffff\r\n", "0000000001\r\na\r\n", "GET / HTTP/1.1\r\n\r\n", ""),
    ]
)


@given(st.lists(PIECES, max_size=6), st.sampled_from(["", "\r\n", "0\r\n\r\n"]), st.integers(0, 24))
def test_chunks_as_gunicorn(load, pieces, end, small):
    """Of what is read here, gunicorn's own reader makes the same; a doubt is left to it."""
    from gunicorn.config import Config

    heads, body = load("bolthead.serving.heads"), load("bolthead.serving.body")
    cfg = Config()
    site = SimpleNamespace(unix=False, address=("127.0.0.1", 8000), trusts=lambda peer: False)
    site.environ = {**heads.wsgi.base_environ(cfg), "SCRIPT_NAME": "", "wsgi.url_scheme": "http"}
    connection = load("bolthead._core.serving.connection").Connection(
        SimpleNamespace(fileno=lambda: 3), ("10.1.1.1", 9), site
    )
    reader = heads.make_reader(cfg, True)
    reader.small = small
    head = b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = ("".join(pieces) + end).encode()
    request = reader.read(head + data, connection)
    if request.whole is None:
        assert request.exact is not None
        assert request.consumed == len(head)
    else:
        assert request.exact is None
        assert request.length == load(NAME).CHUNKED
        exact = reader.exactly(head + data, connection).exact
        rest = (head + data)[request.consumed :]
        assert body.read_whole(exact, data, small or 1) == (request.whole, rest)


def test_a_body_may_have_more_bytes_than_31_bits_can_count(module):
    request = module.Request({}, 0)
    request.length = 5_000_000_000
    assert request.length == 5_000_000_000


def test_plain_chunks_are_read_here(load):
    data = b"head3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nGET"
    assert load(NAME).read_chunks(data, 4) == (b"abc0123456789", len(data) - 3)


DIFFERENT = {"wsgi.errors", "wsgi.input", "gunicorn.socket", "wsgi.early_hints"}
