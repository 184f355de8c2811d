"""System calls that do not wait: what they say of a socket in each of its states."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def module(load: Any) -> Any:
    return load("bolthead._core.primitives.system")


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


@pytest.mark.parametrize("size", [1, 15, 16, 255, 256, 4095, 4096, 16000, 16352, 16353, 16384, 70000])
def test_send_chunk(module: Any, pair: Any, size: int) -> None:
    """A chunk is whole, or it is known how much of it is left to send."""
    ours, theirs = pair
    data = os.urandom(size)
    assert module.chunk(data) == b"%X\r\n%b\r\n" % (size, data)
    sent, left = b"", 0
    while not left:
        left = module.send_chunk(ours.fileno(), data)
        sent += module.chunk(data)[: len(module.chunk(data)) - left]
    assert module.send_chunk(ours.fileno(), data) == len(module.chunk(data))
    ours.close()
    assert b"".join(iter(lambda: theirs.recv(1 << 20), b"")) == sent


def test_files(module: Any, tmp_path: Path) -> None:
    """What is known of a file is what Python says of it, bit by bit."""
    path = tmp_path / "é.txt"
    content = os.urandom(100_000)
    path.write_bytes(content)
    for time in (1, 1_700_000_000_123_456_789, 1_700_000_000_999_999_999):
        os.utime(path, ns=(time, time))
        found = module.open_cached(str(path))
        if found is None:
            # The pure-Python version, an older Linux, or a sandbox.
            found = (os.open(path, os.O_RDONLY), path.stat().st_mtime, len(content))
        else:
            assert not os.get_inheritable(found[0])
        fd, changed, size = found
        assert (changed, size) == (path.stat().st_mtime, len(content))
        for count, offset in ((0, 0), (1, 0), (65536, 0), (10, 99_995), (10, 100_000), (200_000, 1)):
            assert module.read_file(fd, count, offset) == content[offset : offset + count]
        assert module.position(fd) == 0
        os.lseek(fd, 5, os.SEEK_SET)
        assert module.position(fd) == 5
        module.close_file(fd)
        for call in (lambda fd=fd: module.position(fd), lambda fd=fd: module.close_file(fd)):
            with pytest.raises(OSError, match="descriptor"):
                call()


def test_what_is_no_file_at_hand(module: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    gc.collect()
    before = len(os.listdir("/dev/fd"))
    for path in (tmp_path, tmp_path / "fifo", f"{tmp_path}/a\0b", "/dev/null", "\ud800", f"{tmp_path}/fifo/x"):
        assert module.open_cached(str(path)) is None, path
    for path in (tmp_path / "missing", "", tmp_path / "no" / "file"):
        for _ in range(2):
            assert module.open_cached(str(path)) in (None, (-1, 0.0, 0)), path
    assert len(os.listdir("/dev/fd")) == before


def test_files_are_seen_by_audit_hooks(load: Any, tmp_path: Path) -> None:
    """A tool that watches which files are opened sees these."""
    file = tmp_path / "file.txt"
    file.write_text("x")
    program = (
        "import builds, os, sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(args[0]) if event == 'open' else None)\n"
        "module = builds.load(sys.argv[1], 'bolthead._core.primitives.system')\n"
        "found = module.open_cached(sys.argv[2])\n"
        "assert found is None or sys.argv[2] in seen\n"
    )
    build = "pure" if str(load("bolthead._core.primitives.system").__file__).endswith(".py") else "compiled"
    tests = str(Path(__file__).resolve().parents[2])
    subprocess.run([sys.executable, "-c", program, build, str(file)], check=True, cwd=tests)


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
    # The end is told beside what came before it. PyPy has no name for the flag.
    epoll.arm(ours.fileno(), select.EPOLLIN | getattr(select, "EPOLLRDHUP", 0x2000))
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
