"""bolthead's entries for public boards keep the boards' contracts: through the test client, with SQLite."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.public import database, entries
from bench.public.contracts import BOARDS, CONTRACTS, Contract

FOLDER = Path(database.__file__).parent


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Each board's application, by board."""
    place = tmp_path_factory.mktemp("boards")
    connection = sqlite3.connect(place / "world.sqlite")
    connection.executescript(
        "CREATE TABLE world (id INTEGER PRIMARY KEY, randomnumber INTEGER);"
        "CREATE TABLE fortune (id INTEGER PRIMARY KEY, message TEXT);"
    )
    connection.executemany("INSERT INTO world VALUES (?, ?)", ((n, n * 7 % 10_000 + 1) for n in range(1, 10_001)))
    connection.executemany("INSERT INTO fortune VALUES (?, ?)", enumerate(database.MESSAGES.splitlines(), 1))
    connection.commit()
    connection.close()
    (place / "app.css").write_text("p {}")
    modules: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASET_PATH", str(FOLDER / "httparena" / "dataset.json"))
        patch.setenv("STATIC_PATH", str(place))
        for board in BOARDS:
            patch.setenv("DATABASE_URL", f"sqlite:///{place / 'world.sqlite'}" if board == "techempower" else "")
            file = entries.OURS[board].partition(":")[0]
            spec = importlib.util.spec_from_file_location(f"board_{board}", FOLDER / board / f"{file}.py")
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            patch.setitem(sys.modules, spec.name, module)
            spec.loader.exec_module(module)
            modules[board] = module
    yield {board: module.app for board, module in modules.items()}
    # From 3.13 on, Python complains of one that is left to the collector.
    if connection := getattr(modules["techempower"].local, "connection", None):
        connection.close()


@pytest.mark.parametrize("test", CONTRACTS, ids=[test.key for test in CONTRACTS])
def test_contract(apps: dict[str, Any], test: Contract) -> None:
    client = apps[test.board].test_client()
    for attempt in test.tries:
        response = client.open(attempt.path, method=attempt.method, data=attempt.body)
        assert response.status_code == 200
        assert (response.content_type or "").startswith(attempt.kind)
        if isinstance(attempt.expect, str):
            assert response.text == attempt.expect
        else:
            assert attempt.expect(response.json if response.is_json else response.text), attempt.path


def test_updates_are_stored(apps: dict[str, Any]) -> None:
    client = apps["techempower"].test_client()
    changed = {each["id"]: each["randomNumber"] for each in client.get("/updates?queries=500").json}
    stored = {each["id"]: each["randomNumber"] for _ in range(40) for each in client.get("/queries?queries=500").json}
    both = changed.keys() & stored.keys()
    assert len(both) > 100
    assert all(changed[key] == stored[key] for key in both)


def test_compressed_items(apps: dict[str, Any]) -> None:
    client = apps["httparena"].test_client()
    response = client.get("/json/5?m=3", headers={"Accept-Encoding": "gzip, br"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(response.data)) == client.get("/json/5?m=3").json
    assert "Content-Encoding" not in client.get("/json/5?m=3").headers


def test_upload_static_and_no_database(apps: dict[str, Any]) -> None:
    client = apps["httparena"].test_client()
    assert client.post("/upload", data=io.BytesIO(b"x" * 700_001)).text == "700001"
    assert client.get("/static/app.css").text == "p {}"
    assert client.get("/async-db?min=1&max=9").json == {"items": [], "count": 0}


ITEMS = """\
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, category TEXT, price INTEGER, quantity INTEGER, active INTEGER,
tags TEXT, rating_score INTEGER, rating_count INTEGER)"""


@pytest.fixture
def items(apps: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of HttpArena's entry, whose statements go to SQLite."""
    connection = sqlite3.connect(":memory:")
    connection.execute(ITEMS)
    rows = [(n, f"Item {n}", ("office", "garden")[n % 2], n, 1, 1, "[]", 4, 2) for n in range(1, 61)]
    connection.executemany(f"INSERT INTO items VALUES ({', '.join('?' * 9)})", rows)
    app = apps["httparena"]
    module = app.view_functions["read"].__globals__
    monkeypatch.setitem(module, "execute", lambda text, values: [*connection.execute(text.replace("%s", "?"), values)])
    monkeypatch.setitem(module, "cache", module["Cache"]())
    monkeypatch.setitem(module, "FRESH", 3600)
    yield app.test_client()
    connection.close()


def test_pages_of_items(items: Any) -> None:
    found = items.get("/crud/items?category=garden&page=2&limit=5").json
    assert [item["id"] for item in found["items"]] == [11, 13, 15, 17, 19]
    assert (found["total"], found["page"], found["limit"]) == (5, 2, 5)
    assert found["items"][0]["rating"] == {"score": 4, "count": 2}
    assert items.get("/crud/items").json == {"items": [], "total": 0, "page": 1, "limit": 10}
    assert items.get("/crud/items?category=office&limit=500").json["total"] == 30
    assert items.get("/crud/items?category=office&page=-1&limit=0").json["total"] == 1


def test_items_are_cached_until_they_change(items: Any) -> None:
    def read(key: int) -> tuple[Any, ...]:
        response = items.get(f"/crud/items/{key}")
        return response.status_code, response.headers.get("X-Cache"), (response.json or {}).get("price")

    assert [read(7), read(7), read(999)] == [(200, "MISS", 7), (200, "HIT", 7), (404, None, None)]
    changed = items.put("/crud/items/7", json={"name": "New", "price": 70, "quantity": 2})
    assert (changed.status_code, changed.json["price"], read(7)) == (200, 70, (200, "MISS", 70))
    assert items.put("/crud/items/999", json={"name": "New", "price": 1, "quantity": 2}).status_code == 404
    new = {"id": 999, "name": "New", "category": "test", "price": 5, "quantity": 2}
    assert items.post("/crud/items", json=new).status_code == 201
    assert read(999) == (200, "MISS", 5)
    assert items.post("/crud/items", json={**new, "price": 6}).json == {**new, "price": 6}
    assert read(999) == (200, "MISS", 6)


def test_each_entry_can_be_built() -> None:
    """What the Dockerfiles copy and start is there."""
    for board in BOARDS:
        (dockerfile,) = [*(FOLDER / board).glob("Dockerfile"), *(FOLDER / board).glob("*.dockerfile")]
        lines = dockerfile.read_text().splitlines()
        for line in lines:
            if line.startswith("COPY "):
                assert all((FOLDER / board / name).exists() for name in line.split()[1:-1]), line
        started = lines[-1]
        if "start.sh" in started:
            started = (FOLDER / board / "start.sh").read_text().replace(" ", '", "')
        assert f'"--app", "{entries.OURS[board].partition(":")[0]}"' in started
