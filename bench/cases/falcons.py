"""The cases that Falcon serves, written as its documentation writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import falcon

from .asks import App
from .flasks import NOUNS, RULES
from .table import HERE

BUILDERS: dict[str, Callable[[], App]] = {}


def case(key: str) -> Callable[[Callable[[falcon.App[Any, Any]], None]], None]:
    def enter(fill: Callable[[falcon.App[Any, Any]], None]) -> None:
        def build() -> App:
            app = falcon.App()
            fill(app)
            return app

        BUILDERS[key] = build

    return enter


def text(resp: Any, body: str) -> None:
    resp.content_type = falcon.MEDIA_HTML
    resp.text = body


@case("string")
def string(app: Any) -> None:
    class Index:
        def on_get(self, req: Any, resp: Any) -> None:
            text(resp, "Hello, world!")

    app.add_route("/", Index())


@case("json")
def json(app: Any) -> None:
    class Index:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.media = {"message": "Hello, world!", "count": 3, "ok": True}

    app.add_route("/", Index())


@case("int")
def integer(app: Any) -> None:
    class Item:
        def on_get(self, req: Any, resp: Any, id: int) -> None:
            text(resp, f"item {id}")

    app.add_route("/item/{id:int}", Item())


@case("query")
def query(app: Any) -> None:
    class Index:
        def on_get(self, req: Any, resp: Any) -> None:
            text(resp, f"{req.get_param('name')}, page {req.get_param('page')}")

    app.add_route("/", Index())


@case("headers")
def headers(app: Any) -> None:
    class Index:
        def on_get(self, req: Any, resp: Any) -> None:
            named = f"{req.get_header('X-Request-Id')} {req.get_header('Accept-Language')}"
            text(resp, f"{named} {req.cookies['theme']}")

    app.add_route("/", Index())


@case("form")
def form(app: Any) -> None:
    class Index:
        def on_post(self, req: Any, resp: Any) -> None:
            form = req.get_media()
            text(resp, f"{form['name']} {form['mail']} {form['town']} {form['note']} {form['agree']}")

    app.add_route("/", Index())


@case("json-body")
def json_body(app: Any) -> None:
    class Index:
        def on_post(self, req: Any, resp: Any) -> None:
            things = req.get_media()
            resp.media = {"count": len(things), "things": things}

    app.add_route("/", Index())


@case("multipart")
def multipart(app: Any) -> None:
    class Index:
        def on_post(self, req: Any, resp: Any) -> None:
            fields: dict[str, str] = {}
            name, size = "", 0
            for part in req.get_media():
                if part.filename:
                    name, size = part.filename, len(part.stream.read())
                else:
                    fields[part.name] = part.text
            text(resp, f"{len(fields)} {fields['field8']} {name} {size}")

    app.add_route("/", Index())


@case("errors")
def errors(app: Any) -> None:
    class Away:
        def on_get(self, req: Any, resp: Any) -> None:
            raise falcon.HTTPFound("/elsewhere")

    class Refuse:
        def on_get(self, req: Any, resp: Any) -> None:
            raise falcon.HTTPForbidden()

    app.add_route("/redirect", Away())
    app.add_route("/abort", Refuse())


@case("make-response")
def make_response(app: Any) -> None:
    class Index:
        def on_get(self, req: Any, resp: Any) -> None:
            text(resp, "Hello, world!")
            resp.set_header("X-Served-By", "bench")
            resp.set_cookie("theme", "dark", max_age=3600, secure=False, http_only=True, path="/")

    app.add_route("/", Index())


@case("stream")
def stream(app: Any) -> None:
    def lines() -> Iterator[bytes]:
        for n in range(5):
            yield f"line {n}\n".encode()

    class Index:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.content_type = falcon.MEDIA_TEXT
            resp.stream = lines()

    app.add_route("/", Index())


@case("static")
def static(app: Any) -> None:
    app.add_static_route("/static", str(HERE / "static"))


@case("blueprint")
def blueprint(app: Any) -> None:
    def who(req: Any, resp: Any, resource: Any, params: Any) -> None:
        req.context.user = "Ada"

    def what(req: Any, resp: Any, resource: Any, params: Any) -> None:
        req.context.basket = 3

    def mark(req: Any, resp: Any, resource: Any) -> None:
        pass

    def count(req: Any, resp: Any, resource: Any) -> None:
        req.context.count = 1

    class Basket:
        @falcon.before(who)
        @falcon.before(what)
        @falcon.after(mark)
        @falcon.after(count)
        def on_get(self, req: Any, resp: Any) -> None:
            text(resp, f"{req.context.user} has {req.context.basket}")

    app.add_route("/shop/basket", Basket())


@case("rules")
def rules(app: Any) -> None:
    class View:
        def on_get(self, req: Any, resp: Any, **values: Any) -> None:
            text(resp, f"{values['owner']}/{values['repo']} {values['number']} {values['comment']}")

    view = View()
    for noun in NOUNS:
        for rule in RULES:
            template = rule.format(noun=noun).replace("<int:", "<").replace("<", "{").replace(">", "}")
            app.add_route(template.replace("{number}", "{number:int}").replace("{comment}", "{comment:int}"), view)
