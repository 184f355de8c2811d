"""The gunicorn worker: what it is told, its signals, and its end."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
import traceback
from typing import Any

from gunicorn import sock, util
from gunicorn.errors import AppImportError
from gunicorn.http.wsgi import base_environ

from .._core.serving.turns import Seat
from .admin import Admin
from .binds import parse_bind
from .choice import ASGI_REFUSED, has_lifespan, is_for_asgi, is_own
from .errors import TIMED_OUT, TOO_LARGE
from .lifespan import Lifespan, StartupFailed
from .loop import Loop
from .metrics import Metrics
from .observer import make_observer
from .options import from_environ
from .supervised import Supervised

SPARE = 64
"""Descriptors that connections leave to the application."""


class Worker(Supervised):
    """``gunicorn -k bolthead.serving.Worker``: threads that share one epoll, and a main thread that watches."""

    admin: Admin | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = getattr(self.app, "options", None) or from_environ()
        self.metrics: Metrics | None = None
        if self.options.admin_bind:
            # In the arbiter, before the first worker starts; the others share it.
            if Worker.admin is None:
                Worker.admin = Admin(self.options.admin_bind)
            row = Worker.admin.board.take_row()
            self.metrics = Metrics(Worker.admin.board, row) if row else None
            # What USR2 starts gets this environment, and of gunicorn its other sockets.
            Worker.admin.hand_over(self.cfg.env_orig)
        self.loop: Loop | None = None
        self.lifespan: Lifespan | None = None

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        try:
            options = from_environ()
            if options.admin_bind:
                parse_bind(options.admin_bind)
        except ValueError as error:
            # What gunicorn shows as one line.
            raise RuntimeError(str(error)) from None
        if "h2" in cfg.http_protocols:
            log.warning("This worker speaks HTTP/1.1; for HTTP/2 use gunicorn's own workers, or a proxy.")

    # What the loop asks

    def base_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = base_environ(self.cfg)
        environ["wsgi.multithread"] = self.cfg.threads > 1
        return environ

    def tls_context(self) -> Any:
        if not self.cfg.is_ssl:
            return None
        context = sock.ssl_context(self.cfg)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def observer(self) -> Any:
        return make_observer(self)

    def most_connections(self) -> int:
        """How many connections may be open at a time: ``worker_connections``, or as many as the file descriptors allow.

        Some descriptors are left to the application.
        """
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if limit == resource.RLIM_INFINITY:
            return int(self.cfg.worker_connections)
        used = len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else SPARE
        return int(max(1, min(self.cfg.worker_connections, limit - used - min(SPARE, limit // 4))))

    def report(self, request: Any, captured: Any, peer: Any, error: BaseException, status: int) -> None:
        """Log an error and write its response, as gunicorn's other workers do."""
        exact = request.exact if request is not None else None
        if status == 408:
            captured.sendall(TIMED_OUT)
            return
        if status in (400, 413):
            self.log.warning("Invalid request from ip=%s: %s", peer[0] if peer else "", error)
            if status == 413:
                captured.sendall(TOO_LARGE)
            else:
                util.write_error(captured, 400, "Bad Request", str(error))
            return
        if request is not None and exact is None:
            # Gunicorn takes the address from a request of its own.
            environ = request.environ
            self.log.error(
                "Error handling request %s %s", environ["REQUEST_METHOD"], environ.get("RAW_URI"), exc_info=error
            )
            util.write_error(captured, 500, "Internal Server Error", "")
            return
        try:
            raise error
        except BaseException:
            self.handle_error(exact, captured, peer, error)

    # Life

    def init_process(self) -> None:
        if self.metrics is not None:
            self.metrics.begin()
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        if is_for_asgi(self.wsgi):
            raise AppImportError(ASGI_REFUSED)
        if is_own(self.wsgi):
            self.lifespan = Lifespan(self.wsgi)
            self.wsgi._begin_serving = self.lifespan.begin
            if has_lifespan(self.wsgi):
                try:
                    self.lifespan.begin()
                except StartupFailed as error:
                    raise AppImportError(f"The application's startup failed: {error}") from None

    def run(self) -> None:
        loop = self.loop = Loop(self)
        loop.start()
        self.begin_serving()
        while self.alive:
            self.notify()
            self._pause(1.0)
            loop.tick()
            if self.metrics is not None:
                self.metrics.publish(loop)
            if self.options.request_timeout:
                self._look_for_stuck(loop)
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                break
        self.alive = False
        if Worker.admin is not None:
            Worker.admin.close()
        loop.stop()
        until = time.monotonic() + self.cfg.graceful_timeout
        while loop.busy() and time.monotonic() < until:
            self.notify()
            self._pause(0.1)
            loop.tick()
            if self.options.request_timeout:
                self._look_for_stuck(loop)
                if len(loop.connections) <= len(loop.overdue(self.options.request_timeout)):
                    break
        if self.metrics is not None:
            self.metrics.publish(loop)
        if self.lifespan is not None and not self.lifespan.end(max(until - time.monotonic(), 1.0), self.notify):
            self.log.warning("The application's shutdown takes too long; the worker ends without it.")
        loop.close()

    def _pause(self, seconds: float) -> None:
        """Sleep, until a signal or :meth:`retire` ends it, or a connection to the admin endpoint."""
        # Not `select`: where the application has opened many files before the fork, these have numbers above 1023.
        poll = select.poll()
        poll.register(self.PIPE[0], select.POLLIN)
        admin = Worker.admin if self.metrics is not None and self.alive else None
        if admin is not None:
            poll.register(admin.sock, select.POLLIN)
        try:
            ready = [fd for fd, _ in poll.poll(seconds * 1000)]
            if self.PIPE[0] in ready:
                os.read(self.PIPE[0], 4096)
        except OSError:
            return
        if admin is not None and admin.sock.fileno() in ready and self.metrics is not None and self.loop:
            self.metrics.publish(self.loop)
            admin.answer()

    def retire(self, reason: str) -> None:
        """End this worker soon, for *reason*, which is logged; from any thread.

        What is being answered is finished, within ``graceful_timeout``, and the arbiter starts another worker.
        """
        if self.alive:
            self.alive = False
            self.flags[1] = 1
            self.log.info("Worker (pid:%s) ends: %s", self.pid, reason)
            os.write(self.PIPE[1], b"1")

    def _look_for_stuck(self, loop: Loop) -> None:
        for seat in loop.overdue(self.options.request_timeout):
            if seat.reported != seat.since:
                seat.reported = seat.since
                self.log.critical("%s", describe_stuck(seat))
                self.retire("a request takes too long")

    # Signals

    def handle_exit(self, sig: int, frame: Any) -> None:
        # A terminal's SIGINT is followed by the arbiter's SIGTERM: the second must not interrupt the end.
        if self.booted:
            self.alive = False
        else:
            self.exit_early()

    def handle_quit(self, sig: int, frame: Any) -> None:
        if sig == signal.SIGINT:
            # A terminal sends it to the workers too; the arbiter decides what it means.
            self.handle_exit(sig, frame)
        else:
            self.early_exit.asked = True
            super().handle_quit(sig, frame)


def describe_stuck(seat: Seat) -> str:
    """What a request that takes too long is doing."""
    environ = seat.environ or {}
    frame = sys._current_frames().get(seat.ident)
    stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
    target = f"{environ.get('REQUEST_METHOD', '')} {environ.get('RAW_URI', '')}"
    return f"Request {target!r} has taken {time.monotonic() - seat.since:.0f} seconds. Its thread:\n{stack}"
