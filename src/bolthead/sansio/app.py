"""The application's set-up: configuration, routes, blueprints, templates, look-up of error handlers."""

from __future__ import annotations

import logging
import os
import sys
import typing as t
from collections import defaultdict
from datetime import timedelta

from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError
from werkzeug.sansio.response import Response
from werkzeug.utils import cached_property

from .. import typing as ft
from .._compat.lazy_modules import lazy_names
from .._core.lifecycle.url_for import add_url_defaults
from .._core.response.make import redirection
from ..config import Config, ConfigAttribute
from ..ctx import _AppCtxGlobals
from ..helpers import get_debug_flag
from ..json.provider import DefaultJSONProvider, JSONProvider
from ..logging import create_logger
from ..routing import BuildError, Map, Rule
from .live import LiveApp
from .scaffold import Scaffold as Scaffold
from .scaffold import T_teardown, _endpoint_from_view_func, find_package, naming, setupmethod

if t.TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from ..templating import DispatchingJinjaLoader, Environment, TemplateEngine
    from ..testing import FlaskClient, FlaskCliRunner
    from .blueprints import Blueprint

T_shell_context_processor = t.TypeVar("T_shell_context_processor", bound=ft.ShellContextProcessorCallable)
T_template_filter = t.TypeVar("T_template_filter", bound=ft.TemplateFilterCallable)
T_template_global = t.TypeVar("T_template_global", bound=ft.TemplateGlobalCallable)
T_template_test = t.TypeVar("T_template_test", bound=ft.TemplateTestCallable)

_GET_ONLY = ("GET",)
_AUTOESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg")


_NO_CODES: t.Any = defaultdict(dict)


def _make_timedelta(value: timedelta | int | None) -> timedelta | None:
    """A number as seconds; the rest as it is."""
    if value is None or isinstance(value, timedelta):
        return value
    return timedelta(seconds=value)


class _StockEnvironment:
    """A class attribute that is imported on first access: an application without templates needs no Jinja."""

    def __get__(self, instance: App | None, owner: type[App]) -> type[Environment]:
        from ..templating import Environment

        return Environment


class App(LiveApp):
    """The application as far as it needs no request; :class:`~bolthead.Flask` adds the rest."""

    # Replace these in a subclass ----------------------------------------------------------------------------

    aborter_class = Aborter
    """What ``abort`` uses; made by :meth:`make_aborter`."""

    jinja_environment: t.ClassVar[type[Environment]] = t.cast("type[Environment]", _StockEnvironment())
    """The class of the template environment."""

    app_ctx_globals_class = _AppCtxGlobals
    """The class of ``g``."""

    config_class = Config
    """The class of :attr:`config`."""

    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    """The class of :attr:`json`."""

    jinja_options: dict[str, t.Any] = {}
    """Arguments for the template environment; changes after :attr:`jinja_env` was made do nothing."""

    template_engine: TemplateEngine | None = None
    """What finds templates for ``render_template`` and its like; ``None`` for :attr:`jinja_env`."""

    url_rule_class = Rule
    """The class of the rules that :meth:`add_url_rule` makes."""

    url_map_class = Map
    """The class of :attr:`url_map`."""

    test_client_class: type[FlaskClient] | None = None
    """The class of test clients, ``None`` for :class:`~bolthead.testing.FlaskClient`."""

    test_cli_runner_class: type[FlaskCliRunner] | None = None
    """The class of CLI runners, ``None`` for :class:`~bolthead.testing.FlaskCliRunner`."""

    default_config: dict[str, t.Any]
    response_class: type[Response]

    # Attributes that live in the config ---------------------------------------------------------------------

    testing = ConfigAttribute[bool]("TESTING")
    """Testing mode: exceptions are propagated, extensions may behave otherwise."""

    secret_key = ConfigAttribute[t.Union[str, bytes, None]]("SECRET_KEY")
    """The key that signs sessions; long, random, secret."""

    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME",
        get_converter=_make_timedelta,  # type: ignore[arg-type]
    )
    """How long a permanent session lasts; numbers in the config are seconds."""

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
    ) -> None:
        super().__init__(
            import_name=import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError("If an instance path is provided it must be absolute. A relative path was given instead.")
        self.instance_path = instance_path

        # The order is part of the contract: each of these may be overridden and use the ones before.
        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self.json: JSONProvider = self.json_provider_class(self)

        #: Called with error, endpoint and values where a URL cannot be built; may return one or raise.
        self.url_build_error_handlers: list[t.Callable[[Exception, str, dict[str, t.Any]], str]] = []
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = []
        self.shell_context_processors: list[ft.ShellContextProcessorCallable] = []
        #: Registered name → blueprint; the same blueprint may have several names.
        self.blueprints: dict[str, Blueprint] = {}
        #: Where extensions store their state for this application, by name.
        self.extensions: dict[str, t.Any] = {}
        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching
        self._got_first_request = False
        self._init_live()

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called on the application. It has already"
                " handled its first request, any changes will not be applied consistently.\n"
                "Make sure all imports, decorators, functions, etc. needed to set up the application are"
                " done before running it."
            )

    # What the application is made of ------------------------------------------------------------------------

    @cached_property
    def name(self) -> str:
        """The import name; for ``__main__`` the name of the file that runs, without its suffix."""
        if self.import_name != "__main__":
            return self.import_name
        file: str | None = getattr(sys.modules["__main__"], "__file__", None)
        return "__main__" if file is None else os.path.splitext(os.path.basename(file))[0]

    @cached_property
    def logger(self) -> logging.Logger:
        """The standard logger called :attr:`name`, with a handler if it had none; see `logging.create_logger`."""
        return create_logger(self)

    @cached_property
    def jinja_env(self) -> Environment:
        """The Jinja environment, made when first used: set ``jinja_options`` before that, filters and globals after."""
        return self.create_jinja_environment()

    def create_jinja_environment(self) -> Environment:
        """Make :attr:`jinja_env` when it is first used. A subclass has to write this one: NotImplementedError here."""
        raise NotImplementedError()

    def make_config(self, instance_relative: bool = False) -> Config:
        """Make :attr:`config`: a ``config_class`` with ``default_config``, and ``DEBUG`` from the environment.

        File names are relative to ``root_path``, or to ``instance_path`` with *instance_relative*. To override.
        """
        defaults = dict(self.default_config)
        defaults["DEBUG"] = get_debug_flag()
        return self.config_class(self.instance_path if instance_relative else self.root_path, defaults)

    def make_aborter(self) -> Aborter:
        """Make ``app.aborter``, the object that ``abort`` calls: an ``aborter_class``.

        To override where ``abort`` should know exceptions for more codes: those are added to its ``mapping``.
        """
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """The instance folder: ``instance`` beside the package, or ``var/NAME-instance`` where that is installed.

        It is not made. Asked where no ``instance_path`` was given; the second is below the environment's prefix.
        """
        prefix, package_path = find_package(self.import_name)
        if prefix is None:
            return os.path.join(package_path, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """Make the loader that tries the application's and then each blueprint's own loader."""
        from ..templating import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether values are escaped in the template *filename*, by its suffix.

        They are for ``.html``, ``.htm``, ``.xml``, ``.xhtml``, ``.svg``, and for None, a template made from a string.
        To override for others.
        """
        return True if filename is None else filename.endswith(_AUTOESCAPED)

    @property
    def debug(self) -> bool:
        """Debug mode, ``config["DEBUG"]`` (``FLASK_DEBUG``). Setting it sets template reloading, unless configured."""
        return self.config["DEBUG"]  # type: ignore[no-any-return]

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if self.config["TEMPLATES_AUTO_RELOAD"] is None:
            self.jinja_env.auto_reload = value

    # Routes and blueprints ----------------------------------------------------------------------------------

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Register a blueprint; the options override its own (``url_prefix``, ``subdomain``, ``name``, …).

        Its rules, hooks, handlers and commands are the application's from here on, what is added to it later is not.
        ValueError for a name that is taken.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> t.ValuesView[Blueprint]:
        """The registered blueprints, nested ones among them, in the order of their registration.

        A blueprint with two names comes twice. ``app.blueprints`` has the names too.
        """
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Tie *rule* to *view_func*; what :meth:`route` does for the function below it.

        *endpoint* is the name for ``url_for``, the function's own unless given. ``methods`` among the *options* are
        the function's ``methods`` unless given, or else GET; *provide_automatic_options*: whether OPTIONS is
        answered. The other options go to the rule: ``defaults``, ``subdomain``, ``host`` and so on.
        AssertionError if the endpoint has another function already.
        """
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)  # type: ignore[arg-type]
        options["endpoint"] = endpoint

        methods = options.pop("methods", None)
        if methods is None:
            methods = getattr(view_func, "methods", None) or _GET_ONLY
        if isinstance(methods, str):
            raise TypeError('Allowed methods must be a list of strings, for example: @app.route(..., methods=["POST"])')
        allowed = {method.upper() for method in methods}
        required = getattr(view_func, "required_methods", ())

        if provide_automatic_options is None:
            provide_automatic_options = getattr(view_func, "provide_automatic_options", None)
        if provide_automatic_options is None:
            provide_automatic_options = "OPTIONS" not in allowed and bool(self.config["PROVIDE_AUTOMATIC_OPTIONS"])
            if provide_automatic_options:
                allowed.add("OPTIONS")
        allowed.update(required)

        marks = [name for name in ("stream_body", "over_asgi") if options.pop(name, False)]
        rule_obj = self.url_rule_class(rule, methods=allowed, **options)
        for mark in marks:
            setattr(rule_obj, mark, True)
        rule_obj.provide_automatic_options = provide_automatic_options
        self.url_map.add(rule_obj)
        if view_func is None:
            return
        existing = self.view_functions.get(endpoint)
        if existing is not None and existing != view_func:
            raise AssertionError(f"View function mapping is overwriting an existing endpoint function: {endpoint}")
        self.view_functions[endpoint] = view_func

    # Template filters, tests and globals --------------------------------------------------------------------

    @setupmethod
    def template_filter(self, name: str | None = None) -> t.Callable[[T_template_filter], T_template_filter]:
        """Decorate a template filter, called ``name`` or as the function is: ``{{ cents|euro }}``."""
        return naming(self.add_template_filter, name)

    @setupmethod
    def add_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """:meth:`template_filter` for a function that is there already: ``app.add_template_filter(euro, "eur")``.

        The filter is called *name*, or as the function is; one of that name before it is replaced.
        """
        self.jinja_env.filters[name or f.__name__] = f

    @setupmethod
    def template_test(self, name: str | None = None) -> t.Callable[[T_template_test], T_template_test]:
        """Decorate a template test, called ``name`` or as the function is: ``{% if number is prime %}``."""
        return naming(self.add_template_test, name)

    @setupmethod
    def add_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """:meth:`template_test` for a function that is there already, under *name* or its own."""
        self.jinja_env.tests[name or f.__name__] = f

    @setupmethod
    def template_global(self, name: str | None = None) -> t.Callable[[T_template_global], T_template_global]:
        """Decorate a function that every template can call, by ``name`` or its own: ``{{ version() }}``."""
        return naming(self.add_template_global, name)

    @setupmethod
    def add_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """:meth:`template_global` for a function that is there already, under *name* or its own."""
        self.jinja_env.globals[name or f.__name__] = f

    # Hooks --------------------------------------------------------------------------------------------------

    @setupmethod
    def teardown_appcontext(self, f: T_teardown) -> T_teardown:
        """Call *f* when the application context of a request or a command goes, with its exception or None.

        Where a connection that was opened in `g` is closed. Last registered, first called; it must not raise.
        """
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: T_shell_context_processor) -> T_shell_context_processor:
        """Call *f*, without arguments, for the ``shell`` command; the dict it returns holds names for the prompt."""
        self.shell_context_processors.append(f)
        return f

    # Errors -------------------------------------------------------------------------------------------------

    def _find_error_handler(self, e: Exception, blueprints: list[str]) -> ft.ErrorHandlerCallable | None:
        """The nearest handler: those by code first, of them the innermost blueprint's, of them by MRO."""
        spec = self.error_handler_spec
        if type(spec) is defaultdict and not spec:
            return None
        exc_class, code = self._get_exc_class_and_code(type(e))
        scopes = (*blueprints, None)
        for wanted in (None,) if code is None else (code, None):
            for scope in scopes:
                # Not by index: looking a key up in a defaultdict adds it. PARITY: in another class it may fail.
                by_code = spec.get(scope, _NO_CODES) if type(spec) is defaultdict else spec[scope]
                handlers = by_code.get(wanted) if type(by_code) is defaultdict else by_code[wanted]
                if handlers:
                    for cls in exc_class.__mro__:
                        handler = handlers.get(cls)
                        if handler is not None:
                            return handler
        return None

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP exception is treated as any other, by the two ``TRAP_`` settings.

        In debug mode a missing form or query key is, unless ``TRAP_BAD_REQUEST_ERRORS`` is false.
        """
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None and self.debug and isinstance(e, BadRequestKeyError):
            return True
        return bool(trap) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether teardown functions get None in place of *error*. For subclasses; false by default."""
        return False

    # URLs ---------------------------------------------------------------------------------------------------

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """A response of ``response_class`` that sends the visitor to *location*, an address or path.

        What :func:`~bolthead.redirect` calls; override it to decide about all redirects. *code* is 302 unless given.
        """
        return redirection(self.response_class, location, code)  # type: ignore[no-any-return]

    def inject_url_defaults(self, endpoint: str, values: dict[str, t.Any]) -> None:
        """Call the ``url_defaults`` functions for *endpoint*, which may add to *values* in place.

        The application's come first, then the blueprints', outermost first. ``url_for`` calls it for each URL.
        """
        add_url_defaults(self.url_default_functions, endpoint, values)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, t.Any]) -> str:
        """Call the ``url_build_error_handlers`` for a URL; if none returns one, the last error is raised.

        Called inside the ``except`` of the error: where that is the last error too, its traceback is unchanged.
        """
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as other:
                error = other
            else:
                if url is not None:
                    return url
        if error is sys.exc_info()[1]:
            raise
        raise error


if not t.TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {
            "DispatchingJinjaLoader": "bolthead.templating:DispatchingJinjaLoader",
            "Environment": "bolthead.templating:Environment",
            "_split_blueprint_path": "bolthead.helpers:_split_blueprint_path",
            "_wz_redirect": "werkzeug.utils:redirect",
            "chain": "itertools:chain",
        },
    )
