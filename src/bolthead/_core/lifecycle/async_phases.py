"""The phases of one request between its contexts' push and pop, for a driver on an event loop.

The steps and their order are those of `phases`. Users' functions that are async are awaited on the loop; the others
run in a worker thread, one after the other without coming back in between.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response as BaseResponse

from ..primitives.objects import any_filled
from .class_views import on_loop, waits_on_loop
from .contexts import check_app_popped, check_request_popped, close_request, drop_app, drop_request, pushed_along
from .handling import awaited_handling, called, handling
from .phases import enter, is_async, save_session, scopes_of, select, send
from .records import Plan, request_of
from .steps import TO_LOOP, TO_THREAD, Steps
from .unhandled import handler_of, is_answer, routing_error


class AsyncPhases(Steps):
    """The phases of the request that *ctx* is for; a driver fills both fields before it calls one."""

    __slots__ = ("ctx", "plan")

    ctx: Any
    plan: Plan

    def lone_view(self) -> Any:
        """The async view that was matched, where no function of the user's comes before it; else None."""
        plan = self.plan
        ctx = self.ctx
        if (
            ctx._rule is None
            or self.in_thread
            or not plan.got_first_request
            or not plan.inline_view
            or any_filled(plan.view_hooks)
        ):
            return None
        if ctx._is_get and plan.stock_method:
            # FAST (asgi string): what `select` finds.
            endpoint = ctx._rule.endpoint
        else:
            endpoint = select(plan, self.app, ctx, True)
            if endpoint is NotImplemented:
                return None
        view = plan.views[endpoint]
        return view if is_async(view) else None

    async def dispatch(self) -> Any:
        """Enter and answer, with user errors turned into answers."""
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
                    endpoint = select(plan, app, ctx, just_matched)
                    view = None if endpoint is NotImplemented else plan.views[endpoint]
                    values = ctx._values
                    if view is None:
                        rv = app.make_default_options_response()
                    elif is_async(view):
                        if self.in_thread:
                            await TO_LOOP
                        rv = await (view(**values) if type(values) is dict else called(view, values))
                    elif waits_on_loop(view, ctx):
                        if self.in_thread:
                            await TO_LOOP
                        rv = await on_loop(view, values)
                    else:
                        if not self.in_thread:
                            await TO_THREAD
                        rv = view(**values) if type(values) is dict else called(view, values)
        except Exception as error:
            rv = await self.handle_user_exception(error)
        return rv

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
        request = request_of(self.ctx)
        scopes = scopes_of(plan, request)[::-1]
        if plan.preprocessors:
            await self.preprocess_values(request, scopes)
        before = plan.before
        if before:
            for name in scopes:
                for func in before.get(name, ()):
                    rv = await self.call(func)
                    if rv is not None:
                        return rv
        return None

    async def preprocess_values(self, request: Any, scopes: Any) -> None:
        """Run the ``url_value_preprocessor`` functions, which are never async."""
        for name in scopes:
            for func in self.plan.preprocessors.get(name, ()):
                if not self.in_thread:
                    await TO_THREAD
                func(request.endpoint, request.view_args)

    def is_awaited(self, func: Any) -> bool:
        """Whether a function of the user's is awaited on the loop, and not called in a thread."""
        return self.plan.inline_ensure_sync and is_async(func)

    async def call(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the user's where it belongs."""
        if self.is_awaited(func):
            if self.in_thread:
                await TO_LOOP
            return await func(*args, **kwargs)
        if not self.in_thread:
            await TO_THREAD
        return self.app.ensure_sync(func)(*args, **kwargs)

    async def handle(self, handler: Any, error: Exception) -> Any:
        """Call an error handler where it belongs."""
        if self.is_awaited(handler):
            if self.in_thread:
                await TO_LOOP
            return await awaited_handling(error, handler(error))
        if not self.in_thread:
            await TO_THREAD
        return handling(error, self.app.ensure_sync(handler))

    async def handle_user_exception(self, error: Exception) -> Any:
        plan = self.plan
        if is_answer(plan, error):
            return error
        if plan.stock_error_handling and plan.error_watch.unchanged():
            handler = handler_of(self.app, request_of(self.ctx), error)
            return error if handler is None else await self.handle(handler, error)
        if not self.in_thread:
            await TO_THREAD
        return handling(error, self.app.handle_user_exception)

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
            response = plan.responses.make(app, request_of(ctx), rv)
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
                for name in scopes_of(plan, request_of(ctx)):
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

    def can_pop_at_once(self) -> bool:
        """Whether popping the contexts calls no function of the user's."""
        plan = self.plan
        return plan.inline_pop and not any_filled(plan.end_hooks)

    async def pop(self, teardown: Any, error: BaseException | None) -> None:
        """Call the functions of *teardown*, a dict by scope, and the application context's; pop both contexts."""
        plan = self.plan
        ctx: Any = self.ctx
        pushed: Any = None
        try:
            if teardown:
                for name in scopes_of(plan, request_of(ctx)):
                    for func in reversed(teardown.get(name, ())):
                        await self.call(func, error)
            close_request(plan, ctx)
        finally:
            pushed = pushed_along(ctx)
            top = drop_request(ctx)
            if pushed is not None:
                try:
                    if plan.inline_do_teardown_appcontext:
                        for func in reversed(plan.app_teardown):
                            await self.call(func, error)
                        if plan.app_tearing_down:
                            if not self.in_thread:
                                await TO_THREAD
                            send(plan.signals.appcontext_tearing_down, self.app, "exc", error)
                    else:
                        if not self.in_thread:
                            await TO_THREAD
                        self.app.do_teardown_appcontext(error)
                finally:
                    app_top = drop_app(pushed)
                check_app_popped(plan, pushed, app_top)
            check_request_popped(ctx, top)
