"""``python -m bench threads``: requests in process from one thread and from two, of one application.

For an interpreter without the GIL; with it, two threads do the work of one. The loop, which shares nothing between
threads, is what two threads get from the machine at that time, and the measure of what an application could gain.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import frameworks, machine, pages, report
from .cases.asks import App, Jobs, count_for, spin
from .cases.table import Case, cases
from .report import names

CASES = "string,json,int,query,form,session-read,template"
LOOP = "a loop"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default=CASES, metavar="CASES", help="cases by key, with commas between")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each case; the best one counts")
    parser.add_argument("--seconds", type=float, default=0.1, help="length of a round of one thread")
    parser.add_argument("--threads", type=int, default=2, help="how many threads are compared with one")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")
    parser.add_argument("--json", type=Path, help="write the results to this file")


def own(case: Case) -> Jobs:
    """The case's requests with strings of their own, as a server makes them for each connection."""
    return [
        ({key: "".join(list(value)) if type(value) is str else value for key, value in environ.items()}, body)
        for environ, body in case.jobs
    ]


def loop(count: int) -> None:
    total = 0
    for number in range(count):
        total += number * number % 7


def took(works: list[Callable[[], None]]) -> float:
    """Seconds from the common start of *works*, each in a thread of its own, to the end of the last."""
    barrier = threading.Barrier(len(works))
    starts, ends = [], []

    def run(work: Callable[[], None]) -> None:
        barrier.wait()
        starts.append(time.perf_counter())
        work()
        ends.append(time.perf_counter())

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(ends) - min(starts)


def gains(case: Case, args: argparse.Namespace) -> dict[str, float]:
    """By participant, how many times as much all threads together do in a second as one alone."""
    makers: dict[str, Callable[[], Callable[[], None]]] = {}
    turns = round(args.seconds * 1e7)
    makers[LOOP] = lambda: lambda: loop(turns)
    for name in ("flask", "bolthead"):
        app = frameworks.application(name, case)
        assert app is not None
        makers[name] = maker(app, case, count_for(app, case.jobs, args.seconds))
    best: dict[tuple[str, int], float] = {}
    for _ in range(args.rounds):
        for name, make in makers.items():
            for count in (1, args.threads):
                seconds = took([make() for _ in range(count)])
                best[name, count] = min(seconds, best.get((name, count), seconds))
    return {name: args.threads * best[name, 1] / best[name, args.threads] for name in makers}


def maker(app: App, case: Case, count: int) -> Callable[[], Callable[[], None]]:
    def make() -> Callable[[], None]:
        jobs = own(case)
        return lambda: spin(app, jobs, count)

    return make


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    head = [f"{found['threads']} threads, × one", LOOP, "Flask", "bolthead"]
    rows = [[row["title"], *(report.number(row[who]) for who in (LOOP, "flask", "bolthead"))] for row in found["gains"]]
    return head, rows


def main(args: argparse.Namespace) -> int:
    wanted = [case for case in cases() if case.key in names(args.only)]
    found = {"about": machine.about(), "threads": args.threads, "gains": []}
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        found["about"]["python"] += " without the GIL"
    for case in wanted:
        found["gains"].append({"title": case.title, **gains(case, args)})
        print(case.key, found["gains"][-1], file=sys.stderr, flush=True)
    print(report.grid(*grid(found)))
    pages.store(args, "threads", found)
    return 0
