"""The WSGI driver (PEP 3333): one request through all phases, on the calling thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..json.response_json import line_of
from ..primitives.bytes_search import utf8
from ..primitives.context_vars import always_read
from ..response.status import content_type_header
from .contexts import PRESERVE, new_context, pop_request, preserve_contexts, push_request
from .phases import answer, can_skip_response, enter, finish, plan_of
from .records import Plan, RequestRecord
from .unhandled import is_answer, routing_error

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CALLED_BY_ASGI = (
    "The application itself is what a WSGI server is given, and it was called as an ASGI server does."
    " Give an ASGI server its 'asgi_app', as in 'module:app.asgi_app', or 'module:asgi' after 'asgi = app.asgi_app'."
)


def dispatch(plan: Plan, app: Any, ctx: RequestRecord) -> Any:
    """Enter and answer, with user errors turned into answers."""
    if not plan.got_first_request:
        app._got_first_request = True
        plan.got_first_request = True
    try:
        just_matched = plan.inline_preprocess_request and not (plan.started or plan.preprocessors or plan.before)
        if not just_matched:
            rv = enter(plan, app, ctx)
        else:
            rv = routing_error(plan, ctx) if ctx._rule is None and plan.inline_dispatch_request else None
        if rv is None:
            rv = answer(plan, app, ctx, just_matched) if plan.inline_dispatch_request else app.dispatch_request()
    except Exception as error:
        rv = error if is_answer(plan, error) else app.handle_user_exception(error)
    return rv


def full_dispatch(plan: Plan, app: Any, ctx: RequestRecord) -> Any:
    """Enter, answer and finish."""
    rv = dispatch(plan, app, ctx)
    if plan.inline_finalize_request:
        return finish(plan, app, ctx, rv, False)
    return app.finalize_request(rv)


def call_wsgi(app: Any, environ: WSGIEnvironment, start_response: StartResponse, more: Any) -> Iterable[bytes]:
    """The body of ``Flask.__call__``: ``wsgi_app``, which may have been wrapped or replaced.

    Raises TypeError if there are *more* arguments, or no *start_response*.
    """
    if start_response is None or more:
        raise TypeError(told_of_call(environ, more))
    plan: Plan | None = always_read(app, "_plan")
    # FAST (string): the stock method calls the same function.
    if plan is not None and plan.inline_wsgi_app and plan.watch.unchanged():
        return run(plan, app, environ, start_response)  # type: ignore[no-any-return]
    return app.wsgi_app(environ, start_response)  # type: ignore[no-any-return]


def told_of_call(environ: Any, more: Any) -> str:
    """What is wrong with a call of an application; one or three arguments are what an ASGI server gives."""
    if environ is None and not more:
        return "Flask.__call__() missing 2 required positional arguments: 'environ' and 'start_response'"
    if len(more) > 1:
        return f"Flask.__call__() takes 3 positional arguments but {3 + len(more)} were given"
    return CALLED_BY_ASGI


def run_wsgi(app: Any, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The body of ``Flask.wsgi_app``. Teardown functions run when it returns, before a streamed body is sent."""
    return run(plan_of(app), app, environ, start_response)  # type: ignore[no-any-return]


def run(plan: Plan, app: Any, environ: Any, start_response: Any) -> Any:
    """One request through all phases."""
    ctx: Any = new_context(plan, app, environ)
    error: BaseException | None = None
    text = None
    header: Any = None
    response: Any = None
    try:
        try:
            if plan.stock_contexts:
                push_request(plan, ctx)
            else:
                ctx.push()
            if not plan.inline_full_dispatch_request:
                response = app.full_dispatch_request()
            elif not plan.may_skip_response:
                response = full_dispatch(plan, app, ctx)
            else:
                rv = dispatch(plan, app, ctx)
                kind = type(rv)
                if kind is str and can_skip_response(plan, ctx):
                    # FAST (string): a response that only the server would see is not made.
                    text = utf8(rv)
                    header = plan.responses.header
                elif (kind is dict or kind is list) and can_skip_response(plan, ctx):
                    # FAST (json): as above. `default` may have added a hook meanwhile, so this is checked again.
                    provider = app.json
                    text = line_of(provider, app, rv)
                    if text is not None:
                        header = content_type_header(provider.mimetype)
                        if not can_skip_response(plan, ctx):
                            rv = plan.responses.whole(text, header)
                            text = None
                    if text is None:
                        response = finish(plan, app, ctx, rv, False)
                else:
                    response = finish(plan, app, ctx, rv, False)
        except Exception as caught:
            error = caught
            # That of JSON, whose mimetype breaks the header's line.
            text = None
            response = app.handle_exception(caught)
        except BaseException as caught:
            error = caught
            raise
        if text is not None:
            return plan.responses.send_whole(text, header, environ, start_response)
        if type(response) is plan.responses.cls:
            return plan.responses.send(response, environ, start_response)
        return response(environ, start_response)
    finally:
        if PRESERVE in environ:
            preserve_contexts(environ)
        if error is not None and app.should_ignore_error(error):
            error = None
        if plan.stock_contexts:
            pop_request(plan, ctx, error)
        else:
            ctx.pop(error)
