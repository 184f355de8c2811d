"""Pieces of a stream that are sent together: nothing lost, doubled, reordered, or left lying."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def module(load: Any) -> Any:
    return load("bolthead._core.serving.connection")


@pytest.fixture
def connect(module: Any) -> Any:
    made: list[Any] = []

    def pair(kind: int = socket.SOCK_STREAM) -> Any:
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        ours.setblocking(False)
        theirs.settimeout(60)
        site = SimpleNamespace(trusts=lambda peer: False, environ={})
        connection = module.Connection(ours, ("127.0.0.1", 1), site)
        made.extend((connection, theirs))
        return connection, theirs

    yield pair
    for each in made:
        each.close()


def framed(piece: bytes) -> bytes:
    return b"%X\r\n%b\r\n" % (len(piece), piece)


def received(theirs: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += theirs.recv(1 << 20)
    return found


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("chunked", [False, True])
def test_any_pieces_at_any_pace(connect: Any, seed: int, chunked: bool) -> None:
    rng = random.Random(seed)
    connection, theirs = connect()
    wanted, got = bytearray(), bytearray()
    reader = threading.Thread(target=lambda: got.extend(b"".join(iter(lambda: theirs.recv(50_000), b""))))
    reader.start()
    for _ in range(150):
        piece = os.urandom(rng.choice([1, 15, 16, 300, 1000, 8192, 8193, 40_000, 200_000]))
        wanted += framed(piece) if chunked else piece
        connection.send_piece(piece, chunked)
        if connection.out:
            connection.flush()
        if rng.random() < 0.03:
            time.sleep(rng.choice([0, 0.0004, 0.002]))
    connection.send(b"end")
    connection.send_joined()
    wanted += b"end"
    while not connection.flush():
        assert connection.flush_or_wait(60, 0)
    connection.close()
    reader.join(60)
    assert got == wanted


def test_a_piece_does_not_wait_for_the_next_one(connect: Any) -> None:
    connection, theirs = connect()
    for number in range(1, 50):
        connection.send_piece(b"x" * number, True)
    # Whether they were sent together or not.
    whole = b"".join(framed(b"x" * number) for number in range(1, 50))
    assert received(theirs, len(whole)) == whole


def test_pieces_are_sent_together(module: Any, connect: Any) -> None:
    compiled = not module.__file__.endswith(".py")
    connection, theirs = connect(socket.SOCK_SEQPACKET)
    for _ in range(100):
        connection.send_piece(b"x" * 20, False)
    connection.send_joined()
    connection.close()
    messages = list(iter(lambda: theirs.recv(1 << 20), b""))
    assert sum(map(len, messages)) == 2_000
    assert len(messages) < 50 if compiled else len(messages) == 100


def test_a_full_socket(module: Any, connect: Any) -> None:
    connection, theirs = connect()
    sent = 0
    while not connection.out:
        connection.send_piece(b"x" * 1000, False)
        sent += 1000
    for _ in range(100):
        connection.send_piece(b"y" * 1000, False)
    assert connection.joined is None and connection.kept >= 100_000
    got = b""
    while len(got) < sent + 100_000:
        connection.flush()
        got += theirs.recv(1 << 20)
    assert got == b"x" * sent + b"y" * 100_000


def test_the_reader_has_gone(connect: Any) -> None:
    connection, theirs = connect()
    theirs.close()
    with pytest.raises(ConnectionError):
        for _ in range(1000):
            connection.send_piece(b"x" * 1000, False)
            time.sleep(0.0001)
        connection.send_joined()


def test_closing_sends_what_is_there(connect: Any) -> None:
    connection, theirs = connect()
    for _ in range(10):
        connection.send_piece(b"x" * 10, False)
    connection.close()
    assert received(theirs, 100) == b"x" * 100
    assert theirs.recv(1) == b""


def test_an_application_closes_the_socket_meanwhile(connect: Any) -> None:
    connection, theirs = connect()
    for _ in range(10):
        connection.send_piece(b"x", False)
    connection.sock.close()
    # Another socket may have the number by now.
    other, another = socket.socketpair()
    with other, another, pytest.raises(ConnectionAbortedError):
        connection.send_piece(b"x", False)
    assert received(theirs, 10) == b"x" * 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_child_process_has_a_thread_of_its_own(connect: Any) -> None:
    connection, theirs = connect()
    for _ in range(10):
        connection.send_piece(b"x", False)
    received(theirs, 10)
    mine, others = connect()
    child = os.fork()
    if not child:
        try:
            for _ in range(10):
                mine.send_piece(b"y", False)
            time.sleep(60)
        finally:
            os._exit(0)
    try:
        assert received(others, 10) == b"y" * 10
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
