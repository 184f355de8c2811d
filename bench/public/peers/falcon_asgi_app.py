from __future__ import annotations

import falcon  # type: ignore[import-untyped, unused-ignore]
import falcon.asgi  # type: ignore[import-untyped, unused-ignore]

from . import work
from .falcon_app import PATHS

Req, Resp = falcon.asgi.Request, falcon.asgi.Response


class Plaintext:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Hello, World!"


class Json:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = {"message": "Hello, World!"}


class Db:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = await work.one_async()


class Queries:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = await work.some_async(work.clamp(req.get_param("queries")))


class Updates:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = await work.update_async(work.clamp(req.get_param("queries")))


class Cached:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.media = work.cached(work.clamp(req.get_param("count")))


class Fortunes:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.text = work.page(await work.fortunes_async())


class Empty:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.data = b""


class User:
    async def on_get(self, req: Req, resp: Resp, id: int) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = str(id)


class Create:
    async def on_post(self, req: Req, resp: Resp) -> None:
        resp.data = b""


class Pipeline:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "ok"


class Baseline:
    async def on_get(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = work.total(req.params)

    async def on_post(self, req: Req, resp: Resp) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = work.total(req.params, await req.stream.read())


class Items:
    async def on_get(self, req: Req, resp: Resp, count: int) -> None:
        resp.media = work.items(count, req.get_param_as_int("m", default=1))


RESOURCES = (Plaintext, Json, Db, Queries, Updates, Cached, Fortunes, Empty, User, Create, Pipeline, Baseline, Items)
app = falcon.asgi.App()
for path, resource in zip(PATHS, RESOURCES, strict=True):
    app.add_route(path, resource())
