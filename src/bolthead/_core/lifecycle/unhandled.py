"""HTTP errors without a handler, which are used as the response."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequestKeyError, HTTPException
from werkzeug.routing import RoutingException

from ..primitives.objects import item_of
from .records import Plan, RequestRecord, request_of


def is_answer(plan: Plan, error: Any) -> bool:
    """Whether ``app.handle_user_exception(error)`` returns *error*, and does nothing else.

    FAST (errors): without a handler, that takes five calls.
    """
    return (
        plan.stock_error_handling
        and not plan.handlers
        and isinstance(error, HTTPException)
        and not isinstance(error, BadRequestKeyError)
        and not item_of(plan.config, "TRAP_HTTP_EXCEPTIONS")
        and not item_of(plan.config, "TRAP_BAD_REQUEST_ERRORS")
        and plan.error_watch.unchanged()
    )


def routing_error(plan: Plan, ctx: RequestRecord) -> Any:
    """The error of routing if it is used as the response without any further step; else None."""
    error = (ctx._request or request_of(ctx)).routing_exception
    if error is None or isinstance(error, RoutingException) or not is_answer(plan, error):
        return None
    return error


def handler_of(app: Any, request: Any, error: Any) -> Any:
    """The handler that the stock ``app.handle_user_exception(error)`` calls; None where *error* is the answer itself.

    Raises *error* where there is neither.
    """
    if isinstance(error, BadRequestKeyError) and (app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]):
        error.show_exception = True
    if isinstance(error, HTTPException) and not app.trap_http_exception(error):
        if error.code is None or isinstance(error, RoutingException):
            return None
        return app._find_error_handler(error, request.blueprints)
    handler = app._find_error_handler(error, request.blueprints)
    if handler is None:
        raise error
    return handler
