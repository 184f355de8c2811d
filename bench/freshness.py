"""``python -m bench check``: whether the stored results are of the code that stands here.

Every result keeps a digest of each folder of the sources that it ran, as they stood when it was measured. A result is
*older* when one of them has changed. Comments, docstrings and blank lines do not count, nor do files that the part does
not run. The documentation says so below each table of an older result (``docs/_ext/measured.py``); the workflow of a
release publishes nothing while there is one.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import io
import json
import sys
import tokenize
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from . import machine

SOURCES = machine.ROOT / "src" / "bolthead"
SUFFIXES = {".py", ".pyx", ".pxd", ".pxi", ".h"}
SHOWN = 4
"""How many changed folders a note to readers names."""

TOOLS = ("debughelpers.*", "testing.*", "async_testing.*", "typing.*", "__main__.*")
COMMAND = ("cli/*", "_startup/*", "as_flask.*")
SERVER = ("serving/*", "_core/serving/*")
LOOP = (
    "websockets.*",
    "_core/lifecycle/asgi*",
    "_core/lifecycle/async_phases.*",
    "_core/lifecycle/lifespan.*",
    "_core/lifecycle/websockets.*",
    "_core/response/asgi_messages.*",
)
TEMPLATES = ("templating.*", "_core/templates/*")
WSGI = (*TOOLS, *COMMAND, *SERVER, *LOOP)
ASGI = (*TOOLS, *COMMAND, *SERVER, *TEMPLATES)
NOT_RUN = {
    "inprocess": WSGI,
    "other": WSGI,
    "files": WSGI,
    "templates": WSGI,
    "threads": WSGI,
    "startup": (*TOOLS, *COMMAND, *SERVER),
    "servers": (*TOOLS, *LOOP),
    "routes": (*TOOLS, *LOOP),
    "applications": (*TOOLS, *LOOP, "cli/*"),
    "shares": (*TOOLS, *LOOP, *SERVER, "cli/*"),
    "scaled": (*TOOLS, *LOOP),
    "asgi": ASGI,
    "asgi-3.13": ASGI,
    "asgi-servers": ASGI,
    "live": ASGI,
}
"""What a part of the results does not run; all other files count."""
RUN = {"routing": ("routing/*", "_core/routing/*", "_core/http/*", "_core/primitives/*", "_compat/*")}
"""All that a part runs, where that is the shorter list."""


def counts(part: str, name: str) -> bool:
    """Whether the figures of *part* depend on the source file *name*, a path below ``src/bolthead``."""
    if part in RUN:
        return any(fnmatch(name, pattern) for pattern in RUN[part])
    return not any(fnmatch(name, pattern) for pattern in NOT_RUN.get(part, ()))


def code(path: Path) -> str:
    """What of a source the interpreter or the compiler reads: no comments, no docstrings, no blank lines."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                last = node.end_lineno or node.lineno
                lines[node.lineno - 1 : last] = [""] * (last - node.lineno + 1)
    else:
        # What has no space after its `#` is the preprocessor's.
        lines = [line for line in lines if not f"{line.lstrip()} ".startswith("# ")]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def sources() -> dict[str, str]:
    """The code of each source file, by its path below ``src/bolthead``."""
    paths = sorted(path for path in SOURCES.rglob("*") if path.suffix in SUFFIXES)
    return {path.relative_to(SOURCES).as_posix(): code(path) for path in paths}


def digests(part: str, files: dict[str, str]) -> dict[str, str]:
    """A digest for each folder of *files*, as `sources` gives them, that *part* runs."""
    folders: dict[str, Any] = {}
    for name, text in files.items():
        if counts(part, name):
            folder, _, file = name.rpartition("/")
            folders.setdefault(folder or ".", hashlib.sha256()).update(f"{file}\n{text}\n".encode())
    return {name: digest.hexdigest()[:16] for name, digest in folders.items()}


def stamp(results: dict[str, Any]) -> None:
    """Note in each of *results* (part → result) the command that runs and the sources that it describes."""
    command = " ".join(["python -m bench", *sys.argv[1:]])
    files = sources()
    for part, found in results.items():
        found["about"] = {**found["about"], "command": command, "sources": digests(part, files)}


def changed(part: str, found: dict[str, Any], files: dict[str, str]) -> list[str]:
    """The folders of *files* that differ from those that *found*, a stored result, was measured with."""
    then, now = found["about"].get("sources", {}), digests(part, files)
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def note(part: str, found: dict[str, Any], files: dict[str, str]) -> str:
    """What readers must know of a result that is older than *files*, in Markdown; empty for a current one."""
    commit = found["about"]["commit"]
    if commit.endswith("+"):
        return f"**Not of a commit:** measured with changes to {commit[:-1]} that are in none."
    places = [f"`{name}`" if name != "." else "the package's top" for name in changed(part, found, files)]
    if not places:
        return ""
    shown = ", ".join(places) if len(places) <= SHOWN else f"{', '.join(places[:SHOWN])} and {len(places) - SHOWN} more"
    return f"**Older than the code:** changed since commit {commit}: {shown}."


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, default=machine.ROOT / "docs" / "_bench" / "results.json")


def main(args: argparse.Namespace) -> int:
    old, files = 0, sources()
    for part, found in json.loads(args.results.read_text()).items():
        about = found["about"]
        places = changed(part, found, files)
        if about["commit"].endswith("+"):
            verdict = "measured with changes that are in no commit"
        else:
            verdict = f"older than {', '.join(places)}" if places else "current"
        old += verdict != "current"
        print(f"{part}: commit {about['commit'] or 'unknown'}, {about['date']}: {verdict}")
    if old:
        print("Measure again what is older; each part's command is in docs/performance.md.", file=sys.stderr)
    return 1 if old else 0
