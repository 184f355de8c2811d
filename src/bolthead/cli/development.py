"""The development server over ASGI: uvicorn, with Werkzeug's reloader and debugger."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, MutableMapping
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from werkzeug.debug import DebuggedApplication
from werkzeug.serving import generate_adhoc_ssl_context, is_running_from_reloader, load_ssl_context, make_server

from .._core.lifecycle.asgi_send import StartResponse
from .._core.lifecycle.contexts import PRESERVE
from .._core.request.scope import TEST_ENVIRON, environ_of
from .._core.response.asgi_messages import body_message, start_message

if TYPE_CHECKING:
    import ssl

    from _typeshed.wsgi import WSGIEnvironment
    from uvicorn import Server

    from ..app import Flask
    from ..sansio.live import Receive, Send

STOP_TIMEOUT = 1
"""Seconds that open answers and websockets get to end when the server stops or reloads."""
CHILD_TIMEOUT = 8
"""Seconds that the reloader's child gets at a Ctrl-C, background tasks and functions after the serving included."""
_ERROR = "bolthead.debugged_error"


def has_asgi_server(websockets: bool) -> bool:
    """Whether uvicorn is installed, and what it needs for *websockets*."""
    if find_spec("uvicorn") is None:
        return False
    return not websockets or find_spec("websockets") is not None or find_spec("wsproto") is not None


class DebuggedAsgi:
    """The ``asgi_app`` of an application behind Werkzeug's debugger: its page for errors, its commands, its console."""

    def __init__(self, app: Flask, host: str) -> None:
        self.app = app
        self.debugger = DebuggedApplication(app, evalex=True, console_init_func=lambda: {"app": app})
        self.debugger.trusted_hosts.append(host)
        # The PIN is that of the application; it was made from it, and what is debugged is one error at a time.
        _ = self.debugger.pin
        self.debugger.app = self._raise_again

    def _raise_again(self, environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        __traceback_hide__ = True
        if _ERROR not in environ:
            # The debugger passes on a request that is not one of its own.
            return self.app(environ, start_response)
        error, contexts = environ[_ERROR]
        # The console of a frame has the contexts that were pushed when the error was raised.
        for context in contexts:
            environ[PRESERVE](context)
        raise error

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        __traceback_hide__ = True
        if scope["type"] != "http":
            await self.app.asgi_app(scope, receive, send)
            return
        if scope["path"] == self.debugger.console_path or b"__debugger__=yes" in scope["query_string"]:
            await self._answer(environ_of(dict(scope)), send)
            return
        contexts: list[Any] = []
        began = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            extensions = {**(scope.get("extensions") or {}), TEST_ENVIRON: {PRESERVE: contexts.append}}
            await self.app.asgi_app({**scope, "extensions": extensions}, receive, watched)
        except Exception as error:
            if began:
                raise
            await self._answer(environ_of(dict(scope)) | {_ERROR: (error, contexts)}, send)

    async def _answer(self, environ: WSGIEnvironment, send: Send) -> None:
        """Let the debugger answer, in a thread: what is typed into its console may block."""
        start = StartResponse()
        environ["wsgi.input"] = io.BytesIO()
        body = await asyncio.to_thread(lambda: b"".join(self.debugger(environ, start)))
        await send(start_message(start.code, start.pairs))
        await send(body_message(body, False))


def run_asgi(
    host: str,
    port: int,
    app: Flask,
    *,
    use_reloader: bool,
    use_debugger: bool,
    ssl_context: ssl.SSLContext | tuple[str, str | None] | str | None,
    extra_files: Iterable[str] | None,
    exclude_patterns: Iterable[str] | None,
) -> None:
    """``werkzeug.serving.run_simple`` for the ``asgi_app`` of an application: until a signal or Ctrl-C.

    Exits with an explanation where the port is taken.
    """
    debugged = DebuggedAsgi(app, host) if use_debugger else app.asgi_app
    is_child = is_running_from_reloader()
    # Werkzeug's server opens the socket, which the reloader's children inherit, and logs its address.
    front = make_server(host, port, app, threaded=True, fd=int(os.environ["WERKZEUG_SERVER_FD"]) if is_child else None)
    front.ssl_context = _tls(ssl_context)
    front.socket.set_inheritable(True)
    os.environ["WERKZEUG_SERVER_FD"] = str(front.fileno())
    if not is_child:
        front.log_startup()
        front.log("info", "Press CTRL+C to quit")
    if not use_reloader:
        with suppress(KeyboardInterrupt):
            make_uvicorn(debugged, front.ssl_context).run([front.socket])
        return
    from werkzeug._reloader import run_with_reloader

    if not is_child:
        signal.signal(signal.SIGINT, wait_for_child)
    serving = Serving(partial(make_uvicorn, debugged, front.ssl_context), front.socket)
    try:
        run_with_reloader(serving.run, extra_files, exclude_patterns)
    finally:
        serving.stop()


def wait_for_child(*_: object) -> None:
    """Ctrl-C reaches the child as well, which ends its application in order: this process waits for it.

    A signal sent to this process alone does not: then the child is killed after a while, or at a second signal.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.alarm(CHILD_TIMEOUT)


def _tls(given: ssl.SSLContext | tuple[str, str | None] | str | None) -> ssl.SSLContext | None:
    if isinstance(given, tuple):
        return load_ssl_context(*given)
    return generate_adhoc_ssl_context() if isinstance(given, str) else given


class Serving:
    """A server in the thread of the reloader's child, which the main thread stops."""

    def __init__(self, make: Callable[[], Server], socket: Any) -> None:
        self.make = make
        self.socket = socket
        self.server: Server | None = None
        self.thread: threading.Thread | None = None

    def run(self) -> None:
        self.thread = threading.current_thread()
        self.server = self.make()
        self.server.run([self.socket])

    def stop(self) -> None:
        """End the application's lifespan, and wait for that. A second Ctrl-C does not wait."""
        if self.server is not None and self.thread is not None:
            self.server.should_exit = True
            with suppress(KeyboardInterrupt):
                self.thread.join()


def make_uvicorn(asgi: Any, tls: ssl.SSLContext | None) -> Server:
    """A uvicorn server that writes a line for each request and websocket, and is otherwise quiet."""
    from uvicorn import Config, Server
    from uvicorn.config import LOGGING_CONFIG

    server: Server | None = None

    def is_shown(record: logging.LogRecord) -> bool:
        """Not the server's start and stop, which each change of a file causes, nor where a stop cut a view off."""
        if server is not None and server.should_exit and record.exc_info:
            return not isinstance(record.exc_info[1], asyncio.CancelledError)
        return record.levelno > logging.INFO or "WebSocket" in str(record.msg)

    log = copy.deepcopy(LOGGING_CONFIG)
    log["filters"] = {"shown": {"()": lambda: is_shown}}
    log["handlers"]["default"]["filters"] = ["shown"]
    log["handlers"]["access"]["stream"] = "ext://sys.stderr"
    config = Config(
        asgi, interface="asgi3", log_config=log, proxy_headers=False, timeout_graceful_shutdown=STOP_TIMEOUT
    )
    config.load()
    config.ssl = tls
    server = Server(config)
    return server
