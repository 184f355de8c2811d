"""bolthead in HttpArena: baseline, pipelined, limited connections, JSON, compressed JSON, upload, static, database."""

from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

from bolthead import Flask, Response, request

DATA = Path(os.environ.get("DATASET_PATH", "/data/dataset.json"))
DATABASE = os.environ.get("DATABASE_URL", "").replace("postgres://", "postgresql://", 1)
ITEMS: list[dict[str, Any]] = json.loads(DATA.read_text()) if DATA.exists() else []
COLUMNS = ("id", "name", "category", "price", "quantity", "active", "tags")
WANTED = {"min": 10, "max": 50, "limit": 50}
SELECT = f"SELECT {', '.join(COLUMNS)}, rating_score, rating_count FROM items WHERE price BETWEEN %s AND %s LIMIT %s"

app = Flask(__name__, static_folder=os.environ.get("STATIC_PATH", "/data/static"), static_url_path="/static")
local = threading.local()


@app.get("/pipeline")
def pipeline() -> Response:
    return Response("ok", content_type="text/plain")


@app.route("/baseline11", methods=["GET", "POST"])
def baseline() -> Response:
    total = sum(int(value) for value in request.args.values())
    if body := request.get_data():
        total += int(body)
    return Response(str(total), content_type="text/plain")


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
def upload() -> Response:
    size = sum(len(chunk) for chunk in iter(lambda: request.stream.read(1 << 18), b""))
    return Response(str(size), content_type="text/plain")


@app.get("/async-db")
def database() -> Any:
    low, high, limit = (request.args.get(name, other, type=int) for name, other in WANTED.items())
    rows = execute(SELECT, (low, high, min(max(limit, 1), 50))) if DATABASE else []
    found = [{**dict(zip(COLUMNS, row, strict=False)), "rating": {"score": row[7], "count": row[8]}} for row in rows]
    return {"items": found, "count": len(found)}


def execute(statement: str, values: Any) -> Any:
    if not hasattr(local, "connection"):
        import psycopg

        local.connection = psycopg.connect(DATABASE, autocommit=True, prepare_threshold=0)
    return local.connection.execute(statement, values).fetchall()
