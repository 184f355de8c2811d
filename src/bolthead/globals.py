"""The context variables and the proxies that read them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from ._compat.lazy_modules import lazy_names
from ._core.primitives import context as _context
from ._core.primitives.proxy import LocalProxy

if TYPE_CHECKING:
    from .app import Flask
    from .ctx import AppContext, RequestContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .websockets import Websocket
    from .wrappers import Request

_no_app_msg = """\
Working outside of application context.

This typically means that you attempted to use functionality that needed
the current application. To solve this, set up an application context
with app.app_context(). See the documentation for more information.\
"""
_no_req_msg = """\
Working outside of request context.

This typically means that you attempted to use functionality that needed
an active HTTP request. Consult the documentation on testing for
information about how to avoid this problem.\
"""

_no_websocket_msg = """\
Working outside of a websocket's context.

This typically means that you attempted to use functionality that needed
a websocket outside of the view of one.\
"""

_cv_app: ContextVar[AppContext] = _context._cv_app
_cv_request: ContextVar[RequestContext] = _context._cv_request

app_ctx: AppContext = LocalProxy(_cv_app, None, _no_app_msg)  # type: ignore[assignment]
current_app: Flask = LocalProxy(_cv_app, "app", _no_app_msg)  # type: ignore[assignment]
g: _AppCtxGlobals = LocalProxy(_cv_app, "g", _no_app_msg)  # type: ignore[assignment]

request_ctx: RequestContext = LocalProxy(_cv_request, None, _no_req_msg)  # type: ignore[assignment]
request: Request = LocalProxy(_cv_request, "request", _no_req_msg)  # type: ignore[assignment]
session: SessionMixin = LocalProxy(_cv_request, "session", _no_req_msg)  # type: ignore[assignment]
websocket: Websocket = LocalProxy(_cv_request, "websocket", _no_websocket_msg)  # type: ignore[assignment]


def _active_request(caller: str) -> RequestContext:
    """The current request context; RuntimeError with the function's name, *caller*, if there is none."""
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(f"'{caller}' can only be used when a request context is active, such as in a view function.")
    return ctx


if not TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(vars(), {"t": "typing"})
