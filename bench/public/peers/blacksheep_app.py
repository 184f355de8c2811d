from typing import Any

from blacksheep import Application, Request, Response, html, json, text

from . import work

app = Application()
get, post = app.router.get, app.router.post


def first(request: Request, name: str) -> str | None:
    found = request.query.get(name)
    return found[0] if found else None


@get("/plaintext")
async def plaintext() -> Response:
    return text("Hello, World!")


@get("/json")
async def hello() -> Response:
    return json({"message": "Hello, World!"})


@get("/db")
async def db() -> Response:
    return json(await work.one_async())


@get("/queries")
async def queries(request: Request) -> Response:
    return json(await work.some_async(work.clamp(first(request, "queries"))))


@get("/updates")
async def updates(request: Request) -> Response:
    return json(await work.update_async(work.clamp(first(request, "queries"))))


@get("/cached-queries")
async def cached_queries(request: Request) -> Response:
    return json(work.cached(work.clamp(first(request, "count"))))


@get("/fortunes")
async def fortunes() -> Response:
    return html(work.page(await work.fortunes_async()))


@get("/")
async def index() -> Response:
    return text("")


@get("/user/{int:id}")
async def user(id: int) -> Response:
    return text(str(id))


@post("/user")
async def create() -> Response:
    return text("")


@get("/pipeline")
async def pipeline() -> Response:
    return text("ok")


async def baseline(request: Request) -> Response:
    arguments = {name: values[0] for name, values in request.query.items()}
    return text(work.total(arguments, await request.read() or b""))


get("/baseline11")(baseline)
post("/baseline11")(baseline)


@get("/json/{int:count}")
async def items(request: Request, count: int) -> Any:
    return json(work.items(count, int(first(request, "m") or 1)))
