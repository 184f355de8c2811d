"""What a child of ``python -m bolthead.as_flask`` runs at startup: Python imports a module of this name.

It makes sure that flask is found beside this file, however the path is changed later. A ``sitecustomize`` that this one
hides is loaded after it; where this one is hidden by another, ``flask.py`` does alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType

HERE = os.path.dirname(os.path.abspath(__file__))


class StartupFinder:
    """Finds flask beside this file until bolthead's own finder is there."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "flask" or "bolthead.as_flask" in sys.modules:
            return None
        return PathFinder.find_spec(name, [HERE])


def load_hidden() -> None:
    """Load the ``sitecustomize`` that would have been loaded were this one not here."""
    others = [path for path in sys.path if os.path.abspath(path or os.curdir) != HERE]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


# The other one may load what it hides as well, and that is this.
if not any(getattr(finder, "__name__", "") == "StartupFinder" for finder in sys.meta_path):
    sys.meta_path.insert(sys.meta_path.index(PathFinder), StartupFinder)
    load_hidden()
