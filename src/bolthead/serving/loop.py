"""The threads of a worker: each waits for any connection, and answers what it was woken for.

No thread hands a request to another. A connection that waits is in ``waiting``; the thread that takes it out of there
owns it: the one that its event woke, or the main thread when its time is over.
"""

from __future__ import annotations

import errno
import io
import ssl
import threading
from itertools import islice
from time import monotonic
from typing import Any

from gunicorn.http.wsgi import FileWrapper

from .._core.serving.connection import (
    BODY,
    BUFFER,
    FLUSH,
    HANDSHAKE,
    HEAD,
    LINGER,
    WOULD_BLOCK,
    Connection,
    Stalled,
    held,
)
from .._core.serving.request import CHUNKED, Request
from .._core.serving.response import Response
from .._core.serving.turns import LINGERING, READ, WRITE, Seat, Turns, is_end
from .body import CONTINUE, Source, StreamedBody, TooLarge, announced, chunked_body, read_whole, sized_body
from .errors import Captured
from .heads import make_reader
from .listening import Site
from .poller import make_poller
from .rules import Rules
from .threads import Threads

TRIES = 8
"""How often a chunked body is looked through before a thread waits for its end."""
NEVER = float("inf")


class Loop(Turns):
    """All connections of a worker, and the threads that answer them."""

    def __init__(self, worker: Any) -> None:
        super().__init__()
        cfg = worker.cfg
        self.worker = worker
        self.cfg = cfg
        self.app = worker.wsgi
        self.log = worker.log
        self.options = worker.options
        self.observer = worker.observer()
        self.reader = make_reader(cfg, cfg.threads > 1)
        self.rules = Rules()
        # A class that no result has: where sendfile is switched off, a file is read like any other iterable.
        self.file_wrapper = FileWrapper if cfg.sendfile is not False else Loop
        self.poller = make_poller(cfg.threads)
        self.queue, self.once, self.edge = self.poller.queue, self.poller.once, self.poller.edge
        self.keepalive = float(cfg.keepalive)
        self.max_requests = worker.max_requests
        self.context: ssl.SSLContext | None = worker.tls_context()
        base = worker.base_environ()
        self.sites = {site.sock.fileno(): site for site in (Site(sock, cfg, base) for sock in worker.sockets)}
        self.connections: dict[int, Connection] = {}
        self.most = worker.most_connections()
        self.small = self.reader.small = min(BUFFER, self.options.max_body or BUFFER)
        """The largest body that is read before a thread is taken."""
        self.threads = Threads(cfg.threads, self.run, self.options, self.log)
        self.accepting = False
        self.entrance = threading.Lock()
        """Held while a connection is taken from the system, so that a stop knows of all that were."""

    # Threads

    def start(self) -> None:
        self.resume_accepting()
        self.threads.start()

    def run(self, seat: Seat) -> None:
        """What a thread does until the worker ends, or until it is one too many."""
        seat.ident = threading.get_ident()
        wait, threads = self.poller.wait, self.threads
        while not self.ended and not (threads.present > threads.number and threads.leave(seat)):
            try:
                wait(seat)
                self.take_turns(seat)
            except Exception:
                if not self.ended:
                    self.log.exception("Error in a thread of the worker")

    # Connections

    def not_waiting(self, fd: int, doubtful: bool, seat: Seat) -> Connection | None:
        """Accept, or tell the owner of a connection of an event; the connection, where it has no owner by then."""
        if fd in self.sites:
            self.accept(self.sites[fd], seat)
            return None
        connection = self.connections.get(fd)
        if connection is None:
            return None
        if doubtful:
            connection.doubtful = True
        connection.missed = True
        # Where that thread did not see it, it has let go of the connection.
        return self.waiting.pop(fd, None)

    def resume_accepting(self) -> None:
        if not self.accepting and not self.stopping:
            self.accepting = True
            for fd in self.sites:
                self.poller.add_listener(fd)

    def pause_accepting(self) -> None:
        if self.accepting:
            self.accepting = False
            for fd in self.sites:
                self.poller.remove_listener(fd)

    def accept(self, site: Site, seat: Seat) -> bool:
        """Take one connection and begin with it; whether there was one."""
        try:
            with self.entrance:
                sock, peer = site.sock.accept()
                connection = Connection(sock, peer, site)
                self.connections[connection.fd] = connection
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM) and not self.make_room():
                # Nothing can be closed: the main thread tries again in a second.
                self.pause_accepting()
            return False
        sock.setblocking(False)
        if len(self.connections) > self.most and not self.make_room():
            self.pause_accepting()
        if self.context is not None:
            connection.tls = True
            connection.state = HANDSHAKE
            try:
                connection.sock = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            except OSError:
                self.drop(connection)
                return True
        connection.deadline = self._until(self.options.head_timeout)
        self.attend(connection, seat)
        return True

    def make_room(self) -> bool:
        """Close the connection that has been idle for longest."""
        for fd, connection in islice(list(self.waiting.items()), 1000):
            if connection.state == HEAD and self.waiting.pop(fd, None) is not None:
                self.drop(connection)
                return True
        return False

    def drop(self, connection: Connection, *, reset: bool = False) -> None:
        """Close a connection that is ours."""
        if self.connections.get(connection.fd) is connection:
            del self.connections[connection.fd]
            if connection.armed:
                self.poller.forget(connection.fd)
        connection.close(reset=reset)

    def end(self, connection: Connection) -> None:
        """Close a connection after its last response, when the client has closed it (RFC 9112, 9.6).

        More may be coming from it; closing a socket with unread data makes the client's system drop what the client has
        not read yet.
        """
        connection.shut()
        connection.state = LINGER
        connection.data = b""
        connection.deadline = monotonic() + LINGERING
        self.park(connection, READ)

    def _until(self, seconds: float) -> float:
        return self.now + seconds if seconds else NEVER

    def until_written(self, connection: Connection) -> float:
        """Until when a client has to take more of its response."""
        return connection.write_deadline(monotonic(), self.options.write_timeout, self.options.write_rate)

    # Less usual events

    def resume(self, connection: Connection, seat: Seat) -> None:
        """Go on with a connection that waited for anything but a head."""
        state = connection.state
        if state == BODY or (state == HANDSHAKE and self._shake_hands(connection)):
            self.read(connection, seat)
        elif state == LINGER:
            self._discard(connection)
        elif state == FLUSH:
            if not connection.flush():
                connection.deadline = self.until_written(connection)
                self.park(connection, WRITE)
            elif connection.closing:
                self.end(connection)
            else:
                connection.state = HEAD
                if connection.data:
                    self.requests(connection, bytes(connection.data), seat)
                else:
                    self.read(connection, seat)

    def _shake_hands(self, connection: Connection) -> bool:
        try:
            connection.sock.do_handshake()
        except ssl.SSLWantReadError:
            self.park(connection, READ)
            return False
        except ssl.SSLWantWriteError:
            self.park(connection, WRITE)
            return False
        connection.state = HEAD
        return True

    def _discard(self, connection: Connection) -> None:
        """Read and drop, until the client has closed."""
        for _ in range(16):
            try:
                if not connection.sock.recv(BUFFER):
                    self.drop(connection)
                    return
            except WOULD_BLOCK:
                break
        else:
            connection.drained = False
        self.park(connection, READ)

    def wait_for_more(self, connection: Connection, fresh: int) -> bool:
        """Whether *fresh* more bytes cannot have completed anything, so that the connection waits again.

        What comes byte by byte is not looked through at each of them.
        """
        data = connection.data
        if connection.state == HEAD:
            begin = max(0, len(data) - fresh)
            limit = self.reader.largest if connection.tries else self.reader.limit_line
            if data.find(b"\n", begin) >= 0 or len(data) > limit:
                connection.tries = 1
                return False
        elif connection.pending is None or not 0 <= len(data) < connection.pending.length:
            return False
        else:
            self._allow_body(connection, len(data))
        self.park(connection, READ)
        return True

    def keep_head(self, connection: Connection, data: bytes) -> None:
        """Wait for the rest of a head that begins with *data*."""
        if type(connection.data) is not bytearray:
            connection.data = bytearray(data)
            connection.deadline = self._until(self.options.head_timeout)
        self.park(connection, READ)

    # Bodies

    def body(self, connection: Connection, request: Request, data: bytes) -> Any:
        """The body as a file: whole where it is small, else read by the view; None when more has to come first."""
        if request.whole is not None:
            connection.data = data
            return self._filled(connection, request, request.whole)
        length, small, limit = request.length, self.small, self.options.max_body
        if connection.pending is None:
            connection.tries = 0
        known = announced(request, data) if length == CHUNKED else length
        if limit and known > limit:
            self.refuse(connection, request, TooLarge(), status=413)
            return None
        if length == CHUNKED:
            if len(data) <= small and connection.tries < TRIES:
                return self._small_chunked(connection, request, data)
        elif length <= small:
            if len(data) < length:
                self._await_body(connection, request, data)
                return None
            connection.data = data[length:]
            return self._filled(connection, request, data[:length])
        source = Source(data)
        connection.data = b""
        self.look_away(connection)
        source.open(connection, self, request.expects)
        request.source = source
        if length == CHUNKED:
            return chunked_body(request.exact, source, limit)
        return sized_body(length, source, limit)

    def _small_chunked(self, connection: Connection, request: Request, data: bytes) -> Any:
        if b"\r\n\r\n" in data:
            connection.tries += 1
            try:
                whole = read_whole(request.exact, data, self.small)
            except Exception as error:
                self.refuse(connection, request, error)
                return None
            if whole is not None:
                connection.data = whole[1]
                return self._filled(connection, request, whole[0])
        self._await_body(connection, request, data)
        return None

    def _filled(self, connection: Connection, request: Request, content: bytes) -> io.BytesIO:
        if request.expects:
            connection.send(CONTINUE)
        return io.BytesIO(content)

    def _await_body(self, connection: Connection, request: Request, data: bytes) -> None:
        if connection.pending is None:
            connection.pending = request
            connection.state = BODY
            connection.started = self.now
            if request.expects:
                request.expects = False
                connection.send(CONTINUE)
        if len(connection.data) != len(data):
            connection.data = bytearray(data)
        self._allow_body(connection, len(data))
        self.park(connection, READ)

    def _allow_body(self, connection: Connection, size: int) -> None:
        """Set how long a body of which *size* bytes have come may take."""
        options = self.options
        if not options.body_timeout:
            connection.deadline = NEVER
        else:
            earned = size / options.body_rate if options.body_rate else self.now - connection.started
            connection.deadline = connection.started + options.body_timeout + earned

    def left_unread(self, connection: Connection, request: Request, body: StreamedBody) -> bool:
        """Whether a view did not read all of a body; what follows one that it read is the next request."""
        if not body.finished():
            return True
        connection.data = request.source.take_buffered()
        return False

    # Errors

    def tell_failure(self, response: Response, body: Any, error: BaseException) -> None:
        """Have the observer see the status that the client will, not one that the application had in mind."""
        if type(body) is StreamedBody and body.error is not None:
            response.code, response.status = body.error.status, body.error.line
        elif not is_end(error, response.connection.handed_over):
            response.code, response.status = 500, "500 Internal Server Error"

    def failed(
        self, connection: Connection, request: Request, response: Response, body: Any, error: BaseException
    ) -> None:
        """The application raised."""
        if response.head_sent:
            self.log.error("Error handling request %s", request.environ.get("RAW_URI"), exc_info=error)
            # Nothing that the client could take for the end.
            self.drop(connection, reset=not response.chunked)
        elif type(body) is StreamedBody and body.error is not None:
            # Whatever the application made of it.
            self._answer_error(connection, request, body.error, body.error.status)
        else:
            self._answer_error(connection, request, error, 0)

    def refuse(self, connection: Connection, request: Request | None, error: BaseException, status: int = 0) -> None:
        """Answer what is not for the application, and close."""
        content = self._answer_error(connection, request, error, status)
        if self.worker.metrics is not None:
            self.worker.metrics.count_refused(int(content[9:12]))

    def _answer_error(self, connection: Connection, request: Request | None, error: Any, status: int) -> bytes:
        """Send an error response, as gunicorn words it, and close."""
        captured = Captured()
        self.worker.report(request, captured, connection.peer, error, status)
        content = captured.content()
        connection.pending, connection.closing = None, True
        try:
            connection.send(content)
            if connection.out:
                connection.state = FLUSH
                connection.deadline = self.until_written(connection)
                self.park(connection, WRITE)
            else:
                self.end(connection)
        except OSError:
            self.drop(connection)
        return content

    def retire(self) -> None:
        self.worker.retire("its number of requests is reached")

    # The main thread

    def tick(self) -> None:
        """Once a second: close what has waited for too long."""
        now = self.now = monotonic()
        for fd, connection in list(self.waiting.items()):
            if connection.deadline > now:
                continue
            taken = self.waiting.pop(fd, None)
            if taken is None:
                continue
            if taken.deadline > now:
                # Another connection with the same number; whatever came for it comes again.
                self.park(taken, WRITE if taken.state == FLUSH else READ)
            else:
                self._timed_out(taken)
        held.total = sum(connection.in_memory for connection in list(self.connections.values()))
        if not self.accepting and len(self.connections) < self.most:
            self.resume_accepting()

    def _timed_out(self, connection: Connection) -> None:
        if connection.state == BODY or (connection.state == HEAD and connection.data):
            self.refuse(connection, None, Stalled("the request came too slowly"), status=408)
        else:
            self.drop(connection, reset=connection.state == FLUSH)

    def overdue(self, seconds: float) -> list[Seat]:
        """The threads whose request takes longer than that."""
        now = monotonic()
        return [seat for seat in self.threads.seats if seat.connection is not None and now - seat.since > seconds]

    def stop(self) -> None:
        """Take no more connections, but those that wait to be taken; answer each once more, and close it."""
        self.pause_accepting()
        self.stopping = True
        seat = Seat()
        for site in self.sites.values():
            for _ in range(self.cfg.backlog):
                if not self.accept(site, seat):
                    break
            with self.entrance:
                site.sock.close()
        until = monotonic() + LINGERING
        for connection in list(self.waiting.values()):
            if connection.state in (HEAD, HANDSHAKE):
                connection.deadline = min(connection.deadline, until)

    def busy(self) -> bool:
        return bool(self.connections)

    def close(self) -> None:
        """End the threads that wait, and close what is left."""
        self.ended = True
        self.poller.wake_all()
        self.drop_waiting()

    def drop_waiting(self) -> None:
        for fd in list(self.waiting):
            connection = self.waiting.pop(fd, None)
            if connection is not None:
                self.drop(connection)
