"""Run inside Pyodide: an application answers through the test client, in the pure build."""

from __future__ import annotations

import io
import sys
import time

STARTED = float(globals().get("STARTED", 0))
"""Seconds that the runtime took to start, given by ``run.mjs``."""

begun = time.perf_counter()
import bolthead  # noqa: E402

flask_class = bolthead.Flask  # the package is lazy

imported = time.perf_counter() - begun
from bolthead import _core  # noqa: E402

app = bolthead.Flask(__name__)
app.secret_key = "pyodide"


@app.get("/<int:number>")
def number(number: int) -> dict[str, int]:
    return {"twice": 2 * number}


@app.post("/form")
def form() -> str:
    bolthead.session["name"] = bolthead.request.form["name"]
    return bolthead.request.files["file"].read().decode()


@app.get("/page")
def page() -> str:
    return bolthead.render_template_string("<b>{{ name }}</b>", name=bolthead.session["name"])


@app.get("/stream")
def stream() -> object:
    return iter(["a", "b", "c"])


client = app.test_client()
assert _core.build_name() == "pure"
assert client.get("/21").json == {"twice": 42}
assert client.post("/form", data={"name": "<you>", "file": (io.BytesIO(b"text"), "a.txt")}).text == "text"
assert client.get("/page").text == "<b>&lt;you&gt;</b>"
assert client.get("/stream").text == "abc"
assert client.get("/none").status_code == 404

begun = time.perf_counter()
for _ in range(1000):
    client.get("/21")
took = time.perf_counter() - begun
print(f"Python {sys.version.split()[0]} on {sys.platform}: the runtime starts in {STARTED:.1f} s,", end=" ")
print(f"bolthead is imported in {imported:.2f} s, 1000 requests of the test client take {took:.2f} s")
