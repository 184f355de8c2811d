"""Started by itself, with the port in ``PORT``. As its own entries, without a database."""

import os
from typing import Any

from robyn import Request, Robyn  # type: ignore[import-untyped, unused-ignore]

from . import work

app = Robyn(__file__)
TEXT = {"Content-Type": "text/plain"}


@app.get("/plaintext")
def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/")
async def index(request: Request) -> str:
    return ""


@app.get("/user/:id")
async def user(request: Request) -> Any:
    return request.path_params.get("id")


@app.post("/user")
async def create(request: Request) -> str:
    return ""


@app.get("/pipeline")
async def pipeline() -> str:
    return "ok"


def arguments(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in request.query_params.to_dict().items()}


@app.get("/baseline11")
async def baseline(request: Request) -> str:
    return work.total(arguments(request))


@app.post("/baseline11")
async def baseline_of_body(request: Request) -> str:
    body = request.body
    return work.total(arguments(request), body.encode() if isinstance(body, str) else bytes(body))


@app.get("/json/:count")
async def items(request: Request) -> Any:
    return work.items(int(request.path_params["count"]), int(arguments(request).get("m", 1)))


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["PORT"]))
