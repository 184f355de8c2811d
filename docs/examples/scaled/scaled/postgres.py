"""PostgreSQL in the place of `board.db.SQLite`, through a pool of connections in each process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

SCHEMA = Path(__file__).with_name("schema.sql")
LOCK = 20_201
"""The number of the advisory lock under which tables are made."""


class Connection:
    """What the board asks of a connection, on one of the pool's."""

    def __init__(self, pool: Any, delay: float) -> None:
        self.pool = pool
        self.delay = delay
        self.own = pool.getconn()

    def execute(self, query: str, values: Sequence[Any] = ()) -> Any:
        if self.delay:
            time.sleep(self.delay)
        return self.own.execute(placeholders(query), values)

    def __enter__(self) -> Connection:
        self.transaction = self.own.transaction()
        self.transaction.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.transaction.__exit__(kind, value, tb)

    def close(self) -> None:
        self.pool.putconn(self.own)


class Postgres:
    """The database at *url*, with at most *connections* for each process.

    *delay* is a number of seconds before each query, for measuring: a database in another building.
    """

    def __init__(self, url: str, connections: int = 8, delay: float = 0) -> None:
        self.url = url
        self.delay = delay
        # Opened at the first query: a pool that is made before the server forks would be shared by its workers.
        self.pool = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            open=False,
            kwargs={"row_factory": dict_row, "autocommit": True},
            # A connection that died with a restarted database is replaced instead of handed out.
            check=ConnectionPool.check_connection,
        )

    def connect(self) -> Connection:
        self.pool.open()
        return Connection(self.pool, self.delay)

    def create(self) -> None:
        """Make the tables that are missing; servers that start at the same moment wait for each other."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            connection.execute(SCHEMA.read_bytes())


def placeholders(query: str) -> str:
    """A query of the board, which has no question marks or percent signs in its texts, as psycopg takes it."""
    return query.replace("?", "%s")
