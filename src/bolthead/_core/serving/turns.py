# cython: nonecheck=True
"""What a thread does with a connection that it was woken for: read, answer, and let it wait again."""

from __future__ import annotations

import select
import ssl
from collections import deque
from io import BytesIO
from time import monotonic
from typing import Any

from .connection import FLUSH, HEAD, SPENT, Connection, Stalled
from .request import HeadReader, Request
from .response import Response

# PyPy has the event but no name for it.
RDHUP = getattr(select, "EPOLLRDHUP", 0x2000) if hasattr(select, "epoll") else 0
# EPOLLET is negative where a C long has 32 bits.
ALWAYS = (getattr(select, "EPOLLET", 0) & 0xFFFFFFFF) | RDHUP | getattr(select, "EPOLLPRI", 0)
READ = getattr(select, "EPOLLIN", 1) | ALWAYS
WRITE = getattr(select, "EPOLLOUT", 4) | ALWAYS
"""What a socket is waited for, as epoll takes it where several threads wait."""
LINGERING = 2.0
"""Seconds for a client to take the last response, and, when the worker stops, to send one more request."""
BATCH = 64
"""Events that are taken at once."""
TURNS = 32
"""Requests of one connection that are answered in a row, when they were all sent at once."""


class Seat:
    """What one thread is doing."""

    __slots__ = ("connection", "environ", "ident", "reported", "since", "turn")

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.environ: dict[str, Any] | None = None
        self.since = 0.0
        self.ident = 0
        self.turn = 0
        """The number of its event, where the poller counts them."""
        self.reported = 0.0
        """``since`` of the last request that was reported to take too long."""


class Queue:
    """Events that were taken from the system, for whichever thread comes next."""

    __slots__ = ("coming", "inside", "taken", "threads", "turns")

    def __init__(self, threads: int = 1) -> None:
        self.taken: deque[int] = deque()
        self.threads = threads
        self.turns = 0
        """How many were given to threads."""
        self.inside = 0
        """How many of these are being attended to."""
        self.coming = threads == 1
        """Whether a thread is on its way for what is there, so that none needs to be called."""


def is_end(error: BaseException, handed_over: bool) -> bool:
    """Whether *error* says that nobody waits for a response; *handed_over*: the application has the socket."""
    if isinstance(error, StopIteration):
        # As gunicorn's own workers take it, of a view that has talked over the socket by itself.
        return handed_over
    # A socket that is connected is not refused: that one is the application's.
    return isinstance(error, (ConnectionError, Stalled)) and not isinstance(error, ConnectionRefusedError)


class Turns:
    """The part of the worker's loop that each request goes through; the rest is in the subclass.

    A connection that waits is in *waiting*; the thread that takes it out of there owns it.
    """

    __slots__ = (
        "answered",
        "app",
        "edge",
        "ended",
        "file_wrapper",
        "keepalive",
        "log",
        "max_requests",
        "now",
        "observer",
        "once",
        "options",
        "poller",
        "queue",
        "reader",
        "rules",
        "stopping",
        "waiting",
    )

    app: Any
    log: Any
    observer: Any
    options: Any
    poller: Any
    reader: HeadReader
    rules: Any
    file_wrapper: Any

    def __init__(self) -> None:
        self.waiting: dict[int, Connection] = {}
        """In the order in which they began to wait."""
        self.stopping = False
        self.ended = False
        self.queue = Queue()
        self.once = False
        """Whether the poller waits no longer for a socket that had an event."""
        self.edge = False
        """Whether it tells of what comes when it comes, and not of what is there."""
        self.answered = 0
        self.max_requests = 0
        self.keepalive = 0.0
        self.now = monotonic()
        """The time, to the second."""

    # What the subclass does

    def not_waiting(self, fd: int, doubtful: bool, seat: Seat) -> Connection | None:
        raise NotImplementedError

    def drop(self, connection: Connection, *, reset: bool = False) -> None:
        raise NotImplementedError

    def end(self, connection: Connection) -> None:
        raise NotImplementedError

    def refuse(self, connection: Connection, request: Request | None, error: BaseException, status: int = 0) -> None:
        raise NotImplementedError

    def resume(self, connection: Connection, seat: Seat) -> None:
        raise NotImplementedError

    def wait_for_more(self, connection: Connection, fresh: int) -> bool:
        raise NotImplementedError

    def keep_head(self, connection: Connection, data: bytes) -> None:
        raise NotImplementedError

    def body(self, connection: Connection, request: Request, data: bytes) -> Any:
        raise NotImplementedError

    def failed(
        self, connection: Connection, request: Request, response: Response, body: Any, error: BaseException
    ) -> None:
        raise NotImplementedError

    def tell_failure(self, response: Response, body: Any, error: BaseException) -> None:
        raise NotImplementedError

    def left_unread(self, connection: Connection, request: Request, body: Any) -> bool:
        raise NotImplementedError

    def until_written(self, connection: Connection) -> float:
        raise NotImplementedError

    def retire(self) -> None:
        raise NotImplementedError

    def drop_waiting(self) -> None:
        raise NotImplementedError

    # Events

    def take_turns(self, seat: Seat) -> None:
        """Attend to what is in the queue, until it is empty or other threads took many turns during one of this."""
        queue = self.queue
        taken = queue.taken
        for _ in range(BATCH):
            try:
                event: int = taken.popleft()
            except IndexError:
                return
            queue.turns += 1
            turn = seat.turn = queue.turns
            if not queue.coming and taken:
                self.poller.call()
            doubtful = event < 0
            fd = ~event if doubtful else event
            connection: Any = self.waiting.pop(fd, None)
            if connection is None:
                connection = self.not_waiting(fd, doubtful, seat)
            if connection is not None:
                if doubtful:
                    connection.doubtful = True
                if self.once:
                    connection.armed = SPENT
                queue.inside += 1
                self._attend(connection, seat)
                queue.inside -= 1
            if queue.turns - turn > queue.threads:
                return

    def attend(self, connection: Connection, seat: Seat) -> None:
        """Go on with a connection that is ours until it waits again or is closed."""
        self._attend(connection, seat)

    def _attend(self, connection: Connection, seat: Seat) -> int:
        try:
            if connection.state == HEAD:
                self._read(connection, seat)
            else:
                self.resume(connection, seat)
        except (ConnectionError, Stalled, ssl.SSLError) as error:
            self.log.debug("Closing a connection: %s", error)
            self.drop(connection)
        except BaseException:
            self.log.exception("Error in a connection")
            self.drop(connection, reset=True)
        return 0

    def park(self, connection: Connection, wanted: int) -> int:
        """Let a connection wait for its next event. It may belong to another thread afterwards."""
        fd = connection.fd
        while True:
            doubt = self.edge and (not connection.drained or wanted == WRITE)
            if doubt or connection.missed or connection.armed != wanted:
                # The poller looks anew, and tells of what is there already.
                connection.missed = False
                known, connection.armed = connection.armed, wanted
                if known:
                    self.poller.arm(fd, wanted)
                else:
                    self.poller.add(fd, wanted)
            self.waiting[fd] = connection
            if self.ended:
                self.drop_waiting()
                return fd
            if not connection.missed:
                return fd
            # There was an event before it was there to be taken. By now it may belong to another thread, or the number
            # to another connection; whatever came for that one comes again.
            found: Any = self.waiting.pop(fd, None)
            if found is None:
                return fd
            connection = found
            connection.drained = False
            wanted = WRITE if connection.state == FLUSH else READ

    def look_away(self, connection: Connection) -> None:
        """Have no events of a connection that a view reads by itself."""
        if self.edge and connection.armed:
            self.poller.arm(connection.fd, 0)
            connection.armed = SPENT

    def read(self, connection: Connection, seat: Seat) -> None:
        self._read(connection, seat)

    def _read(self, connection: Connection, seat: Seat) -> int:
        """Read what has come, and answer it."""
        data: Any = connection.receive()
        if data is None:
            return self.park(connection, READ)
        if connection.data:
            connection.data += data
            if data:
                if self.wait_for_more(connection, len(data)):
                    return 0
                return self._requests(connection, bytes(connection.data), seat)
        if not data:
            # The client has ended its side; half a body is an error, half a head is nothing.
            if connection.pending is not None:
                self.refuse(connection, None, ConnectionError("the body ended early"), status=400)
            else:
                self.drop(connection)
            return 0
        return self._requests(connection, data, seat)

    def requests(self, connection: Connection, data: bytes, seat: Seat) -> None:
        self._requests(connection, data, seat)

    def _requests(self, connection: Connection, data: bytes, seat: Seat) -> int:
        """Answer the requests in *data*, as many as are complete."""
        for _ in range(TURNS):
            request: Any = connection.pending
            if request is None:
                try:
                    request = self.reader.read(data, connection)
                except Exception as error:
                    self.refuse(connection, None, error)
                    return 0
                if request is None:
                    self.keep_head(connection, data)
                    return 0
                # FAST (servers): mostly nothing comes behind it.
                data = data[request.consumed :] if request.consumed < len(data) else b""
            size = request.length
            if 0 < size <= len(data) and size <= self.reader.small and not request.expects:
                # FAST (servers): a small body that came with its head.
                body = BytesIO(data[:size])
                connection.data = data[size:]
                connection.pending = None
            elif size:
                body = self.body(connection, request, data)
                if body is None:
                    return 0
                connection.pending = None
            else:
                body = BytesIO()
                connection.data = data
            if not self._answer(connection, request, body, seat):
                return 0
            data = connection.data
            if not data:
                return self.park(connection, READ)
        # The others have their turn: an event comes at once where there is room to write.
        connection.state = FLUSH
        return self.park(connection, WRITE)

    # Answering

    def _answer(self, connection: Connection, request: Request, body: Any, seat: Seat) -> bool:
        """Call the application and send what it gives; whether the connection is still ours and expects a request."""
        environ = request.environ
        connection.count += 1
        connection.state = HEAD
        self.answered += 1
        if self.answered >= self.max_requests:
            self.retire()
        response = Response(
            self,
            connection,
            request.modern,
            environ["REQUEST_METHOD"] == "HEAD",
            not request.keep_alive or self.keepalive == 0,
        )
        environ["wsgi.input"] = body
        environ["wsgi.early_hints"] = response.early_hints
        environ["gunicorn.socket"] = connection.sock
        if "HTTP_UPGRADE" in environ and "upgrade" in environ.get("HTTP_CONNECTION", "").lower():
            connection.hand_over()
            self.look_away(connection)
        seat.since = monotonic()
        seat.environ = environ
        seat.connection = connection
        observer = self.observer
        try:
            if observer is None:
                self._run(environ, response, body)
            else:
                observer.begin(connection, request, environ)
                try:
                    self._run(environ, response, body)
                except BaseException as error:
                    if not response.head_sent:
                        self.tell_failure(response, body, error)
                    raise
                finally:
                    observer.end(request, environ, response, monotonic() - seat.since)
        except BaseException as error:
            if is_end(error, connection.handed_over):
                self.log.debug("Closing a connection: %s", error)
                self.drop(connection)
            else:
                if connection.handed_over:
                    connection.take_back()
                self.failed(connection, request, response, body, error)
            return False
        finally:
            seat.connection = None
            seat.environ = None
        return self._after(connection, request, response, body)

    def _run(self, environ: dict[str, Any], response: Response, body: Any) -> int:
        result = self.app(environ, response.start)
        kind = type(result)
        # No answer may pass a broken body off as a whole one.
        broken = type(body) is not BytesIO and body.error is not None and not 400 <= response.code < 500
        if (kind is list or kind is tuple) and not broken and not response.head_sent:
            # FAST (servers): the usual case; a list has nothing to close.
            return response.send_all(result)
        try:
            if broken:
                raise body.error
            if kind is self.file_wrapper and response.send_file(result):
                return 1
            for piece in result:
                response.write(piece)
            response.finish()
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        return 0

    def _after(self, connection: Connection, request: Request, response: Response, body: Any) -> bool:
        closing = response.close
        if type(body) is not BytesIO and self.left_unread(connection, request, body):
            closing = True
        if not response.complete():
            self.log.error("The response to %s is shorter than announced", request.environ.get("RAW_URI"))
            self.drop(connection, reset=True)
            return False
        if response.code == 101:
            self.drop(connection)
            return False
        if connection.out:
            connection.state = FLUSH
            connection.closing = closing
            connection.deadline = self.until_written(connection)
            self.park(connection, WRITE)
            return False
        if closing:
            self.end(connection)
            return False
        connection.deadline = self.now + (LINGERING if self.stopping else self.keepalive)
        return True
