"""``python -m bench templates``: the memory of workers that have rendered many different templates."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any

from . import machine, pages, plot, report
from .startup import PARTICIPANTS

WORKERS = 4
"""Processes that run at once, each by itself: what the files they run take is shared among them."""
COLUMNS = {
    "added": "added by them, MB",
    "private": "private, MB",
    "proportional": "one of four workers, MB",
    "resident": "resident, MB",
}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=200, help="different templates")
    parser.add_argument("--rounds", type=int, default=5, help="times that four workers of each participant are started")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")


def workers(name: str, build: str, count: int) -> list[dict[str, int]]:
    """The readings of workers that are there at the same time."""
    command = [sys.executable, "-m", "bench.rendered", name, str(count)]
    started = [
        subprocess.Popen(
            command, env=machine.environment(build), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(WORKERS)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"a worker of {name} did not render its templates")
        # One after the other, while all are there.
        readings = []
        for process in started:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            readings.append(json.loads(process.stdout.readline()))
        return readings
    finally:
        for process in started:
            process.kill()
            process.communicate()


def measure(count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Megabytes: medians."""
    readings: dict[str, list[dict[str, int]]] = {who: [] for who in PARTICIPANTS}
    for _ in range(rounds):
        for who, (name, build) in PARTICIPANTS.items():
            readings[who] += workers(name, build, count)
    return {
        who: {key: statistics.median(one[key] for one in all_) / 1024 for key in COLUMNS}
        for who, all_ in readings.items()
    }


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    sizes = found["sizes"]
    head = [f"{found['count']} templates rendered", COLUMNS["added"]]
    for key in list(COLUMNS)[1:]:
        head += [COLUMNS[key], "of Flask"]
    body = []
    for who, size in sizes.items():
        cells = [plot.LABELS[who], f"{size['added']:.1f}"]
        for key in list(COLUMNS)[1:]:
            cells += [f"{size[key]:.1f}", f"{size[key] / sizes['flask'][key]:.0%}"]
        body.append(cells)
    return head, body


def main(args: argparse.Namespace) -> int:
    results = {"about": machine.about(), "count": args.count, "sizes": measure(args.count, args.rounds)}
    print(report.grid(*grid(results)))
    if args.docs:
        pages.write({"templates": results})
    return 0
