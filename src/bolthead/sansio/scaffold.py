"""What applications and blueprints have in common: routes, hooks, error handlers, folders."""

from __future__ import annotations

import os
import typing as t
from collections import defaultdict
from functools import update_wrapper

from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.utils import cached_property

from .. import typing as ft
from .._compat.lazy_modules import lazy_names
from .._core.response.file_response import joined_folder
from ..ctx import _default_template_ctx_processor
from ..helpers import get_root_path
from .packages import _find_package_path as _find_package_path
from .packages import find_package as find_package

if t.TYPE_CHECKING:
    from click import Group
    from jinja2 import BaseLoader

# "Not given", where None means something.
_sentinel = object()

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
T_after_request = t.TypeVar("T_after_request", bound=ft.AfterRequestCallable[t.Any])
T_before_request = t.TypeVar("T_before_request", bound=ft.BeforeRequestCallable)
T_error_handler = t.TypeVar("T_error_handler", bound=ft.ErrorHandlerCallable)
T_teardown = t.TypeVar("T_teardown", bound=ft.TeardownCallable)
T_template_context_processor = t.TypeVar("T_template_context_processor", bound=ft.TemplateContextProcessorCallable)
T_url_defaults = t.TypeVar("T_url_defaults", bound=ft.URLDefaultCallable)
T_url_value_preprocessor = t.TypeVar("T_url_value_preprocessor", bound=ft.URLValuePreprocessorCallable)
T_route = t.TypeVar("T_route", bound=ft.RouteCallable)


def naming(add: t.Callable[..., None], name: str | None) -> t.Callable[[F], F]:
    """A decorator that hands its function to *add* under *name*."""

    def decorator(f: F) -> F:
        add(f, name=name)
        return f

    return decorator


def setupmethod(f: F) -> F:
    """Mark a method that must not be called once requests are handled (or the blueprint is registered)."""
    name = f.__name__

    def checked(self: Scaffold, *args: t.Any, **kwargs: t.Any) -> t.Any:
        self._check_setup_finished(name)
        return f(self, *args, **kwargs)

    return t.cast(F, update_wrapper(checked, f))


class LazyGroup:
    """The attribute ``cli``: an ``AppGroup`` named after its owner, made when first touched.

    Click and our commands are loaded by then and not before. Assigning another group just replaces it.
    """

    def __get__(self, obj: Scaffold | None, owner: type[Scaffold] | None = None) -> t.Any:
        if obj is None:
            return self
        from ..cli import AppGroup

        group = AppGroup()
        group.name = obj.name
        return obj.__dict__.setdefault("cli", group)


def _by_code() -> dict[int | None, dict[type[Exception], ft.ErrorHandlerCallable]]:
    return defaultdict(dict)


class Scaffold:
    """Base of the application and of blueprints. Relative folders are relative to ``root_path``.

    The dicts of functions are keyed by a blueprint's full name, ``None`` for all requests, and are read
    again at each request: what is put into them later counts.
    """

    if t.TYPE_CHECKING:
        cli: Group
    name: str
    _static_folder: str | None = None
    _static_url_path: str | None = None

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ):
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path

        #: endpoint → view function
        self.view_functions: dict[str, ft.RouteCallable] = {}
        #: name → status code, None for other exceptions → exception class → handler
        self.error_handler_spec: dict[
            ft.AppOrBlueprintKey,
            dict[int | None, dict[type[Exception], ft.ErrorHandlerCallable]],
        ] = defaultdict(_by_code)
        self.before_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.BeforeRequestCallable]] = defaultdict(list)
        self.after_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.AfterRequestCallable[t.Any]]] = defaultdict(list)
        self.teardown_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.TeardownCallable]] = defaultdict(list)
        self.before_websocket_funcs: dict[ft.AppOrBlueprintKey, list[t.Callable[..., t.Any]]] = defaultdict(list)
        self.after_websocket_funcs: dict[ft.AppOrBlueprintKey, list[t.Callable[..., t.Any]]] = defaultdict(list)
        self.teardown_websocket_funcs: dict[ft.AppOrBlueprintKey, list[t.Callable[..., t.Any]]] = defaultdict(list)
        self.template_context_processors: dict[ft.AppOrBlueprintKey, list[ft.TemplateContextProcessorCallable]] = (
            defaultdict(list, {None: [_default_template_ctx_processor]})
        )
        self.url_value_preprocessors: dict[ft.AppOrBlueprintKey, list[ft.URLValuePreprocessorCallable]] = defaultdict(
            list
        )
        self.url_default_functions: dict[ft.AppOrBlueprintKey, list[ft.URLDefaultCallable]] = defaultdict(list)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        raise NotImplementedError

    # Folders ------------------------------------------------------------------------------------------------

    @property
    def static_folder(self) -> str | None:
        """The absolute path of the folder with static files, or None without one.

        Set it to a path relative to ``root_path``, or an absolute one. The route is made when the application is, from
        what the constructor was given.
        """
        return joined_folder(self.root_path, self._static_folder)  # type: ignore[no-any-return]

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """Whether a static folder is set; it need not exist, as nothing is read before a file is asked for."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The path below which static files are served: as given, else a slash and the static folder's name.

        None without either. For an application ``/static``; a blueprint's goes below its ``url_prefix``.
        """
        if self._static_url_path is not None:
            return self._static_url_path
        folder = self.static_folder
        return None if folder is None else f"/{os.path.basename(folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The loader for this object's own templates, those of ``template_folder``; None without one.

        Assign another loader of Jinja to have templates come from elsewhere, before the first one is loaded.
        """
        if self.template_folder is None:
            return None
        from jinja2 import FileSystemLoader

        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    # Routes -------------------------------------------------------------------------------------------------

    def _method_route(self, method: str, rule: str, options: dict[str, t.Any]) -> t.Callable[[T_route], T_route]:
        if "methods" in options:
            raise TypeError("Use the 'route' decorator to use the 'methods' argument.")
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """:meth:`route` for GET, which answers HEAD as well. TypeError for ``methods`` in the options."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """:meth:`route` for POST alone; another method gets 405. TypeError for ``methods`` in the options."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """:meth:`route` for PUT alone; another method gets 405. TypeError for ``methods`` in the options."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """:meth:`route` for DELETE alone; another method gets 405. TypeError for ``methods`` in the options."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """:meth:`route` for PATCH alone; another method gets 405. TypeError for ``methods`` in the options."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Decorate a view function with a URL rule; the options are :meth:`add_url_rule`'s.

        ``<name>`` in the rule is an argument of the function, ``<int:name>`` one that a converter has made::

            @app.route("/posts/<int:number>", methods=["GET", "POST"])
            def post(number): ...
        """

        def decorator(f: T_route) -> T_route:
            endpoint = options.pop("endpoint", None)
            self.add_url_rule(rule, endpoint, f, **options)
            return f

        return decorator

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Route a URL rule to a view function.

        The endpoint is the function's name unless given; the function may be registered for the endpoint
        later. ``methods`` defaults to the function's own ``methods``, else to GET; HEAD comes with GET, and
        OPTIONS is answered automatically unless the config, the function or ``provide_automatic_options``
        is false. With ``stream_body``, over ASGI the view is called before the body is there and reads
        it by ``request.body_chunks()``. Other options are the rule class's.
        """
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> t.Callable[[F], F]:
        """Decorate the view function of an endpoint whose rule was added without one.

        After ``app.add_url_rule("/", endpoint="index")``::

            @app.endpoint("index")
            def index(): ...
        """

        def decorator(f: F) -> F:
            self.view_functions[endpoint] = f
            return f

        return decorator

    # Hooks --------------------------------------------------------------------------------------------------

    @setupmethod
    def before_request(self, f: T_before_request) -> T_before_request:
        """Call a function before each view; unless it returns ``None``, its result is the answer instead.

        Of a blueprint: before its own views only. The application's functions come first, each group in the order of
        registration. They run for unknown paths and static files too::

            @app.before_request
            def closed():
                if app.config["CLOSED"]:
                    return "We are back at nine.", 503
        """
        self.before_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_request(self, f: T_after_request) -> T_after_request:
        """Call *f* with each response; it returns that one or another. Last registered, first called.

        Of a blueprint: for its own views only, before the application's. An exception skips those that remain: what
        must happen belongs into :meth:`teardown_request`.
        """
        self.after_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: T_teardown) -> T_teardown:
        """Call *f* when the request context goes, with the unhandled exception, or None.

        Also where a before hook has answered or the view has failed. It must not raise; what it returns is ignored.
        Last registered, first called.
        """
        self.teardown_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def context_processor(self, f: T_template_context_processor) -> T_template_context_processor:
        """Call *f*, without arguments, before each rendering; the dict it returns is added to the template's variables.

        What the view itself has given to the template wins. Of a blueprint: for templates that its own views render.
        Macros that a template imports do not see these variables, unless imported ``with context``.
        """
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Call a function with endpoint and URL values, which it may change, before ``before_request``.

        Values are ``None`` for a path without a rule::

            @app.url_value_preprocessor
            def language(endpoint, values):
                g.language = values.pop("language", "en") if values else "en"
        """
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Call a function with endpoint and values whenever a URL is built; it may add values in place.

        Values that ``url_for`` was given are among them, so look before you set one.
        Of a blueprint: for its endpoints only.
        """
        self.url_default_functions[None].append(f)
        return f

    # Errors -------------------------------------------------------------------------------------------------

    @setupmethod
    def errorhandler(self, code_or_exception: type[Exception] | int) -> t.Callable[[T_error_handler], T_error_handler]:
        """Decorate a handler for a code or an exception class; it gets the exception, returns like a view.

        The handler of the nearest base class is called, a blueprint's before the application's. One for 500 also gets
        exceptions without a handler, as ``original_exception`` of an InternalServerError. The status is 200 unless the
        handler returns one::

            @app.errorhandler(404)
            def not_found(error):
                return {"error": error.description}, 404
        """

        def decorator(f: T_error_handler) -> T_error_handler:
            self.register_error_handler(code_or_exception, f)
            return f

        return decorator

    @setupmethod
    def register_error_handler(self, code_or_exception: type[Exception] | int, f: ft.ErrorHandlerCallable) -> None:
        """:meth:`errorhandler` for a function that is there already: ``app.register_error_handler(404, not_found)``.

        ValueError for a code that is no HTTP error's or a class that is no exception, TypeError for an instance of one.
        """
        exc_class, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exc_class] = f

    @staticmethod
    def _get_exc_class_and_code(
        exc_class_or_code: type[Exception] | int,
    ) -> tuple[type[Exception], int | None]:
        """The exception class, and its status code if it is an HTTP exception's."""
        exc_class: t.Any = exc_class_or_code
        if isinstance(exc_class, int):
            try:
                exc_class = default_exceptions[exc_class]
            except KeyError:
                raise ValueError(
                    f"'{exc_class_or_code}' is not a recognized HTTP error code."
                    " Use a subclass of HTTPException with that code instead."
                ) from None
        if isinstance(exc_class, Exception):
            raise TypeError(
                f"{exc_class!r} is an instance, not a class. Handlers can only be registered for Exception"
                " classes or HTTP error codes."
            )
        if not issubclass(exc_class, Exception):
            raise ValueError(
                f"'{exc_class.__name__}' is not a subclass of Exception. Handlers can only be registered for"
                " Exception classes or HTTP error codes."
            )
        return exc_class, exc_class.code if issubclass(exc_class, HTTPException) else None


def _endpoint_from_view_func(view_func: ft.RouteCallable) -> str:
    """The endpoint a view function gets when none is named."""
    assert view_func is not None, "expected view func if endpoint is not provided."
    return view_func.__name__


if not t.TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {
            "BaseLoader": "jinja2:BaseLoader",
            "FileSystemLoader": "jinja2:FileSystemLoader",
            "importlib": "importlib",
            "pathlib": "pathlib",
            "sys": "sys",
        },
    )
