from __future__ import annotations

from pathlib import Path
from typing import Any

import fakeredis
import pytest
from board.db import SQLite
from scaled import create_app

from bolthead import Flask, current_app

NOTICE = "CREATE TABLE IF NOT EXISTS notice (post INTEGER PRIMARY KEY, reader INTEGER, created DEFAULT (unixepoch()))"


class Database(SQLite):
    """SQLite with the table that is only in PostgreSQL's schema, so that tests need no server."""

    def create(self) -> None:
        super().create()
        with self.connect() as connection:
            connection.execute(NOTICE)


class Servers:
    """As many servers as are asked for, with one database and one Redis."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = fakeredis.FakeRedis()

    def one(self, **settings: Any) -> Flask:
        common = {"TESTING": True, "SECRET_KEY": "unused", "PASSWORD_METHOD": "pbkdf2:sha256:1"}
        common["PICTURES"] = str(self.folder / "pictures")
        return create_app({**common, **settings}, Database(str(self.folder / "board.sqlite")), self.redis)


@pytest.fixture
def servers(tmp_path: Path) -> Servers:
    return Servers(tmp_path)


def count(app: Flask, query: str) -> int:
    with app.app_context():
        connection = current_app.extensions["board-database"].connect()
        try:
            return int(connection.execute(query).fetchone()[0])
        finally:
            connection.close()
