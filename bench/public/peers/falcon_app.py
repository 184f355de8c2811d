from __future__ import annotations

import falcon  # type: ignore[import-untyped, unused-ignore]

from . import work

Req, Resp = falcon.Request, falcon.Response


class Plaintext:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Hello, World!"


class Json:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = {"message": "Hello, World!"}


class Db:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = work.one()


class Queries:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = work.some(work.clamp(req.get_param("queries")))


class Updates:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = work.update(work.clamp(req.get_param("queries")))


class Cached:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = work.cached(work.clamp(req.get_param("count")))


class Fortunes:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.text = work.page(work.fortunes())


class Empty:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.data = b""


class User:
    def on_get(self, req: Req, resp: Resp, id: int) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = str(id)


class Create:
    def on_post(self, req: Req, resp: Resp) -> None:
        resp.data = b""


class Pipeline:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "ok"


class Baseline:
    def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = work.total(req.params)

    def on_post(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        # Falcon's own stream ends where a body with a length ends; gunicorn's knows chunked ones.
        stream = req.stream if req.get_header("Transfer-Encoding") else req.bounded_stream
        resp.text = work.total(req.params, stream.read())


class Items:
    def on_get(self, req: Req, resp: Resp, count: int) -> None:
        resp.media = work.items(count, req.get_param_as_int("m", default=1))


RESOURCES = (Plaintext, Json, Db, Queries, Updates, Cached, Fortunes, Empty, User, Create, Pipeline, Baseline, Items)
PATHS = (
    *("/plaintext", "/json", "/db", "/queries", "/updates", "/cached-queries", "/fortunes"),
    *("/", "/user/{id:int}", "/user"),
    *("/pipeline", "/baseline11", "/json/{count:int}"),
)
"""The paths of the three boards, in the order of the resources; Falcon over ASGI has the same."""
app = falcon.App()
for path, resource in zip(PATHS, RESOURCES, strict=True):
    app.add_route(path, resource())
