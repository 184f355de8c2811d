"""Routing beside Werkzeug's, both builds: ``python -m bench routing``.

Times are the best of many short rounds, taken in turns. Each build is timed in a process of its own.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import timeit
from typing import Any

from . import machine, pages, report
from .cases.routes import CASES, RouteCase

BUILDS = ("compiled", "pure")
MANY = 100_000


def timer(case: RouteCase, routing: Any, flask: Any) -> timeit.Timer:
    return timeit.Timer(case.statement, globals=case.setup(routing, flask))


def best(case: RouteCase, timers: list[timeit.Timer], rounds: int) -> list[float]:
    """Microseconds per operation for each timer."""
    counts = []
    for one in timers:
        once = min(one.repeat(3, 1))
        counts.append(max(1, round(0.0008 / once)))
    turns = max(5, rounds // 10) if case.slow else rounds
    found = [float("inf")] * len(timers)
    for _ in range(turns):
        for nth, (one, count) in enumerate(zip(timers, counts, strict=True)):
            found[nth] = min(found[nth], one.timeit(count) / count)
    return [seconds * 1e6 / case.per for seconds in found]


def scale(rules: int) -> tuple[float, float]:
    """Microseconds per match of a static and of a dynamic rule among *rules*."""
    import bolthead.routing

    adapter = big_map(bolthead.routing, rules).bind("example.com")
    found = []
    chosen = rules // 4
    for path in (f"/a{chosen // 100}/b{chosen % 100}", f"/a{chosen // 100}/c{chosen % 100}/17"):
        one = timeit.Timer("adapter.match(path)", globals={"adapter": adapter, "path": path})
        one.timeit(1000)
        found.append(min(one.repeat(200, 500)) / 500 * 1e6)
    return found[0], found[1]


def big_map(routing: Any, count: int) -> Any:
    table = routing.Map()
    for n in range(count // 2):
        table.add(routing.Rule(f"/a{n // 100}/b{n % 100}", endpoint=n))
        table.add(routing.Rule(f"/a{n // 100}/c{n % 100}/<int:id>", endpoint=-n))
    table.update()
    return table


def memory(name: str, count: int) -> float:
    """Bytes per rule in a map of *count*, by resident memory of this process."""
    import importlib

    routing = importlib.import_module(name)
    big_map(routing, 200)
    gc.collect()
    before = resident()
    table = big_map(routing, count)
    gc.collect()
    after = resident()
    return (after - before) / len(list(table.iter_rules()))


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(rounds: int) -> dict[str, Any]:
    """All that this process can tell about its build."""
    import flask
    import werkzeug.routing

    import bolthead
    import bolthead.routing

    times = {}
    for case in CASES:
        timers = [
            timer(case, werkzeug.routing, flask.Flask),
            timer(case, bolthead.routing, bolthead.Flask),
        ]
        times[case.key] = best(case, timers, rounds)
        print(
            f"{case.key:10} {times[case.key][0]:12.3f} {times[case.key][1]:10.3f}",
            file=sys.stderr,
            flush=True,
        )
    return {"times": times, "scale": [scale(10), scale(MANY)]}


def child(build: str, *arguments: str) -> Any:
    environment = {**os.environ, "BOLTHEAD_PURE": "1" if build == "pure" else ""}
    command = [sys.executable, "-m", "bench", "routing", *arguments]
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The results as a head and rows."""
    runs, weights = found["runs"], found["weights"]
    body = []
    for case in CASES:
        (theirs, compiled), (again, pure) = (runs[build]["times"][case.key] for build in BUILDS)
        ratios = [f"{theirs / compiled:.1f} ×", f"{again / pure:.1f} ×"]
        body.append([case.title, f"{theirs:.2f}", f"{compiled:.3f}", ratios[0], f"{pure:.3f}", ratios[1]])
    for nth, name in enumerate(("static", "1 variable")):
        growth = [runs[build]["scale"][1][nth] / runs[build]["scale"][0][nth] for build in BUILDS]
        few, many = (runs["compiled"]["scale"][which][nth] for which in (0, 1))
        title = f"10 → 100 000 rules, {name}"
        body.append([title, "", f"{few:.3f} → {many:.3f}", f"{growth[0]:.2f} ×", "", f"{growth[1]:.2f} ×"])
    if weights:
        theirs, *ours = (weights[name] for name in ("werkzeug", *BUILDS))
        cells = [cell for size in ours for cell in (f"{size:.0f} B", f"{size / theirs:.2f} ×")]
        body.append(["memory per rule, 100 000 rules", f"{theirs:.0f} B", *cells])
    return ["case", "Werkzeug, µs", "compiled, µs", "ratio", "pure, µs", "ratio"], body


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=150, help="rounds per case (%(default)s)")
    parser.add_argument("--memory", action="store_true", help="also weigh 100 000 rules; takes some minutes")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--weigh", help=argparse.SUPPRESS)


def main(args: argparse.Namespace) -> int:
    if args.measure:
        print(json.dumps(measure(args.rounds)))
        return 0
    if args.weigh:
        print(json.dumps(memory(args.weigh, MANY)))
        return 0
    runs = {build: child(build, "--measure", "--rounds", str(args.rounds)) for build in BUILDS}
    weights = {}
    if args.memory:
        weights = {build: child(build, "--weigh", "bolthead.routing") for build in BUILDS}
        weights["werkzeug"] = child("pure", "--weigh", "werkzeug.routing")
    found = {"about": machine.about(), "runs": runs, "weights": weights}
    print(report.grid(*grid(found)))
    if args.docs:
        pages.write({"routing": found})
    return 0
