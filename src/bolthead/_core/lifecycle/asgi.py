"""The ASGI driver: one HTTP request through all phases, on its event loop and in worker threads."""

from __future__ import annotations

from asyncio import CancelledError, create_task, current_task
from typing import Any
from warnings import warn

from ..json.response_json import line_of
from ..primitives.bytes_search import utf8
from ..primitives.context import _cv_app, _cv_request
from ..primitives.context_vars import Rest, advance, copy_of, var_get, variables_of
from ..primitives.objects import keep_memory, needs_no_finalizer
from ..request.scope import TEST_ENVIRON, environ_of, has_body, lazy_environ
from ..response.asgi_messages import start_with, whole_headers
from ..response.status import asgi_content_type, content_type_of
from .asgi_body import BODY_CHUNKS, read_body
from .asgi_hints import EARLY_HINTS, HINTS_EXTENSION, EarlyHints
from .asgi_method import Driver
from .asgi_send import Answer, answer_of, answer_of_call, start_of, transmit, transmit_whole, whole_answer
from .asgi_trailers import TRAILERS, TRAILERS_EXTENSION, Trailers
from .async_phases import AsyncPhases
from .context_pool import leave, put_back, take, use
from .contexts import (
    PRESERVE,
    is_last_push,
    match,
    new_context,
    new_lazy_context,
    pop_request,
    pop_silently,
    preserve_contexts,
    push_request,
)
from .handling import handling
from .lifespan import Lifespan
from .phases import can_skip_response, plan_of
from .records import request_of
from .steps import TO_LOOP, TO_THREAD
from .websockets import Connection

app_var = _cv_app
request_var = _cv_request

FRESH, PUSHED, WAITS, RAISED, RETURNED, FAILED, POPPED, BOUND = range(8)
"""How far a request is. ``rv``: what its view waits for, raised or returned, or the error of another step.

`BOUND`: its contexts are popped, but for the variables of the context it was begun in.
"""


class Exchange(AsyncPhases):
    """One HTTP request and its answer. Awaited, it runs; that the client goes away ends it without an error."""

    __slots__ = (
        "binding",
        "body",
        "body_read",
        "environ",
        "gone",
        "hints",
        "lazy",
        "receive",
        "rv",
        "scope",
        "send_message",
        "spooled",
        "stage",
        "start",
        "watcher",
    )

    environ: dict[str, Any] | None
    scope: dict[str, Any]

    def begin(self, app: Any, scope: dict[str, Any], receive: Any, send_message: Any) -> None:
        """Fill the fields. FAST (asgi string): in place of a constructor, whose arguments take longer."""
        self.prepare(None, None, app)
        self.scope = scope
        self.receive = receive
        self.send_message = send_message
        self.plan = plan_of(app)
        self.gone = False
        self.ctx = None
        self.body_read = False
        self.spooled: Any = None
        self.stage = FRESH
        self.rv: Any = None
        self.body: Any = None
        self.start: dict[str, Any] | None = None
        self.watcher: Any = None
        self.environ = None
        self.lazy: Any = None
        self.binding: Any = None
        plan = self.plan
        self.hints: EarlyHints | None = None
        if plan.inline_wsgi_app and plan.inline_request_context:
            self.lazy = lazy_environ(plan, scope, False)
        extensions = scope.get("extensions") if self.lazy is None else self.lazy.extensions
        more = self.extended(extensions) if extensions else None
        if more:
            self.lazy = None
        if self.lazy is None:
            self.environ = environ_of(scope)
            if more:
                self.environ.update(more)

    def extended(self, extensions: Any) -> Any:
        """More of the environ: what the server can beyond a response."""
        more = extensions.get(TEST_ENVIRON)
        if HINTS_EXTENSION in extensions:
            self.hints = EarlyHints(self.send_message)
            more = {EARLY_HINTS: self.hints, **(more or {})}
        if TRAILERS_EXTENSION in extensions:
            trailers = Trailers(self.send_message)
            self.send_message = trailers.send
            more = {TRAILERS: trailers, **(more or {})}
        return more

    # --- the client's going away ------------------------------------------------------------------------------

    def suspended(self) -> None:
        """FAST (async): only a view that waits needs to know whether its client still does."""
        self.watchable = False
        if self.task is None:
            self.task = current_task()
        self.watcher = create_task(self.watch())

    async def watch(self) -> None:
        ended = self.body_read
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                break
            if ended:
                # No server: one that answers at once, again and again, would keep the loop busy.
                return
            ended = not message.get("more_body")
        self.gone = True
        self.task.cancel()

    def ended(self, error: BaseException | None) -> BaseException | None:
        needs_no_finalizer(self)
        if self.spooled is not None:
            self.spooled.close()
        if self.watcher is not None:
            self.watcher.cancel()
            if self.gone:
                self.task.uncancel()
        if self.gone and isinstance(error, CancelledError):
            return None
        return error

    # --- the phases -------------------------------------------------------------------------------------------

    def __del__(self) -> None:
        # Without an environ, its scope could not be read.
        if self.coroutine is None and not self.running and not (self.lazy is None and self.environ is None):
            warn("coroutine 'asgi_app' was never awaited", RuntimeWarning, stacklevel=1, source=self)

    def begin_here(self) -> bool:
        """FAST (asgi string): answer without a coroutine, as long as nothing has to wait. It does the rest, or all."""
        plan = self.plan
        if self.stage == BOUND:
            self.return_contexts()
            self.stage = POPPED
        if self.stage == POPPED:
            self.coroutine = transmit_whole(self.send_message, self.take_start(), self.body)
            return False
        seen: Any = None
        if self.lazy is None or not plan.stock_contexts or not plan.stock_session_interface or plan.pushed:
            self.coroutine = self.respond()
            return False
        if self.binding is None:
            self.make_context()
        else:
            self.ctx = use(self.binding, self.lazy)
        try:
            if self.binding is None:
                self.push()
            else:
                if not match(plan, self.ctx):
                    self.ctx.match_request()
            seen = variables_of(self.context)
            self.watchable = True
            self.call_view()
        except BaseException as caught:
            self.stage = FAILED
            self.rv = caught
        if self.body is None or not self.can_pop_at_once():
            self.coroutine = self.respond()
            return False
        self.watchable = False
        self.stage = POPPED
        if pop_silently(plan, self.ctx, self.context, seen):
            self.stage = BOUND
            return True
        return self.begin_here()

    def own_context(self) -> Any:
        if self.lazy is not None:
            self.binding = take(self.plan, self.lazy)
        return copy_of(None) if self.binding is None else self.binding.context

    def return_contexts(self) -> None:
        binding = leave(self.ctx, self.context, self.binding)
        # What is kept is nobody's.
        self.ctx = self.context = self.binding = None
        if binding is not None:
            put_back(self.plan, self.app, binding)

    def call_view(self) -> None:
        """The request is matched: call an async view where nothing comes before it, until it waits."""
        self.stage = PUSHED
        view = self.lone_view()
        if view is None:
            return
        try:
            values = self.ctx._values
            rv = advance(view(**values) if values else view())
        except Exception as caught:
            self.stage = RAISED
            self.rv = caught
            return
        self.rv = rv
        if type(rv) is Rest:
            self.stage = WAITS
        else:
            self.stage = RETURNED
            self.body = self.short_body(rv)

    async def respond(self) -> None:
        plan = self.plan
        if not plan.inline_wsgi_app:
            await self.pass_middleware()
            return
        error: BaseException | None = None
        rv: Any = None
        body: Any = None
        # None where there is no more of it than a body.
        answer: Any = None
        is_fresh = self.stage == FRESH
        if is_fresh:
            if not plan.stock_contexts or not plan.stock_session_interface or plan.pushed:
                await TO_THREAD
            self.make_context()
        try:
            try:
                if is_fresh:
                    self.push()
                    if self.environ is not None and has_body(self.environ):
                        await read_body(self)
                    else:
                        self.watchable = True
                    self.call_view()
                rv, self.rv = self.rv, None
                if self.stage == FAILED:
                    raise rv
                if self.stage == WAITS or self.stage == RAISED:
                    try:
                        if self.stage == RAISED:
                            raise rv
                        rv = await rv
                    except Exception as caught:
                        rv = await self.handle_user_exception(caught)
                elif self.stage == PUSHED:
                    if plan.inline_full_dispatch_request:
                        rv = await self.dispatch()
                    else:
                        answer = await self.answer_of_method(None)
                if answer is None:
                    body = self.body if self.stage == RETURNED else self.short_body(rv)
                    if body is None:
                        answer = await self.answer_with(await self.finish(rv))
            except Exception as caught:
                error = caught
                answer = await self.answer_of_method(caught)
            except BaseException as caught:
                error = caught
                raise
        finally:
            error = self.error_for_teardown(error)
            if self.can_pop_at_once():
                pop_request(plan, self.ctx, error)
            else:
                await self.end(error)
        if self.cancelled:
            return
        if answer is not None:
            body = answer.body
        # FAST (servers): nothing is left to cancel for a client that leaves a whole answer, so it is not watched.
        self.watchable = self.watcher is None and type(body) is not bytes and not self.reads_body()
        if type(body) is bytes:
            if self.hints is not None:
                await self.hints.settle(self)
            if self.in_thread:
                await TO_LOOP
            rest = transmit_whole(self.send_message, self.take_start() if answer is None else start_of(answer), body)
            if rest is not None:
                await rest
        else:
            await transmit(self, answer)

    def reads_body(self) -> bool:
        """Whether the answer may still read the request's body: who watches for the client would take it away."""
        return not self.body_read and self.environ is not None and BODY_CHUNKS in self.environ

    def take_start(self) -> Any:
        """The message in ``start``, for who sends it: it is kept nowhere else."""
        start, self.start = self.start, None
        return start

    def make_context(self) -> None:
        ctx: Any = None
        if self.lazy is not None:
            ctx = new_lazy_context(self.plan, self.app, self.lazy)
            if ctx is None:
                self.lazy = None
                self.environ = environ_of(self.scope)
        if ctx is None:
            ctx = new_context(self.plan, self.app, self.environ)
        self.ctx = ctx

    def push(self) -> None:
        if self.plan.stock_contexts:
            push_request(self.plan, self.ctx)
        else:
            self.ctx.push()

    async def answer_of_method(self, error: Exception | None) -> Answer:
        """What the application's own method makes of the request, or of an unhandled *error*."""
        if not self.in_thread:
            await TO_THREAD
        app = self.app
        response = app.full_dispatch_request() if error is None else handling(error, app.handle_exception)
        return await self.answer_with(response)

    def error_for_teardown(self, error: Any) -> Any:
        """*error*, unless the application ignores it. Preserves the contexts, where the environ asks for it."""
        if self.environ is not None and PRESERVE in self.environ:
            preserve_contexts(self.environ)
        return None if error is not None and self.app.should_ignore_error(error) else error

    def is_head(self) -> bool:
        environ = self.environ if self.lazy is None else self.lazy.environ
        return environ is not None and environ["REQUEST_METHOD"] == "HEAD"

    def short_body(self, rv: Any) -> bytes | None:
        """The body of a response that only the server would see, with the message before it in ``start``; or None.

        FAST (asgi string, asgi int): the response is not made.
        """
        plan = self.plan
        kind = type(rv)
        if (kind is not str and kind is not dict and kind is not list) or not can_skip_response(plan, self.ctx):
            return None
        body: bytes | None
        if kind is str:
            body = utf8(rv)
            header = plan.responses.asgi_header
        else:
            body = line_of(self.app.json, self.app, rv)
            if body is None or not can_skip_response(plan, self.ctx):
                return None
            header = asgi_content_type(content_type_of(self.app.json.mimetype))
        self.start = start_with(plan.responses.code, whole_headers(header, body))
        return b"" if self.is_head() else body

    async def answer_with(self, response: Any) -> Answer:
        """What there is to send of *response*."""
        responses = self.plan.responses
        stock = type(response) is responses.cls and responses.stock_send
        answer = whole_answer(stock, response, self.is_head())
        if answer is None:
            if not self.in_thread and not stock:
                await TO_THREAD
            answer = answer_of(response, self.environ or self.lazy.fill(request_of(self.ctx)))
        return answer

    async def end(self, error: BaseException | None) -> None:
        """Pop the contexts, with their teardown functions where they belong."""
        plan = self.plan
        ctx: Any = self.ctx
        # Teardown functions are not to be cancelled: a client that leaves from here on changes nothing.
        self.watchable = False
        self.ending = True
        if self.watcher is not None and not self.gone:
            self.watcher.cancel()
            self.watcher = None
        inline = plan.stock_contexts and plan.inline_do_teardown_request and plan.inline_do_teardown_appcontext
        if inline and not (plan.tearing_down or plan.app_tearing_down or plan.popped) and is_last_push(ctx):
            await self.pop(plan.teardown, error)
        else:
            if not self.in_thread:
                await TO_THREAD
            if plan.stock_contexts:
                pop_request(plan, ctx, error)
            else:
                ctx.pop(error)
        self.ending = False

    # --- WSGI middleware --------------------------------------------------------------------------------------

    async def pass_middleware(self) -> None:
        """The request goes through ``app(environ, start_response)``: whatever was put around that counts here too."""
        environ: Any = self.environ
        if has_body(environ):
            await read_body(self)
        self.watchable = True
        outer = var_get(request_var, None)
        await TO_THREAD
        try:
            await transmit(self, answer_of_call(self.app, environ, False))
        finally:
            left = var_get(request_var, None)
            if left is not outer:
                # Of a stream with contexts that was not iterated over: that of a HEAD request, say.
                if not self.in_thread:
                    await TO_THREAD
                left.pop()
                var_get(app_var, None).pop()


keep_memory(Exchange)


class AsgiDriver(Driver):
    """The driver, without a state of its own."""

    __slots__ = ()

    def run(self, app: Any, scope: Any, receive: Any, send: Any) -> Any:
        """The body of ``Flask.asgi_app``: something to await. Raises ValueError for a scope of another type."""
        if type(scope) is not dict:
            scope = dict(scope)
        kind = scope["type"]
        if kind == "http":
            exchange = Exchange.__new__(Exchange)
            exchange.begin(app, scope, receive, send)
            return exchange
        if kind == "websocket":
            return Connection(app, scope, receive, send)
        if kind == "lifespan":
            return Lifespan(app, scope, receive, send)
        raise ValueError(f"An ASGI scope of type {kind!r} is none that bolthead serves.")


DRIVER = AsgiDriver()
