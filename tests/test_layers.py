"""Imports go down: the order of the rooms, as the design has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src" / "bolthead"

LAYERS = [
    ["_startup.sitecustomize"],
    ["_late"],
    ["_werkzeug"],
    ["typing", "signals", "coroutines"],
    ["_core.native", "_core.kept", "_core.jsonwrite", "_core.jsonout", "_core.proxy", "_core.__init__", "_core.result"],
    ["globals"],
    ["_core"],
    ["config", "helpers", "json", "logging", "signing"],
    ["routing", "body", "storage", "formparser"],
    ["wrappers"],
    ["sessions", "ctx", "templating"],
    ["sansio"],
    ["plan", "blueprints", "views"],
    ["debughelpers"],
    ["app"],
    ["cli", "testing", "serve"],
    ["__init__"],
    ["as_flask", "__main__"],
]
"""From the bottom up. A module may import from its own layer and from those above it in this list."""

LAZY = {
    ("app", "cli"),
    ("app", "testing"),
    ("blueprints", "cli"),
    ("cli.groups", "as_flask"),
    ("cli.locate", "__init__"),
    ("sansio.scaffold", "cli"),
    ("templating", "debughelpers"),
    ("wrappers", "debughelpers"),
}
"""The imports inside a function that go up: what a request does not need, or only in debug mode."""


def layer_of(module: str) -> int:
    for index, names in enumerate(LAYERS):
        if module in names:
            return index
    for index, names in enumerate(LAYERS):
        if any(module.startswith(f"{name}.") for name in names):
            return index
    raise AssertionError(f"bolthead.{module} has no layer: give it one in LAYERS")


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        name = ".".join(parts)
        if name.endswith(".__init__") and name != "_core.__init__":
            name = name.removesuffix(".__init__")
        yield name, path


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(name: str, path: Path) -> Iterator[tuple[str, bool]]:
    """Each module of ours that *path* imports, and whether lazily (inside a function)."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    if name in ("__init__", "_core.__init__"):
        package = name.split(".")[:-1]

    def walk(node: ast.AST, lazy: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if is_type_checking(child):
                continue
            inner = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            if isinstance(child, ast.ImportFrom) and child.level:
                base = package[: len(package) - child.level + 1]
                target = [*base, *(child.module.split(".") if child.module else [])]
                for alias in child.names:
                    full = ".".join([*target, alias.name])
                    yield (full if is_module(full) else ".".join(target) or "__init__"), inner
            else:
                yield from walk(child, inner)

    yield from walk(ast.parse(path.read_text()), False)


def is_module(name: str) -> bool:
    path = SRC.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def climbs(lazy: bool) -> set[tuple[str, str]]:
    found = set()
    for name, path in modules():
        for target, is_lazy in imports(name, path):
            if is_lazy == lazy and layer_of(target) > layer_of(name):
                found.add((name, target))
    return found


def test_imports_go_down() -> None:
    assert climbs(lazy=False) == set()


def test_lazy_imports_upward_are_known() -> None:
    assert climbs(lazy=True) == LAZY


def test_every_layer_is_there() -> None:
    for name in (name for names in LAYERS for name in names):
        assert is_module(name), f"{name} is in LAYERS and not in the package"
