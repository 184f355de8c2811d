"""One request, from push to teardown, in three phases: *enter*, *answer*, *finish*.

Each step is a method of the application that a user may override. The plan says which ones nobody has; those
run here, inline. The default methods call the same functions, so there is one behaviour, reached two ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from ..globals import _cv_app, _cv_request
from ..signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from .failures import is_answer, unrouted
from .jsonout import line_of
from .matching import missed
from .native import bare, is_plain, var_get, var_reset, var_set
from .records import UNMADE, AppRecord, Plan, RequestRecord
from .result import content_type_of
from .walk import FOUND, MISSED, route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

app_var = _cv_app
request_var = _cv_request

HOSTS = 256
"""How many sound Host headers an application remembers."""

PRESERVE = "werkzeug.debug.preserve_context"
APP_ONLY = (None,)


def plan_of(app: Any) -> Plan:
    """The plan of *app*, made anew when a class it was made from has changed."""
    plan: Plan = app._plan
    if plan is None or not plan.watch.intact():
        plan = app._make_plan()
    return plan


def is_async(func: Any) -> bool:
    """Whether ``inspect.iscoroutinefunction(func)``."""
    return not is_plain(func) and iscoroutinefunction(func)


def synced(plan: Plan, app: Any, func: Any) -> Any:
    """*func*, or what ``app.ensure_sync`` makes of it."""
    if not plan.sync:
        return app.ensure_sync(func)
    return app.async_to_sync(func) if is_async(func) else func


def send(signal: Any, app: Any, key: Any, value: Any) -> None:
    if key is None:
        signal.send(app, _async_wrapper=app.ensure_sync)
    else:
        signal.send(app, _async_wrapper=app.ensure_sync, **{key: value})


# --- contexts -------------------------------------------------------------------------------------------------


def new_context(plan: Plan, app: Any, environ: Any) -> Any:
    """A request context without its adapter, or None where only ``app.request_context`` can make it.

    An adapter is needed at once to check the host (``TRUSTED_HOSTS``, or one not seen before).
    """
    host = environ.get("HTTP_HOST")
    if type(host) is not str or host not in plan.hosts or plan.config["TRUSTED_HOSTS"] is not None:
        return None
    request = bare(plan.request_class)
    request.environ = environ
    if not plan.plain_json:
        request.json_module = plan.json
    environ["werkzeug.request"] = request
    ctx = bare(plan.context_class)
    fill_request_context(ctx, app, request, environ, UNMADE, None)
    return ctx


def fill_request_context(
    ctx: RequestRecord, app: Any, request: Any, environ: dict[str, Any], adapter: Any, session: Any
) -> None:
    ctx.app = app
    ctx.request = request
    ctx.environ = environ
    ctx.flashes = None
    ctx._adapter = adapter
    ctx._after = None
    ctx._entered = False
    ctx._opened = session
    ctx._pushed = None
    ctx._token = None
    ctx._tokens = None
    ctx._rule = None
    ctx._values = None


def remember_host(plan: Plan, ctx: Any, environ: Any) -> None:
    """Called with a context made the long way: its adapter could be made for this Host."""
    host = environ.get("HTTP_HOST")
    if type(host) is str and len(plan.hosts) < HOSTS and ctx.request.routing_exception is None:
        plan.hosts.add(host)


def push_app(plan: Plan, ctx: AppRecord) -> None:
    token = var_set(app_var, ctx)
    if ctx._token is None:
        ctx._token = token
    elif ctx._tokens is None:
        ctx._tokens = [token]
    else:
        ctx._tokens.append(token)
    if plan.pushed:
        send(appcontext_pushed, ctx.app, None, None)


def pop_app(plan: Plan, ctx: AppRecord, exc: Any) -> None:
    app = ctx.app
    last = ctx._token is not None and not ctx._tokens
    try:
        if last:
            if not plan.teardown_app:
                app.do_teardown_appcontext(exc)
            elif plan.app_teardown or plan.app_tearing_down:
                teardown_app(plan, app, exc)
    finally:
        top = var_get(app_var, None)
        if top is None:
            # PARITY: a pop without a push fails as the variable's own `get` does.
            raise LookupError(app_var)
        if last:
            token = ctx._token
            ctx._token = None
        else:
            token = (ctx._tokens or []).pop()
        var_reset(app_var, token)
    if top is not ctx:
        raise AssertionError(f"Popped wrong app context. ({top!r} instead of {ctx!r})")
    if plan.popped:
        send(appcontext_popped, app, None, None)


def push_request(plan: Plan, ctx: RequestRecord) -> None:
    app = ctx.app
    outer = var_get(app_var, None)
    pushed = None
    if outer is None or outer.app is not app:
        if plan.plain_contexts:
            pushed = push_new_app(plan, bare(plan.app_class), app)
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
    ctx._entered = True
    if not plan.lazy_session:
        open_session(ctx)
    if ctx._adapter is UNMADE:
        if not match(plan, ctx):
            ctx.match_request()  # type: ignore[attr-defined]
    elif ctx._adapter is not None:
        ctx.match_request()  # type: ignore[attr-defined]


def push_new_app(plan: Plan, ctx: AppRecord, app: Any) -> AppRecord:
    """Fill and push an application context that nothing is known of yet."""
    ctx.app = app
    ctx._adapter = UNMADE
    ctx._tokens = None
    ctx._token = var_set(app_var, ctx)
    if plan.pushed:
        send(appcontext_pushed, app, None, None)
    return ctx


def open_session(ctx: RequestRecord) -> Any:
    """The session of this context, opened if it was not."""
    session = ctx._opened
    if session is None:
        plan: Plan | None = ctx.app._plan
        if plan is not None and plan.sessions is not None:
            session = ctx._opened = plan.sessions.open(ctx.app, ctx.request)
            if session is not None:
                return session
        interface = ctx.app.session_interface
        session = interface.open_session(ctx.app, ctx.request)
        if session is None:
            session = interface.make_null_session(ctx.app)
        ctx._opened = session
    return session


def pop_request(plan: Plan, ctx: RequestRecord, exc: Any) -> None:
    app = ctx.app
    last = ctx._token is not None and not ctx._tokens
    try:
        if last:
            request = ctx.request
            if not plan.teardown_request:
                app.do_teardown_request(exc)
            elif plan.teardown or plan.tearing_down:
                teardown_request(plan, app, request, exc)
            # FAST: Werkzeug's `close` closes what is in `files`, which only a body of some type can fill.
            if not plan.plain_close or ("CONTENT_TYPE" in ctx.environ and request.__dict__.get("files")):
                close = getattr(request, "close", None)
                if close is not None:
                    close()
    finally:
        top = var_get(request_var, None)
        if top is None:
            raise LookupError(request_var)
        if last:
            token = ctx._token
            pushed = ctx._pushed
            ctx._token = None
            ctx._pushed = None
        else:
            token, pushed = (ctx._tokens or []).pop()
        var_reset(request_var, token)
        if last:
            # Breaks the cycle of the environ and its request.
            ctx.environ["werkzeug.request"] = None
        if pushed is not None:
            if plan.plain_contexts:
                pop_app(plan, pushed, exc)
            else:
                pushed.pop(exc)
        if top is not ctx:
            raise AssertionError(f"Popped wrong request context. ({top!r} instead of {ctx!r})")


_WEBSOCKET = ("ws", "wss")


def match(plan: Plan, ctx: RequestRecord) -> bool:
    """Match the request without an adapter. False: it takes one to say what the outcome is."""
    request = ctx.request
    environ = ctx.environ
    path = environ.get("PATH_INFO")
    scheme = environ["wsgi.url_scheme"]
    if not path or plan.tree is None or "HTTP_UPGRADE" in environ or (scheme != "http" and scheme in _WEBSOCKET):
        return False
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")
    if path[0] != "/" or (len(path) > 1 and path[1] == "/"):
        path = "/" + path.lstrip("/")
    if plan.tree.stale:
        plan.map.update()
    method = environ["REQUEST_METHOD"]
    if method != "GET":
        method = method.upper()
    outcome = route(plan.tree, plan.domain, path, method, False)
    code = outcome[0]
    if code != FOUND:
        if code == MISSED and not outcome[2]:
            # FAST: neither found nor of the other protocol, so no adapter is needed to say so.
            request.routing_exception = missed(outcome[1], False)
            return True
        return False
    request.url_rule = ctx._rule = outcome[1]
    request.view_args = ctx._values = outcome[2]
    return True


# --- the phases -----------------------------------------------------------------------------------------------


def enter(plan: Plan, app: Any, ctx: RequestRecord) -> Any:
    """The request is known and matched: tell who listens, run what comes before the view."""
    if plan.started:
        send(request_started, app, None, None)
    if plan.preprocess:
        if plan.preprocessors or plan.before:
            return preprocess(plan, app, ctx.request)
        return None
    return app.preprocess_request()


def scopes_of(plan: Plan, request: Any) -> Any:
    """Whose hooks concern *request*: its blueprints', the innermost first, and those of the application, None."""
    if not plan.plain_blueprints:
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


def answer(plan: Plan, app: Any, ctx: RequestRecord, fresh: bool) -> Any:
    """Call the view, or raise what routing found instead of one.

    *fresh*: nobody has run since the match, so it is as the record has it.
    """
    request = ctx.request
    rule = ctx._rule
    values = ctx._values
    if not fresh or rule is None:
        if request.routing_exception is not None:
            app.raise_routing_exception(request)
        rule = request.url_rule
        values = request.view_args
    method = ctx.environ["REQUEST_METHOD"] if plan.plain_method else request.method
    if (
        method != "GET"
        and (method == "OPTIONS" or not method.isupper())
        and getattr(rule, "provide_automatic_options", False)
        and request.method == "OPTIONS"
    ):
        return app.make_default_options_response()
    endpoint = rule.endpoint
    view = plan.views[endpoint]
    if plan.ready.get(endpoint) is not view:
        found = synced(plan, app, view)
        if found is not view or not plan.sync:
            return found(**values)
        plan.ready[endpoint] = view
    return view(**values) if values else view()


def finish(plan: Plan, app: Any, ctx: RequestRecord, rv: Any, from_error_handler: bool) -> Any:
    """Make the response, run what comes after the view, tell who listens."""
    if plan.making:
        response = plan.responses.make(app, ctx.request, rv)
    else:
        response = app.make_response(rv)
    try:
        if plan.process:
            response = process(plan, app, ctx, response)
        else:
            response = app.process_response(response)
        if plan.finished:
            send(request_finished, app, "response", response)
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
        for name in scopes_of(plan, ctx.request):
            if name in after:
                for func in reversed(after[name]):
                    response = synced(plan, app, func)(response)
    session = ctx._opened
    if session is None:
        # FAST: an untouched session concerns the answer only if it came with the request and is refreshed.
        if not plan.lazy_session:
            return response
        if "HTTP_COOKIE" not in ctx.environ or not refreshes(plan, ctx.environ):
            return response
        session = open_session(ctx)
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
        send(request_tearing_down, app, "exc", exc)


def teardown_app(plan: Plan, app: Any, exc: Any) -> None:
    functions = plan.app_teardown
    if functions:
        for func in reversed(functions):
            synced(plan, app, func)(exc)
    if plan.app_tearing_down:
        send(appcontext_tearing_down, app, "exc", exc)


def dispatch(plan: Plan, app: Any, ctx: RequestRecord) -> Any:
    """Enter and answer, with user errors turned into answers."""
    if not plan.begun:
        app._got_first_request = True
        plan.begun = True
    try:
        fresh = plan.preprocess and not (plan.started or plan.preprocessors or plan.before)
        if not fresh:
            rv = enter(plan, app, ctx)
        else:
            rv = unrouted(plan, ctx) if ctx._rule is None and plan.dispatch else None
        if rv is None:
            rv = answer(plan, app, ctx, fresh) if plan.dispatch else app.dispatch_request()
    except Exception as error:
        rv = error if is_answer(plan, error) else app.handle_user_exception(error)
    return rv


def full_dispatch(plan: Plan, app: Any, ctx: RequestRecord) -> Any:
    """Enter, answer and finish."""
    rv = dispatch(plan, app, ctx)
    if plan.finalize:
        return finish(plan, app, ctx, rv, False)
    return app.finalize_request(rv)


def refreshes(plan: Plan, environ: Any) -> bool:
    """Whether a session came with the request, perhaps, that is sent again though nobody touched it."""
    cookies = environ["HTTP_COOKIE"]
    config = plan.config
    return cookies and config["SESSION_REFRESH_EACH_REQUEST"] and config["SESSION_COOKIE_NAME"] in cookies


def unseen(plan: Plan, ctx: RequestRecord) -> bool:
    """Whether nobody would see the response to a text but the server: no hook, no receiver, no session to save."""
    return (
        plan.brief
        and ctx._opened is None
        and ctx._after is None
        and not plan.after
        and not plan.finished
        and ("HTTP_COOKIE" not in ctx.environ or not refreshes(plan, ctx.environ))
    )


def wsgi_app(self: Any, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI application proper (PEP 3333). Middleware goes around this, so that ``app`` stays an object.

    Teardown functions run when it returns, before a streamed body is sent.
    """
    plan = self._plan
    if plan is None or not plan.watch.intact():
        plan = self._make_plan()
    ctx: Any = None
    if plan.context and type(environ) is dict:
        ctx = new_context(plan, self, environ)
    if ctx is None:
        ctx = self.request_context(environ)
        if plan.context:
            remember_host(plan, ctx, environ)
    error: BaseException | None = None
    text = None
    content_type = None
    response: Any = None
    try:
        try:
            if plan.plain_contexts:
                push_request(plan, ctx)
            else:
                ctx.push()
            if not plan.full:
                response = self.full_dispatch_request()
            elif not plan.brief:
                response = full_dispatch(plan, self, ctx)
            else:
                rv = dispatch(plan, self, ctx)
                kind = type(rv)
                if kind is str and unseen(plan, ctx):
                    # FAST: string; a response that nobody looks at need not be made.
                    text = rv.encode()
                    content_type = plan.responses.content_type
                elif (kind is dict or kind is list) and unseen(plan, ctx):
                    # FAST: json; as above, if what was asked to write it is of the same mind afterwards.
                    text = line_of(self.json, self, rv)
                    if text is not None:
                        content_type = content_type_of(self.json.mimetype)
                        if not unseen(plan, ctx):
                            rv = plan.responses.typed(text, content_type)
                            text = None
                    if text is None:
                        response = finish(plan, self, ctx, rv, False)
                else:
                    response = finish(plan, self, ctx, rv, False)
        except Exception as caught:
            error = caught
            response = self.handle_exception(caught)
        except BaseException as caught:
            error = caught
            raise
        if text is not None:
            return plan.responses.send_text(text, content_type, environ, start_response)  # type: ignore[no-any-return]
        if type(response) is plan.responses.cls:
            return plan.responses.send(response, environ, start_response)  # type: ignore[no-any-return]
        return response(environ, start_response)  # type: ignore[no-any-return]
    finally:
        if PRESERVE in environ:
            environ[PRESERVE](var_get(app_var, None))
            environ[PRESERVE](var_get(request_var, None))
        if error is not None and self.should_ignore_error(error):
            error = None
        if plan.plain_contexts:
            pop_request(plan, ctx, error)
        else:
            ctx.pop(error)


def call(self: Any, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The application is called through its ``wsgi_app``, which may have been replaced."""
    return self.wsgi_app(environ, start_response)  # type: ignore[no-any-return]


call.__name__ = "__call__"
