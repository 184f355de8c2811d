"""The production server: granian, run in this process and configured for a WSGI application.

The workers load the application themselves, so that no connection or thread made while importing it is
shared between processes; one short-lived process loads it first, so that what is wrong with it is said once
and before anything listens. This module is the only one that knows granian's private names.
"""

from __future__ import annotations

import errno
import io
import multiprocessing
import os
import re
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DEFAULT_BIND = "127.0.0.1:8000"
DEFAULT_THREADS = 4
DEFAULT_MAX_BODY = 16 * 1024 * 1024
DEFAULT_STOP_TIMEOUT = 30
ACCESS_FORMAT = '%(addr)s - - [%(time)s] "%(method)s %(path)s %(protocol)s" %(status)d %(dt_ms).3fms'
NO_GRANIAN = "'serve' needs granian: install it with  pip install 'bolthead[serve]'"


class ServeError(Exception):
    """Something the user can put right; its text is one line."""


@dataclass(frozen=True)
class Bind:
    """Where to listen: a host and port, or a Unix socket's path."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    def url(self, scheme: str) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return f"{scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def parse_bind(text: str) -> Bind:
    """``host:port``, ``[v6]:port`` or ``unix:/path`` → :class:`Bind`; ValueError says what is wrong."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path or path.startswith("//"):
            raise ValueError(f"{text!r} names no socket; write it as unix:/path/to/socket.")
        return Bind(path=Path(path).absolute())
    match = re.fullmatch(r"\[([0-9A-Fa-f:.%\w]+)\]:([0-9]+)|([^:\[\]/\s]+):([0-9]+)", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not 'host:port', '[v6 address]:port' or 'unix:/path'.")
    host, port = match[1] or match[3], int(match[2] or match[4])
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is not a port; ports go from 1 to 65535.")
    return Bind(host, port)


SIZES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def parse_size(text: str) -> int:
    """A size in bytes, or with k, M or G behind it (powers of 1024)."""
    match = re.fullmatch(r"([0-9]+)([kmg]?)b?", text.strip(), re.IGNORECASE | re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not a size; write bytes, or as in 500k, 16M, 2G.")
    return int(match[1]) * SIZES[match[2].lower()]


@dataclass(frozen=True)
class Options:
    """How to serve. ``max_body`` is in bytes, 0 for no limit; ``stop_timeout`` in seconds."""

    bind: Bind
    workers: int
    threads: int = DEFAULT_THREADS
    cert: Path | None = None
    key: Path | None = None
    access_log: bool = False
    pid_file: Path | None = None
    max_body: int = DEFAULT_MAX_BODY
    stop_timeout: int = DEFAULT_STOP_TIMEOUT

    @property
    def scheme(self) -> str:
        return "https" if self.cert else "http"


# One request, inside a worker


class GranianExchange(Protocol):
    """What granian hands over to be answered."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...
    def response_iter(self, status: int, headers: list[tuple[str, str]], body: Any) -> None: ...


class Answer:
    """The ``start_response`` of one request, and what it was called with."""

    __slots__ = ("headers", "status", "written")

    status: int
    headers: list[tuple[str, str]]

    def __init__(self) -> None:
        self.written: list[bytes] | None = None

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        self.status = int(status[:3])
        self.headers = headers
        return self.write

    def write(self, data: bytes) -> None:
        """PEP 3333's old way to send a body; kept until the application returns."""
        if self.written is None:
            self.written = []
        self.written.append(data)


class Body(io.RawIOBase):
    """``wsgi.input``: exactly *length* bytes, or with *open_ended* at most so many.

    granian ends the stream where the client went away, which would make half an upload look like a whole one:
    a body that is too short is a 400. Of an open-ended body the first byte too many is a 413; Werkzeug's
    ``LimitedStream`` would cut it at the limit when all of it is read at once.
    """

    def __init__(self, source: Any, length: int, open_ended: bool) -> None:
        self._read = source.read
        self._left = length
        self._open_ended = open_ended

    def readable(self) -> bool:
        return True

    def _next(self, wanted: int) -> bytes:
        data: bytes = self._read(min(wanted, self._left + self._open_ended))
        self._left -= len(data)
        if self._left < 0:
            raise RequestEntityTooLarge
        if not data and not self._open_ended and self._left and wanted:
            raise ClientDisconnected
        return data

    def readinto(self, buffer: Any) -> int:
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        parts = []
        while part := self._next(sys.maxsize - 1):
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class Chunks:
    """An application's iterable, in the shape in which granian walks and closes one."""

    __slots__ = ("__next__", "close")

    def __init__(self, body: Iterable[bytes]) -> None:
        self.__next__ = iter(body).__next__
        self.close = getattr(body, "close", _nothing)


def _nothing() -> None:
    pass


def _chain(first: list[bytes], body: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from first
        yield from body
    finally:
        getattr(body, "close", _nothing)()


BUFFER = 64 * 1024
BAD_REQUEST = (
    400,
    [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")],
    b"Bad Request\n",
)
TOO_LARGE = (
    413,
    [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")],
    b"Request Entity Too Large\n",
)


def malformed(scope: dict[str, Any]) -> bool:
    """Whether a request that looks odd is one to refuse; granian lets these through."""
    host = scope.get("HTTP_HOST")
    if not host:
        # RFC 9112, 3.2: only HTTP/1.0 may do without.
        if scope["SERVER_PROTOCOL"] == "HTTP/1.1":
            return True
    elif "," in host:
        # Two Host headers arrive joined.
        return True
    path = scope["PATH_INFO"]
    # RFC 9112, 3.2.4: a target is a path, or ``*`` for OPTIONS.
    return not path.startswith("/") and not (path == "*" and scope["REQUEST_METHOD"] == "OPTIONS")


def only_chunked(transfer_encoding: str) -> bool:
    """Whether a body is chunked and nothing else; granian takes off no other coding."""
    codings = [coding.strip(" \t").lower() for coding in transfer_encoding.split(",")]
    return [coding for coding in codings if coding] == ["chunked"]


def bridge(app: WSGIApplication, options: Options) -> Callable[[GranianExchange, dict[str, Any]], int]:
    """One request from granian to *app* and back.

    Takes the place of granian's own, which puts the whole process environment into every ``environ``: a
    variable ``HTTP_X`` there would be a header of every request, and each request would copy them all.
    """
    limit = options.max_body or sys.maxsize
    base: dict[str, Any] = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": "bolthead",
        "wsgi.errors": sys.stderr,
        # WSGI: not in PEP 3333. The input ends where the body does, for chunked bodies too.
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": options.workers > 1,
        "wsgi.multithread": options.threads > 1,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }

    def answer(exchange: GranianExchange, scope: dict[str, Any]) -> int:
        host = scope.get("HTTP_HOST")
        if (not host or "," in host or scope["PATH_INFO"][:1] != "/") and malformed(scope):
            exchange.response_bytes(*BAD_REQUEST)
            return 400
        length = scope.get("CONTENT_LENGTH")
        if length is not None:
            if int(length) > limit:
                exchange.response_bytes(*TOO_LARGE)
                return 413
            scope["wsgi.input"] = io.BufferedReader(Body(scope["wsgi.input"], int(length), False), BUFFER)
        elif "HTTP_TRANSFER_ENCODING" in scope or scope["SERVER_PROTOCOL"] == "HTTP/2":
            if not only_chunked(scope.get("HTTP_TRANSFER_ENCODING", "chunked")):
                exchange.response_bytes(*BAD_REQUEST)
                return 400
            scope["wsgi.input"] = io.BufferedReader(Body(scope["wsgi.input"], limit, True), BUFFER)

        reply = Answer()
        body = app(base | scope, reply)
        if reply.written is not None:
            body = _chain(reply.written, body)
        if type(body) is list:
            # FAST: one call to granian for a body that is there already.
            exchange.response_bytes(reply.status, reply.headers, body[0] if len(body) == 1 else b"".join(body))
        else:
            exchange.response_iter(reply.status, reply.headers, Chunks(body))
        return reply.status

    return answer


def with_access_log(
    answer: Callable[[GranianExchange, dict[str, Any]], int], log_format: str
) -> Callable[[GranianExchange, dict[str, Any]], int]:
    """*answer*, and a line for each request when it has been answered."""
    from granian.log import log_request_builder

    write: Callable[..., None] = log_request_builder(log_format)  # type: ignore[no-untyped-call]

    def logged(exchange: GranianExchange, scope: dict[str, Any]) -> int:
        now, started = time.time(), time.perf_counter()
        status = 500
        try:
            status = answer(exchange, scope)
        finally:
            line = {
                "addr_remote": scope["REMOTE_ADDR"],
                "protocol": scope["SERVER_PROTOCOL"],
                # Percent-encoded again: a decoded line break would forge a line of the log.
                "path": quote(scope["PATH_INFO"], safe="/:@!$&'()*+,;=~", encoding="latin-1"),
                "qs": scope["QUERY_STRING"],
                "method": scope["REQUEST_METHOD"],
                "scheme": scope["wsgi.url_scheme"],
            }
            write(now, started, line, status)
        return status

    return logged


# The worker processes


@dataclass
class Loader:
    """Loads the application inside a worker; granian calls it there with the name of its target."""

    load: Callable[[], WSGIApplication]
    options: Options

    def __call__(self, target: str = "") -> WSGIApplication:
        from granian import _signals
        from granian.server import mp, mt

        for module in (mp, mt):
            module._wsgi_call_wrap = self.wrap  # type: ignore[attr-defined]
        if (parent := multiprocessing.parent_process()) is not None:
            set_worker_signals()
            _signals.set_main_signals = set_worker_signals
            threading.Thread(target=_stop_without, args=(parent,), daemon=True).start()
        return self.load()

    def wrap(
        self, app: WSGIApplication, scope_opts: object = None, access_format: str | None = None
    ) -> Callable[[GranianExchange, dict[str, Any]], int]:
        answer = bridge(app, self.options)
        return with_access_log(answer, access_format) if access_format else answer


def set_worker_signals(stop: Callable[[int, object], None] | None = None, reload: object = None) -> None:
    """Have TERM call *stop*, or end the process where there is none yet; INT and HUP are the server's alone.

    A terminal sends INT to the workers as well as to the server, which then sends TERM to them.
    """

    def first(number: int, frame: object) -> None:
        if stop is not None and not stopping:
            stopping.append(number)
            stop(number, frame)
            threading.Thread(target=_insist, args=(stop, number), daemon=True).start()

    stopping: list[int] = []
    signal.signal(signal.SIGTERM, first if stop is not None else signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _insist(stop: Callable[[int, object], None], number: int) -> None:
    """Say it again: granian forgets a stop that comes between setting its handlers and serving."""
    for pause in (0.5, 1, 2, 4):
        time.sleep(pause)
        stop(number, None)


def set_signals_of_children() -> None:
    """A fresh worker must not have the server's handlers, which would swallow a TERM while it starts."""
    server = os.getpid()

    def in_child() -> None:
        if os.getppid() == server:
            set_worker_signals()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)


def _stop_without(parent: Any) -> None:
    """A worker whose parent was killed would hold the port for ever."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _try_loading(load: Callable[[], WSGIApplication], complain: Callable[[Exception], None]) -> None:
    code = 1
    try:
        load()
        code = 0
    except KeyboardInterrupt:
        pass
    except Exception as error:
        complain(error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # At once: a thread that the application left running would keep this process, and us, waiting.
        os._exit(code)


def check_app(load: Callable[[], WSGIApplication], complain: Callable[[Exception], None]) -> bool:
    """Load the application in a process of its own; *complain* is called there if that fails."""
    process = multiprocessing.Process(target=_try_loading, args=(load, complain), name="bolthead-check")
    process.start()
    process.join()
    return process.exitcode == 0


# The place to listen at


def claim(bind: Bind) -> Bind:
    """Make sure that the place is free, and turn a host name into an address; :exc:`ServeError` otherwise.

    granian's workers share a port by ``SO_REUSEPORT``, so that a second server on a taken port would not fail
    but get half of the requests. A plain socket tells.
    """
    if bind.path is not None:
        _claim_path(bind.path)
        return bind
    try:
        family, kind, proto, _, address = socket.getaddrinfo(bind.host, bind.port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise ServeError(f"The host {bind.host!r} of --bind is not known.") from None
    with socket.socket(family, kind, proto) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            # BSD and Linux may let two sockets bind, but not both listen.
            probe.listen(1)
        except OSError as error:
            raise ServeError(_why_not(error, bind)) from None
    return Bind(str(address[0]), bind.port)


def _why_not(error: OSError, bind: Bind) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {bind.port} on {bind.host} is in use by another program; stop that one or give another --bind."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Not allowed to listen on port {bind.port}; ports under 1024 usually need a privilege."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{bind.host} is not an address of this machine."
    return f"Cannot listen on {bind.host}:{bind.port}: {error.strerror or error}"


def _claim_path(path: Path) -> None:
    if not hasattr(socket, "AF_UNIX"):
        raise ServeError("This system has no Unix sockets.")
    if not path.parent.is_dir():
        raise ServeError(f"The folder of the socket {path} does not exist.")
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ServeError(f"{path} exists and is not a socket.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            # Left behind by a server that was killed.
            path.unlink()
        except OSError as error:
            raise ServeError(f"The socket {path} cannot be used: {error.strerror or error}") from None
        else:
            raise ServeError(f"The socket {path} is in use by another program.")


# The server


def granian_version() -> str:
    """The installed granian's version; :exc:`ServeError` says what to install without one."""
    try:
        import granian  # noqa: F401
    except ImportError:
        raise ServeError(NO_GRANIAN) from None
    return metadata.version("granian")


def serve(
    load: Callable[[], WSGIApplication], options: Options, announce: Callable[[Options], None] | None = None
) -> None:
    """Serve what *load* returns until TERM or INT; requests in flight get ``stop_timeout`` seconds.

    *announce* is called once, just before the workers start. Leaves by SystemExit(1) when workers fail.
    """
    granian_version()
    import ssl

    from granian.constants import Interfaces
    from granian.errors import ConfigurationError, PidFileError
    from granian.log import LogLevels
    from granian.server import Server

    bind = options.bind
    try:
        server = Server(
            "bolthead",
            address=bind.host or "127.0.0.1",
            port=bind.port or 8000,
            uds=bind.path,
            interface=Interfaces.WSGI,
            workers=options.workers,
            blocking_threads=options.threads,
            websockets=False,
            log_level=LogLevels.warning,
            log_access=options.access_log,
            log_access_format=ACCESS_FORMAT,
            ssl_cert=options.cert,
            ssl_key=options.key,
            respawn_failed_workers=True,
            workers_kill_timeout=options.stop_timeout,
            pid_file=options.pid_file,
        )
    except (ssl.SSLError, OSError) as error:
        raise ServeError(f"The certificate and key cannot be used: {error}") from None
    if announce is not None:
        server.on_startup(lambda: announce(options))
    set_signals_of_children()
    try:
        server.serve(target_loader=Loader(load, options))
    except SystemExit:
        # A supervisor that sends TERM to the workers too makes them go first, which granian takes for a failure.
        if not server.interrupt_signal:
            raise
    except PidFileError:
        raise ServeError(f"The pid file {options.pid_file} belongs to a running process.") from None
    except ConfigurationError as error:
        raise ServeError(f"granian refuses its settings: {error}") from None
