from __future__ import annotations

from typing import Any

import flask
from flask import Response, request

from . import work

app = flask.Flask(__name__, template_folder=work.TEMPLATES)


@app.get("/plaintext")
def plaintext() -> Response:
    return Response("Hello, World!", content_type="text/plain")


@app.get("/json")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db")
def db() -> dict[str, int]:
    return work.one()


@app.get("/queries")
def queries() -> list[dict[str, int]]:
    return work.some(work.clamp(request.args.get("queries")))


@app.get("/updates")
def updates() -> list[dict[str, int]]:
    return work.update(work.clamp(request.args.get("queries")))


@app.get("/cached-queries")
def cached_queries() -> list[dict[str, int]]:
    return work.cached(work.clamp(request.args.get("count")))


@app.get("/fortunes")
def fortunes() -> str:
    return flask.render_template("fortunes.html", fortunes=work.fortunes())


@app.get("/")
def index() -> str:
    return ""


@app.get("/user/<int:id>")
def user(id: int) -> str:
    return str(id)


@app.post("/user")
def create() -> str:
    return ""


@app.get("/pipeline")
def pipeline() -> Response:
    return Response("ok", content_type="text/plain")


@app.route("/baseline11", methods=["GET", "POST"])
def baseline() -> Response:
    return Response(work.total(request.args, request.get_data()), content_type="text/plain")


@app.get("/json/<int:count>")
def items(count: int) -> dict[str, Any]:
    return work.items(count, request.args.get("m", 1, type=int))
