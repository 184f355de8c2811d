"""What a child of ``python -m bolthead.as_flask`` runs at startup: Python imports a module of this name.

Nothing of bolthead is imported until the child asks for flask. A ``sitecustomize`` that this one hides is
loaded after it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


class FlaskImportHook:
    """A meta path finder that installs ``as_flask`` when flask, or its metadata, is first asked for."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "flask":
            return None
        finder = cls.open()
        # Found in sys.modules, the import system would take it for loaded by someone else.
        sys.modules.pop("flask", None)
        spec: ModuleSpec | None = finder.find_spec(name)
        return spec

    @classmethod
    def find_distributions(cls, context: Any = None) -> Iterable[Any]:
        if (getattr(context, "name", None) or "").lower() != "flask":
            return []
        found: Iterable[Any] = cls.open().find_distributions(context)
        return found

    @classmethod
    def open(cls) -> Any:
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not cls]
        home = os.path.dirname(os.path.dirname(HERE))
        try:
            from bolthead import as_flask
        except ModuleNotFoundError as error:
            if error.name != "bolthead":
                raise
            # The parent had bolthead from a directory that is not on this process's path.
            sys.path.append(home)
            from bolthead import as_flask
        as_flask.install()
        return as_flask.Finder


def step_aside() -> None:
    """Load the ``sitecustomize`` that would have been loaded were this one not here."""
    others = [path for path in sys.path if os.path.abspath(path or os.curdir) != HERE]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


sys.meta_path.insert(0, FlaskImportHook)
step_aside()
