"""``python -m bench live``: many connections to one worker: websockets, event streams, and views that wait.

Each framework's site runs in gunicorn's ASGI worker, which ``bolthead serve --asgi`` is, on core 0; the clients are one
process on core 1. Of websockets and streams, as many as asked for are opened and stay; then one request sends a message
to all of them, several times. What counts is the memory that each connection takes of the worker, and the time until
the last client has the message. Of the view that waits 100 ms, 500 requests are sent at once.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import sys
import time
from pathlib import Path
from typing import Any

from . import machine, pages, report
from .asgi import OTHERS, pinned
from .cases.live_sites import SITES, WAIT
from .machine import HOST
from .servers import environment, fetch, free_port, running

TEXT = "message-%04d-to-all"
BATCH = 100
"""Connections that are opened at a time; a listening socket's backlog is short."""
PATHS = {"websockets": "/ws", "event streams": "/events"}
KINDS = (*PATHS, "waiting requests")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--connections", type=int, default=5000, help="websockets and streams that are open at once")
    parser.add_argument("--waiting", type=int, default=500, help="requests that wait at once")
    parser.add_argument("--rounds", type=int, default=3, help="each with a fresh server; the best one counts")
    parser.add_argument("--messages", type=int, default=5, help="messages that are sent to all, in each round")
    parser.add_argument("--frameworks", default=",".join(SITES), help="who takes part, with commas between")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")


class Client(asyncio.Protocol):
    """One connection, which counts how often *wanted* came; ``heard`` is called each time."""

    def __init__(self, request: bytes, heard: Any) -> None:
        self.request = request
        self.heard = heard
        self.rest = b""
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def begin(self) -> None:
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.heard(self, data)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True


class Crowd:
    """Many clients, and how many of them have read a text since it was last waited for."""

    def __init__(self, port: int, path: str) -> None:
        self.port = port
        lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}:{port}"]
        if path == PATHS["websockets"]:
            key = base64.b64encode(os.urandom(16)).decode()
            lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
            lines.append(f"Sec-WebSocket-Key: {key}")
        self.request = "\r\n".join([*lines, "", ""]).encode()
        self.clients: list[Client] = []
        self.wanted = b""
        self.missing: set[Client] = set()
        self.all_have = asyncio.Event()

    def heard(self, client: Client, data: bytes) -> None:
        client.rest += data
        if self.wanted in client.rest:
            client.rest = b""
            self.missing.discard(client)
            if not self.missing:
                self.all_have.set()

    def expect(self, wanted: bytes) -> None:
        self.wanted = wanted
        self.missing = set(self.clients)
        self.all_have.clear()

    async def until_all_have(self) -> None:
        try:
            await asyncio.wait_for(self.all_have.wait(), 120)
        except TimeoutError:
            lost = sum(client.lost for client in self.clients)
            raise SystemExit(f"{len(self.missing)} clients wait for {self.wanted!r}, {lost} were closed") from None

    async def connect(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, client = await loop.create_connection(lambda: Client(self.request, self.heard), HOST, self.port)
            self.clients.append(client)

    async def open(self, count: int, answer: bytes) -> None:
        """Open *count* connections, in batches, each with its *answer* read."""
        everyone: list[Client] = []
        while len(everyone) < count:
            self.clients = []
            await self.connect(min(BATCH, count - len(everyone)))
            self.expect(answer)
            for client in self.clients:
                client.begin()
            await self.until_all_have()
            everyone += self.clients
        self.clients = everyone


def resident(pid: int) -> int:
    """Bytes of memory of a server's worker, its one child."""
    [child] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{child}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


async def say(port: int, text: str) -> int:
    said = await asyncio.to_thread(fetch, port, f"/say?text={text}")
    return int(said.rpartition(b"\r\n\r\n")[2])


async def open_connections(kind: str, port: int, pid: int, args: argparse.Namespace) -> dict[str, float]:
    crowd = Crowd(port, PATHS[kind])
    # What the first ones load is not theirs.
    await crowd.open(10, b"101 Switching" if kind == "websockets" else b": hello")
    warm = crowd.clients
    await say(port, "warm")
    before = resident(pid)
    await crowd.open(args.connections, b"101 Switching" if kind == "websockets" else b": hello")
    memory = (resident(pid) - before) / args.connections
    took = []
    for number in range(args.messages):
        text = TEXT % number
        crowd.expect(text.encode())
        start = time.perf_counter()
        count = await say(port, text)
        await crowd.until_all_have()
        took.append(time.perf_counter() - start)
        if count != args.connections + len(warm):
            raise SystemExit(f"the message went to {count} of {args.connections + len(warm)}")
    return {"kB": memory / 1024, "ms": min(took) * 1000}


async def wait_at_once(port: int, args: argparse.Namespace) -> dict[str, float]:
    crowd = Crowd(port, "/wait")
    while len(crowd.clients) < args.waiting:
        await crowd.connect(min(BATCH, args.waiting - len(crowd.clients)))
    took = []
    for _ in range(args.messages):
        crowd.expect(b"waited")
        start = time.perf_counter()
        for client in crowd.clients:
            client.begin()
        await crowd.until_all_have()
        took.append(time.perf_counter() - start)
    return {"ms": min(took) * 1000}


def command(python: str, port: int) -> list[str]:
    gunicorn = [python, "-m", "gunicorn", "--no-control-socket", "--bind", f"{HOST}:{port}", "--log-level", "error"]
    many = ["--backlog", "4096", "--worker-connections", "20000", "--keep-alive", "60", "--workers", "1"]
    return [*gunicorn, "--worker-class", "asgi", *many, "bench.cases.live_sites:app"]


def one_round(kind: str, framework: str, args: argparse.Namespace) -> dict[str, float]:
    port = free_port()
    env = environment(framework)
    with running(command(args.python, port), env, port, "waited", "/wait") as process, pinned({1}):
        if kind in PATHS:
            return asyncio.run(open_connections(kind, port, process.pid, args))
        return asyncio.run(wait_at_once(port, args))


def measure(args: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    """By kind and framework, the least of each figure."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for turn in range(args.rounds):
        for kind in KINDS:
            for framework in args.frameworks.split(","):
                result = one_round(kind, framework, args)
                best = found.setdefault(kind, {}).setdefault(framework, result)
                found[kind][framework] = {name: min(best[name], value) for name, value in result.items()}
                line = "  ".join(f"{value:8.1f} {name}" for name, value in result.items())
                print(f"{turn + 1}  {kind:17} {framework:10} {line}", file=sys.stderr, flush=True)
    return found


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    body = []
    for kind, by in found["live"].items():
        count = found["connections"] if kind in PATHS else found["waiting"]
        for framework, row in by.items():
            memory = f"{row['kB']:.1f}" if "kB" in row else ""
            body.append([f"{count:,} {kind}, {framework}", memory, f"{row['ms']:,.0f}"])
    return ["open at once on one worker", "kB of memory for each", "ms until the last has its answer, or message"], body


def main(args: argparse.Namespace) -> int:
    found = {"live": measure(args), "connections": args.connections, "waiting": args.waiting}
    found["about"] = machine.about()
    found["about"]["versions"] |= machine.versions(OTHERS)
    print(report.grid(*grid(found)))
    waited = found["live"]["waiting requests"].get("bolthead", {}).get("ms", 0)
    print(
        f"\n{args.waiting} requests that wait {WAIT * 1000:.0f} ms, target 300 ms: {'ok' if waited < 300 else 'MISSED'}"
    )
    if args.docs:
        pages.write({"live": found})
    return 0
