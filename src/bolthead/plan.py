"""Which steps of the lifecycle an application leaves as they are.

A plan is made on the first request, and again after a change of a class (seen by its `Watch`) or of one of the
application's own attributes (seen by `Flask.__setattr__`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.native import Watch
from ._core.records import Plan
from ._core.result import Responses
from ._core.sessions import CookieSessions
from .ctx import AppContext, RequestContext
from .formparser import PLAIN
from .routing import Map
from .sessions import SecureCookieSession, SecureCookieSessionInterface, mark_modified
from .signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from .wrappers import Request, Response

if TYPE_CHECKING:
    from .app import Flask

APP_STEPS = (
    "app_context",
    "async_to_sync",
    "create_url_adapter",
    "dispatch_request",
    "do_teardown_appcontext",
    "do_teardown_request",
    "ensure_sync",
    "finalize_request",
    "full_dispatch_request",
    "make_response",
    "preprocess_request",
    "process_response",
    "request_context",
)
ERROR_STEPS = (
    "_find_error_handler",
    "handle_http_exception",
    "handle_user_exception",
    "raise_routing_exception",
    "trap_http_exception",
)
APP_PARTS = ("request_class", "response_class", "session_interface")
APP_COLLECTIONS = (
    "after_request_funcs",
    "before_request_funcs",
    "config",
    "error_handler_spec",
    "json",
    "subdomain_matching",
    "teardown_appcontext_funcs",
    "teardown_request_funcs",
    "url_map",
    "url_value_preprocessors",
    "view_functions",
)
WATCHED = frozenset((*APP_STEPS, *ERROR_STEPS, *APP_PARTS, *APP_COLLECTIONS))
"""The attributes of an application that its plan was made from."""

CONTEXT_STEPS = ("__init__", "__new__", "match_request", "pop", "push")
APP_CONTEXT_STEPS = ("__init__", "__new__", "pop", "push")
REQUEST_SCOPES = ("blueprint", "blueprints", "endpoint")
REQUEST_MADE = ("__init__", "__new__", "__setattr__")
REQUEST_STEPS = (*REQUEST_MADE, "_load_form_data", "close", "json_module", "method", "trusted_hosts", *REQUEST_SCOPES)
RESPONSE_FILLED = ("__init__", "_clean_status", "set_data", "status")
RESPONSE_DEFAULTS = (
    "_on_close",
    "automatically_set_content_length",
    "default_mimetype",
    "default_status",
    "direct_passthrough",
)
RESPONSE_SENT = ("__call__", "close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response", "iter_encoded", "status")
RESPONSE_MADE = ("__del__", "__new__", "__setattr__", "headers", "response", "_status", "_status_code")
"""What a class could have to notice that a response is made and dropped. Most of it, the stock class has not."""
SESSION_STEPS = (
    "_changes",
    "get_cookie_domain",
    "get_cookie_httponly",
    "get_cookie_name",
    "get_cookie_partitioned",
    "get_cookie_path",
    "get_cookie_samesite",
    "get_cookie_secure",
    "get_signing_serializer",
    "is_null_session",
    "make_null_session",
    "open_session",
    "save_session",
    "should_set_cookie",
)
SESSION_PARTS = (
    "digest_method",
    "get_expiration_time",
    "key_derivation",
    "null_session_class",
    "salt",
    "serializer",
    "session_class",
)
"""What else the cookie depends on. Only who opens or saves a session needs to know whether it was changed."""
SESSION_COOKIE = ("max_cookie_size", "set_cookie")
MAP_STEPS = ("bind", "bind_to_environ", "route")


class Stock:
    """The steps of one class as bolthead ships it."""

    def __init__(self, cls: type, names: tuple[str, ...]) -> None:
        self.names = names
        self.values = {name: getattr(cls, name, None) for name in names}

    def untouched(self, cls: type, *names: str) -> bool:
        return all(getattr(cls, name, None) is self.values[name] for name in names or self.names)


STOCK_CONTEXT = Stock(RequestContext, CONTEXT_STEPS)
STOCK_APP_CONTEXT = Stock(AppContext, APP_CONTEXT_STEPS)
STOCK_REQUEST = Stock(Request, REQUEST_STEPS)
STOCK_RESPONSE = Stock(Response, tuple({*RESPONSE_FILLED, *RESPONSE_SENT, *RESPONSE_MADE}))
STOCK_SESSION = Stock(SecureCookieSessionInterface, SESSION_STEPS[1:])
STOCK_SESSION_PARTS = Stock(SecureCookieSessionInterface, SESSION_PARTS)
STOCK_SESSION_CLASS = Stock(SecureCookieSession, ("__init__",))
STOCK_SESSION_COOKIE = Stock(Response, SESSION_COOKIE)
STOCK_MAP = Stock(Map, MAP_STEPS)


def make_plan(app: Flask, stock: Stock) -> Plan:
    """A plan for *app*, whose own class is compared with *stock*."""
    cls = type(app)
    own = vars(app)
    interface = type(app.session_interface)
    pairs: list[tuple[type, str]] = [(cls, name) for name in (*APP_STEPS, *APP_PARTS)]
    pairs += [(RequestContext, name) for name in CONTEXT_STEPS]
    pairs += [(AppContext, name) for name in APP_CONTEXT_STEPS]
    pairs += [(app.request_class, name) for name in REQUEST_STEPS]
    pairs += [(app.response_class, name) for name in (*STOCK_RESPONSE.names, *RESPONSE_DEFAULTS)]
    pairs += [(interface, name) for name in SESSION_STEPS]
    pairs += [(type(app.url_map), name) for name in MAP_STEPS]

    def kept(*names: str) -> bool:
        return all(name not in own for name in names) and stock.untouched(cls, *names)

    plan = Plan()
    # Taken before anything is looked at: a change from here on makes it stale.
    plan.watch = Watch(pairs)
    plan.error_watch = Watch([(cls, name) for name in ERROR_STEPS])
    contexts = STOCK_CONTEXT.untouched(RequestContext) and STOCK_APP_CONTEXT.untouched(AppContext)
    contexts = contexts and kept("request_context", "app_context", "create_url_adapter")
    request_class = app.request_class
    plan.context = (
        contexts
        and issubclass(type(request_class), type)
        and STOCK_REQUEST.untouched(request_class, *REQUEST_MADE, "trusted_hosts")
        and not app.subdomain_matching
        and not app.url_map.host_matching
    )
    plan.plain_contexts = contexts
    plan.plain_blueprints = STOCK_REQUEST.untouched(request_class, *REQUEST_SCOPES)
    plan.plain_close = STOCK_REQUEST.untouched(request_class, "_load_form_data", "close")
    plan.plain_json = STOCK_REQUEST.untouched(request_class, "json_module")
    plan.begun = app._got_first_request
    plan.plain_method = STOCK_REQUEST.untouched(request_class, "method")
    plan.plain_errors = kept(*ERROR_STEPS)
    plan.full = kept("full_dispatch_request")
    plan.preprocess = kept("preprocess_request")
    plan.dispatch = kept("dispatch_request")
    plan.finalize = kept("finalize_request")
    plan.making = kept("make_response")
    plan.process = kept("process_response")
    plan.teardown_request = kept("do_teardown_request")
    plan.teardown_app = kept("do_teardown_appcontext")
    plan.sync = kept("ensure_sync", "async_to_sync")
    plan.lazy_session = (
        interface is SecureCookieSessionInterface
        and STOCK_SESSION.untouched(interface)
        and not vars(app.session_interface)
    )
    plan.sessions = sessions_of(app) if plan.lazy_session else None
    plan.context_class = RequestContext
    plan.app_class = AppContext
    plan.request_class = request_class
    plan.responses = responses_of(app.response_class)
    plan.brief = (
        plan.finalize
        and plan.making
        and plan.process
        and plan.lazy_session
        and sends_text(plan.responses)
        and STOCK_RESPONSE.untouched(app.response_class, *RESPONSE_MADE)
    )
    plan.config = app.config
    plan.json = app.json
    plan.handlers = app.error_handler_spec
    plan.views = app.view_functions
    plan.before = app.before_request_funcs
    plan.after = app.after_request_funcs
    plan.preprocessors = app.url_value_preprocessors
    plan.teardown = app.teardown_request_funcs
    plan.app_teardown = app.teardown_appcontext_funcs
    plan.pushed = appcontext_pushed.receivers
    plan.popped = appcontext_popped.receivers
    plan.started = request_started.receivers
    plan.finished = request_finished.receivers
    plan.tearing_down = request_tearing_down.receivers
    plan.app_tearing_down = appcontext_tearing_down.receivers
    plan.map = app.url_map
    ours = isinstance(app.url_map, Map) and STOCK_MAP.untouched(type(app.url_map))
    plan.tree = app.url_map._tree if ours else None
    plan.domain = app.url_map.default_subdomain or ""
    plan.hosts = set()
    plan.ready = {}
    plan.scopes = {}
    return plan


def responses_of(cls: Any) -> Responses:
    direct = issubclass(cls, Response) and STOCK_RESPONSE.untouched(cls, *RESPONSE_SENT)
    plain = issubclass(cls, Response) and STOCK_RESPONSE.untouched(cls, *RESPONSE_FILLED)
    return Responses(cls, plain, direct)


def sends_text(responses: Responses) -> bool:
    """Whether `Responses.send_text` does what happens to a text otherwise."""
    if not (responses.plain and responses.direct and responses.counted):
        return False
    cls = responses.cls
    if cls.direct_passthrough or cls._on_close:
        return False
    return cls.default_status >= 200 and cls.default_status not in (204, 304)


def sessions_of(app: Flask) -> CookieSessions | None:
    """What opens and saves the sessions of *app*, whose interface has the stock steps; None if its parts differ."""
    interface = app.session_interface
    cls = app.response_class
    # Made before anything is looked at, as the plan's own.
    watch = Watch(
        [
            *((SecureCookieSessionInterface, name) for name in SESSION_PARTS),
            *((cls, name) for name in SESSION_COOKIE),
        ]
    )
    if (
        not STOCK_SESSION_PARTS.untouched(type(interface))
        or not STOCK_SESSION_CLASS.untouched(SecureCookieSession)
        or not STOCK_SESSION_COOKIE.untouched(cls)
    ):
        return None
    return CookieSessions(interface, SecureCookieSession, mark_modified, PLAIN, cls, watch)
