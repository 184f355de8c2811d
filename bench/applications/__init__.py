"""``python -m bench applications``: public applications, unedited, on Flask and on bolthead.

In process, in turns, and through gunicorn, by wrk. An application is
installed from the package index in an environment of its own kind, kept where ``tests/upstream`` keeps its own.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from .. import machine, pages, report, servers
from ..report import names
from .sites import KINDS, SITES, Page, Site

SIDES = ("flask", "compiled", "pure")
AS_FLASK = ("-m", "bolthead.as_flask")
CHANGING = re.compile(r'name="csrf_token"[^>]*>|nonce-?[^\s"]*|\d{2}:\d{2}:\d{2}(\.\d+)?')
"""What an application writes anew for each answer."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="NAMES", help="applications, with commas between")
    parser.add_argument("--rounds", type=int, default=7, help="rounds in turns; the best one counts")
    parser.add_argument("--seconds", type=float, default=0.3, help="length of one side's round in process")
    parser.add_argument("--no-servers", action="store_true", help="in process only")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")


def python() -> Path:
    """The Python of the environment with all of the applications."""
    from tests.upstream import environments

    wanted = [*(site.requirement for site in SITES), *environments.extra("serve")]
    return environments.make_plain("bench-applications", wanted)


def environment(exe: Path, side: str) -> dict[str, str]:
    env = machine.environment("pure" if side == "pure" else "compiled", foreign=True)
    return {**env, "PATH": f"{exe.parent}:{env.get('PATH', '')}", "PYTHONWARNINGS": "ignore"}


class Child:
    """A process with one application on one side, which obeys `child`'s orders. *before* is a tool that runs it."""

    def __init__(self, exe: Path, side: str, site: Site, folder: Path, before: tuple[str, ...] = ()) -> None:
        how = () if side == "flask" else AS_FLASK
        self.process = subprocess.Popen(
            [*before, str(exe), *how, "-m", "bench.applications.child", site.key, str(folder)],
            env=environment(exe, side),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if side == "flask" else None,
            text=True,
        )
        while (line := self.read()) != "ready":
            print(line, file=sys.stderr)

    def read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(map(str, self.process.args))} ended")  # type: ignore[arg-type]
        return line.strip()

    def send(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def ask(self, **order: Any) -> Any:
        self.send(**order)
        return json.loads(self.read())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def children(exe: Path, site: Site, folder: Path) -> Iterator[dict[str, Child]]:
    with ExitStack() as stack:
        made = {}
        for side in SIDES:
            made[side] = Child(exe, side, site, folder)
            stack.callback(made[side].close)
        yield made


def same(answers: dict[str, dict[str, Any]]) -> str:
    """What differs between the sides' answers, apart from what is new in each answer; nothing if nothing does."""
    stable = {
        side: [
            given["status"],
            *sorted(name for name, _ in given["headers"]),
            *CHANGING.sub("", given["body"]).splitlines(),
        ]
        for side, given in answers.items()
    }
    for side, lines in stable.items():
        for one, other in zip_longest(stable["flask"], lines):
            if one != other:
                return f"{other!r} on {side}, where Flask has {one!r}"
    return ""


def in_process(exe: Path, site: Site, folder: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    found = []
    with children(exe, site, folder) as made:
        for number, page in enumerate(site.pages):
            for child in made.values():
                child.ask(do="spin", page=number, count=20)
            if said := same({side: child.ask(do="answer", page=number) for side, child in made.items()}):
                raise SystemExit(f"{site.key}, {page.title}: {said}")
            counts = {side: child.ask(do="count", page=number, seconds=args.seconds) for side, child in made.items()}
            times: dict[str, list[float]] = {side: [] for side in SIDES}
            for _ in range(args.rounds):
                for side, child in made.items():
                    times[side].append(child.ask(do="spin", page=number, count=counts[side]))
            best = {side: min(rounds) for side, rounds in times.items()}
            found.append(
                {
                    "site": site.key,
                    "page": page.title,
                    "kind": page.kind,
                    "us": best,
                }
            )
            tell(found[-1])
    return found


def tell(row: dict[str, Any]) -> None:
    us = row["us"]
    line = f"{row['site']:10} {row['page']:28} " + "  ".join(f"{side} {us[side]:.0f}" for side in SIDES)
    print(f"{line}  × {us['flask'] / us['compiled']:.2f}", file=sys.stderr, flush=True)


def commands(exe: Path, port: int) -> dict[tuple[str, str], list[str]]:
    """By side and server: gunicorn's threaded worker on both sides, and ours; one process, four threads."""
    app = "bench.applications.served:app"
    gunicorn = ["-m", "gunicorn", "--no-control-socket", "--bind", f"{machine.HOST}:{port}", "--log-level", "error"]
    gunicorn += ["--workers", "1", "--threads", "4", "--keep-alive", "60"]
    gthread = [*gunicorn, "--worker-class", "gthread", app]
    ours = [*gunicorn, "--worker-class", "bolthead.serving.Worker", app]
    return {
        ("flask", "gthread"): [str(exe), *gthread],
        ("compiled", "gthread"): [str(exe), *AS_FLASK, *gthread],
        ("compiled", "bolthead"): [str(exe), *AS_FLASK, *ours],
    }


def through_servers(exe: Path, site: Site, folder: Path, rounds: int) -> list[dict[str, Any]]:
    pages = [page for page in site.pages if page.served]
    runs: dict[tuple[str, str, str], list[dict[str, float]]] = {}
    args = argparse.Namespace(connections=8, seconds=2)
    for _ in range(rounds):
        for side, server in commands(exe, 0):
            port = servers.free_port()
            env = {**environment(exe, side), "BENCH_SITE": site.key, "BENCH_FOLDER": str(folder)}
            with servers.running(commands(exe, port)[side, server], env, port, says="HTTP/1.") as process:
                for page in pages:
                    found = servers.rate(process, port, args, address(page))
                    runs.setdefault((page.title, side, server), []).append(found)
    rows = []
    for page in pages:
        by = {f"{side}, {server}": servers.summary(runs[page.title, side, server]) for side, server in commands(exe, 0)}
        rows.append({"site": site.key, "page": page.title, "servers": by})
        rates = "  ".join(f"{name} {found['best']:.0f}" for name, found in by.items())
        print(f"{site.key:10} {page.title:28} {rates}", file=sys.stderr, flush=True)
    return rows


def address(page: Page) -> str:
    return page.ask.path + (f"?{page.ask.query}" if page.ask.query else "")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    exe = python()
    keys = names(args.only) or [site.key for site in SITES]
    rows, served = [], []
    for site in SITES:
        if site.key not in keys:
            continue
        with tempfile.TemporaryDirectory() as folder:
            rows += in_process(exe, site, Path(folder), args)
            if not args.no_servers:
                served += through_servers(exe, site, Path(folder), min(args.rounds, 3))
    about = machine.about()
    about["versions"] |= dict(site.requirement.split("==") for site in SITES if site.key in keys)
    return {"about": about, "pages": rows, "servers": served}


def terminal(results: dict[str, Any]) -> str:
    body = []
    for row in results["pages"]:
        us = row["us"]
        times = [f"{us[side]:.0f}" for side in SIDES]
        gains = [f"{us['flask'] / us[side]:.2f}" for side in SIDES[1:]]
        body.append([f"{row['site']}, {row['page']}, {KINDS[row['kind']].lower()}", *times, *gains])
    return report.grid(["µs per request", *SIDES, "× compiled", "× pure"], body)


def main(args: argparse.Namespace) -> int:
    if unknown := set(names(args.only)) - {site.key for site in SITES}:
        print(f"unknown: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    if not args.no_servers and not (shutil.which("wrk") and shutil.which("taskset")):
        print("wrk or taskset is not there; --no-servers goes without them", file=sys.stderr)
        return 2
    results = measure(args)
    print(terminal(results))
    pages.store(args, "applications", results)
    return 0
