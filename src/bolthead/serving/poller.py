"""Waiting for sockets from several threads at once: one event wakes one thread."""

from __future__ import annotations

import os
import select
import threading

from .._core.serving.turns import WRITE


class EpollPoller:
    """Linux's epoll, for *threads* threads that wait in it together.

    A socket of a visitor is *armed* for one event and has to be armed again, so that it never belongs to two
    threads. Threads do not wait in that epoll itself: a thread that was woken there would take the event out,
    and the visitor would then wait for as long as this thread waits for the interpreter (5 ms and more under
    load). They wait in an outer epoll, which only tells that there is something inside, and take it when they
    run. The outer one is armed for one event too, so that at most one thread is on its way at a time.
    """

    def __init__(self, threads: int) -> None:
        self.inner = select.epoll()
        self.add, self.arm = self.inner.register, self.inner.modify
        """``add(fd, READ)`` for a new socket, ``arm(fd, READ)`` for one that was there."""
        self.outer: select.epoll | None = None
        if threads > 1:
            self.outer = select.epoll()
            self.outer.register(self.inner.fileno(), select.EPOLLIN | select.EPOLLONESHOT)
        self._wake, self._woken = os.pipe()

    def wait(self) -> list[tuple[int, int]]:
        """The next event, as a descriptor and flags; or none, when another thread was quicker."""
        inner = self.inner
        outer = self.outer
        if outer is None:
            return inner.poll(-1, 1)
        # FAST (servers): under load there is one, and nothing else has to be asked.
        events = inner.poll(0, 1)
        if not events:
            outer.poll(-1, 1)
            events = inner.poll(0, 1)
            # What is left inside wakes the next thread.
            outer.modify(inner.fileno(), select.EPOLLIN | select.EPOLLONESHOT)
        return events

    def add_listener(self, fd: int) -> None:
        # Of the workers that wait for the same socket, one is woken.
        self.inner.register(fd, select.EPOLLIN | getattr(select, "EPOLLEXCLUSIVE", 0))

    def remove_listener(self, fd: int) -> None:
        self.inner.unregister(fd)

    def forget(self, fd: int) -> None:
        """A socket that waits is about to be closed; the system sees to that."""

    def wake_all(self) -> None:
        """Let every thread's :meth:`wait` return, now and from now on."""
        self.inner.register(self._wake, select.EPOLLIN)
        os.close(self._woken)

    def close(self) -> None:
        self.inner.close()
        if self.outer is not None:
            self.outer.close()
        os.close(self._wake)


class PollPoller:
    """The same with poll(2), for systems without epoll: one thread waits, the others wait for it.

    Each wait looks at every connection, so that it suits a desk or a small site.
    """

    def __init__(self) -> None:
        self.armed: dict[int, int] = {}
        self.listeners: set[int] = set()
        self.turn = threading.Lock()
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken, False)
        self.ended = False
        self.add = self.arm

    def wait(self) -> list[tuple[int, int]]:
        """The next event, as a descriptor and flags; or none, when something else is to be waited for."""
        with self.turn:
            if self.ended:
                return [(self._wake, select.POLLIN)]
            poll = select.poll()
            poll.register(self._wake, select.POLLIN)
            for fd in list(self.listeners):
                poll.register(fd, select.POLLIN)
            for fd, wanted in list(self.armed.items()):
                poll.register(fd, select.POLLOUT if wanted == WRITE else select.POLLIN)
            for fd, flags in poll.poll():
                if fd == self._wake:
                    self._drain()
                elif fd in self.listeners or self.armed.pop(fd, None) is not None:
                    return [(fd, flags)]
            return []

    def _drain(self) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            pass

    def _tell(self) -> None:
        try:
            os.write(self._woken, b"1")
        except BlockingIOError:
            # It has been told often enough.
            pass

    def arm(self, fd: int, wanted: int) -> None:
        self.armed[fd] = wanted
        self._tell()

    def add_listener(self, fd: int) -> None:
        self.listeners.add(fd)
        self._tell()

    def remove_listener(self, fd: int) -> None:
        self.listeners.discard(fd)
        self._tell()

    def forget(self, fd: int) -> None:
        self.armed.pop(fd, None)
        self._tell()

    def wake_all(self) -> None:
        """Let every thread's :meth:`wait` return, now and from now on."""
        self.ended = True
        self._tell()

    def close(self) -> None:
        os.close(self._wake)
        os.close(self._woken)


def make_poller(threads: int) -> EpollPoller | PollPoller:
    """The best that the system has."""
    return EpollPoller(threads) if hasattr(select, "epoll") else PollPoller()
