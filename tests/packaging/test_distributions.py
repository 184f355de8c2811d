"""The check of what is to be published sees what must not be."""

from __future__ import annotations

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


def test_compiled_wheel_without_one_module(tmp_path: Path) -> None:
    wheel = tmp_path / "bolthead-1-cp311-cp311-win_amd64.whl"
    names = ["bolthead/_core/a.pxd", "bolthead/_core/a.cp311-win_amd64.pyd", "bolthead/_core/b.pxd"]
    told = problems(wheel, [*SOURCES, *names, f"{checks.SHARED}.cp311-win_amd64.pyd"])
    made = f"'{checks.SHARED}', 'bolthead/_core/a'"
    assert told == f"compiled: [{made}]; to be compiled: [{made}, 'bolthead/_core/b']"


def test_too_large(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_PURE", 10)
    assert "more than 10" in problems(wheel, SOURCES)
