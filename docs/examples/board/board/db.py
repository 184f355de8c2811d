"""The database: one connection per application context, the schema, and all the queries.

The queries are understood by SQLite and by PostgreSQL; what differs is in `SQLite`, and another database is an object
with its two methods.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from blinker import Namespace

from bolthead import Flask, current_app, g

Row = sqlite3.Row

post_added = Namespace().signal("post-added")
"""Sent by the application when a post is stored, with its number as ``post``."""

POSTS = """
    SELECT post.id, post.topic, post.body, post.picture, post.created,
           "user".id AS author_id, "user".name AS author
    FROM post JOIN "user" ON "user".id = post.author
"""
TOPICS = """
    SELECT topic.id, topic.title, topic.touched, "user".name AS author, first.created AS created,
           first.picture AS picture,
           (SELECT count(*) - 1 FROM post WHERE post.topic = topic.id) AS answers
    FROM topic
    JOIN post AS first ON first.id = (SELECT min(id) FROM post WHERE post.topic = topic.id)
    JOIN "user" ON "user".id = first.author
"""


class SQLite:
    """The database in a file at *path*."""

    def __init__(self, path: str) -> None:
        self.path = path

    def connect(self) -> sqlite3.Connection:
        """A connection whose rows are read by name; ``with`` commits, or rolls back after an error."""
        connection = sqlite3.connect(self.path, timeout=10)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def create(self) -> None:
        """Make the database, or what it lacks; harmless when all is there."""
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        connection = self.connect()
        connection.execute("PRAGMA journal_mode = WAL")
        with current_app.open_resource("schema.sql", "rt") as schema:
            connection.executescript(schema.read())
        connection.close()


def init_app(app: Flask, database: Any = None) -> None:
    app.extensions["board-database"] = database or SQLite(app.config["DATABASE"])
    app.teardown_appcontext(close)
    app.cli.add_command(init_db_command)
    with app.app_context():
        create()


def create() -> None:
    current_app.extensions["board-database"].create()


def connect() -> Any:
    """This context's connection, opened at the first call."""
    if "db" not in g:
        g.db = current_app.extensions["board-database"].connect()
    return g.db


def close(error: BaseException | None = None) -> None:
    db = g.pop("db", None)
    if db is not None:
        db.close()


@click.command("init-db")
@click.option("--drop", is_flag=True, help="Throw the old one away first.")
def init_db_command(drop: bool) -> None:
    """Create the database, which also happens by itself on the first start."""
    if drop:
        click.confirm("Delete every topic and user?", abort=True)
        with connect() as db:
            for table in ("post", "topic", "user"):
                db.execute(f'DROP TABLE IF EXISTS "{table}"')
    create()
    click.echo(f"The database is at {current_app.config['DATABASE']}.")


def one(query: str, *values: Any) -> Row | None:
    row: Row | None = connect().execute(query, values).fetchone()
    return row


def user_by_id(number: int) -> Row | None:
    return one('SELECT * FROM "user" WHERE id = ?', number)


def user_by_name(name: str) -> Row | None:
    return one('SELECT * FROM "user" WHERE name = ?', name)


def add_user(name: str, password_hash: str) -> int | None:
    """The new user's id, or None when the name is taken."""
    query = 'INSERT INTO "user" (name, password) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id'
    with connect() as db:
        row = db.execute(query, (name, password_hash)).fetchone()
    return row and int(row["id"])


def topic_page(page: int, size: int) -> tuple[list[Row], bool]:
    """One page of topics, the liveliest first, and whether there is another."""
    query = TOPICS + "ORDER BY topic.touched DESC, topic.id DESC LIMIT ? OFFSET ?"
    rows: list[Row] = connect().execute(query, (size + 1, (page - 1) * size)).fetchall()
    return rows[:size], len(rows) > size


def topic(number: int) -> Row | None:
    return one(TOPICS + "WHERE topic.id = ?", number)


def posts_of(topic: int) -> list[Row]:
    rows: list[Row] = connect().execute(POSTS + "WHERE post.topic = ? ORDER BY post.id", (topic,)).fetchall()
    return rows


def post(number: int) -> Row | None:
    return one(POSTS + "WHERE post.id = ?", number)


def every_post() -> Iterator[Row]:
    """All posts, oldest first, read as they are asked for."""
    query = POSTS.replace("SELECT", "SELECT topic.title AS title,", 1) + "JOIN topic ON topic.id = post.topic"
    return iter(connect().execute(query + " ORDER BY post.id"))


def add_topic(author: int, title: str, body: str, picture: str | None = None) -> int:
    with connect() as db:
        topic = int(db.execute("INSERT INTO topic (title) VALUES (?) RETURNING id", (title,)).fetchone()["id"])
        post = insert_post(db, topic, author, body, picture)
    announce(post)
    return topic


def add_post(topic: int, author: int, body: str, picture: str | None = None) -> int:
    with connect() as db:
        post = insert_post(db, topic, author, body, picture)
        db.execute("UPDATE topic SET touched = unixepoch() WHERE id = ?", (topic,))
    announce(post)
    return post


def insert_post(db: Any, topic: int, author: int, body: str, picture: str | None) -> int:
    query = "INSERT INTO post (topic, author, body, picture) VALUES (?, ?, ?, ?) RETURNING id"
    return int(db.execute(query, (topic, author, body, picture)).fetchone()["id"])


def announce(post: int) -> None:
    post_added.send(current_app._get_current_object(), post=post)


def delete_post(post: Row) -> bool:
    """Remove a post, and its topic with the last one; true when the topic is gone."""
    with connect() as db:
        db.execute("DELETE FROM post WHERE id = ?", (post["id"],))
        left = "SELECT 1 FROM post WHERE topic = ?"
        gone = db.execute(f"DELETE FROM topic WHERE id = ? AND NOT EXISTS ({left})", (post["topic"], post["topic"]))
    return bool(gone.rowcount == 1)
