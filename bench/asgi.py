"""``python -m bench asgi``: ASGI frameworks side by side, in one process and on one event loop.

An event loop that many tasks use is only as quick as the application between two of its turns, so that the clock is the
processor time, as in the rest of the bench.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from time import process_time
from typing import Any

from . import frameworks, machine, pages, report
from .cases.asgi_asks import AsgiCase, answer, spin
from .cases.asgi_sites import SITES
from .cases.table import objects
from .report import names
from .timing import Timed, settled

PART = "asgi" if sys.version_info < (3, 12) else f"asgi-{sys.version_info[0]}.{sys.version_info[1]}"
"""The result's name: those of newer interpreters stand beside the one of the oldest."""
OTHERS = ("blacksheep", "starlette", "litestar", "fastapi", "quart", "uvloop")


def cases() -> list[AsgiCase]:
    return [
        AsgiCase("string", "text", "/"),
        AsgiCase("int", "`/item/<int:id>` → JSON", "/item/4711"),
        AsgiCase("json-body", "JSON body of 20 objects in, JSON out", "/objects", objects()),
        AsgiCase("sync", "view without `async`, in a thread", "/sync"),
        AsgiCase("sync-core", "the same, all threads on one core", "/sync", one_core=True),
        AsgiCase("connect", "websocket: accepted, one message, left", "/echo", messages=1),
        AsgiCase("echo", "websocket: one message of 100", "/echo", messages=100),
    ]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="CASES", help="cases by key, with commas between")
    parser.add_argument("--frameworks", default=",".join(SITES), help="who takes part, with commas between")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each case; the best one counts")
    parser.add_argument("--seconds", type=float, default=0.05, help="length of a round of one framework")
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")


class Life:
    """The lifespan of an application; frameworks do a part of their set-up in it."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.orders: asyncio.Queue[str] = asyncio.Queue()
        self.answers: asyncio.Queue[str] = asyncio.Queue()

    async def receive(self) -> dict[str, Any]:
        return {"type": f"lifespan.{await self.orders.get()}"}

    async def send(self, message: Any) -> None:
        self.answers.put_nowait(message["type"])

    async def __aenter__(self) -> Life:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self.task = asyncio.ensure_future(self.app(scope, self.receive, self.send))
        await self.order("startup")
        return self

    async def __aexit__(self, *caught: object) -> None:
        await self.order("shutdown")
        await self.task

    async def order(self, event: str) -> None:
        self.orders.put_nowait(event)
        answer = await self.answers.get()
        if answer != f"lifespan.{event}.complete":
            raise RuntimeError(answer)


async def taking_part(case: AsgiCase, apps: dict[str, Any]) -> dict[str, Any]:
    """Who serves *case*; RuntimeError where answers differ. JSON is compared by what it says."""
    found = {}
    expected: Any = None
    for name, app in apps.items():
        if name == "bare":
            if case.key == "string":
                found[name] = app
            continue
        try:
            status, kind, body = await answer(app, case)
        except Exception as error:
            raise RuntimeError(f"{name} fails in {case.key}: {error!r}") from error
        if status == 404 or (status == 0 and case.messages):
            continue
        said = json.loads(body) if kind.startswith("application/json") else (kind, body)
        if expected is None:
            expected = (status, said)
        if (status, said) != expected:
            raise RuntimeError(f"{name} answers {case.key} with {(status, said)!r}, not {expected!r}")
        found[name] = app
    return found


@contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """All threads of the process run on *cores*, and those that they start."""
    before = os.sched_getaffinity(0)
    pin(cores)
    try:
        yield
    finally:
        pin(before)


def pin(cores: set[int]) -> None:
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), cores)


async def time_case(case: AsgiCase, apps: dict[str, Any], rounds: int, seconds: float) -> list[Timed]:
    """Rounds in turns; microseconds of one request, or message."""
    apps = await taking_part(case, apps)
    counts = {}
    for name, app in apps.items():
        await spin(app, case, 10)
        count, took = 10, 0.0
        while took < seconds / 4:
            count *= 2
            start = process_time()
            await spin(app, case, count)
            took = process_time() - start
        counts[name] = max(1, round(count * seconds / took))
    results = {name: Timed(case.key, name) for name in apps}
    with settled():
        for _ in range(rounds):
            for name, app in apps.items():
                start = process_time()
                await spin(app, case, counts[name])
                results[name].rounds.append((process_time() - start) / counts[name] / case.units * 1e6)
    line = "  ".join(f"{name} {timed.best:.2f}" for name, timed in results.items())
    print(f"{case.key:10} {line}", file=sys.stderr, flush=True)
    return list(results.values())


async def measure(chosen: Iterable[AsgiCase], who: Iterable[str], args: argparse.Namespace) -> list[Timed]:
    apps = {}
    timed = []
    async with AsyncExitStack() as lives:
        for name in who:
            try:
                apps[name] = SITES[name]()
            except ModuleNotFoundError as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
                continue
            if name != "bare":
                await lives.enter_async_context(Life(apps[name]))
        for case in chosen:
            cores = os.sched_getaffinity(0)
            with pinned({min(cores)} if case.one_core else cores):
                timed += await time_case(case, apps, args.rounds, args.seconds)
    return timed


def cell(name: str, times: dict[str, float]) -> str:
    """Microseconds, and in parentheses how many times bolthead's they are."""
    if name not in times:
        return ""
    if name == "bolthead" or "bolthead" not in times:
        return f"{times[name]:.1f}"
    return f"{times[name]:.1f} ({times[name] / times['bolthead']:.1f})"


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    times = found["times"]
    who = [name for name in SITES if any(name in by for by in times.values())]
    shown = [case for case in cases() if case.key in times]
    body = [[case.title, *(cell(name, times[case.key]) for name in who)] for case in shown]
    return [f"µs, on one {found['loop']} loop", *who], body


def main(args: argparse.Namespace) -> int:
    who = names(args.frameworks)
    keys = names(args.only)
    chosen = [case for case in cases() if not keys or case.key in keys]
    if unknown := (set(who) - set(SITES)) | (set(keys) - {case.key for case in cases()}):
        print(f"unknown: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    frameworks.build_of_bolthead()
    logging.disable(logging.CRITICAL)
    if args.loop == "uvloop":
        import uvloop

        timed = uvloop.run(measure(chosen, who, args))
    else:
        timed = asyncio.run(measure(chosen, who, args))
    times: dict[str, dict[str, float]] = {}
    for item in timed:
        times.setdefault(item.case, {})[item.framework] = item.best
    about = machine.about()
    about["versions"] |= machine.versions(OTHERS)
    found = {"about": about, "loop": args.loop, "times": times}
    print(report.grid(*grid(found)))
    if args.json:
        rounds = [{"case": item.case, "framework": item.framework, "rounds": item.rounds} for item in timed]
        args.json.write_text(json.dumps({"about": about, "loop": args.loop, "results": rounds}, indent=1) + "\n")
    if args.docs:
        pages.write({PART: found})
    return 0
