"""bolthead in TechEmpower's benchmarks: raw SQL by psycopg, a connection for each thread; SQLite by ``sqlite:///…``.

The statements of one request are sent without waiting for each answer, which the board allows.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import nullcontext
from random import randint
from typing import Any

from bolthead import Flask, Response, render_template, request

URL = os.environ.get("DATABASE_URL", "postgresql://benchmarkdbuser:benchmarkdbpass@tfb-database:5432/hello_world")
SQLITE = URL.removeprefix("sqlite:///") if URL.startswith("sqlite:///") else ""
MARK = "?" if SQLITE else "%s"
ROWS = 10_000
ONE = f"SELECT id, randomnumber FROM world WHERE id = {MARK}"
FORTUNES = "SELECT id, message FROM fortune"
UPDATE = (
    "UPDATE world SET randomnumber = n.number"
    " FROM (SELECT unnest(%s::int[]) AS id, unnest(%s::int[]) AS number) n WHERE world.id = n.id"
)


class Text(Response):
    """An answer that says nothing else is plain text."""

    default_mimetype = "text/plain"


app = Flask(__name__)
app.response_class = Text
local = threading.local()
cache: dict[int, dict[str, int]] = {}


def connect() -> Any:
    if SQLITE:
        connection = sqlite3.connect(SQLITE, timeout=30)
        # It answers with a row: while that is not read, nothing can be committed on PyPy.
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        return connection
    import psycopg

    return psycopg.connect(URL, autocommit=True, prepare_threshold=0)


def connection() -> Any:
    """This thread's connection."""
    if not hasattr(local, "connection"):
        local.connection = connect()
    return local.connection


def execute(statement: str, values: Any = ()) -> Any:
    return connection().execute(statement, values)


def world(row: Any) -> dict[str, int]:
    return {"id": row[0], "randomNumber": row[1]}


def one() -> dict[str, int]:
    return world(execute(ONE, (randint(1, ROWS),)).fetchone())


def some(count: int) -> list[dict[str, int]]:
    """*count* rows, each by a statement of its own."""
    run = connection().execute
    with nullcontext() if SQLITE else connection().pipeline():
        cursors = [run(ONE, (randint(1, ROWS),)) for _ in range(count)]
    return [world(cursor.fetchone()) for cursor in cursors]


def count(name: str) -> int:
    """The number of rows that the query string asks for: 1 to 500."""
    text = request.args.get(name, "")
    return min(max(int(text), 1), 500) if text.isascii() and text.isdigit() else 1


def store(numbers: dict[int, int]) -> None:
    """Write new numbers by id, in the order of the ids, so that no two requests wait for each other."""
    pairs = sorted(numbers.items())
    if SQLITE:
        execute("BEGIN IMMEDIATE")
        for key, number in pairs:
            execute("UPDATE world SET randomnumber = ? WHERE id = ?", (number, key))
        connection().commit()
    else:
        execute(UPDATE, ([key for key, _ in pairs], [number for _, number in pairs]))


@app.get("/plaintext")
def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db")
def db() -> dict[str, int]:
    return one()


@app.get("/queries")
def queries() -> list[dict[str, int]]:
    return some(count("queries"))


@app.get("/fortunes")
def fortunes() -> Response:
    rows = execute(FORTUNES).fetchall()
    rows.append((0, "Additional fortune added at request time."))
    rows.sort(key=lambda row: row[1])
    return Response(render_template("fortunes.html", fortunes=rows), mimetype="text/html")


@app.get("/updates")
def updates() -> list[dict[str, int]]:
    worlds = some(count("queries"))
    for each in worlds:
        each["randomNumber"] = randint(1, ROWS)
    store({each["id"]: each["randomNumber"] for each in worlds})
    return worlds


@app.get("/cached-queries")
def cached_queries() -> list[dict[str, int]]:
    if not cache:
        cache.update((row[0], world(row)) for row in execute("SELECT id, randomnumber FROM world"))
    return [cache[randint(1, ROWS)] for _ in range(count("count"))]
