"""Pages for visitors without a session come out of Redis: they are the same for all of them."""

from __future__ import annotations

from typing import Any

from board.db import post_added

from bolthead import Flask, Response, request

PAGES = "pages"
ENDPOINTS = {"topics.index", "topics.show"}


def init_app(app: Flask, client: Any) -> None:
    name = app.config["SESSION_COOKIE_NAME"]

    def shared() -> bool:
        # Other arguments would be pages of a visitor's own making, and fill the memory.
        known = request.args.keys() <= {"page"} and len(request.query_string) < 20
        return request.method == "GET" and request.endpoint in ENDPOINTS and known and name not in request.cookies

    def look() -> Response | None:
        found = client.hget(PAGES, request.full_path) if shared() else None
        return Response(found, headers={"X-Cache": "hit"}, mimetype="text/html") if found else None

    def store(response: Response) -> Response:
        if shared() and response.status_code == 200 and "X-Cache" not in response.headers:
            with client.pipeline() as steps:
                steps.hset(PAGES, request.full_path, response.get_data())
                # The first page that is stored begins the time: none is older than this.
                steps.expire(PAGES, app.config["PAGE_CACHE_SECONDS"], nx=True)
                steps.execute()
        return response

    def forget(sender: Flask, post: int) -> None:
        client.delete(PAGES)

    # Before the board asks who the visitor is, which costs a query.
    app.before_request_funcs.setdefault(None, []).insert(0, look)
    app.after_request(store)
    post_added.connect(forget, app, weak=False)
