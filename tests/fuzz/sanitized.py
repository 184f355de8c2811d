"""Build the compiled core with sanitizers, in a place of its own, and fuzz it: see ``__main__.py`` for what.

Needs gcc with its sanitizer libraries. Arguments are passed on; ``routing`` as the first fuzzes the router, ``serving``
the server's connections.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def library(name: str) -> str:
    return subprocess.run(
        ["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True
    ).stdout.strip()


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        for name in ("src", "tests"):
            left_out = shutil.ignore_patterns("*.so", "*.c", "__pycache__", ".hypothesis")
            shutil.copytree(ROOT / name, Path(place, name), ignore=left_out)
        for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, place)
        env = {**os.environ, "BOLTHEAD_SANITIZE": "address,undefined", "BOLTHEAD_REQUIRE_EXT": "1", "CC": "gcc"}
        build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
        subprocess.run(build, cwd=place, env=env, check=True)
        env |= {
            "LD_PRELOAD": f"{library('libasan.so')} {library('libubsan.so')}",
            # Python's own allocator would hide what is read beyond an object.
            "PYTHONMALLOC": "malloc",
            # The interpreter does not free everything when it ends; leaks are looked for in a test of their own.
            "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
            "PYTHONPATH": str(Path(place, "src")),
        }
        arguments = sys.argv[1:]
        script = "tests/fuzz"
        if arguments[:1] in (["routing"], ["serving"]):
            script = {"routing": "tests/fuzz/router.py", "serving": "tests/fuzz/serving.py"}[arguments.pop(0)]
        return subprocess.run([sys.executable, script, *arguments], cwd=place, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
