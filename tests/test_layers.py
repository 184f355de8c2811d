"""Imports go down: the order of the modules, as the design has it. Python, ``.pyx`` and ``.pxd`` files are read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import module

SRC = Path(__file__).resolve().parent.parent / "src" / "bolthead"

LAYERS = [
    ["_startup.sitecustomize", "_startup.flask"],
    ["_compat.lazy_modules"],
    ["_compat.import_werkzeug"],
    [
        "typing",
        "signals",
        "_compat.asgiref_bridge",
        "_compat.base_patches",
        "_compat.werkzeug_privates",
        "_compat.__init__",
    ],
    ["_core.__init__", "_core.primitives"],
    ["_core.http", "_core.json"],
    ["_core.request", "_core.response", "_core.routing", "_core.templates", "_core.serving"],
    ["_core.session"],
    ["serving"],
    ["_core.lifecycle"],
    ["globals"],
    ["config", "helpers", "json", "logging", "_compat.itsdangerous_serializer"],
    ["routing", "_compat.body_stream", "_compat.multi_dict", "formparser"],
    ["wrappers"],
    ["websockets"],
    ["sessions", "ctx", "templating"],
    ["sansio"],
    ["plan", "blueprints", "views"],
    ["debughelpers"],
    ["app"],
    ["cli", "testing", "async_testing"],
    ["__init__"],
    ["_flask_names"],
    ["as_flask", "__main__"],
]
"""From the bottom up. A module may import from its own layer and from those above it in this list."""

CORE: dict[str, set[str]] = {
    "primitives": set(),
    "http": {"primitives"},
    "json": {"primitives"},
    "routing": {"http", "primitives"},
    "request": {"http", "json", "primitives"},
    "response": {"http", "json", "primitives"},
    "session": {"response", "json", "http", "primitives"},
    "lifecycle": {"session", "response", "routing", "request", "json", "http", "primitives"},
    "serving": {"primitives"},
    # For the guard alone.
    "templates": {"primitives"},
}
"""The folders of the core, and the other folders that each may import from."""

LAZY = {
    ("_startup.flask", "as_flask"),
    ("app", "cli"),
    ("app", "testing"),
    ("cli.groups", "as_flask"),
    ("cli.locate", "__init__"),
    ("sansio.live", "async_testing"),
    ("sansio.scaffold", "cli"),
    ("templating", "debughelpers"),
    ("wrappers", "debughelpers"),
}
"""The imports inside a function that go up: what a request does not need, or only in debug mode."""


def layer_of(module: str) -> int:
    best = (-1, -1)
    for index, names in enumerate(LAYERS):
        for name in names:
            if module == name or module.startswith(f"{name}."):
                best = max(best, (len(name), index))
    if best[1] < 0:
        raise AssertionError(f"bolthead.{module} has no layer: give it one in LAYERS")
    return best[1]


def name_of(path: Path) -> str:
    name = ".".join(path.relative_to(SRC).with_suffix("").parts)
    # The packages below hold modules of other layers; what they import themselves is theirs alone.
    return name if name in ("__init__", "_core.__init__", "_compat.__init__") else name.removesuffix(".__init__")


def files(*endings: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(path for ending in endings for path in SRC.rglob(f"*{ending}")):
        yield name_of(path), path


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def is_module(name: str) -> bool:
    path = SRC.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def named(target: list[str], names: list[str]) -> Iterator[str]:
    """The modules that ``from target import names`` imports, without our package's own name."""
    for name in names:
        full = ".".join([*target, name])
        found = full if is_module(full) else ".".join(target) or "__init__"
        yield f"{found}.__init__" if found in ("_core", "_compat") else found


def python_imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each module of ours that a ``.py`` file imports, relatively or not, and whether lazily (inside a function)."""
    package = list(path.relative_to(SRC).parts[:-1])

    def walk(node: ast.AST, lazy: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if is_type_checking(child):
                continue
            inner = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            if isinstance(child, ast.ImportFrom):
                parts = child.module.split(".") if child.module else []
                if child.level:
                    target = [*package[: len(package) - child.level + 1], *parts]
                elif parts[:1] == ["bolthead"]:
                    target = parts[1:]
                else:
                    continue
                for name in named(target, [alias.name for alias in child.names]):
                    yield name, inner
            elif isinstance(child, ast.Import):
                for alias in child.names:
                    if alias.name.split(".")[0] == "bolthead":
                        yield alias.name.partition(".")[2] or "__init__", inner
            else:
                yield from walk(child, inner)

    yield from walk(ast.parse(path.read_text()), False)


CYTHON_IMPORT = re.compile(
    r"^\s*from\s+bolthead\.?([\w.]*)\s+c?import\s+(\([^)]*\)|[^\n]*)|^\s*c?import\s+bolthead\.([\w.]+)", re.MULTILINE
)


def cython_imports(path: Path) -> Iterator[str]:
    for found in CYTHON_IMPORT.finditer(path.read_text()):
        if found[3]:
            yield found[3]
        else:
            names = [name.strip().split(" ")[0] for name in found[2].strip("()").split(",")]
            yield from named(found[1].split("."), [name for name in names if name])


def arrows(lazy: bool) -> set[tuple[str, str]]:
    found = {
        (name, target) for name, path in files(".py") for target, is_lazy in python_imports(path) if is_lazy == lazy
    }
    if not lazy:
        found |= {(name, target) for name, path in files(".pyx", ".pxd", ".pxi") for target in cython_imports(path)}
    return found


def climbs(lazy: bool) -> set[tuple[str, str]]:
    return {(name, target) for name, target in arrows(lazy) if layer_of(target) > layer_of(name)}


def test_imports_go_down() -> None:
    assert climbs(lazy=False) == set()


def test_lazy_imports_upward_are_known() -> None:
    assert climbs(lazy=True) == LAZY


def test_every_layer_is_there() -> None:
    for name in (name for names in LAYERS for name in names):
        assert is_module(name), f"{name} is in LAYERS and not in the package"


def test_folders_of_the_core() -> None:
    """Each folder imports from the folders that the design allows, and from no module outside of the core."""
    assert {path.name for path in (SRC / "_core").iterdir() if (path / "__init__.py").is_file()} == set(CORE)
    wrong = set()
    for lazy in (False, True):
        for name, target in arrows(lazy):
            if not name.startswith("_core."):
                continue
            folder = name.split(".")[1]
            allowed = (
                {"_core.primitives"} if folder == "__init__" else {f"_core.{name}" for name in CORE[folder] | {folder}}
            )
            if ".".join(target.split(".")[:2]) not in allowed:
                wrong.add((name, target))
    assert wrong == set()


def test_the_reader_sees_every_form(tmp_path: Path) -> None:
    """Relative, absolute and Cython's imports: a form that is not read would let anything through."""
    python = SRC / "_core" / "lifecycle" / "phases.py"
    assert ("_core.lifecycle.records", False) in set(python_imports(python))
    assert "_core.lifecycle.records" in set(cython_imports(python.with_suffix(".pxd")))
    absolute = {target for name, target in arrows(True) if name == "app"}
    assert "_compat.asgiref_bridge" in absolute


@pytest.mark.parametrize("name", module.modules())
def test_every_module_of_the_core_is_named_by_a_test(name: str) -> None:
    assert module.tests_of(name), f"no test file names bolthead._core.{name}"


def test_the_documentation_names_every_module_of_the_core() -> None:
    """In the row of its folder, and no module that is not there."""
    rows = {}
    for line in (SRC.parents[1] / "docs" / "core.md").read_text().splitlines():
        if (found := re.fullmatch(r"\| `(\w+)` \| (.*) \|", line)) is not None:
            rows[found[1]] = set(re.findall(r"`([a-z_]+)`", found[2]))
    assert rows.keys() == CORE.keys()
    for folder, named in rows.items():
        modules = {path.stem for path in (SRC / "_core" / folder).glob("*.py")} - {"__init__"}
        assert modules <= named, folder
        # `match` and `build` are what users call.
        assert named - modules <= {"match", "build"}, folder


RETIRED = {
    "card", "door", "fan", "glob", "kept", "know", "lend", "lent", "nobody", "plain", "plant", "room", "somebody",
    "twin", "walk",
}  # fmt: skip
"""Words with a meaning of this project alone, which the field's words have replaced; CONTRIBUTING.md has those."""


@pytest.mark.parametrize(
    "path", sorted((SRC / "_core").rglob("*.py")), ids=lambda path: path.relative_to(SRC).as_posix()
)
def test_names_of_the_core_are_the_fields(path: Path) -> None:
    """Of functions, classes, parameters and modules."""
    names = [path.stem]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
    words = {word.lower() for name in names for word in re.split(r"_|(?<=[a-z])(?=[A-Z])", name)}
    assert words & RETIRED == set()


def test_a_constant_has_one_value() -> None:
    """A name that two modules give different values misleads whoever knows one of them."""
    values: dict[str, dict[str, str]] = {}
    for path in SRC.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name) and re.fullmatch(r"_?[A-Z][A-Z0-9_]+", target.id):
                        values.setdefault(target.id, {})[ast.unparse(node.value)] = path.relative_to(SRC).as_posix()
    assert values["BODY_CONSUMED"]
    assert {name: found for name, found in values.items() if len(found) > 1} == {}
