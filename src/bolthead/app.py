"""The application object."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from inspect import signature
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, AnyStr, NoReturn, TypeVar

from werkzeug.datastructures import ImmutableDict as ImmutableDict
from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.wsgi import get_host

from . import typing as ft
from ._compat.lazy_modules import lazy_names
from ._core.lifecycle import phases
from ._core.lifecycle.contexts import fill_context
from ._core.lifecycle.records import Plan
from ._core.lifecycle.url_for import GUARDED, UrlForGuards, build_url, drop_guards
from ._core.lifecycle.wsgi import call_wsgi, full_dispatch, run_wsgi
from ._core.primitives import place
from .config import DEFAULTS
from .ctx import AppContext, RequestContext
from .globals import _cv_app as _cv_app
from .globals import _cv_request as _cv_request
from .globals import current_app, g, request, request_ctx, session
from .helpers import declared_as, get_debug_flag, get_flashed_messages, get_load_dotenv, send_from_directory
from .plan import WATCHED, make_plan, ship
from .routing import BuildError as BuildError
from .routing import MapAdapter, RequestRedirect, RoutingException
from .sansio.app import App
from .sansio.app import _make_timedelta as _make_timedelta
from .sansio.scaffold import LazyGroup
from .sansio.scaffold import _sentinel as _scaffold_sentinel
from .sessions import SecureCookieSessionInterface, SessionInterface
from .signals import appcontext_tearing_down as appcontext_tearing_down
from .signals import got_request_exception
from .signals import request_finished as request_finished
from .signals import request_started as request_started
from .signals import request_tearing_down as request_tearing_down
from .wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .templating import Environment
    from .testing import FlaskClient, FlaskCliRunner

T_shell_context_processor = TypeVar("T_shell_context_processor", bound=ft.ShellContextProcessorCallable)
T_teardown = TypeVar("T_teardown", bound=ft.TeardownCallable)
T_template_filter = TypeVar("T_template_filter", bound=ft.TemplateFilterCallable)
T_template_global = TypeVar("T_template_global", bound=ft.TemplateGlobalCallable)
T_template_test = TypeVar("T_template_test", bound=ft.TemplateTestCallable)


_sentinel: Any = _scaffold_sentinel


class Flask(App):
    """A WSGI application: the registry of views, hooks, configuration and templates, and what serves them.

    *import_name* names the module or package it belongs to (usually ``__name__``); folders and
    resources are looked up next to it. The methods below are the steps of a request; each may be overridden in
    a subclass or replaced on the class or the instance, at any time.
    """

    default_config = DEFAULTS

    request_class: type[Request] = Request
    """What ``request`` stands for. A subclass of `Request` may add properties, or parse bodies in its own way."""

    response_class: type[Response] = Response
    """What an answer is made into; views, hooks and error handlers get instances of it."""

    session_interface: SessionInterface = SecureCookieSessionInterface()

    if not TYPE_CHECKING:
        cli = LazyGroup()

    _plan: Plan | None = None
    _url_for_guards: UrlForGuards | None = None

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ):
        super().__init__(
            import_name=import_name,
            static_url_path=static_url_path,
            static_folder=static_folder,
            static_host=static_host,
            host_matching=host_matching,
            subdomain_matching=subdomain_matching,
            template_folder=template_folder,
            instance_path=instance_path,
            instance_relative_config=instance_relative_config,
            root_path=root_path,
        )
        # PARITY: a subclass's property is read here, as Flask does to name `cli`.
        self.name  # noqa: B018
        if self.has_static_folder:
            assert bool(static_host) == host_matching, "Invalid static_host/host_matching combination"
            self.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                endpoint="static",
                host=static_host,
                view_func=_static_view(self),
            )

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in WATCHED or (name == "_got_first_request" and not value):
            object.__setattr__(self, "_plan", None)
        if name in GUARDED:
            drop_guards(self)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if name in WATCHED:
            object.__setattr__(self, "_plan", None)
        if name in GUARDED:
            drop_guards(self)

    def _make_plan(self) -> Plan:
        plan = make_plan(self)
        object.__setattr__(self, "_plan", plan)
        return plan

    # --- files and templates ----------------------------------------------------------------------------------

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds for which clients may cache *filename*; None to have them ask each time whether it has changed.

        ``SEND_FILE_MAX_AGE_DEFAULT`` unless overridden. `send_file` and the static folder ask it where no ``max_age``
        is given; *filename* is None for an open file without a name.
        """
        value = current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        return int(value.total_seconds()) if isinstance(value, timedelta) else value

    def send_static_file(self, filename: str) -> Response:
        """The view of the static folder: *filename* is relative to it, and 404 where it leads out or to no file.

        RuntimeError if the application has no ``static_folder``.
        """
        if not self.has_static_folder:
            raise RuntimeError("'static_folder' must be set to serve static_files.")
        max_age = self.get_send_file_max_age(filename)
        return send_from_directory(self.static_folder, filename, max_age=max_age)  # type: ignore[arg-type]

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = None) -> IO[AnyStr]:
        """Open a file of the application's package for reading: *resource* is a path below ``root_path``.

        *mode* is ``"r"``, ``"rt"`` or ``"rb"``, else ValueError; *encoding* is for text. The caller closes the file.
        """
        if mode not in {"r", "rt", "rb"}:
            raise ValueError("Resources can only be opened for reading.")
        return open(os.path.join(self.root_path, resource), mode, encoding=None if mode == "rb" else encoding)

    def open_instance_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[AnyStr]:
        """Open a file below ``instance_path``, in any *mode* of `open`; *encoding* is for text.

        The folder is not made. The caller closes the file.
        """
        return open(os.path.join(self.instance_path, resource), mode, encoding=None if "b" in mode else encoding)

    def create_jinja_environment(self) -> Environment:
        """Make ``app.jinja_env``, on its first use: ``jinja_environment`` with ``jinja_options``.

        It escapes where `select_jinja_autoescape` is true, and has ``url_for``, ``config`` and the other globals.
        """
        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        if "auto_reload" not in options:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload
        environment = self.jinja_environment(self, **options)
        # Here, where Jinja is loaded.
        from ._core.templates.calls import hand_on

        hand_on(_url_for, build_url)
        environment.globals.update(
            url_for=self.url_for,
            get_flashed_messages=get_flashed_messages,
            config=self.config,
            # Imported templates get no context, so the proxies are globals too.
            request=request,
            session=session,
            g=g,
        )
        environment.policies["json.dumps_function"] = self.json.dumps
        return environment

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add to *context*, in place, what the context processors return: the application's, then the blueprints'.

        A key that is there already stays, so that what a view gives to its template wins.
        """
        fill_context(self, context)

    # --- URLs -------------------------------------------------------------------------------------------------

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the URL map to a request, or without one to ``SERVER_NAME``; None where there is neither.

        Raises SecurityError (400) for a host not in ``TRUSTED_HOSTS``.
        """
        config = self.config
        if request is None:
            if config["SERVER_NAME"] is None:
                return None
            return self.url_map.bind(
                config["SERVER_NAME"],
                script_name=config["APPLICATION_ROOT"],
                url_scheme=config["PREFERRED_URL_SCHEME"],
            )
        trusted = config["TRUSTED_HOSTS"]
        if trusted is not None:
            request.trusted_hosts = trusted
        request.host = get_host(request.environ, request.trusted_hosts)
        server_name = config["SERVER_NAME"]
        subdomain = None
        if self.url_map.host_matching:
            server_name = None
        elif not self.subdomain_matching:
            # An unknown host must not look like a subdomain when none are matched.
            subdomain = self.url_map.default_subdomain or ""
        return self.url_map.bind_to_environ(request.environ, server_name=server_name, subdomain=subdomain)

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise what routing found for *request*: NotFound, MethodNotAllowed or a redirect.

        In debug mode a redirect that would lose a form's data is an explanation of that instead,
        `FormDataRoutingRedirect`.
        """
        error = request.routing_exception
        if (
            not self.debug
            or not isinstance(error, RequestRedirect)
            or error.code in {307, 308}
            or request.method in {"GET", "HEAD", "OPTIONS"}
        ):
            raise error  # type: ignore[misc]
        from .debughelpers import FormDataRoutingRedirect

        raise FormDataRoutingRedirect(request)

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """The URL of *endpoint* with *values*; those the rule does not name become the query string.

        In a request it is relative unless ``_external`` or ``_scheme`` ask otherwise, and ``.name`` means the
        current blueprint's. Outside one it is external and needs ``SERVER_NAME``. A failure goes to
        `handle_url_build_error`.
        """
        values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
        return build_url(self, endpoint, values)  # type: ignore[no-any-return]

    if not TYPE_CHECKING:

        @declared_as(url_for)
        def url_for(self, /, endpoint, **values):
            # FAST (template): as in `helpers`.
            return build_url(self, endpoint, values)

    # --- shell, development server, tests ---------------------------------------------------------------------

    def make_shell_context(self) -> dict[str, Any]:
        """The names that ``bolthead shell`` starts with: ``app``, ``g``, and what the shell context processors add."""
        context = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            context.update(processor())
        return context

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve with Werkzeug's development server, by default at 127.0.0.1:5000. Not for production.

        Host and port default to those of ``SERVER_NAME``. *options* go to ``werkzeug.serving.run_simple``.
        """
        from . import cli

        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            from werkzeug.serving import is_running_from_reloader

            if not is_running_from_reloader():
                import click

                click.secho(
                    " * Ignoring a call to 'app.run()' that would block the current 'flask' CLI command.\n"
                    "   Only call 'app.run()' in an 'if __name__ == \"__main__\"' guard.",
                    fg="red",
                )
            return
        if get_load_dotenv(load_dotenv):
            cli.load_dotenv()
            if "FLASK_DEBUG" in os.environ:
                self.debug = get_debug_flag()
        if debug is not None:
            self.debug = bool(debug)
        named_host, _, named_port = (self.config.get("SERVER_NAME") or "").partition(":")
        host = host or named_host or "127.0.0.1"
        if port or port == 0:
            port = int(port)
        else:
            port = int(named_port) if named_port else 5000
        options.setdefault("use_reloader", self.debug)
        options.setdefault("use_debugger", self.debug)
        options.setdefault("threaded", True)
        cli.show_server_banner(self.debug, self.name)
        from werkzeug.serving import run_simple

        try:
            run_simple(host, port, self, **options)
        finally:
            # Setup may go on in an interactive session after the server was stopped.
            self._got_first_request = False

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> FlaskClient:
        """A client that calls this application without a server, a `bolthead.testing.FlaskClient`.

        It keeps cookies between requests unless *use_cookies* is false; *kwargs* go to ``test_client_class``. Set
        ``TESTING`` to have errors of views raised in the test instead of answered by 500.
        """
        cls = self.test_client_class
        if cls is None:
            from .testing import FlaskClient as cls
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)  # type: ignore[misc]

    def test_cli_runner(self, **kwargs: Any) -> FlaskCliRunner:
        """A runner whose ``invoke(args=["command", "--option"])`` calls this application's commands.

        The result has ``output``, ``exit_code`` and ``exception``; *kwargs* go to ``test_cli_runner_class``, by default
        a `bolthead.testing.FlaskCliRunner`. No process is started.
        """
        cls = self.test_cli_runner_class
        if cls is None:
            from .testing import FlaskCliRunner as cls
        return cls(self, **kwargs)  # type: ignore[misc]

    # --- errors -----------------------------------------------------------------------------------------------

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
        """The answer to an HTTP error: its handler's, or *e* itself where there is none.

        A redirect of routing, and an error without a code, is returned as it is.
        """
        # Routing's own errors are not for users: they redirect, internally or not. No code: a raw response.
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e, request.blueprints)
        return e if handler is None else self.ensure_sync(handler)(e)

    def handle_user_exception(self, e: Exception) -> HTTPException | ft.ResponseReturnValue:
        """The answer to what a view or hook raised: its handler's; without one *e* is raised again.

        HTTP errors go to `handle_http_exception`, unless ``TRAP_HTTP_EXCEPTIONS`` or its like traps them.
        """
        if isinstance(e, BadRequestKeyError) and (self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]):
            e.show_exception = True
        if isinstance(e, HTTPException) and not self.trap_http_exception(e):
            return self.handle_http_exception(e)
        handler = self._find_error_handler(e, request.blueprints)
        if handler is None:
            raise
        return self.ensure_sync(handler)(e)  # type: ignore[no-any-return]

    def handle_exception(self, e: Exception) -> Response:
        """Answer an unhandled error with 500, logged; or raise it, when debugging or testing.

        Sends `got_request_exception`. A handler for 500 or InternalServerError gets it as
        ``original_exception``.
        """
        exc_info = sys.exc_info()
        got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        if propagate is None:
            propagate = self.testing or self.debug
        if propagate:
            # A bare raise keeps the traceback as it is.
            if exc_info[1] is e:
                raise
            raise e
        self.log_exception(exc_info)
        answer: Any = InternalServerError(original_exception=e)
        handler = self._find_error_handler(answer, request.blueprints)
        if handler is not None:
            answer = self.ensure_sync(handler)(answer)
        return self.finalize_request(answer, from_error_handler=True)

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """Log an error that no handler took, with its traceback and the request's path and method, at level *error*.

        *exc_info* is what `sys.exc_info` returns. Override it to log more, or elsewhere.
        """
        self.logger.error(f"Exception on {request.path} [{request.method}]", exc_info=exc_info)

    # --- the steps of a request -------------------------------------------------------------------------------

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Call the view that the request matched, with the URL's values, and return what it returns.

        What routing found instead (404, 405, a redirect) is raised; OPTIONS is answered where the rule provides that.
        """
        ctx: Any = request_ctx._get_current_object()  # type: ignore[attr-defined]
        return phases.answer(phases.plan_of(self), self, ctx, False)  # type: ignore[no-any-return]

    def full_dispatch_request(self) -> Response:
        """Everything between the contexts: before hooks, view, error handlers, after hooks, session.

        Returns the response; raises what no handler took, which `handle_exception` gets then.
        """
        ctx: Any = request_ctx._get_current_object()  # type: ignore[attr-defined]
        return full_dispatch(phases.plan_of(self), self, ctx)  # type: ignore[no-any-return]

    def finalize_request(
        self, rv: ft.ResponseReturnValue | HTTPException, from_error_handler: bool = False
    ) -> Response:
        """Make a response of *rv*, what a view or handler returned, run the after hooks and send `request_finished`.

        With *from_error_handler* an error of these is logged and not raised, so that the error page gets out.
        """
        ctx: Any = request_ctx._get_current_object()  # type: ignore[attr-defined]
        plan = phases.plan_of(self)
        return phases.finish(plan, self, ctx, rv, from_error_handler)  # type: ignore[no-any-return]

    def make_default_options_response(self) -> Response:
        """The answer to an ``OPTIONS`` request that no view handles: an empty body, and ``Allow``.

        ``Allow`` has the methods of the path's rules. Override it to add CORS headers to every preflight.
        """
        response = self.response_class()
        response.allow.update(request_ctx.url_adapter.allowed_methods())
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function to call without ``await``: *func*, or for a coroutine function what `async_to_sync` makes of it.

        For extensions and decorators that call a user's function: ``current_app.ensure_sync(func)(...)``.
        """
        return self.async_to_sync(func) if phases.is_async(func) else func

    def async_to_sync(self, func: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """A synchronous function that runs *func* in an event loop of its own. RuntimeError without asgiref.

        The extra ``async`` installs it. In a request over ASGI *func* runs on the server's loop.
        """
        served = place.bridge(func)
        if served is not None:
            return served  # type: ignore[no-any-return]
        try:
            from asgiref.sync import async_to_sync
        except ImportError:
            raise RuntimeError("Install 'bolthead[async]' in order to use async views.") from None
        # FAST (async): a relative import looks the package's parent up each time.
        from bolthead._compat.asgiref_bridge import bridge

        return bridge(async_to_sync, func)

    def make_response(self, rv: ft.ResponseReturnValue) -> Response:
        """A response object from anything a view may return.

        That is str, bytes, a dict or list (sent as JSON), an iterator of str or bytes (streamed), a response or
        WSGI callable, or a tuple of one of these with status, headers or both. Raises TypeError for the rest.
        """
        return phases.plan_of(self).responses.make(self, request, rv)  # type: ignore[no-any-return]

    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Run the URL value preprocessors and the before hooks; the first value that a hook returns is the answer.

        None if all returned None, and the view is called then. The application's come first, then the blueprints'.
        """
        plan = phases.plan_of(self)
        req: Any = request_ctx.request
        return phases.preprocess(plan, self, req)  # type: ignore[no-any-return]

    def process_response(self, response: Response) -> Response:
        """Run the after hooks on *response*, save the session, and return the response to send.

        In order: `after_this_request` functions, the blueprints' hooks, the application's; hooks last first.
        """
        ctx: Any = request_ctx._get_current_object()  # type: ignore[attr-defined]
        return phases.process(phases.plan_of(self), self, ctx, response)  # type: ignore[no-any-return]

    def do_teardown_request(self, exc: BaseException | None = _sentinel) -> None:
        """Run the teardown functions of the request, blueprints' first, and send `request_tearing_down`.

        They get *exc*, by default the exception in flight. The request context calls it when it is popped.
        """
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        phases.teardown_request(phases.plan_of(self), self, request_ctx.request, exc)

    def do_teardown_appcontext(self, exc: BaseException | None = _sentinel) -> None:
        """Run the teardown functions of the application context, last first, and send `appcontext_tearing_down`.

        They get *exc*, by default the exception in flight. The application context calls it when it is popped.
        """
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        phases.teardown_app(phases.plan_of(self), self, exc)

    def app_context(self) -> AppContext:
        """An application context, for ``with``: what `current_app` and `g` need outside a request.

        Commands have one already; scripts, jobs and threads make it. Its teardown functions run when it is left.
        """
        return AppContext(self)

    def request_context(self, environ: WSGIEnvironment) -> RequestContext:
        """A request context for *environ*, a WSGI environment (PEP 3333), for ``with``.

        For tests `test_request_context` makes one up. Hooks and view do not run.
        """
        return RequestContext(self, environ)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """A request context made up for a test or the shell, of what `testing.EnvironBuilder` takes. No hook runs.

        ``with app.test_request_context("/?page=2"):`` makes ``request.args`` there; call `preprocess_request` for the
        hooks.
        """
        from .testing import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application proper (PEP 3333). Middleware goes around this, so that ``app`` stays an object.

        Teardown functions run when it returns, before a streamed body is sent.
        """
        return run_wsgi(self, environ, start_response)

    if TYPE_CHECKING:

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...

    else:

        def __call__(
            self, environ: WSGIEnvironment = None, start_response: StartResponse = None, *more
        ) -> Iterable[bytes]:
            """The WSGI server's entry: `wsgi_app`, which may have been wrapped or replaced."""
            return call_wsgi(self, environ, start_response, more)

        # Other arguments come from an ASGI server: `call_wsgi` raises an error that names `asgi_app`.
        __call__.__signature__ = signature(lambda self, environ, start_response: None)


def _static_view(app: Flask) -> Callable[..., Any]:
    # A weak reference: a view that holds its application would keep it alive until the collector runs.
    reference = weakref.ref(app)
    view: Callable[..., Any] = lambda **values: reference().send_static_file(**values)  # type: ignore  # noqa: E731
    # PARITY: extensions exempt views by name (test_flask_names.py).
    view.__module__, view.__qualname__ = Flask.__module__, "Flask.__init__.<locals>.<lambda>"
    return view


_url_for: Any = Flask.url_for
ship(Flask)


if not TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {
            "BaseResponse": "werkzeug.wrappers:Response",
            "Environment": "bolthead.templating:Environment",
            "Headers": "werkzeug.datastructures:Headers",
            "Rule": "bolthead.routing:Rule",
            "_url_quote": "urllib.parse:quote",
            "cabc": "collections.abc",
            "chain": "itertools:chain",
            "cli": "bolthead.cli",
            "click": "click",
            "is_running_from_reloader": "werkzeug.serving:is_running_from_reloader",
            "iscoroutinefunction": "inspect:iscoroutinefunction",
            "t": "typing",
        },
    )
