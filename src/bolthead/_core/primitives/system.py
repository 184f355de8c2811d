"""System calls that do not block, made without letting another thread run meanwhile.

Each takes a microsecond or a few. A thread that let go of the interpreter for that long would have to wait for it
afterwards, and wake another one that waits: several times the cost of the call, for each of them. The compiled
version does so; of files, with what the system has in its caches, so that no disk is waited for.
"""

from __future__ import annotations

import os
import select
import sys

MORE = ~(getattr(select, "EPOLLIN", 1) | getattr(select, "EPOLLOUT", 4))


def receive(fd: int, size: int) -> bytes | None:
    """What has come, at most *size* bytes; empty at the end, None where nothing has come. OSError."""
    try:
        return os.read(fd, size)
    except BlockingIOError:
        return None


def send(fd: int, data: bytes) -> int:
    """Send what the socket takes; how many bytes that was. OSError."""
    try:
        return os.write(fd, data)
    except BlockingIOError:
        return 0


def send_both(fd: int, head: bytes, body: bytes) -> int:
    """:func:`send` of two pieces by one call."""
    try:
        return os.writev(fd, (head, body))
    except BlockingIOError:
        return 0


def send_chunk(fd: int, data: bytes) -> int:
    """Send *data* as a :func:`chunk`; how many bytes of that the socket did not take. OSError."""
    framed = chunk(data)
    return len(framed) - send(fd, framed)


def chunk(data: bytes) -> bytes:
    """*data* as a chunk of a body (RFC 9112, 7.1)."""
    return b"%X\r\n%b\r\n" % (len(data), data)


def open_cached(path: str) -> tuple[int, float, int] | None:
    """Open a file that the system has in its caches: descriptor, time of change, and size.

    The descriptor is -1 where there is no such file. None where that cannot be told, for a file that is not a regular
    one, and where an error would have to be raised.
    """
    return None


def read_file(fd: int, size: int, offset: int) -> bytes:
    """At most *size* bytes of a file, fewer at its end. OSError."""
    return os.pread(fd, size, offset)


def position(fd: int) -> int:
    """Where in a file the next byte would be read. OSError."""
    return os.lseek(fd, 0, os.SEEK_CUR)


def close_file(fd: int) -> None:
    """Close a file that was read. OSError."""
    os.close(fd)


class Epoll:
    """Linux's epoll. OSError from each of its methods."""

    __slots__ = ("_epoll",)

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError("there is no epoll")
        self._epoll = select.epoll()

    def fileno(self) -> int:
        return self._epoll.fileno()

    def add(self, fd: int, events: int) -> int:
        """Wait for *events* of a new descriptor."""
        self._epoll.register(fd, events)
        return 0

    def arm(self, fd: int, events: int) -> int:
        """Wait for *events* of a descriptor that is there."""
        self._epoll.modify(fd, events)
        return 0

    def remove(self, fd: int) -> None:
        self._epoll.unregister(fd)

    def ready(self, most: int) -> list[int]:
        """Descriptors that have an event now, at most *most*; ``~fd`` where that is more than data or room."""
        return [~fd if events & MORE else fd for fd, events in self._epoll.poll(0, most)]

    def wait(self, most: int) -> list[int]:
        """The same, when there is one; other threads run until then."""
        return [~fd if events & MORE else fd for fd, events in self._epoll.poll(-1, most)]

    def turn(self, milliseconds: int) -> float:
        """Wait for an event, at most so long if not negative; the seconds spent then on waiting for the interpreter.

        Here they are not known, and 0.
        """
        self._epoll.poll(milliseconds / 1000 if milliseconds >= 0 else -1, 1)
        return 0.0

    def close(self) -> None:
        self._epoll.close()
