"""How often one address may send something in a minute, counted by all servers together."""

from __future__ import annotations

import time
from typing import Any

from werkzeug.exceptions import TooManyRequests

from bolthead import Flask, request

MINUTE = 60


def init_app(app: Flask, client: Any) -> None:
    def count() -> None:
        if request.method != "POST":
            return
        now = int(time.time())
        key = f"limit:{request.remote_addr}:{now // MINUTE}"
        with client.pipeline() as steps:
            sent, _ = steps.incr(key).expire(key, 2 * MINUTE).execute()
        if sent > app.config["POSTS_PER_MINUTE"]:
            raise TooManyRequests("Wait a minute.", retry_after=MINUTE - now % MINUTE)

    app.before_request_funcs.setdefault(None, []).insert(0, count)
