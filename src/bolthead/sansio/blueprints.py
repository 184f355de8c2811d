"""Blueprints: registrations that wait until an application takes them."""

from __future__ import annotations

import os
import typing as t
from collections import defaultdict
from functools import update_wrapper

from .. import typing as ft
from .app import T_template_filter, T_template_global, T_template_test
from .live import LiveBlueprint
from .scaffold import (
    LazyGroup,
    T_after_request,
    T_before_request,
    T_error_handler,
    T_teardown,
    T_template_context_processor,
    T_url_defaults,
    T_url_value_preprocessor,
    _endpoint_from_view_func,
    _sentinel,
    naming,
    setupmethod,
)
from .scaffold import Scaffold as Scaffold

if t.TYPE_CHECKING:
    from .app import App

DeferredSetupFunction = t.Callable[["BlueprintSetupState"], None]


class BlueprintSetupState:
    """One registration of a blueprint: what functions given to `Blueprint.record` get to work with.

    ``app`` and ``blueprint``, and the settings of this registration: ``url_prefix``, ``subdomain``, ``name``,
    ``url_defaults``, each from the options of ``register_blueprint`` or else the blueprint's own.
    """

    def __init__(self, blueprint: Blueprint, app: App, options: t.Any, first_registration: bool) -> None:
        self.app = app
        self.blueprint = blueprint
        #: The options of ``register_blueprint``; the attributes below are these, else the blueprint's own.
        self.options = options
        #: False where the application already has this blueprint under another name.
        self.first_registration = first_registration

        subdomain = options.get("subdomain")
        self.subdomain = blueprint.subdomain if subdomain is None else subdomain
        prefix = options.get("url_prefix")
        self.url_prefix = blueprint.url_prefix if prefix is None else prefix
        self.name = options.get("name", blueprint.name)
        self.name_prefix = options.get("name_prefix", "")
        self.url_defaults = dict(blueprint.url_values_defaults)
        self.url_defaults.update(options.get("url_defaults", ()))

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        **options: t.Any,
    ) -> None:
        """Add a rule to the application, with the blueprint's prefix, subdomain, defaults and name.

        The arguments are those of ``Flask.add_url_rule``; *endpoint* gets the blueprint's name and a dot before it.
        """
        if self.url_prefix is not None:
            rule = f"{self.url_prefix.rstrip('/')}/{rule.lstrip('/')}" if rule else self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)  # type: ignore[arg-type]
        defaults = self.url_defaults
        if "defaults" in options:
            defaults = dict(defaults, **options.pop("defaults"))
        full_name = f"{self.name_prefix}.{self.name}.{endpoint}".lstrip(".")
        self.app.add_url_rule(rule, full_name, view_func, defaults=defaults, **options)


class Blueprint(LiveBlueprint):
    """Routes, hooks and templates to be registered on an application, as often as there are names for it."""

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, t.Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _sentinel,  # type: ignore[assignment]
    ) -> None:
        super().__init__(
            import_name=import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        if not name:
            raise ValueError("'name' may not be empty.")
        if "." in name:
            raise ValueError("'name' may not contain a dot '.' character.")
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.deferred_functions: list[DeferredSetupFunction] = []
        self.url_values_defaults = {} if url_defaults is None else url_defaults
        self.cli_group = cli_group
        self._blueprints: list[tuple[Blueprint, dict[str, t.Any]]] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called on the blueprint '{self.name}'. It has"
                " already been registered at least once, any changes will not be applied consistently.\n"
                "Make sure all imports, decorators, functions, etc. needed to set up the blueprint are done"
                " before registering it."
            )

    # Recording and registering ------------------------------------------------------------------------------

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Call *func* with the `BlueprintSetupState` at each registration, to set up what is the application's.

        For what no method here is for: ``blueprint.record(lambda state: state.app.config.setdefault("PAGE", 20))``.
        """
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """:meth:`record`, but for the first registration on an application only.

        For what must not be there twice although the blueprint is, under two names: a filter, a handler of all errors.
        """

        def once(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(once, func))

    def make_setup_state(
        self, app: App, options: dict[str, t.Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Make the `BlueprintSetupState` that recorded functions get, at each registration.

        For subclasses that add to it. *options* are those of ``register_blueprint``.
        """
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Nest a blueprint; it is registered wherever this one is, below its name, prefix and subdomain.

        The *options* are those of ``Flask.register_blueprint``. ``shop.register_blueprint(cart)`` makes the endpoint
        ``"shop.cart.show"``. ValueError for itself, AssertionError once this one is registered.
        """
        if blueprint is self:
            raise ValueError("Cannot register a blueprint on itself")
        self._blueprints.append((blueprint, options))

    def register(self, app: App, options: dict[str, t.Any]) -> None:
        """What ``app.register_blueprint`` calls: add everything, then register the nested blueprints.

        A subclass may add to it. *options* are the registration's; another ``name`` among them registers the blueprint
        once more. ValueError if the name is taken.
        """
        own_name = options.get("name", self.name)
        name = f"{options.get('name_prefix', '')}.{own_name}".lstrip(".")
        taken = app.blueprints.get(name)
        if taken is not None:
            whose = "this" if taken is self else "a different"
            where = f" '{name}'" if own_name != name else ""
            raise ValueError(
                f"The name '{own_name}' is already registered for {whose} blueprint{where}."
                " Use 'name=' to provide a unique name."
            )
        first = not any(blueprint is self for blueprint in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True

        state = self.make_setup_state(app, options, first)
        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,  # type: ignore[attr-defined]
                endpoint="static",
            )
        self._merge_blueprint_funcs(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._register_commands(app, name, options)
        for blueprint, nested in self._blueprints:
            blueprint.register(app, _nested_options(blueprint, nested, state, name))

    def _register_commands(self, app: App, name: str, options: dict[str, t.Any]) -> None:
        """Add the commands as the group that ``cli_group`` names; ``None`` adds them without a group."""
        if "cli" not in self.__dict__ and isinstance(getattr(type(self), "cli", None), LazyGroup):
            return  # The group was never accessed, so it has no commands: do not load click for it.
        if not self.cli.commands:
            return
        group = options.get("cli_group", self.cli_group)
        if group is None:
            app.cli.commands.update(self.cli.commands)
            return
        self.cli.name = name if group is _sentinel else group
        app.cli.add_command(self.cli)

    def _merge_blueprint_funcs(self, app: App, name: str) -> None:
        """Copy views, hooks and error handlers into the application's dicts, under this blueprint's name."""

        def full(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for scope, by_code in self.error_handler_spec.items():
            app.error_handler_spec[full(scope)] = defaultdict(
                dict, {code: dict(handlers) for code, handlers in by_code.items()}
            )
        app.view_functions.update(self.view_functions)
        pairs: tuple[tuple[dict[t.Any, list[t.Any]], dict[t.Any, list[t.Any]]], ...] = (
            (self.before_request_funcs, app.before_request_funcs),
            (self.after_request_funcs, app.after_request_funcs),
            (self.teardown_request_funcs, app.teardown_request_funcs),
            (self.before_websocket_funcs, app.before_websocket_funcs),
            (self.after_websocket_funcs, app.after_websocket_funcs),
            (self.teardown_websocket_funcs, app.teardown_websocket_funcs),
            (self.url_default_functions, app.url_default_functions),
            (self.url_value_preprocessors, app.url_value_preprocessors),
            (self.template_context_processors, app.template_context_processors),
        )
        for own, target in pairs:
            for key, functions in own.items():
                target[full(key)].extend(functions)

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Add a rule at registration; its endpoint gets the blueprint's name before a dot.

        The arguments are those of ``Flask.add_url_rule``; ``url_prefix`` goes before *rule*.
        ValueError for a dot in the endpoint.
        """
        if endpoint and "." in endpoint:
            raise ValueError("'endpoint' may not contain a dot '.' character.")
        if view_func and hasattr(view_func, "__name__") and "." in view_func.__name__:
            raise ValueError("'view_func' name may not contain a dot '.' character.")
        self.record(
            lambda state: state.add_url_rule(
                rule, endpoint, view_func, provide_automatic_options=provide_automatic_options, **options
            )
        )

    # For the whole application ------------------------------------------------------------------------------

    @setupmethod
    def app_template_filter(self, name: str | None = None) -> t.Callable[[T_template_filter], T_template_filter]:
        """Decorate a filter for the templates of the whole application, there once the blueprint is registered.

        *name* is the function's own unless given. As ``Flask.template_filter``.
        """
        return naming(self.add_app_template_filter, name)

    @setupmethod
    def add_app_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """:meth:`app_template_filter` for a function that is there already, under *name* or its own."""

        def add(state: BlueprintSetupState) -> None:
            state.app.jinja_env.filters[name or f.__name__] = f

        self.record_once(add)

    @setupmethod
    def app_template_test(self, name: str | None = None) -> t.Callable[[T_template_test], T_template_test]:
        """Decorate a test for the templates of the whole application, there once the blueprint is registered.

        *name* is the function's own unless given. As ``Flask.template_test``.
        """
        return naming(self.add_app_template_test, name)

    @setupmethod
    def add_app_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """:meth:`app_template_test` for a function that is there already, under *name* or its own."""

        def add(state: BlueprintSetupState) -> None:
            state.app.jinja_env.tests[name or f.__name__] = f

        self.record_once(add)

    @setupmethod
    def app_template_global(self, name: str | None = None) -> t.Callable[[T_template_global], T_template_global]:
        """Decorate a function that the templates of the whole application can call, once the blueprint is registered.

        *name* is the function's own unless given. As ``Flask.template_global``.
        """
        return naming(self.add_app_template_global, name)

    @setupmethod
    def add_app_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """:meth:`app_template_global` for a function that is there already, under *name* or its own."""

        def add(state: BlueprintSetupState) -> None:
            state.app.jinja_env.globals[name or f.__name__] = f

        self.record_once(add)

    @setupmethod
    def before_app_request(self, f: T_before_request) -> T_before_request:
        """Call *f*, without arguments, before every request, not this blueprint's alone, once it is registered.

        What it returns, unless None, is the answer. It runs among the application's own, before those of blueprints;
        see ``Flask.before_request``.
        """
        self.record_once(lambda state: state.app.before_request_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def after_app_request(self, f: T_after_request) -> T_after_request:
        """Call *f* with every response, not this blueprint's alone, once it is registered; it returns that or another.

        It runs among the application's own functions, after those of blueprints; see ``Flask.after_request``.
        """
        self.record_once(lambda state: state.app.after_request_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def teardown_app_request(self, f: T_teardown) -> T_teardown:
        """Call *f* at the end of every request, not this blueprint's alone, with the unhandled exception or None.

        It must not raise; see ``Flask.teardown_request``.
        """
        self.record_once(lambda state: state.app.teardown_request_funcs.setdefault(None, []).append(f))
        return f

    @setupmethod
    def app_context_processor(self, f: T_template_context_processor) -> T_template_context_processor:
        """Add the dict that *f* returns to the variables of every template, not of this blueprint's views alone.

        See ``Flask.context_processor``.
        """
        self.record_once(lambda state: state.app.template_context_processors.setdefault(None, []).append(f))
        return f

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> t.Callable[[T_error_handler], T_error_handler]:
        """Decorate an error handler of all views, and of paths without a rule, which belong to no blueprint.

        *code* is a status or an exception class. A blueprint's :meth:`errorhandler` never sees a 404 of routing, so
        that one goes here; see ``Flask.errorhandler``.
        """

        def decorator(f: T_error_handler) -> T_error_handler:
            def add(state: BlueprintSetupState) -> None:
                state.app.errorhandler(code)(f)

            self.record_once(add)
            return f

        return decorator

    @setupmethod
    def app_url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Call *f* with endpoint and URL values of every request, not this blueprint's alone, before the before hooks.

        It may change the values in place; see ``Flask.url_value_preprocessor``.
        """
        self.record_once(lambda state: state.app.url_value_preprocessors.setdefault(None, []).append(f))
        return f

    @setupmethod
    def app_url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Call *f* with endpoint and values whenever any URL is built, not this blueprint's alone; it may add values.

        See ``Flask.url_defaults``.
        """
        self.record_once(lambda state: state.app.url_default_functions.setdefault(None, []).append(f))
        return f


def _nested_options(
    blueprint: Blueprint, options: dict[str, t.Any], state: BlueprintSetupState, name_prefix: str
) -> dict[str, t.Any]:
    """The options of a nested blueprint, with its own and its parent's prefix and subdomain joined."""
    merged = options.copy()

    subdomain = options.get("subdomain")
    if subdomain is None:
        subdomain = blueprint.subdomain
    if subdomain is None:
        subdomain = state.subdomain
    elif state.subdomain is not None:
        subdomain = f"{subdomain}.{state.subdomain}"
    if subdomain is not None:
        merged["subdomain"] = subdomain

    prefix = options.get("url_prefix")
    if prefix is None:
        prefix = blueprint.url_prefix
    if prefix is None:
        prefix = state.url_prefix
    elif state.url_prefix is not None:
        prefix = f"{state.url_prefix.rstrip('/')}/{prefix.lstrip('/')}"
    if prefix is not None:
        merged["url_prefix"] = prefix

    merged["name_prefix"] = name_prefix
    return merged
