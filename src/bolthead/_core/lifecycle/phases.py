"""The phases of one request between its contexts' push and pop: *enter*, *answer*, *finish*.

Each step is a method of the application that a user may override. Those that the plan has as stock run here, inline.
The default methods call the same functions, so there is one behaviour, reached two ways. No function here depends on
the server's protocol: a driver (`wsgi`, `asgi`) calls them.
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

from ..primitives.context_vars import always_read
from ..primitives.objects import is_coroutine_function, is_sync_function, item_of
from .handling import called
from .records import Plan, RequestRecord, environ_seen, request_of

APP_ONLY = (None,)
NOT_OPTIONS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
"""Methods that are not OPTIONS in other letters either, which `Request.method` makes upper case."""


def plan_of(app: Any) -> Plan:
    """The plan of *app*, made anew when a class it was made from has changed."""
    plan: Plan = always_read(app, "_plan")
    if plan is None or not plan.watch.unchanged():
        plan = app._make_plan()
    return plan


def is_async(func: Any) -> bool:
    """Whether ``inspect.iscoroutinefunction(func)``."""
    # FAST (asgi string): Python takes long to tell, so that the two common kinds are told by their flags.
    return not is_sync_function(func) and (is_coroutine_function(func) or iscoroutinefunction(func))


def synced(plan: Plan, app: Any, func: Any) -> Any:
    """*func*, or what ``app.ensure_sync`` makes of it."""
    if not plan.inline_ensure_sync:
        return app.ensure_sync(func)
    return app.async_to_sync(func) if is_async(func) else func


def send(signal: Any, app: Any, key: Any, value: Any) -> None:
    if key is None:
        signal.send(app, _async_wrapper=app.ensure_sync)
    else:
        signal.send(app, _async_wrapper=app.ensure_sync, **{key: value})


def open_session(ctx: RequestRecord) -> Any:
    """The session of this context, opened if it was not."""
    session = ctx._session_or_none
    if session is None:
        plan: Plan | None = ctx.app._plan
        if plan is not None and plan.sessions is not None:
            session = ctx._session_or_none = plan.sessions.open(ctx.app, ctx._request or request_of(ctx))
            if session is not None:
                return session
        interface = ctx.app.session_interface
        # Where this fails, nothing tries again: who looks at the session is told that there is none.
        ctx._was_pushed = False
        session = interface.open_session(ctx.app, request_of(ctx))
        if session is None:
            session = interface.make_null_session(ctx.app)
        ctx._was_pushed = True
        ctx._session_or_none = session
    return session


def accessed_session(ctx: RequestRecord) -> Any:
    """``ctx.session``."""
    session = ctx._session_or_none
    if session is None:
        assert ctx._was_pushed, "The session has not yet been opened."
        session = open_session(ctx)
    session.accessed = True
    return session


def enter(plan: Plan, app: Any, ctx: RequestRecord) -> Any:
    """The request is matched: send ``request_started``, run the hooks before the view."""
    if plan.started:
        send(plan.signals.request_started, app, None, None)
    if plan.inline_preprocess_request:
        if plan.preprocessors or plan.before:
            return preprocess(plan, app, ctx._request or request_of(ctx))
        return None
    return app.preprocess_request()


def scopes_of(plan: Plan, request: Any) -> Any:
    """The keys of the hooks that apply to *request*: its blueprints, innermost first, then None for the application."""
    if not plan.stock_blueprints:
        return (*request.blueprints, None)
    rule = request.url_rule
    if rule is None:
        return APP_ONLY
    endpoint = rule.endpoint
    scopes = plan.scopes.get(endpoint)
    if scopes is None:
        scopes = plan.scopes[endpoint] = (*request.blueprints, None)
    return scopes


def preprocess(plan: Plan, app: Any, request: Any) -> Any:
    scopes = scopes_of(plan, request)[::-1]
    preprocessors = plan.preprocessors
    if preprocessors:
        for name in scopes:
            if name in preprocessors:
                for func in preprocessors[name]:
                    func(request.endpoint, request.view_args)
    before = plan.before
    if before:
        for name in scopes:
            if name in before:
                for func in before[name]:
                    rv = synced(plan, app, func)()
                    if rv is not None:
                        return rv
    return None


def select(plan: Plan, app: Any, ctx: RequestRecord, just_matched: bool) -> Any:
    """The endpoint whose view to call with ``ctx._values``; NotImplemented where OPTIONS is answered without one.

    Raises what routing found instead of a rule. *just_matched*: no user code has run since the match, so the record's
    rule, values and method are current.
    """
    rule = ctx._rule
    if not just_matched or rule is None:
        request = request_of(ctx)
        if request.routing_exception is not None:
            app.raise_routing_exception(request)
        rule = ctx._rule = request.url_rule
        ctx._values = request.view_args
    if not (plan.stock_method and just_matched and ctx._is_get) and asks_for_options(plan, ctx, rule):
        return NotImplemented
    return rule.endpoint


def asks_for_options(plan: Plan, ctx: RequestRecord, rule: Any) -> bool:
    """Whether this is an OPTIONS request that is answered without a view."""
    if plan.stock_method:
        environ = ctx.environ
        if environ is None:
            environ = environ_seen(ctx)
        method = "GET" if environ is None else environ["REQUEST_METHOD"]
    else:
        method = request_of(ctx).method
    return (
        method not in NOT_OPTIONS
        and getattr(rule, "provide_automatic_options", False)
        and request_of(ctx).method == "OPTIONS"
    )


def answer(plan: Plan, app: Any, ctx: RequestRecord, just_matched: bool) -> Any:
    """Call the view of the endpoint that `select` finds."""
    if just_matched and ctx._is_get and ctx._rule is not None and plan.stock_method:
        # FAST (string): what `select` finds, which pure is a call.
        endpoint = ctx._rule.endpoint
    else:
        endpoint = select(plan, app, ctx, just_matched)
        if endpoint is NotImplemented:
            return app.make_default_options_response()
        if type(ctx._values) is not dict:
            return called(synced(plan, app, plan.views[endpoint]), ctx._values)
    view = plan.views[endpoint]
    values = ctx._values
    if plan.sync_views.get(endpoint) is not view:
        found = synced(plan, app, view)
        if found is not view or not plan.inline_ensure_sync:
            return found(**values)
        plan.sync_views[endpoint] = view
    return view(**values) if values else view()


def finish(plan: Plan, app: Any, ctx: RequestRecord, rv: Any, from_error_handler: bool) -> Any:
    """Make the response, run the hooks after the view, send ``request_finished``."""
    if plan.inline_make_response:
        response = plan.responses.make(app, ctx._request or request_of(ctx), rv)
    else:
        response = app.make_response(rv)
    try:
        if plan.inline_process_response:
            response = process(plan, app, ctx, response)
        else:
            response = app.process_response(response)
        if plan.finished:
            send(plan.signals.request_finished, app, "response", response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception("Request finalizing failed with an error while handling an error")
    return response


def process(plan: Plan, app: Any, ctx: RequestRecord, response: Any) -> Any:
    """After hooks: those of this request, of its blueprints, of the application. Then the session is saved."""
    if ctx._after:
        for func in ctx._after:
            response = synced(plan, app, func)(response)
    after = plan.after
    if after:
        for name in scopes_of(plan, ctx._request or request_of(ctx)):
            if name in after:
                for func in reversed(after[name]):
                    response = synced(plan, app, func)(response)
    return save_session(plan, app, ctx, response)


def save_session(plan: Plan, app: Any, ctx: RequestRecord, response: Any) -> Any:
    """Save the session into *response*, if there is one to save."""
    session = ctx._session_or_none
    if session is None:
        if plan.stock_session_interface:
            # FAST (string): a session that was not accessed affects the response only if it is sent again each time.
            if not refreshes_session(plan, ctx):
                return response
            session = open_session(ctx)
        elif ctx._was_pushed:
            return response
        # PARITY: where it could not be opened, the interface is given None.
    if plan.sessions is not None:
        plan.sessions.save(app, session, response)
        return response
    interface = app.session_interface
    if not interface.is_null_session(session):
        interface.save_session(app, session, response)
    return response


def teardown_request(plan: Plan, app: Any, request: Any, exc: Any) -> None:
    functions = plan.teardown
    if functions:
        for name in scopes_of(plan, request):
            if name in functions:
                for func in reversed(functions[name]):
                    synced(plan, app, func)(exc)
    if plan.tearing_down:
        send(plan.signals.request_tearing_down, app, "exc", exc)


def teardown_app(plan: Plan, app: Any, exc: Any) -> None:
    functions = plan.app_teardown
    if functions:
        for func in reversed(functions):
            synced(plan, app, func)(exc)
    if plan.app_tearing_down:
        send(plan.signals.appcontext_tearing_down, app, "exc", exc)


def refreshes_session(plan: Plan, ctx: RequestRecord) -> bool:
    """Whether the request may carry a session that is sent again although it was not accessed."""
    environ = ctx.environ
    if environ is None:
        environ = environ_seen(ctx)
    if environ is None:
        cookies: Any = ctx._lazy.cookies  # type: ignore[union-attr]
    elif "HTTP_COOKIE" in environ:
        cookies = environ["HTTP_COOKIE"]
    else:
        return False
    if not cookies or not item_of(plan.config, "SESSION_REFRESH_EACH_REQUEST"):
        return False
    name = item_of(plan.config, "SESSION_COOKIE_NAME")
    # PARITY: where it is no text, opening the session tells what comes of it.
    return name in cookies if isinstance(name, str) else True


def can_skip_response(plan: Plan, ctx: RequestRecord) -> bool:
    """Whether only the server would see the ``Response``: no after hook, no receiver, no session to save.

    The text or JSON is then sent without making one. ``tests/core/lifecycle/test_phases.py`` enumerates the hooks."""
    return (
        plan.may_skip_response
        and ctx._session_or_none is None
        and ctx._after is None
        and not plan.after
        and not plan.finished
        # FAST (string): what `refreshes_session` asks first, which pure is a call.
        and ((ctx.environ is not None and "HTTP_COOKIE" not in ctx.environ) or not refreshes_session(plan, ctx))
    )
