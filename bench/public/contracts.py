"""The boards' tests: what is asked, and what the answer must be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOARDS = ("techempower", "benchmarker", "httparena")
HERE = Path(__file__).parent
SCRIPTS = HERE / "scripts"
ITEMS = json.loads((HERE / "httparena" / "dataset.json").read_text())


@dataclass(frozen=True)
class Try:
    """A request with the body that must be answered, or what must hold of it."""

    path: str
    expect: str | Callable[[Any], bool]
    method: str = "GET"
    body: bytes | None = None
    chunked: bool = False
    kind: str = ""
    """What the content type must begin with."""


@dataclass(frozen=True)
class Contract:
    """One test of a board, with its tries and the load that wrk makes."""

    key: str
    board: str
    title: str
    path: str
    tries: tuple[Try, ...]
    connections: int = 32
    script: str = ""
    tls: bool = False

    @property
    def database(self) -> bool:
        return self.board == "techempower" and self.key not in ("json", "plaintext")


def is_world(found: Any) -> bool:
    return set(found) == {"id", "randomNumber"} and 1 <= found["id"] <= 10_000 and 1 <= found["randomNumber"] <= 10_000


def worlds(count: int) -> Callable[[Any], bool]:
    return lambda found: len(found) == count and all(map(is_world, found))


def counted(path: str, name: str) -> tuple[Try, ...]:
    """The board's own edge cases: no number, a word, too few, too many."""
    asked = {"": 1, "foo": 1, "0": 1, "1": 1, "20": 20, "500": 500, "501": 500}
    tries = [Try(f"{path}?{name}={text}", worlds(count), kind="application/json") for text, count in asked.items()]
    return (Try(path, worlds(1), kind="application/json"), *tries)


def fortunes(text: str) -> bool:
    first = text.index("Additional fortune added at request time.")
    return (
        text.startswith("<!DOCTYPE html>")
        and text.count("<tr>") == 14
        and "&lt;script&gt;alert(" in text
        and "<script>" not in text
        and "フレームワークのベンチマーク" in text
        and text.index("A bad random number") < text.index("A computer program") < first
    )


def summed(count: int, factor: int) -> Callable[[Any], bool]:
    wanted = [{**item, "total": item["price"] * item["quantity"] * factor} for item in ITEMS[:count]]
    return lambda found: found == {"items": wanted, "count": count}


PAIRS = ((1, 3), (5, 7), (10, 2), (15, 5), (25, 4), (40, 8), (50, 6))
SUM = "/baseline11?a=13&b=42"
JSON = "application/json"
LISTS = tuple(Try(f"/json/{count}?m={factor}", summed(count, factor), kind=JSON) for count, factor in PAIRS)

CONTRACTS = [
    Contract(
        "json", "techempower", "JSON", "/json", (Try("/json", lambda f: f == {"message": "Hello, World!"}, kind=JSON),)
    ),
    Contract(
        "plaintext",
        "techempower",
        "plaintext, pipelined by 16",
        "/plaintext",
        (Try("/plaintext", "Hello, World!", kind="text/plain"),),
        script="pipeline.lua",
    ),
    Contract("db", "techempower", "one query", "/db", (Try("/db", is_world, kind=JSON),)),
    Contract("queries", "techempower", "20 queries", "/queries?queries=20", counted("/queries", "queries")),
    Contract(
        "fortunes",
        "techempower",
        "fortunes",
        "/fortunes",
        (Try("/fortunes", fortunes, kind="text/html"),),
    ),
    Contract("updates", "techempower", "20 updates", "/updates?queries=20", counted("/updates", "queries")),
    Contract(
        "cached",
        "techempower",
        "20 cached queries",
        "/cached-queries?count=20",
        counted("/cached-queries", "count"),
    ),
    Contract("empty", "benchmarker", "`GET /`", "/", (Try("/", ""),)),
    Contract("user", "benchmarker", "`GET /user/0`", "/user/0", (Try("/user/0", "0"), Try("/user/41", "41"))),
    Contract("post", "benchmarker", "`POST /user`", "/user", (Try("/user", "", "POST", b""),), script="post.lua"),
    Contract(
        "baseline",
        "httparena",
        "baseline: GET and POST in turns",
        SUM,
        (
            Try(SUM, "55", kind="text/plain"),
            Try(SUM, "75", "POST", b"20", kind="text/plain"),
            Try(SUM, "75", "POST", b"20", True, kind="text/plain"),
        ),
        script="baseline.lua",
    ),
    Contract(
        "pipelined",
        "httparena",
        "pipelined by 16",
        "/pipeline",
        (Try("/pipeline", "ok", kind="text/plain"),),
        script="pipeline.lua",
    ),
    Contract(
        "items",
        "httparena",
        "JSON of 1 to 50 items",
        "/json/1?m=3",
        LISTS,
        script="items.lua",
    ),
    Contract("items-tls", "httparena", "JSON over TLS", "/json/1?m=3", LISTS, script="items.lua", tls=True),
]
