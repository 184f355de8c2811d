"""``python -m bench check``: whether the stored results are of the code that stands here.

Every result keeps a digest of each folder of the sources at the time it was measured. A result is *older* when one of
them has changed, be it by a comment: the rule is for releases, whose workflow runs this, and not for each commit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from . import machine

SOURCES = machine.ROOT / "src" / "bolthead"
SUFFIXES = {".py", ".pyx", ".pxd"}
NOT_IN_PROCESS = ("serving", "cli", "_startup")
WITHOUT = dict.fromkeys(("inprocess", "other"), NOT_IN_PROCESS)
"""Folders that a part of the results does not run; all others count."""


def digests() -> dict[str, str]:
    """A digest for each folder of the sources, by its path below ``src/bolthead``."""
    folders: dict[str, Any] = {}
    for path in sorted(path for path in SOURCES.rglob("*") if path.suffix in SUFFIXES):
        digest = folders.setdefault(path.parent.relative_to(SOURCES).as_posix(), hashlib.sha256())
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return {name: digest.hexdigest()[:16] for name, digest in folders.items()}


def stamp(results: dict[str, Any]) -> None:
    """Note in each of *results* (part → result) the command that runs and the sources that it describes."""
    command = " ".join(["python -m bench", *sys.argv[1:]])
    for part, found in results.items():
        found["about"] = {**found["about"], "command": command, "sources": counted(part, digests())}


def counted(part: str, folders: dict[str, str]) -> dict[str, str]:
    left_out = WITHOUT.get(part, ())
    return {name: digest for name, digest in folders.items() if name.partition("/")[0] not in left_out}


def changed(part: str, found: dict[str, Any]) -> list[str]:
    """The folders that differ from those that *found*, a stored result, was measured with."""
    then, now = found["about"].get("sources", {}), counted(part, digests())
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, default=machine.ROOT / "docs" / "_bench" / "results.json")


def main(args: argparse.Namespace) -> int:
    old = 0
    for part, found in json.loads(args.results.read_text()).items():
        about = found["about"]
        places = changed(part, found)
        if about["commit"].endswith("+"):
            verdict = "measured with changes that are in no commit"
        else:
            verdict = f"older than {', '.join(places)}" if places else "current"
        old += verdict != "current"
        print(f"{part}: commit {about['commit'] or 'unknown'}, {about['date']}: {verdict}")
    if old:
        print("Measure again what is older; each part's command is in docs/performance.md.", file=sys.stderr)
    return 1 if old else 0
