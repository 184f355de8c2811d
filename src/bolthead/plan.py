"""The plan of an application: which steps of the lifecycle it does not override.

A plan is made on the first request, and again after a change of a class (seen by its `ClassWatch`) or of one of the
application's own attributes (seen by `Flask.__setattr__`).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from werkzeug.routing import MapAdapter as WerkzeugMapAdapter

from . import json, sessions, signals
from ._compat.base_patches import BasePatches
from ._core.lifecycle.records import Plan
from ._core.primitives.class_watch import ClassWatch, StockFunctions, probe
from ._core.primitives.stock import StockGuard, shipped
from ._core.response.make import Responses
from ._core.session.cookie_session import CookieSessions
from ._core.session.tagged import TaggedTexts
from .ctx import AppContext, RequestContext, _AppCtxGlobals, is_made_late
from .formparser import STOCK_MULTI_DICTS
from .json import tag
from .json.provider import DefaultJSONProvider
from .routing import Map, MapAdapter, Rule
from .routing.converters import DEFAULT_CONVERTERS
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
    "__call__",
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
    "wsgi_app",
)
ERROR_STEPS = (
    "_find_error_handler",
    "handle_http_exception",
    "handle_user_exception",
    "raise_routing_exception",
    "trap_http_exception",
)
INLINED = (
    "dispatch_request",
    "do_teardown_appcontext",
    "do_teardown_request",
    "finalize_request",
    "full_dispatch_request",
    "make_response",
    "preprocess_request",
    "process_response",
)
"""The steps with a flag of their own, `inline_` and the name."""
APP_PARTS = ("request_class", "response_class", "session_interface")
APP_SETTINGS = ("permanent_session_lifetime", "secret_key")
"""Attributes that stand for settings, and are read as settings by the session."""
WEBSOCKET_PARTS = ("websocket_class", "websocket_context")
APP_COLLECTIONS = (
    "app_ctx_globals_class",
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
WATCHED = frozenset(("__class__", *APP_STEPS, *ERROR_STEPS, *APP_PARTS, *WEBSOCKET_PARTS, *APP_COLLECTIONS))
"""The attributes of an application that its plan was made from."""

CONTEXT_STEPS = ("__init__", "__new__", "match_request", "pop", "push")
APP_CONTEXT_STEPS = ("__init__", "__new__", "pop", "push")
REQUEST_SCOPES = ("blueprint", "blueprints", "endpoint")
REQUEST_MATCHED = ("routing_exception", "url_rule", "view_args")
REQUEST_MADE = ("__init__", "__new__", "__setattr__", "environ", "host", "trusted_hosts", *REQUEST_MATCHED)
"""What making a request goes through; its adapter, unless it needs none, sets ``host``, and matching it the last."""
REQUEST_STEPS = (*REQUEST_MADE, "_load_form_data", "close", "json_module", "method", *REQUEST_SCOPES)
RESPONSE_FILLED = ("__init__", "_clean_status", "set_data", "status")
RESPONSE_DEFAULTS = (
    "_on_close",
    "automatically_set_content_length",
    "default_mimetype",
    "default_status",
    "direct_passthrough",
)
RESPONSE_SENT = (
    "__call__",
    "close",
    "get_app_iter",
    "get_wsgi_headers",
    "get_wsgi_response",
    "is_sequence",
    "iter_encoded",
    "status",
    "status_code",
)
RESPONSE_MADE = ("__del__", "__new__", "__setattr__", "headers", "response", "_status", "_status_code")
"""What a class could override to notice that a response is made and dropped. The stock class has few of these names."""
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
"""What else the cookie depends on. Compared when a session is opened or saved, too."""
TAGGED_STEPS = ("_has_default_tags", "_is_stock", "_tag_stock", "_untag_scan", "dumps", "loads", "tag", "untag")
"""What a session is written and read with."""
MAP_STEPS = ("bind", "bind_to_environ")
ADAPTER_STEPS = ("match",)
BUILDING = StockGuard(WerkzeugMapAdapter, ["_partial_build"])
REQUEST_JSON = ("_parse_content_type", "get_data", "headers", "is_json", "mimetype")
"""What `Request.get_json` goes through."""
RESPONSE_FILE = (
    "__init__",
    "_clean_status",
    "_is_range_request_processable",
    "_process_range_request",
    "accept_ranges",
    "cache_control",
    "content_length",
    "date",
    "expires",
    "last_modified",
    "make_conditional",
    "set_etag",
    "status",
    "status_code",
)
"""What making the response with a file goes through."""


CONTEXT = StockGuard(RequestContext, CONTEXT_STEPS)
APP_CONTEXT = StockGuard(AppContext, APP_CONTEXT_STEPS)
REQUEST = StockGuard(Request, REQUEST_STEPS)
STOCK_RESPONSE = StockGuard(Response, dict.fromkeys((*RESPONSE_FILLED, *RESPONSE_SENT, *RESPONSE_MADE)))
SESSION = StockGuard(SecureCookieSessionInterface, SESSION_STEPS[1:])
SESSION_COOKIE = StockGuard(SecureCookieSessionInterface, SESSION_PARTS, [(SecureCookieSession, "__init__")])
TAGGED = StockGuard(tag.TaggedJSONSerializer, TAGGED_STEPS, tag.TAG_STEPS)
SESSION_TEXTS = TaggedTexts(tag.TaggedJSONSerializer, TAGGED, StockFunctions((tag, "dumps loads")), tag.UNTAGGED)
RESPONSE_COOKIE = StockGuard(Response, ["max_cookie_size", "set_cookie"])
MAP = StockGuard(Map, MAP_STEPS)
ADAPTER = StockGuard(MapAdapter, ADAPTER_STEPS)
WERKZEUG = BasePatches((Request, Response), (Map, MapAdapter, Rule))


def ship(app_class: type[Flask]) -> None:
    """Register the stock attributes of bolthead's classes with the core. Called once, when *app_class* is made."""
    probe(
        *(RequestContext, AppContext, app_class, Request, Response, SecureCookieSessionInterface, Map, Rule),
        *(DefaultJSONProvider, WerkzeugMapAdapter, *dict.fromkeys(DEFAULT_CONVERTERS.values())),
    )
    # These have fields of their own, as the contexts have, so that no class can be derived from two of them. After the
    # adapter's base, which has the other probe.
    for cls in (MapAdapter, tag.TaggedJSONSerializer):
        probe(cls)
    shipped.app = StockGuard(app_class, (*APP_STEPS, *ERROR_STEPS, *APP_PARTS, *APP_SETTINGS, *WEBSOCKET_PARTS))
    shipped.app_debug = app_class.debug
    shipped.app_url_for = StockGuard(app_class, ["url_for"])
    shipped.inject_url_defaults = StockGuard(app_class, ["inject_url_defaults"], [(MapAdapter, "build")])
    shipped.adapter_class = MapAdapter
    shipped.context_class = RequestContext
    shipped.json_module = json
    shipped.provider_loads = StockGuard(DefaultJSONProvider, ["loads"])
    shipped.provider_response = StockGuard(DefaultJSONProvider, ["response", "dumps", "_prepare_response_obj"])
    shipped.request_json = StockGuard(Request, REQUEST_JSON)
    shipped.response_class = Response
    shipped.response_init = StockGuard(Response, RESPONSE_FILLED)
    shipped.response_file = StockGuard(Response, RESPONSE_FILE)


def make_plan(app: Flask) -> Plan:
    """A plan for *app*, whose classes are compared with those shipped."""
    WERKZEUG.step_aside()
    plan = Plan()
    # Watched before anything is read: a change from here on makes the plan stale.
    plan.watch = ClassWatch(_watched_pairs(app))
    plan.error_watch = ClassWatch([(type(app), name) for name in ERROR_STEPS])
    parts = [(type(app), name) for name in WEBSOCKET_PARTS]
    plan.websocket_watch = ClassWatch(parts + [(app.websocket_class, name) for name in REQUEST_STEPS])
    _set_flags(plan, app)
    _set_collections(plan, app)
    if plan.stock_session_interface:
        plan.sessions = CookieSessions(
            app.session_interface,
            SecureCookieSession,
            mark_modified,
            STOCK_MULTI_DICTS,
            app.response_class,
            SESSION_COOKIE,
            RESPONSE_COOKIE,
            vars(sessions),
            SESSION_TEXTS,
            shipped.app.is_stock(type(app), *APP_SETTINGS),
        )
    return plan


def _watched_pairs(app: Flask) -> list[tuple[type, str | None]]:
    names: list[tuple[type, tuple[str, ...]]] = [
        (type(app), (*APP_STEPS, *APP_PARTS, *APP_SETTINGS)),
        (RequestContext, CONTEXT_STEPS),
        (AppContext, APP_CONTEXT_STEPS),
        (app.request_class, REQUEST_STEPS),
        (app.response_class, (*STOCK_RESPONSE.names, *RESPONSE_DEFAULTS)),
        (type(app.session_interface), (*SESSION_STEPS, *SESSION_PARTS)),
        (type(app.url_map), MAP_STEPS),
        (MapAdapter, ADAPTER_STEPS),
        (WerkzeugMapAdapter, BUILDING.names),
        (Rule, ("build", "suitable_for")),
        (type(app), ("app_ctx_globals_class",)),
    ]
    if isinstance(app.app_ctx_globals_class, type) and app.app_ctx_globals_class is not _AppCtxGlobals:
        names.append((app.app_ctx_globals_class, ("__init__", "__new__")))
    pairs: list[tuple[type, str | None]] = [(cls, name) for cls, steps in names if is_class(cls) for name in steps]
    if isinstance(app.url_map, Map):
        pairs += app.url_map.watched
    return pairs + WERKZEUG.pairs


def _set_flags(plan: Plan, app: Flask) -> None:
    """Set what the lifecycle may do inline."""
    cls = type(app)
    own = vars(app)

    def inline(*names: str) -> bool:
        return all(name not in own for name in names) and shipped.app.is_stock(cls, *names)

    for name in INLINED:
        setattr(plan, f"inline_{name}", inline(name))
    plan.inline_ensure_sync = inline("ensure_sync", "async_to_sync")
    plan.inline_wsgi_app = inline("__call__", "wsgi_app")
    plan.stock_error_handling = inline(*ERROR_STEPS)
    plan.stock_contexts = (
        CONTEXT.is_stock(RequestContext)
        and APP_CONTEXT.is_stock(AppContext)
        and inline("request_context", "app_context", "create_url_adapter")
        and is_made_late(app.app_ctx_globals_class)
        and can_bind(app)
    )
    plan.inline_view = (
        plan.inline_full_dispatch_request
        and plan.inline_preprocess_request
        and plan.inline_dispatch_request
        and plan.inline_ensure_sync
    )
    plan.inline_pop = plan.stock_contexts and plan.inline_do_teardown_request and plan.inline_do_teardown_appcontext
    request_class = app.request_class
    by_path = plan.stock_contexts and not app.subdomain_matching and not app.url_map.host_matching
    plan.inline_request_context = by_path and makes_stock(request_class)
    plan.inline_websocket_context = by_path and inline("websocket_context") and makes_stock(app.websocket_class)
    plan.stock_blueprints = REQUEST.is_stock(request_class, *REQUEST_SCOPES)
    plan.stock_close = REQUEST.is_stock(request_class, "_load_form_data", "close")
    plan.stock_json_module = REQUEST.is_stock(request_class, "json_module")
    plan.stock_method = REQUEST.is_stock(request_class, "method")
    interface = app.session_interface
    plan.stock_session_interface = (
        type(interface) is SecureCookieSessionInterface
        and SESSION.is_stock(SecureCookieSessionInterface)
        and SESSION_COOKIE.holds(SecureCookieSessionInterface)
        and not vars(interface)
    )
    plan.responses = responses_of(app.response_class)
    plan.may_skip_response = (
        plan.inline_finalize_request
        and plan.inline_make_response
        and plan.inline_process_response
        and plan.stock_session_interface
        and sends_text(plan.responses)
        and STOCK_RESPONSE.is_stock(app.response_class, *RESPONSE_MADE)
    )


def _set_collections(plan: Plan, app: Flask) -> None:
    """Set the classes, the live collections, and the plan's own caches."""
    plan.got_first_request = app._got_first_request
    plan.context_class = RequestContext
    plan.app_class = AppContext
    plan.request_class = app.request_class
    plan.websocket_class = app.websocket_class
    plan.config = app.config
    plan.json = app.json
    # PARITY: where it is of another class, a look-up in it may fail.
    plan.handlers = app.error_handler_spec if type(app.error_handler_spec) is defaultdict else True
    plan.views = app.view_functions
    plan.before = looked_into(app.before_request_funcs)
    plan.after = looked_into(app.after_request_funcs)
    plan.preprocessors = looked_into(app.url_value_preprocessors)
    plan.teardown = looked_into(app.teardown_request_funcs)
    plan.app_teardown = looked_into(app.teardown_appcontext_funcs)
    plan.signals = signals
    plan.pushed = appcontext_pushed.receivers
    plan.popped = appcontext_popped.receivers
    plan.started = request_started.receivers
    plan.finished = request_finished.receivers
    plan.tearing_down = request_tearing_down.receivers
    plan.app_tearing_down = appcontext_tearing_down.receivers
    plan.view_hooks = (plan.started, plan.preprocessors, plan.before)
    plan.end_hooks = (plan.teardown, plan.app_teardown, plan.tearing_down, plan.app_tearing_down, plan.popped)
    plan.map = app.url_map
    ours = isinstance(app.url_map, Map) and MAP.is_stock(type(app.url_map)) and ADAPTER.is_stock(MapAdapter)
    ours = ours and BUILDING.is_stock(WerkzeugMapAdapter)
    plan.tree = app.url_map._tree if ours else None
    if isinstance(app.url_map, Map):
        app.url_map.follow_classes()
    domain = app.url_map.default_subdomain or ""
    plan.domain = "".join((domain,)) if isinstance(domain, str) else str(domain)
    plan.sessions = None
    plan.checked_hosts = {}
    plan.checked_raw_hosts = {}
    plan.raw_host = plan.pool = None
    plan.sync_views = {}
    plan.scopes = {}


class Looked:
    """What is false and stands for hooks, as one that is true: looking into it may fail, as in Flask."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __contains__(self, name: Any) -> bool:
        return name in self.value

    def __getitem__(self, name: Any) -> Any:
        return self.value[name]

    def __reversed__(self) -> Any:
        return reversed(self.value)


def looked_into(hooks: Any) -> Any:
    """*hooks*, which the core passes by where they are false: as long as they are of the usual classes."""
    return hooks if type(hooks) in (defaultdict, dict, list) or hooks else Looked(hooks)


def is_class(cls: Any) -> bool:
    """Whether *cls* is one, and does not only say so, as a mock does."""
    return issubclass(type(cls), type)


def makes_stock(cls: Any) -> bool:
    """Whether a request class may be filled without a call of it."""
    return is_class(cls) and REQUEST.is_stock(cls, *REQUEST_MADE)


def can_bind(app: Flask) -> bool:
    """Whether adapters may be made on first use. PARITY: one that cannot be made fails with its context."""
    try:
        app.create_url_adapter(None)
    except Exception:
        return False
    return True


def responses_of(cls: Any) -> Responses:
    ours = is_class(cls) and issubclass(cls, Response)
    return Responses(
        cls,
        ours and STOCK_RESPONSE.is_stock(cls, *RESPONSE_FILLED),
        ours and STOCK_RESPONSE.is_stock(cls, *RESPONSE_SENT),
    )


def sends_text(responses: Responses) -> bool:
    """Whether `Responses.send_whole` does what happens to a text otherwise."""
    if not (responses.stock_init and responses.stock_send and responses.sets_length):
        return False
    cls = responses.cls
    if cls.direct_passthrough or cls._on_close:
        return False
    return cls.default_status >= 200 and cls.default_status not in (204, 304)
