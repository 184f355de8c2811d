"""``python -m bench bodies``: large multipart bodies, beside Flask, and whether time and memory stay in line.

The bodies are made as they are read, so what a process holds at its peak is what the framework holds. Each
measurement is a process of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from . import machine

MB = 1 << 20
BUFFER = 1 << 16
BOUNDARY = b"----WebKitFormBoundaryq3XJ9ZbTn0vYhB2c"
HEAD = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="upload"; filename="f.bin"\r\n\r\n'
TAIL = b"\r\n--" + BOUNDARY + b"--\r\n"
CONTENTS = {
    "every byte": bytes(range(256)),
    "CRLF pairs": b"\r\n",
    "near-boundaries": b"\r\n--" + BOUNDARY[:-1],
}
WHOLE = "every byte, read whole"
SIZES = (1, 100)
PARTICIPANTS = ("flask", "file", "pure", "compiled")


@cache
def block(contents: bytes) -> memoryview:
    """A megabyte of *contents* and some more. Made once: the state of the allocator is to be the framework's doing."""
    return memoryview(contents * (MB // len(contents) + 2))


class Body(io.RawIOBase):
    """A form with one file of *size* bytes that repeat *contents*, never in memory as a whole."""

    def __init__(self, contents: bytes, size: int) -> None:
        self.block = block(contents)
        self.period = len(contents)
        self.size = size
        self.length = len(HEAD) + size + len(TAIL)
        self.at = 0

    def readinto(self, buffer: Any) -> int:
        data = self.piece(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return self.readall() if size < 0 else self.piece(size)

    def piece(self, size: int) -> bytes:
        size = min(size, MB)
        if self.at < len(HEAD):
            data = HEAD[self.at : self.at + size]
        elif self.at < len(HEAD) + self.size:
            at = self.at - len(HEAD)
            data = bytes(self.block[at % self.period : at % self.period + min(size, self.size - at)])
        else:
            data = TAIL[self.at - len(HEAD) - self.size :][:size]
        self.at += len(data)
        return data


def application(who: str, piece: int) -> Callable[..., Any]:
    """A view that reads an uploaded file in pieces of that size, -1 for whole, and says how long it is."""
    if who == "file":
        return file_alone(piece)
    if who == "flask":
        import flask as framework
    else:
        import bolthead as framework  # type: ignore[no-redef]
    app = framework.Flask(__name__)
    request = framework.request

    @app.post("/")
    def index() -> str:
        read = request.files["upload"].read
        return str(sum(len(found) for found in iter(lambda: read(piece), b"")))

    return app


def file_alone(piece: int) -> Callable[..., Any]:
    """No framework and no form: the body into a temporary file and back, which is what any framework has to do."""
    around = len(HEAD) + len(TAIL)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with TemporaryFile("rb+") as file:
            for data in iter(lambda: environ["wsgi.input"].read(BUFFER), b""):
                file.write(data)
            file.seek(0)
            size = sum(len(found) for found in iter(lambda: file.read(piece), b""))
        return [str(size - around).encode()]

    return app


def measure(who: str, contents: str, size: int, rounds: int) -> dict[str, float]:
    """Milliseconds of the best round, and how many MB the process grew over its first, small request."""
    import resource

    app = application(who, -1 if contents == WHOLE else MB)

    def once(megabytes: int) -> float:
        body = Body(CONTENTS[contents.partition(",")[0]], megabytes * MB)
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.errors": sys.stderr,
            "CONTENT_LENGTH": str(body.length),
            "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY.decode()}",
        }
        start = time.perf_counter()
        answer = app(environ, lambda *args: None)
        text = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        spent = time.perf_counter() - start
        assert text == str(megabytes * MB).encode(), text
        return spent * 1000

    once(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best = min(once(size) for _ in range(rounds))
    return {"ms": best, "grown": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024}


def of_its_own(who: str, contents: str, size: int, rounds: int) -> dict[str, float]:
    """As `measure`, in a process of its own; of 1 MB there are ten times as many rounds."""
    order = json.dumps([who, contents, size, rounds * (10 if size == 1 else 1)])
    command = [sys.executable, "-m", "bench", "bodies", "--one", order]
    env = machine.environment("pure" if who == "pure" else "compiled")
    return json.loads(subprocess.run(command, check=True, env=env, stdout=subprocess.PIPE).stdout)  # type: ignore[no-any-return]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--who", default=",".join(PARTICIPANTS), help=f"with commas between, of {PARTICIPANTS}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of 100 MB; of 1 MB there are ten times as many")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--one", help=argparse.SUPPRESS)


def main(args: argparse.Namespace) -> int:
    if args.one:
        print(json.dumps(measure(*json.loads(args.one))))
        return 0
    results: dict[str, dict[str, float]] = {}
    print(f"{'contents':<22} {'who':<9} {'ms, 1 MB':>9} {'ms/MB, 100':>10} {'ratio':>6} {'grown MB':>9} {'× Flask':>8}")
    for contents in (WHOLE, *CONTENTS):
        flask = 0.0
        for who in sorted(args.who.split(","), key=PARTICIPANTS.index):
            found = [of_its_own(who, contents, size, args.rounds) for size in SIZES[: 1 if contents == WHOLE else 2]]
            small = found[0]["ms"]
            results[f"{contents}, {who}"] = {"small": small}
            line = f"{contents:<22} {who:<9} {small:9.2f}"
            if len(found) > 1:
                large = found[1]["ms"] / SIZES[1]
                results[f"{contents}, {who}"] |= {"large": large, "grown": found[1]["grown"]}
                line += f" {large:10.2f} {large / small:6.2f} {found[1]['grown']:9.1f}"
            if who == "flask":
                flask = small
            print(f"{line:<69} {flask / small:8.1f}" if flask else line, flush=True)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    return 0
