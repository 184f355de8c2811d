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
ROOMS = sorted(path.stem for path in CORE.glob("*.pxd"))
TWINS = {"fan", "jsonread", "jsonwrite", "native", "walk"}
"""Rooms whose compiled build has a source of its own."""


def test_rooms_have_source_and_card() -> None:
    assert ROOMS
    for room in ROOMS:
        assert (CORE / f"{room}.py").is_file(), room
    assert {path.stem for path in CORE.glob("*.pyx")} == TWINS


@pytest.mark.parametrize("room", ROOMS)
def test_source_does_not_know_cython(room: str) -> None:
    tree = ast.parse((CORE / f"{room}.py").read_text())
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not {name for name in names if "cython" in name.lower()}


@pytest.mark.parametrize("room", ROOMS)
def test_each_build_loads_its_own(room: str) -> None:
    for build in builds.NAMES:
        path = str(builds.load(build, f"bolthead._core.{room}").__file__)
        assert path.endswith(".py") == (build == "pure"), path


def defined(module: object, name: str) -> dict[str, object]:
    """What *name* itself defines for others: its functions and classes."""
    return {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name and callable(value)
    }


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_and_signatures(room: str) -> None:
    """Whatever a compiled room offers is what its source offers, called the same way.

    A card may keep a function to its room (``cdef``), so names may be missing; none may be added. What the source
    offers under a name of its own but took from Python has Python's signature.
    """
    name = f"bolthead._core.{room}"
    source = builds.load("pure", name)
    pure = defined(source, name)
    compiled = defined(builds.load("compiled", name), name)
    added = {key for key in compiled if not callable(getattr(source, key, None))}
    assert {key for key in added if not key.startswith("__")} == set()
    for key in compiled.keys() & pure.keys():
        value = compiled[key]
        if inspect.isclass(value):
            theirs = {n for n in vars(value) if not n.startswith("_")}
            ours = {n for n in vars(pure[key]) if not n.startswith("_")}
            assert theirs <= ours, key
        else:
            try:
                signature = inspect.signature(value)  # type: ignore[arg-type]
            except ValueError:
                continue
            expected = inspect.signature(pure[key])  # type: ignore[arg-type]
            assert list(signature.parameters) == list(expected.parameters), key


def test_pure_is_asked_for_by_the_environment() -> None:
    code = "from bolthead import _core; print(_core.build_name(), *set(_core.rooms().values()))"
    for asked, expected in (("1", "pure False"), ("", "compiled True"), ("0", "compiled True")):
        env = {**os.environ, "BOLTHEAD_PURE": asked}
        told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == expected
