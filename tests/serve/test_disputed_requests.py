"""Requests that servers disagree about, over a real socket: what the worker makes of each, beside gunicorn's own.

Each row is sent with one more request behind it, so that it shows whether the connection went on, and with what.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import serving

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="gunicorn")

APP = """
def app(environ, start_response):
    body = b"unread" if environ["PATH_INFO"] == "/deaf" else environ["wsgi.input"].read()
    said = {key: value for key, value in environ.items() if key.startswith("HTTP_") and key != "HTTP_CONNECTION"}
    content = repr((environ["REQUEST_METHOD"], environ["PATH_INFO"], body, sorted(said.items()))).encode()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]
"""
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def get(*lines: bytes, target: bytes = b"/", method: bytes = b"GET", host: bytes = b"Host: a\r\n") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + host + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(*lines: bytes, body: bytes = b"01234", target: bytes = b"/") -> bytes:
    return get(*lines, method=b"POST", target=target) + body


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", body=body)


INNER = b"GET /inner HTTP/1.1\r\nHost: a\r\n\r\n"
LENGTH, TE = b"Content-Length: 5", b"Transfer-Encoding: chunked"
END = b"0\r\n\r\n"

# The name; what is sent; the statuses of the responses, the last one of the request behind it where that was answered.
ROWS: list[tuple[str, bytes, str]] = [
    ("length and chunked", post(LENGTH, TE, body=END), "400"),
    ("chunked and length", post(TE, LENGTH, body=END), "400"),
    ("two equal lengths", post(LENGTH, LENGTH), "400"),
    ("two lengths", post(LENGTH, b"Content-Length: 6"), "400"),
    ("length 5, 5", post(b"Content-Length: 5, 5"), "400"),
    ("length +5", post(b"Content-Length: +5"), "400"),
    ("length in blanks", post(b"Content-Length:  5 "), "200+200"),
    ("length 05", post(b"Content-Length: 05"), "200+200"),
    ("blank before the colon of a length", post(b"Content-Length : 5"), "400"),
    ("blank before the colon of a coding", post(b"Transfer-Encoding : chunked", body=END), "400"),
    ("xchunked", post(b"Transfer-Encoding: xchunked", body=END), "400"),
    ("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked", body=END), "200"),
    ("chunked, then identity", post(TE, b"Transfer-Encoding: identity", body=END), "400"),
    ("vertical tab in a coding", post(b"Transfer-Encoding: \x0bchunked", body=END), "400"),
    ("quoted coding", post(b'Transfer-Encoding: "chunked"', body=END), "400"),
    ("Transfer_Encoding", post(LENGTH, b"Transfer_Encoding: chunked", body=END), "200+200"),
    ("Content_Length and length", post(b"Content_Length: 0", LENGTH), "200+200"),
    ("Content_Length alone", post(b"Content_Length: %d" % len(INNER), body=INNER), "200+200+200"),
    ("chunked on HTTP/1.0", b"POST / HTTP/1.0\r\nHost: a\r\n" + TE + b"\r\n\r\n" + END, "400"),
    ("both on HTTP/1.0", b"POST / HTTP/1.0\r\nHost: a\r\n" + LENGTH + b"\r\n" + TE + b"\r\n\r\n" + END, "400"),
    ("chunk size 0x1", chunked(b"0x1\r\na\r\n" + END), "400"),
    ("chunk size 1_0", chunked(b"1_0\r\n" + b"a" * 16 + b"\r\n" + END), "400"),
    ("blank before a chunk size", chunked(b" 1\r\na\r\n" + END), "400"),
    ("blank after a chunk size", chunked(b"1 \r\na\r\n" + END), "400"),
    ("chunk size that overflows", chunked(b"F" * 17 + b"\r\na\r\n" + END), "400"),
    ("line feed in an extension", chunked(b"1;a\nb\r\na\r\n" + END), "400"),
    ("extension", chunked(b"1;a=b\r\na\r\n" + END), "200+200"),
    ("line feed after a chunk size", chunked(b"1\na\r\n" + END), "400"),
    ("line feed after a chunk", chunked(b"1\r\na\n" + END), "400"),
    ("anything after a chunk", chunked(b"1\r\naXX" + END), "400"),
    ("line feeds after the last chunk", chunked(b"1\r\na\r\n0\n\n"), "400"),
    ("bad chunk after a good one", chunked(b"5\r\na=b&c\r\nzz\r\n=d\r\n" + END), "400"),
    ("trailers that frame", chunked(b"1\r\na\r\n0\r\nHost: b\r\nContent-Length: 5\r\n\r\n"), "400"),
    ("folded line", get(b"X-A: a\r\n b"), "400"),
    ("folded coding", post(b"Transfer-Encoding:\r\n chunked", body=END), "400"),
    ("line feeds alone", get(b"X-A: b").replace(b"\r\n", b"\n"), "400"),
    ("line feed between headers", get(b"X-A: a\nX-B: b"), "400"),
    ("two line feeds", get(b"X: y\n\nGET /inner HTTP/1.1"), "400"),
    ("carriage return in a value", get(b"X-A: a\rb"), "400"),
    ("NUL in a value", get(b"X-A: a\0b"), "400"),
    ("bytes above 127", get(b"X-A: \xff\xfe"), "200+200"),
    ("blank before a header", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"),
    ("no name", get(b": x"), "400"),
    ("no colon", get(b"X-A"), "400"),
    ("underscore beside the real header", get(b"X_Forwarded_For: 6.6.6.6", b"X-Forwarded-For: 1.1.1.1"), "200+200"),
    ("underscore alone", get(b"X_Real_IP: 6.6.6.6"), "200+200"),
    ("header that is said twice", get(b"X-Forwarded-For: 1.1.1.1", b"X-Forwarded-For: 2.2.2.2"), "200+200"),
    ("Proxy", get(b"Proxy: evil"), "200+200"),
    ("absolute target", get(target=b"http://b/p"), "200+200"),
    ("absolute target with https", get(target=b"https://b/p"), "200+200"),
    ("two hosts", get(b"Host: b"), "400"),
    ("blank in a host", get(host=b"Host: a b\r\n"), "200+200"),
    ("comma in a host", get(host=b"Host: a,b\r\n"), "200+200"),
    ("no host", get(host=b""), "200+200"),
    ("path in a host", get(host=b"Host: a/../@b\r\n"), "200+200"),
    ("two slashes", get(target=b"//evil/path"), "200+200"),
    ("dots in percent signs", get(target=b"/%2e%2e/x"), "200+200"),
    ("dots", get(target=b"/..;/../x"), "200+200"),
    ("NUL in a path", get(target=b"/a%00b"), "200+200"),
    ("line break in a path", get(target=b"/a%0d%0ab"), "200+200"),
    ("bad percent sign", get(target=b"/%zz"), "200+200"),
    ("raw bytes above 127 in a path", get(target=b"/\xc3\xa9"), "400"),
    ("fragment", get(target=b"/a#b"), "200+200"),
    ("method in lower case", get(method=b"get"), "400"),
    ("method with a sign", get(method=b"G@T"), "400"),
    ("HTTP/0.9", b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", "400"),
    ("HTTP/2.0", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "400"),
    ("HTTP/1.9", b"GET / HTTP/1.9\r\nHost: a\r\n\r\n", "400"),
    (
        "h2c",
        get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
        "200+200",
    ),
    ("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
    ("PROXY line", b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n" + get(), "400"),
    ("Expect: 100-continue", post(LENGTH, b"Expect: 100-continue"), "100+200+200"),
    ("Expect: 200-maybe", post(LENGTH, b"Expect: 200-maybe"), "417"),
    ("GET with a body", get(LENGTH) + b"01234", "200+200"),
    ("unread body", post(LENGTH, target=b"/deaf"), "200+200"),
    ("line breaks before the request", b"\r\n\r\n" + get(), "400"),
    ("three at once", get() * 3, "200+200+200+200"),
    ("CONNECT", get(method=b"CONNECT", target=b"a:80"), "200"),
    ("OPTIONS *", get(method=b"OPTIONS", target=b"*"), "200+200"),
    ("TRACE", get(method=b"TRACE"), "200+200"),
    ("99 headers more", get(*[b"X-%d: 1" % i for i in range(99)]), "200+200"),
    ("101 headers", get(*[b"X-%d: 1" % i for i in range(100)]), "431"),
    ("1000 headers", get(*[b"X-%d: 1" % i for i in range(999)]), "400"),
    *((f"header of {size} kB", get(b"X: " + b"a" * size * 1000), "431") for size in (9, 100, 400, 1000)),
    ("target of 10 MB", get(target=b"/" + b"a" * 10_000_000), "431"),
    *((f"target of {size} kB", get(target=b"/" + b"a" * size * 1000), "414") for size in (8, 60, 70)),
]
UNLIKE_GUNICORN = {
    "target of 10 MB": "gunicorn resets the connection, and with it what it said.",
    "chunk size that overflows": "gunicorn waits for so many bytes; the worker refuses a body of that length.",
}
"""Rows whose statuses are not those of gunicorn's threaded worker, and why."""


class Gunicorn:
    """gunicorn with one of its workers, or ours."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.port = serving.free_port()
        command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-b", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [*command, "-k", worker, "--threads", "4", "--keep-alive", "60", "--log-level", "critical", "rows:app"],
            cwd=folder,
        )
        until = time.monotonic() + serving.PATIENCE
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        self.close()
        raise AssertionError("it does not listen")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(serving.PATIENCE)

    def answers(self, sent: bytes) -> list[tuple[int, bytes]]:
        """The status and body of each response."""
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.settimeout(serving.PATIENCE)
            said = serving.exchange(client, sent, half_close=True)
        found = re.split(rb"HTTP/1\.1 (\d{3}) ", said)
        return [
            (int(code), rest.partition(b"\r\n\r\n")[2]) for code, rest in zip(found[1::2], found[2::2], strict=True)
        ]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gunicorn, Gunicorn]]:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "rows.py").write_text(APP)
    ours = Gunicorn(folder, "bolthead.serving.Worker")
    theirs = Gunicorn(folder, "gthread")
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize(("name", "sent", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_row(servers: tuple[Gunicorn, Gunicorn], name: str, sent: bytes, expected: str) -> None:
    ours, theirs = (server.answers(sent + NEXT) for server in servers)
    statuses = "+".join(str(code) for code, _ in ours)
    if len(sent) > 1_000_000 and not statuses:
        # The connection was reset, and with it what had been said.
        return
    assert statuses == expected
    if ours[-1][0] == 200:
        assert b"/inner" not in ours[-1][1]
    if name not in UNLIKE_GUNICORN:
        assert [code for code, _ in theirs] == [code for code, _ in ours]
        assert [body for code, body in theirs if code == 200] == [body for code, body in ours if code == 200]
