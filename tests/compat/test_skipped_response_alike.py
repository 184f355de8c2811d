"""A text whose response only the server would see, on Flask and here: none is made, with the same outcome.

Whoever could look, does: a hook, a receiver, the session, a class of one's own, the server.
"""

from __future__ import annotations

from typing import Any

import pytest

from oracle import Framework, alike

METHODS = ("GET", "HEAD", "OPTIONS", "POST")


def answers(fw: Framework, app: Any, times: int = 3, methods: tuple[str, ...] = METHODS) -> list[Any]:
    """What a server gets for some requests, sent by hand: status, headers, body."""
    found: list[Any] = []

    def ask(method: str) -> Any:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/",
            "HTTP_HOST": "site.test",
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "site.test",
            "SERVER_PORT": "80",
        }
        heard: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            heard.append((status, [(key, sorted(value.split(", "))) for key, value in sorted(headers)]))

        body = app(environ, start_response)
        return heard, b"".join(body), sorted(key for key in environ if key.startswith("werkzeug."))

    for _ in range(times):
        for method in methods:
            try:
                found.append(ask(method))
            except Exception as error:
                found.append((type(error).__name__, str(error)))
    return found


def site(fw: Framework, text: str = "hello", **classes: Any) -> Any:
    app = type("Site", (fw.Flask,), classes)("site_under_test", root_path="/nowhere")
    app.secret_key = "key"
    app.add_url_rule("/", "index", lambda: text)
    return app


@alike
def test_plain(fw: Framework) -> Any:
    return answers(fw, site(fw)), answers(fw, site(fw, "")), answers(fw, site(fw, "ü" * 2000))


@alike
def test_text_that_cannot_be_encoded(fw: Framework) -> Any:
    app = site(fw, "\ud800")
    app.register_error_handler(UnicodeEncodeError, lambda error: "handled")
    app.register_error_handler(500, lambda error: (repr(error.original_exception), 500))
    return answers(fw, app)


DEFAULTS: list[dict[str, Any]] = [
    {"default_status": 201},
    {"default_status": 204},
    {"default_status": 304},
    {"default_status": 100},
    {"default_status": "299 Own"},
    {"default_mimetype": "text/plain"},
    {"default_mimetype": "application/json"},
    {"default_mimetype": None},
    {"automatically_set_content_length": False},
]


@pytest.mark.parametrize("defaults", DEFAULTS, ids=str)
@alike
def test_defaults_of_the_class(fw: Framework, defaults: dict[str, Any]) -> Any:
    own = type("Own", (fw.Response,), defaults)
    late = type("Late", (fw.Response,), {})
    app = site(fw, response_class=late)
    found = answers(fw, app, 1)
    for name, value in defaults.items():
        setattr(late, name, value)
    return answers(fw, site(fw, response_class=own)), found, answers(fw, app)


@alike
def test_a_class_that_notices_its_making(fw: Framework) -> Any:
    seen: list[Any] = []

    class Named(fw.Response):  # type: ignore[misc,name-defined]
        @property
        def headers(self) -> Any:
            return self.__dict__["own"]

        @headers.setter
        def headers(self, value: Any) -> None:
            value["X-Own"] = "yes"
            self.__dict__["own"] = value

    class Counted(fw.Response):  # type: ignore[misc,name-defined]
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            seen.append("made")
            return object.__new__(cls)

    class Late(fw.Response):  # type: ignore[misc,name-defined]
        pass

    late = site(fw, response_class=Late)
    found = [answers(fw, site(fw, response_class=cls), 1, ("GET", "HEAD")) for cls in (Named, Counted)]
    found.append(answers(fw, late, 1, ("GET", "HEAD")))
    Late.__new__ = Counted.__new__
    found.append(answers(fw, late, 1, ("GET", "HEAD")))
    return found, len(seen)


@alike
def test_who_looks_begins_in_the_view(fw: Framework) -> Any:
    """Hooks, receivers and sessions that are there only after the view was called."""
    heard: list[str] = []
    app = site(fw)
    turns = iter(range(100))

    def receive(sender: Any, response: Any) -> None:
        heard.append(response.get_data(as_text=True))

    def stamp(response: Any) -> Any:
        response.headers["X-Stamp"] = "yes"
        return response

    def index() -> str:
        turn = next(turns)
        if turn == 1:
            fw.after_this_request(stamp)
        elif turn == 2:
            fw.session["n"] = 1
        elif turn == 3:
            fw.session.pop("n")
        elif turn == 4:
            fw.request_finished.connect(receive, app)
        elif turn == 5:
            fw.request_finished.disconnect(receive, app)
        elif turn == 6:
            app.after_request_funcs.setdefault(None, []).append(stamp)
        elif turn == 8:
            app.after_request_funcs[None].clear()
        return str(turn)

    app.view_functions["index"] = index
    client = app.test_client()
    shown = []
    for _ in range(10):
        response = client.get("/")
        headers = [(key, value) for key, value in response.headers if key != "Set-Cookie"]
        shown.append((response.status, headers, "Set-Cookie" in response.headers, response.text))
    return shown, heard


@alike
def test_start_response_that_fails(fw: Framework) -> Any:
    app = site(fw)
    torn: list[str] = []
    app.teardown_request(lambda error: torn.append(repr(error)))
    app.register_error_handler(ValueError, lambda error: "handled")

    def refuse(status: str, headers: Any) -> None:
        raise ValueError("closed")

    with app.test_request_context() as ctx:
        environ = dict(ctx.request.environ)
    return [fw.error(app, dict(environ), refuse) for _ in range(3)], torn


@alike
def test_a_request_class_that_notices_its_making(fw: Framework) -> Any:
    seen: list[str] = []

    class Counted(fw.Request):  # type: ignore[misc,name-defined]
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            seen.append(f"new {len(args)} {sorted(kwargs)}")
            return object.__new__(cls)

    class Watched(fw.Request):  # type: ignore[misc,name-defined]
        def __setattr__(self, name: str, value: Any) -> None:
            if name in ("environ", "url_rule", "view_args"):
                seen.append(name)
            object.__setattr__(self, name, value)

    class Late(fw.Request):  # type: ignore[misc,name-defined]
        pass

    app = site(fw, request_class=Late)
    found = [answers(fw, site(fw, request_class=cls), 1) for cls in (Counted, Watched)] + [answers(fw, app, 1)]
    Late.__setattr__ = Watched.__setattr__
    return found, answers(fw, app, 1), seen
