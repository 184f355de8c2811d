"""``python -m bench servers``: requests per second through real servers, by wrk, on the loopback interface.

The server is pinned to core 0 and wrk to core 1; connections are kept alive and carry a browser's headers. Each
round starts every server anew, one after the other. Besides the rate: the processor time of the server's processes for
each request, which other load on the machine moves less, and the 99th percentile of the latency.

``--asgi`` measures ASGI applications through ASGI servers, all with the view ``string`` of ``bench asgi``.
``--routes`` measures one application with routes of several kinds (``bench.site``) instead: beside granian and
gunicorn's own threaded worker; of the first route also the latency at half of the highest rate.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import asgi, machine, pages, report
from .cases.asks import BROWSER
from .machine import HOST

FRAMEWORKS = ("bare", "bolthead", "falcon", "flask")
OF_BARE, OF_FLASK = 0.92, 4.0
"""Through granian, bolthead reaches at least these parts of the bare callable's and of Flask's rate."""
WORKER = "gunicorn -k bolthead"
OF_WORKER = [
    ((WORKER, "bolthead"), ("granian", "bare"), 1.5),
    ((f"{WORKER}, 8 threads", "bolthead"), ("granian, 8 threads", "bare"), 1.4),
    ((f"{WORKER}, 8 threads", "bolthead"), ("gunicorn", "flask"), 11.0),
    ((f"{WORKER}, 8 threads", "bolthead"), ("gunicorn", "bolthead"), 5.0),
]
"""What bolthead's worker reaches: a server and its application, the ones beside it, and how many times their rate."""

P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
COUNT = re.compile(r"(\d+) requests in")
ROUTES = {
    "plain": "/",
    "JSON": "/json",
    "form": "/form",
    "100 kB": "/large",
    "stream": "/stream",
    "1 kB file": "/file",
    "5 MB file": "/film",
}
PAUSE = 0.0019
"""Seconds from an answer to the next request on a connection that pauses (``pause.lua``), as a first guess."""
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
WRONG = re.compile(r"Non-2xx or 3xx responses: \d+|Socket errors: .*")
SAYS = "Hello, world!"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the best one counts")
    parser.add_argument("--seconds", type=int, default=2, help="length of one run of wrk")
    parser.add_argument("--connections", type=int, default=16, help="connections kept open by wrk")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    parser.add_argument("--asgi", action="store_true", help="ASGI applications through ASGI servers")
    parser.add_argument("--routes", action="store_true", help="routes of several kinds, through fewer servers")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--docs", action="store_true", help="with --asgi or --routes: write the documentation's table")


def commands(python: str, port: int, app: str = "bench.served:app") -> dict[str, list[str]]:
    """How each server is started with one worker; the last one with its defaults."""
    granian = [python, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    gunicorn = [python, "-m", "gunicorn", "--no-control-socket", "--bind", f"{HOST}:{port}", "--log-level", "error"]
    ours = [*gunicorn, "--worker-class", "bolthead.serving.Worker", "--keep-alive", "60"]
    return {
        "granian": [*granian, "--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "error", app],
        "granian, 8 threads": [
            *granian,
            "--workers",
            "1",
            "--blocking-threads",
            "8",
            "--no-ws",
            "--log-level",
            "error",
            app,
        ],
        "gunicorn": [*gunicorn, "--worker-class", "gthread", "--workers", "1", "--threads", "4", app],
        "gunicorn -k bolthead": [*ours, "--workers", "1", "--threads", "1", app],
        "gunicorn -k bolthead, 8 threads": [*ours, "--workers", "1", "--threads", "8", app],
        "bolthead serve": [python, "-m", "bolthead", "--app", app, "serve", "--bind", f"{HOST}:{port}"],
    }


ASGI_FRAMEWORKS = ("bare", "bolthead", "starlette", "blacksheep")
ASGI_OF_BARE = 0.9
"""Over ASGI the bare callable's processor time is at least this part of bolthead's."""


def asgi_commands(python: str, port: int) -> dict[str, list[str]]:
    app = "bench.served_asgi:app"
    granian = [python, "-m", "granian", "--interface", "asgi", "--host", HOST, "--port", str(port), "--workers", "1"]
    uvicorn = [python, "-m", "uvicorn", "--host", HOST, "--port", str(port), "--log-level", "error", "--no-access-log"]
    gunicorn = [python, "-m", "gunicorn", "--no-control-socket", "--bind", f"{HOST}:{port}", "--log-level", "error"]
    return {
        "granian": [*granian, "--log-level", "error", app],
        "uvicorn": [*uvicorn, app],
        "gunicorn -k asgi": [*gunicorn, "--worker-class", "asgi", "--workers", "1", "--keep-alive", "60", app],
    }


def environment(framework: str) -> dict[str, str]:
    return {**machine.environment("compiled"), "BENCH_FRAMEWORK": framework}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def fetch(port: int, path: str, tls: bool = False) -> bytes:
    with socket.create_connection((HOST, port), timeout=2) as connection:
        if tls:
            connection = ssl._create_unverified_context().wrap_socket(connection)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running(
    command: list[str],
    env: dict[str, str],
    port: int,
    says: str = SAYS,
    path: str = "/",
    tls: bool = False,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The server, ready to answer *says* at *path*; ended with its workers on the way out."""
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command],
        env=env,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 20
        while True:
            if process.poll() is not None:
                assert process.stderr is not None
                raise SystemExit(f"{' '.join(command)} ended: {process.stderr.read().decode()}")
            try:
                said = fetch(port, path, tls)
                break
            except OSError:
                if time.monotonic() > end:
                    raise SystemExit(f"{' '.join(command)} does not answer") from None
                time.sleep(0.05)
        if says.encode() not in said:
            raise SystemExit(f"{' '.join(command)} answers {said!r}")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def processor_time(pid: int) -> float:
    """Seconds that a process and its descendants have run."""
    found = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += sum(processor_time(int(child)) for child in (task / "children").read_text().split())
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return found + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_wrk(port: int, path: str, seconds: int, connections: int, script: Path | None) -> str:
    """What wrk says; anything but good answers ends the bench."""
    headers = [
        f"-H{key.removeprefix('HTTP_').replace('_', '-').title()}: {value}"
        for key, value in BROWSER.items()
        if key not in ("HTTP_HOST", "HTTP_CONNECTION")
    ]
    wrk = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "30s",
        "--latency",
        *headers,
    ]
    if script is not None:
        wrk += ["-s", str(script)]
    said = subprocess.run([*wrk, f"http://{HOST}:{port}{path}"], capture_output=True, text=True, check=True).stdout
    if wrong := WRONG.search(said):
        raise SystemExit(f"wrk saw {wrong[0]} at {path}")
    return said


def rate(process: subprocess.Popen[bytes], port: int, args: argparse.Namespace, path: str = "/") -> dict[str, float]:
    """Requests per second, µs of the processor for each, and the 99th percentile in ms."""
    script = Path(__file__).with_name("form.lua") if path == "/form" else None
    run_wrk(port, path, 1, args.connections, script)
    before = processor_time(process.pid)
    said = run_wrk(port, path, args.seconds, args.connections, script)
    spent = processor_time(process.pid) - before
    rates, counts, slow = RATE.search(said), COUNT.search(said), P99.search(said)
    assert rates and counts and slow, said
    return {
        "rate": float(rates[1]),
        "cpu": spent / int(counts[1]) * 1e6,
        "p99": float(slow[1]) * UNITS[slow[2]],
    }


def at_half(port: int, args: argparse.Namespace, full: float) -> dict[str, float]:
    """The rate and the 99th percentile with as many connections as make about half of the rate *full*."""
    script = Path(__file__).with_name("pause.lua")
    connections = full / 2 * PAUSE
    for _ in range(2):
        said = run_wrk(port, "/", args.seconds, max(1, round(connections)), script)
        rates, slow = RATE.search(said), P99.search(said)
        assert rates and slow, said
        connections *= full / 2 / max(float(rates[1]), 1)
    return {"half": float(rates[1]) / full, "p99_half": float(slow[1]) * UNITS[slow[2]]}


def summary(runs: list[dict[str, float]]) -> dict[str, float]:
    rates = [run["rate"] for run in runs]
    of_half = {key: min(run[key] for run in runs) for key in ("half", "p99_half") if key in runs[0]}
    return of_half | {
        "best": max(rates),
        "median": statistics.median(rates),
        "cpu": min(run["cpu"] for run in runs),
        "p99": min(run["p99"] for run in runs),
    }


Results = dict[str, dict[str, dict[str, float]]]


def measure(args: argparse.Namespace) -> Results:
    """By server and framework."""
    start, frameworks = (asgi_commands, ASGI_FRAMEWORKS) if args.asgi else (commands, FRAMEWORKS)
    runs: dict[str, dict[str, list[dict[str, float]]]] = {}
    for turn in range(args.rounds):
        for server in start(args.python, 0):
            for framework in frameworks if server != "bolthead serve" else ("bolthead",):
                port = free_port()
                with running(start(args.python, port)[server], environment(framework), port) as process:
                    found = rate(process, port, args)
                runs.setdefault(server, {}).setdefault(framework, []).append(found)
                tell(turn, server, framework, found)
    return {server: {name: summary(all_) for name, all_ in by.items()} for server, by in runs.items()}


def measure_routes(args: argparse.Namespace) -> Results:
    """By route and server, all with the same application of bolthead."""
    runs: dict[str, dict[str, list[dict[str, float]]]] = {}
    for turn in range(args.rounds):
        for server in commands(args.python, 0):
            port = free_port()
            command = commands(args.python, port, "bench.site:app")[server]
            with running(command, environment("bolthead"), port) as process:
                for route, path in ROUTES.items():
                    found = rate(process, port, args, path)
                    if route == "plain":
                        found |= at_half(port, args, found["rate"])
                    runs.setdefault(route, {}).setdefault(server, []).append(found)
                    tell(turn, server, route, found)
    return {route: {name: summary(all_) for name, all_ in by.items()} for route, by in runs.items()}


def tell(turn: int, server: str, what: str, found: dict[str, float]) -> None:
    line = f"{turn + 1}  {server:32} {what:9} {found['rate']:10,.0f} {found['cpu']:8.1f} µs {found['p99']:8.2f} ms"
    print(line, file=sys.stderr, flush=True)


HEADINGS = ["best", "median", "µs of CPU", "p99, ms"]


def cells(found: dict[str, float]) -> list[str]:
    return [f"{found['best']:,.0f}", f"{found['median']:,.0f}", f"{found['cpu']:.1f}", f"{found['p99']:.2f}"]


def terminal(results: Results) -> str:
    body = []
    for server, by in results.items():
        for framework, found in by.items():
            row = [f"{server}, {framework}", *cells(found)]
            for other in ("bare", "flask"):
                row.append(f"{found['best'] / by[other]['best']:.2f}" if other in by else "")
            body.append(row)
    table = report.grid(["requests per second", *HEADINGS, "× bare", "× Flask"], body)
    by = results["granian"]
    of_bare, of_flask = (by["bolthead"]["best"] / by[other]["best"] for other in ("bare", "flask"))
    verdict = "ok" if of_bare >= OF_BARE and of_flask >= OF_FLASK else "MISSED"
    lines = [table, "", f"granian: target {OF_BARE:.0%} of bare and {OF_FLASK:g} × Flask: {verdict}"]
    for ours, theirs, target in OF_WORKER:
        part = results[ours[0]][ours[1]]["best"] / results[theirs[0]][theirs[1]]["best"]
        verdict = "ok" if part >= target else "MISSED"
        lines.append(f"{', '.join(ours)} beside {', '.join(theirs)}: {part:.2f} ×, target {target:g} ×: {verdict}")
    return "\n".join(lines)


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The documentation's table of a run with ``--asgi``."""
    body = []
    for server, by in found["servers"].items():
        for framework, rates in by.items():
            part = f"{by['bare']['cpu'] / rates['cpu']:.2f}"
            body.append([server, framework, f"{rates['cpu']:.1f}", part, f"{rates['best']:,.0f}"])
    return ["server", "application", "µs of CPU per request", "of bare", "requests/s"], body


def verdicts(results: Results) -> str:
    lines = []
    for server, by in results.items():
        part = by["bare"]["cpu"] / by["bolthead"]["cpu"]
        verdict = "ok" if part >= ASGI_OF_BARE else "MISSED"
        lines.append(f"{server}: {part:.0%} of bare, target {ASGI_OF_BARE:.0%}: {verdict}")
    return "\n".join(lines)


def terminal_routes(results: Results) -> str:
    body = []
    for route, by in results.items():
        for server, found in by.items():
            body.append([f"{route}, {server}", *cells(found), f"{found['best'] / by['granian']['best']:.2f}"])
    return report.grid(["requests per second", *HEADINGS, "× granian"], body)


def main(args: argparse.Namespace) -> int:
    for tool in ("wrk", "taskset"):
        if not shutil.which(tool):
            print(f"{tool} is not there", file=sys.stderr)
            return 2
    if args.asgi:
        results = measure(args)
        about = machine.about()
        about["versions"] |= machine.versions(asgi.OTHERS)
        found = {"about": about, "servers": results}
        print(report.grid(*grid(found)), verdicts(results), sep="\n\n")
        if args.docs:
            pages.write({"asgi-servers": found})
    elif args.routes:
        results = measure_routes(args)
        print(terminal_routes(results))
        for head, body in pages.route_tables(results):
            print("", report.grid(head, body), sep="\n")
        if args.docs:
            pages.write({"routes": {"about": machine.about(), "servers": results}})
    else:
        results = measure(args)
        print(terminal(results))
    if args.json:
        args.json.write_text(json.dumps({"about": machine.about(), "servers": results}, indent=1) + "\n")
    return 0
