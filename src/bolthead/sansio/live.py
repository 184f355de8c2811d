"""What applications have for an event loop: `asgi_app`, websockets, and functions around the serving."""

from __future__ import annotations

import typing as t
from types import FunctionType

from .. import typing as ft
from .._core.lifecycle.asgi_method import AsgiFunction, driver
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

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


class LiveScaffold(Scaffold):
    """The part of `Scaffold` that needs ASGI. Names and meaning are Quart's."""

    @setupmethod
    def websocket(self, rule: str, **options: t.Any) -> t.Callable[[F], F]:
        """Decorate a coroutine function that talks to a websocket; the options are :meth:`add_websocket`'s. Needs ASGI.

        The connection is accepted by its first ``receive``, ``send`` or ``accept``, and closed when it returns::

            @app.websocket("/echo")
            async def echo():
                while True:
                    await websocket.send(await websocket.receive())
        """

        def decorator(f: F) -> F:
            self.add_websocket(rule, options.pop("endpoint", None), f, **options)
            return f

        return decorator

    @setupmethod
    def add_websocket(
        self, rule: str, endpoint: str | None = None, view_func: ft.RouteCallable | None = None, **options: t.Any
    ) -> None:
        """:meth:`websocket` without the decorator: tie *rule* to *view_func*.

        *endpoint* and *options* are those of `add_url_rule`, without ``methods``. A rule for requests may have the same
        path; an ordinary request for a websocket's path gets 426.
        """
        self._note_websockets()
        self.add_url_rule(rule, endpoint, view_func, methods=["GET"], websocket=True, over_asgi=True, **options)

    def _note_websockets(self) -> None:
        raise NotImplementedError

    @setupmethod
    def before_websocket(self, f: F) -> F:
        """Call *f*, without arguments, before each websocket's view; it may be a coroutine function.

        What it returns, unless None, refuses the connection: ``return "Log in first.", 401``. The client gets that
        answer where the server can send one, else 403. Of a blueprint: before its own websockets only.
        """
        self.before_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_websocket(self, f: F) -> F:
        """Call *f* after each websocket's view, with the response of a refusal or an error, or None without one.

        It returns the response or another one, and None where it was given None. Last registered, first called.
        Once the connection is accepted no response is sent.
        """
        self.after_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_websocket(self, f: F) -> F:
        """Call *f* when a websocket's context goes, with the exception that ended it, or None.

        That is ``asyncio.CancelledError`` where the client left. *f* must not raise; what it returns is ignored.
        """
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
        await driver()(self, scope, receive, send)

    if not t.TYPE_CHECKING:
        asgi_app = AsgiFunction(asgi_app, direct=True)

    def _asgi_executor(self) -> ThreadPool:
        pool: ThreadPool | None = self.__dict__.get("_asgi_pool")
        if pool is None:
            from .._core.primitives.thread_pool import ThreadPool

            pool = ThreadPool(self.config.get("ASGI_THREADS") or 40, f"{self.name}-asgi")
            # Two first requests in two threads: one pool wins, the other never starts a thread.
            pool = self.__dict__.setdefault("_asgi_pool", pool)
        return pool

    def websocket_context(self, environ: dict[str, t.Any]) -> RequestContext:
        """A context for a websocket's handshake, given by *environ*; its request is a `websocket_class`.

        For code that takes the place of the ASGI entry; a test opens a websocket with `async_test_client`.
        """
        return RequestContext(t.cast("Flask", self), environ, self.websocket_class(environ))

    def async_test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> AsyncFlaskClient:
        """A client whose requests are awaited and go through `asgi_app`; the arguments are `test_client`'s.

        ``async with`` it, the application's lifespan runs around its requests. It opens websockets and reads streams::

            async with app.async_test_client() as client:
                answer = await client.get("/")
        """
        from ..async_testing import AsyncFlaskClient

        app = t.cast("Flask", self)
        return AsyncFlaskClient(app, app.response_class, use_cookies=use_cookies, **kwargs)

    def _note_websockets(self) -> None:
        self._has_websockets = True

    @setupmethod
    def before_serving(self, f: F) -> F:
        """Call *f*, async or not, once before the first request, in an application context.

        For connection pools and the like; a coroutine function runs on the loop that serves. Each worker process calls
        *f*. An error in it stops the server.
        """
        self.before_serving_funcs.append(f)
        return f

    @setupmethod
    def after_serving(self, f: F) -> F:
        """Call *f*, async or not, once after the last request, in an application context: to close what was opened.

        It runs when the server stops in order, once in each worker process.
        """
        self.after_serving_funcs.append(f)
        return f

    @setupmethod
    def while_serving(self, f: F) -> F:
        """Run an async generator function around the serving: up to its one ``yield`` before the first request.

        What is below the ``yield`` runs after the last request, in an application context of its own::

            @app.while_serving
            async def pool():
                async with connect(app.config["DATABASE"]) as app.extensions["pool"]:
                    yield
        """
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
        """Call *f* before every websocket's view, not this blueprint's alone; what it returns refuses the connection.

        See ``Flask.before_websocket``.
        """
        self._record(lambda state: state.app.before_websocket_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def after_app_websocket(self, f: F) -> F:
        """Call *f* after every websocket's view, not this blueprint's alone, with the response of a refusal or None.

        See ``Flask.after_websocket``.
        """
        self._record(lambda state: state.app.after_websocket_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def teardown_app_websocket(self, f: F) -> F:
        """Call *f* at the end of every websocket, not this blueprint's alone, with the exception that ended it or None.

        See ``Flask.teardown_websocket``.
        """
        self._record(lambda state: state.app.teardown_websocket_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def before_app_serving(self, f: F) -> F:
        """Call *f*, async or not, once before the first request of the application; an error in it stops the server.

        See ``Flask.before_serving``.
        """
        self._record(lambda state: state.app.before_serving_funcs.append(f))
        return f

    @setupmethod
    def after_app_serving(self, f: F) -> F:
        """Call *f*, async or not, once after the application's last request, to close what the blueprint has opened.

        See ``Flask.after_serving``.
        """
        self._record(lambda state: state.app.after_serving_funcs.append(f))
        return f

    @setupmethod
    def while_app_serving(self, f: F) -> F:
        """Run an async generator function around all requests of the application: its ``yield`` is the serving.

        See ``Flask.while_serving``.
        """
        self._record(lambda state: state.app.while_serving_gens.append(f))
        return f
