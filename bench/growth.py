"""``python -m bench growth``: ``docs/examples/scaled`` under load, by how many of its servers take part.

Needs HAProxy, PostgreSQL, Redis and wrk. Everything runs on this machine, the load too, so that what more servers
bring ends where the processors do. Three pages: one that comes out of Redis, one that is made, and the latter with a
database that answers after 20 ms, where a server waits more than it works. Then the trial: a server and a worker are
killed and a new release is deployed under load, and what was lost is counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import machine, pages, report
from .servers import RATE, WRONG

FOLDER = machine.ROOT / "docs" / "examples" / "scaled"
DELAY = "0.02"
CONNECTIONS = 64
CASES = ("from Redis", "made", f"made, database {float(DELAY) * 1000:.0f} ms away")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the best one counts")
    parser.add_argument("--seconds", type=int, default=3, help="length of one run of wrk")
    parser.add_argument("--servers", type=int, default=4, help="servers at the most")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")


def rate_of(port: int, seconds: int, cookie: str) -> float:
    """Requests per second for the first page, by wrk; anything but good answers ends the bench."""
    wrk = [
        "wrk",
        "-t1",
        "--timeout",
        "10s",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        *([f"-HCookie: {cookie}"] if cookie else []),
    ]
    said = subprocess.run([*wrk, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    if wrong := WRONG.search(said):
        raise SystemExit(f"wrk saw {wrong[0]}")
    found = RATE.search(said)
    assert found, said
    return float(found[1])


def filled(cluster: Any) -> str:
    """Write twenty topics; the cookie of who did."""
    import trial

    author = trial.Visitor(cluster.port)
    author.send("/auth/join", name="author", password="a password")
    for number in range(20):
        author.send("/topics/new", title=f"Topic {number}", body="Begin.")
    return str(author.cookie)


def grow(args: argparse.Namespace, found: dict[str, dict[str, float]], cases: dict[str, bool], **settings: str) -> None:
    """The rate of each of *cases*, which say whether their page is asked for with a session, for 1 to N servers."""
    from cluster import Cluster

    with tempfile.TemporaryDirectory(prefix="board-bench-") as folder:
        cluster = Cluster(Path(folder), 8500, args.servers, 1, BOARD_POSTS_PER_MINUTE="1000000", **settings)
        try:
            cluster.up()
            cookie = filled(cluster)
            for _ in range(args.rounds):
                for count in range(1, args.servers + 1):
                    for number, name in enumerate(cluster.servers, 1):
                        cluster.haproxy(f"set server board/{name} state {'ready' if number <= count else 'maint'}")
                    for case, session in cases.items():
                        rate = rate_of(cluster.port, args.seconds, cookie if session else "")
                        best = found.setdefault(case, {})
                        best[str(count)] = max(rate, best.get(str(count), 0))
                        print(f"{count} servers, {case}: {rate:,.0f}", file=sys.stderr, flush=True)
        finally:
            cluster.down()


def trial() -> dict[str, Any]:
    command = [sys.executable, str(FOLDER / "trial.py")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=machine.environment("compiled"))
    return dict(json.loads(done.stdout))


def main(args: argparse.Namespace) -> int:
    sys.path.insert(0, str(FOLDER))
    rates: dict[str, dict[str, float]] = {}
    grow(args, rates, {CASES[0]: False, CASES[1]: True})
    grow(args, rates, {CASES[2]: True}, DATABASE_DELAY=DELAY)
    found = {"about": machine.about(), "rates": rates, "trial": trial()}
    print(report.grid(*grid(found)))
    print(json.dumps(found["trial"], indent=1))
    if args.docs:
        pages.write({"scaled": found})
    return 0


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Requests per second, and how many times the first server's."""
    cases = list(found["rates"])
    body = []
    for count in found["rates"][cases[0]]:
        row = [count]
        for case in cases:
            rate = found["rates"][case][count]
            row.append(f"{rate:,.0f} ({rate / found['rates'][case]['1']:.1f} ×)")
        body.append(row)
    return ["servers", *cases], body
