"""What a view returned becomes a response."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import escape
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect as _wz_redirect
from werkzeug.wrappers import Response as BaseResponse

from ..http.headers import bare_headers
from ..json.response_json import line_of
from ..primitives.bytes_search import utf8
from ..primitives.stock import StockGuard, shipped
from .bare import bare_response
from .error_page import error_response
from .send import GENERATOR, SENDERS, TEXT, send
from .status import asgi_content_type, content_type_header, length_of, status_text

FILL = StockGuard(BaseResponse, ["_clean_status", "status"])
SET_DATA = StockGuard(BaseResponse, ["set_data"])
_wz_init = BaseResponse.__init__

# PARITY: variables, for compiled code would ask a name like `str` for the C type: a proxy tells by `__class__`.
TEXTS: Any = (str, bytes, bytearray)
TUPLE: Any = tuple
JSON_TYPES: Any = (dict, list)
BODIES: Any = (str, bytes, bytearray, Iterator)
HEADER_TYPES: Any = (Headers, dict, tuple, list)

_mark = "\0"
REDIRECT_PAGE = _wz_redirect(_mark).get_data(as_text=True).split(_mark)
"""Werkzeug's page of a redirect, split at the location."""

BAD_TUPLE = (
    "The view function did not return a valid response tuple."
    " The tuple must have the form (body, status, headers),"
    " (body, status), or (body, headers)."
)


def fill(
    self: Any,
    response: Any = None,
    status: Any = None,
    headers: Any = None,
    mimetype: Any = None,
    content_type: Any = None,
    direct_passthrough: Any = False,
) -> None:
    """Do for *self*, a response, what Werkzeug's constructor does."""
    cls = type(self)
    if headers is not None or not FILL.holds(cls):
        _wz_init(self, response, status, headers, mimetype, content_type, direct_passthrough)
        return
    given = status
    if status is None:
        status = cls.default_status
    if type(status) is not int:
        _wz_init(self, response, given, headers, mimetype, content_type, direct_passthrough)
        return
    pairs = []
    if content_type is None:
        if mimetype is None:
            mimetype = cls.default_mimetype
            if type(mimetype) is not str:
                mimetype = self.default_mimetype
        if mimetype is not None:
            pairs.append(content_type_header(mimetype))
    elif type(content_type) is not str or "\n" in content_type or "\r" in content_type:
        _wz_init(self, response, status, headers, mimetype, content_type, direct_passthrough)
        return
    else:
        pairs.append(("Content-Type", content_type))
    self.headers = bare_headers(pairs)
    self._status = status_text(status)
    self._status_code = status
    if direct_passthrough:
        self.direct_passthrough = direct_passthrough
    if response is None:
        self.response = []
    elif type(response) is str or (type(response) is not GENERATOR and isinstance(response, TEXTS)):
        if not SET_DATA.holds(cls):
            self.set_data(response)
            return
        if isinstance(response, TEXT):
            response = utf8(response) if type(response) is str else response.encode()
        self.response = [response]
        if cls.automatically_set_content_length:
            pairs.append(("Content-Length", str(len(response))))
    else:
        self.response = response


class Responses:
    """The answers of one response class.

    ``stock_init``: its constructor is bolthead's, so a response may be made without a call of it; ``header`` (its
    Content-Type), ``asgi_header`` (the same), ``status``, ``code`` and ``sets_length`` are its defaults then.
    ``stock_send``: it is sent as bolthead's is.
    """

    __slots__ = ("asgi_header", "cls", "code", "header", "sets_length", "status", "stock_init", "stock_send")

    def __init__(self, cls: Any, stock_init: bool, stock_send: bool) -> None:
        self.cls = cls
        self.stock_send = stock_send
        # PARITY: what is no class has none, and Flask tells that it is no class.
        mimetype: Any = cls.default_mimetype if stock_init else None
        self.stock_init = (
            stock_init
            and type(cls.default_status) is int
            and 0 < cls.default_status < 1000
            and type(mimetype) is str
            and mimetype.isascii()
        )
        if self.stock_init:
            self.code = cls.default_status
            self.status = status_text(cls.default_status)
            self.header = content_type_header(mimetype)
            self.asgi_header = asgi_content_type(self.header[1])
            self.sets_length = cls.automatically_set_content_length

    def make(self, app: Any, request: Any, rv: Any) -> Any:
        """A response from anything a view may return. Raises TypeError for the rest."""
        kind = type(rv)
        if kind is self.cls:
            return rv
        if kind is str and self.stock_init:
            return self.whole(utf8(rv), self.header)
        if (kind is dict or kind is list) and self.stock_init:
            provider = app.json
            line = line_of(provider, app, rv)
            if line is not None:
                return self.whole(line, content_type_header(provider.mimetype))
        return make_any(self.cls, app, request, rv)

    def whole(self, body: bytes, header: tuple[str, str]) -> Any:
        """What ``cls(body, content_type=header[1])`` makes, with ``stock_init``."""
        pairs = [header]
        if self.sets_length:
            pairs.append(("Content-Length", length_of(body)))
        return bare_response(self.cls, self.status, self.code, pairs, [body])

    def send_whole(self, body: bytes, header: tuple[str, str], environ: Any, start_response: Callable[..., Any]) -> Any:
        """Send what `whole` makes, with ``stock_send`` and ``sets_length`` too, without making it."""
        start_response(self.status, [header, ("Content-Length", length_of(body))])
        method = environ["REQUEST_METHOD"]
        # FAST (string): the first comparison is one of addresses.
        if method != "GET" and method == "HEAD":
            return []
        return [body]

    def send(self, response: Any, environ: Any, start_response: Callable[..., Any]) -> Any:
        """``response(environ, start_response)``, without the objects that only overridden methods would need."""
        if not self.stock_send or not SENDERS.isdisjoint(response.__dict__):
            return response(environ, start_response)
        return send(response, environ, start_response)


def make_any(cls: Any, app: Any, request: Any, rv: Any) -> Any:
    status = None
    headers = None
    if type(rv) is not GENERATOR and isinstance(rv, TUPLE):
        size = len(rv)
        if size == 3:
            rv, status, headers = rv
        elif size == 2:
            if type(rv[1]) is not int and isinstance(rv[1], HEADER_TYPES):
                rv, headers = rv
            else:
                rv, status = rv
        else:
            raise TypeError(BAD_TUPLE)
    if rv is None:
        raise TypeError(
            f"The view function for {request.endpoint!r} did not return a valid response. The function either"
            " returned None or ended without a return statement."
        )
    if not isinstance(rv, cls):
        if isinstance(rv, HTTPException):
            made = error_response(cls, rv, request.environ)
            if made is not None:
                return with_status_and_headers(made, status, headers)
        if type(rv) is GENERATOR or isinstance(rv, BODIES):
            rv = cls(rv, status=status, headers=headers)
            status = headers = None
        elif isinstance(rv, JSON_TYPES):
            rv = app.json.response(rv)
        elif isinstance(rv, BaseResponse) or callable(rv):
            try:
                rv = cls.force_type(rv, request.environ)
            except TypeError as error:
                raise TypeError(f"{error}\n{wrong_type(rv)}").with_traceback(sys.exc_info()[2]) from None
        elif hasattr(rv, "__aiter__") and "asgi.scope" in request.environ:
            rv = cls(rv, status=status, headers=headers)
            status = headers = None
        else:
            raise TypeError(wrong_type(rv))
    return with_status_and_headers(rv, status, headers)


def with_status_and_headers(response: Any, status: Any, headers: Any) -> Any:
    """*response* with the status and headers that a view returned beside it."""
    if status is not None:
        if type(status) is not int and isinstance(status, TEXTS):
            response.status = status
        else:
            response.status_code = status
    if headers:
        response.headers.update(headers)
    return response


def redirection(cls: Any, location: Any, code: Any) -> Any:
    """``werkzeug.utils.redirect(location, code, cls)``."""
    if (
        type(location) is not str
        or type(code) is not int
        or "\n" in location
        or "\r" in location
        or not shipped.response_init.holds(cls)
        or not cls.automatically_set_content_length
    ):
        return _wz_redirect(location, code, cls)
    body = str(escape(location)).join(REDIRECT_PAGE).encode()
    pairs = [
        content_type_header("text/html"),
        ("Content-Length", length_of(body)),
        ("Location", location),
    ]
    return bare_response(cls, status_text(code), code, pairs, [body])


def wrong_type(rv: Any) -> str:
    return (
        "The view function did not return a valid response. The return type must be a string, dict, list, tuple"
        f" with headers or status, Response instance, or WSGI callable, but it was a {type(rv).__name__}."
    )
