"""What the command line says of the build: only where it is not the one that was asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import SimpleNamespace

import pytest

from bolthead import _core
from bolthead.cli import build_notice

FORCE = f"{sys.executable} -m pip install --no-cache-dir --force-reinstall --no-deps "


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "--no-binary bolthead bolthead"),
        ("not json", "--no-binary bolthead bolthead"),
        ({"url": "https://example.com/bolthead.tar.gz"}, "--no-binary bolthead bolthead"),
        ({"url": "file:///tmp/bolthead-1-py3-none-any.whl"}, "--no-binary bolthead bolthead"),
        ({"url": "file:///tmp/bolthead-1.tar.gz"}, "/tmp/bolthead-1.tar.gz"),
        ({"url": "file:///home/you/bolthead", "dir_info": {}}, "/home/you/bolthead"),
        ({"url": "file:///home/you/bolthead", "dir_info": {"editable": True}}, "-e /home/you/bolthead"),
        ({"url": "file:///home/you/my%20bolthead", "dir_info": {}}, '"/home/you/my bolthead"'),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the paths of the examples are POSIX's")
def test_advice_names_where_it_came_from(origin: object, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = origin if origin is None or isinstance(origin, str) else json.dumps(origin)
    monkeypatch.setattr(metadata, "distribution", lambda name: SimpleNamespace(read_text=lambda file: text))
    assert build_notice.reinstall_command() == FORCE + command


def test_advice_without_an_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert build_notice.reinstall_command() == FORCE + "--no-binary bolthead bolthead"


@pytest.mark.parametrize(
    ("build", "asked", "implementation", "platform", "told"),
    [
        ("pure", False, "cpython", "linux", True),
        ("pure", True, "cpython", "linux", False),
        ("pure", False, "pypy", "linux", False),
        ("pure", False, "cpython", "emscripten", False),
        ("compiled", False, "cpython", "linux", False),
    ],
)
def test_when(
    build: str, asked: bool, implementation: str, platform: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_core, "build_name", lambda: build)
    monkeypatch.setattr(_core, "stale_modules", lambda: [])
    monkeypatch.setattr(_core, "PURE_ASKED", asked)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "implementation", SimpleNamespace(name=implementation))
        patch.setattr(sys, "platform", platform)
        notice = build_notice.build_notice()
    assert (notice is not None) == told
    if notice:
        assert build_notice.reinstall_command() in notice and "BOLTHEAD_PURE=1" in notice


def test_told_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(build_notice, "build_notice", lambda: "the notice")
    build_notice.show_build_notice()
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    build_notice.show_build_notice()
    out, err = capsys.readouterr()
    assert (out, err.count("the notice")) == ("", 1)


def tree(folder: Path, ages: dict[str, int]) -> str:
    """A source tree of one module below ``_core``; *ages* are the times of change of its files."""
    core = folder / "src" / "bolthead" / "_core"
    (core / "http").mkdir(parents=True)
    (folder / "setup.py").touch()
    for name, age in ages.items():
        path = core / name
        path.touch()
        os.utime(path, (age, age))
    return str(core)


BUILT = "_compiled" + (EXTENSION_SUFFIXES[0] if EXTENSION_SUFFIXES else ".so")


@pytest.mark.parametrize(
    ("ages", "stale"),
    [
        ({"http/query.pxd": 1, "http/query.py": 1, BUILT: 2}, []),
        ({"http/query.pxd": 1, "http/query.py": 3, BUILT: 2}, ["http.query"]),
        ({"http/query.pxd": 3, "http/query.py": 1, BUILT: 2}, ["http.query"]),
        ({"http/query.pxd": 1, "http/query.pyx": 3, "http/query.py": 1, BUILT: 2}, ["http.query"]),
        # A module with a .pyx is not compiled from its .py, and where there is no shared object nothing is compiled.
        ({"http/query.pxd": 1, "http/query.pyx": 1, "http/query.py": 3, BUILT: 2}, []),
        ({"http/query.pxd": 1, "http/query.py": 3}, []),
    ],
)
@pytest.mark.skipif(not EXTENSION_SUFFIXES, reason="Python has no extension modules here")
def test_stale(ages: dict[str, int], stale: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_core, "PURE_ASKED", False)
    monkeypatch.setattr(_core, "_HERE", tree(tmp_path, ages))
    assert _core.stale_modules() == stale
    assert (_core.stale_notice() or "").count("http.query") == len(stale)
    # Not an editable installation: the files' times say nothing there.
    (tmp_path / "setup.py").unlink()
    assert _core.stale_modules() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes in WebAssembly")
def test_version_tells(tmp_path: Path) -> None:
    """The whole command, with a core that says that it is pure."""
    code = (
        "import sys; from bolthead import _core, cli; _core.PURE_ASKED = False; _core.build_name = lambda: 'pure';"
        "sys.argv = ['bolthead', '--version']; cli.main()"
    )
    env = {**os.environ, "BOLTHEAD_PURE": "1"}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert ("is not compiled here" in told.stderr) == build_notice.can_be_compiled()
    assert "is not compiled here" not in told.stdout
