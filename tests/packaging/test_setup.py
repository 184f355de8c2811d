"""What ``setup.py`` builds: the pure wheel where nothing is compiled, and what each switch does."""

from __future__ import annotations

import importlib
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from setuptools import Distribution, Extension

ROOT = Path(__file__).resolve().parents[2]
PURE_TAG = "py3-none-any"
GCC = shutil.which("gcc")
SWITCHES = (
    "BOLTHEAD_NO_EXT",
    "BOLTHEAD_REQUIRE_EXT",
    "BOLTHEAD_SANITIZE",
    "BOLTHEAD_ANNOTATE",
    "BOLTHEAD_PROFILE",
    "PYODIDE",
    "CFLAGS",
)
TRAINING = """
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

assert sys.argv[1:] == ["train"]
import bolthead._core

[library] = Path(bolthead._core.__file__).parent.glob("_compiled*")
for name in ("bolthead._core._compiled", "bolthead._core.deep.two"):
    spec = spec_from_file_location(name, library, loader=ExtensionFileLoader(name, str(library)))
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
assert [module.twice(number) for number in range(1000)] == list(range(0, 2000, 2))
"""
"""In place of the bench; what it runs is in the package that is built, with counters."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A project with our ``setup.py`` and ``pyproject.toml`` and two small modules to compile."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    package = tmp_path / "src" / "bolthead" / "_core" / "deep"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    (package.parent / "frames.h").write_bytes((ROOT / "src" / "bolthead" / "_core" / "frames.h").read_bytes())
    for module in ("one", "two"):
        (package / f"{module}.py").write_text("def twice(number):\n    return 2 * number\n")
        (package / f"{module}.pxd").write_text("cpdef object twice(object number)\n")
    return tmp_path


def environment(**switches: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in SWITCHES} | switches


def build_wheel(source: Path, **switches: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "setup.py", "bdist_wheel", "--dist-dir", "dist"],
        cwd=source,
        env=environment(**switches),
        capture_output=True,
        text=True,
    )


def wheels(source: Path) -> list[str]:
    return [path.name for path in (source / "dist").glob("*.whl")] if (source / "dist").exists() else []


@pytest.mark.parametrize(
    "switches", [{"BOLTHEAD_NO_EXT": "1"}, {"PYODIDE": "1"}, {"CC": "/no/such/compiler"}], ids=lambda s: next(iter(s))
)
def test_pure_wheel_is_for_every_platform(source: Path, switches: dict[str, str]) -> None:
    built = build_wheel(source, **switches)
    assert built.returncode == 0, built.stderr
    [name] = wheels(source)
    assert name.endswith(f"-{PURE_TAG}.whl")
    unpacked = source / "unpacked"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(source / "dist" / name), str(unpacked)], check=True)
    assert not [path for path in unpacked.rglob("*") if path.suffix in (".so", ".pyd", ".c")]
    assert (unpacked / "bolthead" / "_core" / "deep" / "two.py").is_file()
    assert ("could not be compiled" in built.stderr) == ("CC" in switches)
    # Where nothing is or can be compiled, Cython is not even started.
    assert "Cythonizing" not in built.stdout


def test_without_a_compiler_but_required(source: Path) -> None:
    built = build_wheel(source, CC="/no/such/compiler", BOLTHEAD_REQUIRE_EXT="1")
    assert built.returncode != 0
    assert "BOLTHEAD_REQUIRE_EXT" in built.stderr
    assert wheels(source) == []


def test_one_module_that_fails_leaves_no_half_compiled_core(source: Path) -> None:
    """A compiler that refuses one file of two: nothing compiled is left, and the wheel is the pure one."""
    compiler = source / "cc"
    compiler.write_text('#!/bin/sh\ncase "$*" in *two.c*) exit 1;; esac\nexec cc "$@"\n')
    compiler.chmod(0o755)
    built = build_wheel(source, CC=str(compiler))
    assert built.returncode == 0, built.stderr
    assert "_core.deep.two: " in built.stderr
    assert [name.endswith(f"-{PURE_TAG}.whl") for name in wheels(source)] == [True]
    assert not list(source.rglob("*.so"))


def test_compiled_wheel(source: Path) -> None:
    """No symbols, a line of progress for each module, Cython's report, helpers once; built twice, the same bytes."""
    built = build_wheel(source, BOLTHEAD_REQUIRE_EXT="1", BOLTHEAD_ANNOTATE="1", SOURCE_DATE_EPOCH="1700000000")
    assert built.returncode == 0, built.stderr
    [name] = wheels(source)
    assert PURE_TAG not in name
    assert built.stdout.count("Cythonizing") == 2
    assert "[3/3] compiling bolthead." in built.stdout
    assert len(list((source / "build" / "cython").rglob("*.html"))) == 2
    [library] = (source / "build").rglob("lib*/**/*.so")
    assert library.name.partition(".")[0] == "_compiled"
    # The tables of debug information and of symbols.
    assert b".debug_info" not in library.read_bytes()
    assert b".symtab" not in library.read_bytes()

    first = (source / "dist" / name).read_bytes()
    for made in ("build", "dist"):
        shutil.rmtree(source / made)
    again = build_wheel(source, BOLTHEAD_REQUIRE_EXT="1", SOURCE_DATE_EPOCH="1700000000")
    assert again.returncode == 0, again.stderr
    assert (source / "dist" / name).read_bytes() == first


def test_what_did_not_change_is_not_compiled_again(source: Path) -> None:
    def compiled() -> list[str]:
        command = [sys.executable, "setup.py", "build_ext", "--inplace"]
        done = subprocess.run(
            command, cwd=source, env=environment(BOLTHEAD_REQUIRE_EXT="1"), capture_output=True, text=True, check=True
        )
        return sorted(re.findall(r"compiling bolthead\._core\.([\w.]+)", done.stdout))

    package = source / "src" / "bolthead" / "_core"
    assert compiled() == ["_compiled", "deep.one", "deep.two"]
    [library] = package.glob("_compiled*")
    assert compiled() == []
    first = library.stat().st_mtime_ns
    with (package / "deep" / "two.py").open("a") as file:
        file.write("NEW = 1\n")
    assert compiled() == ["deep.two"]
    assert library.stat().st_mtime_ns > first
    # Neither Cython nor a compiler keeps a record of its settings.
    os.utime(source / "setup.py")
    assert compiled() == ["_compiled", "deep.one", "deep.two"]


@pytest.mark.skipif(GCC is None, reason="gcc is not installed")
@pytest.mark.parametrize("training", [TRAINING, "raise SystemExit(3)"], ids=["trained", "fails"])
def test_compiled_by_profile(source: Path, training: str) -> None:
    """Each module twice, by its counts where it has some; nothing that counts is left, also where training fails."""
    (source / "bench").mkdir()
    (source / "bench" / "__main__.py").write_text(training)
    built = build_wheel(source, BOLTHEAD_PROFILE="1", BOLTHEAD_REQUIRE_EXT="1", CC=str(GCC))
    counts = {path.stem.rpartition("#")[2] for path in (source / "build").rglob("*.gcda")}
    if training != TRAINING:
        assert built.returncode != 0
        assert "'train']' returned non-zero exit status 3" in built.stderr
        assert not counts and not wheels(source) and not list(source.rglob("_compiled*.so"))
        return
    assert built.returncode == 0, built.stderr
    assert {"_compiled", "two"} <= counts
    for module in ("_compiled", "deep.one", "deep.two"):
        assert built.stdout.count(f"compiling bolthead._core.{module}\n") == 2
    assert len(re.findall(r" -fprofile-use=\S+", built.stdout)) == 3
    [library] = (source / "build").rglob("lib*/**/*.so")
    content = library.read_bytes()
    assert b"__gcov" not in content and b".gcda" not in content
    # The bench tells such a build by it.
    assert b"bolthead: compiled by profile" in content


def test_reports_of_what_was_translated_before(source: Path) -> None:
    for switches in ({}, {"BOLTHEAD_ANNOTATE": "1"}):
        assert not list(source.rglob("*.html"))
        command = [sys.executable, "setup.py", "-q", "build_ext"]
        subprocess.run(command, cwd=source, env=environment(**switches, BOLTHEAD_REQUIRE_EXT="1"), check=True)
    assert sorted(path.stem for path in (source / "build" / "cython").rglob("*.html")) == ["one", "two"]


def test_sdist_is_the_same_whenever_and_by_whom_it_is_built(source: Path) -> None:
    made = []
    for moment, mode in ((1_500_000_000, 0o600), (1_600_000_000, 0o664)):
        for path in source.rglob("*.p*"):
            os.utime(path, (moment, moment))
            path.chmod(mode)
        command = [sys.executable, "setup.py", "-q", "sdist", "--dist-dir", "dist"]
        subprocess.run(command, cwd=source, env=environment(SOURCE_DATE_EPOCH="1700000000"), check=True)
        [archive] = (source / "dist").glob("*.tar.gz")
        made.append(archive.read_bytes())
        archive.unlink()
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("change", "compiles"),
    [
        ({}, True),
        ({"implementation": SimpleNamespace(name="pypy")}, False),
        ({"implementation": SimpleNamespace(name="graalpy")}, False),
        ({"platform": "emscripten"}, False),
        ({"platform": "win32"}, True),
        ({"platform": "darwin"}, True),
    ],
)
def test_who_compiles(change: dict[str, Any], compiles: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SWITCHES:
        monkeypatch.delenv(name, raising=False)
    for name, value in change.items():
        monkeypatch.setattr(sys, name, value)
    made = runpy.run_path(str(ROOT / "setup.py"), run_name="read")
    assert made["NO_EXT"] is not compiles


def test_every_augmenting_pxd_is_compiled() -> None:
    made = runpy.run_path(str(ROOT / "setup.py"), run_name="read")
    cwd = os.getcwd()
    try:
        os.chdir(ROOT)
        found = dict(made["compiled_modules"]())
    finally:
        os.chdir(cwd)
    assert set(found.values()) >= {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.pyx")}
    assert len(found) == len(list((ROOT / "src").rglob("*.pxd")))
    # In the one file a module is found by the last part of its name.
    assert len({name.rpartition(".")[2] for name in [*found, made["COMPILED"]]}) == len(found) + 1
    for name, path in found.items():
        assert "src." + name == path.rpartition(".")[0].replace("/", ".")


def commands(kind: str, source: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What setuptools would run for one module with its *kind* of compiler, which is not here."""
    monkeypatch.chdir(source)
    for name in SWITCHES:
        monkeypatch.delenv(name, raising=False)
    made = runpy.run_path("setup.py", run_name="read")
    names = ("bolthead._core.deep.one", made["COMPILED"])
    modules = [Extension(name, [f"{name.rpartition('.')[2]}.c"]) for name in names]
    for module in modules:
        Path(module.sources[0]).touch()
    monkeypatch.setitem(made["BuildExt"].compile_modules.__globals__, "translated", lambda whole: modules)
    whole = Extension(made["COMPILED"], [])
    command = made["BuildExt"](Distribution({"name": "bolthead", "ext_modules": [whole]}))
    command.ensure_finalized()
    # setuptools has its own `distutils`, under this name.
    command.compiler = importlib.import_module("distutils.ccompiler").new_compiler(compiler=kind)
    told: list[list[str]] = []
    if kind == "msvc":
        monkeypatch.setattr(sys.modules[type(command.compiler).__module__], "_get_vc_env", lambda spec: {"path": ""})
        command.compiler.initialize("win-amd64")
    # Named so by versions of setuptools.
    command.compiler.call = command.compiler.spawn = told.append
    command.extensions = [whole]
    command.build_extensions()
    return told


def test_flags_for_microsofts_compiler(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of gcc's flags it gets none; what stands for them is spelled as it takes them."""
    trial, compiling, _, linking = commands("msvc", source, monkeypatch)
    assert trial[0].endswith("cl.exe") and any(word.endswith("headers.c") for word in trial)
    assert compiling[0].endswith("cl.exe") and linking[0].endswith("link.exe")
    assert "/volatile:ms" in compiling and "/FIsrc/bolthead/_core/frames.h" in compiling
    assert "/EXPORT:PyInit__compiled" in linking
    assert sum(word.endswith((r"one.obj", "_compiled.obj")) for word in linking) == 2
    assert not [flag for flag in (*compiling[1:], *linking[1:]) if flag.startswith("-") and flag[1] not in "IDL"]


@pytest.mark.parametrize("kind", ["unix", "mingw32"])
def test_flags_for_gcc_and_what_takes_the_same(kind: str, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, compiling, *_ = commands(kind, source, monkeypatch)
    assert {"-fvisibility=hidden", "-O2", "-g0"} <= set(compiling)
    assert compiling[compiling.index("-include") + 1] == "src/bolthead/_core/frames.h"


def test_macro_of_windows_is_no_field(source: Path) -> None:
    """There ``stdlib.h`` has a macro ``environ``; ``frames.h`` comes before each module and takes it away."""
    file = source / "field.c"
    file.write_text("struct record { int environ; };\nint of(struct record *one) { return one->environ; }\n")
    command = ["cc", "-fsyntax-only", "-Werror", f"-I{sysconfig.get_path('include')}", "-Denviron=(*called())"]
    header = source / "src" / "bolthead" / "_core" / "frames.h"
    done = subprocess.run([*command, "-include", str(header), str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
