"""The threads of a worker: each waits for any connection, and answers what it was woken for.

No thread hands a request to another. A connection that waits is in :attr:`Loop.waiting`; whoever takes it out of
there owns it: the thread that its event woke, or the main thread when its time is over.
"""

from __future__ import annotations

import errno
import io
import socket
import ssl
import threading
from itertools import count, islice
from time import monotonic
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.http.message import _ip_in_allow_list
from gunicorn.http.wsgi import FileWrapper

from .body import CONTINUE, Source, StreamedBody, TooLarge, chunked_body, read_whole, sized_body
from .connection import BODY, FLUSH, HANDSHAKE, HEAD, LINGER, WOULD_BLOCK, Connection, Stalled
from .errors import TIMED_OUT, TOO_LARGE, Captured
from .poller import READ, WRITE, make_poller
from .request import CHUNKED, HeadReader, Request
from .response import Response

BUFFER = 64 * 1024
"""Bytes that are read at once, and the largest body that is read before a thread is taken."""
TRIES = 8
"""How often a chunked body is looked through before a thread waits for its end."""
LINGERING = 2.0
"""Seconds for a visitor to take the last response, and, when the worker stops, to send one more request."""
TURNS = 32
"""Requests of one connection that are answered in a row, when they were all sent at once."""


class Site:
    """A socket that is listened to, and what follows from it for its connections."""

    def __init__(self, listener: Any, cfg: Any) -> None:
        self.sock: socket.socket = getattr(listener, "sock", listener)
        self.address = self.sock.getsockname()
        self.unix = not isinstance(self.address, tuple)
        self.server = None if self.unix else (self.address[0], str(self.address[1]))
        self.scheme = "https" if cfg.is_ssl else "http"
        self.allowed = cfg.forwarded_allow_ips
        self.networks = cfg.forwarded_allow_networks()

    def trusts(self, peer: Any) -> bool:
        """Whether *peer* is a proxy whose headers count."""
        return not isinstance(peer, tuple) or _ip_in_allow_list(peer[0], self.allowed, self.networks)


class Seat:
    """What one thread is doing."""

    __slots__ = ("buffer", "connection", "environ", "ident", "reported", "since")

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(BUFFER))
        self.connection: Connection | None = None
        self.environ: dict[str, Any] | None = None
        self.since = 0.0
        self.ident = 0
        self.reported = False


class Loop:
    """All connections of a worker, and the threads that answer them."""

    def __init__(self, worker: Any) -> None:
        cfg = worker.cfg
        self.worker = worker
        self.app = worker.wsgi
        self.cfg = cfg
        self.options = worker.options
        self.log = worker.log
        self.reader = HeadReader(cfg, worker.base_environ())
        self.context: ssl.SSLContext | None = worker.tls_context()
        self.observer = worker.observer()
        """Told about each request, for hooks, the access log and the metrics; None where there is nothing to tell."""
        self.poller = make_poller(cfg.threads)
        self.sites = {site.sock.fileno(): site for site in (Site(listener, cfg) for listener in worker.sockets)}
        self.connections: dict[int, Connection] = {}
        self.waiting: dict[int, Connection] = {}
        """In the order in which they began to wait."""
        self.most = worker.most_connections()
        self.keepalive = float(cfg.keepalive)
        self.seats = [Seat() for _ in range(cfg.threads)]
        self.stopping = False
        self.accepting = False
        self.ended = False
        self.answered = count(1)
        self.max_requests = worker.max_requests
        self.now = monotonic()
        self.small = min(BUFFER, self.options.max_body or BUFFER)

    # Threads

    def start(self) -> None:
        self.resume_accepting()
        for number, seat in enumerate(self.seats):
            threading.Thread(target=self.run, args=(seat,), name=f"bolthead-{number}", daemon=True).start()

    def run(self, seat: Seat) -> None:
        """What a thread does until the worker ends."""
        seat.ident = threading.get_ident()
        wait, waiting, sites = self.poller.wait, self.waiting, self.sites
        while not self.ended:
            try:
                for fd, _ in wait():
                    connection = waiting.pop(fd, None)
                    if connection is not None:
                        self.attend(connection, seat)
                    elif fd in sites:
                        self.accept(sites[fd], seat)
            except Exception:
                if not self.ended:
                    self.log.exception("Error in a thread of the worker")

    def attend(self, connection: Connection, seat: Seat) -> None:
        """Go on with a connection that is ours until it waits again or is closed."""
        try:
            self._advance(connection, seat)
        except (ConnectionError, Stalled, ssl.SSLError) as error:
            self.log.debug("Closing a connection: %s", error)
            self.drop(connection)
        except BaseException:
            self.log.exception("Error in a connection")
            self.drop(connection, reset=True)

    # Connections

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
            sock, peer = site.sock.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM) and not self.make_room():
                # Nothing can be closed: the main thread tries again in a second.
                self.pause_accepting()
            return False
        sock.setblocking(False)
        connection = Connection(sock, peer, site)
        self.connections[connection.fd] = connection
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

    def park(self, connection: Connection, wanted: int) -> None:
        """Let a connection wait for its next event. It may belong to another thread afterwards."""
        fd = connection.fd
        self.waiting[fd] = connection
        if self.ended:
            self._drop_waiting()
        elif connection.registered:
            self.poller.arm(fd, wanted)
        else:
            connection.registered = True
            self.poller.add(fd, wanted)

    def drop(self, connection: Connection, *, reset: bool = False) -> None:
        """Close a connection that is ours."""
        if self.connections.get(connection.fd) is connection:
            del self.connections[connection.fd]
        connection.close(reset=reset)

    def end(self, connection: Connection) -> None:
        """Close a connection after its last response, when the visitor has closed it (RFC 9112, 9.6).

        More may be coming from him; a socket that is closed before it was read makes his system forget what he has
        not read yet.
        """
        connection.shut()
        connection.state = LINGER
        connection.data = b""
        connection.deadline = monotonic() + LINGERING
        self.park(connection, READ)

    def _until(self, seconds: float) -> float:
        return self.now + seconds if seconds else float("inf")

    # What a connection does next

    def _advance(self, connection: Connection, seat: Seat) -> None:
        state = connection.state
        if state == HANDSHAKE:
            if not self._shake_hands(connection):
                return
        elif state == FLUSH:
            if not connection.flush():
                connection.deadline = self._until(self.options.write_timeout)
                self.park(connection, WRITE)
                return
            if connection.closing:
                self.end(connection)
                return
            connection.state = HEAD
            if connection.data:
                self._requests(connection, connection.data, seat)
                return
        elif state == LINGER:
            self._discard(connection, seat)
            return
        self._read(connection, seat)

    def _read(self, connection: Connection, seat: Seat) -> None:
        """Read what has come, and answer it."""
        buffer = seat.buffer
        try:
            size = connection.sock.recv_into(buffer)
        except WOULD_BLOCK:
            self._wait_for_more(connection)
            return
        if not size:
            self._gone(connection)
            return
        data: Any = buffer[:size]
        if connection.data:
            connection.data += data
            data = connection.data
            if connection.state == HEAD and size < BUFFER and b"\n" not in bytes(buffer[:size]):
                # No line is complete that was not complete before: a slow head is not looked through at each byte.
                if len(data) <= (self.reader.largest if connection.tries else self.reader.limit_line):
                    self._wait_for_more(connection)
                    return
                connection.tries = 1
        self._requests(connection, data, seat)

    def _wait_for_more(self, connection: Connection) -> None:
        self.park(connection, READ)

    def _gone(self, connection: Connection) -> None:
        """The visitor has ended his side."""
        if connection.pending is not None:
            self.refuse(connection, None, NoMoreData(b"the body ended early"), status=400)
        else:
            self.drop(connection)

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

    def _discard(self, connection: Connection, seat: Seat) -> None:
        """Read and forget, until the visitor has closed."""
        for _ in range(16):
            try:
                if not connection.sock.recv_into(seat.buffer):
                    self.drop(connection)
                    return
            except WOULD_BLOCK:
                break
        self.park(connection, READ)

    def _requests(self, connection: Connection, data: Any, seat: Seat) -> None:
        """Answer the requests in *data*, as many as are complete."""
        for _ in range(TURNS):
            request: Request | None = connection.pending
            if request is None:
                try:
                    request = self.reader.read(data, connection)
                except Exception as error:
                    self.refuse(connection, None, error)
                    return
                if request is None:
                    self._keep_head(connection, data)
                    return
                connection.tries = 0
                data = data[request.consumed :]
                if self._declined(connection, request):
                    return
            elif self.stopping:
                request.keep_alive = False
            body: Any
            if request.length == 0:
                body = io.BytesIO()
                connection.data = bytes(data) if len(data) else b""
            else:
                body = self._body(connection, request, data)
                if body is None:
                    return
            connection.pending = None
            if not self.answer(connection, request, body, seat):
                return
            data = connection.data
            if not data:
                if connection.tls:
                    self._read(connection, seat)
                    return
                self.park(connection, READ)
                return
        # The others have their turn: an event comes at once where there is room to write.
        connection.state = FLUSH
        self.park(connection, WRITE)

    def _keep_head(self, connection: Connection, data: Any) -> None:
        if connection.data is not data:
            if not connection.data or (connection.state == HEAD and connection.count):
                connection.deadline = self._until(self.options.head_timeout)
            connection.data = bytearray(data)
        if connection.tls:
            pending = connection.sock.pending()
            if pending:
                connection.data += connection.sock.recv(pending)
        self.park(connection, READ)

    def _declined(self, connection: Connection, request: Request) -> bool:
        """Whether a body was refused by its announced length."""
        limit = self.options.max_body
        if limit and request.length > limit:
            self.refuse(connection, request, TooLarge(f"{request.length} bytes"), status=413)
            return True
        return False

    def _body(self, connection: Connection, request: Request, data: Any) -> Any:
        """The body as a file: whole where it is small, else read by the view; None when more has to come first."""
        small = self.small
        length = request.length
        if length == CHUNKED:
            if len(data) <= small and connection.tries < TRIES:
                if b"\r\n\r\n" in bytes(data[-BUFFER:]):
                    connection.tries += 1
                    try:
                        whole = read_whole(request.exact, bytes(data), small)
                    except Exception as error:
                        self.refuse(connection, request, error)
                        return None
                    if whole is not None:
                        connection.data = whole[1]
                        return io.BytesIO(whole[0])
                self._await_body(connection, request, data)
                return None
        elif length <= small:
            if len(data) >= length:
                connection.data = bytes(data[length:])
                return io.BytesIO(data[:length])
            self._await_body(connection, request, data)
            return None
        source = Source(bytes(data))
        connection.data = b""
        source.open(connection, self.options, request.expects)
        request.source = source
        limit = self.options.max_body
        if length == CHUNKED:
            return chunked_body(request.exact, source, limit)
        return sized_body(length, source, limit)

    def _await_body(self, connection: Connection, request: Request, data: Any) -> None:
        options = self.options
        if connection.pending is None:
            connection.pending = request
            connection.state = BODY
            connection.started = self.now
            if request.expects:
                request.expects = False
                connection.send(CONTINUE)
        if connection.data is not data:
            connection.data = bytearray(data)
        if options.body_timeout:
            allowed = options.body_timeout + (len(data) / options.body_rate if options.body_rate else 0)
            connection.deadline = connection.started + allowed
        else:
            connection.deadline = float("inf")
        self.park(connection, READ)

    # Answering

    def answer(self, connection: Connection, request: Request, body: Any, seat: Seat) -> bool:
        """Call the application and send what it gives; whether the connection is still ours and expects a request."""
        environ = request.environ
        connection.count += 1
        connection.state = HEAD
        close = not request.keep_alive or not self.keepalive
        if next(self.answered) >= self.max_requests:
            self.worker.retire("its number of requests is reached")
            close = True
        response = Response(self, connection, request.modern, environ["REQUEST_METHOD"] == "HEAD", close)
        if request.expects:
            if type(body) is io.BytesIO:
                connection.send(CONTINUE)
            request.expects = False
        environ["wsgi.input"] = body
        environ["wsgi.early_hints"] = response.early_hints
        environ["gunicorn.socket"] = connection.sock
        if "HTTP_UPGRADE" in environ and environ.get("HTTP_CONNECTION", "").lower().find("upgrade") >= 0:
            # Whoever takes over the socket expects one that blocks.
            connection.sock.setblocking(True)
        seat.connection = connection
        seat.environ = environ
        seat.since = monotonic()
        observer = self.observer
        try:
            if observer is not None:
                observer.begin(request, environ)
            try:
                self._run(environ, response, body)
            finally:
                if observer is not None:
                    observer.end(request, environ, response, monotonic() - seat.since)
        except (ConnectionError, Stalled) as error:
            self.log.debug("The visitor left: %s", error)
            self.drop(connection)
            return False
        except BaseException as error:
            self._failed(connection, request, response, body, error)
            return False
        finally:
            seat.connection = None
            seat.environ = None
        return self._after(connection, request, response, body)

    def _run(self, environ: dict[str, Any], response: Response, body: Any) -> None:
        result = self.app(environ, response.start)
        try:
            if type(body) is StreamedBody and body.error is not None and not 400 <= response.code < 500:
                raise body.error
            kind = type(result)
            if (kind is list or kind is tuple) and not response.head_sent:
                response.send_all(result)
                return
            if kind is FileWrapper and self.cfg.sendfile is not False and response.send_file(result):
                return
            for piece in result:
                response.write(piece)
            response.finish()
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _failed(
        self, connection: Connection, request: Request, response: Response, body: Any, error: BaseException
    ) -> None:
        """The application raised."""
        if response.head_sent:
            self.log.error("Error handling request %s", request.environ.get("RAW_URI"), exc_info=error)
            # Nothing that the visitor could take for the end.
            self.drop(connection, reset=not response.chunked)
            return
        if type(body) is StreamedBody and body.error is not None:
            # Whatever the application made of it.
            self.refuse(connection, request, body.error, status=body.error.status)
        else:
            self.refuse(connection, request, error)

    def _after(self, connection: Connection, request: Request, response: Response, body: Any) -> bool:
        closing = response.close
        if type(body) is StreamedBody:
            if body.finished():
                connection.data = request.source.take_buffered()
            else:
                closing = True
        if not response.complete():
            self.log.error("The response to %s is shorter than announced", request.environ.get("RAW_URI"))
            self.drop(connection, reset=True)
            return False
        if response.upgrade or response.code == 101:
            self.drop(connection)
            return False
        if connection.out:
            connection.state = FLUSH
            connection.closing = closing
            connection.deadline = self._until(self.options.write_timeout)
            self.park(connection, WRITE)
            return False
        if closing:
            self.end(connection)
            return False
        connection.deadline = self.now + (LINGERING if self.stopping else self.keepalive)
        return True

    def refuse(self, connection: Connection, request: Request | None, error: BaseException, status: int = 0) -> None:
        """Send an error response, as gunicorn words it, and close."""
        captured = Captured()
        if status == 413:
            captured.sendall(TOO_LARGE)
        elif status == 408:
            captured.sendall(TIMED_OUT)
        else:
            self.worker.report(request, captured, connection.peer, error, status)
        connection.pending = None
        connection.closing = True
        try:
            connection.send(captured.content())
            if connection.out:
                connection.state = FLUSH
                connection.deadline = self._until(self.options.write_timeout)
                self.park(connection, WRITE)
            else:
                self.end(connection)
        except OSError:
            self.drop(connection)

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
        if not self.accepting and len(self.connections) < self.most:
            self.resume_accepting()

    def _timed_out(self, connection: Connection) -> None:
        if connection.state == BODY or (connection.state == HEAD and connection.data):
            self.refuse(connection, None, Stalled("the request came too slowly"), status=408)
        else:
            self.drop(connection, reset=connection.state == FLUSH)

    def overdue(self, seconds: float) -> list[Seat]:
        """The threads whose request takes longer than that, each once."""
        now = monotonic()
        found = []
        for seat in self.seats:
            if seat.connection is None:
                seat.reported = False
            elif not seat.reported and now - seat.since > seconds:
                seat.reported = True
                found.append(seat)
        return found

    def stop(self) -> None:
        """Take no more connections, but those that wait to be taken; answer each once more, and close it."""
        self.pause_accepting()
        self.stopping = True
        seat = Seat()
        for site in self.sites.values():
            for _ in range(self.cfg.backlog):
                if not self.accept(site, seat):
                    break
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
        self._drop_waiting()

    def _drop_waiting(self) -> None:
        for fd in list(self.waiting):
            connection = self.waiting.pop(fd, None)
            if connection is not None:
                self.drop(connection)
