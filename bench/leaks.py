"""``python -m bench leaks``: memory stays flat over many requests of all cases.

Every case is asked in turn, over and over. After a warm-up the size of the process is read at each tenth of the
way, after a collection; what it grows by from the second reading to the last is the leak, if there is one.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
from pathlib import Path

from . import frameworks, machine, report
from .cases.asks import spin
from .cases.table import cases
from .report import names

ALLOWED_KB = 1024
"""Growth that is put down to the allocator: a byte or so per request over a million."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=1_000_000, help="requests over all cases together")
    parser.add_argument("--only", default="", metavar="CASES", help="cases by key, with commas between")
    parser.add_argument("--builds", default="compiled,pure", help="builds of bolthead, with commas between")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)


def resident_kb() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS in /proc/self/status")


def readings(keys: list[str], requests: int, parts: int = 10) -> list[int]:
    """Kilobytes in memory after each of *parts* equal parts of the requests, warmed up before."""
    apps = [(frameworks.application("bolthead", case), case) for case in cases() if not keys or case.key in keys]
    asks = sum(len(case.asks) for _, case in apps)
    rounds = max(1, requests // asks // parts)
    found = []
    for part in range(parts + 1):
        for _ in range(rounds if part else min(rounds, 100)):
            for app, case in apps:
                assert app is not None
                spin(app, case.jobs, 1)
        gc.collect()
        if part:
            found.append(resident_kb())
    return found


def main(args: argparse.Namespace) -> int:
    keys = names(args.only)
    if args.here:
        build = frameworks.build_of_bolthead()
        found = readings(keys, args.requests)
        grown = found[-1] - found[1]
        body = [[build, f"{args.requests:,}", *(f"{kb / 1024:.1f}" for kb in found), f"{grown:+,} kB"]]
        head = ["build", "requests", *(f"{n}0 %" for n in range(1, 11)), "grown"]
        print(report.grid(head, body), flush=True)
        return 1 if grown > ALLOWED_KB else 0
    worst = 0
    for build in names(args.builds):
        own = ["--here", "--requests", str(args.requests), "--only", args.only]
        command = [sys.executable, "-m", "bench", "leaks", *own]
        env = machine.environment(build)
        worst = max(worst, subprocess.run(command, env=env, check=False).returncode)
    if worst:
        print("memory is not flat", file=sys.stderr)
    return worst
