"""System calls that do not wait: what they say of a socket in each of its states."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

import pytest


@pytest.fixture
def module(load: Any) -> Any:
    return load("bolthead._core.serving.system")


@pytest.fixture
def pair() -> Any:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 65535, 65536, 65537])
def test_receive(module: Any, pair: Any, size: int) -> None:
    ours, theirs = pair
    assert module.receive(ours.fileno(), 65536) is None
    content = os.urandom(size)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    theirs.sendall(content)
    theirs.shutdown(socket.SHUT_WR)
    found = b""
    while piece := module.receive(ours.fileno(), 65536):
        assert len(piece) <= 65536
        found += piece
    assert piece == b""
    assert found == content


def test_send(module: Any, pair: Any) -> None:
    ours, theirs = pair
    content = os.urandom(1 << 22)
    sent = module.send(ours.fileno(), content)
    assert 0 < sent < len(content)
    assert module.send(ours.fileno(), content) == 0
    got = b""
    while len(got) < sent:
        got += theirs.recv(1 << 20)
    assert got == content[:sent]
    assert module.send_both(ours.fileno(), b"head", b"body") == 8
    assert theirs.recv(100) == b"headbody"


def test_errors(module: Any, pair: Any) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(BrokenPipeError):
        module.send(ours.fileno(), b"x")
    number = ours.fileno()
    ours.close()
    for call in (lambda: module.receive(number, 10), lambda: module.send(number, b"x")):
        with pytest.raises(OSError, match="descriptor"):
            call()


@pytest.mark.skipif(sys.platform != "linux", reason="epoll")
def test_epoll(module: Any, pair: Any) -> None:
    import select

    ours, theirs = pair
    epoll = module.Epoll()
    epoll.add(ours.fileno(), select.EPOLLIN | select.EPOLLONESHOT)
    assert epoll.ready(8) == []
    theirs.sendall(b"x")
    assert epoll.wait(8) == [ours.fileno()]
    assert epoll.ready(8) == []
    epoll.arm(ours.fileno(), select.EPOLLIN | select.EPOLLOUT)
    assert epoll.ready(8) == [ours.fileno()]
    # The end is told beside what came before it.
    epoll.arm(ours.fileno(), select.EPOLLIN | select.EPOLLRDHUP)
    theirs.shutdown(socket.SHUT_WR)
    assert epoll.ready(8) == epoll.wait(8) == [~ours.fileno()]
    epoll.remove(ours.fileno())
    for call in (lambda: epoll.remove(ours.fileno()), lambda: epoll.arm(ours.fileno(), select.EPOLLIN)):
        with pytest.raises(FileNotFoundError):
            call()
    epoll.close()
    epoll.close()
    for call in (epoll.ready, epoll.wait):
        with pytest.raises((OSError, ValueError)):
            call(1)
