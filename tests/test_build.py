"""The two builds are one source, with the same names and signatures."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import builds

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "src" / "bolthead" / "_core"
MODULES = sorted(".".join(path.relative_to(CORE).with_suffix("").parts) for path in CORE.rglob("*.pxd"))
OWN_SOURCE = {
    "json.reader",
    "json.writer",
    "primitives.bytes_search",
    "primitives.class_watch",
    "primitives.context_vars",
    "primitives.objects",
    "primitives.system",
    "routing.search",
    "routing.segment_table",
    "serving.head",
    "serving.joined",
    "templates.calls",
}
"""Modules whose compiled build has a source of its own, a ``.pyx``."""


def path_of(module: str, ending: str) -> Path:
    return CORE.joinpath(*module.split(".")).with_suffix(ending)


def test_modules_have_python_source() -> None:
    assert MODULES
    for module in MODULES:
        assert path_of(module, ".py").is_file(), module
    assert {".".join(path.relative_to(CORE).with_suffix("").parts) for path in CORE.rglob("*.pyx")} == OWN_SOURCE


@pytest.mark.parametrize("module", MODULES)
def test_source_does_not_know_cython(module: str) -> None:
    tree = ast.parse(path_of(module, ".py").read_text())
    names = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    }
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not {name for name in names if "cython" in name.lower()}


@pytest.mark.parametrize("module", MODULES)
def test_each_build_loads_its_own(module: str) -> None:
    for build in builds.NAMES:
        path = str(builds.load(build, f"bolthead._core.{module}").__file__)
        assert path.endswith(".py") == (build == "pure"), path


def defined(module: object, name: str) -> dict[str, object]:
    """What *name* itself defines for others: its functions and classes."""
    return {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name and callable(value)
    }


def constants(module: object) -> dict[str, object]:
    """Numbers and texts under an upper-case name."""
    return {key: value for key, value in vars(module).items() if key.isupper() and isinstance(value, int | str | bytes)}


def shape(function: object) -> list[tuple[str, object, object]] | None:
    """Names, kinds and defaults of a callable's parameters; None for a C function that tells nothing."""
    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]
    except ValueError:
        return None
    return [(p.name, p.kind, p.default) for p in signature.parameters.values()]


# C functions without a signature: their parameters cannot be compared. Each must be one on purpose.
SILENT = {
    ("primitives.objects", "bare"),
    ("primitives.objects", "bare_dict"),
    ("primitives.objects", "own_item"),
    ("primitives.objects", "own_set"),
    ("primitives.context_vars", "var_get"),
    ("primitives.context_vars", "var_reset"),
    ("primitives.context_vars", "var_set"),
}


@pytest.mark.parametrize("module", MODULES)
def test_public_names_and_signatures(module: str) -> None:
    """Whatever a compiled module offers is what its source offers, called the same way.

    An augmenting ``.pxd`` may keep a function to its module (``cdef``), so names may be missing; none may be added.
    """
    name = f"bolthead._core.{module}"
    source = builds.load("pure", name)
    pure = defined(source, name)
    loaded = builds.load("compiled", name)
    compiled = defined(loaded, name)
    added = {key for key in compiled if not callable(getattr(source, key, None))}
    assert {key for key in added if not key.startswith("__")} == set()
    for key, value in constants(loaded).items():
        assert constants(source).get(key, value) == value, key
    for key in compiled.keys() & pure.keys():
        value = compiled[key]
        if inspect.isclass(value):
            theirs = {n for n in vars(value) if not n.startswith("_")}
            ours = {n for n in vars(pure[key]) if not n.startswith("_")}
            assert theirs <= ours, key
            for member in theirs:
                method = inspect.getattr_static(pure[key], member)
                if inspect.isfunction(method):
                    found = shape(getattr(value, member))
                    assert found is not None and [p[0] for p in found] == [p[0] for p in shape(method) or []], (
                        key,
                        member,
                    )
        elif (module, key) not in SILENT:
            found = shape(value)
            expected = shape(pure[key])
            assert found is not None and expected is not None, key
            assert [p[:2] for p in found] == [p[:2] for p in expected], key
            assert [p[2] is inspect.Parameter.empty for p in found] == [
                p[2] is inspect.Parameter.empty for p in expected
            ], key


def test_pure_is_asked_for_by_the_environment() -> None:
    code = "from bolthead import _core; print(_core.build_name(), *set(_core.modules().values()))"
    usual = "compiled True" if builds.COMPILES else "pure False"
    for asked, expected in (("1", "pure False"), ("", usual), ("0", usual)):
        env = {**os.environ, "BOLTHEAD_PURE": asked}
        told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == expected
