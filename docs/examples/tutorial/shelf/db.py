# shelf/db.py
"""The database: one connection for each request or command."""

import sqlite3
from pathlib import Path

import click

from bolthead import current_app, g
from bolthead.cli import with_appcontext


def init_app(app):
    app.teardown_appcontext(close)
    app.cli.add_command(init_db)


def connect():
    """The connection of this request, opened when it is first asked for."""
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"], timeout=10)
        g.db.row_factory = sqlite3.Row
        g.db.execute("PRAGMA foreign_keys = ON")
    return g.db


def close(error=None):
    db = g.pop("db", None)
    if db is not None:
        db.close()


def create_tables():
    Path(current_app.config["DATABASE"]).parent.mkdir(parents=True, exist_ok=True)
    with current_app.open_resource("schema.sql", "rt") as schema:
        connect().executescript(schema.read())


@click.command("init-db")
@with_appcontext
def init_db():
    """Make the tables that are missing."""
    create_tables()
    click.echo(f"The database is at {current_app.config['DATABASE']}.")
