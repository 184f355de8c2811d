"""gunicorn's ASGI worker, as the arbiter of ``bolthead serve`` needs it."""

from __future__ import annotations

import signal
from asyncio import CancelledError, current_task, gather
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi
from gunicorn.workers.gasgi import ASGIWorker

from .._core.serving.turns import LINGERING
from .log_files import can_be_reopened
from .supervised import Supervised

CUT_OFF = 3
"""Seconds before the arbiter kills a worker, at which the worker itself cancels what has not ended."""
RESTARTS = {"type": "websocket.close", "code": 1012}
"""RFC 6455's registry: "Service Restart"; browsers' libraries connect again."""


class Worker(Supervised, ASGIWorker):  # type: ignore[misc]
    """It tells how far it is, finishes its requests on SIGINT too, and closes its websockets when it stops."""

    asgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: set[Connection] = set()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.asgi = self.calls = Calls(self.asgi)

    def notify(self) -> None:
        """Called about once a second while it serves."""
        if self.servers and not self.serving():
            self.begin_serving()
        super().notify()

    def set_handlers(self) -> None:
        super().set_handlers()
        # An event loop that does not run yet is told of no signal.
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(sig, self.exit_early)

    def run(self) -> None:
        self.loop.call_soon(self._set_handlers_of_loop)
        # In this process alone. gunicorn keeps no list of its connections.
        gasgi.ASGIProtocol = Connection
        super().run()

    def _set_handlers_of_loop(self) -> None:
        self.loop.add_signal_handler(signal.SIGTERM, self.handle_exit_signal)
        # A terminal sends it to the workers too; the arbiter decides what it means.
        self.loop.add_signal_handler(signal.SIGINT, self.handle_exit_signal)
        self.loop.add_signal_handler(signal.SIGQUIT, self.handle_quit_signal)

    def handle_usr1_signal(self) -> None:
        if can_be_reopened(self.log):
            super().handle_usr1_signal()

    async def _shutdown(self) -> None:
        # After its number of requests: the next one need not wait for the last of these.
        self.flags[1] = 1
        closing = self.loop.create_task(self.calls.close_websockets())
        self.loop.call_later(LINGERING, self._close_idle)
        limit = self.cfg.graceful_timeout
        # What is cancelled in time is torn down, and the functions after the serving run.
        self.cfg.set("graceful_timeout", max(limit - CUT_OFF, limit // 2))
        await super()._shutdown()
        closing.cancel()

    def _close_idle(self) -> None:
        for connection in list(self.connections):
            connection.close_idle()


class Connection(ASGIProtocol):  # type: ignore[misc]
    """A connection that its worker knows of."""

    def connection_made(self, transport: Any) -> None:
        self.worker.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Any) -> None:
        self.worker.connections.discard(self)
        super().connection_lost(exc)

    def close_idle(self) -> None:
        """Close it if no request has come that is not answered: gunicorn would wait for one until it stops."""
        if self._awaiting_request and not self._finishing_calls:
            self._keepalive_timeout()


class Calls:
    """An ASGI application as gunicorn calls it: an error of its own is one, and its open websockets can be closed.

    gunicorn takes every CancelledError for its own, and neither logs nor answers it. Websockets do not end by
    themselves.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._senders: set[Any] = set()

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return (self.app if scope["type"] == "lifespan" else self._call)(scope, receive, send)

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            self._senders.add(send)
        try:
            await self.app(scope, receive, send)
        except CancelledError as error:
            task = current_task()
            if task is None or task.cancelling():
                raise
            raise RuntimeError("The application raised CancelledError, and nobody had cancelled it.") from error
        finally:
            self._senders.discard(send)

    async def close_websockets(self) -> None:
        """Tell all clients to connect again, which ends their connections."""
        await gather(*(send(RESTARTS) for send in self._senders), return_exceptions=True)
