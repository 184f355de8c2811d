"""``bolthead serve --asgi``: gunicorn with its own ASGI worker. uvloop is used where it is installed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .application import Application
from .binds import ServeError
from .body import TooLarge
from .check import try_in_child
from .choice import WSGI_ONLY, given_for_wsgi
from .settings import Settings

LOG = logging.getLogger("gunicorn.error")
TOO_LARGE_TEXT = b"413 Content Too Large\n"


class AsgiApplication(Application):
    """The ``asgi_app`` of an application, served as *settings* say. *reason*: why, where it was not asked for."""

    def __init__(self, load: Callable[[], Any], settings: Settings, reason: str = "") -> None:
        super().__init__(load, settings)
        if reason:
            self.note = f"Over ASGI, since the application has {reason}; '--wsgi' serves it otherwise"

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("worker_class", "bolthead.serving.asgi_worker.Worker")
        # Its threads are the application's; gunicorn would warn of these.
        self.cfg.set("threads", 1)

    def load(self) -> Any:
        app = super().load().asgi_app
        return MaxBody(app, self.options.max_body) if self.options.max_body else app

    def serve(self, complain: Callable[[BaseException], None], announce: Callable[[Any], None]) -> None:
        """Check the application in a process of its own, then serve until a signal ends that."""
        for name in given_for_wsgi(self.settings):
            option = name.replace("_", "-")
            raise ServeError(f"'--{option}' is for WSGI, and this application is served over ASGI: {WSGI_ONLY[name]}.")
        self.check()
        if not self.cfg.preload_app and not try_in_child(self.load, complain):
            raise SystemExit(1)
        self.serve_checked(complain, announce)


class MaxBody:
    """An ASGI application that answers 413 to request bodies of more than *limit* bytes."""

    def __init__(self, app: Any, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if not declared:
            await Counted(self.limit, receive, send).run(self.app, scope)
        elif declared.isdigit() and int(declared) > self.limit:
            await refuse(scope, send)
        else:
            await self.app(scope, receive, send)


class Counted:
    """A request whose body has no declared length: beyond the limit the application sees a client that left."""

    def __init__(self, limit: int, receive: Any, send: Any) -> None:
        self.left = limit
        self.receive_message = receive
        self.send_message = send
        self.begun = self.refused = False

    async def receive(self) -> Any:
        message = await self.receive_message()
        self.left -= len(message.get("body") or b"")
        if self.left < 0:
            self.refused = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Any) -> None:
        if not self.refused:
            self.begun = True
            await self.send_message(message)

    async def run(self, app: Any, scope: Any) -> None:
        try:
            await app(scope, self.receive, self.send)
        except Exception:
            # As an application may do when its client has left.
            if not self.refused or self.begun:
                raise
        if self.refused and not self.begun:
            await refuse(scope, self.send_message)


async def refuse(scope: Any, send: Any) -> None:
    client = scope.get("client")
    LOG.warning("Invalid request from ip=%s: %s", client[0] if client else "", TooLarge())
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", b"%d" % len(TOO_LARGE_TEXT)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE_TEXT, "more_body": False})
