"""What the views of every framework do besides being views: the same statements through the same driver.

Threads have a connection each, event loops a pool; PostgreSQL's address is in ``DATABASE_URL``. The statements of one
request are sent without waiting for each answer.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from random import randint
from typing import Any

import jinja2
import psycopg
from psycopg_pool import AsyncConnectionPool

URL = os.environ["DATABASE_URL"]
POOL = 8
ROWS = 10_000
ONE = "SELECT id, randomnumber FROM world WHERE id = %s"
ALL = "SELECT id, message FROM fortune"
UPDATE = "UPDATE world SET randomnumber = n.number FROM (SELECT unnest(%s::int[]) AS id, unnest(%s::int[]) AS number) n"
UPDATE += " WHERE world.id = n.id"
MORE = (0, "Additional fortune added at request time.")
ITEMS = json.loads(Path(os.environ["DATASET_PATH"]).read_text())

TEMPLATES = Path(__file__).resolve().parents[1] / "techempower" / "templates"
"""Of bolthead's entry: all have the same page."""

templates = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
local = threading.local()
cache: dict[int, dict[str, int]] = {}
pool: AsyncConnectionPool | None = None


def clamp(text: str | None) -> int:
    """How many rows are asked for: 1 to 500."""
    return min(max(int(text), 1), 500) if text and text.isascii() and text.isdigit() else 1


def world(row: Any) -> dict[str, int]:
    return {"id": row[0], "randomNumber": row[1]}


def connection() -> psycopg.Connection[Any]:
    found: psycopg.Connection[Any] | None = getattr(local, "connection", None)
    if found is None:
        found = local.connection = psycopg.connect(URL, autocommit=True, prepare_threshold=0)
    return found


def one() -> dict[str, int]:
    return world(connection().execute(ONE, (randint(1, ROWS),)).fetchone())


def some(count: int) -> list[dict[str, int]]:
    execute = connection().execute
    with connection().pipeline():
        cursors = [execute(ONE, (randint(1, ROWS),)) for _ in range(count)]
    return [world(cursor.fetchone()) for cursor in cursors]


def changed(worlds: list[dict[str, int]]) -> tuple[list[int], list[int]]:
    """New numbers for *worlds*, and what the statement gets: by id, so that no two requests wait for each other."""
    for each in worlds:
        each["randomNumber"] = randint(1, ROWS)
    numbers = sorted({each["id"]: each["randomNumber"] for each in worlds}.items())
    return [key for key, _ in numbers], [number for _, number in numbers]


def update(count: int) -> list[dict[str, int]]:
    worlds = some(count)
    connection().execute(UPDATE, changed(worlds))
    return worlds


def cached(count: int) -> list[dict[str, int]]:
    if not cache:
        cache.update((row[0], world(row)) for row in connection().execute("SELECT id, randomnumber FROM world"))
    return [cache[randint(1, ROWS)] for _ in range(count)]


def by_message(rows: list[Any]) -> list[Any]:
    return sorted([*rows, MORE], key=lambda row: row[1])


def fortunes() -> list[Any]:
    return by_message(connection().execute(ALL).fetchall())


def page(rows: list[Any]) -> str:
    return templates.get_template("fortunes.html").render(fortunes=rows)


async def pooled() -> AsyncConnectionPool:
    global pool
    if pool is None:
        options = {"autocommit": True, "prepare_threshold": 0}
        made = pool = AsyncConnectionPool(URL, min_size=POOL, max_size=POOL, kwargs=options, open=False)
        await made.open()
    return pool


async def one_async() -> dict[str, int]:
    async with (await pooled()).connection() as conn:
        return world(await (await conn.execute(ONE, (randint(1, ROWS),))).fetchone())


async def read(conn: Any, count: int) -> list[dict[str, int]]:
    async with conn.pipeline():
        cursors = [await conn.execute(ONE, (randint(1, ROWS),)) for _ in range(count)]
    return [world(await cursor.fetchone()) for cursor in cursors]


async def some_async(count: int) -> list[dict[str, int]]:
    async with (await pooled()).connection() as conn:
        return await read(conn, count)


async def update_async(count: int) -> list[dict[str, int]]:
    async with (await pooled()).connection() as conn:
        worlds = await read(conn, count)
        await conn.execute(UPDATE, changed(worlds))
        return worlds


async def fortunes_async() -> list[Any]:
    async with (await pooled()).connection() as conn:
        return by_message(await (await conn.execute(ALL)).fetchall())


def total(arguments: Mapping[str, str], body: bytes = b"") -> str:
    """The sum of HttpArena's baseline."""
    return str(sum(map(int, arguments.values())) + (int(body) if body else 0))


def items(count: int, factor: int) -> dict[str, Any]:
    """HttpArena's JSON: the first items, with a total each."""
    made = [{**item, "total": item["price"] * item["quantity"] * factor} for item in ITEMS[:count]]
    return {"items": made, "count": len(made)}
