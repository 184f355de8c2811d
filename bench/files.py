"""``python -m bench files``: the system calls of a request for a file, beside those that the file itself needs.

``strace`` counts them; what 2N requests make more than N, divided by N, is one request's.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from . import machine, pages, report
from .cases.asks import Ask, spin
from .cases.table import HERE, STATIC, cases
from .startup import PARTICIPANTS

COUNT = 100
LINE = re.compile(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", re.M)
WHAT = {
    "whole": "static file, whole",
    "unchanged": "static file, 304",
    "send": "`send_file`",
    "directory": "`send_from_directory`",
    "absent": "no such file, 404",
}
NEEDED = {
    "whole": "stat, open, read, close",
    "unchanged": "stat",
    "send": "stat, open, read, close",
    "directory": "stat, open, read, close",
    "absent": "stat",
}
"""What answers without a framework."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")
    parser.add_argument("--here", nargs=3, help=argparse.SUPPRESS)


def serve(name: str, key: str, count: int) -> None:
    """Ask an application for a file, *count* times."""
    flask = import_module(name)
    app = flask.Flask("files", root_path=str(HERE))
    app.add_url_rule("/send", view_func=lambda: flask.send_file(STATIC), endpoint="send")
    app.add_url_rule("/directory", view_func=lambda: flask.send_from_directory(HERE / "static", "one.txt"))
    whole, unchanged = next(case.asks for case in cases() if case.key == "static")
    asks = {"whole": whole, "unchanged": unchanged, "absent": Ask("/static/none.txt")}
    spin(app, [(asks.get(key, Ask(f"/{key}")).environ(), None)], count)


def system_calls(name: str, build: str, key: str, count: int) -> dict[str, int]:
    with tempfile.NamedTemporaryFile("r") as file:
        command = ["strace", "-f", "-c", "-o", file.name, sys.executable, "-m", "bench", "files"]
        command += ["--here", name, key, str(count)]
        subprocess.run(command, env=machine.environment(build), check=True)
        return {call: int(number) for number, call in LINE.findall(Path(file.name).read_text()) if call != "total"}


def measure() -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {key: {} for key in WHAT}
    for key in WHAT:
        for who, (name, build) in PARTICIPANTS.items():
            once, twice = (system_calls(name, build, key, count) for count in (COUNT, 2 * COUNT))
            more = {call: round((number - once.get(call, 0)) / COUNT) for call, number in twice.items()}
            found[key][who] = {call: number for call, number in more.items() if number}
    return found


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    body = []
    for key, by in found["calls"].items():
        body.append([WHAT[key], NEEDED[key], *(str(sum(by[who].values())) for who in PARTICIPANTS)])
    return ["system calls per request", "the file's own", "Flask", "bolthead", "bolthead, pure"], body


def main(args: argparse.Namespace) -> int:
    if args.here:
        name, key, count = args.here
        serve(name, key, int(count))
        return 0
    if not shutil.which("strace"):
        print("strace is not there", file=sys.stderr)
        return 2
    results = {"about": machine.about(), "calls": measure()}
    print(report.grid(*grid(results)))
    if args.docs:
        pages.write({"files": results})
    return 0
