"""The records that one request is made of: what its contexts hold, and what is known of its application.

`ctx.AppContext` and `ctx.RequestContext` are ordinary classes on top of these. Fields stay ``None`` or `UNMADE`
until somebody looks.
"""

from __future__ import annotations

from typing import Any

from .native import Watch
from .result import Responses
from .sessions import CookieSessions

UNMADE: Any = type("Unmade", (), {"__repr__": lambda self: "<not made yet>", "__slots__": ()})()


class AppRecord:
    """The state of an application context. ``tokens`` has one entry for each push beyond the first."""

    __slots__ = ("_adapter", "_token", "_tokens", "app")

    app: Any
    _adapter: Any
    _token: Any
    _tokens: list[Any] | None


class RequestRecord:
    """The state of a request context. ``_pushed`` is the application context that the first push brought.

    ``_entered``: it was pushed once, so its session may be opened.
    """

    __slots__ = (
        "_adapter",
        "_after",
        "_entered",
        "_opened",
        "_pushed",
        "_rule",
        "_token",
        "_tokens",
        "_values",
        "app",
        "environ",
        "flashes",
        "request",
    )

    app: Any
    request: Any
    environ: dict[str, Any]
    flashes: list[tuple[str, str]] | None
    _adapter: Any
    _after: list[Any] | None
    _entered: bool
    _opened: Any
    _pushed: Any
    _rule: Any
    _values: Any
    _token: Any
    _tokens: list[Any] | None


class Plan:
    """What the lifecycle may do inline for one application, and the live collections it reads.

    A flag is true only while nobody has overridden the step: ``watch`` sees a change of a class, the
    application's ``__setattr__`` a change of the instance. Either one makes a new plan.
    """

    __slots__ = (
        "after",
        "app_class",
        "app_teardown",
        "app_tearing_down",
        "before",
        "begun",
        "brief",
        "config",
        "context",
        "context_class",
        "dispatch",
        "domain",
        "error_watch",
        "finalize",
        "finished",
        "full",
        "handlers",
        "hosts",
        "json",
        "lazy_session",
        "making",
        "map",
        "plain_blueprints",
        "plain_close",
        "plain_contexts",
        "plain_errors",
        "plain_json",
        "plain_method",
        "popped",
        "preprocess",
        "preprocessors",
        "process",
        "pushed",
        "ready",
        "request_class",
        "responses",
        "scopes",
        "sessions",
        "started",
        "sync",
        "teardown",
        "teardown_app",
        "teardown_request",
        "tearing_down",
        "tree",
        "views",
        "watch",
    )

    watch: Watch
    # As long as it is intact, `plain_errors` holds. FAST: only errors need to know.
    error_watch: Watch
    # Steps that nobody has overridden.
    context: bool
    full: bool
    preprocess: bool
    dispatch: bool
    finalize: bool
    making: bool
    process: bool
    brief: bool
    teardown_request: bool
    teardown_app: bool
    sync: bool
    lazy_session: bool
    plain_blueprints: bool
    plain_close: bool
    plain_contexts: bool
    plain_errors: bool
    plain_json: bool
    plain_method: bool
    # The first request was seen.
    begun: bool
    # Opens and saves sessions in place of the interface; None where that is to be asked.
    sessions: CookieSessions | None
    # Classes.
    context_class: Any
    app_class: Any
    request_class: Any
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
    # Views that need no wrapper to be called, by endpoint.
    ready: dict[Any, Any]
    # Whose hooks concern an endpoint: its blueprints, the innermost first, and None.
    scopes: dict[Any, tuple[str | None, ...]]
    # Receivers of each signal, by its name.
    pushed: Any
    popped: Any
    started: Any
    finished: Any
    tearing_down: Any
    app_tearing_down: Any
    # Routing: the map, its tree if the map is ours, the domain part that every request has, the hosts known
    # to be sound.
    map: Any
    tree: Any
    domain: str
    hosts: set[str]
