"""``python -m bench``: all cases in process, one worker per build."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import frameworks, machine, report
from .report import names


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="CASES", help="cases by key, with commas between")
    parser.add_argument("--frameworks", default=",".join(frameworks.NAMES), help="who takes part, with commas between")
    parser.add_argument("--builds", default="compiled,pure", help="builds of bolthead, with commas between")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each case; the best one counts")
    parser.add_argument("--seconds", type=float, default=0.03, help="length of a round of one framework")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--docs", action="store_true", help="write the documentation's tables and plots")
    parser.add_argument("--no-servers", action="store_true", help="with --docs: leave the servers' table as it is")


def worker(build: str, args: argparse.Namespace, taking_part: list[str]) -> dict[str, Any]:
    """Run one process of the bench; what it says on the way goes to the terminal."""
    orders = {
        "only": names(args.only),
        "frameworks": taking_part,
        "rounds": args.rounds,
        "seconds": args.seconds,
    }
    print(f"--- {build}", file=sys.stderr, flush=True)
    done = subprocess.run(
        [args.python, "-m", "bench.worker", json.dumps(orders)],
        env=machine.environment(build),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """All that was asked for: each build beside Flask in a process of its own, the others with the first."""
    runs = []
    for build in names(args.builds):
        chosen = names(args.frameworks)
        if runs:
            chosen = [name for name in chosen if name in ("bolthead", "flask")]
        runs.append(worker(build, args, chosen))
    about = machine.about()
    about["python"] = f"CPython {runs[0]['python']}"
    return {"about": about, "runs": runs}


def documentation(args: argparse.Namespace, results: dict[str, Any]) -> None:
    """Write the pages: a run with another interpreter fills its own table, ours all."""
    from . import pages, servers, startup

    if Path(args.python).resolve() != Path(sys.executable).resolve():
        pages.write({"other": results})
        return
    new: dict[str, Any] = {"inprocess": results}
    new["startup"] = {"about": results["about"], "startup": startup.measure(args.python, args.rounds)}
    if args.no_servers:
        pass
    elif shutil.which("wrk"):
        own = argparse.ArgumentParser()
        servers.options(own)
        new["servers"] = {"about": results["about"], "servers": servers.measure(own.parse_args([]))}
    else:
        print("wrk is not there: the servers' table stays as it is", file=sys.stderr)
    pages.write(new)


def main(args: argparse.Namespace) -> int:
    unknown = set(names(args.only)) - {case.key for case in report.cases()}
    unknown |= set(names(args.frameworks)) - set(frameworks.NAMES)
    unknown |= set(names(args.builds)) - {"compiled", "pure"}
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    if args.docs and (args.only or set(names(args.frameworks)) != set(frameworks.NAMES)):
        print("The documentation's tables are of all cases and frameworks: leave --docs away.", file=sys.stderr)
        return 2
    results = measure(args)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n")
    if args.docs:
        documentation(args, results)
    print(report.terminal(report.rows(results["runs"])))
    different = [f"{run['build']}: {said}" for run in results["runs"] for said in run["different"]]
    for said in different:
        print(f"NOT TIMED, the answers differ: {said}")
    return 1 if different else 0
