"""The ASGI driver for websockets: one connection through its hooks, its view and its teardown."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError, create_task, current_task, sleep
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from werkzeug.exceptions import InternalServerError

from ..primitives.context import _cv_request
from ..request.scope import TEST_ENVIRON, environ_of, lazy_environ
from ..response.asgi_messages import start_message
from .asgi_send import Refusal, answer_of, transmit
from .async_phases import AsyncPhases
from .class_views import on_loop, waits_on_loop
from .contexts import new_lazy_context, pop_request, push_request, remember_host
from .phases import is_async, plan_of, save_session, scopes_of
from .records import request_of
from .steps import TO_LOOP, TO_THREAD
from .unread import LEFT, Messages

UNREAD_SECONDS = 60
"""Seconds in which the view has to take a message, where there is no room for more."""
PATIENCE = 0.05
"""Seconds in which a server that could not send is to tell whether the client has gone."""
NORMAL = 1000
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011


class Connection(AsyncPhases):
    """One websocket. Awaited, it runs until its view has ended; a client that goes away cancels the view."""

    __slots__ = (
        "accepted",
        "closed",
        "gone",
        "queue",
        "receive",
        "receiving",
        "scope",
        "send_message",
        "sending",
        "watcher",
    )

    def __init__(self, app: Any, scope: Any, receive: Any, send_message: Any) -> None:
        self.prepare(self.respond(), copy_context(), app)
        self.scope = scope
        self.receive = receive
        self.send_message = send_message
        self.plan = plan_of(app)
        self.accepted = self.closed = self.gone = False
        # What the view itself awaits of the server.
        self.receiving: Any = None
        self.sending: Any = None
        self.watcher: Any = None
        self.queue: Any = None
        self.ctx = None

    # --- messages ---------------------------------------------------------------------------------------------

    async def accept(self, headers: Any, subprotocol: str | None) -> None:
        if self.accepted:
            return
        self.check_open()
        self.accepted = True
        pairs = start_message(0, headers)["headers"] if headers else []
        await self.put({"type": "websocket.accept", "subprotocol": subprotocol, "headers": pairs})

    def check_open(self) -> None:
        if self.closed and not self.gone:
            raise RuntimeError("This websocket was closed or refused before.")

    def next_message(self) -> Any:
        """What to await for the client's next message. `data_of` is then called with both, or else `received`."""
        if self.gone:
            return self.what_is_left()
        if not self.accepted:
            return self.accept_and_receive()
        if self.queue is None:
            if self.running:
                # FAST (asgi echo): as long as it can, a view receives from the server itself, which bounds what waits.
                self.receiving = self.receive()
                return self.receiving
            if self.receiving is not None:
                # A task beside the view, which receives itself until it has something.
                self.queue = Messages()
            elif self.watchable:
                # For a task beside the view, which waits to send.
                self.start_watching()
        elif self.watchable and self.watcher is None and self.receiving is None:
            self.start_watching()
        return self.receive() if self.queue is None else self.queue.get()

    async def accept_and_receive(self) -> Any:
        await self.accept(None, None)
        awaitable = self.next_message()
        try:
            return await awaitable
        finally:
            self.received(awaitable)

    def received(self, awaitable: Any) -> None:
        if self.receiving is awaitable:
            self.receiving = None

    async def what_is_left(self) -> dict[str, Any]:
        """What the client has sent before it left. A loop that catches each error does not hold up the others."""
        await sleep(0)
        return LEFT if self.queue is None or self.queue.empty() else self.queue.get_nowait()

    def data_of(self, message: dict[str, Any], awaitable: Any) -> str | bytes:
        """The text or bytes of *message*, for which *awaitable* was awaited. If the client has gone that cancels."""
        if self.receiving is awaitable:
            self.receiving = None
        if message["type"] == "websocket.disconnect":
            self.gone = self.closed = True
            if self.queue is not None and self.queue.empty():
                # Another task may wait for it too.
                self.queue.put_nowait(message)
            raise CancelledError()
        text: Any = message.get("text")
        return message["bytes"] if text is None else text  # type: ignore[no-any-return]

    def send_data(self, data: str | bytes) -> Any:
        """What to await for *data* to be sent; with it, `sent` is called then."""
        message: dict[str, Any]
        if not self.accepted:
            return self.accept_and_send(data)
        self.check_open()
        if isinstance(data, str):
            message = {"type": "websocket.send", "text": data}
        elif isinstance(data, (bytes, bytearray, memoryview)):
            message = {"type": "websocket.send", "bytes": bytes(data)}
        else:
            raise TypeError(f"A websocket sends str or bytes, not {type(data).__name__}.")
        awaitable = self.send_message(message)
        if self.running:
            self.sending = awaitable
        return awaitable

    async def accept_and_send(self, data: str | bytes) -> None:
        await self.accept(None, None)
        awaitable = self.send_data(data)
        try:
            await awaitable
        finally:
            self.sent(awaitable)

    def sent(self, awaitable: Any) -> None:
        if self.sending is awaitable:
            self.sending = None

    async def close_with(self, code: int, reason: str) -> None:
        if not self.closed:
            self.closed = True
            await self.put({"type": "websocket.close", "code": code, "reason": reason})

    async def put(self, message: dict[str, Any]) -> None:
        if self.running:
            self.sending = message
        try:
            await self.send_message(message)
        except (OSError, RuntimeError) as error:
            await self.sending_failed(error)
        finally:
            self.sent(message)

    # --- the client's going away ------------------------------------------------------------------------------

    async def sending_failed(self, error: Exception) -> None:
        """Raise *error*, unless it tells that the client has gone (ASGI 2.4: an OSError): that cancels the view.

        Who sends to another's connection is not cancelled for that one's sake.
        """
        current: Any = _cv_request.get(None)
        if current is not None and getattr(request_of(current), "_connection", None) is self:
            self.sending = None
            if not isinstance(error, OSError) and not self.gone:
                # uvloop's RuntimeError comes before its server knows; what watches then cancels this.
                await sleep(PATIENCE)
            if self.gone or isinstance(error, OSError):
                self.gone = self.closed = True
                raise CancelledError()
        raise error

    def suspended(self) -> None:
        """The view waits, be it for its client or for something else, while its client may go away."""
        if self.task is None:
            self.task = current_task()
        if self.receiving is None and self.sending is None:
            self.start_watching()

    def start_watching(self) -> None:
        self.watchable = False
        if self.queue is None:
            self.queue = Messages()
        self.watcher = create_task(self.watch())

    async def watch(self) -> None:
        while True:
            message = await self.receive()
            if message["type"] == "websocket.disconnect":
                break
            if not self.queue.full():
                self.queue.put_nowait(message)
                continue
            try:
                await asyncio.wait_for(self.queue.put(message), UNREAD_SECONDS)
            except TimeoutError:
                await self.give_up()
                break
        self.gone = self.closed = True
        self.queue.end()
        self.task.cancel()

    async def give_up(self) -> None:
        """Close a connection whose view takes no messages: whether the client is still there cannot be known."""
        self.app.logger.warning("A websocket is closed, since its view leaves the client's messages unread.")
        if not self.closed:
            self.gone = self.closed = True
            with suppress(OSError, RuntimeError):
                message = {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "Messages are not read."}
                await self.send_message(message)

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
        plan = self.plan
        if not plan.got_first_request:
            app._got_first_request = True
            plan.got_first_request = True
        if not plan.stock_contexts or not plan.stock_session_interface or plan.pushed:
            await TO_THREAD
        self.make_context()
        try:
            try:
                self.push()
                self.watchable = True
                view = self.lone_view()
                code = NORMAL
                try:
                    if view is None:
                        rv = await self.dispatch()
                    else:
                        # FAST (asgi connect): nothing comes before the view, and no thread is needed for it.
                        values = self.ctx._values
                        rv = await (view(**values) if values else view())
                except Exception as caught:
                    code = INTERNAL_ERROR
                    rv = await self.handle_user_exception(caught)
                await self.conclude(rv, code, False)
            except Exception as caught:
                error = caught
                await self.fail(caught)
            except BaseException as caught:
                error = caught
                if not self.gone or not isinstance(caught, CancelledError):
                    raise
        finally:
            self.watchable = False
            self.ending = True
            if self.watcher is not None and not self.gone:
                self.watcher.cancel()
                self.watcher = None
            if self.queue is not None:
                self.queue.end()
            if error is not None and app.should_ignore_error(error):
                error = None
            if self.accepted and self.ctx._session_or_none is not None:
                self.warn_of_lost_changes(self.ctx._session_or_none)
            if not app.teardown_websocket_funcs and self.can_pop_at_once():
                pop_request(plan, self.ctx, error)
            else:
                await self.pop(app.teardown_websocket_funcs, error)

    def make_context(self) -> None:
        app = self.app
        plan = self.plan
        extensions = self.scope.get("extensions")
        more = extensions.get(TEST_ENVIRON) if extensions else None
        inline = plan.inline_websocket_context and plan.websocket_watch.unchanged()
        if inline and not more:
            lazy = lazy_environ(plan, self.scope, True)
            self.ctx = None if lazy is None else new_lazy_context(plan, app, lazy)
        if self.ctx is None:
            environ = environ_of(self.scope)
            if more:
                environ.update(more)
            self.ctx = app.websocket_context(environ)
            if inline:
                remember_host(plan, self.ctx, environ)
        request_of(self.ctx)._connection = self

    def push(self) -> None:
        if self.ctx._lazy is None:
            self.ctx.push()
        else:
            push_request(self.plan, self.ctx)

    def lone_view(self) -> Any:
        """The async view that was matched, where no function of the user's comes before it; else None."""
        if self.ctx._rule is None or self.in_thread or self.app.before_websocket_funcs or self.plan.preprocessors:
            return None
        view = self.plan.views[self.ctx._rule.endpoint]
        return view if is_async(view) else None

    async def dispatch(self) -> Any:
        app = self.app
        request = request_of(self.ctx)
        scopes = scopes_of(self.plan, request)[::-1]
        if self.plan.preprocessors:
            await self.preprocess_values(request, scopes)
        for name in scopes:
            for func in app.before_websocket_funcs.get(name, ()):
                rv = await self.call(func)
                if rv is not None:
                    return rv
        if request.routing_exception is not None:
            app.raise_routing_exception(request)
        view = app.view_functions[request.url_rule.endpoint]
        if self.plan.inline_ensure_sync and waits_on_loop(view, self.ctx):
            if self.in_thread:
                await TO_LOOP
            return await on_loop(view, request.view_args)
        return await self.call(view, **request.view_args)

    async def conclude(self, rv: Any, code: int, from_error_handler: bool) -> None:
        """Run what comes after the view; then refuse with its answer, or close with *code*."""
        app = self.app
        response = None
        if rv is not None:
            if self.accepted and code == NORMAL:
                raise TypeError("A websocket that was accepted ends without an answer: its view has to return None.")
            if not self.in_thread:
                await TO_THREAD
            response = app.make_response(rv)
        try:
            response = await self.process(response)
        except Exception:
            if not from_error_handler:
                raise
            app.logger.exception("Request finalizing failed with an error while handling an error")
        if response is None or self.accepted or self.closed:
            if self.in_thread:
                await TO_LOOP
            await self.close_with(code, "")
        else:
            await self.refuse(response)

    async def process(self, response: Any) -> Any:
        """What the functions after the view make of *response*, None where the websocket was not refused."""
        ctx: Any = self.ctx
        app = self.app
        for func in ctx._after or ():
            response = await self.call(func, response)
        for name in scopes_of(self.plan, request_of(ctx)):
            for func in reversed(app.after_websocket_funcs.get(name, ())):
                response = await self.call(func, response)
        if response is not None and not self.accepted and not self.closed:
            if self.plan.sessions is None and not self.in_thread:
                await TO_THREAD
            response = save_session(self.plan, app, ctx, response)
        return response

    def warn_of_lost_changes(self, session: Any) -> None:
        if self.plan.stock_session_interface and session.modified:
            self.app.logger.warning(
                "The session was changed in an accepted websocket: the change is lost, since no response follows."
            )

    async def refuse(self, response: Any) -> None:
        """Answer the handshake by a response, where the server can; else it answers 403."""
        if "websocket.http.response" not in (self.scope.get("extensions") or ()):
            if self.in_thread:
                await TO_LOOP
            await self.close_with(NORMAL, "")
            return
        if not self.in_thread:
            await TO_THREAD
        refusal = Refusal(self)
        await transmit(refusal, answer_of(response, request_of(self.ctx).environ))
        if self.in_thread:
            await TO_LOOP
        if self.accepted or self.closed:
            # By a task meanwhile.
            await self.close_with(INTERNAL_ERROR, "")
            return
        self.closed = True
        await self.put({**refusal.start, "type": "websocket.http.response.start"})
        body = b"".join(refusal.pieces)
        await self.put({"type": "websocket.http.response.body", "body": body, "more_body": False})

    async def fail(self, error: Exception) -> None:
        """Answer an unhandled *error*: send the signal, log it, refuse with 500 or close.

        When testing or debugging it is raised, which servers answer.
        """
        app = self.app
        if not self.in_thread:
            await TO_THREAD
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        try:
            self.plan.signals.got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
            if (app.testing or app.debug) if propagate is None else propagate:
                raise error
            app.log_exception((type(error), error, error.__traceback__))
            answer: Any = InternalServerError(original_exception=error)
            handler = app._find_error_handler(answer, request_of(self.ctx).blueprints)
            if handler is not None:
                answer = await self.handle(handler, answer)
            await self.conclude(answer, INTERNAL_ERROR, True)
        except Exception:
            if self.in_thread:
                await TO_LOOP
            if self.accepted:
                await self.close_with(INTERNAL_ERROR, "")
            raise

    def is_awaited(self, func: Any) -> bool:
        """Whether a function of the user's is awaited: an async one is, whatever ``ensure_sync`` is."""
        return is_async(func)
