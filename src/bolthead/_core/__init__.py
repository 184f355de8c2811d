"""The compiled rooms, and which build of them is loaded.

Each room is a plain ``.py`` file beside a ``.pxd`` type card. Where the extension modules were built they are
what ``import`` finds; ``BOLTHEAD_PURE=1`` in the environment makes Python load the ``.py`` files of the same
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
    """A meta path finder that prefers the ``.py`` of our own rooms to their extension modules."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parent, _, room = name.rpartition(".")
        if parent != __name__:
            return None
        source = os.path.join(_HERE, f"{room}.py")
        if not os.path.isfile(source):
            return None
        return spec_from_file_location(name, source, loader=SourceFileLoader(name, source))


PURE_ASKED = os.environ.get("BOLTHEAD_PURE", "") not in ("", "0")

if PURE_ASKED and SourceFirst not in sys.meta_path:
    sys.meta_path.insert(0, SourceFirst)


def rooms() -> dict[str, bool]:
    """Every room by name, and whether what is loaded (or would be) is compiled."""
    from importlib.util import find_spec

    found = {}
    for room, ending in sorted(map(os.path.splitext, os.listdir(_HERE))):
        if ending != ".pxd":
            continue
        spec = find_spec(f"{__name__}.{room}")
        found[room] = spec is not None and not str(spec.origin).endswith(".py")
    return found


def build_name() -> str:
    """``"compiled"`` when every room is, else ``"pure"``."""
    found = rooms()
    return "compiled" if found and all(found.values()) else "pure"
