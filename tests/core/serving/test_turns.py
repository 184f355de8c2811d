"""The turns of a connection, with an application and a poller of the test's own."""

from __future__ import annotations

import logging
import socket
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gunicorn")


@pytest.fixture
def turns(load):
    """A loop without threads: what it would wait for is in ``parked``."""
    module = load("bolthead._core.serving.turns")
    heads = load("bolthead.serving.heads")
    rules = load("bolthead.serving.rules")
    from gunicorn.config import Config

    class Bare(module.Turns):
        def __init__(self) -> None:
            super().__init__()
            self.parked: list[int] = []
            self.ends: list[str] = []
            self.app = lambda environ, start: start("200 OK", []) and [environ["PATH_INFO"].encode()]
            self.log = logging.getLogger("turns")
            self.observer = self.options = None
            self.poller = SimpleNamespace(add=lambda fd, what: self.parked.append(what))
            self.poller.arm = self.poller.add
            self.reader = heads.make_reader(Config(), False)
            self.rules = rules.Rules()
            self.file_wrapper = Bare
            self.keepalive, self.max_requests = 5.0, 1 << 60

        def drop(self, connection: Any, *, reset: bool = False) -> None:
            self.ends.append("drop")

        def end(self, connection: Any) -> None:
            self.ends.append("end")

        def refuse(self, connection: Any, request: Any, error: BaseException, status: int = 0) -> None:
            self.ends.append(type(error).__name__)

        def keep_head(self, connection: Any, data: bytes) -> None:
            connection.data = bytearray(data)
            self.park(connection, module.READ)

        def wait_for_more(self, connection: Any, fresh: int) -> bool:
            return False

        def retire(self) -> None:
            self.ends.append("retire")

    return module, Bare()


@pytest.fixture
def visit(load, turns):
    module, loop = turns
    connections = load("bolthead._core.serving.connection")
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    site = SimpleNamespace(trusts=lambda peer: False, unix=False, address=("s", 1), environ={})
    connection = connections.Connection(ours, ("127.0.0.1", 1), site)

    def visit(data: bytes) -> bytes:
        theirs.sendall(data)
        loop.waiting.pop(connection.fd, None)
        loop.attend(connection, module.Seat())
        try:
            return theirs.recv(1 << 20)
        except BlockingIOError:
            return b""

    yield visit
    ours.close()
    theirs.close()


def request(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""]).encode()


def test_one_request_and_the_next(turns, visit):
    module, loop = turns
    assert visit(request("/a")).endswith(b"\r\n\r\n/a")
    assert visit(request("/b")).endswith(b"\r\n\r\n/b")
    assert loop.parked == [module.READ] * 2
    assert len(loop.waiting) == 1 and loop.ends == []


def test_a_head_in_pieces(turns, visit):
    data = request("/a", "X: y")
    assert [visit(data[index : index + 1]) for index in range(len(data) - 1)] == [b""] * (len(data) - 1)
    assert visit(data[-1:]).endswith(b"/a")


def test_many_at_once_are_answered_in_turns(turns, visit):
    module, loop = turns
    first = visit(b"".join(request(f"/{number}") for number in range(module.TURNS + 3)))
    assert first.count(b"HTTP/1.1 200 OK") == module.TURNS
    # The rest is done when the others had theirs.
    assert loop.parked == [module.WRITE]


def test_the_end(turns, visit):
    _, loop = turns
    assert b"\r\nConnection: close\r\n" in visit(request("/a", "Connection: close") + request("/never"))
    assert loop.ends == ["end"]


def test_stopping(turns, visit):
    _, loop = turns
    loop.stopping = True
    assert b"\r\nConnection: close\r\n" in visit(request("/a"))
    assert loop.ends == ["end"]


def test_a_number_of_requests(turns, visit):
    _, loop = turns
    loop.max_requests = 2
    visit(request("/a"))
    assert loop.ends == []
    visit(request("/a"))
    assert loop.ends == ["retire"]


def test_a_malformed_head(turns, visit):
    _, loop = turns
    assert visit(b"nonsense\r\n\r\n") == b""
    assert loop.ends == ["InvalidRequestLine"]
