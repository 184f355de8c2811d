"""Where a package lives: the folder it is imported from, and the prefix it is installed under."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec


def _find_package_path(import_name: str) -> str:
    """The folder that contains the top-level package or module of a dotted name.

    The working directory for what cannot be found, ``__main__`` among them.
    """
    try:
        root = importlib.util.find_spec(import_name.partition(".")[0])
    except (ImportError, ValueError):
        root = None
    if root is None:
        return os.getcwd()
    if not root.submodule_search_locations:
        return os.path.dirname(root.origin)  # type: ignore[type-var, return-value]
    if root.origin is not None and root.origin != "namespace":
        return os.path.dirname(os.path.dirname(root.origin))
    return os.path.dirname(_namespace_portion(root, import_name))


def _namespace_portion(root: ModuleSpec, import_name: str) -> str:
    """Of the folders that make up a namespace package, the one with the named package; else the first."""
    portions = root.submodule_search_locations
    assert portions is not None
    spec = importlib.util.find_spec(import_name)
    if spec is None or not spec.submodule_search_locations:
        return portions[0]
    from pathlib import Path

    home = Path(os.path.commonpath(spec.submodule_search_locations))
    return next(portion for portion in portions if home.is_relative_to(portion))


def _is_below(path: str, folder: str) -> bool:
    """``PurePath(path).is_relative_to(folder)``, for a *folder* in its normal form."""
    if path == folder or path.startswith(os.path.join(folder, "")):
        return True
    # FAST (startup): most paths need no import of pathlib.
    if os.name == "posix" and os.path.normpath(path) == path:
        return False
    from pathlib import PurePath

    return PurePath(path).is_relative_to(folder)


def find_package(import_name: str) -> tuple[str | None, str]:
    """``(prefix, path)``: where a package is installed, ``None`` if it is not, and where it is imported from.

    Installed means below ``sys.prefix`` or in a ``site-packages`` folder; the prefix then is the
    folder that holds ``lib``, ``bin`` and so on.
    """
    path = _find_package_path(import_name)
    system = os.path.abspath(sys.prefix)
    if _is_below(path, system):
        return system, path

    parent, folder = os.path.split(path)
    if folder.lower() != "site-packages":
        return None, path
    above, name = os.path.split(parent)
    if name.lower() == "lib":  # Windows: prefix/Lib/site-packages
        return above, path
    if os.path.basename(above).lower() == "lib":  # Unix: prefix/lib/pythonX.Y/site-packages
        return os.path.dirname(above), path
    return parent, path
