"""Flask's names of modules in ``__module__``, where programs look for what an application, a blueprint or a view is.

A CSRF protection exempts the view ``flask.blueprints.send_static_file``; a loader of plugins looks for objects whose
type is ``Blueprint`` of ``flask.blueprints``; a client of a registry tells frameworks by the application's class.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import FunctionType, ModuleType
from typing import Any

FRONT = "flask"
BACK = "bolthead"
MODULES = {
    "app",
    "blueprints",
    "config",
    "ctx",
    "debughelpers",
    "globals",
    "helpers",
    "json",
    "json.provider",
    "json.tag",
    "logging",
    "sansio.app",
    "sansio.blueprints",
    "sansio.scaffold",
    "sessions",
    "templating",
    "testing",
    "views",
    "wrappers",
}
"""The modules of Flask in which the same things are defined as in those of bolthead that have their names."""


def has_flask_name(name: str) -> bool:
    """Whether *name* is that of one of our `MODULES`."""
    return name.startswith(f"{BACK}.") and name[len(BACK) + 1 :] in MODULES


def our_name(name: str) -> str | None:
    """Our name for *name*, where that is flask or below it."""
    if name == FRONT or name.startswith(FRONT + "."):
        return BACK + name[len(FRONT) :]
    return None


def name_as_flask(module: ModuleType) -> None:
    """Make the classes, methods and functions that *module* defines say Flask's name of it."""
    back = module.__name__
    front = FRONT + back[len(BACK) :]
    for value in list(vars(module).values()):
        if not isinstance(value, (type, FunctionType)) or value.__module__ != back:
            continue
        named: Any = value
        line = vars(named).get("__firstlineno__")
        named.__module__ = front
        if line is not None:
            # CPython 3.13 takes away where the source of a class begins.
            named.__firstlineno__ = line
        for function in _functions(value) if isinstance(value, type) else ():
            if function.__module__ == back:
                function.__module__ = front


def _functions(cls: type) -> Iterator[FunctionType]:
    for member in vars(cls).values():
        parts: list[Any] = [getattr(member, part, None) for part in ("__func__", "func", "fget", "fset", "fdel")]
        yield from (part for part in (member, *parts) if isinstance(part, FunctionType))


class Loader(SourceFileLoader):
    """The loader of one of our `MODULES` that is imported, or reloaded, when ``flask`` is already ours."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        name_as_flask(module)
