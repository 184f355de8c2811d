"""Contexts: made, pushed with the request matched, and popped with its teardown. The phases *begin* and *end*."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import HTTPException

from ..primitives.context import _cv_app, _cv_request
from ..primitives.context_vars import var_get, var_reset, var_set, variables_of
from ..primitives.objects import bare, item_of
from ..request.scope import LazyEnviron
from ..routing.adapter import may_redirect, not_found_error
from ..routing.search import DETOUR, FOUND, MISSED, lookup_static, lookup_tree
from .phases import open_session, plan_of, send, synced, teardown_app, teardown_request
from .records import (
    NOT_CREATED,
    AppRecord,
    GlobalsRecord,
    Plan,
    RequestRecord,
    environ_seen,
    lazy_request,
    makes_requests_late,
    request_of,
)

app_var = _cv_app
request_var = _cv_request

PRESERVE = "werkzeug.debug.preserve_context"
"""The key of an environ under which a test client or a debugger has a function that takes the contexts."""
HOSTS = 256
"""How many valid Host headers an application remembers."""


def new_context(plan: Plan, app: Any, given: Any) -> Any:
    """The request context for the environ *given*, without its adapter where ``app.request_context`` need not make it.

    An adapter is needed at once to check the host (``TRUSTED_HOSTS``, or one not seen before).
    """
    if not plan.inline_request_context or type(given) is not dict:
        return context_by_app(plan, app, given)
    environ: dict[str, Any] = given
    host = environ.get("HTTP_HOST")
    if type(host) is not str or host not in plan.checked_hosts or item_of(plan.config, "TRUSTED_HOSTS") is not None:
        return context_by_app(plan, app, environ)
    request = bare(plan.request_class)
    request.environ = environ
    if not plan.stock_json_module:
        request.json_module = plan.json
    environ["werkzeug.request"] = request
    ctx = bare(plan.context_class)
    fill_request_context(ctx, app, request, environ, NOT_CREATED, None)
    return ctx


def context_by_app(plan: Plan, app: Any, environ: Any) -> Any:
    """The request context that ``app.request_context`` makes."""
    ctx = app.request_context(environ)
    if plan.inline_request_context:
        remember_host(plan, ctx, environ)
    return ctx


def new_lazy_context(plan: Plan, app: Any, lazy: LazyEnviron) -> Any:
    """A request context whose environ is made when it is first read; None where the adapter is needed at once."""
    if not has_known_host(plan, lazy):
        return None
    ctx = bare(plan.context_class)
    fill_request_context(ctx, app, None if makes_requests_late else lazy_request(lazy), None, NOT_CREATED, None)
    ctx._lazy = lazy
    return ctx


def has_known_host(plan: Plan, lazy: LazyEnviron) -> bool:
    # FAST (asgi string): most sites have one host, which need not be hashed.
    known = lazy.host == plan.raw_host or lazy.host in plan.checked_raw_hosts
    return known and item_of(plan.config, "TRUSTED_HOSTS") is None


def fill_request_context(
    ctx: RequestRecord, app: Any, request: Any, environ: dict[str, Any] | None, adapter: Any, session: Any
) -> None:
    ctx.app = app
    ctx._request = request
    ctx.environ = environ
    ctx.flashes = None
    ctx._adapter = adapter
    ctx._after = None
    ctx._is_get = False
    ctx._lazy = None
    ctx._was_pushed = False
    ctx._session_or_none = session
    ctx._pushed = None
    ctx._token = None
    ctx._tokens = None
    ctx._url_for_guards = None
    ctx._rule = None
    ctx._values = None


def remember_host(plan: Plan, ctx: Any, environ: Any) -> None:
    """Remember the Host of a request whose context was made by `app.request_context`, if that made its adapter."""
    host = environ.get("HTTP_HOST")
    if type(host) is str and len(plan.checked_hosts) < HOSTS and ctx.request.routing_exception is None:
        plan.checked_hosts[host] = None
        if host.isascii():
            plan.raw_host = host.encode()
            plan.checked_raw_hosts[plan.raw_host] = None


def push_app(plan: Plan, ctx: AppRecord) -> None:
    token = var_set(app_var, ctx)
    if ctx._token is None:
        ctx._token = token
    elif ctx._tokens is None:
        ctx._tokens = [token]
    else:
        ctx._tokens.append(token)
    if plan.pushed:
        send(plan.signals.appcontext_pushed, ctx.app, None, None)


def pop_app(plan: Plan, ctx: AppRecord, exc: Any) -> None:
    try:
        inline = plan.inline_do_teardown_appcontext
        if (not inline or plan.app_teardown or plan.app_tearing_down) and is_last_push(ctx):
            if inline:
                teardown_app(plan, ctx.app, exc)
            else:
                ctx.app.do_teardown_appcontext(exc)
    finally:
        top = drop_app(ctx)
    if top is not ctx or plan.popped:
        check_app_popped(plan, ctx, top)


def preserve_contexts(environ: dict[str, Any]) -> None:
    """Hand both contexts to the function under `PRESERVE`, before they are popped."""
    preserve = environ[PRESERVE]
    # PARITY: where pushing has failed, it is the variable that raises.
    preserve(app_var.get())
    preserve(request_var.get())


def is_last_push(ctx: AppRecord) -> bool:
    """Whether the next pop of a context is the last one, which runs the teardown functions."""
    return ctx._token is not None and not ctx._tokens


def drop_app(ctx: AppRecord) -> Any:
    """Undo a push and nothing else. Returns the context that was the current one, which should be *ctx*."""
    top = var_get(app_var, None)
    if top is None:
        # PARITY: a pop without a push fails as the variable's own `get` does.
        app_var.get()
    if ctx._tokens or ctx._token is None:
        token = (ctx._tokens or []).pop()
    else:
        token = ctx._token
        ctx._token = None
    var_reset(app_var, token)
    return top


def check_app_popped(plan: Plan, ctx: AppRecord, top: Any) -> None:
    if top is not ctx:
        raise AssertionError(f"Popped wrong app context. ({top!r} instead of {ctx!r})")
    if plan.popped:
        send(plan.signals.appcontext_popped, ctx.app, None, None)


def push_request(plan: Plan, ctx: RequestRecord) -> None:
    app = ctx.app
    outer = var_get(app_var, None)
    pushed: Any = None
    if outer is None or outer.app is not app:
        if plan.stock_contexts:
            made: GlobalsRecord = bare(plan.app_class)
            made.app = app
            made._adapter = NOT_CREATED
            made._g = None
            made._url_for_guards = None
            made._tokens = None
            made._token = var_set(app_var, made)
            pushed = made
            if plan.pushed:
                send(plan.signals.appcontext_pushed, app, None, None)
        else:
            pushed = app.app_context()
            pushed.push()
    token = var_set(request_var, ctx)
    if ctx._token is None:
        ctx._token = token
        ctx._pushed = pushed
    elif ctx._tokens is None:
        ctx._tokens = [(token, pushed)]
    else:
        ctx._tokens.append((token, pushed))
    ctx._was_pushed = True
    if not plan.stock_session_interface:
        open_session(ctx)
    if ctx._adapter is NOT_CREATED:
        if not match(plan, ctx):
            ctx.match_request()  # type: ignore[attr-defined]
    elif ctx._adapter is not None:
        ctx.match_request()  # type: ignore[attr-defined]


def pop_request(plan: Plan, ctx: RequestRecord, exc: Any) -> None:
    try:
        # FAST (string): `is_last_push`, which pure is a call.
        if ctx._token is not None and not ctx._tokens:
            if not plan.inline_do_teardown_request:
                ctx.app.do_teardown_request(exc)
            elif plan.teardown or plan.tearing_down:
                teardown_request(plan, ctx.app, ctx._request or request_of(ctx), exc)
            environ = ctx.environ
            # FAST (string): what `close_request` asks first, which pure is a call.
            if not plan.stock_close or environ is None or "CONTENT_TYPE" in environ:
                close_request(plan, ctx)
    finally:
        pushed = pushed_along(ctx) if ctx._tokens else ctx._pushed
        top = drop_request(ctx)
        if pushed is not None:
            if plan.stock_contexts:
                pop_app(plan, pushed, exc)
            else:
                pushed.pop(exc)
        if top is not ctx:
            check_request_popped(ctx, top)


def pop_silently(plan: Plan, ctx: RequestRecord, variables: Any, seen: Any) -> bool:
    """Pop a context, and the one pushed along, where neither calls a function of the user's.

    FAST (asgi string): *variables* is the context of variables. Where it still has those that were *seen* after the
    push, true is returned, and all that is left to do is `context_pool.leave`, out of it.
    """
    try:
        if is_last_push(ctx):
            close_request(plan, ctx)
    finally:
        pushed = pushed_along(ctx)
        same = seen is not None and variables_of(variables) is seen
        if not (same and is_last_push(ctx) and (pushed is None or is_last_push(pushed))):
            same = False
            top = drop_request(ctx)
            if pushed is not None:
                check_app_popped(plan, pushed, drop_app(pushed))
            check_request_popped(ctx, top)
    return same


def close_request(plan: Plan, ctx: RequestRecord) -> None:
    """Close the files of the request's form."""
    # FAST (string): Werkzeug's `close` closes what is in `files`, which only a body of some type can fill.
    environ = ctx.environ
    if environ is None:
        environ = environ_seen(ctx)
    if plan.stock_close and (environ is None or "CONTENT_TYPE" not in environ):
        return
    request = request_of(ctx)
    if not plan.stock_close or request.__dict__.get("files"):
        # That of a websocket is about its connection.
        close = None if hasattr(request, "_connection") else getattr(request, "close", None)
        if close is not None:
            close()


def pushed_along(ctx: RequestRecord) -> Any:
    """The application context that the next pop must pop as well, or None: the one that its push made."""
    return ctx._tokens[-1][1] if ctx._tokens else ctx._pushed


def drop_request(ctx: RequestRecord) -> Any:
    """Undo a push and nothing else. Returns the context that was the current one, which should be *ctx*."""
    top = var_get(request_var, None)
    if top is None:
        request_var.get()
    var_reset(request_var, forget_push(ctx))
    return top


def forget_push(ctx: RequestRecord) -> Any:
    """Remove the last push from the record, and return its token."""
    if ctx._tokens or ctx._token is None:
        return (ctx._tokens or []).pop()[0]
    token = ctx._token
    ctx._token = None
    ctx._pushed = None
    # Breaks the cycle of the environ and its request.
    environ = ctx.environ
    if environ is None:
        environ = environ_seen(ctx)
    if environ is not None:
        environ["werkzeug.request"] = None
    return token


def check_request_popped(ctx: RequestRecord, top: Any) -> None:
    if top is not ctx:
        raise AssertionError(f"Popped wrong request context. ({top!r} instead of {ctx!r})")


_WEBSOCKET = ("ws", "wss")


def match(plan: Plan, ctx: RequestRecord) -> bool:
    """Match the request without an adapter. False where an adapter has to."""
    environ = ctx.environ
    if environ is None:
        environ = environ_seen(ctx)
    websocket = False
    if environ is None:
        path = ctx._lazy.path  # type: ignore[union-attr]
        websocket = ctx._lazy.websocket  # type: ignore[union-attr]
        method = "GET"
        if plan.tree is None:
            return False
    else:
        given = environ.get("PATH_INFO")
        asked = environ["REQUEST_METHOD"]
        scheme = environ["wsgi.url_scheme"]
        if plan.tree is None or "HTTP_UPGRADE" in environ or (scheme != "http" and scheme in _WEBSOCKET):
            return False
        if type(given) is not str or type(asked) is not str:
            # A middleware may have put an enumeration's member there.
            return False
        path = given
        method = asked
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")
    if path and (path[0] != "/" or (len(path) > 1 and path[1] == "/")):
        path = "/" + path.lstrip("/")
    tree = plan.tree
    if tree.stale and not plan.map.is_ready():
        return False
    ctx._is_get = method == "GET"
    if not ctx._is_get:
        method = method.upper()
    leaf = lookup_static(tree, plan.domain, path, method, websocket)
    if leaf is not None and not leaf.detour:
        # FAST (string): a rule without variables needs no search.
        values = {} if leaf.defaults is None else dict(leaf.defaults)
    else:
        try:
            code, found, values = lookup_tree(tree, plan.domain, path, method, websocket)
        except HTTPException as error:
            # Raised by a converter.
            request_of(ctx).routing_exception = error
            return True
        if code == DETOUR and not may_redirect(plan.map, found.rule, values, method):
            # A rule beside one with defaults is asked each time whether that one is meant.
            code = FOUND
        if code != FOUND:
            if code == MISSED and not values and not websocket:
                # FAST (errors): neither found nor of the other protocol, so no adapter is needed to say so.
                request_of(ctx).routing_exception = not_found_error(found, False)
                return True
            return False
        leaf = found
    ctx._rule = leaf.rule
    ctx._values = values
    request = ctx._request
    if request is not None:
        request.url_rule = leaf.rule
        request.view_args = values
    return True


own_processors: list[Any] = []
"""The context processor that returns `default_values`."""


def default_values() -> dict[str, Any]:
    """``g`` and ``request``, the objects and not the proxies, as far as there are contexts."""
    values: dict[str, Any] = {}
    app_ctx = var_get(app_var, None)
    if app_ctx is not None:
        values["g"] = app_ctx.g
    req_ctx = var_get(request_var, None)
    if req_ctx is not None:
        values["request"] = req_ctx.request
    return values


def fill_context(app: Any, context: Any) -> None:
    """The body of ``Flask.update_template_context``: add what processors return, keep what was given.

    The application's processors run first, then the current blueprints', from the outermost in.
    """
    plan = plan_of(app)
    processors = app.template_context_processors
    names: list[Any] = [None]
    req_ctx = var_get(request_var, None)
    if req_ctx is not None:
        names += reversed(req_ctx.request.blueprints)
    given = context.copy()
    for name in names:
        if name not in processors:
            continue
        for func in processors[name]:
            # FAST (template): no frames of Python.
            if plan.inline_ensure_sync and func is own_processors[0]:
                context.update(default_values())
            else:
                context.update(synced(plan, app, func)())
    context.update(given)
