"""The application that is watched, with a command ``visit`` that makes requests and prints what the agent recorded."""

from __future__ import annotations

import contextvars
import json
import os

import recorders

recorder = recorders.RECORDERS[os.environ["AGENT"]]()
BY_HAND = "AGENT_BY_HAND" in os.environ
if BY_HAND:
    recorder.start()
recorder.listen()

import click  # noqa: E402
import flask  # noqa: E402
from flask.views import MethodView  # noqa: E402

app = flask.Flask("shop")
app.secret_key = "key"
pages = flask.Blueprint("pages", "shop", url_prefix="/pages")


@app.before_request
def count() -> None:
    flask.g.visits = 1


@app.after_request
def mark(response: flask.Response) -> flask.Response:
    response.headers["X-Mark"] = "1"
    return response


@app.teardown_request
def leave(error: BaseException | None) -> None:
    pass


@app.route("/item/<int:number>", methods=["GET", "POST"])
def item(number: int) -> dict[str, int]:
    return {"number": number}


@app.route("/text")
def text() -> str:
    return "text"


@app.route("/fail")
def fail() -> str:
    raise KeyError("sold out")


@app.route("/gone")
def gone() -> str:
    flask.abort(410)


@app.errorhandler(404)
def missing(error: Exception) -> tuple[str, int]:
    return "nothing here", 404


@pages.route("/hello/<name>")
def hello(name: str) -> str:
    return flask.render_template_string("hello {{ name }}", name=name)


class Basket(MethodView):
    def get(self) -> str:
        return "empty"


app.register_blueprint(pages)
app.add_url_rule("/basket", view_func=Basket.as_view("basket"))
if BY_HAND:
    recorder.instrument(app)

VISITS = [
    ("GET", "/item/5?size=2"),
    ("POST", "/item/6"),
    ("PUT", "/item/6"),
    ("GET", "/text"),
    ("GET", "/fail"),
    ("GET", "/gone"),
    ("GET", "/nowhere"),
    ("GET", "/pages/hello/you"),
    ("GET", "/basket"),
]


def build() -> str:
    """What ``flask`` is here; its class may be an agent's own."""
    name = flask.ctx.__name__.partition(".")[0]
    if name == "bolthead":
        from bolthead import _core

        return _core.build_name()
    return name


@app.route("/taken")
def taken() -> dict[str, object]:
    """For a server of several processes or none: what was recorded since the last time."""
    return {"build": f"{build():<8}", "heard": recorder.take()}


def visit(over_asgi: bool = False) -> None:
    """Make the requests outside of the context of the command."""
    if over_asgi:
        send_over_asgi()
    contextvars.Context().run(make_requests)


def send_over_asgi() -> None:
    """From now on the test client's requests go through ``asgi_app``."""
    import sys
    from pathlib import Path

    import werkzeug.test

    sys.path.append(str(Path(__file__).parents[2]))
    from over_asgi import Loop, as_wsgi

    loop, run_wsgi_app = Loop(), werkzeug.test.run_wsgi_app
    werkzeug.test.run_wsgi_app = lambda app, *args, **kwargs: run_wsgi_app(as_wsgi(loop, app), *args, **kwargs)


def make_requests() -> None:
    """What each request is answered and what the agent recorded of it, as JSON on the last line."""
    client = app.test_client()
    found = []
    for method, path in VISITS:
        with client.open(path, method=method) as response:
            answer = [response.status_code, response.get_data(as_text=True)]
        found.append([f"{method} {path}", answer, recorder.take()])
    print("\n" + json.dumps({"build": build(), "found": found}), flush=True)
    # What else the agent has to say goes to a server that is not there.
    os._exit(0)


app.cli.command("visit", with_appcontext=False)(click.option("--over-asgi", is_flag=True)(visit))
