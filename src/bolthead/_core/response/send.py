"""A response becomes what a WSGI server takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import GeneratorType
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from ..primitives.place import iterate

LIST_ITERATOR: Any = type(iter([]))
LOCAL_LOCATION = re.compile(r"/(?!/)[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]+)?").fullmatch
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
"""What RFC 2616, 10.3.5 excludes from a 304; Expires may stay."""

SENDERS = frozenset(("close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response", "iter_encoded"))
"""The methods that send a response; an instance may override them."""

_stock_close = BaseResponse.close
_END: Any = object()
# PARITY: variables, for compiled code would ask a name like `str` for the C type: a proxy tells by `__class__`.
TEXT: Any = str
SEQUENCES: Any = (list, tuple)
GENERATOR: Any = GeneratorType
"""FAST (stream): one is none of these, which `isinstance` takes long to find out."""


def send(response: Any, environ: Any, start_response: Callable[..., Any]) -> Any:
    """Send *response*, whose sending methods are stock.

    A whole body in memory takes the shortest way, a stream or an empty body the next. Redirects to other hosts and
    callbacks on a body in memory go through Werkzeug's methods.
    """
    pairs = pairs_of_whole_body(response)
    if pairs is None:
        return send_other(response, environ, start_response)
    start_response(response._status, pairs)
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return response.response


def pairs_of_whole_body(response: Any) -> list[tuple[str, str]] | None:
    """The header list of a response that is a list of bytes, or None where there is more to do."""
    body = response.response
    kind: Any = type(body)
    if kind is not list and kind is not LIST_ITERATOR:
        return None
    try:
        code = response._status_code
    except OverflowError:
        # Compiled, a number that C does not hold.
        return None
    headers = response.headers
    if type(headers) is not Headers or response._on_close:
        return None
    if response.direct_passthrough or code < 200 or code == 204 or code == 304:
        return None
    pairs: list[tuple[str, str]] = headers._list[:]
    counted = located = False
    for key, value in pairs:
        if type(key) is not str:
            # A member of an enumeration, say.
            return None
        name = key
        width = len(name)
        if width not in (8, 14, 16):
            continue
        name = name.lower()
        if name == "content-length":
            counted = True
        elif name == "content-location":
            return None
        elif name == "location":
            if located or response.autocorrect_location_header or not is_settled(key, value):
                return None
            located = True
    if kind is not list:
        if not counted:
            return None
        # FAST (errors): an error's page is an iterator over a list, which this exhausts; so it is made again.
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


def is_settled(name: Any, location: Any) -> bool:
    """Whether Werkzeug, which sets the header with the last location anew, would set just this one."""
    return name == "Location" and LOCAL_LOCATION(location) is not None


class Stream:
    """The iterable that a server gets: encodes items that are str; `close` closes the response.

    WSGI: each call of `close` closes the response, as with Werkzeug's iterator.
    """

    __slots__ = ("_body", "_items", "_response")

    def __init__(self, response: Any, body: Any) -> None:
        self._response = response
        self._body = body
        self._items: Any = None

    def source(self) -> Any:
        """The body; None once the iteration has begun."""
        return self._body

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        items = self._items
        if items is None:
            body = self._body
            if body is None:
                raise StopIteration
            self._body = None
            try:
                items = iter(body)
            except TypeError:
                items = iterate(body)
        # PARITY: after its end or an error it is not continued, whatever the iterator does.
        self._items = None
        item = next(items, _END)
        if item is _END:
            raise StopIteration
        self._items = items
        if type(item) is str:
            # FAST (stream): compiled, spelled like this it is one call of C.
            return str.encode(item)
        return item.encode() if isinstance(item, TEXT) else item

    def close(self) -> None:
        self._body = self._items = None
        response = self._response
        if type(response).close is not _stock_close:
            response.close()
            return
        # FAST (stream): the body of the stock `close`.
        body = response.response
        close = getattr(body, "close", _END)
        if close is not _END:
            close()
        for func in response._on_close:
            func()


def send_other(response: Any, environ: Any, start_response: Callable[..., Any]) -> Any:
    """Send a stream, or a response without a body."""
    try:
        code = response._status_code
    except OverflowError:
        code = 0
    body = response.response
    bodiless = code == 304 or code == 204 or 100 <= code < 200
    is_stream = type(body) is GENERATOR or not (body is None or isinstance(body, SEQUENCES))
    pairs = None
    if (bodiless or is_stream) and type(response.headers) is Headers:
        pairs = pairs_of_other(response.headers._list, code, bodiless, response.autocorrect_location_header)
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


def pairs_of_other(
    found: list[tuple[str, str]], code: int, bodiless: bool, correct: bool
) -> list[tuple[str, str]] | None:
    """The headers as sent, without those of a body where there is none; None if a location needs a look."""
    pairs = []
    located = correct
    for pair in found:
        key = pair[0]
        if type(key) is not str:
            return None
        name = key
        width = len(name)
        if width == 8 or width == 16:
            name = name.lower()
            if name == "content-location":
                return None
            if name == "location":
                if located or not is_settled(key, pair[1]):
                    return None
                located = True
        if bodiless and (width == 14 or code == 304):
            name = name.lower()
            if name == "content-length" or (code == 304 and name in ENTITY_HEADERS):
                continue
        pairs.append(pair)
    return pairs
