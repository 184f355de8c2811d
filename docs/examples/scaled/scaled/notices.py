"""Background work: the author of a topic is told of each answer, by workers of RQ.

The post is stored in PostgreSQL before its task is queued in Redis, and a server may die between the two. So tasks may
run twice (the key of ``notice`` makes that harmless), and ``sweep`` queues those again that are missing.
"""

from __future__ import annotations

import time
from typing import Any

import click
from board import db
from board.auth import login_required
from redis.exceptions import RedisError
from rq import Queue, Retry, SimpleWorker

from bolthead import Blueprint, Flask, current_app, g

bp = Blueprint("notices", __name__, cli_group=None)

NOTIFY = """
    INSERT INTO notice (post, reader)
    SELECT post.id, first.author
    FROM post JOIN post AS first ON first.id = (SELECT min(id) FROM post AS p WHERE p.topic = post.topic)
    WHERE post.id = ? AND post.author <> first.author
    ON CONFLICT DO NOTHING
"""
MISSING = """
    SELECT post.id AS id
    FROM post JOIN post AS first ON first.id = (SELECT min(id) FROM post AS p WHERE p.topic = post.topic)
    WHERE post.author <> first.author AND post.created <= unixepoch() - ?
    AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.post = post.id)
    ORDER BY post.id LIMIT 1000
"""
OWN = "SELECT notice.post AS post, notice.created AS created FROM notice WHERE reader = ? ORDER BY post DESC LIMIT 100"


def init_app(app: Flask, client: Any) -> None:
    app.extensions["notices"] = Queue("notices", connection=client)
    app.register_blueprint(bp)
    db.post_added.connect(enqueue, app, weak=False)


def enqueue(app: Flask, post: int) -> None:
    """Queue the task of a post; when Redis is away the post is kept all the same, and `sweep` finds it."""
    try:
        app.extensions["notices"].enqueue(notify, post, retry=Retry(max=5, interval=[1, 5, 30, 60, 300]), result_ttl=0)
    except RedisError:
        app.logger.exception("the notice of post %d waits for the sweep", post)


def notify(post: int) -> None:
    """Tell the author of the topic of this answer. An e-mail would be sent here, with the post as its message id."""
    with db.connect() as connection:
        connection.execute(NOTIFY, (post,))


@bp.get("/notices")
@login_required
def own() -> list[dict[str, Any]]:
    return [dict(row) for row in db.connect().execute(OWN, (g.user["id"],)).fetchall()]


@bp.cli.command("work")
def work() -> None:
    """Do the tasks in the queue, until a signal to stop: the task that is being done is finished."""
    queue = current_app.extensions["notices"]
    app = current_app._get_current_object()
    worker = Worker([queue], connection=queue.connection)
    worker.app = app
    worker.work(with_scheduler=True, logging_level="WARNING")


class Worker(SimpleWorker):
    """Each task in the process itself, in an application context of its own."""

    app: Flask

    def perform_job(self, *arguments: Any, **options: Any) -> bool:
        with self.app.app_context():
            return bool(super().perform_job(*arguments, **options))


@bp.cli.command("sweep")
@click.option(
    "--older", default=10, show_default=True, help="Seconds that a task may take before it counts as missing."
)
@click.option("--every", default=0.0, help="Again after so many seconds; once unless given.")
def sweep(older: int, every: float) -> None:
    """Queue the notices that are missing. On one machine, or on several: twice is harmless."""
    app = current_app._get_current_object()
    queue = app.extensions["notices"]
    while True:
        # What waits in the queue is late and not missing; queued once more it would only be later.
        if queue.is_empty():
            with app.app_context():
                missing = [row["id"] for row in db.connect().execute(MISSING, (older,)).fetchall()]
            for post in missing:
                enqueue(app, post)
            if missing:
                click.echo(f"{len(missing)} queued again")
        if not every:
            break
        time.sleep(every)
