"""Finding the application: from what the user typed to the object, and the ``.env`` files read on the way."""

from __future__ import annotations

import ast
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isfunction, signature
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, overload

import click

from .._core.lifecycle.asgi_method import AsgiMethod

if TYPE_CHECKING:
    from ..app import Flask

APP_NAMES = ("app", "application")
FACTORY_NAMES = ("create_app", "make_app")


class NoAppException(click.UsageError):
    """There is no application where the user said, or it could not be made. The command ends with it as its message.

    A usage error of click: exit status 2. ``found`` is what was there instead of an application.
    """

    found: object = None
    """What is there instead."""


class _WrongArguments(Exception):
    """A factory refused its arguments, as opposed to failing in its own body."""


_PACKAGE = __name__.partition(".")[0]


def is_flask() -> bool:
    """Whether ``import flask`` means this package."""
    as_flask = sys.modules.get(f"{_PACKAGE}.as_flask")
    return as_flask is not None and as_flask.installed()


def prog_name() -> str:
    """The command's name in messages: ``flask`` where ``import flask`` means this package, unless ours was typed."""
    ctx = click.get_current_context(silent=True)
    ours = ctx is not None and (ctx.find_root().info_name or "").endswith(_PACKAGE)
    return "flask" if is_flask() and not ours else _PACKAGE


def _other_flask() -> ModuleType | None:
    """The installed Flask, if it was imported."""
    flask = sys.modules.get("flask")
    return None if flask is sys.modules.get(_PACKAGE) else flask


_OTHER_FLASK = "The installed Flask was imported too, and knows nothing of this application: add '--as-flask'."


@contextmanager
def flask_hint() -> Iterator[None]:
    """Tell below the traceback why an extension finds no application: it asks the installed Flask."""
    try:
        yield
    except RuntimeError as error:
        known = _OTHER_FLASK in getattr(error, "__notes__", ())
        if not known and _other_flask() is not None and "Working outside of" in str(error):
            error.add_note(_OTHER_FLASK)
        raise


def _call(factory: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return factory(*args, **kwargs)
    except TypeError as error:
        frames = traceback.walk_tb(error.__traceback__)
        if any(frame.f_code is factory.__code__ for frame, _ in frames):
            raise
        raise _WrongArguments from error


def _stranger_hint(*candidates: object) -> str:
    """A hint for an application of Flask itself, or for an ``asgi_app``; else an empty text."""
    if any(isinstance(one, AsgiMethod) for one in candidates):
        return " What is there is an 'asgi_app': name the application itself, which 'serve --asgi' serves over ASGI."
    theirs = getattr(_other_flask(), "Flask", None)
    if not isinstance(theirs, type) or not any(isinstance(one, theirs) for one in candidates):
        return ""
    return " What is there is an application of the installed Flask: add '--as-flask' to run it on bolthead."


def _no_flask_hint(error: ImportError) -> str:
    """A hint where an application imports flask, or an extension reads its metadata, and Flask is not installed."""
    if (error.name or "").partition(".")[0].lower() != "flask" or "flask" in sys.modules:
        return ""
    return "\nFlask is not installed: add '--as-flask', so that 'import flask' means bolthead."


def find_best_app(module: ModuleType) -> Flask:
    """The application of *module*, where its variable was not named.

    ``app`` and ``application`` first, then the only application there is, then the factories ``create_app`` and
    ``make_app`` called without arguments. `NoAppException` if there is none, several, or a factory that wants
    arguments.
    """
    from .. import Flask

    for name in APP_NAMES:
        value = getattr(module, name, None)
        if isinstance(value, Flask):
            return value

    found = [value for value in vars(module).values() if isinstance(value, Flask)]
    if len(found) > 1:
        raise NoAppException(
            f"Detected multiple Flask applications in module '{module.__name__}'."
            f" Use '{module.__name__}:name' to specify the correct one."
        )
    if found:
        return found[0]

    made: list[object] = []
    for name in FACTORY_NAMES:
        factory = getattr(module, name, None)
        if not isfunction(factory):
            continue
        try:
            value = _call(factory)
        except _WrongArguments as error:
            raise NoAppException(
                f"Detected factory '{name}' in module '{module.__name__}', but could not call it without"
                f" arguments. Use '{module.__name__}:{name}(args)' to specify arguments."
                + _stranger_hint(*vars(module).values())
            ) from error.__cause__
        if isinstance(value, Flask):
            return value
        made.append(value)

    raise NoAppException(
        f"Failed to find Flask application or factory in module '{module.__name__}'."
        f" Use '{module.__name__}:name' to specify one." + _stranger_hint(*vars(module).values(), *made)
    )


def _parse_reference(text: str) -> tuple[str, list[Any], dict[str, Any]]:
    """``name`` or ``name(1, key="x")`` → name, positional and keyword arguments; only literals are taken."""
    unparsable = NoAppException(f"Failed to parse {text!r} as an attribute name or function call.")
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise unparsable from None

    if isinstance(node, ast.Name):
        return node.id, [], {}
    if not isinstance(node, ast.Call):
        raise unparsable
    if not isinstance(node.func, ast.Name):
        raise NoAppException(f"Function reference must be a simple name: {text!r}.")
    try:
        args = [ast.literal_eval(arg) for arg in node.args]
        kwargs = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg is not None}
    except ValueError:
        raise NoAppException(f"Failed to parse arguments as literal values: {text!r}.") from None
    return node.func.id, args, kwargs


def find_app_by_string(module: ModuleType, app_name: str) -> Flask:
    """The application that *app_name* names in *module*: a variable, a factory, or a call of a factory.

    A call has literal arguments alone: ``create_app("test", debug=True)``. `NoAppException` for what is not there or is
    no application.
    """
    from .. import Flask

    name, args, kwargs = _parse_reference(app_name)
    try:
        value = getattr(module, name)
    except AttributeError as error:
        raise NoAppException(f"Failed to find attribute {name!r} in {module.__name__!r}.") from error

    if isfunction(value):
        try:
            value = _call(value, *args, **kwargs)
        except _WrongArguments as error:
            message = (
                f"The factory {app_name!r} in module {module.__name__!r} could not be called with the"
                " specified arguments."
            )
            raise _instead(message, value) from error.__cause__

    if not isinstance(value, Flask):
        message = f"A valid Flask application was not obtained from '{module.__name__}:{app_name}'."
        if hint := _stranger_hint(value):
            raise NoAppException(message + hint)
        raise _instead(message, value)
    return value


def _instead(message: str, found: object) -> NoAppException:
    error = NoAppException(message)
    error.found = found
    return error


def wsgi_callable(error: NoAppException) -> Callable[..., Any]:
    """The WSGI application that was found where one of this framework was looked for, or *error* again."""
    found = error.found
    if not callable(found):
        raise error
    try:
        signature(found).bind({}, len)
    except (TypeError, ValueError):
        raise error from None
    if _other_flask() is not None:
        raise NoAppException(
            f"{error.message} It is a WSGI application, and the installed Flask was imported with it: add '--as-flask'"
            " to run what it leads to on bolthead."
        ) from None
    return found


def _dotted_upwards(path: Path) -> Iterator[str]:
    yield path.name
    for parent in path.parents:
        if not (parent / "__init__.py").exists():
            return
        yield parent.name


def prepare_import(path: str) -> str:
    """The dotted module name for *path*: a file, a folder or a module name. Its top folder becomes ``sys.path[0]``.

    ``src/shop/app.py`` is ``shop.app``, found in ``src``, if ``src/shop`` has an ``__init__.py``.
    """
    target = Path(os.path.realpath(path))
    if target.suffix == ".py":
        target = target.with_suffix("")
    if target.name == "__init__":
        target = target.parent

    names = list(_dotted_upwards(target))
    root = str(target.parents[len(names) - 1]) if target.name else str(target)
    if sys.path[0] != root:
        sys.path.insert(0, root)
    return ".".join(reversed(names))


@overload
def locate_app(module_name: str, app_name: str | None, raise_if_not_found: Literal[True] = True) -> Flask: ...


@overload
def locate_app(module_name: str, app_name: str | None, raise_if_not_found: Literal[False] = ...) -> Flask | None: ...


def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool = True) -> Flask | None:
    """Import a module and take the application from it: the one that *app_name* names, or the best one.

    `NoAppException` for a module that does not exist, or None with ``raise_if_not_found=False``; one that exists and
    cannot be imported is always an error, whose text has the traceback.
    """
    try:
        __import__(module_name)
    except ValueError:
        # The root folder, or nothing at all: no module can have an empty name.
        if module_name:
            raise
        raise NoAppException(f"Could not import {module_name!r}.") from None
    except ImportError as error:
        # A second frame means that the module was found and something inside it failed to import.
        inside = error.__traceback__ is not None and error.__traceback__.tb_next is not None
        if inside:
            raise NoAppException(
                f"While importing {module_name!r}, an ImportError was raised:\n\n{traceback.format_exc()}"
                f"{_no_flask_hint(error)}"
            ) from None
        if raise_if_not_found:
            raise NoAppException(f"Could not import {module_name!r}.") from None
        return None

    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Put variables from files into ``os.environ``; true when any file gave one.

    *path* wins over ``.env``, that over ``.flaskenv`` (both looked for from the current folder upwards), and
    what the environment has already over all. Without python-dotenv nothing is read, and a tip is shown if
    there are files.
    """
    try:
        import dotenv
    except ImportError:
        if path or os.path.isfile(".env") or os.path.isfile(".flaskenv"):
            tip = " * Tip: There are .env files present. Install python-dotenv to use them."
            click.secho(tip, fg="yellow", err=True)
        return False

    files: list[str | os.PathLike[str]] = []
    if load_defaults:
        files += filter(None, (dotenv.find_dotenv(name, usecwd=True) for name in (".flaskenv", ".env")))
    if path is not None and os.path.isfile(path):
        files.append(path)

    found: dict[str, str | None] = {}
    for file in files:
        found.update(dotenv.dotenv_values(file, encoding="utf-8"))
    for key, value in found.items():
        if value is not None:
            os.environ.setdefault(key, value)
    return bool(found)
