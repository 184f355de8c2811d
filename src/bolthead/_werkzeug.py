"""Loads Werkzeug without its server and its test client. The first import of the package.

``werkzeug/__init__.py`` does nothing but pass four names on, and for two of them loads an HTTP server, an HTTP
client and TLS: a quarter of the time that ``import flask`` takes, and nothing that a request needs. So the
package's parts are loaded first, and its own file runs when somebody asks for one of its names.

PARITY: whoever imports Werkzeug before us gets it whole; so does who asks it for any name not there yet.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

PARTS = ("exceptions", "http", "wrappers", "routing", "urls", "wsgi", "local")
"""What we stand on; they import each other in circles, and so must be there before `Deferred` answers."""

_lock = RLock()
_running = False


class Deferred(ModuleType):
    """A package whose own file has not run: it runs at the first name that is not there."""

    __spec__: ModuleSpec

    def __getattr__(self, name: str) -> Any:
        self.__complete()
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        self.__complete()
        return sorted(self.__dict__)

    def __complete(self) -> None:
        global _running
        with _lock:
            # The file's own imports may look here as well: those get what is there.
            if type(self) is not Deferred or _running:
                return
            _running = True
            try:
                assert self.__spec__.loader is not None
                self.__spec__.loader.exec_module(self)
            finally:
                _running = False
            self.__class__ = ModuleType  # type: ignore[assignment]


def load() -> None:
    if "werkzeug" in sys.modules:
        return
    spec = find_spec("werkzeug")
    if spec is None or spec.loader is None:
        return
    package = sys.modules["werkzeug"] = module_from_spec(spec)
    try:
        for part in PARTS:
            import_module(f"werkzeug.{part}")
    except BaseException:
        del sys.modules["werkzeug"]
        raise
    package.__class__ = Deferred


load()
