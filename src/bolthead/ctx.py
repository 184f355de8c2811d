"""The context of an application and that of a request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import update_wrapper
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.exceptions import HTTPException

from . import typing as ft
from ._compat.lazy_modules import lazy_names
from ._core.lifecycle.contexts import (
    default_values,
    fill_request_context,
    own_processors,
    pop_app,
    pop_request,
    push_app,
    push_request,
)
from ._core.lifecycle.phases import (
    accessed_session,
    is_async,
    open_session,
    plan_of,
)
from ._core.lifecycle.records import NOT_CREATED, GlobalsRecord, RequestRecord
from ._core.primitives.context_vars import only_raises
from ._core.request.attributes import LazyAttribute
from ._core.routing.adapter import AdapterRecord
from .globals import _active_request, _cv_app, _cv_request
from .routing.exceptions import UpgradeRequired, WebsocketMismatch
from .signals import appcontext_popped as appcontext_popped
from .signals import appcontext_pushed as appcontext_pushed

if TYPE_CHECKING:
    from typing import Self

    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .sessions import SessionMixin
    from .wrappers import Request

F = TypeVar("F", bound=Callable[..., Any])

_sentinel: Any = object()


class _AppCtxGlobals:
    """A namespace for one application context, behind `g`.

    Any attribute may be set; reading or deleting one that is not there raises AttributeError with its name.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What is set goes past a property or slot of the class. FAST (page-methods): this class has none, nor a method.
        if cls.__setattr__ is object.__setattr__:
            cls.__setattr__ = _set_past_the_class  # type: ignore[method-assign]

    @only_raises
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name) from None

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...

    def __delattr__(self, name: str) -> None:
        if self.__dict__.pop(name, _sentinel) is _sentinel:
            raise AttributeError(name)

    def get(self, name: str, default: Any | None = None) -> Any:
        """The attribute *name*, or *default* where it is not there.

        For what only some requests set: ``g.get("user")``.
        """
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _sentinel) -> Any:
        """Take the attribute *name* away and return it. Without a *default*, KeyError if it is not there.

        For a teardown function that closes what a view may have opened: ``connection = g.pop("connection", None)``.
        """
        return self.__dict__.pop(name) if default is _sentinel else self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The attribute *name*, set to *default* first if it is not there.

        *default* is evaluated in any case; to open a connection only when it is needed, ask ``"connection" in g``.
        """
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = _cv_app.get(None)
        return object.__repr__(self) if ctx is None else f"<flask.g of '{ctx.app.name}'>"


def is_made_late(cls: Any) -> bool:
    """Whether `g` may be made when it is first read: nobody notices when an object without a constructor is made."""
    return type(cls) is type and cls.__init__ is object.__init__ and cls.__new__ is object.__new__  # type: ignore[misc,comparison-overlap]


def _set_past_the_class(self: _AppCtxGlobals, name: str, value: Any) -> None:
    self.__dict__[name] = value


def after_this_request(f: ft.AfterRequestCallable[Any]) -> ft.AfterRequestCallable[Any]:
    """Call *f* with the response of the current request; what it returns is sent in its place.

    For a view or a function below it that wants a header or cookie on an answer which another one makes. RuntimeError
    outside of a request::

        @after_this_request
        def remember(response):
            response.set_cookie("language", language)
            return response
    """
    _active_request("after_this_request")._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Wrap *f* to run later, in a greenlet, a thread or a task, with a copy of the current request context.

    The request, its session and what belongs to its match are there; the session is not saved again, and `g` is a new
    one. Where an event loop runs, a coroutine function stays one, for ``asyncio.create_task``. RuntimeError outside of
    a request::

        Thread(target=copy_current_request_context(send_receipt), args=[order]).start()
    """
    ctx = _active_request("copy_current_request_context").copy()

    async def in_task(*args: Any, **kwargs: Any) -> Any:
        with ctx:
            return await f(*args, **kwargs)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if is_async(f) and _loop_runs():
            return in_task(*args, **kwargs)
        with ctx:
            return ctx.app.ensure_sync(f)(*args, **kwargs)

    return update_wrapper(wrapper, f)  # type: ignore[return-value]


def _loop_runs() -> bool:
    # Where a loop runs, asyncio is loaded: no need to import it here.
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def has_request_context() -> bool:
    """Whether `request` and `session` are bound, here and now: for code that runs in views and in commands alike.

    A log filter adds the address of the visitor only ``if has_request_context()``. Without it, the first look at the
    proxy raises RuntimeError.
    """
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Whether `current_app` and `g` are bound; they raise RuntimeError where they are not.

    They are in a request, in a command of the application, and in ``with app.app_context():``. ``bool(current_app)``
    says the same.
    """
    return _cv_app.get(None) is not None


class _Pushable:
    """A context manager that pushes and pops."""

    if TYPE_CHECKING:

        def push(self) -> None: ...
        def pop(self, exc: BaseException | None = ...) -> None: ...

    @property
    def _cv_tokens(self: Any) -> list[Any]:
        # One for each push, as in Flask. Nothing here reads it.
        first = (self._token, self._pushed) if isinstance(self, RequestRecord) else self._token
        return [] if self._token is None else [first, *(self._tokens or ())]

    def __getstate__(self) -> Any:
        # What is made on first use is made now, or a copy would make another one.
        vars(self)
        return super().__getstate__()

    def __enter__(self) -> Self:
        self.push()
        return self

    def __exit__(self, exc_type: type | None, exc_value: BaseException | None, tb: TracebackType | None) -> None:
        self.pop(exc_value)


def _with_fields(*names: str) -> Any:
    """The ``__dict__`` of an instance, with its fields *names*, for `vars` and copies: a record has them elsewhere."""

    def fill(self: Any) -> dict[str, Any]:
        filled: dict[str, Any] = _OWN_DICT.__get__(self)
        for name in names:
            try:
                filled[name] = getattr(self, name)
            except AttributeError:
                # It was deleted, or this is a copy that has nothing yet.
                filled.pop(name, None)
        return filled

    return property(fill)


_OWN_DICT: Any = vars(_Pushable)["__dict__"]


class AppContext(GlobalsRecord, _Pushable):
    """The state of an application while it handles a request or a command: ``app``, `g` and ``url_adapter``.

    A request context brings one along; `Flask.app_context` makes one by hand, for ``with`` or, on an event loop,
    ``async with``. What `current_app` and `g` are bound to.
    """

    if not TYPE_CHECKING:
        __dict__ = _with_fields("app", "url_adapter", "g", "_cv_tokens")

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._url_for_guards = None
        self._adapter = app.create_url_adapter(None)
        self._g = None if is_made_late(app.app_ctx_globals_class) else app.app_ctx_globals_class()
        self._token = None
        self._tokens = None

    @property
    def url_adapter(self) -> Any:
        """What builds URLs outside a request: a `bolthead.routing.MapAdapter`, or None without ``SERVER_NAME``.

        ``url_for`` uses it in commands and jobs, with ``APPLICATION_ROOT`` and ``PREFERRED_URL_SCHEME``.
        """
        if self._adapter is NOT_CREATED:
            self._adapter = self.app.create_url_adapter(None)
        return self._adapter

    @url_adapter.setter
    def url_adapter(self, value: Any) -> None:
        self._adapter = value

    def push(self) -> None:
        """Make this the current application context and send ``appcontext_pushed``.

        ``with`` does so, and pops it. It may be pushed several times, by one thread or task; each push needs its own
        `pop`.
        """
        push_app(plan_of(self.app), self)

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Undo one push and send ``appcontext_popped``; the last one runs the teardown functions before.

        *exc* is given to them: by default the exception that is being handled, None if there is none. AssertionError if
        another context is the current one.
        """
        pop_app(plan_of(self.app), self, sys.exc_info()[1] if exc is _sentinel else exc)

    async def __aenter__(self) -> Self:
        self.push()
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        """Pop it on an event loop: teardown functions that are async are awaited, in their order."""
        from ._core.lifecycle.lifespan import pop_on_loop

        await pop_on_loop(self, error)


class NoWebsocket(RuntimeError, AttributeError):
    """The current request is not a websocket's. An AttributeError too, so that `hasattr` and mocks see no attribute."""


def _websocket_of(ctx: RequestContext) -> Any:
    request: Any = ctx.request
    if not hasattr(request, "_connection"):
        raise NoWebsocket("This context is that of a request, not of a websocket.")
    return request


class RequestContext(RequestRecord, _Pushable):
    """One request with all that belongs to it: ``app``, ``request``, ``session``, what it matched, flashed messages.

    Pushing it matches the URL and opens the session. `Flask.request_context` makes one for an environ,
    `Flask.test_request_context` one for tests and the shell; both are used by ``with``.
    """

    if not TYPE_CHECKING:
        __dict__ = _with_fields(
            "app", "request", "url_adapter", "flashes", "_session", "_after_request_functions", "_cv_tokens"
        )

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        if request is None:
            request = app.request_class(environ)
            request.json_module = app.json
        adapter = None
        try:
            adapter = app.create_url_adapter(request)
        except HTTPException as error:
            request.routing_exception = error
        environ = request.environ
        fill_request_context(self, app, request, environ if type(environ) is dict else dict(environ), adapter, session)

    @property
    def url_adapter(self) -> Any:
        """Matches and builds URLs for this request: a `bolthead.routing.MapAdapter`, made when it is first used.

        None if the request named a host that ``TRUSTED_HOSTS`` does not allow; `match_request` has stored the error
        then.
        """
        adapter = self._adapter
        if adapter is NOT_CREATED or type(adapter) is AdapterRecord:
            adapter = self._adapter = self.app.create_url_adapter(self.request)
        return adapter

    @url_adapter.setter
    def url_adapter(self, value: Any) -> None:
        self._adapter = value

    session: SessionMixin = property(  # type: ignore[assignment]
        accessed_session,
        doc="""The session of the request. Reading it adds ``Cookie`` to the response's ``Vary`` header.

        The default one is opened by the first look at it, that of another interface when the context is pushed.
        AssertionError before that.
        """,
    )

    websocket: Any = LazyAttribute("websocket", _websocket_of)
    """The websocket. Raises RuntimeError where the context is that of a request."""

    @property
    def _session(self) -> SessionMixin | None:
        if self._session_or_none is None and self._was_pushed:
            open_session(self)
        return self._session_or_none  # type: ignore[no-any-return]

    @_session.setter
    def _session(self, value: SessionMixin | None) -> None:
        self._session_or_none = value

    @property
    def _after_request_functions(self) -> list[ft.AfterRequestCallable[Any]]:
        if self._after is None:
            self._after = []
        return self._after

    @_after_request_functions.setter
    def _after_request_functions(self, value: list[ft.AfterRequestCallable[Any]]) -> None:
        self._after = value

    def copy(self) -> RequestContext:
        """A context of the same request and session, to be pushed in another thread, greenlet or task.

        Its session is not saved, and changes of it race with those of the request. Most code wants
        `copy_current_request_context`, which does this for a function.
        """
        return self.__class__(self.app, environ=self.request.environ, request=self.request, session=self._session)

    def match_request(self) -> None:
        """Find the rule for this request, and set ``request.url_rule`` and ``request.view_args``.

        Any other outcome (404, 405, a redirect) is stored in ``request.routing_exception``, for the dispatch to raise
        after the before hooks. Called when the context is pushed.
        """
        request = self.request
        is_http = self.app._has_websockets and not hasattr(request, "_connection")
        try:
            rule, values = self.url_adapter.match(return_rule=True)
            if is_http and getattr(rule, "over_asgi", False):
                # A handshake that reached the application as an ordinary request, over WSGI say.
                raise UpgradeRequired()
            request.url_rule, request.view_args = rule, values
        except WebsocketMismatch as mismatch:
            wanted = is_http and not self.url_adapter.websocket
            request.routing_exception = UpgradeRequired() if wanted else mismatch
        except HTTPException as error:
            request.routing_exception = error

    def push(self) -> None:
        """Make this the current request context, with an application context under it, and match its path.

        ``with`` does so, and pops it. The application's context is pushed unless it is the current one already.
        """
        push_request(plan_of(self.app), self)

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Undo one push; the last one runs the teardown functions and closes the request's files.

        *exc* is given to them: by default the exception that is being handled, None if there is none. The application
        context under it goes too, if this one had pushed it.
        """
        pop_request(plan_of(self.app), self, sys.exc_info()[1] if exc is _sentinel else exc)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.request.url!r} [{self.request.method}] of {self.app.name}>"


def _default_template_ctx_processor() -> dict[str, Any]:
    """``g`` and ``request``, the objects and not the proxies, as far as there are contexts."""
    return default_values()


own_processors.append(_default_template_ctx_processor)


if not TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {
            "contextvars": "contextvars",
            "t": "typing",
        },
    )
