"""Python environments for upstream tests: one for each project, made when first used."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from .archives import HOME, ROOT, alone, archive, normal

FLASK = "3.1.3"
BASE = (f"flask=={FLASK}", "werkzeug==3.1.9", "pytest")


def ours() -> list[str]:
    """What bolthead itself requires; it is not installed, the checkout is put on the path."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["project"]["dependencies"])


def extra(name: str) -> list[str]:
    """What an extra of bolthead's requires."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["project"]["optional-dependencies"][name])


def make(name: str, version: str, requires: list[str]) -> Path:
    """The Python of an environment with *name*, installed from its archive, Flask, and *requires*."""
    wanted = [] if normal(name) == "flask" else [str(archive(name, version))]
    return make_plain(f"{normal(name)}-{version}", [*requires, *wanted])


def make_plain(name: str, requires: list[str]) -> Path:
    """The Python of an environment with Flask and *requires*, made anew when they or the interpreter changed."""
    with alone(f"environment-{name}"):
        return _make_plain(name, requires)


def _make_plain(name: str, requires: list[str]) -> Path:
    home = HOME / "environments" / name
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = [*BASE, *ours(), *requires]
    made_of = "\n".join([f"# Python {platform.python_version()}", *wanted])
    stamp = home / "requirements.txt"
    if stamp.is_file() and stamp.read_text() == made_of:
        return python
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home, symlinks=os.name != "nt")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*pip, *wanted], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"cannot make the environment {name}:\n{done.stderr[-3000:]}")
    stamp.write_text(made_of)
    return python
