"""Both builds of bolthead in one process, as two separate sets of modules."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

COMPILES = (
    sys.implementation.name == "cpython"
    and sys.platform != "emscripten"
    and os.environ.get("BOLTHEAD_NO_EXT", "") in ("", "0")
)
"""Whether there is a compiled build: not on PyPy, not in WebAssembly, not where the pure wheel is tested."""
NAMES = ("pure", "compiled") if COMPILES else ("pure",)
_sets: dict[str, dict[str, ModuleType]] = {}


def _is_ours(name: str) -> bool:
    return name == "bolthead" or name.startswith("bolthead.")


def _checked(build: str, module: ModuleType) -> ModuleType:
    core = importlib.import_module("bolthead._core")
    if core.build_name() != build:
        raise AssertionError(f"the {build} build of bolthead is not there: {core.modules()}")
    return module


def load(build: str, name: str) -> ModuleType:
    """Module *name* (such as ``"bolthead._core.http.query"``) of *build*, with everything it imports of that build.

    A build that is not there is an error; the compiled one is a skip where there can be none.
    """
    if build not in NAMES:
        pytest.skip("there is no compiled build here", allow_module_level=True)
    if build == ("pure" if os.environ.get("BOLTHEAD_PURE", "") not in ("", "0") else "compiled"):
        # The one this process has anyway: an extension is loaded once, and knows the classes of one set.
        return _checked(build, importlib.import_module(name))
    modules = _sets.setdefault(build, {})
    if name in modules:
        return modules[name]
    aside = {key: sys.modules.pop(key) for key in list(sys.modules) if _is_ours(key)}
    finders = sys.meta_path[:]
    asked = os.environ.get("BOLTHEAD_PURE")
    sys.meta_path[:] = [finder for finder in finders if type(finder).__name__ != "CoreFinder"]
    sys.modules.update(modules)
    os.environ["BOLTHEAD_PURE"] = "1" if build == "pure" else ""
    if modules:
        sys.meta_path.insert(0, modules["bolthead._core"].FINDER)
    try:
        module = _checked(build, importlib.import_module(name))
        # The package is lazy: what it loads later would be of the other set.
        package = importlib.import_module("bolthead")
        for public in dir(package):
            getattr(package, public, None)
        modules.update({key: mod for key, mod in sys.modules.items() if _is_ours(key)})
        return module
    finally:
        for key in [key for key in sys.modules if _is_ours(key)]:
            del sys.modules[key]
        sys.modules.update(aside)
        sys.meta_path[:] = finders
        if asked is None:
            del os.environ["BOLTHEAD_PURE"]
        else:
            os.environ["BOLTHEAD_PURE"] = asked


def same(call: Callable[[str], Any]) -> Any:
    """The one result of *call* with the name of each build there is."""
    first, *others = map(call, NAMES)
    assert all(other == first for other in others), (first, others)
    return first
