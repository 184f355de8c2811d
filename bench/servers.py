"""``python -m bench servers``: requests per second through real servers, by wrk, on the loopback interface.

The server is pinned to core 0 and wrk to core 1; connections are kept alive and carry a browser's headers. Each
round starts every server anew, one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import machine, report
from .cases.asks import BROWSER

HOST = "127.0.0.1"
FRAMEWORKS = ("bare", "bolthead", "falcon", "flask")
OF_BARE, OF_FLASK = 0.92, 4.0
"""Through granian, bolthead reaches at least these parts of the bare callable's and of Flask's rate."""

RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
WRONG = re.compile(r"Non-2xx or 3xx responses: \d+|Socket errors: .*")
SAYS = "Hello, world!"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the best one counts")
    parser.add_argument("--seconds", type=int, default=2, help="length of one run of wrk")
    parser.add_argument("--connections", type=int, default=16, help="connections kept open by wrk")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    parser.add_argument("--json", type=Path, help="write the results to this file")


def commands(python: str, port: int) -> dict[str, list[str]]:
    """How each server is started with one worker; the last one as anybody would."""
    app = "bench.served:app"
    granian = [python, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    gunicorn = [python, "-m", "gunicorn", "--worker-class", "gthread", "--bind", f"{HOST}:{port}"]
    return {
        "granian": [*granian, "--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "error", app],
        "gunicorn": [*gunicorn, "--workers", "1", "--threads", "4", "--log-level", "error", app],
        "bolthead serve": [python, "-m", "bolthead", "--app", app, "serve", "--bind", f"{HOST}:{port}"],
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def fetch(port: int) -> bytes:
    with socket.create_connection((HOST, port), timeout=2) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running(command: list[str], framework: str, port: int) -> Iterator[None]:
    """The server, ready to answer; ended with its workers on the way out."""
    env = {**machine.environment("compiled"), "BENCH_FRAMEWORK": framework}
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command],
        env=env,
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
                said = fetch(port)
                break
            except OSError:
                if time.monotonic() > end:
                    raise SystemExit(f"{' '.join(command)} does not answer") from None
                time.sleep(0.05)
        if SAYS.encode() not in said:
            raise SystemExit(f"{' '.join(command)} answers {said!r}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def rate(port: int, seconds: int, connections: int) -> float:
    """Requests per second; anything but good answers ends the bench."""
    headers = [
        f"-H{key.removeprefix('HTTP_').replace('_', '-').title()}: {value}"
        for key, value in BROWSER.items()
        if key not in ("HTTP_HOST", "HTTP_CONNECTION")
    ]
    wrk = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *headers, f"http://{HOST}:{port}/"]
    said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    if wrong := WRONG.search(said):
        raise SystemExit(f"wrk saw {wrong[0]}")
    found = RATE.search(said)
    assert found, said
    return float(found[1])


def measure(args: argparse.Namespace) -> dict[str, dict[str, dict[str, float]]]:
    rates: dict[str, dict[str, list[float]]] = {}
    for turn in range(args.rounds):
        for server in commands(args.python, 0):
            for framework in FRAMEWORKS if server != "bolthead serve" else ("bolthead",):
                port = free_port()
                with running(commands(args.python, port)[server], framework, port):
                    rate(port, 1, args.connections)
                    found = rate(port, args.seconds, args.connections)
                rates.setdefault(server, {}).setdefault(framework, []).append(found)
                print(f"{turn + 1}  {server:14} {framework:9} {found:10,.0f}", file=sys.stderr, flush=True)
    return {
        server: {name: {"best": max(all_), "median": statistics.median(all_)} for name, all_ in by.items()}
        for server, by in rates.items()
    }


def terminal(results: dict[str, dict[str, dict[str, float]]]) -> str:
    body = []
    for server, by in results.items():
        for framework, found in by.items():
            best = found["best"]
            row = [f"{server}, {framework}", f"{best:,.0f}", f"{found['median']:,.0f}"]
            for other in ("bare", "flask"):
                row.append(f"{best / by[other]['best']:.2f}" if other in by else "")
            body.append(row)
    table = report.grid(["requests per second", "best", "median", "× bare", "× Flask"], body)
    by = results["granian"]
    of_bare, of_flask = (by["bolthead"]["best"] / by[other]["best"] for other in ("bare", "flask"))
    verdict = "ok" if of_bare >= OF_BARE and of_flask >= OF_FLASK else "MISSED"
    return f"{table}\n\ngranian: target {OF_BARE:.0%} of bare and {OF_FLASK:g} × Flask: {verdict}"


def main(args: argparse.Namespace) -> int:
    for tool in ("wrk", "taskset"):
        if not shutil.which(tool):
            print(f"{tool} is not there", file=sys.stderr)
            return 2
    results = measure(args)
    print(terminal(results))
    if args.json:
        args.json.write_text(json.dumps({"about": machine.about(), "servers": results}, indent=1) + "\n")
    return 0
