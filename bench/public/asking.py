"""Asks a server what a board asks, checks the answers, and lets wrk load it."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess

from .. import machine, servers
from .contracts import SCRIPTS, Contract, Try


def ask(port: int, attempt: Try, tls: bool) -> tuple[http.client.HTTPResponse, bytes]:
    if tls:
        # The certificate is the bench's own.
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(machine.HOST, port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(machine.HOST, port, timeout=30)
    headers = {} if attempt.body is None else {"Content-Type": "text/plain"}
    body = iter([attempt.body]) if attempt.chunked and attempt.body is not None else attempt.body
    connection.request(attempt.method, attempt.path, body, headers, encode_chunked=attempt.chunked)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response, text


def check(port: int, test: Contract) -> str:
    """What is wrong with a server's answers; nothing if nothing is."""
    for attempt in test.tries:
        response, body = ask(port, attempt, test.tls)
        what = f"{attempt.method} {attempt.path}"
        if response.status != 200:
            return f"{what} gives {response.status}"
        if not (response.getheader("Content-Type") or "").startswith(attempt.kind):
            return f"{what} has the content type {response.getheader('Content-Type')}"
        text = body.decode()
        if isinstance(attempt.expect, str):
            good = text == attempt.expect
        else:
            good = attempt.expect(json.loads(text) if attempt.kind == "application/json" else text)
        if not good:
            return f"{what} answers {text[:200]!r}"
    return ""


def load(port: int, pid: int, test: Contract, seconds: int) -> tuple[dict[str, float], str]:
    """Requests per second, µs of the server's processor for each, and all that wrk said.

    Anything but good answers ends the bench.
    """
    wrk = ["taskset", "-c", "1", "wrk", "-t1", f"-c{test.connections}", "--latency"]
    if test.script:
        wrk += ["-s", str(SCRIPTS / test.script)]
    address = f"http{'s' * test.tls}://{machine.HOST}:{port}{test.path}"
    said, spent = "", 0.0
    for length in (1, seconds):
        before = servers.processor_time(pid)
        said = subprocess.run([*wrk, f"-d{length}s", address], capture_output=True, text=True, check=True).stdout
        spent = servers.processor_time(pid) - before
    rate, count = servers.RATE.search(said), servers.COUNT.search(said)
    if rate is None or count is None or servers.WRONG.search(said):
        raise SystemExit(f"{test.key}: wrk says\n{said}")
    answers = int(count[1])
    return {"rate": float(rate[1]), "cpu": spent / answers * 1e6 if answers else 0.0}, said
