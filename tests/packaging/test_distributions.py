"""The check of what is to be published sees what must not be."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

import distributions as checks

SOURCES = [path.relative_to(checks.ROOT / "src").as_posix() for path in (checks.ROOT / "src").rglob("*.py")]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return tmp_path / "bolthead-1-py3-none-any.whl"


def problems(wheel: Path, names: Iterable[str]) -> str:
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return "\n".join(checks.problems_of_wheel(wheel))


def test_good(wheel: Path) -> None:
    assert problems(wheel, SOURCES) == ""


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("bolthead/_core/http/query.c", "ships bolthead/_core/http/query.c"),
        ("bolthead/_core/http/query.cpython-311-x86_64-linux-gnu.so", "compiled: ['bolthead/_core/http/query']"),
        ("bolthead/_core/http/query.cp311-win_amd64.pyd", "compiled: ['bolthead/_core/http/query']"),
    ],
)
def test_pure_wheel_with_what_is_compiled(wheel: Path, added: str, told: str) -> None:
    assert told in problems(wheel, [*SOURCES, added])


def test_incomplete(wheel: Path) -> None:
    assert problems(wheel, [name for name in SOURCES if name != "bolthead/ctx.py"]) == "lacks bolthead/ctx.py"


def test_compiled_wheel_with_a_file_of_its_own_for_a_module(tmp_path: Path) -> None:
    wheel = tmp_path / "bolthead-1-cp311-cp311-win_amd64.whl"
    names = ["bolthead/_core/a.pxd", "bolthead/_core/a.cp311-win_amd64.pyd", f"{checks.COMPILED}.cp311-win_amd64.pyd"]
    told = problems(wheel, [*SOURCES, *names])
    assert told == f"compiled: ['{checks.COMPILED}', 'bolthead/_core/a']; to be compiled: ['{checks.COMPILED}']"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="`nm` of ELF files")
def test_shared_object_without_one_module(tmp_path: Path) -> None:
    """A library of another kind: everything that is wanted is missing, and all it has is too much."""
    [library] = Path(sysconfig.get_path("stdlib")).glob("lib-dynload/_json.*.so")
    core = tmp_path / "bolthead" / "_core"
    core.mkdir(parents=True)
    shutil.copy(library, core / "_compiled.so")
    (core / "query.pxd").touch()
    told = "\n".join(checks.problems_of_libraries(tmp_path))
    assert "_compiled.so exports ['PyInit__json']" in told
    assert "_compiled.so lacks ['PyInit__compiled', 'PyInit_query']" in told


def test_too_large(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_PURE", 10)
    assert "more than 10" in problems(wheel, SOURCES)
