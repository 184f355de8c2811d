"""Eight threads in one application, which is changed meanwhile; every answer is checked.

``BOLTHEAD_STRESS=N`` makes it N times as long, for a run under a tool that looks for races. It imports nothing but
bolthead and the standard library's threads besides pytest, and can be run as a script where there is no pytest:
``python tests/test_threads.py``.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from typing import Any

import bolthead

THREADS = 8
ROUNDS = 60 * int(os.environ.get("BOLTHEAD_STRESS", "1"))
CHANGES = 12 * int(os.environ.get("BOLTHEAD_STRESS", "1"))


def application(flask: Any) -> Any:
    """One route of each kind; the classes are its own, so that patching them concerns this test alone."""

    class App(flask.Flask):  # type: ignore[misc,name-defined]
        class request_class(flask.Request):  # type: ignore[misc,name-defined]
            pass

        class response_class(flask.Response):  # type: ignore[misc,name-defined]
            pass

    app = App(__name__)
    app.secret_key = "threads"
    app.config["SEEN"] = 0

    @app.get("/text/<name>")
    def text(name: str) -> str:
        return f"{name} {flask.request.args['q']}"

    @app.get("/number/<int:number>")
    def number(number: int) -> tuple[dict[str, int], int, dict[str, str]]:
        return {"twice": 2 * number}, 201, {"X-Number": str(number)}

    @app.post("/json")
    def read_json() -> dict[str, Any]:
        return {"got": flask.request.get_json(), "length": flask.request.content_length}

    @app.post("/form")
    def form() -> str:
        return ",".join(f"{key}={value}" for key, value in flask.request.form.items(multi=True))

    @app.route("/session", methods=["GET", "POST"])
    def session() -> str:
        if flask.request.method == "POST":
            flask.session["who"] = flask.request.form["who"]
        return str(flask.session.get("who"))

    @app.get("/links/<int:number>")
    def links(number: int) -> str:
        return " ".join(
            [flask.url_for("number", number=number), flask.url_for("text", name="a b", q=number, _external=True)]
        )

    @app.get("/page/<name>")
    def page(name: str) -> str:
        return str(flask.render_template_string("<p>{{ name }} {{ request.path }}</p>", name=name))

    langs = flask.Blueprint("langs", __name__, url_prefix="/<lang>")
    langs.url_value_preprocessor(lambda endpoint, values: setattr(flask.g, "lang", values.pop("lang")))
    langs.url_defaults(lambda endpoint, values: values.setdefault("lang", flask.g.lang))

    @langs.get("/defaults/<int:number>")
    def defaults(number: int) -> str:
        here = flask.url_for(".defaults", number=number)
        anchored = flask.url_for("langs.defaults", number=number, _anchor="a b")
        return f"{here} {anchored} {flask.url_for(f'langs.more{number % 40}', q=number)}"

    for nth in range(40):
        langs.add_url_rule(f"/more{nth}", f"more{nth}", defaults)
    app.register_blueprint(langs)

    app.extensions["shared"] = {"dict": {}, "list": []}

    @app.get("/shared")
    def shared() -> Any:
        return app.extensions["shared"]

    @app.get("/error/<int:code>")
    def error(code: int) -> None:
        flask.abort(code)

    @app.before_request
    def before() -> None:
        flask.g.mark = flask.request.path

    @app.after_request
    def after(response: Any) -> Any:
        response.headers["X-Mark"] = flask.g.mark
        return response

    return app


class Work:
    """What one thread asks: random requests from a seed of its own, with the answer that each must get."""

    def __init__(self, app: Any, nth: int) -> None:
        self.random = random.Random(nth)
        self.client = app.test_client()
        self.client_over_asgi = app.async_test_client()
        self.name = f"thread{nth}"
        self.kinds: list[Callable[[int], None]] = [
            self.text, self.number, self.json, self.form, self.session, self.links, self.page, self.error, self.added,
            self.shared, self.over_asgi, self.defaults,
        ]  # fmt: skip
        self.loop = asyncio.new_event_loop()

    def __call__(self) -> None:
        try:
            for _ in range(ROUNDS):
                self.random.choice(self.kinds)(self.random.randrange(10_000))
        finally:
            self.loop.close()

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status)
        assert answer.headers["X-Mark"] == path.partition("?")[0]
        return answer

    def text(self, number: int) -> None:
        assert self.get(f"/text/{self.name}?q={number}").text == f"{self.name} {number}"

    def number(self, number: int) -> None:
        answer = self.get(f"/number/{number}", 201)
        assert answer.json == {"twice": 2 * number} and answer.headers["X-Number"] == str(number)

    def json(self, number: int) -> None:
        sent = {"name": self.name, "list": [number, None, 1.5, "é"], "deep": {"a": {"b": number}}}
        answer = self.client.post("/json", json=sent)
        assert answer.json["got"] == sent

    def form(self, number: int) -> None:
        answer = self.client.post("/form", data={"a": [self.name, str(number)], "b": "é&="})
        assert answer.text == f"a={self.name},a={number},b=é&="

    def session(self, number: int) -> None:
        who = f"{self.name}-{number}"
        assert self.client.post("/session", data={"who": who}).text == who
        assert self.get("/session").text == who

    def links(self, number: int) -> None:
        wanted = f"/number/{number} http://localhost/text/a%20b?q={number}"
        assert self.get(f"/links/{number}").text == wanted

    def defaults(self, number: int) -> None:
        path = f"/{self.name}/defaults/{number}"
        more = f"/{self.name}/more{number % 40}?q={number}"
        assert self.get(path).text == f"{path} {path}#a%20b {more}"

    def page(self, number: int) -> None:
        assert self.get(f"/page/{number}").text == f"<p>{number} /page/{number}</p>"

    def error(self, number: int) -> None:
        code = (400, 403, 404, 410, 418)[number % 5]
        self.get(f"/error/{code}", code)
        self.get(f"/none/{number}", 404)

    def shared(self, number: int) -> None:
        """JSON of a dict and a list that another thread changes meanwhile."""
        found = self.get("/shared").json
        assert all(key == f"key{value}" for key, value in found["dict"].items()), found
        assert all(item == {"item": item["item"]} for item in found["list"]), found

    def over_asgi(self, number: int) -> None:
        """From an event loop of this thread's, while all loops share the application's worker threads."""

        async def ask(nth: int) -> str:
            return (await self.client_over_asgi.get(f"/text/{self.name}?q={nth}")).text

        async def ask_all() -> list[str]:
            return [await ask(number + nth) for nth in range(10)] + await asyncio.gather(*map(ask, range(3)))

        wanted = [number + nth for nth in range(10)] + [0, 1, 2]
        assert self.loop.run_until_complete(ask_all()) == [f"{self.name} {nth}" for nth in wanted]

    def added(self, number: int) -> None:
        """A rule that another thread adds some time: there or not, but never anything else."""
        nth = number % CHANGES
        answer = self.client.get(f"/added/{nth}/{number}")
        assert answer.status_code in (200, 404), answer.status
        if answer.status_code == 200:
            assert answer.text == f"{nth}:{number}"


def change(app: Any, flask: Any) -> None:
    """What a running application should not do, and some do: rules, classes, hooks and config change under requests."""
    rule_class = app.url_rule_class
    for nth in range(CHANGES):

        def view(number: int, nth: int = nth) -> str:
            return f"{nth}:{number}"

        app.view_functions[f"added{nth}"] = view
        app.url_map.add(rule_class(f"/added/{nth}/<int:number>", endpoint=f"added{nth}", methods=["GET"]))
        app.config["SEEN"] = nth
        shared = app.extensions["shared"]
        for number in range(100):
            shared["dict"][f"key{number}"] = number
            shared["list"].append({"item": number})
        shared["dict"].clear()
        del shared["list"][:]
        app.config["PREFERRED_URL_SCHEME"] = "http"
        for owner, name in (
            (type(app), "make_response"), (type(app), "dispatch_request"), (type(app), "process_response"),
            (app.request_class, "get_json"), (app.request_class, "on_json_loading_failed"),
            (app.response_class, "set_cookie"),
        ):  # fmt: skip
            stock = getattr(owner, name)

            def patched(self: Any, *args: Any, _stock: Any = stock, **kwargs: Any) -> Any:
                return _stock(self, *args, **kwargs)

            setattr(owner, name, patched)
            if nth % 2:
                delattr(owner, name)
        app.json = type(app.json)(app)
        app.jinja_env.globals[f"name{nth}"] = nth
        app.teardown_request_funcs.setdefault(None, []).append(lambda error: None)
        with app.app_context():
            flask.g.own = nth


def stress(flask: Any) -> None:
    app = application(flask)
    failures: list[BaseException] = []
    ready = threading.Barrier(THREADS + 1)

    def run(work: Callable[[], None]) -> None:
        ready.wait()
        try:
            work()
        except BaseException as error:
            failures.append(error)

    works: list[Callable[[], None]] = [Work(app, nth) for nth in range(THREADS)]
    threads = [threading.Thread(target=run, args=(work,)) for work in (*works, lambda: change(app, flask))]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if failures:
        raise failures[0]


def test_eight_threads_and_changes() -> None:
    stress(bolthead)


def test_the_gil_stays_off() -> None:
    """On a build without the GIL, none of our modules asks for it back."""
    code = "import sys, bolthead, bolthead.testing; print(getattr(sys, '_is_gil_enabled', lambda: None)())"
    told = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert told.stdout.strip() == "False", told.stderr


if __name__ == "__main__":
    stress(bolthead)
    print(f"{THREADS} threads, {ROUNDS} rounds each: every answer was right")
