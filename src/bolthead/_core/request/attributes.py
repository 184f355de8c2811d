"""Attributes of a request that are filled on first use, and the functions that read them from the environ.

The functions take any object that has an ``environ``; none depends on the request class.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from werkzeug.datastructures import MultiDict

from ..http.cookies import parse_cookie_pairs
from ..http.query import multi_dict, parse_pairs
from ..primitives.objects import bare, is_on, own_set


class LazyAttribute:
    """A descriptor that computes a value once, by *fget*, and leaves it in the instance's ``__dict__``.

    It has no ``__set__``, so from the second access on the interpreter finds the value in the instance, and assigning
    or deleting the attribute works as for an ordinary one.
    """

    __slots__ = ("fget", "name")

    def __init__(self, name: str, fget: Callable[[Any], Any]) -> None:
        self.name = name
        self.fget = fget

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        name = self.name
        if owner is None:
            owner = type(instance)
        # Called only while the instance has no such attribute yet, or by an override through super().
        # PARITY: super() gets the one value each time, as from a cached property.
        if not is_on(owner, name, self):
            filled = instance.__dict__
            if name not in filled:
                filled[name] = self.fget(instance)
            return filled[name]
        value = self.fget(instance)
        # FAST (query): this need not make the instance's __dict__.
        own_set(instance, name, value)
        return value

    def __repr__(self) -> str:
        return f"<LazyAttribute {self.name}>"


with suppress(AttributeError):
    # PARITY: a descriptor may be called with the instance alone. Compiled it may anyway.
    LazyAttribute.__get__.__defaults__ = (None,)


def decoded(text: str) -> str:
    """The UTF-8 text behind a latin-1 value of the environ (PEP 3333); bad bytes are replaced."""
    if text.isascii():
        return text
    return text.encode("latin-1").decode("utf-8", "replace")


def method(request: Any) -> str:
    return request.environ.get("REQUEST_METHOD", "GET").upper()  # type: ignore[no-any-return]


def scheme(request: Any) -> Any:
    return request.environ.get("wsgi.url_scheme", "http")


def server(request: Any) -> tuple[str, int | None] | None:
    """``(name, port)``; the port is None for a unix socket, or where it is no number."""
    environ = request.environ
    name = environ.get("SERVER_NAME")
    if name is None:
        return None
    try:
        port = int(environ.get("SERVER_PORT"))
    except (TypeError, ValueError):
        return name, None
    return name, port


def root_path(request: Any) -> str:
    return decoded(request.environ.get("SCRIPT_NAME") or "").rstrip("/")


def path(request: Any) -> str:
    return "/" + decoded(request.environ.get("PATH_INFO") or "").lstrip("/")


def query_string(request: Any) -> bytes:
    return request.environ.get("QUERY_STRING", "").encode("latin-1")  # type: ignore[no-any-return]


def remote_addr(request: Any) -> Any:
    return request.environ.get("REMOTE_ADDR")


ENVIRON_ATTRIBUTES = {
    "method": method,
    "scheme": scheme,
    "server": server,
    "root_path": root_path,
    "path": path,
    "query_string": query_string,
    "remote_addr": remote_addr,
}
"""What Werkzeug's constructor reads, by attribute; ``headers`` is made by the class."""


def endpoint_of(request: Any) -> Any:
    """``request.endpoint``, which is not kept: the rule may change."""
    rule = request.url_rule
    return None if rule is None else rule.endpoint


def blueprint_of(request: Any) -> Any:
    """``request.blueprint``."""
    endpoint = request.endpoint
    if type(endpoint) is str:
        text = endpoint
        at = text.rfind(".")
        return None if at < 0 else text[:at]
    if endpoint is None or "." not in endpoint:
        return None
    return endpoint.rpartition(".")[0]


class RequestFillers:
    """What fills ``headers``, ``args`` and ``cookies``.

    *view* is the class of headers that read an environ; *multi_dicts* are those that may be filled without
    their ``__init__``; *errors* is how bad UTF-8 in a query is treated. Set later: ``query``, the stock
    ``query_string`` of the request class.
    """

    __slots__ = ("errors", "multi_dicts", "query", "view")

    def __init__(self, view: Any, multi_dicts: frozenset[Any], errors: str) -> None:
        self.view = view
        self.multi_dicts = multi_dicts
        self.errors = errors
        self.query: Any = None

    def headers(self, request: Any) -> Any:
        made = bare(self.view)
        own_set(made, "environ", request.environ)
        return made

    def args(self, request: Any) -> Any:
        text: Any = None
        if is_on(type(request), "query_string", self.query) and "query_string" not in request.__dict__:
            # FAST (query): `query_string`'s bytes are not made for this.
            text = request.environ.get("QUERY_STRING", "")
        if type(text) is not str or not text.isascii():
            text = request.query_string.decode()
        pairs = parse_pairs(text, self.errors)
        return multi_dict(request.parameter_storage_class, pairs, self.multi_dicts)

    def cookies(self, request: Any) -> Any:
        cls = request.dict_storage_class or MultiDict
        headers = request.headers
        if type(headers) is self.view:
            # FAST (headers): an environ has at most one Cookie; `getlist` goes through all of it.
            text = headers.environ.get("HTTP_COOKIE")
        else:
            text = ";".join(headers.getlist("Cookie"))
        return multi_dict(cls, parse_cookie_pairs(text) if text else [], self.multi_dicts)
