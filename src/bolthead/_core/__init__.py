"""The compiled modules, and which build of them is loaded.

Each compiled module is an ordinary ``.py`` file beside an augmenting ``.pxd``. Where the extension modules were built
they are what ``import`` finds; ``BOLTHEAD_PURE=1`` in the environment makes Python load the ``.py`` files of the same
installation instead.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

_HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.path.join(_HERE, "")
"""Where the sources are: ``frames.h`` puts it before the file names of compiled frames."""


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


def stale_modules() -> list[str]:
    """The compiled modules, by their names below ``_core``, that are older than their sources.

    Only a source tree (an editable installation) can have such; elsewhere the list is empty.
    """
    if PURE_ASKED or not os.path.isfile(os.path.join(_HERE, *[os.pardir] * 3, "setup.py")):
        return []
    found = []
    for folder, _, files in os.walk(_HERE):
        changed = {entry.name: entry.stat().st_mtime for entry in os.scandir(folder) if entry.is_file()}
        for pxd in files:
            stem, ending = os.path.splitext(pxd)
            built = [changed[stem + suffix] for suffix in EXTENSION_SUFFIXES if stem + suffix in changed]
            if ending != ".pxd" or not built:
                continue
            source = stem + (".pyx" if stem + ".pyx" in changed else ".py")
            if built[0] < max(changed[pxd], changed.get(source, 0)):
                found.append(os.path.relpath(os.path.join(folder, stem), _HERE).replace(os.sep, "."))
    return sorted(found)


def stale_notice() -> str | None:
    """What to say of them, and what to do."""
    if not (stale := stale_modules()):
        return None
    return (
        f"bolthead's compiled modules are older than their sources: {', '.join(stale)}. "
        "Rebuild them with `python setup.py build_ext --inplace`."
    )


if notice := stale_notice():
    warnings.warn(notice, RuntimeWarning, stacklevel=2)


ONCE = ("Interpreter change detected", "has already been imported", "does not support loading in subinterpreters")
"""What Cython and CPython say where an extension module was loaded before. Any other ImportError is a broken build."""


def is_loadable() -> bool:
    """Whether the extension modules can serve this import of the package.

    They are loaded once in a process: by one interpreter, and for one set of the package's other modules. A test that
    restores ``sys.modules``, or a second interpreter, imports the package again.
    """
    this = sys.modules[__name__]
    try:
        from .primitives import objects

        loadable = vars(objects).setdefault("CORE", this) is this
    except ImportError as error:
        if not any(text in str(error) for text in ONCE):
            raise
        loadable = False
    if not loadable:
        sys.modules.pop(f"{__name__}.primitives.objects", None)
        vars(sys.modules[f"{__name__}.primitives"]).pop("objects", None)
    return loadable


if not PURE_ASKED and not is_loadable():
    sys.meta_path.insert(0, SourceFirst)
    warnings.warn(
        "bolthead is imported a second time in this process, where its compiled modules cannot be loaded again: the"
        " pure Python build serves this import, with the same answers.",
        RuntimeWarning,
        stacklevel=2,
    )
