"""The compiled modules, and which build of them is loaded.

Each compiled module is an ordinary ``.py`` file beside an augmenting ``.pxd``. All of them are built into one shared
object, which is named after one of them, ``_compiled``, and where it is, ``import`` takes them from it;
``BOLTHEAD_PURE=1`` in the environment makes Python load the ``.py`` files of the same installation instead.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

_HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.path.join(_HERE, "")
"""The directory of the sources, which ``frames.h`` puts before the file names of compiled frames."""


PURE_ASKED = os.environ.get("BOLTHEAD_PURE", "") not in ("", "0")


def shared_object() -> str | None:
    """The path of the file with the compiled modules; None where nothing is compiled."""
    spec = PathFinder.find_spec(f"{__name__}._compiled", [_HERE])
    return None if spec is None else spec.origin


class CoreFinder:
    """A meta path finder for the core's modules: compiled, or from their sources.

    Python by itself would look for each compiled module in a file of its own. In the shared object the loader looks for
    an entry by the last part of a module's name.

    Parameters:
        built: the shared object; None to prefer the sources to it.
    """

    def __init__(self, built: str | None) -> None:
        self.built = built

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(f"{__name__}."):
            return None
        stem = os.path.join(_HERE, *name.removeprefix(f"{__name__}.").split("."))
        if self.built is not None:
            if not os.path.isfile(f"{stem}.pxd"):
                return None
            return spec_from_file_location(name, self.built, loader=ExtensionFileLoader(name, self.built))
        if not os.path.isfile(f"{stem}.py"):
            return None
        return spec_from_file_location(name, f"{stem}.py", loader=SourceFileLoader(name, f"{stem}.py"))


FINDER = CoreFinder(None if PURE_ASKED else shared_object())
# After the finders of others, and before that of an earlier import of this package.
sys.meta_path.insert(
    next((n for n, other in enumerate(sys.meta_path) if other is PathFinder or "CoreFinder" in str(type(other))), 0),
    FINDER,
)


def modules() -> dict[str, bool]:
    """The compiled modules by their names below ``_core``, and whether what is loaded (or would be) is compiled."""
    from importlib.util import find_spec

    found = {}
    for path in _files():
        if path.endswith(".pxd"):
            name = path.removesuffix(".pxd").replace("/", ".")
            spec = find_spec(f"{__name__}.{name}")
            found[name] = spec is not None and not str(spec.origin).endswith(".py")
    return dict(sorted(found.items()))


def _files() -> dict[str, os.DirEntry[str]]:
    """The files in the folders of the core, by their paths below this one, with slashes; none in an archive."""
    if not os.path.isdir(_HERE):
        return {}
    folders = [entry for entry in os.scandir(_HERE) if entry.is_dir()]
    return {f"{folder.name}/{file.name}": file for folder in folders for file in os.scandir(folder)}


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
    if (built := shared_object()) is None:
        return []
    moment = os.stat(built).st_mtime
    files = _files()
    found = []
    for path in files:
        if path.endswith(".pxd"):
            stem = path.removesuffix(".pxd")
            # A `.pyx` takes the place of the `.py`.
            source = files.get(f"{stem}.pyx") or files[f"{stem}.py"]
            if moment < max(files[path].stat().st_mtime, source.stat().st_mtime):
                found.append(stem.replace("/", "."))
    return sorted(found)


def stale_notice() -> str | None:
    """The warning about stale modules, with the command that rebuilds them; None if there are none."""
    if not (stale := stale_modules()):
        return None
    return (
        f"bolthead's compiled modules are older than their sources: {', '.join(stale)}. "
        "Rebuild them with `python setup.py build_ext --inplace`."
    )


if notice := stale_notice():
    warnings.warn(notice, RuntimeWarning, stacklevel=2)


ONE_INTERPRETER_ONLY = (
    "Interpreter change detected",
    "has already been imported",
    "does not support loading in subinterpreters",
)
"""Errors for an extension module that was loaded before. Any other ImportError means a broken build."""


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
        if not any(text in str(error) for text in ONE_INTERPRETER_ONLY):
            raise
        loadable = False
    if not loadable:
        sys.modules.pop(f"{__name__}.primitives.objects", None)
        vars(sys.modules[f"{__name__}.primitives"]).pop("objects", None)
    return loadable


if not PURE_ASKED and not is_loadable():
    FINDER.built = None
    warnings.warn(
        "bolthead is imported a second time in this process, where its compiled modules cannot be loaded again: the"
        " pure Python build serves this import, with the same answers.",
        RuntimeWarning,
        stacklevel=2,
    )
