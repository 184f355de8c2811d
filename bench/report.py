"""From measurements to rows: ratios, targets, geometric means, and the table on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .cases.table import cases

MEANS = {"compiled": 12.0, "pure": 6.0}
"""Geometric means over all cases against Flask that are aimed at."""

RIVALS = {"falcon": 1.6, "bottle": 3.0, "django": 10.0}
"""Geometric means against other frameworks that are aimed at, over the cases both serve."""


PARTICIPANTS = ("compiled", "pure", "flask", *RIVALS, "bare")
"""Columns of the tables, in their order."""


@dataclass
class Row:
    """One case: microseconds per request by participant, with bolthead twice, and the targets."""

    key: str
    title: str
    times: dict[str, float]
    ratios: dict[str, float]
    targets: dict[str, float]

    def met(self, build: str) -> bool | None:
        ratio = self.ratios.get(build)
        return None if ratio is None else ratio >= self.targets[build]


def rows(runs: Iterable[dict[str, Any]]) -> list[Row]:
    """Rows from the workers' results; each build is set against the Flask of its own process."""
    runs = list(runs)
    found = []
    for case in cases():
        times: dict[str, float] = {}
        ratios: dict[str, float] = {}
        for run in runs:
            mine = {r["framework"]: r["best"] for r in run["results"] if r["case"] == case.key}
            if "bolthead" in mine:
                times[run["build"]] = mine.pop("bolthead")
                if "flask" in mine:
                    ratios[run["build"]] = mine["flask"] / times[run["build"]]
            for name, best in mine.items():
                times.setdefault(name, best)
        if times:
            targets = {"compiled": case.compiled, "pure": case.pure}
            found.append(Row(case.key, case.title, times, ratios, targets))
    return found


def geometric(values: Iterable[float]) -> float:
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def against(table: list[Row], rival: str, build: str = "compiled") -> list[float]:
    """How many times as fast as *rival* bolthead is, for every case that both serve."""
    return [row.times[rival] / row.times[build] for row in table if rival in row.times and build in row.times]


def names(text: str) -> list[str]:
    """The parts of an option's value, which are separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def grid(head: list[str], body: list[list[str]]) -> str:
    """Text in columns: the first to the left, the others to the right."""
    widths = [max(len(line[n]) for line in [head, *body]) for n in range(len(head))]
    lines = []
    for line in [head, *body]:
        first, *others = zip(line, widths, strict=True)
        lines.append("  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def terminal(table: list[Row]) -> str:
    """The table of a run, in microseconds and in times Flask, with a mark where a target is missed."""
    names = [name for name in PARTICIPANTS if any(name in row.times for row in table)]
    builds = [build for build in ("compiled", "pure") if any(build in row.ratios for row in table)]
    head = ["case", *(f"{name} µs" for name in names)]
    for build in builds:
        head += [f"{build} ×", "target", ""]
    body = []
    for row in table:
        line = [row.key, *(number(row.times.get(name)) for name in names)]
        for build in builds:
            mark = {True: "ok", False: "MISSED", None: ""}[row.met(build)]
            line += [ratio(row.ratios.get(build)), f"{row.targets[build]:g}", mark]
        body.append(line)
    return grid(head, body) + "\n\n" + "\n".join(summary(table))


def summary(table: list[Row]) -> list[str]:
    """The geometric means, one line each."""
    lines = []
    for build, target in MEANS.items():
        ratios = [row.ratios[build] for row in table if build in row.ratios]
        if ratios:
            met = sum(bool(row.met(build)) for row in table)
            mean = geometric(ratios)
            lines.append(
                f"{build}: {mean:.1f} × Flask in the geometric mean (target {target:g}); "
                f"{met} of {len(ratios)} cases reach their target"
            )
    for rival, target in RIVALS.items():
        ratios = against(table, rival)
        if ratios:
            behind = [row.key for row in table if row.times.get(rival, math.inf) < row.times.get("compiled", 0)]
            lines.append(
                f"{rival}: {geometric(ratios):.1f} × in the geometric mean of {len(ratios)} cases (target {target:g}); "
                + (f"behind in {', '.join(behind)}" if behind else "ahead in each")
            )
    bare = [row.times["compiled"] - row.times["bare"] for row in table if {"compiled", "bare"} <= row.times.keys()]
    if bare:
        lines.append(f"bare WSGI callable: bolthead adds {min(bare):.2f} µs to it at the least")
    return lines
