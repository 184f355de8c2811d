"""The worker's loop, in process: framing, slow clients of every kind, limits, and what an application can do wrong."""

from __future__ import annotations

import math
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("gunicorn")

from bolthead._core.serving.turns import Seat
from bolthead.serving import loop, threads
from bolthead.serving.options import Options
from bolthead.serving.poller import PAUSE, KqueuePoller, PollPoller, SharedEpollPoller
from fake_kqueue import install
from local_worker import PATIENCE, Local

BIG = 5_000_000


class Site:
    """An application with a path for everything; ``held`` keeps ``/block`` waiting."""

    def __init__(self, folder: Any) -> None:
        self.held = threading.Event()
        self.closed: list[str] = []
        self.seen: list[tuple[str, bytes]] = []
        self.small, self.large = folder / "small", folder / "large"
        self.small.write_bytes(b"s" * 1000)
        self.large.write_bytes(os.urandom(BIG))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        name = environ["PATH_INFO"].strip("/").replace("-", "_") or "index"
        return getattr(self, name)(environ, start_response)

    def index(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    def echo(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        self.seen.append((environ["REQUEST_METHOD"], body))
        start_response("200 OK", [])
        return [b"%d" % len(body)]

    def deaf(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"heard nothing"]

    def block(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.held.wait(PATIENCE)
        return self.index(environ, start_response)

    def compute(self, environ: dict[str, Any], start_response: Any) -> Any:
        while not self.held.is_set():
            pass
        return self.index(environ, start_response)

    def several(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"one ", b"two ", b"three"]

    def big(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"b" * BIG]

    def stream(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("X-A", "b")])
        try:
            for number in range(100):
                yield b"%d " % number * 1000
        finally:
            self.closed.append("stream")

    def long_stream(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            for _ in range(800):
                yield b"x" * 10_000
        finally:
            self.closed.append("long-stream")

    def endless(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                yield b"x" * 10_000
        finally:
            self.closed.append("endless")

    def file(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](self.large.open("rb"))

    def small_file(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "500")])
        file = self.small.open("rb")
        file.seek(300)
        return environ["wsgi.file_wrapper"](file)

    def odd_file(self, environ: dict[str, Any], start_response: Any) -> Any:
        import io

        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"no descriptor"))

    def nothing(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("204 No Content", [("Content-Length", "0")])
        return [b"never sent"]

    def not_modified(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("304 Not Modified", [("Content-Length", "7")])
        return [b"never sent"]

    def hints(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload")])
        return self.index(environ, start_response)

    def bad_hints(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.early_hints"]([("Link", "a\r\nX: evil")])
        return self.index(environ, start_response)

    def late(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"begun"
        raise RuntimeError("midway")

    def fails(self, environ: dict[str, Any], start_response: Any) -> Any:
        raise RuntimeError("at once")

    def leaves(self, environ: dict[str, Any], start_response: Any) -> Any:
        raise SystemExit(3)

    def silent(self, environ: dict[str, Any], start_response: Any) -> Any:
        return [b"no start"]

    def short(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "10")])
        return [b"five!"]

    def long(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "4")])
        return [b"four", b"more"]

    def text(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return ["text"]

    def twice(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError:
            import sys

            start_response("500 Oh No", [("X-Second", "yes")], sys.exc_info())
        return [b"second"]

    def hop(self, environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Keep-Alive", "9"), ("Transfer-Encoding", "x"), ("Date", "today"), ("A", " b\t")])
        return [b""]

    def taken(self, environ: dict[str, Any], start_response: Any) -> Any:
        client = environ["gunicorn.socket"]
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        while data := client.recv(100):
            client.sendall(data.upper())
        raise StopIteration

    def refused(self, environ: dict[str, Any], start_response: Any) -> Any:
        raise ConnectionRefusedError("the database's")

    def swallow(self, environ: dict[str, Any], start_response: Any) -> Any:
        try:
            environ["wsgi.input"].read()
        except Exception:
            pass
        return self.index(environ, start_response)


@pytest.fixture
def site(tmp_path: Any) -> Site:
    return Site(tmp_path)


@pytest.fixture(params=["epoll", "poll"])
def serve(
    site: Site, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Local]]:
    running = []
    if request.param == "poll":
        monkeypatch.setattr(loop, "make_poller", lambda threads: PollPoller())

    def serve(options: Options | None = None, **cfg: Any) -> Local:
        running.append(Local(site, options=options, **cfg).__enter__())
        return running[-1]

    yield serve
    site.held.set()
    for local in running:
        local.__exit__()


def ask(path: str, *headers: str, method: str = "GET", version: str = "1.1", body: bytes = b"") -> bytes:
    lines = "".join(f"{header}\r\n" for header in ("Host: x", *headers))
    return f"{method} /{path} HTTP/{version}\r\n{lines}\r\n".encode("latin-1") + body


def parts(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def dechunk(body: bytes) -> bytes:
    found = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if not int(size, 16):
            assert body == b"\r\n"
            return found
        found += body[: int(size, 16)]
        assert body[int(size, 16) :][:2] == b"\r\n"
        body = body[int(size, 16) + 2 :]


# Framing


@pytest.mark.parametrize("threads", [1, 4])
def test_lists(serve, threads):
    local = serve(threads=threads)
    for path, body in [("", b"ok"), ("several", b"one two three"), ("long", b"four"), ("big", b"b" * BIG)]:
        head, found = parts(local.talk(ask(path)))
        assert found == body
        assert b"\r\nContent-Length: %d\r\n" % len(body) in head
        assert head.count(b"\r\nDate: ") == 1


def test_streams(serve, site):
    local = serve()
    whole = b"".join(b"%d " % number * 1000 for number in range(100))
    head, body = parts(local.talk(ask("stream")))
    assert b"\r\nTransfer-Encoding: chunked" in head
    assert dechunk(body) == whole
    head, body = parts(local.talk(ask("stream", version="1.0")))
    assert head.startswith(b"HTTP/1.0 200 OK") and b"\r\nConnection: close" in head
    assert body == whole
    assert site.closed == ["stream"] * 2


@pytest.mark.parametrize("path", ["", "several", "stream", "file", "small-file", "big", "odd-file"])
def test_head(serve, path):
    head, body = parts(serve().talk(ask(path, method="HEAD")))
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == b""


def test_statuses_without_a_body(serve):
    local = serve()
    head, body = parts(local.talk(ask("nothing") + ask("")))
    assert b"Content-Length" not in head
    assert body.startswith(b"HTTP/1.1 200 OK")
    head, body = parts(local.talk(ask("not-modified") + ask("")))
    assert b"Content-Length: 7" in head
    assert body.startswith(b"HTTP/1.1 200 OK")


def test_files(serve, site):
    local = serve()
    assert parts(local.talk(ask("file")))[1] == site.large.read_bytes()
    assert parts(local.talk(ask("small-file")))[1] == b"s" * 500
    assert dechunk(parts(local.talk(ask("odd-file")))[1]) == b"no descriptor"
    assert local.idle()


def test_what_a_response_may_not_say(serve):
    head, _ = parts(serve().talk(ask("hop")))
    assert head.split(b"\r\n")[1:] == [b"Date: today", b"A: b", b"Content-Length: 0"]


def test_start_response_again(serve):
    head, body = parts(serve().talk(ask("twice")))
    assert head.startswith(b"HTTP/1.1 500 Oh No\r\nX-Second: yes\r\n")
    assert body == b"second"


def test_early_hints(serve):
    local = serve()
    answer = local.talk(ask("hints"))
    assert answer.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert local.talk(ask("hints", version="1.0")).startswith(b"HTTP/1.0 200 OK\r\n")
    answer = local.talk(ask("bad-hints"))
    assert answer.startswith(b"HTTP/1.1 500 ") and b"evil" not in answer


@pytest.mark.parametrize("path", ["fails", "leaves", "silent", "text"])
def test_errors_before_the_response(serve, path):
    local = serve()
    answer = local.talk(ask(path) + ask(""))
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert parts(local.talk(ask("")))[1] == b"ok"
    assert any(f"Error handling request GET /{path}" in line for line in local.log.lines)


UPGRADE = ("Connection: Upgrade", "Upgrade: something")


def test_a_view_takes_the_socket_over(serve):
    local = serve()
    with local.connect() as client:
        client.sendall(ask("taken", *UPGRADE))
        assert client.recv(100) == b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
        for word in (b"one", b"two"):
            client.sendall(word)
            assert client.recv(100) == word.upper()
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert local.idle() and local.log.lines == []


@pytest.mark.parametrize("request_", [ask("endless", *UPGRADE), ask("echo", *UPGRADE, "Content-Length: 1000000")])
def test_a_client_that_asks_for_another_protocol_holds_no_thread(serve, site, request_):
    """A view that answers all the same has a socket that does not block."""
    local = serve(Options(write_timeout=1, body_timeout=1), threads=2)
    clients = [local.connect() for _ in range(4)]
    for client in clients:
        client.sendall(request_)
    until = time.monotonic() + PATIENCE
    while local.loop.threads.present < 2 or not local.loop.threads.waiting:
        assert time.monotonic() < until
        time.sleep(0.005)
    assert parts(local.talk(ask("")))[1] == b"ok"
    local.loop.tick()
    for client in clients:
        client.close()
    assert local.idle()


@pytest.mark.parametrize("upgrade", [(), UPGRADE])
def test_an_error_of_the_applications_own_connections_is_one(serve, upgrade):
    local = serve()
    assert local.talk(ask("refused", *upgrade)).startswith(b"HTTP/1.1 500 ")
    assert local.log.lines == ["Error handling request GET /refused"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_errors_midway_are_visible(serve, version):
    local = serve()
    with local.connect() as client:
        client.sendall(ask("late", version=version))
        said = b""
        with pytest.raises(ConnectionResetError) if version == "1.0" else pytest.MonkeyPatch.context():
            while data := client.recv(65536):
                said += data
    assert not said.endswith(b"0\r\n\r\n")
    assert any("Error handling request" in line for line in local.log.lines)


def test_a_response_that_is_too_short_ends_the_connection(serve):
    with serve().connect() as client:
        client.sendall(ask("short") + ask(""))
        said = b""
        try:
            while data := client.recv(65536):
                said += data
        except ConnectionResetError:
            pass
    assert said.count(b"HTTP/1.1") <= 1


def test_keep_alive(serve):
    local = serve()
    assert local.talk(ask("") * 100 + ask("several")).count(b"HTTP/1.1 200 OK") == 101
    assert local.talk(ask("", "Connection: close") + ask("")).count(b"HTTP/1.1 200 OK") == 1
    assert local.talk(ask("", version="1.0") + ask("")).count(b"200 OK") == 1
    kept = local.talk(ask("", "Connection: keep-alive", version="1.0") * 2)
    assert kept.count(b"HTTP/1.0 200 OK") == kept.count(b"Connection: keep-alive") == 2
    assert serve(keepalive=0).talk(ask("") * 2).count(b"HTTP/1.1 200 OK") == 1


# Bodies


def chunks(body: bytes, size: int) -> bytes:
    found = b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + size]), body[at : at + size]) for at in range(0, len(body), size)
    )
    return found + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 65537, 3_000_000])
def test_bodies_of_every_size(serve, site, size):
    local = serve()
    body = os.urandom(size)
    sized = ask("echo", f"Content-Length: {size}", method="POST", body=body)
    chunked = ask("echo", "Transfer-Encoding: chunked", method="POST", body=chunks(body, 70_000))
    assert local.talk(sized + chunked + ask("")).count(b"HTTP/1.1 200 OK") == 3
    assert site.seen == [("POST", body)] * 2


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_cut(site, data):
    """Requests of all kinds in a row, cut into packets anywhere, are the same requests."""
    kinds = st.sampled_from(
        [
            ask(""),
            ask("several", "X: y"),
            ask("echo", "Content-Length: 5", method="POST", body=b"01234"),
            ask("echo", "Transfer-Encoding: chunked", method="POST", body=b"3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n"),
            ask("echo", "Expect: 100-continue", "Content-Length: 3", method="PUT", body=b"\r\n\r"),
        ]
    )
    requests = data.draw(st.lists(kinds, min_size=1, max_size=5))
    wire = b"".join(requests)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1), max_size=8)))
    packets = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    with Local(site) as local:
        answer = local.talk(*packets)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == len(requests)


def test_expect_continue(serve, site):
    local = serve()
    for size in (10, 100_000):
        with local.connect() as client:
            client.sendall(ask("echo", "Expect: 100-continue", f"Content-Length: {size}", method="POST"))
            assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(b"x" * size)
            assert b"200 OK" in client.recv(1000)
    assert b" 417 " in local.talk(ask("echo", "Expect: miracles", "Content-Length: 3", method="POST"))


def test_an_unread_body_is_no_request(serve):
    local = serve()
    inner = ask("echo", method="PUT")
    for size in (100, 100_000):
        body = inner.ljust(size)
        answer = local.talk(ask("deaf", f"Content-Length: {size}", method="POST", body=body) + ask(""))
        assert b"heard nothing" in answer
        assert answer.count(b"HTTP/1.1 200 OK") == (2 if size == 100 else 1)


@pytest.mark.parametrize("path", ["echo", "swallow"])
@pytest.mark.parametrize("size", [100, 100_000])
def test_a_short_body_is_never_a_whole_one(serve, site, path, size):
    answer = serve().talk(ask(path, f"Content-Length: {size}", method="POST", body=b"x" * (size - 1)))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")
    assert site.seen == []


@pytest.mark.parametrize("end", [b"", b"5\r\nab", b"zz\r\n", b"3\r\nabcX\r\n0\r\n\r\n"])
@pytest.mark.parametrize("size", [10, 100_000])
def test_a_broken_chunked_body_is_never_a_whole_one(serve, site, size, end):
    body = chunks(b"x" * size, 10_000).removesuffix(b"0\r\n\r\n") + end
    answer = serve().talk(ask("swallow", "Transfer-Encoding: chunked", method="POST", body=body))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")


@pytest.mark.parametrize("path", ["echo", "swallow"])
@pytest.mark.parametrize("limit", [1000, 200_000])
def test_the_largest_body(serve, site, path, limit):
    local = serve(Options(max_body=limit))
    for size, code in ((limit, b"200"), (limit + 1, b"413")):
        body = b"x" * size
        sized = local.talk(ask(path, f"Content-Length: {size}", method="POST", body=body))
        chunked = local.talk(ask(path, "Transfer-Encoding: chunked", method="POST", body=chunks(body, 900)))
        assert sized.split()[1] == chunked.split()[1] == code


@pytest.mark.parametrize("first", [b"", b"2;a=b\r\n12\r\n0003 \t;c\r\n123\r\n", b"12c\r\n" + b"x" * 300])
@pytest.mark.parametrize("limit", [1000, 200_000])
def test_a_chunk_is_refused_when_it_is_announced(serve, site, first, limit):
    """The client is answered though nothing more comes, whether the body would have been read before the view."""
    local = serve(Options(max_body=limit))
    rest = b"\r\n%x\r\nab" % (limit + 1) if first.endswith(b"x") else b"%x\r\nab" % (limit + 1)
    request = ask("echo", "Transfer-Encoding: chunked", method="POST", body=first)
    for pieces in ([request + rest], [request, rest], [request[:-3], request[-3:] + rest[:-4], rest[-4:]]):
        with local.connect() as client:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(0.01)
            assert client.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert site.seen == []


def test_a_chunk_is_refused_when_the_view_comes_to_it(serve):
    local = serve(Options(max_body=200_000))
    body = chunks(b"x" * 100_000, 9000).removesuffix(b"0\r\n\r\n") + b"186a1\r\nab"
    with local.connect() as client:
        client.sendall(ask("echo", "Transfer-Encoding: chunked", method="POST", body=body))
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")


# Slow clients


def others_are_answered(local: Local, times: int = 5) -> None:
    for _ in range(times):
        assert parts(local.talk(ask("")))[1] == b"ok"


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET / HT",
        ask("echo", "Content-Length: 10", method="POST", body=b"12345"),
        ask("echo", "Content-Length: 10", "Expect: 100-continue", method="POST"),
        ask("echo", "Transfer-Encoding: chunked", method="POST", body=b"5\r\n123"),
    ],
)
def test_clients_that_send_nothing_more_hold_no_thread(serve, beginning):
    local = serve(threads=2)
    clients = [local.connect() for _ in range(16)]
    for client in clients:
        client.sendall(beginning)
    others_are_answered(local)
    for client in clients:
        client.close()
    assert local.idle()


@pytest.mark.parametrize("path", ["big", "file", "stream"])
def test_clients_that_read_nothing_hold_no_thread(serve, path):
    local = serve(threads=2)
    clients = slow_readers(local, path, 16)
    others_are_answered(local)
    # And they get all of it when they read at last.
    for client in clients:
        assert read_all(client) > 250_000
        client.close()
    assert local.idle()


def slow_readers(local: Local, path: str, count: int) -> list[socket.socket]:
    """Clients that ask for *path*, and read nothing."""
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(local.address)
        client.settimeout(PATIENCE)
        client.sendall(ask(path))
        clients.append(client)
    return clients


def read_all(client: socket.socket) -> int:
    """Ask for no more, and read to the end; the bytes that came."""
    client.shutdown(socket.SHUT_WR)
    size = 0
    while data := client.recv(1 << 20):
        size += len(data)
    return size


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def threads_as_before(local: Local) -> bool:
    """Whether as many threads are left as were asked for; one that is too many leaves when it has answered."""
    local.talk(ask(""))
    return len(local.loop.threads.seats) == local.loop.threads.number


@pytest.mark.parametrize("path", ["endless", "long-stream"])
def test_streams_that_are_not_read_hold_no_thread(serve, site, path):
    local = serve(threads=2)
    clients = slow_readers(local, path, 16)
    others_are_answered(local)
    # All of them have begun, in threads that now wait.
    until(lambda: len(local.loop.threads.waiting) == 16)
    others_are_answered(local)
    for client in clients:
        if path == "long-stream":
            assert read_all(client) > 8_000_000
        client.close()
    assert local.idle()
    assert site.closed == [path] * 16
    until(lambda: threads_as_before(local))


def test_large_bodies_that_do_not_come_hold_no_thread(serve, site):
    local = serve(threads=2)
    clients = [local.connect() for _ in range(16)]
    for client in clients:
        client.sendall(ask("echo", "Content-Length: 100000", method="POST", body=b"x"))
    others_are_answered(local)
    until(lambda: len(local.loop.threads.waiting) == 16)
    for client in clients:
        client.sendall(b"x" * 99_999)
        assert client.recv(1000).endswith(b"100000")
        client.close()
    assert local.idle()
    until(lambda: threads_as_before(local))


def test_threads_that_stand_in_are_few(serve, site, monkeypatch):
    monkeypatch.setattr(threads, "STAND_INS", 3)
    local = serve(threads=2)
    clients = slow_readers(local, "endless", 10)
    others_are_answered(local)
    # Who has waited for longest was given up.
    until(lambda: len(site.closed) >= 5)
    assert len(local.loop.threads.seats) <= 5
    assert any("slow clients" in line for line in local.log.lines)
    for client in clients:
        client.close()
    assert local.idle()
    until(lambda: threads_as_before(local))


def test_a_lone_thread_stays_alone(serve, site):
    local = serve(threads=1)
    (client,) = slow_readers(local, "endless", 1)
    until(lambda: len(local.loop.threads.waiting) == 1)
    assert len(local.loop.threads.seats) == 1
    client.close()
    others_are_answered(local)


def test_a_view_that_computes_holds_its_own_thread_only(serve, site):
    local = serve(threads=2)
    with local.connect() as client:
        client.sendall(ask("compute"))
        others_are_answered(local, 20)
        site.held.set()
        assert b"ok" in client.recv(1000)


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="only there")
def test_a_thread_that_has_nothing_to_add_looks_in_now_and_again():
    poller, seat = SharedEpollPoller(4), Seat()
    computing = poller.interval * 1.1
    # How long it waits for the interpreter after each event, and the events that another thread takes meanwhile.
    waits = [(computing, 5), (computing, 3), (computing, 0), (None, 0)]
    asked, armed = [], []

    def turn(milliseconds: int) -> float:
        waited, others = waits.pop(0)
        asked.append(milliseconds)
        poller.queue.turns += others
        assert waited is not None
        return waited

    real, poller.outer = poller.outer, SimpleNamespace(turn=turn, arm=lambda fd, events: armed.append(fd))
    # It goes on when no request was begun meanwhile, or when the interpreter is free.
    poller.wait(seat)
    assert asked == [-1, PAUSE, PAUSE] and not poller.queue.coming and seat.turn == 8
    waits[:] = [(computing, 5), (0.0, 5)]
    poller.wait(seat)
    assert asked[3:] == [-1, PAUSE] and armed == [poller.inner.fileno()] * 2
    # Who comes back late after the others took many turns does not take what there is, but has a thread come for it.
    poller.queue.taken.append(7)
    poller.queue.turns += 5
    waits[:] = [(0.0, 0)]
    poller.wait(seat)
    assert waits == [] and armed[2:] == [poller._woken, poller.inner.fileno()]
    # One that only waited for a moment goes on.
    poller.queue.turns += 5
    seat.since = time.monotonic() + PATIENCE
    poller.wait(seat)
    assert len(armed) == 4 and list(poller.queue.taken) == [7]
    poller.outer = real
    os.close(poller._woken)
    poller.close()


def test_a_blocked_view_holds_its_own_thread_only(serve, site):
    local = serve(threads=3)
    blocked = [local.connect() for _ in range(2)]
    for client in blocked:
        client.sendall(ask("block"))
    others_are_answered(local, 20)
    site.held.set()
    for client in blocked:
        assert b"ok" in client.recv(1000)
        client.close()


def test_a_client_that_leaves_ends_the_stream(serve, site):
    local = serve()
    with local.connect() as client:
        client.sendall(ask("endless"))
        client.recv(1000)
    assert local.idle()
    assert site.closed == ["endless"]


def over(local: Local) -> None:
    """Let every limit in time be over."""
    local.loop.now = time.monotonic()
    for connection in list(local.loop.waiting.values()):
        connection.deadline = min(connection.deadline, time.monotonic() - 1) if connection.deadline < 1e300 else 1e300
    local.loop.tick()


@pytest.mark.parametrize(
    ("beginning", "answer"),
    [
        (b"", b""),
        (b"GET / HT", b"HTTP/1.1 408 "),
        (ask(""), b"HTTP/1.1 200 "),
        (ask("echo", "Content-Length: 10", method="POST", body=b"12345"), b"HTTP/1.1 408 "),
        (ask("echo", "Transfer-Encoding: chunked", method="POST", body=b"5\r\n123"), b"HTTP/1.1 408 "),
    ],
)
def test_limits_in_time(serve, beginning, answer):
    local = serve()
    with local.connect() as client:
        client.sendall(beginning)
        received = client.recv(13) if answer == b"HTTP/1.1 200 " else b""
        while not local.loop.waiting or (
            beginning
            and not any(connection.data or connection.count for connection in list(local.loop.waiting.values()))
        ):
            time.sleep(0.005)
        over(local)
        while data := client.recv(1000):
            received += data
        assert received.startswith(answer)


def test_a_reader_who_stopped_is_given_up(serve):
    local = serve()
    with local.connect() as client:
        client.sendall(ask("big"))
        client.recv(1)
        while not local.loop.waiting:
            time.sleep(0.005)
        over(local)
        with pytest.raises(ConnectionResetError):
            while client.recv(1 << 20):
                pass


@pytest.mark.parametrize("path", ["big", "endless"])
def test_a_reader_who_is_too_slow_is_given_up(serve, site, path):
    # It goes on reading, but what it takes is far from the rate.
    local = serve(Options(write_timeout=0.5, write_rate=1 << 40), threads=1)
    with local.connect() as client:
        client.sendall(ask(path))
        with pytest.raises(ConnectionResetError) if path == "big" else pytest.MonkeyPatch.context():
            while client.recv(20_000):
                local.loop.tick()
                time.sleep(0.02)
    assert local.idle()
    assert parts(local.talk(ask("")))[1] == b"ok"


def test_a_body_that_comes_too_slowly(serve):
    local = serve(Options(body_timeout=0.2, body_rate=1_000_000))
    with local.connect() as client:
        client.sendall(ask("echo", "Content-Length: 100000", method="POST", body=b"x"))
        assert client.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_the_longest_idle_connection_goes(serve):
    local = serve(worker_connections=10)
    local.loop.most = 10
    clients = []
    for _ in range(30):
        client = local.connect()
        client.sendall(ask(""))
        assert b"ok" in client.recv(1000)
        clients.append(client)
    assert len(local.loop.connections) <= 10
    assert clients[0].recv(1) == b""
    clients[-1].sendall(ask(""))
    assert b"ok" in clients[-1].recv(1000)
    for client in clients:
        client.close()


def test_idle_connections(serve):
    local = serve(worker_connections=2000)
    clients = [local.connect() for _ in range(300)]
    others_are_answered(local, 2)
    for client in clients:
        client.sendall(ask(""))
    assert all(b"ok" in client.recv(1000) for client in clients)
    for client in clients:
        client.close()
    assert local.idle()


def test_stopping(serve, site):
    local = serve(threads=2)
    kept = local.connect()
    kept.sendall(ask(""))
    kept.recv(1000)
    silent = local.connect()
    blocked = local.connect()
    blocked.sendall(ask("block"))
    while len(local.loop.connections) < 3:
        time.sleep(0.005)
    local.loop.stop()
    kept.sendall(ask(""))
    assert b"\r\nConnection: close\r\n" in kept.recv(1000)
    site.held.set()
    assert b"\r\nConnection: close\r\n" in blocked.recv(1000)
    silent.sendall(ask(""))
    assert b"\r\nConnection: close\r\n" in silent.recv(1000)
    for client in (kept, silent, blocked):
        client.close()
    assert local.idle()


class Amid:
    """A listener whose first client has been taken from the system, but is not noted yet, until ``go``."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.taken, self.go = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def accept(self) -> Any:
        found = self.sock.accept()
        self.taken.set()
        self.go.wait(PATIENCE)
        return found


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stop_knows_of_a_connection_that_is_being_accepted(serve, site, threads):
    local = serve(threads=threads)
    place = next(iter(local.loop.sites.values()))
    place.sock = listener = Amid(place.sock)
    with local.connect() as client:
        assert listener.taken.wait(PATIENCE)
        stop = threading.Thread(target=local.loop.stop)
        stop.start()
        stop.join(0.1)
        # It waits, since it could not count that client.
        assert stop.is_alive() and not local.loop.busy()
        listener.go.set()
        stop.join(PATIENCE)
        assert local.loop.busy()
        client.sendall(ask(""))
        assert b"\r\nConnection: close\r\n" in client.recv(1000)
    assert local.idle()


# TLS


@pytest.fixture
def secure(serve, tmp_path):
    """A server with a certificate, and what makes a client's socket speak to it."""
    import ssl

    werkzeug = pytest.importorskip("werkzeug.serving")
    pytest.importorskip("cryptography")
    cert, key = werkzeug.make_ssl_devcert(str(tmp_path / "dev"), host="localhost")
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    return serve(certfile=cert, keyfile=key, threads=2), context


def say(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    said = b""
    while piece := client.recv(65536):
        said += piece
    return said


def test_tls(secure, site):
    local, context = secure
    body = os.urandom(1_000_000)
    with context.wrap_socket(local.connect()) as client:
        client.sendall(ask("") * 3)
        said = b""
        while said.count(b"ok") < 3:
            said += client.recv(4096)
        client.sendall(ask("echo", f"Content-Length: {len(body)}", method="POST", body=body))
        said = b""
        while not said.endswith(b"1000000"):
            said += client.recv(4096)
        assert parts(say(client, ask("file", "Connection: close")))[1] == site.large.read_bytes()
    assert site.seen == [("POST", body)]
    with context.wrap_socket(local.connect()) as client:
        assert len(dechunk(parts(say(client, ask("stream", "Connection: close")))[1])) == 290_000


@pytest.mark.parametrize("path", ["endless", "big"])
def test_tls_clients_that_leave_are_no_errors(secure, path):
    local, context = secure
    for _ in range(3):
        with context.wrap_socket(local.connect()) as client:
            client.sendall(ask(path))
            assert client.recv(10)
    assert local.idle() and local.log.lines == []


def test_tls_handshakes_that_stop_hold_no_thread(secure):
    local, context = secure
    silent = [local.connect() for _ in range(8)]
    for client in silent[4:]:
        client.sendall(b"\x16\x03\x01")
    with context.wrap_socket(local.connect()) as client:
        assert b"ok" in say(client, ask("", "Connection: close"))
    # Plain HTTP is not answered, and does no harm.
    with local.connect() as client:
        client.sendall(ask(""))
        try:
            assert b"200 OK" not in client.recv(1000)
        except ConnectionResetError:
            pass
    for client in silent:
        client.close()
    assert local.idle()


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="the fake is made of it")
def test_kqueue(site, monkeypatch):
    install(monkeypatch)
    monkeypatch.setattr(loop, "make_poller", lambda threads: KqueuePoller())
    with Local(site, threads=4) as local:
        with local.connect() as blocked, local.connect() as reader:
            blocked.sendall(ask("block"))
            reader.sendall(ask("big") + ask(""))
            assert local.talk(ask("") * 20).count(b"HTTP/1.1 200 OK") == 20
            content = b""
            while not content.endswith(b"ok"):
                content += reader.recv(1 << 20)
            assert len(content) > BIG
            site.held.set()
            assert blocked.recv(1000).endswith(b"ok")
        assert local.idle()


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="only there")
def test_a_thread_lets_others_go_on_amid_their_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gap lets one go on, and the last one none, whose view is blocked; the next gap comes an interval later."""
    poller, seat, gaps = SharedEpollPoller(4), Seat(), []
    queue = poller.queue

    def gap(seconds: float) -> None:
        gaps.append(seconds)
        queue.inside = max(queue.inside - 1, 1)

    monkeypatch.setattr("bolthead.serving.poller.sleep", gap)
    queue.taken.append(7)
    for inside, next_gap, expected in ((3, 0.0, 3), (1, math.inf, 3), (1, 0.0, 4), (0, 0.0, 4)):
        queue.inside, poller.next_gap = inside, next_gap
        begun = time.monotonic()
        poller.wait(seat)
        assert len(gaps) == expected
        assert (poller.next_gap >= begun + poller.interval) == (inside > 0)
    poller.close()
