"""The turns of a connection, with an application and a poller of the test's own."""

from __future__ import annotations

import logging
import socket
import sys
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
            self.app = self.index
            self.log = logging.getLogger("turns")
            self.observer = self.options = None
            self.edge = True
            self.poller = SimpleNamespace(add=lambda fd, what: self.parked.append(what))
            self.poller.arm = self.poller.add
            self.reader = heads.make_reader(Config(), False)
            self.rules = rules.Rules()
            self.file_wrapper = Bare
            self.keepalive, self.max_requests = 5.0, sys.maxsize

        def index(self, environ: Any, start: Any) -> list[bytes]:
            start("200 OK", [])
            return [environ["PATH_INFO"].encode()]

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

        def not_waiting(self, fd: int, doubtful: bool, seat: Any) -> Any:
            self.ends.append(f"{fd} {doubtful}")

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

    def visit(data: bytes, doubtful: bool = False) -> bytes:
        theirs.sendall(data)
        loop.waiting[connection.fd] = connection
        loop.queue.taken.append(~connection.fd if doubtful else connection.fd)
        loop.take_turns(module.Seat())
        try:
            return theirs.recv(1 << 20)
        except BlockingIOError:
            return b""

    visit.connection = connection
    yield visit
    ours.close()
    theirs.close()


def request(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""]).encode()


def test_one_request_and_the_next(turns, visit):
    module, loop = turns
    assert visit(request("/a")).endswith(b"\r\n\r\n/a")
    assert visit(request("/b")).endswith(b"\r\n\r\n/b")
    assert loop.parked == [module.READ]
    assert len(loop.waiting) == 1 and loop.ends == []


@pytest.mark.parametrize("reason", ["doubtful", "missed", "once", "looked away", "level"])
def test_when_a_socket_is_armed_again(turns, visit, reason):
    """Whatever came and was not read has to be told of; what was read to the end need not be looked for."""
    module, loop = turns
    connection = visit.connection
    visit(request("/a"))
    again = [module.READ]
    if reason == "missed":

        def app(environ: Any, start: Any) -> Any:
            connection.missed = True
            return loop.index(environ, start)

        loop.app = app
    elif reason == "once":
        loop.edge, loop.once = False, True
    elif reason == "level":
        loop.edge, again = False, []
    elif reason == "looked away":
        loop.look_away(connection)
        again = [0, module.READ]
    assert visit(request("/b"), reason == "doubtful").endswith(b"/b")
    assert loop.parked[1:] == again and not connection.missed


def test_an_event_of_a_connection_that_does_not_wait(turns, visit):
    module, loop = turns
    loop.queue.taken.extend([500, ~501])
    loop.take_turns(module.Seat())
    assert loop.ends == ["500 False", "501 True"] and loop.queue.turns == 2


def test_an_event_while_a_connection_is_parked(turns, visit):
    """Another thread sees it between the poller's being told of the connection and its being there to be taken."""
    module, loop = turns

    def add(fd: int, what: int) -> None:
        loop.parked.append(what)
        visit.connection.missed = len(loop.parked) == 1

    loop.poller.add = loop.poller.arm = add
    visit(request("/a"))
    assert loop.parked == [module.READ] * 2
    assert list(loop.waiting.values()) == [visit.connection]


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
