"""The lifespan of an application: what runs before and after it serves, and beside its requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from ..primitives.context import _cv_app, _cv_request
from ..primitives.place import place
from .contexts import check_app_popped, drop_app, is_last_push
from .phases import is_async, plan_of, send
from .steps import TO_LOOP, TO_THREAD, Steps

ONE_YIELD = "A 'while_serving' generator must yield once."
SHUTDOWN_TIMEOUT = 5
"""Seconds that background tasks get to end by themselves; ``BACKGROUND_TASK_SHUTDOWN_TIMEOUT`` in the config."""


class Lifespan(Steps):
    """The ASGI lifespan protocol for one application. Awaited, it runs from startup to shutdown."""

    __slots__ = ("receive", "scope", "send_message")

    def __init__(self, app: Any, scope: Any, receive: Any, send_message: Any) -> None:
        super().__init__(self.serve(), copy_context(), app)
        self.scope = scope
        self.receive = receive
        self.send_message = send_message

    async def serve(self) -> None:
        app = self.app
        while True:
            event = (await self.receive())["type"].removeprefix("lifespan.")
            try:
                if event == "startup":
                    app.serving_state = self.scope.get("state")
                    await start(app)
                else:
                    await stop(app)
            except Exception as error:
                app.logger.error(f"The application's {event} failed.", exc_info=error)
                text = f"{type(error).__name__}: {error}"
                await self.send_message({"type": f"lifespan.{event}.failed", "message": text})
                return
            await self.send_message({"type": f"lifespan.{event}.complete"})
            if event == "shutdown":
                return


async def call(func: Callable[[], Any]) -> Any:
    """Within `Steps`: call a function of the user's where it belongs, and be on the loop afterwards."""
    if is_async(func):
        return await func()
    await TO_THREAD
    try:
        return func()
    finally:
        await TO_LOOP


@asynccontextmanager
async def app_context(app: Any) -> AsyncIterator[None]:
    """Within `Steps`: an application context whose teardown functions may block, or be async."""
    ctx = app.app_context()
    ctx.push()
    error: BaseException | None = None
    try:
        yield
    except BaseException as caught:
        error = caught
        raise
    finally:
        if app.teardown_appcontext_funcs:
            await call(partial(ctx.pop, error))
        else:
            ctx.pop(error)


async def pop_on_loop(ctx: Any, error: BaseException | None) -> None:
    """Pop an application context, whose async teardown functions are awaited and the others called in place."""
    app = ctx.app
    plan = plan_of(app)
    functions = app.teardown_appcontext_funcs
    if not is_last_push(ctx) or not plan.inline_do_teardown_appcontext or not any(map(is_async, functions)):
        ctx.pop(error)
        return
    try:
        for func in reversed(functions):
            if is_async(func):
                await func(error)
            else:
                func(error)
        if plan.app_tearing_down:
            send(plan.signals.appcontext_tearing_down, app, "exc", error)
    finally:
        top = drop_app(ctx)
    check_app_popped(plan, ctx, top)


async def start(app: Any) -> None:
    """``before_serving``, then ``while_serving`` up to its yield."""
    app.serving_loop = asyncio.get_running_loop()
    async with app_context(app):
        for func in app.before_serving_funcs:
            await call(func)
        app._serving_generators = []
        try:
            for func in app.while_serving_gens:
                await begin(app, func())
        except BaseException:
            for error in await go_on(app):
                app.logger.error("A 'while_serving' generator failed after the startup had.", exc_info=error)
            raise


async def begin(app: Any, generator: Any) -> None:
    """Run a ``while_serving`` function up to its yield."""
    if not hasattr(generator, "__anext__"):
        if asyncio.iscoroutine(generator):
            # Else Python warns that nothing awaited it, in the middle of something else.
            generator.close()
        raise TypeError("A 'while_serving' function has to be an async generator: 'async def' with one 'yield'.")
    try:
        await generator.__anext__()
    except StopAsyncIteration:
        raise RuntimeError(ONE_YIELD) from None
    app._serving_generators.append(generator)


async def go_on(app: Any) -> list[Exception]:
    """Run what is below the yields, last begun first. Each runs though another failed; returns the errors."""
    errors: list[Exception] = []
    while app._serving_generators:
        generator = app._serving_generators.pop()
        try:
            await generator.__anext__()
            errors.append(RuntimeError(ONE_YIELD))
            await generator.aclose()
        except StopAsyncIteration:
            pass
        except Exception as error:
            errors.append(error)
    return errors


async def stop(app: Any) -> None:
    """Background tasks end, then ``while_serving`` and ``after_serving`` go on. Each runs though another failed."""
    await end_tasks(app)
    errors: list[Exception] = []
    try:
        async with app_context(app):
            errors += await go_on(app)
            for func in app.after_serving_funcs:
                try:
                    await call(func)
                except Exception as error:
                    errors.append(error)
    except Exception as error:
        # Of a teardown function.
        errors.append(error)
    app.serving_loop = None
    if errors:
        raise errors[0] if len(errors) == 1 else ExceptionGroup("The application's shutdown failed.", errors)


async def end_tasks(app: Any) -> None:
    """Wait for the background tasks as long as the config allows, then cancel them and wait for that."""
    loop = asyncio.get_running_loop()
    end = loop.time() + app.config.get("BACKGROUND_TASK_SHUTDOWN_TIMEOUT", SHUTDOWN_TIMEOUT)
    late: set[Any] = set()
    # A task may add another.
    while app.background_tasks and not late:
        _, late = await asyncio.wait(app.background_tasks, timeout=max(end - loop.time(), 0))
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)


def loop_of(app: Any) -> Any:
    """The loop that serves *app*, as the calling thread sees it; None where there is none."""
    if place.hop is not None:
        return place.hop.get_loop()
    ctx = _cv_request.get(None)
    # WSGI: the loop that an async view runs on ends with the view.
    if ctx is None or "asgi.scope" in ctx.request.environ:
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            pass
    if app.serving_loop is None and app._begin_serving is not None:
        app._begin_serving()
    return app.serving_loop


def outside_of_contexts() -> Context:
    """A copy of the current context, without a request and an application."""
    context = Context()
    for var, value in copy_context().items():
        if var is not _cv_request and var is not _cv_app:
            context.run(var.set, value)
    return context


def add_task(app: Any, func: Callable[..., Any], args: Any, kwargs: Any) -> None:
    """Run *func* on the application's loop, or if it is no coroutine function in a thread, within its context."""
    loop = loop_of(app)
    if loop is None:
        raise RuntimeError(
            "A background task needs an event loop: serve the application with 'bolthead serve', while you write with"
            " 'bolthead run --asgi', or over ASGI by any server that is given 'app.asgi_app'."
        )
    context = outside_of_contexts()

    async def work() -> None:
        try:
            async with app_context(app):
                await call(partial(func, *args, **kwargs))
        except Exception as error:
            app.logger.error("Exception in a background task", exc_info=error)

    async def run() -> None:
        await Steps(work(), context, app)

    def begin() -> None:
        # The steps have a context of their own; one of the task's own would hold the request.
        task = loop.create_task(run(), context=Context())
        app.background_tasks.add(task)
        task.add_done_callback(app.background_tasks.discard)

    try:
        on_loop = asyncio.get_running_loop() is loop
    except RuntimeError:
        on_loop = False
    if on_loop:
        begin()
    else:
        loop.call_soon_threadsafe(begin)
