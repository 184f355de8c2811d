"""What newcomers do wrong: the same message as Flask's, and the reference of error messages has it."""

from __future__ import annotations

import io
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oracle import Framework

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"


def view(answer: Callable[[Framework], Any], **request: Any) -> Callable[[Framework], Any]:
    """A request to a view that does *answer*."""

    def visit(fw: Framework) -> Any:
        app = fw.app()
        app.testing = True
        app.add_url_rule("/", "page", lambda: answer(fw), methods=["GET", "POST"])
        return app.test_client().open("/", **request)

    return visit


def template(source: str) -> Callable[[Framework], Any]:
    return view(lambda fw: fw.render_template_string(source))


def rule(path: str, function: Callable[..., Any], at: str = "/x") -> Callable[[Framework], Any]:
    def visit(fw: Framework) -> Any:
        app = fw.app()
        app.testing = True
        app.add_url_rule(path, "page", function)
        return app.test_client().get(at)

    return visit


def setup(name: str, *args: Any) -> Callable[[Framework], Any]:
    """A method of the application, and then a request that is not found."""

    def visit(fw: Framework) -> Any:
        app = fw.app()
        app.testing = True
        getattr(app, name)(*args)
        app.add_url_rule("/", "page", lambda: fw.render_template_string("x"))
        return app.test_client().get("/x" if name == "register_error_handler" else "/")

    return visit


def settings(text: str) -> Callable[[Framework], Any]:
    def load(fw: Framework) -> Any:
        Path("settings.cfg").write_text(text)
        return fw.app().config.from_pyfile(Path("settings.cfg").absolute())

    return load


def config(method: str, *args: Any, **options: Any) -> Callable[[Framework], Any]:
    return lambda fw: getattr(fw.app().config, method)(*args, **options)


def toml(fw: Framework) -> Any:
    Path("settings.toml").write_text("A = 1")
    return fw.app().config.from_file(Path("settings.toml").absolute(), load=tomllib.load)


def number_as_key(fw: Framework) -> Any:
    app = fw.app()
    app.testing = True
    app.secret_key = 12345
    app.add_url_rule("/", "page", lambda: fw.flash("x") or "")
    return app.test_client().get("/")


def class_without_as_view(fw: Framework) -> Any:
    page = type("Page", (fw.mod("views").MethodView,), {"get": lambda self: ""})
    return rule("/", page, "/")(fw)


def blueprint_twice(fw: Framework) -> Any:
    app, part = fw.app(), fw.blueprint()
    app.register_blueprint(part)
    return app.register_blueprint(part)


def unset(fw: Framework) -> Any:
    with fw.app().app_context():
        return fw.g.user


def no_files(fw: Framework) -> Any:
    app = fw.app()
    app.debug = app.testing = True
    app.add_url_rule("/", "page", lambda: fw.request.files["photo"].filename, methods=["POST"])
    return app.test_client().post("/", data={"photo": "cat.png"})


def missing_key(fw: Framework) -> Any:
    app = fw.app()
    app.testing = app.config["TRAP_BAD_REQUEST_ERRORS"] = True
    app.add_url_rule("/", "page", lambda: fw.request.form["name"], methods=["POST"])
    return app.test_client().post("/")


def session_attribute(fw: Framework) -> Any:
    app = fw.app()
    app.testing, app.secret_key = True, "key"
    app.add_url_rule("/", "page", lambda: fw.session.user)
    return app.test_client().get("/")


def cookie(value: Any, **options: Any) -> Callable[[Framework], Any]:
    return view(lambda fw: fw.make_response("x").set_cookie("name", value, **options))


def with_client(call: Callable[[Any], Any]) -> Callable[[Framework], Any]:
    """What a test does with the client of an application that answers JSON, text and redirects."""

    def use(fw: Framework) -> Any:
        app = fw.app()
        app.add_url_rule("/", "text", lambda: "x", methods=["GET", "POST"])
        app.add_url_rule("/json", "json", lambda: {})
        app.add_url_rule("/loop", "loop", lambda: fw.redirect("/loop"))
        app.add_url_rule("/away", "away", lambda: fw.redirect("http://example.org"))
        return call(app.test_client())

    return use


def attribute(name: str, at: str = "app") -> Callable[[Framework], Any]:
    return lambda fw: getattr(fw.app() if at == "app" else fw.mod(at), name)


PARAMETER = "parameter" if sys.version_info >= (3, 15) else "argument"
"""CPython's word for it."""

MISTAKES: dict[str, Callable[[Framework], Any]] = {
    "unexpected indent": settings("A = 1\n  B = 2\n"),
    "name 'true' is not defined": settings("A = true\n"),
    "Unable to load configuration file (No such file or directory)": config("from_pyfile", "/nowhere/settings.cfg"),
    "import_string() failed for '…'.": config("from_object", "no_such_package.Settings"),
    "File must be opened in binary mode": toml,
    "expected bytes or bytearray, but got 'int'": number_as_key,
    "is already registered for this blueprint.": blueprint_twice,
    f"duplicate {PARAMETER} '…' in function definition": rule("/<a>/<a>", lambda a: ""),
    "the converter '…' does not exist": rule("/<integer:a>", lambda a: ""),
    "got an unexpected keyword argument '…'": rule("/<name>", lambda title: ""),
    "missing 1 required positional argument": rule("/x", lambda name: ""),
    "takes 0 positional arguments but 1 was given": setup("register_error_handler", 404, lambda: ""),
    "issubclass() arg 1 must be a class": setup("register_error_handler", "404", lambda error: ""),
    "'NoneType' object is not callable": setup("after_request", lambda response: None),
    "'NoneType' object is not iterable": setup("context_processor", lambda: None),
    "no exception for": view(lambda fw: fw.abort(799)),
    "user": unset,
    "The view function did not return a valid response. The return type must be": view(lambda fw: 5),
    "The view function did not return a valid response tuple.": view(lambda fw: ("a", 200, {}, 1)),
    "but it was a ….": class_without_as_view,
    "You tried to access the file": no_files,
    "KeyError: 'name'": missing_key,
    "Unable to detect the MIME type": view(lambda fw: fw.send_file(io.BytesIO(b"x"))),
    "No name provided for attachment.": view(
        lambda fw: fw.send_file(io.BytesIO(b"x"), "text/plain", as_attachment=True)
    ),
    "Files must be opened in binary mode or use BytesIO.": view(
        lambda fw: fw.send_file(io.StringIO("x"), "text/plain")
    ),
    "No such file or directory": view(lambda fw: fw.send_file("report.pdf")),
    "SameSite must be 'Strict', 'Lax', or 'None'.": cookie("a", samesite="yes"),
    "expected string or bytes-like object, got 'dict'": cookie({"a": 1}),
    "is undefined": template("{{ user.name }}"),
    "No filter named": template("{{ 1|euro }}"),
    "Unexpected end of template.": template("{% if user %}"),
    "expected token '…', got '…'": template("{{ user name }}"),
    "Encountered unknown tag": template("{% endfor %}"),
    "'Config' object has no attribute '…'": lambda fw: fw.app().config.PAGE_SIZE,
    "'Flask' object has no attribute 'before_first_request'": attribute("before_first_request"),
    "'Flask' object has no attribute 'env'": attribute("env"),
    "'Flask' object has no attribute 'json_encoder'": attribute("json_encoder"),
    "has no attribute 'JSONEncoder'": attribute("JSONEncoder", "json"),
    "No module named '….ext'": lambda fw: fw.mod("ext"),
    "'int' object is not iterable": view(lambda fw: ("a", {}, 200)),
    "sequence item 0: expected a bytes-like object, int found": lambda fw: view(lambda fw: iter([5]))(fw).data,
    "keys must be str, int, float, bool or None, not tuple": view(lambda fw: {(1, 2): 3}),
    "'<' not supported between instances of 'str' and 'int'": view(lambda fw: {1: 2, "a": 3}),
    "'ImmutableMultiDict' object has no attribute '…'": view(lambda fw: fw.request.form.name),
    "'ImmutableMultiDict' objects are immutable": view(lambda fw: fw.request.args.__setitem__("page", 1)),
    "'SecureCookieSession' object has no attribute '…'": session_attribute,
    "'_AppCtxGlobals' object is not subscriptable": view(lambda fw: fw.g["user"]),
    "none of the templates given were found": view(lambda fw: fw.render_template(["a", "b"])),
    "block '…' defined twice": template("{% block a %}{% endblock %}{% block a %}{% endblock %}"),
    "macro '…' takes not more than … argument(s)": template("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}"),
    "'NoneType' object is not subscriptable": with_client(lambda client: client.get("/").json["name"]),
    "'dict' object is not callable": with_client(lambda client: client.get("/json").json()),
    "unhashable type: 'dict'": with_client(lambda client: client.post("/", {"name": "ada"})),
    "Query string is defined in the path and as an argument": with_client(
        lambda client: client.get("/?a=1", query_string={"b": 2})
    ),
    "Loop detected: A 302 redirect to … was already made.": with_client(
        lambda client: client.get("/loop", follow_redirects=True)
    ),
    "Following external redirects is not supported.": with_client(
        lambda client: client.get("/away", follow_redirects=True)
    ),
    "can't provide both json and data": with_client(lambda client: client.post("/", json={}, data={})),
    "Did you forget to specify values": view(lambda fw: fw.url_for("static")),
}
"""A piece of the message, and what brings it about."""

ANSWERS: dict[str, Callable[[Framework], Any]] = {
    "Did not attempt to load JSON data because the request Content-Type was not": view(
        lambda fw: fw.request.json, method="POST", data="{}"
    ),
    "The method is not allowed for the requested URL.": view(lambda fw: "", method="DELETE"),
}


def pieces(text: str) -> list[str]:
    return re.split("…", text)


@pytest.mark.parametrize("text", MISTAKES)
def test_mistake(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flask, ours = Framework("flask"), Framework("bolthead")
    told = ours.error(MISTAKES[text], ours)
    assert told == flask.error(MISTAKES[text], flask)
    # PyPy says some of them in other words.
    assert sys.implementation.name == "pypy" or all(piece in told[1] for piece in pieces(text))
    assert text in PAGE.read_text()


@pytest.mark.parametrize("text", ANSWERS)
def test_answer(text):
    flask, ours = ANSWERS[text](Framework("flask")), ANSWERS[text](Framework("bolthead"))
    assert (ours.status_code, ours.text) == (flask.status_code, flask.text)
    assert text in ours.text and text in PAGE.read_text()
