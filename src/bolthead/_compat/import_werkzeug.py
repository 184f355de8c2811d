"""Imports Werkzeug without its server and its test client. The first import of the package.

``werkzeug/__init__.py`` re-exports four names, and for two of them imports an HTTP server, an HTTP client and TLS: a
fifth of the time that ``import flask`` takes, and nothing that a request needs. So the submodules that a request needs
are imported first, and the package's own file is executed on the first access to one of its names.

PARITY: where Werkzeug is imported already it stays as it is; a name that is not there yet brings the whole package.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec

from .lazy_modules import LazyPackage

SUBMODULES = ("exceptions", "http", "wrappers", "routing", "urls", "wsgi", "local")
"""They import each other in circles, so all are loaded before the package becomes a `LazyPackage`."""


def load() -> None:
    if "werkzeug" in sys.modules:
        return
    spec = find_spec("werkzeug")
    if spec is None or spec.loader is None:
        return
    package = sys.modules["werkzeug"] = module_from_spec(spec)
    try:
        for name in SUBMODULES:
            import_module(f"werkzeug.{name}")
    except BaseException:
        del sys.modules["werkzeug"]
        raise
    package.__class__ = LazyPackage


load()
