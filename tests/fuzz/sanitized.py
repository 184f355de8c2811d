"""Build the compiled core with sanitizers, in a place of its own, and fuzz it: see ``__main__.py`` for what.

Needs gcc with its sanitizer libraries. Arguments are passed on; ``routing`` as the first fuzzes the router, ``serving``
the server's connections.

``threads --python PYTHON --minutes 10`` looks for data races: ``tests/test_threads.py`` under ThreadSanitizer, again
and again. *PYTHON* is a CPython configured ``--disable-gil --with-thread-sanitizer``, with Cython, setuptools and what
bolthead requires. Its own races are left out by ``races.txt``; a report that is left is printed, and the run ends with
status 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {"routing": "tests/fuzz/router.py", "serving": "tests/fuzz/serving.py"}
COMPILED = {"serving": ("primitives", "serving")}
"""The parts of the core that are compiled for a script which uses no other."""


def library(name: str) -> str:
    return subprocess.run(
        ["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True
    ).stdout.strip()


def build(place: str, sanitizers: str, python: str = sys.executable, parts: Sequence[str] = ()) -> None:
    """A copy of the tree in *place*, compiled for *python*; of the core only *parts*, where any are given."""
    for name in ("src", "tests"):
        left_out = shutil.ignore_patterns("*.so", "*.c", "__pycache__", ".hypothesis")
        shutil.copytree(ROOT / name, Path(place, name), ignore=left_out)
    for path in Path(place, "src/bolthead/_core").glob("*/*.p[xy][dx]"):
        if parts and path.parent.name not in parts:
            path.unlink()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, place)
    env = {**os.environ, "BOLTHEAD_SANITIZE": sanitizers, "BOLTHEAD_REQUIRE_EXT": "1", "CC": "gcc"}
    if sanitizers == "thread":
        env["CFLAGS"] = "-O1 -g1"
    if python != sys.executable:
        # Cython is some ten times slower in an interpreter that has a sanitizer itself.
        code = "import setup; setup.translate(setup.extensions())"
        subprocess.run([sys.executable, "-c", code], cwd=place, env=env, check=True)
    subprocess.run([python, "setup.py", "-q", "build_ext", "--inplace"], cwd=place, env=env, check=True)


def fuzz(place: str, arguments: Sequence[str]) -> int:
    build(place, "address,undefined", parts=COMPILED.get(arguments[0], ()) if arguments else ())
    env = os.environ | {
        "LD_PRELOAD": f"{library('libasan.so')} {library('libubsan.so')}",
        # Python's own allocator would hide what is read beyond an object.
        "PYTHONMALLOC": "malloc",
        # The interpreter does not free everything when it ends; leaks are looked for in a test of their own.
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONPATH": str(Path(place, "src")),
    }
    script = "tests/fuzz"
    if arguments and arguments[0] in SCRIPTS:
        script, arguments = SCRIPTS[arguments[0]], arguments[1:]
    return subprocess.run([sys.executable, script, *arguments], cwd=place, env=env).returncode


def races(place: str, arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", required=True, help="the interpreter with ThreadSanitizer")
    parser.add_argument("--minutes", type=float, default=10, help="a run of the test that began in time is finished")
    args = parser.parse_args(arguments)
    build(place, "thread", args.python)
    options = f"suppressions={Path(place, 'tests/fuzz/races.txt')}:exitcode=66:history_size=4"
    env = os.environ | {"TSAN_OPTIONS": options, "PYTHONPATH": str(Path(place, "src"))}
    start, failed, runs = time.monotonic(), 0, 0
    while time.monotonic() - start < args.minutes * 60:
        done = subprocess.run([args.python, "tests/test_threads.py"], cwd=place, env=env)
        failed, runs = failed + bool(done.returncode), runs + 1
    print(f"{runs} runs in {(time.monotonic() - start) / 60:.1f} minutes, {failed} with a report or a wrong answer")
    return 1 if failed else 0


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        return races(place, sys.argv[2:]) if sys.argv[1:2] == ["threads"] else fuzz(place, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
