"""What applications have for an event loop: `asgi_app`, websockets, and functions around the serving."""

from __future__ import annotations

import typing as t
from types import FunctionType

from .. import typing as ft
from .._core.lifecycle.asgi_method import AsgiFunction
from ..ctx import RequestContext
from ..websockets import Websocket
from .scaffold import Scaffold, setupmethod

if t.TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

    from .._core.primitives.thread_pool import ThreadPool
    from ..app import Flask
    from ..async_testing import AsyncFlaskClient
    from ..config import Config

Receive = t.Callable[[], t.Awaitable[t.MutableMapping[str, t.Any]]]
Send = t.Callable[[t.MutableMapping[str, t.Any]], t.Awaitable[None]]

_run_asgi: t.Callable[..., t.Awaitable[None]] | None = None

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


class LiveScaffold(Scaffold):
    """The part of `Scaffold` that needs ASGI. Names and meaning are Quart's."""

    @setupmethod
    def websocket(self, rule: str, **options: t.Any) -> t.Callable[[F], F]:
        """Decorate a coroutine function that talks to a websocket; the options are :meth:`add_websocket`'s.

        The connection is accepted by its first ``receive``, ``send`` or ``accept``, and closed when it returns.
        """

        def decorator(f: F) -> F:
            self.add_websocket(rule, options.pop("endpoint", None), f, **options)
            return f

        return decorator

    @setupmethod
    def add_websocket(
        self, rule: str, endpoint: str | None = None, view_func: ft.RouteCallable | None = None, **options: t.Any
    ) -> None:
        """:meth:`websocket` without the decorator. A rule for requests may have the same path."""
        self._note_websockets()
        self.add_url_rule(rule, endpoint, view_func, methods=["GET"], websocket=True, **options)

    def _note_websockets(self) -> None:
        raise NotImplementedError

    @setupmethod
    def before_websocket(self, f: F) -> F:
        """Call a function before each websocket's view; what it returns, unless None, refuses the connection."""
        self.before_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_websocket(self, f: F) -> F:
        """Call a function after each websocket's view, with the response of a refusal or None; it returns either."""
        self.after_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_websocket(self, f: F) -> F:
        """Call a function when a websocket's context goes, with the exception that ended it, or None."""
        self.teardown_websocket_funcs.setdefault(None, []).append(f)
        return f


class LiveApp(LiveScaffold):
    """The application's part."""

    if t.TYPE_CHECKING:
        config: Config

    websocket_class: type[Websocket] = Websocket
    """The class of `websocket`."""
    _has_websockets = False
    serving_loop: AbstractEventLoop | None = None
    """The event loop that serves the application, from its startup to its shutdown."""
    serving_state: dict[str, t.Any] | None = None
    """The ``state`` of the ASGI lifespan; each request has a copy in ``request.environ["asgi.scope"]["state"]``."""
    _begin_serving: t.Callable[[], None] | None = None
    """What starts a loop beside the requests, in a WSGI worker that has one when it is needed."""

    def __init_subclass__(cls, **kwargs: t.Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls).get("asgi_app")
        if isinstance(own, FunctionType):
            cls.asgi_app = AsgiFunction(own)  # type: ignore[assignment, method-assign]

    def _init_live(self) -> None:
        self.before_serving_funcs: list[t.Callable[[], t.Any]] = []
        self.after_serving_funcs: list[t.Callable[[], t.Any]] = []
        self.while_serving_gens: list[t.Callable[[], t.AsyncGenerator[None, None]]] = []
        self.background_tasks: set[Task[None]] = set()
        self._serving_generators: list[t.AsyncGenerator[None, None]] = []

    async def asgi_app(self, scope: t.MutableMapping[str, t.Any], receive: Receive, send: Send) -> None:
        """The ASGI application (ASGI 3): what an ASGI server is given. ASGI middleware goes around this.

        Serves requests, websockets and the lifespan with the same views, hooks and error handlers as `wsgi_app`.
        What is async is awaited on the server's loop, the rest runs in at most ``ASGI_THREADS`` threads (40).
        """
        global _run_asgi
        if _run_asgi is None:
            from .._core.lifecycle.asgi import run as _run_asgi
        await _run_asgi(self, scope, receive, send)  # type: ignore[misc]

    if not t.TYPE_CHECKING:
        asgi_app = AsgiFunction(asgi_app)

    def _asgi_executor(self) -> ThreadPool:
        pool: ThreadPool | None = self.__dict__.get("_asgi_pool")
        if pool is None:
            from .._core.primitives.thread_pool import ThreadPool

            pool = ThreadPool(self.config.get("ASGI_THREADS") or 40, f"{self.name}-asgi")
            # Two first requests in two threads: one pool wins, the other never starts a thread.
            pool = self.__dict__.setdefault("_asgi_pool", pool)
        return pool

    def websocket_context(self, environ: dict[str, t.Any]) -> RequestContext:
        """A context for a websocket's handshake; its request is a `websocket_class`."""
        return RequestContext(t.cast("Flask", self), environ, self.websocket_class(environ))

    def async_test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> AsyncFlaskClient:
        """A client whose requests are awaited and go through `asgi_app`; *kwargs* are `test_client`'s.

        ``async with`` it, the application's lifespan runs around its requests.
        """
        from ..async_testing import AsyncFlaskClient

        app = t.cast("Flask", self)
        return AsyncFlaskClient(app, app.response_class, use_cookies=use_cookies, **kwargs)

    def _note_websockets(self) -> None:
        self._has_websockets = True

    @setupmethod
    def before_serving(self, f: F) -> F:
        """Call a function, async or not, once before the first request, in an application context.

        An error in it stops the server.
        """
        self.before_serving_funcs.append(f)
        return f

    @setupmethod
    def after_serving(self, f: F) -> F:
        """Call a function, async or not, once after the last request, in an application context."""
        self.after_serving_funcs.append(f)
        return f

    @setupmethod
    def while_serving(self, f: F) -> F:
        """Run an async generator function: up to its one ``yield`` before the first request, on after the last."""
        self.while_serving_gens.append(f)
        return f

    def add_background_task(self, func: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> None:
        """Run ``func(*args, **kwargs)`` beside the requests, on the loop if it is async, else in a thread.

        It has an application context and no request's. An error in it is logged. At shutdown it is waited for
        ``BACKGROUND_TASK_SHUTDOWN_TIMEOUT`` seconds (5), then cancelled. Raises RuntimeError where no loop runs.
        """
        from .._core.lifecycle.lifespan import add_task

        add_task(self, func, args, kwargs)


class LiveBlueprint(LiveScaffold):
    """A blueprint's part."""

    def _record(self, func: t.Callable[[t.Any], None]) -> None:
        self.record_once(func)  # type: ignore[attr-defined]

    def _note_websockets(self) -> None:
        self._record(lambda state: state.app._note_websockets())

    @setupmethod
    def before_app_websocket(self, f: F) -> F:
        """Call a function before every websocket's view, not this blueprint's alone; ``Flask.before_websocket``."""
        self._record(lambda state: state.app.before_websocket_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def after_app_websocket(self, f: F) -> F:
        """Call a function after every websocket's view, not this blueprint's alone; ``Flask.after_websocket``."""
        self._record(lambda state: state.app.after_websocket_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def teardown_app_websocket(self, f: F) -> F:
        """Call a function at the end of every websocket, not this blueprint's alone; ``Flask.teardown_websocket``."""
        self._record(lambda state: state.app.teardown_websocket_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def before_app_serving(self, f: F) -> F:
        """Call a function once before the first request; see ``Flask.before_serving``."""
        self._record(lambda state: state.app.before_serving_funcs.append(f))
        return f

    @setupmethod
    def after_app_serving(self, f: F) -> F:
        """Call a function once after the last request; see ``Flask.after_serving``."""
        self._record(lambda state: state.app.after_serving_funcs.append(f))
        return f

    @setupmethod
    def while_app_serving(self, f: F) -> F:
        """Run an async generator function around all requests; see ``Flask.while_serving``."""
        self._record(lambda state: state.app.while_serving_gens.append(f))
        return f
