"""What a view returned becomes a response, and a response becomes what a WSGI server takes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import escape
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.utils import get_content_type
from werkzeug.utils import redirect as _wz_redirect
from werkzeug.wrappers import Response as BaseResponse

from .jsonout import line_of
from .native import new

STATUSES: dict[int, str] = {}
CONTENT_TYPES: dict[str, str] = {}
KEPT_SIZES = 1024
SIZES = [str(size) for size in range(KEPT_SIZES)]
"""The decimal forms of small lengths."""
KEPT = 512
"""How many content types are remembered."""

BODIES: dict[tuple[int, str | None], bytes] = {}
"""The pages of errors that say what their class says."""
LIST_ITERATOR: Any = type(iter([]))
PLAIN_LOCATION = re.compile(r"/(?!/)[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]+)?").fullmatch
"""A location on the same host, with nothing to quote and nothing that splitting it would lose."""

ENTITY_HEADERS = frozenset(
    (
        "allow",
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-range",
        "content-type",
        "last-modified",
    )
)
"""What RFC 2616, 10.3.5 wants left out of a 304; Expires may stay."""

_stock_force = BaseResponse.force_type.__func__  # type: ignore[attr-defined]
_stock_call = HTTPException.__call__
_stock_get_response = HTTPException.get_response
_stock_get_headers = HTTPException.get_headers
_stock_allow = MethodNotAllowed.get_headers
_stock_get_body = HTTPException.get_body
_stock_get_description = HTTPException.get_description
_stock_name = HTTPException.name
_stock_init = BaseResponse.__init__
_stock_status = BaseResponse.status
_stock_clean = BaseResponse._clean_status
_stock_set_data = BaseResponse.set_data
_stock_close = BaseResponse.close
_END: Any = object()

SENT = frozenset(("close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response", "iter_encoded"))
"""What sends a response, and may be an attribute of it alone."""

ERROR_TYPE = ("Content-Type", "text/html; charset=utf-8")
ERRORS: dict[type, bool] = {}
"""Classes of HTTP errors, and whether their instances are iterators too."""

_mark = "\0"
REDIRECTION = _wz_redirect(_mark).get_data(as_text=True).split(_mark)
"""The page of a redirect, cut where the location stands in it."""

_own: Any = None
_own_init: Any = None


def know(cls: Any) -> None:
    """Tell which response class is bolthead's: one that `fill` fills, with defaults for what it leaves out."""
    global _own, _own_init
    _own = cls
    _own_init = cls.__init__


BAD_TUPLE = (
    "The view function did not return a valid response tuple."
    " The tuple must have the form (body, status, headers),"
    " (body, status), or (body, headers)."
)


def status_text(code: int) -> str:
    """``200`` → ``"200 OK"``, as Werkzeug writes it."""
    text = STATUSES.get(code)
    if text is None:
        phrase = HTTP_STATUS_CODES.get(code)
        text = f"{code} {phrase.upper()}" if phrase is not None else f"{code} UNKNOWN"
        if phrase is not None:
            STATUSES[code] = text
    return text


def content_type_of(mimetype: str) -> str:
    """*mimetype* with a charset where a text type needs one."""
    found = CONTENT_TYPES.get(mimetype)
    if found is None:
        found = get_content_type(mimetype, "utf-8")
        if len(CONTENT_TYPES) < KEPT:
            CONTENT_TYPES[mimetype] = found
    return found


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
    if headers is not None or cls.status is not _stock_status or cls._clean_status is not _stock_clean:
        _stock_init(self, response, status, headers, mimetype, content_type, direct_passthrough)
        return
    if status is None:
        status = cls.default_status
    if type(status) is not int:
        _stock_init(self, response, status, headers, mimetype, content_type, direct_passthrough)
        return
    if content_type is None:
        if mimetype is None:
            mimetype = cls.default_mimetype
        if mimetype is not None:
            content_type = CONTENT_TYPES.get(mimetype) or content_type_of(mimetype)
    elif type(content_type) is not str or "\n" in content_type or "\r" in content_type:
        _stock_init(self, response, status, headers, mimetype, content_type, direct_passthrough)
        return
    pairs = []
    if content_type is not None:
        pairs.append(("Content-Type", content_type))
    made = new(Headers)
    made._list = pairs
    self.headers = made
    self._status = STATUSES.get(status) or status_text(status)
    self._status_code = status
    if direct_passthrough:
        self.direct_passthrough = direct_passthrough
    if response is None:
        self.response = []
    elif isinstance(response, (str, bytes, bytearray)):
        if cls.set_data is not _stock_set_data:
            self.set_data(response)
            return
        if isinstance(response, str):
            response = response.encode()
        self.response = [response]
        if cls.automatically_set_content_length:
            pairs.append(("Content-Length", str(len(response))))
    else:
        self.response = response


fill.__name__ = "__init__"


class Responses:
    """The answers of one response class.

    ``plain``: its constructor is bolthead's, so a body may be filled in without a call of it; ``content_type``,
    ``status``, ``code`` and ``counted`` are its defaults then. ``direct``: nobody changed how it is sent.
    """

    __slots__ = ("cls", "code", "content_type", "counted", "direct", "plain", "status")

    def __init__(self, cls: Any, plain: bool, direct: bool) -> None:
        self.cls = cls
        self.direct = direct
        self.plain = plain and type(cls.default_status) is int and type(cls.default_mimetype) is str
        if self.plain:
            self.code = cls.default_status
            self.status = status_text(cls.default_status)
            self.content_type = content_type_of(cls.default_mimetype)
            self.counted = cls.automatically_set_content_length

    def make(self, app: Any, request: Any, rv: Any) -> Any:
        """A response from anything a view may return. Raises TypeError for the rest."""
        kind = type(rv)
        if kind is self.cls:
            return rv
        if kind is str and self.plain:
            return self.text(rv.encode())
        if (kind is dict or kind is list) and self.plain:
            provider = app.json
            line = line_of(provider, app, rv)
            if line is not None:
                return self.typed(line, content_type_of(provider.mimetype))
        return make_any(self.cls, app, request, rv)

    def text(self, body: bytes) -> Any:
        """What ``cls(body)`` makes, where that is ``plain``."""
        return self.typed(body, self.content_type)

    def typed(self, body: bytes, content_type: Any) -> Any:
        """What ``cls(body, content_type=content_type)`` makes, where that is ``plain``."""
        pairs = [("Content-Type", content_type)]
        if self.counted:
            size = len(body)
            pairs.append(("Content-Length", SIZES[size] if size < KEPT_SIZES else str(size)))
        headers = new(Headers)
        headers._list = pairs
        response = new(self.cls)
        response.headers = headers
        response._status = self.status
        response._status_code = self.code
        response.response = [body]
        return response

    def send_text(self, body: bytes, content_type: Any, environ: Any, start_response: Callable[..., Any]) -> Any:
        """Send what `typed` makes, where that is also ``direct`` and ``counted``, without making it."""
        size = len(body)
        length = SIZES[size] if size < KEPT_SIZES else str(size)
        start_response(self.status, [("Content-Type", content_type), ("Content-Length", length)])
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [body]

    def send(self, response: Any, environ: Any, start_response: Callable[..., Any]) -> Any:
        """``response(environ, start_response)``, without the objects that only others would need."""
        if not self.direct or not SENT.isdisjoint(response.__dict__):
            return response(environ, start_response)
        return send(response, environ, start_response)


def make_any(cls: Any, app: Any, request: Any, rv: Any) -> Any:
    status = None
    headers = None
    if isinstance(rv, tuple):
        size = len(rv)
        if size == 3:
            rv, status, headers = rv
        elif size == 2:
            if isinstance(rv[1], (Headers, dict, tuple, list)):
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
            made = from_error(cls, rv, request.environ)
            if made is not None:
                return refined(made, status, headers)
        if isinstance(rv, (str, bytes, bytearray, Iterator)):
            rv = cls(rv, status=status, headers=headers)
            status = headers = None
        elif isinstance(rv, (dict, list)):
            rv = app.json.response(rv)
        elif isinstance(rv, BaseResponse) or callable(rv):
            try:
                rv = cls.force_type(rv, request.environ)
            except TypeError as error:
                raise TypeError(f"{error}\n{wrong_type(rv)}").with_traceback(sys.exc_info()[2]) from None
        else:
            raise TypeError(wrong_type(rv))
    return refined(rv, status, headers)


def refined(response: Any, status: Any, headers: Any) -> Any:
    """*response* with the status and headers that a view returned beside it."""
    if status is not None:
        if isinstance(status, (str, bytes, bytearray)):
            response.status = status
        else:
            response.status_code = status
    if headers:
        response.headers.update(headers)
    return response


def from_error(cls: Any, error: Any, environ: Any) -> Any:
    """What ``cls.force_type(error, environ)`` makes of an HTTP error, or None where only that can tell.

    PARITY: the body is an iterator, as of any WSGI callable that was run.
    """
    kind = type(error)
    code = error.code
    if (
        kind.__call__ is not _stock_call
        or kind.get_response is not _stock_get_response
        or error.response is not None
        or type(code) is not int
        or code < 200
        or code == 204
        or code == 304
        or environ["REQUEST_METHOD"] == "HEAD"
        or not issubclass(cls, _own)
        or cls.force_type.__func__ is not _stock_force
        or iterates(kind, error)
    ):
        return None
    get_headers = kind.get_headers
    if get_headers is _stock_get_headers:
        pairs = [ERROR_TYPE]
    elif get_headers is _stock_allow:
        pairs = [ERROR_TYPE]
        if error.valid_methods:
            allow = ", ".join(error.valid_methods)
            if "\n" in allow or "\r" in allow:
                return None
            pairs.append(("Allow", allow))
    else:
        pairs = Headers(error.get_headers(environ))._list
        if len(pairs) == 0 or pairs[0][0] != "Content-Type":
            return None
    if (
        kind.get_body is _stock_get_body
        and kind.get_description is _stock_get_description
        and kind.name is _stock_name
        and error.description is kind.description
    ):
        # FAST: the text depends on nothing but these two, and both are the class's own.
        body = BODIES.get((code, error.description))
        if body is None:
            body = BODIES[code, error.description] = error.get_body(environ).encode()
            if len(BODIES) > KEPT:
                BODIES.clear()
    else:
        body = error.get_body(environ).encode()
    pairs.append(("Content-Length", length_of(body)))
    return assembled(cls, code, pairs, iter([body]))


def iterates(kind: Any, error: Any) -> bool:
    """Whether an error is an iterator. FAST: asking the abstract class each time costs more than the answer."""
    found = ERRORS.get(kind)
    if found is None:
        found = isinstance(error, Iterator)
        if len(ERRORS) < KEPT:
            ERRORS[kind] = found
    return found


def length_of(body: bytes) -> str:
    size = len(body)
    return SIZES[size] if size < KEPT_SIZES else str(size)


def assembled(cls: Any, code: int, pairs: list[tuple[str, str]], body: Any) -> Any:
    """A response of a class that is bolthead's, or from it, whose constructor has nothing to say here."""
    headers = new(Headers)
    headers._list = pairs
    response = new(cls)
    response.headers = headers
    response._status = status_text(code)
    response._status_code = code
    response.response = body
    return response


def redirection(cls: Any, location: Any, code: Any) -> Any:
    """``werkzeug.utils.redirect(location, code, cls)``."""
    if (
        type(location) is not str
        or type(code) is not int
        or "\n" in location
        or "\r" in location
        or cls.__init__ is not _own_init
        or cls.status is not _stock_status
        or cls._clean_status is not _stock_clean
        or cls.set_data is not _stock_set_data
        or not cls.automatically_set_content_length
    ):
        return _wz_redirect(location, code, cls)
    shown = str(escape(location))
    body = shown.join(REDIRECTION).encode()
    pairs = [
        ("Content-Type", content_type_of("text/html")),
        ("Content-Length", length_of(body)),
        ("Location", location),
    ]
    return assembled(cls, code, pairs, [body])


def wrong_type(rv: Any) -> str:
    return (
        "The view function did not return a valid response. The return type must be a string, dict, list, tuple"
        f" with headers or status, Response instance, or WSGI callable, but it was a {type(rv).__name__}."
    )


def send(response: Any, environ: Any, start_response: Callable[..., Any]) -> Any:
    """Send *response*, which nobody taught to send itself otherwise.

    A whole body in memory goes the shortest way, a stream or no body at all the next; what needs a closer look
    (redirects elsewhere, callbacks on a body in memory) goes through Werkzeug's steps.
    """
    pairs = plain_pairs(response)
    if pairs is None:
        return send_other(response, environ, start_response)
    start_response(response._status, pairs)
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return response.response


def plain_pairs(response: Any) -> list[tuple[str, str]] | None:
    """The header list of a response that is a list of bytes, or None where there is more to do."""
    body = response.response
    kind: Any = type(body)
    if kind is not list and kind is not LIST_ITERATOR:
        return None
    code = response._status_code
    headers = response.headers
    if type(headers) is not Headers or response._on_close:
        return None
    if response.direct_passthrough or code < 200 or code == 204 or code == 304:
        return None
    pairs: list[tuple[str, str]] = headers._list[:]
    counted = False
    for name, value in pairs:
        width = len(name)
        if width == 14:
            counted = counted or name.lower() == "content-length"
        elif width == 8:
            if name.lower() == "location" and (
                response.autocorrect_location_header or PLAIN_LOCATION(value) is None
            ):
                return None
        elif width == 16 and name.lower() == "content-location":
            return None
    if kind is not list:
        if not counted:
            return None
        # FAST: an error's page is an iterator over a list, which is at its end with the first look.
        body = list(body)
        response.response = iter(body)
    size = 0
    for chunk in body:
        if type(chunk) is not bytes:
            return None
        size += len(chunk)
    if kind is not list:
        response.response = body
    if not counted and response.automatically_set_content_length:
        pairs.append(("Content-Length", str(size)))
    return pairs


class Stream:
    """A body on its way to the server: encodes what is str, and closes the response when told to.

    WSGI: `close` does each time what the response's own does, as Werkzeug's iterator.
    """

    __slots__ = ("_body", "_items", "_response")

    def __init__(self, response: Any, body: Any) -> None:
        self._response = response
        self._body = body
        self._items: Any = None

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        items = self._items
        if items is None:
            body = self._body
            if body is None:
                raise StopIteration
            self._body = None
            items = iter(body)
        # PARITY: after its end or an error nothing more comes, whatever the iterator says.
        self._items = None
        item = next(items, _END)
        if item is _END:
            raise StopIteration
        self._items = items
        if type(item) is str:
            # FAST (stream): compiled, spelled like this it is one call of C.
            return str.encode(item)
        return item.encode() if isinstance(item, str) else item

    def close(self) -> None:
        self._body = self._items = None
        response = self._response
        if type(response).close is not _stock_close:
            response.close()
            return
        # FAST (stream): what the response's own does.
        body = response.response
        close = getattr(body, "close", _END)
        if close is not _END:
            close()
        for func in response._on_close:
            func()


def send_other(response: Any, environ: Any, start_response: Callable[..., Any]) -> Any:
    """Send a stream, or a response without a body."""
    code = response._status_code
    body = response.response
    bodiless = code == 304 or code == 204 or 100 <= code < 200
    pairs = None
    if (bodiless or not isinstance(body, (list, tuple))) and type(response.headers) is Headers:
        pairs = wire_pairs(response.headers._list, code, bodiless, response.autocorrect_location_header)
    if pairs is None:
        app_iter, status, headers = response.get_wsgi_response(environ)
        start_response(status, headers)
        return app_iter
    if bodiless or environ["REQUEST_METHOD"] == "HEAD":
        body = Stream(response, ())
    elif not response.direct_passthrough:
        body = Stream(response, body)
    start_response(response._status, pairs)
    return body


def wire_pairs(found: list[tuple[str, str]], code: int, bodiless: bool, correct: bool) -> list[tuple[str, str]] | None:
    """The headers as sent, without those of a body where there is none; None if a location needs a look."""
    pairs = []
    for pair in found:
        name = pair[0].lower()
        if name == "content-location" or (name == "location" and (correct or PLAIN_LOCATION(pair[1]) is None)):
            return None
        if bodiless and (name == "content-length" or (code == 304 and name in ENTITY_HEADERS)):
            continue
        pairs.append(pair)
    return pairs


def header(headers: Any, name: str) -> Any:
    """The first value of the header with the lower-case *name*, or None."""
    if type(headers) is not Headers:
        return headers.get(name)
    width = len(name)
    for key, value in headers._list:
        if len(key) == width and key.lower() == name:
            return value
    return None
