"""One client's connection: its socket, what was read ahead, and what is still to be sent."""

from __future__ import annotations

import os
import select
import socket
import ssl
import tempfile
from collections import deque
from time import monotonic
from typing import Any

from ..primitives.system import chunk, receive, send, send_both, send_chunk
from .joined import Joined

HEAD, BODY, FLUSH, LINGER, HANDSHAKE = range(5)
"""What a connection waits for: a head, the rest of a small body, room to write, the client's end, TLS."""

WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
BUFFER = 64 * 1024
"""Bytes that are read at once."""
BLOCK = 256 * 1024
QUICK = 0.0005
"""Seconds from one piece of a stream to the next within which they may be sent together."""
SPENT = 1 << 20
"""No event that a poller waits for: one that came, and has to be waited for anew."""
SPILLED = 16 * 1024
"""The smallest piece of a response that may wait for its reader in a file."""


class Stalled(OSError):
    """The client took or sent nothing for too long."""


def gone(error: ssl.SSLError) -> ConnectionError:
    """What a plain socket says of a client that has left. An SSLError may be one of the application's own."""
    return ConnectionAbortedError(str(error))


class FilePart:
    """A stretch of a file that is still to be sent."""

    __slots__ = ("count", "fileno", "offset")

    def __init__(self, fileno: int, offset: int, count: int) -> None:
        self.fileno = fileno
        """A descriptor of its own, closed when all is sent."""
        self.offset = offset
        self.count = count

    def close(self) -> None:
        os.close(self.fileno)


class Held:
    """What all connections of the worker keep in memory for slow readers."""

    __slots__ = ("total",)

    most = 64 * 1024 * 1024
    """Bytes, beyond which larger pieces wait in files."""

    def __init__(self) -> None:
        self.total = 0


held = Held()


def spill(piece: Any) -> Any:
    """*piece* in a file that has no name; itself where there can be none."""
    try:
        with tempfile.TemporaryFile(buffering=0) as file:
            size = sent = len(piece)
            while sent:
                sent -= file.write(piece[size - sent :]) or 0
            return FilePart(os.dup(file.fileno()), 0, size)
    except OSError:
        return piece


class Connection:
    """A socket that does not block, in the hands of one thread at a time."""

    __slots__ = (
        "address",
        "armed",
        "closing",
        "count",
        "data",
        "deadline",
        "doubtful",
        "drained",
        "fd",
        "handed_over",
        "in_memory",
        "joined",
        "kept",
        "missed",
        "out",
        "peer",
        "pending",
        "piece_at",
        "port",
        "proxied",
        "shared",
        "site",
        "slow_since",
        "sock",
        "started",
        "state",
        "taken",
        "tls",
        "tries",
        "trusted",
    )

    def __init__(self, sock: Any, peer: Any, site: Any) -> None:
        self.sock = sock
        self.fd: int = sock.fileno()
        self.peer = peer
        self.address: str = peer[0] if isinstance(peer, tuple) else ""
        self.port: str | None = str(peer[1]) if isinstance(peer, tuple) else None
        self.site = site
        self.trusted: bool = site.trusts(peer)
        self.shared: dict[str, Any] = site.environ
        """What every ``environ`` at this place holds."""
        self.state = HEAD
        self.data: Any = b""
        """Bytes that were read and belong to no request yet."""
        self.pending: Any = None
        """The request whose body is still coming."""
        self.out: deque[Any] | None = None
        """What the socket did not take yet."""
        self.kept = 0
        """Bytes of that."""
        self.in_memory = 0
        """Bytes of that which are in memory."""
        self.taken = 0
        """Bytes that were sent since the socket did not take all."""
        self.slow_since = 0.0
        self.joined: Joined | None = None
        """Pieces of a stream that are about to be sent together."""
        self.piece_at = 0.0
        """When the last piece came."""
        self.count = 0
        """Requests so far."""
        self.tries = 0
        self.started = 0.0
        self.deadline = 0.0
        self.proxied: dict[str, str] | None = None
        """What the PROXY line at the start of the connection said."""
        self.closing = False
        self.armed = 0
        """What the poller waits for: 0 before it was told the first time, ``SPENT`` where it no longer does."""
        self.drained = False
        """Whether all that had come was read, so that whatever comes next is an event of its own."""
        self.missed = False
        """Whether there was such an event since, seen by a thread that this connection did not belong to."""
        self.doubtful = False
        """Whether the client's end, or urgent data, was announced: then a short read is not all that there is."""
        self.tls = False
        self.handed_over = False
        """Whether the application may have taken over the socket, which blocks meanwhile."""

    def receive(self) -> bytes | None:
        """What has come; empty when the client has ended its side, None where nothing has come."""
        self.missed = self.drained = False
        if self.tls:
            try:
                data: bytes = self.sock.recv(BUFFER)
            except WOULD_BLOCK:
                return None
            return data
        self._check_open()
        came = receive(self.fd, BUFFER)
        self.drained = not self.doubtful and (came is None or len(came) < BUFFER)
        return came

    def _check_open(self) -> int:
        """An application may have closed ``gunicorn.socket``, and its number may be another connection's by now."""
        if self.sock.fileno() != self.fd:
            raise ConnectionAbortedError("the application closed the connection")
        return 0

    # Sending

    def send(self, data: bytes) -> int:
        """Send what the socket takes, and keep the rest for :meth:`flush`; how much was sent."""
        sent = 0
        if self.joined is not None:
            if self.joined.add(data, False):
                self.send_joined()
                return len(data)
            self.send_joined()
        if not self.out:
            if self.tls:
                try:
                    sent = self.sock.send(data)
                except WOULD_BLOCK:
                    pass
                except ssl.SSLError as error:
                    raise gone(error) from None
            else:
                self._check_open()
                sent = send(self.fd, data)
        if sent != len(data):
            self._keep(memoryview(data)[sent:])
        return sent

    def send_piece(self, data: bytes, chunked: bool) -> None:
        """Send a piece of a stream, at once or together with others that came just before it."""
        if self.out or self.tls:
            self.send(chunk(data) if chunked else data)
            return
        self._check_open()
        before, self.piece_at = self.piece_at, monotonic()
        if self.piece_at - before < QUICK:
            # FAST (servers): each call wakes the reader, which costs more than all else.
            if self.joined is None:
                self.joined = Joined(self.fd)
            if self.joined.add(data, chunked):
                return
        if self.joined is not None:
            self.send_joined()
        if self.out or not chunked:
            self.send(chunk(data) if chunked else data)
            return
        left = send_chunk(self.fd, data)
        if left:
            self._keep(memoryview(chunk(data))[-left:])

    def send_joined(self) -> None:
        """Send the pieces that wait for others."""
        joined, self.joined = self.joined, None
        if joined is not None:
            left = joined.end()
            if left:
                self._keep(memoryview(left))

    def send_two(self, head: bytes, body: bytes) -> None:
        """:meth:`send` of a head and a large body, which is not copied for that."""
        if self.out or self.tls or self.joined is not None:
            self.send(head)
            self.send(body)
            return
        self._check_open()
        self.keep_two(head, body, send_both(self.fd, head, body))

    def keep_two(self, head: bytes, body: bytes, sent: int) -> None:
        """Keep what is left of both for :meth:`flush`."""
        if sent < len(head):
            self._keep(memoryview(head)[sent:])
            self._keep(memoryview(body))
        elif sent != len(head) + len(body):
            self._keep(memoryview(body)[sent - len(head) :])

    def send_file(self, part: FilePart) -> None:
        """Send of a file what the socket takes, and keep the rest."""
        self.send_joined()
        self._keep(part)
        self.flush()

    def _keep(self, piece: Any) -> int:
        if self.out is None:
            self.out = deque()
        if not self.out:
            self.slow_since = monotonic()
            self.taken = 0
        size = piece.count if isinstance(piece, FilePart) else len(piece)
        if not isinstance(piece, FilePart):
            if size >= SPILLED and held.total + size > held.most:
                piece = spill(piece)
            if not isinstance(piece, FilePart):
                self._count(size)
        self.kept += size
        self.out.append(piece)
        return len(self.out)

    def _count(self, more: int) -> int:
        self.in_memory += more
        held.total += more
        return 0

    def flush(self) -> bool:
        """Send more of what was kept; whether all is sent."""
        out = self.out
        try:
            while out:
                piece = out[0]
                if isinstance(piece, FilePart):
                    if self._flush_file(piece):
                        out.popleft()
                        piece.close()
                else:
                    sent = self.sock.send(piece)
                    self.taken += sent
                    self.kept -= sent
                    self._count(-sent)
                    if sent == len(piece):
                        out.popleft()
                    else:
                        out[0] = piece[sent:]
        except WOULD_BLOCK:
            return False
        except ssl.SSLError as error:
            raise gone(error) from None
        return True

    def _flush_file(self, part: FilePart) -> bool:
        if self.tls:
            piece = os.pread(part.fileno, min(part.count, BLOCK), part.offset)
            sent = self.sock.send(piece) if piece else 0
        else:
            sent = os.sendfile(self.fd, part.fileno, part.offset, min(part.count, 0x3FFFFFFF))
        if not sent:
            raise ConnectionAbortedError("the file is shorter than it was")
        self.taken += sent
        self.kept -= sent
        part.offset += sent
        part.count -= sent
        return not part.count

    def write_deadline(self, now: float, patience: float, rate: float) -> float:
        """Until when the client has to take more of what was kept.

        It may pause for *patience* seconds, and may take that long besides what *rate*, in bytes per second, allows.
        """
        if patience <= 0:
            return float("inf")
        until = now + patience
        return min(until, self.slow_since + patience + self.taken / rate) if rate > 0 else until

    # Waiting, in the thread of a view

    def wait_readable(self, seconds: float) -> bool:
        """Whether something has come, at most *seconds* later; 0 for no limit."""
        return self._wait(select.POLLIN, seconds)

    def flush_or_wait(self, patience: float, rate: float, at_most: float = 0.0) -> bool:
        """Wait until something of what was kept can be sent, and send it; False where *at_most* seconds did not do.

        Raises :exc:`Stalled` when the reader takes too little, see :meth:`write_deadline`.
        """
        now = monotonic()
        left = self.write_deadline(now, patience, rate) - now
        if left <= 0:
            raise Stalled("the response is taken too slowly")
        seconds = min(left, at_most) if at_most else left
        if not self._wait(select.POLLOUT, seconds if seconds < float("inf") else 0.0):
            if at_most and at_most < left:
                return False
            raise Stalled(f"nothing for {left:g} seconds")
        self.flush()
        return True

    def _wait(self, event: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.fd, event)
        return bool(poll.poll(None if seconds <= 0 else max(1, int(seconds * 1000))))

    # A view that takes the socket over expects one that blocks.

    def hand_over(self) -> None:
        self.sock.setblocking(True)
        self.handed_over = True

    def take_back(self) -> None:
        """The view has not taken it over, or no longer has it: nothing here may wait for a client."""
        self.handed_over = False
        if self.sock.fileno() == self.fd:
            self.sock.setblocking(False)

    # The end

    def shut(self) -> None:
        """Say that no more will be sent. The client may still be sending."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self, *, reset: bool = False) -> None:
        """Close the socket and what was still to be sent; with *reset*, so that the client sees an error."""
        try:
            self.send_joined()
        except OSError:
            pass
        if self.out:
            for piece in self.out:
                if isinstance(piece, FilePart):
                    piece.close()
            self.out = None
            self.kept = 0
            self._count(-self.in_memory)
        try:
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.sock.close()
        except OSError:
            pass
