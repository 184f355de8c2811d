"""``app.asgi_app``: a method as ASGI servers and middleware want an application to be."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Signature, signature
from typing import Any

CALLED_BY_WSGI = (
    "'asgi_app' is what an ASGI server is given, and it was called with two arguments, as a WSGI server does."
    " Give a WSGI server the application itself, as in 'module:app'; to serve over ASGI, use"
    " 'bolthead serve --asgi', or any ASGI server."
)
CALLED_FOR_ASGI_2 = (
    "'asgi_app' was called with one argument, as ASGI 2 has it, and speaks ASGI 3:"
    " 'asgi_app(scope, receive, send)'. Tell the server, as in 'uvicorn --interface asgi3'."
)


class Driver:
    """What answers for an application: `asgi.DRIVER`. As a class, so that a compiled method calls the other."""

    __slots__ = ()

    def __call__(self, app: Any, scope: Any, receive: Any, send: Any) -> Any:
        return self.run(app, scope, receive, send)

    def run(self, app: Any, scope: Any, receive: Any, send: Any) -> Any:
        raise NotImplementedError


_driver: Driver | None = None


def driver() -> Driver:
    """The ASGI driver. An application that is served over WSGI alone does not import it."""
    global _driver
    if _driver is None:
        from .asgi import DRIVER

        _driver = DRIVER
    return _driver


def driven(app: Any, scope: Any, receive: Any, send: Any) -> Any:
    found = driver() if _driver is None else _driver
    return found.run(app, scope, receive, send)


class AsgiMethod:
    """A bound method that is an ASGI 3 application; called in another way, it raises a TypeError that says what to do.

    uvicorn, Sentry's middleware and others ask of an application whether its ``__call__`` is a coroutine function. Of
    a bound method it is not, so that they take one for an application of ASGI 2.

    *direct*: the method only awaits the driver, so that the driver is called in its place.
    """

    __slots__ = ("__dict__", "_app", "_direct", "method")

    def __init__(self, method: Any, direct: bool) -> None:
        self.method = method
        self._app = method.__self__
        self._direct = direct
        # What is called is the class's; what is asked is this.
        self.__call__ = method  # type: ignore[method-assign]

    def __call__(self, scope: Any, receive: Any = None, send: Any = None) -> Any:
        if send is None:
            raise TypeError(CALLED_FOR_ASGI_2 if receive is None else CALLED_BY_WSGI)
        if self._direct:
            # FAST (asgi string): it is as good a coroutine as the method's, and one less.
            return driven(self._app, scope, receive, send)
        return self.method(scope, receive, send)

    @property
    def __signature__(self) -> Signature:
        return signature(self.method)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.method, name)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, AsgiMethod) and bool(self.method == other.method)

    def __hash__(self) -> int:
        return hash(self.method)

    def __repr__(self) -> str:
        return repr(self.method)


class AsgiFunction:
    """What stands in a class for coroutine function *func*: bound, it is an `AsgiMethod`, with the same *direct*."""

    def __init__(self, func: Callable[..., Any], direct: bool = False) -> None:
        self.func = func
        self.direct = direct

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self.func if instance is None else AsgiMethod(self.func.__get__(instance, owner), self.direct)
