"""The cases as Flask applications: each builder is given ``flask`` or ``bolthead`` and uses nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .asks import App
from .table import HERE, SECRET

Builder = Callable[[Any], App]
BUILDERS: dict[str, Builder] = {}


def case(key: str) -> Callable[[Callable[[Any, Any], None]], None]:
    """The decorated function gets the framework and a fresh application with a secret key, and fills it."""

    def enter(fill: Callable[[Any, Any], None]) -> None:
        def build(flask: Any) -> App:
            app = flask.Flask("bench", root_path=str(HERE))
            app.secret_key = SECRET
            fill(flask, app)
            return app  # type: ignore[no-any-return]

        BUILDERS[key] = build

    return enter


@case("string")
def string(flask: Any, app: Any) -> None:
    @app.get("/")
    def index() -> str:
        return "Hello, world!"


@case("json")
def json(flask: Any, app: Any) -> None:
    @app.get("/")
    def index() -> dict[str, Any]:
        return {"message": "Hello, world!", "count": 3, "ok": True}


@case("int")
def integer(flask: Any, app: Any) -> None:
    @app.get("/item/<int:id>")
    def item(id: int) -> str:
        return f"item {id}"


@case("query")
def query(flask: Any, app: Any) -> None:
    request = flask.request

    @app.get("/")
    def index() -> str:
        return f"{request.args['name']}, page {request.args['page']}"


@case("headers")
def headers(flask: Any, app: Any) -> None:
    request = flask.request

    @app.get("/")
    def index() -> str:
        named = f"{request.headers['X-Request-Id']} {request.headers.get('Accept-Language')}"
        return f"{named} {request.cookies['theme']}"


@case("form")
def form(flask: Any, app: Any) -> None:
    request = flask.request

    @app.post("/")
    def index() -> str:
        form = request.form
        return f"{form['name']} {form['mail']} {form['town']} {form['note']} {form['agree']}"


@case("json-body")
def json_body(flask: Any, app: Any) -> None:
    request = flask.request

    @app.post("/")
    def index() -> dict[str, Any]:
        things = request.get_json()
        return {"count": len(things), "things": things}


@case("multipart")
def multipart(flask: Any, app: Any) -> None:
    request = flask.request

    @app.post("/")
    def index() -> str:
        upload = request.files["upload"]
        return f"{len(request.form)} {request.form['field8']} {upload.filename} {len(upload.read())}"


@case("session-read")
def session_read(flask: Any, app: Any) -> None:
    session = flask.session

    @app.get("/")
    def index() -> str:
        return f"{session['user']} {session['name']}"


@case("session-write")
def session_write(flask: Any, app: Any) -> None:
    session = flask.session

    @app.get("/")
    def index() -> str:
        session["user"] = 7
        session["name"] = "Ada"
        return "welcome"


@case("template")
def template(flask: Any, app: Any) -> None:
    render_template = flask.render_template
    rows = [{"id": n, "name": f"row <{n}>", "note": f"note of {n}", "stock": n % 3 != 0} for n in range(20)]

    @app.get("/")
    def index() -> str:
        return render_template("page.html", title="Rows & more", rows=rows)  # type: ignore[no-any-return]

    @app.get("/show/<int:id>")
    def show(id: int) -> str:
        return str(id)


@case("url-for")
def url_for(flask: Any, app: Any) -> None:
    url_for = flask.url_for

    @app.get("/")
    def index() -> str:
        size = 0
        for n in range(25):
            size += len(url_for("show", id=n)) + len(url_for("index", page=n))
        return str(size)

    @app.get("/show/<int:id>")
    def show(id: int) -> str:
        return str(id)


@case("errors")
def errors(flask: Any, app: Any) -> None:
    redirect, abort = flask.redirect, flask.abort

    @app.get("/redirect")
    def away() -> Any:
        return redirect("/elsewhere")

    @app.get("/abort")
    def refuse() -> Any:
        abort(403)


@case("make-response")
def make_response(flask: Any, app: Any) -> None:
    make_response = flask.make_response

    @app.get("/")
    def index() -> Any:
        response = make_response("Hello, world!")
        response.headers["X-Served-By"] = "bench"
        response.set_cookie("theme", "dark", max_age=3600, httponly=True)
        return response


@case("stream")
def stream(flask: Any, app: Any) -> None:
    Response = flask.Response

    def lines() -> Iterator[str]:
        for n in range(5):
            yield f"line {n}\n"

    @app.get("/")
    def index() -> Any:
        return Response(lines(), mimetype="text/plain")


@case("static")
def static(flask: Any, app: Any) -> None:
    """The application's own static folder is all this needs."""


@case("blueprint")
def blueprint(flask: Any, app: Any) -> None:
    g = flask.g
    shop = flask.Blueprint("shop", "bench", url_prefix="/shop")

    @shop.before_request
    def who() -> None:
        g.user = "Ada"

    @shop.before_request
    def what() -> None:
        g.basket = 3

    @shop.after_request
    def mark(response: Any) -> Any:
        return response

    @shop.after_request
    def count(response: Any) -> Any:
        g.count = 1
        return response

    @shop.teardown_request
    def leave(error: BaseException | None) -> None:
        g.pop("user", None)

    @shop.get("/basket")
    def basket() -> str:
        return f"{g.user} has {g.basket}"

    app.register_blueprint(shop)


NOUNS = ("issues", "pulls", "commits", "branches", "tags", "releases", "hooks", "keys", "teams", "labels")
RULES = (
    "/api/{noun}",
    "/api/<owner>/{noun}",
    "/api/<owner>/<repo>/{noun}",
    "/api/<owner>/<repo>/{noun}/<int:number>",
    "/api/<owner>/<repo>/{noun}/<int:number>/comments",
    "/api/<owner>/<repo>/{noun}/<int:number>/comments/<int:comment>",
)


@case("rules")
def rules(flask: Any, app: Any) -> None:
    def view(**values: Any) -> str:
        return f"{values['owner']}/{values['repo']} {values['number']} {values['comment']}"

    for noun in NOUNS:
        for n, rule in enumerate(RULES):
            app.add_url_rule(rule.format(noun=noun), f"{noun}-{n}", view)


@case("async")
def asynchronous(flask: Any, app: Any) -> None:
    @app.get("/")
    async def index() -> str:
        return "Hello, world!"
