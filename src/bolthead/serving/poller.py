"""Waiting for sockets from several threads at once: one event wakes one thread."""

from __future__ import annotations

import os
import select


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
        # FAST: under load there is one, and nothing else has to be asked.
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

    def wake_all(self) -> None:
        """Let every thread's :meth:`wait` return, now and from now on, with the descriptor :attr:`wake_fd`."""
        self.inner.register(self._wake, select.EPOLLIN)
        os.close(self._woken)

    @property
    def wake_fd(self) -> int:
        return self._wake

    def close(self) -> None:
        self.inner.close()
        if self.outer is not None:
            self.outer.close()
        os.close(self._wake)


def make_poller(threads: int) -> EpollPoller:
    return EpollPoller(threads)
