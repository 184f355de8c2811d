"""Modules that are there from the start and run their file when somebody looks into them.

For modules that what we stand on imports for something rare: an HTTP server, a UUID, the rules of an address.
Each is the real module, under its own name in ``sys.modules``, with its file run late. A module that is
loaded already stays as it is.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

_lock = RLock()
_running: set[str] = set()

_QUIET = frozenset({"__class__", "__name__", "__spec__", "__loader__", "__path__", "__package__", "__file__"})
"""What the import system looks at, and whoever goes through ``sys.modules``: no reason to run a file."""


def _complete(module: ModuleType) -> None:
    spec = object.__getattribute__(module, "__spec__")
    with _lock:
        # The file's own imports may look here as well: those get what is there.
        if type(module) is ModuleType or spec.name in _running:
            return
        _running.add(spec.name)
        try:
            spec.loader.exec_module(module)
        finally:
            _running.discard(spec.name)
        module.__class__ = ModuleType


class Deferred(ModuleType):
    """A package whose own file has not run, with parts that have: it runs at the first name that is not there."""

    __spec__: ModuleSpec

    def __getattr__(self, name: str) -> Any:
        _complete(self)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        _complete(self)
        return sorted(self.__dict__)


class Untouched(ModuleType):
    """A module whose file has not run: it runs at the first look or change."""

    def __getattribute__(self, name: str) -> Any:
        if name not in _QUIET:
            _complete(self)
        return ModuleType.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _QUIET:
            _complete(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _complete(self)
        ModuleType.__delattr__(self, name)


def defer(name: str) -> None:
    """Let *name* be imported by whom it may concern, and run at the first look."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    module.__class__ = Untouched
    sys.modules[name] = module
    above, _, below = name.rpartition(".")
    if above:
        setattr(sys.modules[above], below, module)
