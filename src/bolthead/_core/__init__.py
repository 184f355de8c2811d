"""The compiled modules, and which build of them is loaded.

Each compiled module is an ordinary ``.py`` file beside an augmenting ``.pxd``. Where the extension modules were built
they are what ``import`` finds; ``BOLTHEAD_PURE=1`` in the environment makes Python load the ``.py`` files of the same
installation instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

_HERE = os.path.dirname(__file__)


class SourceFirst:
    """A meta path finder that prefers the ``.py`` files of the core to their extension modules."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(f"{__name__}."):
            return None
        source = os.path.join(_HERE, *name.removeprefix(f"{__name__}.").split(".")) + ".py"
        if not os.path.isfile(source):
            return None
        return spec_from_file_location(name, source, loader=SourceFileLoader(name, source))


PURE_ASKED = os.environ.get("BOLTHEAD_PURE", "") not in ("", "0")

if PURE_ASKED and SourceFirst not in sys.meta_path:
    sys.meta_path.insert(0, SourceFirst)


def modules() -> dict[str, bool]:
    """The compiled modules by their names below ``_core``, and whether what is loaded (or would be) is compiled."""
    from importlib.util import find_spec

    found = {}
    for folder, _, files in os.walk(_HERE):
        package = os.path.relpath(folder, _HERE).replace(os.sep, ".")
        for file in files:
            module, ending = os.path.splitext(file)
            if ending == ".pxd":
                name = module if package == "." else f"{package}.{module}"
                spec = find_spec(f"{__name__}.{name}")
                found[name] = spec is not None and not str(spec.origin).endswith(".py")
    return dict(sorted(found.items()))


def build_name() -> str:
    """``"compiled"`` when every module is, else ``"pure"``."""
    found = modules()
    return "compiled" if found and all(found.values()) else "pure"
