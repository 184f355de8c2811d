"""The database: one connection per application context, the schema, and all the queries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bolthead import Flask, current_app, g

Row = sqlite3.Row

POSTS = """
    SELECT post.id, post.topic, post.body, post.picture, post.created,
           user.id AS author_id, user.name AS author
    FROM post JOIN user ON user.id = post.author
"""
TOPICS = """
    SELECT topic.id, topic.title, topic.touched, user.name AS author, first.created AS created,
           first.picture AS picture,
           (SELECT count(*) - 1 FROM post WHERE post.topic = topic.id) AS answers
    FROM topic
    JOIN post AS first ON first.id = (SELECT min(id) FROM post WHERE post.topic = topic.id)
    JOIN user ON user.id = first.author
"""


def init_app(app: Flask) -> None:
    app.teardown_appcontext(close)
    app.cli.add_command(init_db_command)
    with app.app_context():
        create()


def connect() -> sqlite3.Connection:
    """This context's connection, opened by the first who asks."""
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"], timeout=10)
        g.db.row_factory = sqlite3.Row
        g.db.execute("PRAGMA foreign_keys = ON")
    return g.db  # type: ignore[no-any-return]


def close(error: BaseException | None = None) -> None:
    db = g.pop("db", None)
    if db is not None:
        db.close()


def create() -> None:
    """Make the database, or what it lacks; harmless when all is there."""
    Path(current_app.config["DATABASE"]).parent.mkdir(parents=True, exist_ok=True)
    db = connect()
    db.execute("PRAGMA journal_mode = WAL")
    with current_app.open_resource("schema.sql", "rt") as schema:
        db.executescript(schema.read())


@click.command("init-db")
@click.option("--drop", is_flag=True, help="Throw the old one away first.")
def init_db_command(drop: bool) -> None:
    """Create the database, which also happens by itself on the first start."""
    if drop:
        click.confirm("Delete every topic and user?", abort=True)
        with connect() as db:
            for table in ("post", "topic", "user"):
                db.execute(f"DROP TABLE IF EXISTS {table}")
    create()
    click.echo(f"The database is at {current_app.config['DATABASE']}.")


def one(query: str, *values: Any) -> Row | None:
    row: Row | None = connect().execute(query, values).fetchone()
    return row


def user_by_id(number: int) -> Row | None:
    return one("SELECT * FROM user WHERE id = ?", number)


def user_by_name(name: str) -> Row | None:
    return one("SELECT * FROM user WHERE name = ?", name)


def add_user(name: str, password_hash: str) -> int | None:
    """The new user's id, or None when the name is taken."""
    try:
        with connect() as db:
            return db.execute("INSERT INTO user (name, password) VALUES (?, ?)", (name, password_hash)).lastrowid
    except sqlite3.IntegrityError:
        return None


def topic_page(page: int, size: int) -> tuple[list[Row], bool]:
    """One page of topics, the liveliest first, and whether there is another."""
    query = TOPICS + "ORDER BY topic.touched DESC, topic.id DESC LIMIT ? OFFSET ?"
    rows = connect().execute(query, (size + 1, (page - 1) * size)).fetchall()
    return rows[:size], len(rows) > size


def topic(number: int) -> Row | None:
    return one(TOPICS + "WHERE topic.id = ?", number)


def posts_of(topic: int) -> list[Row]:
    return connect().execute(POSTS + "WHERE post.topic = ? ORDER BY post.id", (topic,)).fetchall()


def post(number: int) -> Row | None:
    return one(POSTS + "WHERE post.id = ?", number)


def every_post() -> Iterator[Row]:
    """All posts, oldest first, read as they are asked for."""
    query = POSTS.replace("SELECT", "SELECT topic.title AS title,", 1) + "JOIN topic ON topic.id = post.topic"
    return iter(connect().execute(query + " ORDER BY post.id"))


def add_topic(author: int, title: str, body: str, picture: str | None = None) -> int:
    with connect() as db:
        number = db.execute("INSERT INTO topic (title) VALUES (?)", (title,)).lastrowid
        assert number is not None
        insert_post(db, number, author, body, picture)
    return number


def add_post(topic: int, author: int, body: str, picture: str | None = None) -> int:
    with connect() as db:
        number = insert_post(db, topic, author, body, picture)
        db.execute("UPDATE topic SET touched = unixepoch() WHERE id = ?", (topic,))
    return number


def insert_post(db: sqlite3.Connection, topic: int, author: int, body: str, picture: str | None) -> int:
    values = (topic, author, body, picture)
    number = db.execute("INSERT INTO post (topic, author, body, picture) VALUES (?, ?, ?, ?)", values).lastrowid
    assert number is not None
    return number


def delete_post(post: Row) -> bool:
    """Remove a post, and its topic with the last one; true when the topic is gone."""
    with connect() as db:
        db.execute("DELETE FROM post WHERE id = ?", (post["id"],))
        left = "SELECT 1 FROM post WHERE topic = ?"
        gone = db.execute(f"DELETE FROM topic WHERE id = ? AND NOT EXISTS ({left})", (post["topic"], post["topic"]))
    return gone.rowcount == 1
