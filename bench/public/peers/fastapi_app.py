from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from . import work

app = FastAPI()


@app.get("/plaintext", response_class=PlainTextResponse)
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def hello() -> JSONResponse:
    return JSONResponse({"message": "Hello, World!"})


@app.get("/db")
async def db() -> JSONResponse:
    return JSONResponse(await work.one_async())


@app.get("/queries")
async def queries(queries: str = "") -> JSONResponse:
    return JSONResponse(await work.some_async(work.clamp(queries)))


@app.get("/updates")
async def updates(queries: str = "") -> JSONResponse:
    return JSONResponse(await work.update_async(work.clamp(queries)))


@app.get("/cached-queries")
async def cached_queries(count: str = "") -> JSONResponse:
    return JSONResponse(work.cached(work.clamp(count)))


@app.get("/fortunes")
async def fortunes() -> HTMLResponse:
    return HTMLResponse(work.page(await work.fortunes_async()))


@app.get("/", response_class=PlainTextResponse)
async def index() -> str:
    return ""


@app.get("/user/{id}", response_class=PlainTextResponse)
async def user(id: int) -> str:
    return str(id)


@app.post("/user", response_class=PlainTextResponse)
async def create() -> str:
    return ""


@app.get("/pipeline", response_class=PlainTextResponse)
async def pipeline() -> str:
    return "ok"


@app.api_route("/baseline11", methods=["GET", "POST"], response_class=PlainTextResponse)
async def baseline(request: Request) -> str:
    return work.total(request.query_params, await request.body())


@app.get("/json/{count}")
async def items(count: int, m: int = 1) -> Any:
    return JSONResponse(work.items(count, m))
