"""``python -m bench startup``: the time an import takes, and the memory of a process that has served a request.

Each number is the best of several fresh processes, the participants in turns; compiled bytecode is there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import machine, pages, report

PARTICIPANTS = {"flask": ("flask", ""), "compiled": ("bolthead", "compiled"), "pure": ("bolthead", "pure")}
TARGETS = {"import": 0.75, "memory": 1.0}
"""At most so many times what Flask takes."""

SERVE = """
import sys
import {name} as flask
app = flask.Flask("app")
app.secret_key = "key"
app.add_url_rule("/", "index", lambda: "Hello, world!")
environ = {{"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "localhost",
           "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": None, "wsgi.errors": sys.stderr}}
assert b"".join(app(environ, lambda *given: None)) == b"Hello, world!"
print(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=15, help="fresh processes of each participant")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")
    parser.add_argument("--json", type=Path, help="write the results to this file")


def environment(build: str, cache: str) -> dict[str, str]:
    env = {**machine.environment(build), "PYTHONPYCACHEPREFIX": cache}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def import_time(python: str, name: str, env: dict[str, str]) -> float:
    """Milliseconds of processor time for what an application imports, with all that it loads."""
    code = f"from time import process_time as t; a = t(); from {name} import Flask; print((t() - a) * 1000)"
    return float(subprocess.run([python, "-c", code], env=env, capture_output=True, text=True, check=True).stdout)


def resident(python: str, name: str, env: dict[str, str]) -> float:
    """Megabytes in memory after one request."""
    command = [python, "-c", SERVE.format(name=name)]
    return int(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout) / 1024


def measure(python: str, rounds: int) -> dict[str, Any]:
    times: dict[str, list[float]] = {who: [] for who in PARTICIPANTS}
    sizes: dict[str, list[float]] = {who: [] for who in PARTICIPANTS}
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(rounds + 1):
            for who, (name, build) in PARTICIPANTS.items():
                env = environment(build, cache)
                took, size = import_time(python, name, env), resident(python, name, env)
                if turn:  # The first one writes the bytecode.
                    times[who].append(took)
                    sizes[who].append(size)
    return {
        "import_ms": {who: min(values) for who, values in times.items()},
        "resident_mb": {who: statistics.median(values) for who, values in sizes.items()},
    }


def terminal(results: dict[str, Any]) -> str:
    body = []
    for key, text, target in (
        ("import_ms", "import, ms", TARGETS["import"]),
        ("resident_mb", "resident after a request, MB", TARGETS["memory"]),
    ):
        values = results[key]
        for who in ("compiled", "pure"):
            part = values[who] / values["flask"]
            mark = "ok" if part <= target else "MISSED"
            row = [f"{text} ({who})", report.number(values["flask"], 1), report.number(values[who], 1)]
            body.append([*row, f"{part:.0%}", f"{target:.0%}", mark])
    return report.grid(["start-up", "flask", "bolthead", "of Flask", "at most", ""], body)


def main(args: argparse.Namespace) -> int:
    if not os.path.exists("/proc/self/status"):
        print("resident memory is read from /proc, which is not there", file=sys.stderr)
        return 2
    results = measure(args.python, args.rounds)
    print(terminal(results))
    found = {"about": machine.about(), "startup": results}
    pages.store(args, "startup", found)
    return 0
