"""Flask's own type checks pass with bolthead in Flask's place, under mypy strict and pyright."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from upstream import environments
from upstream.archives import ROOT, fetch

SRC = ROOT / "src"
PACKAGE = SRC / "bolthead"


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which ``flask`` is, to a type checker, bolthead, with Flask's checks beside it."""
    place = tmp_path_factory.mktemp("typing")
    checks = place / "type_check"
    checks.mkdir()
    for check in (fetch("flask", environments.FLASK) / "tests" / "type_check").glob("*.py"):
        (checks / check.name).write_bytes(check.read_bytes())
    for module in PACKAGE.rglob("*.py"):
        path = module.relative_to(PACKAGE)
        if path.parts[0].startswith("_"):
            continue
        name = ".".join(("bolthead", *path.with_suffix("").parts)).removesuffix(".__init__")
        stub = place / "flask" / path.with_suffix(".pyi")
        stub.parent.mkdir(exist_ok=True, parents=True)
        stub.write_text(f"from {name} import *\n")
    (place / "flask" / "__init__.pyi").write_text("from bolthead import *\n")
    wrong = checks / "wrong.py"
    wrong.write_text('from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.route("/")\ndef view() -> object:\n')
    wrong.write_text(wrong.read_text() + "    return object()\n")
    return place


def verdicts(files: list[str], place: Path) -> dict[str, list[str]]:
    """mypy's errors by file."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--show-error-codes"]
    done = subprocess.run(
        [*command, "--config-file=", "--cache-dir=.mypy_cache", "--follow-imports=silent", *files],
        cwd=place,
        env={"MYPYPATH": f"{place}:{SRC}", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        found.setdefault(Path(line.partition(":")[0]).name, []).append(line)
    return found


def test_mypy_strict(place: Path) -> None:
    found = verdicts(["type_check"], place)
    assert [line for line in found.pop("wrong.py") if "[type-var]" in line]
    assert found == {}


def test_pyright(place: Path) -> None:
    settings = {
        "include": ["type_check"],
        "extraPaths": [str(SRC)],
        "typeCheckingMode": "basic",
        "pythonVersion": "3.11",
    }
    (place / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(place)],
        cwd=place,
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] >= 4
    errors = [
        (Path(item["file"]).name, item["range"]["start"]["line"], item["message"])
        for item in report["generalDiagnostics"]
        if item["severity"] == "error"
    ]
    assert [name for name, *_ in errors if name == "wrong.py"]
    assert [error for error in errors if error[0] != "wrong.py"] == []
