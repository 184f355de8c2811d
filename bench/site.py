"""An application with a route of each kind that a server treats differently: ``bench.site:app``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bolthead import Flask, request, send_file

FILE = Path(tempfile.mkdtemp()) / "file.css"
FILE.write_bytes(b"a" * 1024)
BIG = FILE.with_name("film.mp4")
BIG.write_bytes(b"a" * 5_000_000)
LARGE = "x" * 100_000
PIECE = "x" * 1000

app = Flask(__name__)


@app.get("/")
def plain() -> str:
    return "Hello, world!"


@app.get("/json")
def some_json() -> dict[str, Any]:
    return {"message": "Hello, world!", "numbers": list(range(10)), "nested": {"a": True, "b": None}}


@app.post("/form")
def form() -> str:
    return request.form["name"]


@app.get("/large")
def large() -> str:
    return LARGE


@app.get("/stream")
def stream() -> Iterator[str]:
    return (PIECE for _ in range(100))


@app.get("/file")
def file() -> Any:
    return send_file(FILE)


@app.get("/film")
def film() -> Any:
    return send_file(BIG)
