"""Whether an application is to be served on an event loop, and which options such a server has no use for."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

from .settings import Settings

WEBSOCKETS, SERVING, ASYNC_VIEWS = 2, 3, 4
REASONS = {WEBSOCKETS: "websockets", SERVING: "functions around the serving", ASYNC_VIEWS: "async views"}
"""What `needs_loop` finds, and how it is told."""
WSGI_ONLY = {
    "threads": "the number of threads for functions that are not async is ASGI_THREADS in the application's config",
    "head_timeout": "put a proxy in front that limits how long a request takes to arrive",
    "body_timeout": "put a proxy in front that limits how long a request takes to arrive",
    "write_timeout": "put a proxy in front that limits how long a response takes to leave",
    "request_timeout": "use asyncio.timeout in the view",
    "request_id_header": "let the proxy write the ids into its log",
    "access_json": "gunicorn's --set access_log_format=... gives the line a form",
    "admin_bind": "make a view for /healthz",
}
"""Options of ``serve`` that gunicorn's ASGI worker does not have, and what to do instead."""
ASGI_REFUSED = (
    "This worker serves WSGI, and the application is one for ASGI. Give it the application itself ('app' instead of"
    " 'app.asgi_app'), or serve over ASGI: 'gunicorn -k asgi', 'bolthead serve --asgi'."
)


def is_for_asgi(app: Any) -> bool:
    """Whether *app* is a coroutine function, or an object that is called like one: an application for ASGI servers."""
    return iscoroutinefunction(app) or iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004


def is_own(app: Any) -> bool:
    """Whether *app* is one of bolthead's; another one's ``asgi_app`` tells nothing."""
    return hasattr(app, "before_serving_funcs")


def has_lifespan(app: Any) -> bool:
    """Whether *app*, one of bolthead's, has functions that run before or after it serves."""
    return bool(app.before_serving_funcs or app.after_serving_funcs or app.while_serving_gens)


def needs_loop(app: Any) -> int:
    """Why *app* is better served over ASGI, a key of `REASONS`; 0 where WSGI serves all of it."""
    if not is_own(app):
        return 0
    if app._has_websockets:
        return WEBSOCKETS
    if has_lifespan(app):
        return SERVING
    return ASYNC_VIEWS if any(map(iscoroutinefunction, app.view_functions.values())) else 0


def given_for_wsgi(settings: Settings) -> list[str]:
    """The options that were given and are the WSGI worker's alone."""
    return [name for name in WSGI_ONLY if name in settings.named]
