"""The documentation's tables and plots, from stored results: ``docs/_bench``.

``results.json`` there holds the last result of every part; a run replaces the parts it measured.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import freshness, machine, plot, report

FOLDER = machine.ROOT / "docs" / "_bench"
BOARD_NAMES = {"techempower": "TechEmpower", "benchmarker": "the-benchmarker", "httparena": "HttpArena"}
RESULTS = FOLDER / "results.json"


def table(head: list[str], body: list[list[str]]) -> str:
    """A Markdown table; columns of numbers to the right, the first and those of words to the left."""
    columns = list(zip(*body, strict=True))[1:]
    sides = ("--:" if any(cell[:1].isdigit() for cell in column) else "---" for column in columns)
    lines = [head, ["---", *sides], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def place(about: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    load = about.get("load")
    before = "" if load is None else f", a load of {load:g} before it"
    build = ", compiled by profile" if about.get("by_profile") else ""
    return (
        f"`{about['command']}` on {about['processor']}, {about['cores']} cores, {about['system']}, {about['python']}; "
        f"{packages}; commit {about['commit']}, {about['date']}{build}{before}."
    )


def in_process(found: dict[str, Any]) -> str:
    rows = report.rows(found["runs"])
    head = ["times Flask", "compiled", "pure"]
    body = [[row.title, *(report.ratio(row.ratios.get(build)) for build in ("compiled", "pure"))] for row in rows]
    lines = "\n".join(f"- {line}" for line in means(rows))
    return f"{table(head, body)}\n{lines}\n\n{place(found['about'])}\n"


def headline(found: dict[str, Any]) -> str:
    """The start page's sentence."""
    rows = report.rows(found["runs"])
    compiled, pure = ([row.ratios[build] for row in rows if build in row.ratios] for build in ("compiled", "pure"))
    return (
        f"Over {len(compiled)} kinds of request it is {report.geometric(compiled):.1f} times as fast as Flask in the"
        f" geometric mean, {min(compiled):.1f} at least; uncompiled {report.geometric(pure):.1f} and {min(pure):.1f}"
        f" ([in process](performance.md), commit {found['about']['commit']})."
        " Whole applications [gain less](explanation/applications.md).\n"
    )


def means(rows: list[report.Row]) -> list[str]:
    """The geometric means, one line each."""
    lines = []
    for build in ("compiled", "pure"):
        ratios = {row.key: row.ratios[build] for row in rows if build in row.ratios}
        if ratios:
            others = [ratio for key, ratio in ratios.items() if not key.startswith("page-")]
            lines.append(
                f"{build}: {report.geometric(ratios.values()):.1f} × Flask in the geometric mean,"
                f" {min(ratios.values()):.1f} × at least; {report.geometric(others):.1f} × without the pages"
            )
    for rival in report.RIVALS:
        ratios = report.against(rows, rival)
        if ratios:
            mean = report.geometric(ratios)
            lines.append(
                f"{plot.LABELS[rival]}: {mean:.1f} × in the geometric mean of {len(ratios)} cases that both serve"
            )
    return lines


def microseconds(found: dict[str, Any]) -> str:
    rows = report.rows(found["runs"])
    names = [name for name in report.PARTICIPANTS if any(name in row.times for row in rows)]
    head = ["µs per request", *(plot.LABELS[name] for name in names)]
    body = [[row.title, *(report.number(row.times.get(name)) for name in names)] for row in rows]
    return f"{table(head, body)}\n{place(found['about'])}\n"


def through_servers(found: dict[str, Any]) -> str:
    body = []
    for server, by in found["servers"].items():
        for framework, rates in by.items():
            compared = [
                f"{rates['best'] / by[other]['best']:.2f}" if other in by else "" for other in ("bare", "flask")
            ]
            body.append([server, framework, f"{rates['cpu']:.1f}", f"{rates['best']:,.0f}", *compared])
    head = ["server", "application", "µs of CPU per request", "requests/s", "× bare", "× Flask"]
    return f"{table(head, body)}\n{place(found['about'])}\n"


def starting(found: dict[str, Any]) -> str:
    times, sizes = found["startup"]["import_ms"], found["startup"]["resident_mb"]
    body = []
    for who in times:
        parts = [f"{values[who] / values['flask']:.0%}" for values in (times, sizes)]
        body.append([plot.LABELS[who], f"{times[who]:.1f}", parts[0], f"{sizes[who]:.1f}", parts[1]])
    head = ["", "import, ms", "of Flask", "resident, MB", "of Flask"]
    return f"{table(head, body)}\n{place(found['about'])}\n"


def applications(found: dict[str, Any]) -> str:
    """A table in process for each kind of page, and one through servers."""
    from .applications.sites import KINDS

    parts = []
    for kind, title in KINDS.items():
        head = [f"{title}, µs per request", "Flask", "compiled", "pure", "× compiled", "× pure"]
        body = []
        for row in found["pages"]:
            us = row["us"]
            if row["kind"] == kind:
                times = [f"{us[side]:,.0f}" for side in ("flask", "compiled", "pure")]
                gains = [report.ratio(us["flask"] / us[side]) for side in ("compiled", "pure")]
                body.append([f"{row['site']}: {row['page']}", *times, *gains])
        parts.append(table(head, body))
    head = ["µs of the core per request", "Flask, gthread", "bolthead, gthread", "bolthead's worker"]
    head += ["× gthread", "× worker"]
    body = []
    for row in found["servers"]:
        flask, same, own = (by["cpu"] for by in row["servers"].values())
        times = [f"{time:,.0f}" for time in (flask, same, own)]
        body.append([f"{row['site']}: {row['page']}", *times, report.ratio(flask / same), report.ratio(flask / own)])
    parts.append(table(head, body))
    return "\n".join([*parts, place(found["about"])]) + "\n"


def gains(found: dict[str, Any]) -> str:
    """How much faster pages of each kind are in process, from the least to the most."""
    from .applications.sites import KINDS

    lines = []
    for kind, title in KINDS.items():
        rows = [row["us"] for row in found["pages"] if row["kind"] == kind]
        spans = []
        for side in ("compiled", "pure"):
            ratios = [us["flask"] / us[side] for us in rows]
            ends = dict.fromkeys(f"{end:.1f}" for end in (min(ratios), max(ratios)))
            spans.append(f"{' to '.join(ends)} times {side}")
        lines.append(f"- {title}: {', '.join(spans)}.\n")
    return "".join(lines)


def standing(found: dict[str, Any]) -> list[str]:
    """By the core's time and by the rate: in how many tests bolthead is first, and which entries are before it."""
    from .public.contracts import CONTRACTS

    tests = [test for test in CONTRACTS if "bolthead" in found["rate"].get(test.key, ())]
    lines = []
    for what, by, sign in (("cpu", "the core's time", 1), ("rate", "the rate", -1)):
        ahead = {}
        for test in tests:
            numbers = found[what][test.key]
            names = [name for name, value in numbers.items() if value and sign * value < sign * numbers["bolthead"]]
            if names:
                ahead[f"*{test.title}*, {BOARD_NAMES[test.board]}"] = ", ".join(names)
        lines.append(f"- By {by} bolthead is first in {len(tests) - len(ahead)} of {len(tests)} tests.")
        lines += [f"  - Before it in {test}: {names}." for test, names in ahead.items()]
    return lines


def public(found: dict[str, Any]) -> str:
    """A table for each board, who is first, and how each server was started."""
    from .public.contracts import BOARDS, CONTRACTS
    from .public.entries import ENTRIES

    parts = []
    for board in BOARDS:
        tests = [test for test in CONTRACTS if test.board == board and test.key in found["rate"]]
        for what, unit, form in (("rate", "requests/s", "{:,.0f}"), ("cpu", "µs of the core per request", "{:,.1f}")):
            body = []
            for entry in ENTRIES:
                cells = [found[what][test.key].get(entry.name) for test in tests]
                if any(cells):
                    body.append(
                        [entry.name, *("" if cell is None else form.format(cell) if cell else "-" for cell in cells)]
                    )
            parts.append(table([f"{BOARD_NAMES[board]}, {unit}", *(test.title for test in tests)], body))
    parts.append("\n".join([*standing(found), "", "The commands:", ""]))
    lines = [f"- {name}: `{command}`" for name, command in found["commands"].items()]
    return "\n".join([*parts, "\n".join(lines), "", place(found["about"])]) + "\n"


def plain(title: str) -> str:
    return title.replace("`", "")


def plots(results: dict[str, Any]) -> dict[str, str]:
    made = {}
    if "inprocess" in results:
        rows = report.rows(results["inprocess"]["runs"])
        groups = [plot.Group(plain(row.title), row.ratios) for row in rows if row.ratios]
        made["ratios.svg"] = plot.bars("Times as fast as Flask 3.1.3, in process", " ×", groups)
        names = ("compiled", "falcon", "bottle")
        others = [
            plot.Group(plain(row.title), {name: row.times[name] for name in names if name in row.times})
            for row in rows
            if "falcon" in row.times
        ]
        made["others.svg"] = plot.bars("Microseconds per request, in process", " µs", others)
    if "servers" in results:
        groups = [
            plot.Group(server if len(by) > 1 else f"{server}, defaults", {k: v["cpu"] for k, v in by.items()})
            for server, by in results["servers"]["servers"].items()
        ]
        made["servers.svg"] = plot.bars("Processor time per request through a server", " µs", groups)
    return made


def gridded(part: str) -> Callable[[dict[str, Any]], str]:
    """The table that the module *part* of the bench makes of its result."""

    def make(found: dict[str, Any]) -> str:
        head, body = importlib.import_module(f"bench.{part}").grid(found)
        return f"{table(head, body)}\n{place(found['about'])}\n"

    return make


def route_tables(results: dict[str, Any]) -> tuple[tuple[list[str], list[list[str]]], ...]:
    """The documentation's tables of a run with ``--routes``: processor time by route, and latency."""
    names = list(results["plain"])
    times = [[route, *(f"{by[name]['cpu']:,.0f}" for name in names)] for route, by in results.items()]
    waits = [
        [name, f"{found['best']:,.0f}", f"{found['p99']:.1f}", f"{found['half']:.0%}", f"{found['p99_half']:.1f}"]
        for name, found in results["plain"].items()
    ]
    return (
        (["µs of CPU per request", *names], times),
        (["server", "highest rate, requests/s", "99% within, ms", "about half of it", "99% within, ms"], waits),
    )


def routes(found: dict[str, Any]) -> str:
    return "\n".join([*(table(*grid) for grid in route_tables(found["servers"])), place(found["about"])]) + "\n"


def survived(found: dict[str, Any]) -> str:
    trial = found["trial"]
    shown = [name for name, value in trial.items() if isinstance(value, (int, float))]
    return table(["in the trial", ""], [[name, f"{trial[name]:,}"] for name in shown])


TEXTS = {
    "headline.inc": ("inprocess", headline),
    "inprocess.inc": ("inprocess", in_process),
    "microseconds.inc": ("inprocess", microseconds),
    "other.inc": ("other", in_process),
    "servers.inc": ("servers", through_servers),
    "routes.inc": ("routes", routes),
    "startup.inc": ("startup", starting),
    "asgi.inc": ("asgi", gridded("asgi")),
    "asgi-3.13.inc": ("asgi-3.13", gridded("asgi")),
    "asgi-servers.inc": ("asgi-servers", gridded("servers")),
    "live.inc": ("live", gridded("live")),
    "routing.inc": ("routing", gridded("routing")),
    "files.inc": ("files", gridded("files")),
    "templates.inc": ("templates", gridded("templates")),
    "install.inc": ("install", gridded("install")),
    "threads.inc": ("threads", gridded("threads")),
    "scaled.inc": ("scaled", gridded("growth")),
    "trial.inc": ("scaled", survived),
    "applications.inc": ("applications", applications),
    "gains.inc": ("applications", gains),
    "shares.inc": ("shares", gridded("shares")),
    "public.inc": ("public", public),
}
"""What is made of the results: the file, the part that it shows, and how."""


def texts(results: dict[str, Any]) -> dict[str, str]:
    """Every file of the documentation that stored *results* give, by its name."""
    made = {name: make(results[part]) for name, (part, make) in TEXTS.items() if part in results}
    return {"results.json": json.dumps(results, indent=1) + "\n", **plots(results), **made}


def store(args: argparse.Namespace, part: str, found: dict[str, Any]) -> None:
    """Write *found* into the file of ``--json`` and, with ``--docs``, into the documentation's results as *part*."""
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    if args.docs:
        write({part: found})


def write(new: dict[str, Any]) -> list[Path]:
    """Store *new* (part → its result) and write every page and plot that the stored results give."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    freshness.stamp(new)
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    made = texts(results | new)
    for name, content in made.items():
        (FOLDER / name).write_text(content)
    return [FOLDER / name for name in made]
