"""The click groups with an application: ``AppGroup``, ``FlaskGroup`` and what they hand to commands."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable
from functools import update_wrapper
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from ..globals import current_app
from ..helpers import get_debug_flag, get_load_dotenv
from .locate import NoAppException, flask_hint, load_dotenv, locate_app, prepare_import, prog_name

if TYPE_CHECKING:
    from ..app import Flask

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_FILES = ("wsgi.py", "app.py")


class ScriptInfo:
    """One run of the command and its application; click carries it as the context's object.

    *app_import_path* is what ``--app`` names, *create_app* a function that makes the application instead. ``data`` is
    free for a script's own use. *load_dotenv_defaults* only records the wish; the option ``--env-file`` reads the
    files. A command gets it by :data:`~bolthead.cli.pass_script_info`.
    """

    # Whether FLASK_DEBUG was set by a file that is read unasked.
    _debug_by_default_file = False

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.data: dict[Any, Any] = {}
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self._loaded_app: Flask | None = None

    def _find(self) -> Flask | None:
        if self.create_app is not None:
            return self.create_app()
        if self.app_import_path:
            # The colon of C:\ belongs to the path.
            path, *name = re.split(r":(?![\\/])", self.app_import_path, maxsplit=1)
            return locate_app(prepare_import(path), name[0] if name else None)
        for file in DEFAULT_FILES:
            app = locate_app(prepare_import(file), None, raise_if_not_found=False)
            if app is not None:
                return app
        return None

    def load_app(self) -> Flask:
        """The application, loaded by the first call; raises :exc:`NoAppException` when there is none.

        In this order: ``create_app``, what ``--app`` or ``FLASK_APP`` names, ``wsgi.py``, ``app.py``.
        """
        if self._loaded_app is None:
            with flask_hint():
                app = self._find()
            if app is None:
                raise NoAppException(
                    f"Could not locate a Flask application. Use the '{prog_name()} --app' option, 'FLASK_APP'"
                    " environment variable, or a 'wsgi.py' or 'app.py' file in the current directory."
                )
            if self.set_debug_flag:
                # Through the property, which sets what depends on it too.
                app.debug = get_debug_flag()
            self._loaded_app = app
        return self._loaded_app


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def with_appcontext(f: F) -> F:
    """Run a command inside the application's context, pushing one unless there is one.

    For commands made by click alone; those of ``app.cli`` and of blueprints have it. The application is loaded by it.
    It stands below click's decorator::

        @click.command()
        @with_appcontext
        def report():
            click.echo(current_app.name)
    """

    @click.pass_context
    def inside(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if not current_app:
            ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
        return ctx.invoke(f, *args, **kwargs)

    return update_wrapper(inside, f)  # type: ignore[return-value]


class AppGroup(click.Group):
    """A click group whose commands run inside the application's context. ``app.cli`` and ``blueprint.cli`` are such.

    A group inside it is one too. For a group of your own in a module: ``users = AppGroup("users")``, then
    ``app.cli.add_command(users)``.
    """

    def command(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Decorate a command, as click's method of this name does; it runs in an application context.

        ``with_appcontext=False`` leaves the function as it is: for a command that needs no application, or makes one.
        The arguments are click's: the command's name (the function's unless given), ``help`` and so on.
        """
        wrap = with_appcontext if kwargs.pop("with_appcontext", True) else _unchanged
        register = super().command(*args, **kwargs)

        def decorator(f: Callable[..., Any]) -> click.Command:
            command: click.Command = register(wrap(f))
            return command

        return decorator

    def group(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Group]:
        """Decorate a group inside this one, as click's method of this name does.

        Its class is :class:`AppGroup` unless ``cls`` is given, so that its commands have an application context too.
        """
        decorator: Callable[[Callable[..., Any]], click.Group] = super().group(*args, **{"cls": AppGroup, **kwargs})
        return decorator


def _unchanged(f: F) -> F:
    return f


def _set_app(ctx: click.Context, param: click.Option, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _set_debug(ctx: click.Context, param: click.Option, value: bool) -> bool | None:
    source = ctx.get_parameter_source(param.name)
    if source in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None
    # By the environment, so that a factory sees it before there is an application.
    os.environ["FLASK_DEBUG"] = "1" if value else "0"
    info = ctx.find_object(ScriptInfo)
    if info is not None and source is ParameterSource.COMMANDLINE:
        info._debug_by_default_file = False
    return value


def _env_file_callback(ctx: click.Context, param: click.Option, value: str | None) -> str | None:
    if value is not None:
        try:
            import dotenv  # noqa: F401
        except ImportError:
            raise click.BadParameter(
                "python-dotenv must be installed to load an env file.", ctx=ctx, param=param
            ) from None
    if value is not None or ctx.obj.load_dotenv_defaults:
        unset = "FLASK_DEBUG" not in os.environ
        load_dotenv(value, load_defaults=ctx.obj.load_dotenv_defaults)
        ctx.obj._debug_by_default_file = unset and value is None and "FLASK_DEBUG" in os.environ
    return value


# Eager, and in this order: the files may set FLASK_APP, and --help lists the commands of the application.
_env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    help=(
        "A file of environment variables. It wins over '.env' and '.flaskenv'; what is in the environment"
        " already wins over all three. Needs python-dotenv."
    ),
    is_eager=True,
    expose_value=False,
    callback=_env_file_callback,
)

_app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    help=(
        "Where the application is: 'module:name', the module dotted or as a file's path. The name can be left"
        " out for 'app', 'application', 'create_app' and 'make_app'; a factory takes arguments as in"
        " 'name(args)'."
    ),
    is_eager=True,
    expose_value=False,
    callback=_set_app,
)

_debug_option = click.Option(["--debug/--no-debug"], help="Switch debug mode.", expose_value=False, callback=_set_debug)


class FlaskGroup(AppGroup):
    """The group behind the command: the default commands, the plugins' and the application's own.

    A script of one's own makes another one, usually with *create_app*, which is called without arguments. *load_dotenv*
    reads ``.env`` and ``.flaskenv``, *set_debug_flag* sets the application's debug flag from the environment,
    *add_default_commands* and *add_version_option* leave ``run``, ``shell``, ``routes`` and ``--version`` out. *extra*
    goes to click::

        @click.group(cls=FlaskGroup, create_app=create_app)
        def main():
            "Manage the shop."
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        from .commands import routes_command, run_command, shell_command, version_option

        # Option callbacks and no group callback: a user may give a group callback of their own.
        params = [*(extra.pop("params", None) or ()), _env_file_option, _app_option, _debug_option]
        if add_version_option:
            params.append(version_option)
        extra.setdefault("context_settings", {}).setdefault("auto_envvar_prefix", "FLASK")
        super().__init__(params=params, **extra)

        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        if add_default_commands:
            for command in (run_command, shell_command, routes_command):
                self.add_command(command)
        self._loaded_plugin_commands = False

    def _load_plugin_commands(self) -> None:
        if self._loaded_plugin_commands:
            return
        for entry in metadata.entry_points(group="flask.commands"):
            try:
                command = entry.load()
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] != "flask":
                    raise
                tip = f" * The command {entry.name!r} of a plugin imports flask: use '--as-flask' to have it."
                click.secho(tip, fg="yellow", err=True)
                continue
            self.add_command(command, entry.name)
        self._loaded_plugin_commands = True

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command *name*: ours and the plugins' (entry points ``flask.commands``) first, then the application's.

        None if there is none. An application that cannot be loaded is reported on the error stream; the commands before
        it go on to work.
        """
        self._load_plugin_commands()
        # Ours and the plugins' first: they are there even when the application cannot be loaded.
        command = super().get_command(ctx, name)
        if command is not None:
            return command

        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as error:
            _complain(f"Error: {error.format_message()}")
            return None
        # The callbacks of parameters run before the command does, and may want the context too.
        if not current_app or current_app._get_current_object() is not app:  # type: ignore[attr-defined]
            ctx.with_resource(app.app_context())
        return app.cli.get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted: for the help.

        An application that cannot be loaded is reported on the error stream and left out, with its traceback where its
        own code fails.
        """
        self._load_plugin_commands()
        names = set(super().list_commands(ctx))
        try:
            names.update(ctx.ensure_object(ScriptInfo).load_app().cli.list_commands(ctx))
        except NoAppException as error:
            _complain(f"Error: {error.format_message()}")
        except Exception:
            # An error of the application itself: its author needs the traceback.
            _complain(traceback.format_exc())
        return sorted(names)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Make click's context for one run, with a `ScriptInfo` as its object and the group's settings.

        It sets ``FLASK_RUN_FROM_CLI``, so that a call of ``app.run()`` in the module does not start a second server.
        """
        # app.run() outside of a __main__ guard must not start a server while we import the module.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app,
                set_debug_flag=self.set_debug_flag,
                load_dotenv_defaults=self.load_dotenv,
            )
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, as click does; before help is shown, the files of variables are read.

        So that ``--help`` lists the commands of an application that ``FLASK_APP`` in ``.flaskenv`` names.
        """
        asks_help = len(args) == 1 and args[0] in self.get_help_option_names(ctx)
        if asks_help or (not args and self.no_args_is_help):
            # Nothing eager is processed when click shows the help by itself; the variables still count.
            _env_file_option.handle_parse_result(ctx, {}, [])
            _app_option.handle_parse_result(ctx, {}, [])
        return super().parse_args(ctx, args)


def _complain(text: str) -> None:
    click.secho(f"{text}\n", err=True, fg="red")


def _install_as_flask(ctx: click.Context, param: click.Parameter | None, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        become_flask()


def become_flask() -> None:
    """Make ``import flask`` import this package; ClickException with the reason where that is not possible."""
    from ..as_flask import install, restart

    restart()
    try:
        install()
    except Exception as error:
        raise click.ClickException(str(error)) from None


def as_flask_option() -> click.Option:
    """A fresh ``--as-flask`` option: the group and two commands take it."""
    return click.Option(
        ["--as-flask"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_install_as_flask,
        help="For an application that says 'import flask': let that mean bolthead.",
    )


class BoltheadGroup(FlaskGroup):
    """:class:`FlaskGroup` with ``--as-flask``, which has to come before any plugin imports Flask."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(params=[as_flask_option()], **extra)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        own = args[: args.index("--")] if "--" in args else args
        if "--as-flask" in own:
            try:
                become_flask()
            except click.ClickException as error:
                error.show()
                sys.exit(error.exit_code)
        return super().make_context(info_name, args, parent=parent, **extra)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command of these arguments. What an extension of another Flask raises tells what to add."""
        # Around the contexts too: an extension looks for its application at their end.
        with flask_hint():
            return super().main(*args, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments. The error for a command's option before the command tells where it belongs."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            option = error.option_name
            names = [name for name, command in self.commands.items() if _takes(command, option)]
            if names:
                command = next((arg for arg in args if arg in names), names[0])
                option = _with_value(self.commands[command], option)
                raise _with_hint(error, f"after the command: '{ctx.command_path} {command} {option}'") from None
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. The error for this group's option after the command tells where it belongs."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            if _takes(self, error.option_name):
                usage = _usage(ctx, error, _with_value(self, error.option_name))
                raise _with_hint(error, f"before the command: '{usage}'") from None
            raise
        except click.UsageError as error:
            # `bolthead run shop`: ours take no arguments.
            if error.ctx is not None and error.ctx.command in self.commands.values() and "extra arg" in error.message:
                text = (
                    f"{error.message.rstrip('.')}. The application is named so: '{_usage(ctx, error, '--app IMPORT')}'."
                )
                raise click.UsageError(text, error.ctx) from None
            raise


def _takes(command: click.Command, option: str) -> bool:
    return any(option in (*param.opts, *param.secondary_opts) for param in command.params)


def _with_value(command: click.Command, option: str) -> str:
    """The option as it is written: with the name of its value, if it takes one."""
    for param in command.params:
        if option in param.opts and isinstance(param, click.Option) and not (param.is_flag or param.count):
            return f"{option} {param.metavar or param.type.name.upper()}"
    return option


def _usage(ctx: click.Context, error: click.UsageError, option: str) -> str:
    below = error.ctx.command_path.removeprefix(ctx.command_path).strip() if error.ctx is not None else "COMMAND"
    return f"{ctx.command_path} {option} {below}"


def _with_hint(error: click.NoSuchOption, place: str) -> click.NoSuchOption:
    return click.NoSuchOption(error.option_name, f"{error.message.rstrip('.')}. It belongs {place}.", ctx=error.ctx)
