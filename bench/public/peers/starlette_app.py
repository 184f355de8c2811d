from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from . import work


async def plaintext(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Hello, World!")


async def hello(request: Request) -> JSONResponse:
    return JSONResponse({"message": "Hello, World!"})


async def db(request: Request) -> JSONResponse:
    return JSONResponse(await work.one_async())


async def queries(request: Request) -> JSONResponse:
    return JSONResponse(await work.some_async(work.clamp(request.query_params.get("queries"))))


async def updates(request: Request) -> JSONResponse:
    return JSONResponse(await work.update_async(work.clamp(request.query_params.get("queries"))))


async def cached_queries(request: Request) -> JSONResponse:
    return JSONResponse(work.cached(work.clamp(request.query_params.get("count"))))


async def fortunes(request: Request) -> HTMLResponse:
    return HTMLResponse(work.page(await work.fortunes_async()))


async def empty(request: Request) -> PlainTextResponse:
    return PlainTextResponse("")


async def user(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(request.path_params["id"]))


async def pipeline(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def baseline(request: Request) -> PlainTextResponse:
    return PlainTextResponse(work.total(request.query_params, await request.body()))


async def items(request: Request) -> JSONResponse:
    return JSONResponse(work.items(request.path_params["count"], int(request.query_params.get("m", 1))))


app = Starlette(
    routes=[
        Route("/plaintext", plaintext),
        Route("/json", hello),
        Route("/db", db),
        Route("/queries", queries),
        Route("/updates", updates),
        Route("/cached-queries", cached_queries),
        Route("/fortunes", fortunes),
        Route("/", empty),
        Route("/user/{id:int}", user),
        Route("/user", empty, methods=["POST"]),
        Route("/pipeline", pipeline),
        Route("/baseline11", baseline, methods=["GET", "POST"]),
        Route("/json/{count:int}", items),
    ]
)
