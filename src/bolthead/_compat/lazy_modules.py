"""Lazy packages, whose own file is executed on the first attribute that is missing, and lazy names of a module."""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType
from typing import Any

_lock = RLock()
_executing: set[str] = set()


def _execute(module: ModuleType) -> None:
    spec = object.__getattribute__(module, "__spec__")
    with _lock:
        # The file's own imports may use the module too: they get what it has so far.
        if type(module) is ModuleType or spec.name in _executing:
            return
        _executing.add(spec.name)
        try:
            spec.loader.exec_module(module)
        finally:
            _executing.discard(spec.name)
        module.__class__ = ModuleType


class LazyPackage(ModuleType):
    """A package whose submodules may be imported before its own file is executed."""

    __spec__: ModuleSpec

    def __getattr__(self, name: str) -> Any:
        _execute(self)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        _execute(self)
        return sorted(self.__dict__)


def lazy_names(module: dict[str, Any], names: dict[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module for *names* that are imported on first access.

    *module* is the module's dictionary, which stores what was imported. *names* maps each name to its source, as
    ``pkgutil.resolve_name`` takes it: ``"package.module:attribute"``. A star import gets all of them: it reads
    ``__all__`` before it takes the module's names.
    """

    def __getattr__(name: str) -> Any:
        for wanted in names if name == "__all__" else {name} & names.keys():
            from pkgutil import resolve_name

            module[wanted] = resolve_name(names[wanted])
        if name in module:
            return module[name]
        raise AttributeError(f"module {module['__name__']!r} has no attribute {name!r}")

    return __getattr__
