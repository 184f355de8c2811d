"""Rounds in turns in one process: the part that holds the clock."""

from __future__ import annotations

import gc
import statistics
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import process_time

from . import frameworks
from .cases.asks import App, count_for, spin
from .cases.table import Case
from .check import check


@dataclass
class Timed:
    """Microseconds per request of one framework in one case, round by round."""

    case: str
    framework: str
    rounds: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        return min(self.rounds)

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)


@contextmanager
def settled() -> Iterator[None]:
    """Meanwhile the collector leaves alone what is there now, where it can be told so: PyPy's cannot."""
    gc.collect()
    if not hasattr(gc, "freeze"):
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def time_case(case: Case, names: Iterable[str], rounds: int, seconds: float) -> list[Timed]:
    """Time *case* in every framework that serves it, after their answers were found to be the same.

    A round is *seconds* of each framework, one after the other, so that what disturbs the machine disturbs all.
    The clock is the processor time of the process, all threads and the system's share included: waiting for a
    processor that another process uses distorts both.
    The collector runs as in a server, but has this process's own furniture out of its sight.
    """
    apps: dict[str, App] = {}
    for name in names:
        app = frameworks.application(name, case)
        if app is not None:
            apps[name] = app
    if "flask" in apps:
        check(case, apps)
    jobs = case.jobs
    counts = {name: count_for(app, jobs, seconds) for name, app in apps.items()}
    results = {name: Timed(case.key, name) for name in apps}
    with settled():
        for _ in range(rounds):
            for name, app in apps.items():
                start = process_time()
                spin(app, jobs, counts[name])
                took = process_time() - start
                results[name].rounds.append(took / counts[name] / len(jobs) * 1e6)
    line = "  ".join(f"{name} {timed.best:.2f}" for name, timed in results.items())
    print(f"{case.key:14} {line}", file=sys.stderr, flush=True)
    return list(results.values())
