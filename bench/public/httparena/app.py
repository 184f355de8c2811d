"""bolthead in HttpArena: its profiles over HTTP/1.1, with and without TLS, and those with a database.

With several processes single items are cached in Redis, whose address the board gives; with one, in the process.
"""

from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path
from time import monotonic
from typing import Any

from bolthead import Flask, Response, abort, request

DATA = Path(os.environ.get("DATASET_PATH", "/data/dataset.json"))
DATABASE = os.environ.get("DATABASE_URL", "").replace("postgres://", "postgresql://", 1)
ITEMS: list[dict[str, Any]] = json.loads(DATA.read_text()) if DATA.exists() else []
COLUMNS = ("id", "name", "category", "price", "quantity", "active", "tags")
WANTED = {"min": 10, "max": 50, "limit": 50}
SELECT = f"SELECT {', '.join(COLUMNS)}, rating_score, rating_count FROM items"
UPSERT = """\
INSERT INTO items (id, name, category, price, quantity, active, tags, rating_score, rating_count)
VALUES (%s, %s, %s, %s, %s, true, '[]', 0, 0)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = excluded.price, quantity = excluded.quantity
RETURNING id"""
UPDATE = "UPDATE items SET name = %s, price = %s, quantity = %s WHERE id = %s RETURNING id"
FRESH = 0.2
"""Seconds that a single item may be cached."""


class Text(Response):
    """An answer that says nothing else is plain text."""

    default_mimetype = "text/plain"


app = Flask(__name__, static_folder=os.environ.get("STATIC_PATH", "/data/static"), static_url_path="/static")
app.response_class = Text
local = threading.local()


@app.get("/pipeline")
def pipeline() -> str:
    return "ok"


@app.get("/baseline11")
def baseline() -> str:
    return str(sum(map(int, request.args.values())))


@app.post("/baseline11")
def baseline_with_body() -> str:
    return str(sum(map(int, request.args.values())) + int(request.get_data() or 0))


@app.get("/json/<int:count>")
def items(count: int) -> Any:
    factor = request.args.get("m", 1, type=int)
    chosen = [{**item, "total": item["price"] * item["quantity"] * factor} for item in ITEMS[:count]]
    answer = {"items": chosen, "count": len(chosen)}
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return answer
    packed = gzip.compress(app.json.dumps(answer).encode(), compresslevel=5)
    return Response(packed, content_type="application/json", headers={"Content-Encoding": "gzip"})


@app.post("/upload", stream_body=True)
def upload() -> str:
    return str(sum(len(chunk) for chunk in iter(lambda: request.stream.read(1 << 18), b"")))


@app.get("/async-db")
def database() -> Any:
    low, high, limit = (request.args.get(name, other, type=int) for name, other in WANTED.items())
    wanted = (low, high, min(max(limit, 1), 50))
    found = select("WHERE price BETWEEN %s AND %s LIMIT %s", wanted) if DATABASE else []
    return {"items": found, "count": len(found)}


def execute(statement: str, values: Any) -> Any:
    if not hasattr(local, "connection"):
        import psycopg

        local.connection = psycopg.connect(DATABASE, autocommit=True, prepare_threshold=0)
    return local.connection.execute(statement, values).fetchall()


def select(where: str, values: Any) -> list[dict[str, Any]]:
    """The items that a condition is true of."""
    rows = execute(f"{SELECT} {where}", values)
    return [{**dict(zip(COLUMNS, row, strict=False)), "rating": {"score": row[7], "count": row[8]}} for row in rows]


class Cache:
    """Items as JSON, for a fifth of a second."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[float, bytes]] = {}

    def get(self, key: int) -> bytes | None:
        until, text = self.held.get(key, (0.0, b""))
        return text if until > monotonic() else None

    def set(self, key: int, text: bytes) -> None:
        self.held[key] = (monotonic() + FRESH, text)

    def delete(self, key: int) -> None:
        self.held.pop(key, None)


class SharedCache(Cache):
    """The same in Redis."""

    def __init__(self, url: str) -> None:
        import redis

        self.redis = redis.Redis.from_url(url)

    def get(self, key: int) -> bytes | None:
        return self.redis.get(str(key))  # type: ignore[return-value, unused-ignore]

    def set(self, key: int, text: bytes) -> None:
        self.redis.set(str(key), text, px=int(FRESH * 1000))

    def delete(self, key: int) -> None:
        self.redis.delete(str(key))


cache = SharedCache(os.environ["REDIS_URL"]) if os.environ.get("REDIS_URL") else Cache()


@app.get("/crud/items")
def page() -> Any:
    number = max(request.args.get("page", 1, type=int), 1)
    limit = min(max(request.args.get("limit", 10, type=int), 1), 50)
    category = request.args.get("category", "electronics")
    found = select("WHERE category = %s ORDER BY id LIMIT %s OFFSET %s", (category, limit, (number - 1) * limit))
    return {"items": found, "total": len(found), "page": number, "limit": limit}


@app.get("/crud/items/<int:key>")
def read(key: int) -> Response:
    text = cache.get(key)
    state = "HIT"
    if text is None:
        state = "MISS"
        found = select("WHERE id = %s", (key,))
        if not found:
            abort(404)
        text = app.json.dumps(found[0]).encode()
        cache.set(key, text)
    return Response(text, content_type="application/json", headers={"X-Cache": state})


@app.post("/crud/items")
def create() -> Any:
    item = request.get_json()
    execute(UPSERT, [item[name] for name in ("id", "name", "category", "price", "quantity")])
    cache.delete(item["id"])
    return item, 201


@app.put("/crud/items/<int:key>")
def update(key: int) -> Any:
    item = request.get_json()
    if not execute(UPDATE, (item["name"], item["price"], item["quantity"], key)):
        abort(404)
    cache.delete(key)
    return {"id": key, **item}
