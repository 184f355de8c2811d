"""The pure wheel in Pyodide, under node: an application is served through the test client, then the suite is run.

Needs node and npm. What the suite needs and WebAssembly has not (threads, processes, sockets) is skipped with the
runtime's own refusal as the reason, see ``pyodide/suite.py``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from interpreters import HOME, LEFT_OUT, ROOT, Interpreter, noting, run

PYODIDE = "314"
STACK = 60_000
"""Kilobytes of stack for node: with its own 984 a value nested some hundred levels deep ends the runtime."""
NEEDS_PROCESSES = (
    "tests/serve",
    "tests/compat/test_run_process.py",
    "tests/test_bench.py",
)


def install() -> Path:
    """Pyodide from npm, and a folder of packages: the pure wheel and what the suite needs; returns that folder."""
    home, site = HOME / "pyodide", HOME / "pyodide" / "site"
    home.mkdir(parents=True, exist_ok=True)
    run("npm", "install", "--silent", "--prefix", home, f"pyodide@{PYODIDE}")
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ".", BOLTHEAD_NO_EXT="1")
        [wheel] = Path(folder).glob("*-py3-none-any.whl")
        # The last of hypothesis that is plain Python; markupsafe has its own fall-back in Python.
        wanted = (f"bolthead[wheel-test] @ {wheel.as_uri()}", "hypothesis<6.141")
        run(sys.executable, "-m", "pip", "install", "-q", "--upgrade", "--target", site, *wanted)
    size = sum(path.stat().st_size for path in (home / "node_modules" / "pyodide").iterdir() if path.is_file())
    own = sum(path.stat().st_size for path in (site / "bolthead").rglob("*.py"))
    print(f"Pyodide: {size / 1e6:.1f} MB; bolthead: {own / 1e3:.0f} kB of Python files", flush=True)
    return site


def node(site: Path, file: str, *arguments: str) -> None:
    """Run *file* in Pyodide, with a stack that a shell has to allow first."""
    command = f'ulimit -s {2 * STACK} && exec node --stack-size={STACK} "$@"'
    script = ROOT / "tests" / "pyodide" / "run.mjs"
    run("sh", "-c", command, "node", script, HOME / "pyodide", ROOT, site, file, *arguments)


def speed() -> None:
    """Measure the cases of the bench in Pyodide, and leave the result beside the suite's."""
    from bench import machine

    file = HOME / "pyodide-bench.json"
    node(HOME / "pyodide" / "site", "tests/pyodide/speed.py", os.fspath(file))
    file.write_text(json.dumps({"about": machine.about(), "runs": [json.loads(file.read_text())]}, indent=1) + "\n")


def check(paths: Iterable[str] = ()) -> None:
    site = install()
    node(site, "tests/pyodide/serve.py")
    ignored = [f"--ignore={path}" for path in (*LEFT_OUT, *NEEDS_PROCESSES)]
    paths, runtime = list(paths), Interpreter("node", "pyodide", f"Pyodide {PYODIDE}", False, "wasm32")
    with noting(runtime, "pure", paths) as report:
        told = ("-q", "-p", "no:cacheprovider", "--junitxml", os.fspath(report))
        node(site, "tests/pyodide/suite.py", *told, *(paths or ignored))
