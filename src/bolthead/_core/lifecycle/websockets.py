"""The ASGI driver for websockets: one connection through its hooks, its view and its teardown."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError, create_task, current_task
from contextvars import copy_context
from typing import Any

from ..request.scope import TEST_ENVIRON, environ_of
from ..response.asgi_messages import start_message
from .async_phases import AsyncPhases
from .phases import is_async, plan_of, scopes_of
from .steps import TO_LOOP, TO_THREAD
from .unhandled import handler_of

QUEUE = 32
"""How many messages of a client wait for a view that does something else."""
NORMAL = 1000
INTERNAL_ERROR = 1011


class Connection(AsyncPhases):
    """One websocket. Awaited, it runs until its view has ended; a client that goes away cancels the view."""

    __slots__ = (*("accepted", "closed", "environ", "gone", "queue", "receive", "scope", "send_message", "watcher"),)

    def __init__(self, app: Any, scope: Any, receive: Any, send_message: Any) -> None:
        self.prepare(self.respond(), copy_context(), app)
        self.scope = scope
        self.receive = receive
        self.send_message = send_message
        self.plan = plan_of(app)
        self.accepted = self.closed = self.gone = False
        self.watcher: Any = None
        self.queue: Any = None
        self.environ = environ_of(scope)
        more = self.scope.get(TEST_ENVIRON)
        if more:
            self.environ.update(more)
        self.ctx = None

    # --- messages ---------------------------------------------------------------------------------------------

    async def accept(self, headers: list[tuple[str, str]], subprotocol: str | None) -> None:
        if self.accepted:
            return
        self.accepted = True
        message = {"type": "websocket.accept", "subprotocol": subprotocol}
        await self.put(message | {"headers": start_message(0, headers)["headers"]})

    async def receive_data(self) -> str | bytes:
        if not self.accepted:
            await self.accept([], None)
        if self.queue is not None:
            message = await self.queue.get()
        else:
            self.watchable = False
            message = await self.receive()
            self.watchable = True
        if message["type"] == "websocket.disconnect":
            self.gone = self.closed = True
            raise CancelledError()
        text: str | None = message.get("text")
        data: str | bytes = message["bytes"] if text is None else text
        return data

    async def send_data(self, data: str | bytes) -> None:
        if not self.accepted:
            await self.accept([], None)
        message: dict[str, Any]
        if isinstance(data, str):
            message = {"type": "websocket.send", "text": data}
        elif isinstance(data, (bytes, bytearray, memoryview)):
            message = {"type": "websocket.send", "bytes": bytes(data)}
        else:
            raise TypeError(f"A websocket sends str or bytes, not {type(data).__name__}.")
        # FAST (asgi echo): as `put` does, without a coroutine for it.
        watchable, self.watchable = self.watchable, False
        await self.send_message(message)
        self.watchable = watchable

    async def close_with(self, code: int, reason: str) -> None:
        if not self.closed:
            self.closed = True
            await self.put({"type": "websocket.close", "code": code, "reason": reason})

    async def put(self, message: dict[str, Any]) -> None:
        watchable, self.watchable = self.watchable, False
        await self.send_message(message)
        self.watchable = watchable

    # --- the client's going away ------------------------------------------------------------------------------

    def suspended(self) -> None:
        """The view waits for something else than its client, which may go away meanwhile."""
        if self.task is None:
            self.task = current_task()
        self.queue = asyncio.Queue(QUEUE)
        self.watcher = create_task(self.watch())

    async def watch(self) -> None:
        while True:
            message = await self.receive()
            if message["type"] == "websocket.disconnect":
                break
            await self.queue.put(message)
        self.gone = self.closed = True
        self.task.cancel()

    def ended(self, error: BaseException | None) -> BaseException | None:
        if self.watcher is not None:
            self.watcher.cancel()
            if self.gone and self.task.cancelling():
                self.task.uncancel()
        if self.gone and isinstance(error, CancelledError):
            return None
        return error

    # --- the phases -------------------------------------------------------------------------------------------

    async def respond(self) -> None:
        if (await self.receive())["type"] != "websocket.connect":
            return
        error: BaseException | None = None
        app = self.app
        app._got_first_request = True
        if not self.plan.stock_contexts or not self.plan.stock_session_interface or self.plan.pushed:
            await TO_THREAD
        self.ctx = app.websocket_context(self.environ)
        self.ctx.request._connection = self
        self.ctx.push()
        try:
            try:
                self.watchable = True
                await self.finish(await self.dispatch())
            except Exception as caught:
                error = caught
                await self.fail(caught)
            except BaseException as caught:
                error = caught
                raise
        finally:
            self.watchable = False
            if self.watcher is not None and not self.gone:
                self.watcher.cancel()
                self.watcher = None
            ignored = error is not None and app.should_ignore_error(error)
            await self.pop(app.teardown_websocket_funcs, None if ignored else error)

    async def dispatch(self) -> Any:
        app = self.app
        request = self.ctx.request
        try:
            for name in scopes_of(self.plan, request)[::-1]:
                for func in app.before_websocket_funcs.get(name, ()):
                    rv = await self.call(func)
                    if rv is not None:
                        return rv
            if request.routing_exception is not None:
                app.raise_routing_exception(request)
            return await self.call(app.view_functions[request.url_rule.endpoint], **request.view_args)
        except Exception as error:
            if self.accepted:
                raise
            handler = handler_of(app, request, error)
            return error if handler is None else await self.call(handler, error)

    async def finish(self, rv: Any) -> None:
        """Run what comes after the view; then refuse with its answer, or close."""
        app = self.app
        response = None
        if rv is not None:
            if self.accepted:
                raise TypeError("A websocket that was accepted ends without an answer: its view has to return None.")
            if not self.in_thread:
                await TO_THREAD
            response = app.make_response(rv)
        for name in scopes_of(self.plan, self.ctx.request):
            for func in reversed(app.after_websocket_funcs.get(name, ())):
                response = await self.call(func, response)
        if response is None:
            if self.in_thread:
                await TO_LOOP
            await self.close_with(NORMAL, "")
        else:
            await self.refuse(response)

    async def refuse(self, response: Any) -> None:
        """Answer the handshake by a response, where the server can; else it answers 403."""
        if "websocket.http.response" not in (self.scope.get("extensions") or ()):
            if self.in_thread:
                await TO_LOOP
            await self.close_with(NORMAL, "")
            return
        if not self.in_thread:
            await TO_THREAD
        body = response.get_data()
        pairs = list(response.get_wsgi_headers(self.environ))
        await TO_LOOP
        self.closed = True
        start = start_message(response.status_code, pairs)
        await self.put({**start, "type": "websocket.http.response.start"})
        await self.put({"type": "websocket.http.response.body", "body": body, "more_body": False})

    async def fail(self, error: Exception) -> None:
        """Answer an unhandled *error*: send the signal, log it, close or refuse. Raised when testing or debugging."""
        app = self.app
        if not self.in_thread:
            await TO_THREAD
        self.plan.signals.got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        propagate = (app.testing or app.debug) if propagate is None else propagate
        if not propagate:
            app.log_exception((type(error), error, error.__traceback__))
        await TO_LOOP
        await self.close_with(INTERNAL_ERROR, "")
        if propagate:
            raise error

    async def call(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the user's where it belongs: an async one on the loop, whatever ``ensure_sync`` is."""
        if is_async(func):
            if self.in_thread:
                await TO_LOOP
            return await func(*args, **kwargs)
        if not self.in_thread:
            await TO_THREAD
        return self.app.ensure_sync(func)(*args, **kwargs)
