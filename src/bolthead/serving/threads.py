"""The threads of a worker, and those that stand in for threads which wait for a client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .._core.serving.connection import Connection, Stalled
from .._core.serving.turns import Seat
from .options import Options

SHORT = 0.01
"""Seconds that a view waits for its client before another thread stands in."""
STAND_INS = 256
"""Threads beyond the number that was asked for."""


class Threads:
    """As many threads as were asked for, not counting those whose view waits for a client to read or to send.

    A view that writes a stream or reads a large body stays in its thread: what belongs to a thread (a database
    connection, context variables) must not change under it. While it waits, another thread takes its place; when it
    goes on, the next one to have nothing to do ends. A lone thread has none that stands in: the application may not
    bear a second one.
    """

    def __init__(self, number: int, run: Callable[[Seat], None], options: Options, log: Any) -> None:
        self.number = number
        self.run = run
        self.options = options
        self.log = log
        self.seats: tuple[Seat, ...] = ()
        """What each thread does; replaced, not changed."""
        self.present = 0
        """Threads that do not wait for a client."""
        self.waiting: dict[Connection, None] = {}
        """The connections that the others wait for, in the order in which that began."""
        self.lock = threading.Lock()

    def start(self) -> None:
        with self.lock:
            while self.present < self.number:
                self._add()

    def _add(self) -> None:
        seat = Seat()
        name = f"bolthead-{len(self.seats)}"
        threading.Thread(target=self.run, args=(seat,), name=name, daemon=True).start()
        self.seats += (seat,)
        self.present += 1

    def leave(self, seat: Seat) -> bool:
        """Whether the thread of *seat* is one too many, and has to end."""
        with self.lock:
            if self.present <= self.number:
                return False
            self.present -= 1
            self.seats = tuple(other for other in self.seats if other is not seat)
            return True

    def wait_for_reader(self, connection: Connection, most: int) -> None:
        """Wait in the thread of a view until no more than *most* bytes are unsent."""
        patience, rate = self.options.write_timeout, self.options.write_rate
        if not (connection.flush_or_wait(patience, rate, SHORT) and connection.kept <= most):
            with self._waiting_for(connection):
                while connection.kept > most:
                    connection.flush_or_wait(patience, rate)

    def wait_for_sender(self, connection: Connection) -> None:
        """Wait in the thread of a view until more of a body comes."""
        if not connection.wait_readable(SHORT):
            with self._waiting_for(connection):
                if not connection.wait_readable(self.options.body_timeout):
                    raise Stalled("the body does not come")

    @contextmanager
    def _waiting_for(self, connection: Connection) -> Iterator[None]:
        """While the calling thread waits for a client."""
        with self.lock:
            self.waiting[connection] = None
            self.present -= 1
            if self.number > 1 and self.present < self.number:
                self._stand_in()
        try:
            yield
        finally:
            with self.lock:
                self.waiting.pop(connection, None)
                self.present += 1

    def _stand_in(self) -> None:
        try:
            if len(self.seats) < self.number + STAND_INS:
                self._add()
                return
        except RuntimeError as error:
            self.log.warning("No thread can be started: %s", error)
        # The one that is waited for longest goes; its thread then takes part again.
        connection = next(iter(self.waiting))
        del self.waiting[connection]
        self.log.warning("Closing the connection of %s: too many views wait for slow clients", connection.address)
        try:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
        except OSError:
            pass
