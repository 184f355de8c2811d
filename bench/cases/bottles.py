"""The cases that Bottle serves, written as its documentation writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import bottle
from bottle import request, response

from .asks import App
from .flasks import NOUNS, RULES
from .table import HERE

BUILDERS: dict[str, Callable[[], App]] = {}


def case(key: str) -> Callable[[Callable[[Any], None]], None]:
    def enter(fill: Callable[[Any], None]) -> None:
        def build() -> App:
            app = bottle.Bottle()
            fill(app)
            return app  # type: ignore[no-any-return]

        BUILDERS[key] = build

    return enter


@case("string")
def string(app: Any) -> None:
    @app.get("/")
    def index() -> str:
        return "Hello, world!"


@case("json")
def json(app: Any) -> None:
    @app.get("/")
    def index() -> dict[str, Any]:
        return {"message": "Hello, world!", "count": 3, "ok": True}


@case("int")
def integer(app: Any) -> None:
    @app.get("/item/<id:int>")
    def item(id: int) -> str:
        return f"item {id}"


@case("query")
def query(app: Any) -> None:
    @app.get("/")
    def index() -> str:
        return f"{request.query['name']}, page {request.query['page']}"


@case("headers")
def headers(app: Any) -> None:
    @app.get("/")
    def index() -> str:
        named = f"{request.headers['X-Request-Id']} {request.headers.get('Accept-Language')}"
        return f"{named} {request.cookies['theme']}"


@case("form")
def form(app: Any) -> None:
    @app.post("/")
    def index() -> str:
        form = request.forms
        return f"{form['name']} {form['mail']} {form['town']} {form['note']} {form['agree']}"


@case("json-body")
def json_body(app: Any) -> None:
    @app.post("/")
    def index() -> dict[str, Any]:
        things = request.json
        return {"count": len(things), "things": things}


@case("multipart")
def multipart(app: Any) -> None:
    @app.post("/")
    def index() -> str:
        upload = request.files["upload"]
        return f"{len(request.forms)} {request.forms['field8']} {upload.raw_filename} {len(upload.file.read())}"


@case("errors")
def errors(app: Any) -> None:
    @app.get("/redirect")
    def away() -> None:
        bottle.redirect("/elsewhere", 302)

    @app.get("/abort")
    def refuse() -> None:
        bottle.abort(403)


@case("make-response")
def make_response(app: Any) -> None:
    @app.get("/")
    def index() -> str:
        response.set_header("X-Served-By", "bench")
        response.set_cookie("theme", "dark", max_age=3600, httponly=True, path="/")
        return "Hello, world!"


@case("stream")
def stream(app: Any) -> None:
    def lines() -> Iterator[str]:
        for n in range(5):
            yield f"line {n}\n"

    @app.get("/")
    def index() -> Iterator[str]:
        response.content_type = "text/plain; charset=UTF-8"
        return lines()


@case("static")
def static(app: Any) -> None:
    @app.get("/static/<name:path>")
    def static(name: str) -> Any:
        return bottle.static_file(name, root=str(HERE / "static"))


@case("blueprint")
def blueprint(app: Any) -> None:
    @app.hook("before_request")
    def who() -> None:
        request.user = "Ada"

    @app.hook("before_request")
    def what() -> None:
        request.basket = 3

    @app.hook("after_request")
    def mark() -> None:
        pass

    @app.hook("after_request")
    def count() -> None:
        request.count = 1

    @app.get("/shop/basket")
    def basket() -> str:
        return f"{request.user} has {request.basket}"


@case("rules")
def rules(app: Any) -> None:
    def view(**values: Any) -> str:
        return f"{values['owner']}/{values['repo']} {values['number']} {values['comment']}"

    for noun in NOUNS:
        for rule in RULES:
            template = rule.format(noun=noun)
            for name in ("number", "comment"):
                template = template.replace(f"<int:{name}>", f"<{name}:int>")
            app.get(template, callback=view)
