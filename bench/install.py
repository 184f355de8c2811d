"""``python -m bench install``: time and size of an installation from source, of two commits one after the other.

A commit's files are unpacked, an environment is made, the wheel is compiled and installed in it with the server's
requirements: what the first command of the README does. No cache of a compiler is used.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import machine, pages, report

BEFORE = "f694534"
"""The last commit that compiled with Python's own flags, one module after another."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--commits", nargs="+", default=[BEFORE, "HEAD"], help="what is installed")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to install for")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")
    parser.add_argument("--json", type=Path, help="write the results to this file")


def run(*command: str | Path, cwd: Path = machine.ROOT) -> str:
    # Compilers behind a cache would make the second run a different one.
    env = {key: value for key, value in os.environ.items() if key not in ("CC", "CFLAGS", "BOLTHEAD_NO_EXT")}
    env |= {"BOLTHEAD_REQUIRE_EXT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


@contextmanager
def timed(into: dict[str, Any]) -> Iterator[None]:
    """Add the seconds of the clock, and of the processors in finished children, to *into*."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    yield
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    into["wall"] = time.monotonic() - start
    into["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(commit: str, python: str) -> dict[str, Any]:
    found: dict[str, Any] = {"commit": run("git", "rev-parse", "--short", commit).strip()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tree").mkdir()
        run("git", "archive", "-o", folder / "tree.tar", commit)
        run("tar", "-xf", folder / "tree.tar", "-C", folder / "tree")
        pip = (folder / "env" / "bin" / "python", "-m", "pip")
        with timed(found):
            run(python, "-m", "venv", folder / "env")
            run(*pip, "wheel", "-q", "-w", folder / "wheels", ".[serve]", cwd=folder / "tree")
            run(*pip, "install", "-q", "--no-index", "--find-links", folder / "wheels", "bolthead[serve]")
        found["load"] = os.getloadavg()[1]
        [wheel] = (folder / "wheels").glob("bolthead-*.whl")
        found["wheel"] = wheel.stat().st_size / 1e6
        with zipfile.ZipFile(wheel) as archive:
            found["unpacked"] = sum(entry.file_size for entry in archive.infolist()) / 1e6
        said = run(folder / "env" / "bin" / "python", "-m", "bolthead", "--version", cwd=folder)
        if "compiled" not in said:
            raise RuntimeError(f"{commit} did not install compiled: {said}")
    return found


ROWS = (
    ("wall", "from an empty environment to an installed one, s"),
    ("cpu", "processor time of that, s"),
    ("load", "what ran at the same time: load average of the last five minutes"),
    ("wheel", "the compiled wheel, MB"),
    ("unpacked", "the same unpacked, MB"),
)


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    runs = found["install"]
    head = ["from source", *(one["commit"] for one in runs)]
    return head, [[title, *(report.number(one[key], 1) for one in runs)] for key, title in ROWS]


def main(args: argparse.Namespace) -> int:
    found = {"about": machine.about(), "install": [measure(commit, args.python) for commit in args.commits]}
    print(report.grid(*grid(found)))
    pages.store(args, "install", found)
    return 0
