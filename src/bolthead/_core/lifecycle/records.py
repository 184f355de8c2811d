"""The records of one request: the fields of its contexts, and the plan of its application.

`ctx.AppContext` and `ctx.RequestContext` are ordinary classes on top of these. Fields stay ``None`` or `NOT_CREATED`
until first use.
"""

from __future__ import annotations

import sys
from types import MemberDescriptorType
from typing import Any

from ..primitives.class_watch import ClassWatch
from ..primitives.context_vars import Binding
from ..primitives.objects import bare, immortal
from ..request.scope import LazyEnviron
from ..response.make import Responses
from ..session.cookie_session import CookieSessions

NOT_CREATED: Any = immortal(type("NotCreated", (), {"__repr__": lambda self: "<not created>", "__slots__": ()})())
"""The value of a field whose object is made on first use."""
DELETED: Any = immortal(type("Deleted", (), {"__repr__": lambda self: "<deleted>", "__slots__": ()})())
"""The value of a field that was deleted."""
deleted = DELETED


class AppRecord:
    """The state of an application context.

    Its pushes: the token of the first, and one entry of ``_tokens`` for each beyond it.
    """

    __slots__ = ("_adapter", "_g", "_token", "_tokens", "_url_for_guards", "app")

    app: Any
    _adapter: Any
    _g: Any
    _token: Any
    _tokens: list[Any] | None
    # The application's, once `url_for` was called in this context.
    _url_for_guards: Any


class GlobalsRecord(AppRecord):
    """The same with ``g``, which is made when it is first read."""

    __slots__ = ()

    # FAST (page-methods): compiled, the proxy takes a field of a record without a look-up in a dict.
    @property
    def g(self) -> Any:
        return make_g(self) if self._g is None or self._g is deleted else self._g

    @g.setter
    def g(self, value: Any) -> None:
        self._g = value

    @g.deleter
    def g(self) -> None:
        # A mock deletes what it has set, and sets the old one again if it is gone then.
        if self._g is deleted:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'g'")
        self._g = deleted


def make_g(ctx: GlobalsRecord) -> Any:
    """What ``ctx.g`` is where there is none yet."""
    if ctx._g is deleted:
        raise AttributeError(f"{type(ctx).__name__!r} object has no attribute 'g'")
    ctx._g = made = ctx.app.app_ctx_globals_class()
    return made


class RequestRecord(AppRecord):
    """The state of a request context. ``_pushed`` is the application context that the first push brought.

    ``_was_pushed``: it was pushed once, so its session may be opened. ``_is_get``: its method was GET when
    it was matched. ``environ`` is None where ``_lazy`` makes it when
    the request's is looked at; until then the request is a GET without a body. So is ``request``, which is None in
    ``_request`` before.
    """

    __slots__ = (
        "_after",
        "_is_get",
        "_lazy",
        "_pushed",
        "_request",
        "_rule",
        "_session_or_none",
        "_values",
        "_was_pushed",
        "environ",
        "flashes",
    )

    _request: Any
    environ: dict[str, Any] | None
    flashes: list[tuple[str, str]] | None
    _after: list[Any] | None
    _is_get: bool
    _was_pushed: bool
    _session_or_none: Any
    _pushed: Any
    _lazy: LazyEnviron | None
    _rule: Any
    _values: Any

    @property
    def request(self) -> Any:
        return request_of(self)

    @request.setter
    def request(self, value: Any) -> None:
        self._request = value

    @request.deleter
    def request(self) -> None:
        request_of(self)
        self._request = DELETED


_is_compiled = type(vars(RequestRecord)["_request"]) is not MemberDescriptorType
makes_requests_late = _is_compiled and getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether a request is made when it is first looked at. Without the GIL, threads could make one each."""
if not _is_compiled:
    # FAST (headers): a slot is read in half the time of a property.
    RequestRecord.request = vars(RequestRecord)["_request"]  # type: ignore[method-assign]


def request_of(ctx: RequestRecord) -> Any:
    """The request of a context, made if it was not.

    FAST (string): where there mostly is one, ``ctx._request`` is asked first: pure, this is a call.
    """
    request = ctx._request
    if request is None:
        if ctx._lazy is not None:
            request = ctx._request = lazy_request(ctx._lazy)
            if ctx._rule is not None:
                request.url_rule = ctx._rule
                request.view_args = ctx._values
    elif request is DELETED:
        raise AttributeError(f"{type(ctx).__name__!r} object has no attribute 'request'")
    return request


def lazy_request(lazy: LazyEnviron) -> Any:
    """A request whose environ is made when it is first read."""
    plan: Plan = lazy.plan
    request = bare(plan.websocket_class if lazy.websocket else plan.request_class)
    request._lazy_environ = lazy
    if not plan.stock_json_module:
        request.json_module = plan.json
    return request


def environ_seen(ctx: RequestRecord) -> dict[str, Any] | None:
    """The environ of a request; None as long as nothing has read it.

    FAST (string): pure, a call costs more than a look at ``ctx.environ`` first.
    """
    environ = ctx.environ
    if environ is None and ctx._lazy is not None:
        return ctx._lazy.environ  # type: ignore[no-any-return]
    return environ


class Plan:
    """What the lifecycle may do inline for one application, and the live collections it reads.

    A flag is true only while the step is not overridden: ``watch`` sees a change of a class, the
    application's ``__setattr__`` a change of the instance. Either one makes a new plan.
    """

    __slots__ = (
        "after",
        "app_class",
        "app_teardown",
        "app_tearing_down",
        "before",
        "checked_hosts",
        "checked_raw_hosts",
        "config",
        "context_class",
        "domain",
        "end_hooks",
        "error_watch",
        "finished",
        "got_first_request",
        "handlers",
        "inline_dispatch_request",
        "inline_do_teardown_appcontext",
        "inline_do_teardown_request",
        "inline_ensure_sync",
        "inline_finalize_request",
        "inline_full_dispatch_request",
        "inline_make_response",
        "inline_pop",
        "inline_preprocess_request",
        "inline_process_response",
        "inline_request_context",
        "inline_view",
        "inline_websocket_context",
        "inline_wsgi_app",
        "json",
        "map",
        "may_skip_response",
        "pool",
        "popped",
        "preprocessors",
        "pushed",
        "raw_host",
        "request_class",
        "responses",
        "scopes",
        "sessions",
        "signals",
        "started",
        "stock_blueprints",
        "stock_close",
        "stock_contexts",
        "stock_error_handling",
        "stock_json_module",
        "stock_method",
        "stock_session_interface",
        "sync_views",
        "teardown",
        "tearing_down",
        "tree",
        "view_hooks",
        "views",
        "watch",
        "websocket_class",
        "websocket_watch",
    )

    watch: ClassWatch
    # As long as it is unchanged, `stock_error_handling` is current. FAST (errors): checked for errors only.
    error_watch: ClassWatch
    # The same for `inline_websocket_context`.
    websocket_watch: ClassWatch
    # Steps that are not overridden.
    inline_request_context: bool
    inline_websocket_context: bool
    inline_full_dispatch_request: bool
    inline_preprocess_request: bool
    inline_dispatch_request: bool
    inline_finalize_request: bool
    inline_make_response: bool
    inline_process_response: bool
    may_skip_response: bool
    inline_do_teardown_request: bool
    inline_do_teardown_appcontext: bool
    inline_ensure_sync: bool
    # All of them from the dispatch to the view, and all of popping the contexts.
    inline_view: bool
    inline_pop: bool
    # `__call__` and `wsgi_app` are not overridden, nor wrapped by middleware.
    inline_wsgi_app: bool
    stock_session_interface: bool
    stock_blueprints: bool
    stock_close: bool
    stock_contexts: bool
    stock_error_handling: bool
    stock_json_module: bool
    stock_method: bool
    # The first request was seen.
    got_first_request: bool
    # Opens and saves sessions in place of the interface; None where the interface must do it.
    sessions: CookieSessions | None
    # Classes.
    context_class: Any
    app_class: Any
    request_class: Any
    websocket_class: Any
    responses: Responses
    # Live collections of the application.
    config: Any
    json: Any
    handlers: Any
    views: Any
    before: Any
    after: Any
    preprocessors: Any
    teardown: Any
    app_teardown: Any
    # What runs between the match and the view, and when the contexts are popped.
    view_hooks: tuple[Any, ...]
    end_hooks: tuple[Any, ...]
    # Views that need no wrapper to be called, by endpoint.
    sync_views: dict[Any, Any]
    # The scopes of hooks for an endpoint: its blueprints, the innermost first, and None.
    scopes: dict[Any, tuple[str | None, ...]]
    # The module with the signals, and the receivers of each.
    signals: Any
    pushed: Any
    popped: Any
    started: Any
    finished: Any
    tearing_down: Any
    app_tearing_down: Any
    # Routing: the map, its tree if the map is ours, the subdomain of every request, the hosts that
    # were found valid, in a dict, which threads without the GIL read without a lock.
    map: Any
    tree: Any
    domain: str
    checked_hosts: dict[str, None]
    # The same as an ASGI server gives them.
    checked_raw_hosts: dict[bytes, None]
    # One of them.
    raw_host: bytes | None
    # Contexts of requests that have ended, see `context_pool`: the first, which has the next one.
    pool: Binding | None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as None: it is derived from an application, and made again."""
        return type(None), ()
