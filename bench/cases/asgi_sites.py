"""One site in every ASGI framework, written as its documentation writes it.

Five resources: a text, a number in the path answered as JSON, a JSON body in and out, a view without ``async`` (where
such run in threads), and a websocket that sends back what it gets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .table import SECRET

AsgiApp = Callable[..., Any]
SITES: dict[str, Callable[[], AsgiApp]] = {}
"""A framework, and what makes its site."""
TEXT = "Hello, world!"
HTML = "text/html; charset=utf-8"


def site(name: str) -> Callable[[Callable[[], AsgiApp]], Callable[[], AsgiApp]]:
    def enter(build: Callable[[], AsgiApp]) -> Callable[[], AsgiApp]:
        SITES[name] = build
        return build

    return enter


def as_flask(module: Any, framework: Any) -> Any:
    """The site in Flask's programming model, but for the JSON body, which Quart awaits."""
    app = framework(__name__)
    app.secret_key = SECRET
    websocket = module.websocket

    @app.get("/")
    async def index() -> Any:
        return TEXT

    @app.get("/item/<int:id>")
    async def item(id: int) -> Any:
        return {"id": id}

    @app.get("/sync")
    def sync() -> Any:
        return TEXT

    @app.websocket("/echo")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())

    return app


@site("bolthead")
def bolthead() -> AsgiApp:
    import bolthead as module
    from bolthead import request

    app = as_flask(module, module.Flask)

    @app.post("/objects")
    async def objects() -> Any:
        return request.get_json()

    return app.asgi_app  # type: ignore[no-any-return]


@site("bare")
def bare() -> AsgiApp:
    """The least an ASGI application can do; it has the text alone."""
    headers = [(b"content-type", HTML.encode()), (b"content-length", b"13")]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"Hello, world!", "more_body": False})

    return app


@site("blacksheep")
def blacksheep() -> AsgiApp:
    from blacksheep import Application, Request, WebSocket, get, html, json, post, ws

    app = Application(router=None)

    @get("/")
    async def index() -> Any:
        return html(TEXT)

    async def item(id: int) -> Any:
        return json({"id": id})

    async def objects(request: Request) -> Any:
        return json(await request.json())

    # Annotations are strings in this module, and BlackSheep wants the types.
    item.__annotations__["id"] = int
    get("/item/{int:id}")(item)
    objects.__annotations__["request"] = Request
    post("/objects")(objects)

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            await websocket.send_text(await websocket.receive_text())

    echo.__annotations__["websocket"] = WebSocket
    ws("/echo")(echo)
    return app


@site("falcon")
def falcon() -> AsgiApp:
    import falcon as module
    from falcon import asgi

    class Index:
        async def on_get(self, req: Any, resp: Any) -> None:
            resp.content_type = module.MEDIA_HTML
            resp.text = TEXT

    class Item:
        async def on_get(self, req: Any, resp: Any, id: int) -> None:
            resp.media = {"id": id}

    class Objects:
        async def on_post(self, req: Any, resp: Any) -> None:
            resp.media = await req.get_media()

    class Echo:
        async def on_websocket(self, req: Any, ws: Any) -> None:
            await ws.accept()
            while True:
                try:
                    text = await ws.receive_text()
                except module.WebSocketDisconnected:
                    return
                await ws.send_text(text)

    app = asgi.App()
    app.add_route("/", Index())
    app.add_route("/item/{id:int}", Item())
    app.add_route("/objects", Objects())
    app.add_route("/echo", Echo())
    return app


@site("starlette")
def starlette() -> AsgiApp:
    from starlette import applications, responses, routing

    async def index(request: Any) -> Any:
        return responses.HTMLResponse(TEXT)

    async def item(request: Any) -> Any:
        return responses.JSONResponse({"id": request.path_params["id"]})

    async def objects(request: Any) -> Any:
        return responses.JSONResponse(await request.json())

    def sync(request: Any) -> Any:
        return responses.HTMLResponse(TEXT)

    async def echo(websocket: Any) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return applications.Starlette(
        routes=[
            routing.Route("/", index),
            routing.Route("/item/{id:int}", item),
            routing.Route("/objects", objects, methods=["POST"]),
            routing.Route("/sync", sync),
            routing.WebSocketRoute("/echo", echo),
        ]
    )


@site("litestar")
def litestar() -> AsgiApp:
    from litestar import Litestar, MediaType, WebSocket, get, post, websocket

    async def index() -> str:
        return TEXT

    async def item(id: int) -> dict[str, int]:
        return {"id": id}

    async def objects(data: list[Any]) -> list[Any]:
        return data

    def sync() -> str:
        return TEXT

    async def echo(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        while True:
            await socket.send_text(await socket.receive_text())

    echo.__annotations__["socket"] = WebSocket
    return Litestar(
        [
            get("/", media_type=MediaType.HTML)(index),
            get("/item/{id:int}")(item),
            post("/objects", status_code=200)(objects),
            get("/sync", media_type=MediaType.HTML, sync_to_thread=True)(sync),
            websocket("/echo")(echo),
        ],
        openapi_config=None,
    )


@site("fastapi")
def fastapi() -> AsgiApp:
    from fastapi import Body, FastAPI
    from fastapi.responses import HTMLResponse
    from fastapi.websockets import WebSocket

    app = FastAPI(openapi_url=None)

    @app.get("/", response_class=HTMLResponse)
    async def index() -> Any:
        return TEXT

    @app.get("/item/{id}")
    async def item(id: int) -> Any:
        return {"id": id}

    async def objects(data: Any) -> Any:
        return data

    objects.__defaults__ = (Body(),)
    app.post("/objects")(objects)

    @app.get("/sync", response_class=HTMLResponse)
    def sync() -> Any:
        return TEXT

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    echo.__annotations__["websocket"] = WebSocket
    app.websocket("/echo")(echo)
    return app


@site("quart")
def quart() -> AsgiApp:
    import quart as module
    from quart import request

    app = as_flask(module, module.Quart)

    @app.post("/objects")
    async def objects() -> Any:
        return await request.get_json()

    return app  # type: ignore[no-any-return]
