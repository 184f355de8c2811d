"""The worker's loop in the process of a test, on a socket of its own."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from typing import Any

from gunicorn.config import Config

from bolthead.serving.loop import Loop
from bolthead.serving.options import Options
from bolthead.serving.worker import Worker
from serving import PATIENCE, exchange


class Log(logging.LoggerAdapter):  # type: ignore[type-arg]
    """As much of gunicorn's logger as a worker calls; keeps its lines."""

    access_log_enabled = False

    def __init__(self) -> None:
        super().__init__(logging.getLogger("local_worker"), {})
        self.logger.propagate = False
        self.logger.setLevel(logging.WARNING)
        self.lines: list[str] = []
        self.handler = logging.Handler()
        self.handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]
        self.logger.handlers = [self.handler]

    def access(self, *parts: Any) -> None:
        pass


class Local:
    """A loop that serves *app*; a context manager. *settings* are gunicorn's."""

    def __init__(self, app: Any, cfg: Any = None, options: Any = None, **settings: Any) -> None:
        self.cfg = cfg or Config()
        settings.setdefault("keepalive", 60)
        for name, value in settings.items():
            self.cfg.set(name, value)
        self.worker = worker = Worker.__new__(Worker)
        worker.cfg, worker.wsgi, worker.options = self.cfg, app, options or Options()
        worker.log = self.log = Log()
        worker.alive, worker.max_requests, worker.pid = True, sys.maxsize, os.getpid()
        worker.flags = bytearray(8)
        worker.metrics = None
        worker.PIPE = os.pipe()
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        listener.setblocking(False)
        worker.sockets = [listener]
        self.address = listener.getsockname()
        self.loop = worker.loop = Loop(worker)

    def __enter__(self) -> Local:
        self.loop.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.loop.stop()
        self.loop.close()
        for fd in self.worker.PIPE:
            os.close(fd)

    def connect(self) -> socket.socket:
        client = socket.create_connection(self.address)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(PATIENCE)
        return client

    def talk(self, *pieces: bytes, half_close: bool = True) -> bytes:
        """Everything that is answered to *pieces*, each of which is a packet as far as that can be arranged."""
        with self.connect() as client:
            return exchange(client, *pieces, half_close=half_close)

    def idle(self) -> bool:
        """Whether no connection is left, after waiting for that."""
        until = time.monotonic() + PATIENCE
        while self.loop.connections and time.monotonic() < until:
            time.sleep(0.005)
        return not self.loop.connections
