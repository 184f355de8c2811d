"""``python -m bench threads``: requests in process from one thread and from two, of one application.

For an interpreter without the GIL; with it, two threads do the work of one. Beside them stand two processes, which
share nothing: what they do together is what the machine had to give at that time, and the measure of what sharing
costs. Each worker stays on a core of its own, and all cases are asked in turn, in many short rounds of which the best
counts: virtual cores may be two halves of one, or far from each other, for seconds at a time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from . import frameworks, machine, pages, report
from .cases.asks import App, Jobs, count_for, spin
from .cases.table import Case, cases
from .report import names

CASES = "string,json,int,query,form,session-read,template"
WHO = ("bolthead", "flask")
AHEAD = 0.003
"""Seconds from the order to the common start."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default=CASES, metavar="CASES", help="cases by key, with commas between")
    parser.add_argument("--rounds", type=int, default=150, help="rounds of each case; the best one counts")
    parser.add_argument("--seconds", type=float, default=0.01, help="length of a round of one thread")
    parser.add_argument("--threads", type=int, default=2, help="how many threads are compared with one")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")
    parser.add_argument("--json", type=Path, help="write the results to this file")


def own(case: Case) -> Jobs:
    """The case's requests with strings of their own, as a server makes them for each connection."""
    return [
        ({key: "".join(list(value)) if type(value) is str else value for key, value in environ.items()}, body)
        for environ, body in case.jobs
    ]


def pin(nth: int) -> None:
    """Keep the calling thread on core *nth* of those that this process may use."""
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(os.getppid() if multiprocessing.parent_process() else os.getpid()))
        os.sched_setaffinity(threading.get_native_id(), {cores[nth % len(cores)]})


def timed(work: Callable[[], None], start: float) -> float:
    """Seconds from *start*, which is waited for awake, to the end of *work*."""
    while time.perf_counter() < start:
        pass
    work()
    return time.perf_counter() - start


def by_threads(make: Callable[[], Callable[[], None]], count: int) -> float:
    """Seconds that *count* threads take, each for work of its own."""
    took: list[float] = []
    start = [0.0]
    ready = threading.Barrier(count + 1)

    def run(nth: int, work: Callable[[], None]) -> None:
        pin(nth)
        ready.wait()
        took.append(timed(work, start[0]))

    threads = [threading.Thread(target=run, args=(nth, make())) for nth in range(count)]
    for thread in threads:
        thread.start()
    start[0] = time.perf_counter() + AHEAD
    ready.wait()
    for thread in threads:
        thread.join()
    return max(took)


def serve(nth: int, work: Callable[[], None], ours: Connection) -> None:
    """A process of `by_processes`: it works at each time it is told, and tells how long that took."""
    pin(nth)
    while (start := ours.recv()) is not None:
        ours.send(timed(work, start))


def by_processes(workers: list[Connection]) -> float:
    """Seconds that all *workers* take at once."""
    start = time.perf_counter() + AHEAD
    for worker in workers:
        worker.send(start)
    return max(worker.recv() for worker in workers)


class Measured:
    """One application of one case, and the best seconds so far of one thread, of several, and of several processes."""

    def __init__(self, name: str, case: Case, args: argparse.Namespace) -> None:
        app = frameworks.application(name, case)
        assert app is not None
        self.threads = args.threads
        self.count = count_for(app, case.jobs, args.seconds)
        self.make = maker(app, case, self.count)
        self.best = [float("inf")] * 3
        self.workers = []
        fork = multiprocessing.get_context("fork")
        for nth in range(args.threads):
            mine, theirs = fork.Pipe()
            fork.Process(target=serve, args=(nth, self.make(), theirs), daemon=True).start()
            self.workers.append(mine)

    def round(self) -> None:
        took = by_threads(self.make, 1), by_threads(self.make, self.threads), by_processes(self.workers)
        self.best = [min(pair) for pair in zip(self.best, took, strict=True)]

    def result(self) -> dict[str, float]:
        """Microseconds per request of one thread, and what several threads or processes do in its time."""
        one, threads, processes = self.best
        return {
            "microseconds": one / self.count * 1e6,
            "threads": self.threads * one / threads,
            "processes": self.threads * one / processes,
        }


def maker(app: App, case: Case, count: int) -> Callable[[], Callable[[], None]]:
    def make() -> Callable[[], None]:
        jobs = own(case)
        return lambda: spin(app, jobs, count)

    return make


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    count = found["threads"]
    head = [f"× one thread's requests, by {count}", "bolthead, threads", "processes", "Flask, threads", "processes"]
    rows = [
        [row["title"], *(report.number(row[who][what]) for who in WHO for what in ("threads", "processes"))]
        for row in found["gains"]
    ]
    return head, rows


def main(args: argparse.Namespace) -> int:
    wanted = [case for case in cases() if case.key in names(args.only)]
    found = {"about": machine.about(), "threads": args.threads, "gains": []}
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        found["about"]["python"] += " without the GIL"
    all_of_them = {(case.key, name): Measured(name, case, args) for case in wanted for name in WHO}
    for _ in range(args.rounds):
        for one in all_of_them.values():
            one.round()
    for case in wanted:
        results = {name: all_of_them[case.key, name].result() for name in WHO}
        found["gains"].append({"title": case.title, **results})
    print(report.grid(*grid(found)))
    pages.store(args, "threads", found)
    return 0
