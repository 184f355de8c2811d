"""``python -m bench count``: instructions per request, which stay the same where timings do not.

Each participant runs in one process under callgrind. What 2N requests cost more than N, divided by N, is the
cost of one: start-up, warm-up and the marks themselves fall out.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import machine, report
from .cases.table import Case
from .report import names

MARK = "getloadavg"
NAMED = re.compile(r"c?fn=\((\d+)\)(?: (.*))?$")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="CASES", help="cases by key, with commas between")
    parser.add_argument(
        "--who", default="compiled,pure", help=f"with commas between, of {','.join(report.PARTICIPANTS)}"
    )
    parser.add_argument("--requests", type=int, default=100, metavar="N", help="count the difference of N and 2N")
    parser.add_argument("--show", type=int, default=0, metavar="LINES", help="list that many functions per case")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    parser.add_argument("--json", type=Path, help="write the results to this file")


def serves(who: str, case: Case) -> bool:
    """Whether *who* has an application for *case*, without importing a framework that is not asked for."""
    if who in report.RIVALS:
        from importlib import import_module

        return case.key in import_module(f"bench.cases.{who}s").BUILDERS
    return True


def self_costs(dump: Path) -> Counter[str]:
    """Instructions spent in each function itself, from a callgrind file."""
    costs: Counter[str] = Counter()
    known: dict[str, str] = {}
    function, inclusive = "", False
    with dump.open() as lines:
        for line in lines:
            if named := NAMED.match(line.rstrip()):
                if named[2]:
                    # A recursive call is written as another function with its depth behind an apostrophe.
                    known[named[1]] = re.sub(r"'\d+$", "", named[2])
                if line.startswith("fn="):
                    function = known[named[1]]
            elif line.startswith("calls="):
                inclusive = True
            elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
                if inclusive:
                    inclusive = False
                    continue
                columns = line.split()
                if len(columns) == 2:
                    costs[function] += int(columns[1])
    return costs


def dumps(folder: Path) -> Iterator[Path]:
    """The files written at the marks, in order; the last one, written at exit, has no mark."""
    numbered = [path for path in folder.glob("out.*") if path.suffix[1:].isdigit()]
    return iter(sorted(numbered, key=lambda path: int(path.suffix[1:])))


def count(who: str, wanted: list[Case], args: argparse.Namespace) -> dict[str, Counter[str]]:
    """Instructions per request by case and function."""
    build = who if who in ("compiled", "pure") else ""
    framework = "bolthead" if build else who
    orders = {"framework": framework, "only": [case.key for case in wanted], "count": args.requests}
    env = {**machine.environment(build), "PYTHONHASHSEED": "0"}
    print(f"--- {who}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ("valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={folder}/out")
        subprocess.run(
            [*valgrind, f"--dump-before={MARK}", args.python, "-m", "bench.counted", json.dumps(orders)],
            env=env,
            check=True,
        )
        files = dumps(Path(folder))
        results = {}
        for case in wanted:
            _before, once, twice = (self_costs(next(files)) for _ in range(3))
            per = args.requests * len(case.asks)
            results[case.key] = Counter({name: round((twice[name] - once[name]) / per) for name in twice})
    return results


def main(args: argparse.Namespace) -> int:
    if not shutil.which("valgrind"):
        print("valgrind is not there", file=sys.stderr)
        return 2
    keys = names(args.only)
    chosen = [case for case in report.cases() if not keys or case.key in keys]
    who = names(args.who)
    if unknown := set(who) - set(report.PARTICIPANTS) or set(keys) - {case.key for case in chosen}:
        print(f"unknown: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    found = {name: count(name, [c for c in chosen if serves(name, c)], args) for name in who}
    instructions: dict[str, dict[str, int]] = {}
    body = []
    for case in chosen:
        instructions[case.key] = {name: found[name][case.key].total() for name in who if case.key in found[name]}
        body.append([case.key, *(f"{instructions[case.key].get(name, 0):,}" for name in who)])
    print(report.grid(["instructions per request", *who], body))
    for name in who if args.show else ():
        for key, costs in found[name].items():
            print(f"\n{key}, {name}: {costs.total():,}")
            for function, cost in costs.most_common(args.show):
                print(f"{cost:>9,}  {function[-100:]}")
    if args.json:
        results: dict[str, Any] = {"about": machine.about(), "instructions": instructions}
        args.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0
