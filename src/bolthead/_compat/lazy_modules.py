"""Lazy packages: registered in ``sys.modules`` now, their own file executed on the first attribute that is missing."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType
from typing import Any

_lock = RLock()
_executing: set[str] = set()


def _execute(module: ModuleType) -> None:
    spec = object.__getattribute__(module, "__spec__")
    with _lock:
        # The file's own imports may ask the module too; they get what is there.
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
