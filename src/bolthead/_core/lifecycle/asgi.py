"""The ASGI driver: one HTTP request through all phases, on its event loop and in worker threads.

The steps and their order are the WSGI driver's. Users' functions that are async are awaited on the loop; the others
run in a worker thread, one after the other without coming back in between.
"""

from __future__ import annotations

from asyncio import CancelledError, create_task, current_task
from contextvars import copy_context
from typing import Any

from werkzeug.wrappers import Response as BaseResponse

from ..json.response_json import line_of
from ..primitives.context import _cv_app, _cv_request
from ..primitives.context_vars import var_get
from ..request.scope import environ_of, has_body, lazy_environ
from ..response.asgi_messages import body_message, whole_headers
from ..response.status import content_type_of
from .asgi_body import read_body, stream_body
from .asgi_send import Answer, StartResponse, answer_of, answer_of_wsgi, new_answer, start_of, transmit, whole_answer
from .class_views import on_loop, waits_on_loop
from .contexts import (
    check_app_popped,
    check_request_popped,
    close_request,
    drop_app,
    drop_request,
    is_last_push,
    new_context,
    new_lazy_context,
    pop_request,
    push_request,
    pushed_along,
    remember_host,
)
from .phases import can_skip_response, enter, is_async, plan_of, save_session, scopes_of, select, send
from .records import Plan
from .steps import TO_LOOP, TO_THREAD, Steps
from .unhandled import handler_of, is_answer, routing_error

app_var = _cv_app
request_var = _cv_request

PRESERVE = "werkzeug.debug.preserve_context"
TEST_ENVIRON = "bolthead.environ"
"""The key of a scope under which a test client passes what an ASGI scope has no place for."""


class Exchange(Steps):
    """One HTTP request and its answer. Awaited, it runs; that the client goes away ends it without an error."""

    __slots__ = (
        "body_read",
        "ctx",
        "environ",
        "gone",
        "lazy",
        "plan",
        "receive",
        "scope",
        "send_message",
        "spooled",
        "watcher",
    )

    plan: Plan
    environ: dict[str, Any] | None

    def __init__(self, app: Any, scope: Any, receive: Any, send_message: Any) -> None:
        # FAST (asgi string): what the base class does, without looking for it.
        self.prepare(self.respond(), copy_context(), app)
        self.scope = scope
        self.receive = receive
        self.send_message = send_message
        self.plan = plan_of(app)
        self.gone = False
        self.ctx: Any = None
        self.body_read = False
        self.spooled: Any = None
        self.watcher: Any = None
        self.environ = None
        self.lazy: Any = None
        plan = self.plan
        more = scope.get(TEST_ENVIRON)
        if not more and plan.inline_wsgi_app and plan.inline_request_context:
            self.lazy = lazy_environ(scope)
        if self.lazy is None:
            self.environ = environ_of(scope)
            if more:
                self.environ.update(more)

    # --- the client's going away ------------------------------------------------------------------------------

    def suspended(self) -> None:
        """FAST (async): only a view that waits needs to know whether its client still does."""
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

    async def respond(self) -> None:
        plan = self.plan
        app = self.app
        if not plan.inline_wsgi_app:
            await self.pass_middleware()
            return
        error: BaseException | None = None
        answer: Answer | None = None
        if not plan.stock_contexts:
            await TO_THREAD
        self.make_context()
        try:
            try:
                if plan.stock_contexts:
                    if not self.in_thread and (plan.pushed or not plan.stock_session_interface):
                        await TO_THREAD
                    push_request(plan, self.ctx)
                else:
                    self.ctx.push()
                if self.environ is not None and has_body(self.environ):
                    if getattr(self.ctx.request.url_rule, "stream_body", False):
                        stream_body(self)
                    else:
                        await read_body(self)
                        self.watchable = True
                else:
                    self.watchable = True
                view = self.lone_view()
                if view is not None:
                    # FAST (async): nothing comes before the view, and no thread is needed for it.
                    try:
                        values = self.ctx._values
                        rv = await (view(**values) if values else view())
                    except Exception as caught:
                        rv = await self.handle_user_exception(caught)
                    answer = self.short_answer(rv)
                    if answer is None:
                        answer = await self.answer_with(await self.finish(rv))
                elif plan.inline_full_dispatch_request:
                    answer = await self.dispatch()
                else:
                    if not self.in_thread:
                        await TO_THREAD
                    answer = await self.answer_with(app.full_dispatch_request())
            except Exception as caught:
                error = caught
                if not self.in_thread:
                    await TO_THREAD
                answer = await self.answer_with(app.handle_exception(caught))
            except BaseException as caught:
                error = caught
                raise
        finally:
            if self.environ is not None and PRESERVE in self.environ:
                self.environ[PRESERVE](var_get(app_var, None))
                self.environ[PRESERVE](var_get(request_var, None))
            if error is not None and app.should_ignore_error(error):
                error = None
            if self.can_pop_at_once():
                pop_request(plan, self.ctx, error)
            else:
                await self.end(error)
        # FAST (servers): nothing is left to cancel for a client that leaves a whole answer, so it is not watched.
        self.watchable = self.watcher is None and type(answer.body) is not bytes
        if type(answer.body) is bytes and not self.in_thread:
            await self.send_message(start_of(answer))
            await self.send_message(body_message(answer.body, False))
        else:
            await transmit(self, answer)

    def make_context(self) -> None:
        plan = self.plan
        ctx: Any = None
        if self.lazy is not None:
            ctx = new_lazy_context(plan, self.app, self.lazy)
            if ctx is None:
                self.lazy = None
                self.environ = environ_of(self.scope)
        environ = self.environ
        if ctx is None and plan.inline_request_context:
            ctx = new_context(plan, self.app, environ)
        if ctx is None:
            ctx = self.app.request_context(environ)
            if plan.inline_request_context:
                remember_host(plan, ctx, environ)
        self.ctx = ctx

    def is_head(self) -> bool:
        environ = self.environ if self.lazy is None else self.lazy.environ
        return environ is not None and environ["REQUEST_METHOD"] == "HEAD"

    def lone_view(self) -> Any:
        """The async view that was matched, where no function of the user's comes before it; else None."""
        plan = self.plan
        ctx = self.ctx
        if (
            ctx._rule is None
            or self.in_thread
            or plan.started
            or plan.preprocessors
            or plan.before
            or not plan.got_first_request
            or not plan.inline_full_dispatch_request
            or not plan.inline_preprocess_request
            or not plan.inline_dispatch_request
            or not plan.inline_ensure_sync
        ):
            return None
        view = select(plan, self.app, ctx, True)
        return view if view is not None and self.is_async_view(view) else None

    async def dispatch(self) -> Answer:
        """Enter, answer and finish, with user errors turned into answers."""
        plan = self.plan
        app = self.app
        ctx = self.ctx
        rv: Any = None
        if not plan.got_first_request:
            app._got_first_request = True
            plan.got_first_request = True
        try:
            just_matched = plan.inline_preprocess_request and not (plan.started or plan.preprocessors or plan.before)
            if not just_matched:
                rv = await self.before_view()
            elif ctx._rule is None and plan.inline_dispatch_request:
                rv = routing_error(plan, ctx)
            if rv is None:
                if not plan.inline_dispatch_request or not plan.inline_ensure_sync:
                    if not self.in_thread:
                        await TO_THREAD
                    rv = app.dispatch_request()
                else:
                    view = select(plan, app, ctx, just_matched)
                    if view is None:
                        rv = app.make_default_options_response()
                    elif self.is_async_view(view):
                        if self.in_thread:
                            await TO_LOOP
                        rv = await view(**ctx._values)
                    elif waits_on_loop(view, ctx):
                        if self.in_thread:
                            await TO_LOOP
                        rv = await on_loop(view, ctx._values)
                    else:
                        if not self.in_thread:
                            await TO_THREAD
                        rv = view(**ctx._values)
        except Exception as error:
            rv = await self.handle_user_exception(error)
        answer = self.short_answer(rv)
        if answer is None:
            answer = await self.answer_with(await self.finish(rv))
        return answer

    def is_async_view(self, view: Any) -> bool:
        """FAST (async): Python takes long to tell whether a function is a coroutine function."""
        views = self.plan.async_views
        endpoint = self.ctx._rule.endpoint
        if views.get(endpoint) is view:
            return True
        if is_async(view):
            views[endpoint] = view
            return True
        return False

    def short_answer(self, rv: Any) -> Answer | None:
        """FAST (string, json): the answer of a response that only the server would see, without making it."""
        plan = self.plan
        kind = type(rv)
        if (kind is not str and kind is not dict and kind is not list) or not can_skip_response(plan, self.ctx):
            return None
        if kind is str:
            body = rv.encode()
            content_type = plan.responses.content_type
        else:
            body = line_of(self.app.json, self.app, rv)
            if body is None or not can_skip_response(plan, self.ctx):
                return None
            content_type = content_type_of(self.app.json.mimetype)
        answer = new_answer(plan.responses.code, None, body)
        answer.headers = whole_headers(content_type, body)
        if self.is_head():
            answer.body = b""
        return answer

    async def before_view(self) -> Any:
        """Tell who listens, run what comes before the view."""
        plan = self.plan
        app = self.app
        if plan.started or plan.preprocessors or not plan.inline_preprocess_request or not plan.inline_ensure_sync:
            if not plan.inline_preprocess_request or not plan.inline_ensure_sync:
                if not self.in_thread:
                    await TO_THREAD
                return enter(plan, app, self.ctx)
            if plan.started:
                if not self.in_thread:
                    await TO_THREAD
                send(plan.signals.request_started, app, None, None)
        request = self.ctx.request
        scopes = scopes_of(plan, request)[::-1]
        preprocessors = plan.preprocessors
        if preprocessors:
            for name in scopes:
                for func in preprocessors.get(name, ()):
                    if not self.in_thread:
                        await TO_THREAD
                    func(request.endpoint, request.view_args)
        before = plan.before
        if before:
            for name in scopes:
                for func in before.get(name, ()):
                    rv = await self.call(func)
                    if rv is not None:
                        return rv
        return None

    async def call(self, func: Any, *args: Any) -> Any:
        """Call a function of the user's where it belongs."""
        if self.plan.inline_ensure_sync and is_async(func):
            if self.in_thread:
                await TO_LOOP
            return await func(*args)
        if not self.in_thread:
            await TO_THREAD
        return self.app.ensure_sync(func)(*args)

    async def handle_user_exception(self, error: Exception) -> Any:
        plan = self.plan
        if is_answer(plan, error):
            return error
        if plan.stock_error_handling and plan.error_watch.unchanged():
            handler = handler_of(self.app, self.ctx.request, error)
            return error if handler is None else await self.call(handler, error)
        if not self.in_thread:
            await TO_THREAD
        return self.app.handle_user_exception(error)

    async def finish(self, rv: Any) -> Any:
        """Make the response, run what comes after the view, tell who listens."""
        plan = self.plan
        app = self.app
        ctx = self.ctx
        if not plan.inline_finalize_request or not plan.inline_ensure_sync:
            if not self.in_thread:
                await TO_THREAD
            return app.finalize_request(rv)
        if not plan.inline_make_response:
            if not self.in_thread:
                await TO_THREAD
            response = app.make_response(rv)
        else:
            if callable(rv) and not self.in_thread and not isinstance(rv, (BaseResponse, Exception)):
                # A WSGI application, which may block.
                await TO_THREAD
            response = plan.responses.make(app, ctx.request, rv)
        if not plan.inline_process_response:
            if not self.in_thread:
                await TO_THREAD
            response = app.process_response(response)
        else:
            if ctx._after:
                for func in ctx._after:
                    response = await self.call(func, response)
            after = plan.after
            if after:
                for name in scopes_of(plan, ctx.request):
                    for func in reversed(after.get(name, ())):
                        response = await self.call(func, response)
            if plan.sessions is None and not self.in_thread:
                await TO_THREAD
            response = save_session(plan, app, ctx, response)
        if plan.finished:
            if not self.in_thread:
                await TO_THREAD
            send(plan.signals.request_finished, app, "response", response)
        return response

    async def answer_with(self, response: Any) -> Answer:
        """What there is to send of *response*."""
        responses = self.plan.responses
        stock = type(response) is responses.cls and responses.stock_send
        answer = whole_answer(stock, response, self.is_head())
        if answer is None:
            if not self.in_thread and not stock:
                await TO_THREAD
            answer = answer_of(response, self.environ or self.lazy.fill(self.ctx.request))
        return answer

    # --- the end ----------------------------------------------------------------------------------------------

    def can_pop_at_once(self) -> bool:
        """Whether popping the contexts calls no function of the user's."""
        plan = self.plan
        return (
            plan.stock_contexts
            and plan.inline_do_teardown_request
            and plan.inline_do_teardown_appcontext
            and not plan.teardown
            and not plan.app_teardown
            and not plan.tearing_down
            and not plan.app_tearing_down
            and not plan.popped
        )

    async def end(self, error: BaseException | None) -> None:
        """Pop the contexts, with their teardown functions where they belong."""
        plan = self.plan
        ctx: Any = self.ctx
        # Teardown functions are not to be cancelled: a client that leaves from here on changes nothing.
        self.watchable = False
        if self.watcher is not None and not self.gone:
            self.watcher.cancel()
            self.watcher = None
        inline = plan.stock_contexts and plan.inline_do_teardown_request and plan.inline_do_teardown_appcontext
        if not inline or plan.tearing_down or plan.app_tearing_down or plan.popped or not is_last_push(ctx):
            if not self.in_thread:
                await TO_THREAD
            if plan.stock_contexts:
                pop_request(plan, ctx, error)
            else:
                ctx.pop(error)
            return
        pushed: Any = None
        try:
            if plan.teardown:
                for name in scopes_of(plan, ctx.request):
                    for func in reversed(plan.teardown.get(name, ())):
                        await self.call(func, error)
            close_request(plan, ctx)
        finally:
            pushed = pushed_along(ctx)
            top = drop_request(ctx)
            if pushed is not None:
                try:
                    for func in reversed(plan.app_teardown):
                        await self.call(func, error)
                finally:
                    app_top = drop_app(pushed)
                check_app_popped(plan, pushed, app_top)
            check_request_popped(ctx, top)

    # --- WSGI middleware --------------------------------------------------------------------------------------

    async def pass_middleware(self) -> None:
        """The request goes through ``app(environ, start_response)``: whatever was put around that counts here too."""
        environ: Any = self.environ
        if has_body(environ):
            await read_body(self)
        self.watchable = True
        outer = var_get(request_var, None)
        await TO_THREAD
        start = StartResponse()
        walked = self.app(environ, start)
        try:
            await transmit(self, answer_of_wsgi(walked, start, False))
        finally:
            left = var_get(request_var, None)
            if left is not outer:
                # Of a stream with contexts that was not walked: that of a HEAD request, say.
                if not self.in_thread:
                    await TO_THREAD
                left.pop()
                var_get(app_var, None).pop()


def run(app: Any, scope: Any, receive: Any, send_message: Any) -> Any:
    """The body of ``Flask.asgi_app``: something to await. Raises ValueError for a scope of another type."""
    kind = scope["type"]
    if kind == "http":
        return Exchange(app, scope, receive, send_message)
    if kind == "websocket":
        # Lazy: it is made of what this module has.
        from .websockets import Connection

        return Connection(app, scope, receive, send_message)
    if kind == "lifespan":
        from .lifespan import Lifespan

        return Lifespan(app, scope, receive, send_message)
    raise ValueError(f"An ASGI scope of type {kind!r} is none that bolthead serves.")
