"""Waiting for sockets from several threads at once: one event wakes one thread."""

from __future__ import annotations

import os
import select
import sys
import threading
from math import inf
from time import monotonic, sleep
from typing import Any

from .._core.primitives.system import Epoll
from .._core.serving.turns import ALWAYS, BATCH, WRITE, Queue, Seat

BSD: Any = select
"""With the names that mypy does not find on Linux."""
ONCE = getattr(select, "EPOLLONESHOT", 0)
PAUSE = 1
"""Milliseconds for which a thread looks away while another one computes."""
GAP = 50e-6
"""Seconds for which a thread lets go of the interpreter, so that one with a request in its hands goes on."""


class EpollPoller:
    """Linux's epoll, for one thread.

    A socket stays armed; it is armed again only to be waited for in the other direction.
    """

    once = edge = False

    def __init__(self, threads: int = 1) -> None:
        self.inner = Epoll()
        self.queue = Queue(threads)
        self._wake, self._woken = os.pipe()

    def wait(self, seat: Seat) -> None:
        """Put into the queue which descriptors have an event."""
        self.queue.taken.extend(self.inner.ready(BATCH) or self.inner.wait(BATCH))

    def add(self, fd: int, wanted: int) -> None:
        """Wait for *wanted*, which is READ or WRITE, of a new socket."""
        self.inner.add(fd, wanted & ~ALWAYS)

    def arm(self, fd: int, wanted: int) -> None:
        """Wait for *wanted* of a socket that was there."""
        self.inner.arm(fd, wanted & ~ALWAYS)

    def add_listener(self, fd: int) -> None:
        # Of the workers that wait for the same socket, one is woken.
        self.inner.add(fd, select.EPOLLIN | getattr(select, "EPOLLEXCLUSIVE", 0))

    def remove_listener(self, fd: int) -> None:
        self.inner.remove(fd)

    def forget(self, fd: int) -> None:
        """A socket is about to be closed. A child process may have it too, and what is armed would go on."""
        try:
            self.inner.remove(fd)
        except OSError:
            # The application closed it.
            pass

    def wake_all(self) -> None:
        """Let every thread's :meth:`wait` return, now and from now on."""
        os.close(self._woken)
        self.inner.add(self._wake, select.EPOLLIN)

    def close(self) -> None:
        self.inner.close()
        os.close(self._wake)


class SharedEpollPoller(EpollPoller):
    """The same for several threads, which wait in it together.

    A client's socket stays armed too, and each thing on it is one event, when it comes (edge-triggered), so that a
    thread that keeps its connection for long is not in the way. Threads do not wait in that epoll itself: a thread
    that was woken there would take the event out, and the client would then wait for as long as this thread waits for
    the interpreter (5 ms and more under load). They wait in an outer epoll, which only tells that there is something
    inside, and take it when they run. The outer one is armed for one event, so that at most one thread is on its way
    at a time.

    What a thread takes beside its own event is in the queue, for the next thread, itself or another one: wherever
    something is left there, a thread is on its way, so that it does not wait for a view.

    Where views compute and do not wait, a second thread has nothing to add: each would only wait for the other, a
    switch interval at a time, with a request in its hands. The thread on its way can tell, since it had to wait for
    the interpreter that long: it then looks now and again, and takes over when the interpreter is free (the view waits)
    or when no request was begun meanwhile (the view computes for long).
    """

    edge = True

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.add, self.arm = self.inner.add, self.inner.arm  # type: ignore[method-assign, assignment]
        self.outer = Epoll()
        self.outer.add(self.inner.fileno(), select.EPOLLIN | ONCE)
        # An end of a pipe that can always be written to: armed, it wakes a thread.
        self.outer.add(self._woken, ONCE)
        self.interval = sys.getswitchinterval() * 0.8
        # Without the GIL no thread waits for the interpreter.
        self.next_gap = 0.0 if getattr(sys, "_is_gil_enabled", lambda: True)() else inf

    def wait(self, seat: Seat) -> None:
        """Put descriptors into the queue; none, when another thread was quicker."""
        queue, inner = self.queue, self.inner
        if queue.inside and monotonic() > self.next_gap:
            self._let_others_go_on()
        # Others took so many turns while this one could not go on with its own that it is not missed.
        behind = queue.turns - seat.turn > queue.threads and monotonic() - seat.since > self.interval
        if behind or not queue.taken:
            # FAST (servers): under load there is something, and the system is asked once for many.
            found = None if behind else inner.ready(BATCH)
            if not found:
                self._rest()
                found = inner.ready(BATCH)
                self.outer.arm(inner.fileno(), select.EPOLLIN | ONCE)
            queue.taken.extend(found)
        seat.turn = queue.turns

    def _let_others_go_on(self) -> None:
        """Let threads have the interpreter that lost it amid a request, one after the other.

        They ask for it only after a switch interval in which it was not let go of at all. This thread lets go of it
        for an instant whenever it looks for events, and has it again before they are awake.
        """
        queue = self.queue
        inside, before = queue.inside, queue.threads + 1
        while 0 < inside < before:
            sleep(GAP)
            before, inside = inside, queue.inside
        self.next_gap = monotonic() + self.interval

    def call(self) -> None:
        """Have a thread come for what is in the queue."""
        self.queue.coming = True
        self.outer.arm(self._woken, select.EPOLLOUT | ONCE)

    def _rest(self) -> None:
        """Wait until there is something to do for this thread."""
        queue = self.queue
        if queue.coming:
            # The thread on its way may not be waiting here.
            self.outer.arm(self.inner.fileno(), select.EPOLLIN | ONCE)
        elif queue.taken:
            self.call()
        turn, seen = self.outer.turn, -1
        waited = turn(-1)
        while waited > self.interval and seen != queue.turns:
            queue.coming, seen = True, queue.turns
            waited = turn(PAUSE)
        queue.coming = False

    def close(self) -> None:
        super().close()
        self.outer.close()


class KqueuePoller:
    """The kqueue of the BSDs and macOS, in which all threads wait: one event wakes one of them."""

    once, edge = True, False

    def __init__(self) -> None:
        self.queue = Queue()
        self.kernel = BSD.kqueue()
        self._wake, self._woken = os.pipe()
        self.add = self.arm

    def _change(self, fd: int, filter_: int, flags: int) -> None:
        self.kernel.control([BSD.kevent(fd, filter_, flags)], 0)

    def wait(self, seat: Seat) -> None:
        """Put the descriptor that has an event into the queue."""
        self.queue.taken.extend(event.ident for event in self.kernel.control(None, 1, None))

    def arm(self, fd: int, wanted: int) -> None:
        filter_ = BSD.KQ_FILTER_WRITE if wanted == WRITE else BSD.KQ_FILTER_READ
        self._change(fd, filter_, BSD.KQ_EV_ADD | BSD.KQ_EV_ONESHOT)

    def add_listener(self, fd: int) -> None:
        self._change(fd, BSD.KQ_FILTER_READ, BSD.KQ_EV_ADD)

    def remove_listener(self, fd: int) -> None:
        self._change(fd, BSD.KQ_FILTER_READ, BSD.KQ_EV_DELETE)

    def forget(self, fd: int) -> None:
        """A socket is about to be closed; the system sees to that."""

    def wake_all(self) -> None:
        """Let every thread's :meth:`wait` return, now and from now on."""
        self.add_listener(self._wake)
        os.close(self._woken)

    def close(self) -> None:
        self.kernel.close()
        os.close(self._wake)


class PollPoller:
    """The same with poll(2), for systems that have nothing else: one thread waits, the others wait for it.

    Each wait looks at every connection, so that it suits a desk or a small site.
    """

    once, edge = True, False

    def __init__(self) -> None:
        self.queue = Queue()
        self.armed: dict[int, int] = {}
        self.listeners: set[int] = set()
        self.turn = threading.Lock()
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken, False)
        self.ended = False
        self.add = self.arm

    def wait(self, seat: Seat) -> None:
        """Put the descriptor that has an event into the queue; or none, when something else is to be waited for."""
        with self.turn:
            if self.ended:
                return
            poll = select.poll()
            poll.register(self._wake, select.POLLIN)
            for fd in list(self.listeners):
                poll.register(fd, select.POLLIN)
            for fd, wanted in list(self.armed.items()):
                poll.register(fd, select.POLLOUT if wanted == WRITE else select.POLLIN)
            for fd, _ in poll.poll():
                if fd == self._wake:
                    self._drain()
                elif fd in self.listeners or self.armed.pop(fd, None) is not None:
                    self.queue.taken.append(fd)
                    return

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


def make_poller(threads: int) -> EpollPoller | KqueuePoller | PollPoller:
    """The best that the system has."""
    if hasattr(select, "epoll"):
        return EpollPoller() if threads == 1 else SharedEpollPoller(threads)
    return KqueuePoller() if hasattr(select, "kqueue") else PollPoller()
