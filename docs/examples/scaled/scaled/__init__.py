"""The board on several machines: what the visitors share is in PostgreSQL and Redis, and no process holds any of it.

``DATABASE_URL`` and ``REDIS_URL`` say where those are. The board itself is that of ``docs/examples/board``, unedited.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import redis
from board import create_app as create_board
from werkzeug.middleware.proxy_fix import ProxyFix

from bolthead import Flask, Response

from . import cache, limits, notices
from .postgres import Postgres
from .sessions import RedisSessions


def create_app(settings: Mapping[str, Any] | None = None, database: Any = None, client: Any = None) -> Flask:
    """The board; *database* and *client* (of Redis) are made from the environment unless given."""
    if database is None:
        delay = float(os.environ.get("DATABASE_DELAY", "0"))
        database = Postgres(os.environ["DATABASE_URL"], int(os.environ.get("DATABASE_POOL", "8")), delay)
    if client is None:
        client = redis.Redis.from_url(os.environ["REDIS_URL"])
    app = create_board(settings, database)
    app.config.setdefault("PAGE_CACHE_SECONDS", 5)
    app.config.setdefault("POSTS_PER_MINUTE", 60)

    app.session_interface = RedisSessions(client)
    cache.init_app(app, client)
    limits.init_app(app, client)
    notices.init_app(app, client)
    app.after_request(name_version)
    # One proxy is in front; without it a visitor could write this header himself.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    return app


def name_version(response: Response) -> Response:
    """Which release answered: what one looks at during a deploy."""
    response.headers["X-Board-Version"] = os.environ.get("BOARD_RELEASE", "1")
    return response
