from __future__ import annotations

from typing import Any

import quart
from quart import Response, request

from . import work

app = quart.Quart(__name__, template_folder=work.TEMPLATES)


@app.get("/plaintext")
async def plaintext() -> Response:
    return Response("Hello, World!", content_type="text/plain")


@app.get("/json")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db")
async def db() -> dict[str, int]:
    return await work.one_async()


@app.get("/queries")
async def queries() -> list[dict[str, int]]:
    return await work.some_async(work.clamp(request.args.get("queries")))


@app.get("/updates")
async def updates() -> list[dict[str, int]]:
    return await work.update_async(work.clamp(request.args.get("queries")))


@app.get("/cached-queries")
async def cached_queries() -> list[dict[str, int]]:
    return work.cached(work.clamp(request.args.get("count")))


@app.get("/fortunes")
async def fortunes() -> str:
    return await quart.render_template("fortunes.html", fortunes=await work.fortunes_async())


@app.get("/")
async def index() -> str:
    return ""


@app.get("/user/<int:id>")
async def user(id: int) -> str:
    return str(id)


@app.post("/user")
async def create() -> str:
    return ""


@app.get("/pipeline")
async def pipeline() -> Response:
    return Response("ok", content_type="text/plain")


@app.route("/baseline11", methods=["GET", "POST"])
async def baseline() -> Response:
    return Response(work.total(request.args, await request.get_data()), content_type="text/plain")


@app.get("/json/<int:count>")
async def items(count: int) -> dict[str, Any]:
    return work.items(count, request.args.get("m", 1, type=int))
