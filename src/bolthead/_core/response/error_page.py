"""The page of an HTTP error as a response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.sansio.response import Response as SansioResponse
from werkzeug.wrappers import Response as BaseResponse

from ..primitives.stock import StockGuard, shipped
from .bare import bare_response
from .status import length_of, status_text

PAGE_STEPS = (
    "__call__",
    "__init__",
    "automatically_set_content_length",
    "get_app_iter",
    "get_wsgi_headers",
    "get_wsgi_response",
    "iter_encoded",
    "set_data",
)
CALL = StockGuard(
    HTTPException,
    ["__call__", "get_response"],
    [(SansioResponse, "__init__"), *[(BaseResponse, name) for name in PAGE_STEPS]],
)
HEADERS = StockGuard(HTTPException, ["get_headers"])
ALLOW = StockGuard(MethodNotAllowed, ["get_headers"])
STOCK_TEXT = StockGuard(HTTPException, ["get_body", "get_description", "name"])
OWN_STEPS = frozenset(("get_body", "get_description", "get_headers", "get_response"))
"""The methods that make a page; an instance may override them."""
FORCE_TYPE: Any = BaseResponse.force_type.__func__  # type: ignore[attr-defined]

PAGES: dict[tuple[int, str | None, str | None], bytes] = {}
"""The pages of errors with their class's description, by code, description and the code's phrase."""
PAGES_SIZE = 512
CONTENT_TYPE = ("Content-Type", "text/html; charset=utf-8")
ITERATORS: dict[type, bool] = {}
"""Classes of HTTP errors, and whether their instances are iterators too."""


def error_response(cls: Any, error: Any, environ: Any) -> Any:
    """What ``cls.force_type(error, environ)`` makes of an HTTP error, or None where that must be called.

    PARITY: the body is an iterator, as of any WSGI callable that was run.
    """
    kind = type(error)
    code = error.code
    if (
        not CALL.holds(kind)
        or not OWN_STEPS.isdisjoint(error.__dict__)
        or error.response is not None
        or type(code) is not int
        or code < 200
        or code == 204
        or code == 304
        or environ["REQUEST_METHOD"] == "HEAD"
        or not issubclass(cls, shipped.response_class)
        or getattr(cls.force_type, "__func__", None) is not FORCE_TYPE
        or is_iterator(kind, error)
    ):
        return None
    headers = None
    if HEADERS.holds(kind):
        pairs = [CONTENT_TYPE]
    elif ALLOW.holds(kind):
        pairs = [CONTENT_TYPE]
        if error.valid_methods:
            allow = ", ".join(error.valid_methods)
            if "\n" in allow or "\r" in allow:
                return None
            pairs.append(("Allow", allow))
    else:
        headers = Headers(error.get_headers(environ))
        pairs = headers._list
        if len(pairs) == 0 or pairs[0][0] != "Content-Type":
            return None
    description = error.description
    if STOCK_TEXT.holds(kind) and description is kind.description and type(description) is str:
        # FAST (errors): the text depends only on these. A Markup equals a text that is escaped.
        key = (code, description, HTTP_STATUS_CODES.get(code))
        body = PAGES.get(key)
        if body is None:
            body = PAGES[key] = error.get_body(environ).encode()
            if len(PAGES) > PAGES_SIZE:
                PAGES.clear()
    else:
        body = error.get_body(environ).encode()
    if headers is None:
        pairs.append(("Content-Length", length_of(body)))
    else:
        # It may have one.
        headers["Content-Length"] = length_of(body)
    return bare_response(cls, status_text(code), code, pairs, iter([body]))


def is_iterator(kind: Any, error: Any) -> bool:
    """Whether an error is an iterator. FAST (errors): the abstract class is checked once for each class."""
    found = ITERATORS.get(kind)
    if found is None:
        found = isinstance(error, Iterator)
        if len(ITERATORS) < PAGES_SIZE:
            ITERATORS[kind] = found
    return found
