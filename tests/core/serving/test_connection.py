"""A connection whose socket takes only so much: nothing is lost, doubled or reordered."""

from __future__ import annotations

import os
import socket
from types import SimpleNamespace

import pytest


@pytest.fixture
def module(load):
    return load("bolthead._core.serving.connection")


@pytest.fixture
def pair(module):
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    ours.setblocking(False)
    site = SimpleNamespace(trusts=lambda peer: peer[1] == 1, environ={})
    connection = module.Connection(ours, ("127.0.0.1", 1), site)
    yield connection, theirs
    connection.close()
    theirs.close()


def read(connection, theirs, size):
    found = b""
    while len(found) < size:
        connection.flush()
        found += theirs.recv(1 << 16)
    return found


def test_a_new_connection(module, pair):
    connection, _ = pair
    assert (connection.state, connection.count, connection.data, connection.trusted) == (module.HEAD, 0, b"", True)


def test_order(module, pair, tmp_path):
    connection, theirs = pair
    content = os.urandom(300_000)
    (tmp_path / "file").write_bytes(content)
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    pieces = [os.urandom(size) for size in (10, 100_000, 1, 200_000)]
    connection.send(pieces[0])
    connection.send(pieces[1])
    connection.send_two(pieces[2], pieces[3])
    connection.send_file(module.FilePart(fd, 100, 250_000))
    connection.send(b"end")
    assert connection.kept > 100_000
    assert not connection.flush()
    whole = b"".join(pieces) + content[100:250_100] + b"end"
    assert read(connection, theirs, len(whole)) == whole
    assert connection.flush()
    with pytest.raises(OSError):
        os.fstat(fd)


def test_a_file_that_shrank(module, pair, tmp_path):
    connection, _ = pair
    (tmp_path / "file").write_bytes(b"x" * 10)
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(ConnectionAbortedError):
        connection.send_file(module.FilePart(fd, 0, 100_000))


def test_head_and_body_cut_anywhere(module, pair):
    connection, theirs = pair
    for sent in range(len(b"headbody") + 1):
        connection.keep_two(b"head", b"body", sent)
        assert connection.kept == 8 - sent and connection.flush()
        assert (theirs.recv(100) if sent < 8 else b"") == b"headbody"[sent:]


def test_what_a_socket_takes_of_head_and_body(module, pair):
    connection, theirs = pair
    connection.send_two(b"head", b"x" * 1_000_000)
    assert 0 < connection.kept < 1_000_000
    assert read(connection, theirs, 1_000_004) == b"head" + b"x" * 1_000_000


def test_waiting(module, pair):
    connection, theirs = pair
    assert not connection.wait_readable(0.001)
    theirs.sendall(b"x")
    assert connection.wait_readable(60)
    connection.send(b"x" * 500_000)
    with pytest.raises(module.Stalled):
        connection.flush_or_wait(0.001, 0)
    assert not connection.flush_or_wait(60, 0, 0.001)
    with pytest.raises(module.Stalled):
        connection.flush_or_wait(0.001, 0, 60)
    theirs.recv(100_000)
    assert connection.flush_or_wait(60, 1)
    read(connection, theirs, 400_000)
    assert connection.flush_or_wait(0, 1, 60)


def test_much_for_slow_readers_waits_in_files(module, pair, monkeypatch):
    connection, theirs = pair
    monkeypatch.setattr(module.held, "total", module.Held.most - 20_000 if module.Held.most else 0)
    before = module.held.total
    content = [os.urandom(size) for size in (500_000, 100, 10_000, 300_000)]
    for piece in content:
        connection.send(piece)
    kinds = [isinstance(piece, module.FilePart) for piece in connection.out]
    assert kinds == [True, False, False, True]
    assert connection.in_memory == module.held.total - before == 10_100
    descriptors = [piece.fileno for piece in connection.out if isinstance(piece, module.FilePart)]
    assert read(connection, theirs, 810_100) == b"".join(content)
    assert connection.flush()
    assert (connection.in_memory, module.held.total, connection.kept) == (0, before, 0)
    for descriptor in descriptors:
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(descriptor)


def test_what_waits_in_files_counts(module, pair, monkeypatch):
    """A stream waits for its reader by what is kept of it; it would fill the disk otherwise."""
    connection, theirs = pair
    monkeypatch.setattr(module.held, "total", module.Held.most)
    sent = sum(connection.send(b"x" * 50_000) for _ in range(20))
    assert connection.kept == 1_000_000 - sent
    assert connection.in_memory < 50_000
    assert len(read(connection, theirs, 400_000)) >= 400_000
    assert connection.kept == 1_000_000 - sent - connection.taken
    connection.close()
    assert connection.kept == 0


def test_no_file_for_slow_readers(module, pair, monkeypatch):
    connection, _ = pair
    monkeypatch.setattr(module.held, "total", module.Held.most)
    monkeypatch.setattr(module.tempfile, "TemporaryFile", lambda **options: os.open("/nowhere", 0))
    connection.send(b"x" * 500_000)
    assert connection.in_memory > 100_000
    connection.close()
    assert module.held.total == module.Held.most


def test_the_least_rate_of_a_reader(module, pair):
    connection, theirs = pair
    connection.send(b"x" * 500_000)
    since = connection.slow_since
    assert connection.write_deadline(since, 0, 500) == float("inf")
    assert connection.write_deadline(since + 1000, 60, 0) == since + 1060
    assert connection.write_deadline(since + 1000, 60, 500) == since + 60
    read(connection, theirs, 200_000)
    assert connection.taken > 10_000
    assert connection.write_deadline(since + 10, 60, 500) == since + 70
    assert connection.write_deadline(since + 1000, 60, 500) == since + 60 + connection.taken / 500
    with pytest.raises(module.Stalled):
        connection.flush_or_wait(1e-9, 1e12)
    connection.taken = 5_000_000_000
    assert connection.write_deadline(since + 1000, 60, 1e9) == since + 60 + 5
