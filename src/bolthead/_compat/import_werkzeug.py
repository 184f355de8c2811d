"""Loads Werkzeug without its server and its test client. The first import of the package.

``werkzeug/__init__.py`` does nothing but pass four names on, and for two of them loads an HTTP server, an HTTP
client and TLS: a quarter of the time that ``import flask`` takes, and nothing that a request needs. So the
package's parts are loaded first, and its own file runs when somebody asks for one of its names.

PARITY: whoever imports Werkzeug before us gets it whole; so does who asks it for any name not there yet.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec

from .lazy_modules import Deferred, defer

RARE = ("difflib", "email.utils", "ipaddress", "pkgutil", "shutil", "textwrap", "tokenize", "uuid")
"""Of the standard library: Werkzeug, or a module that it loads, imports them whole, for what few requests need."""

PARTS = ("exceptions", "http", "wrappers", "routing", "urls", "wsgi", "local")
"""What we stand on; they import each other in circles, and so must be there before `Deferred` answers."""


def load() -> None:
    if "werkzeug" in sys.modules:
        return
    spec = find_spec("werkzeug")
    if spec is None or spec.loader is None:
        return
    for name in RARE:
        defer(name)
    package = sys.modules["werkzeug"] = module_from_spec(spec)
    try:
        for part in PARTS:
            import_module(f"werkzeug.{part}")
    except BaseException:
        del sys.modules["werkzeug"]
        raise
    package.__class__ = Deferred


load()
