"""``app.template_engine``: another engine than Jinja behind ``render_template`` and its like."""

from __future__ import annotations

import pytest

from bolthead import (
    Blueprint,
    Flask,
    before_render_template,
    g,
    render_template,
    render_template_string,
    request,
    stream_template,
    stream_template_string,
    template_rendered,
)


class Formatted:
    """A template of ``str.format``."""

    def __init__(self, name: str | None, text: str) -> None:
        self.name = name
        self.text = text

    def render(self, context):
        return self.text.format(**context)

    def generate(self, context):
        yield from self.render(context).split(" ")


class Formats:
    """The smallest engine."""

    texts = {"hello": "hello {name} at {request.path}", "user": "{user}"}

    def get_or_select_template(self, name_or_list):
        names = [name_or_list] if isinstance(name_or_list, str) else name_or_list
        name = next(name for name in names if name in self.texts)
        return Formatted(name, self.texts[name])

    def from_string(self, source):
        return Formatted(None, source)


def with_views(app: Flask) -> Flask:
    app.add_url_rule("/file", "file", lambda: render_template("hello", name="ada"))
    app.add_url_rule("/list", "list", lambda: render_template(["missing", "hello"], name="ada"))
    app.add_url_rule("/text", "text", lambda: render_template_string("{name}!", name="ada"))
    app.add_url_rule("/stream", "stream", lambda: stream_template("hello", name=request.args["name"]))
    app.add_url_rule("/stream-text", "stream_text", lambda: stream_template_string("{name} {request.path}", name="ada"))
    return app


@pytest.fixture
def app() -> Flask:
    app = with_views(Flask("app"))
    app.template_engine = Formats()
    return app


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/file", "hello ada at /file"),
        ("/list", "hello ada at /list"),
        ("/text", "ada!"),
        ("/stream?name=bob", "hellobobat/stream"),
        ("/stream-text", "ada/stream-text"),
    ],
)
def test_every_way_to_render(app, path, text):
    assert app.test_client().get(path).text == text


def test_context_processors_of_application_and_blueprint(app):
    bp = Blueprint("bp", "bp", url_prefix="/bp")
    bp.add_url_rule("/", "index", lambda: render_template("user"))
    bp.context_processor(lambda: {"user": "guest"})
    app.register_blueprint(bp)
    app.add_url_rule("/user", "user", lambda: render_template("user"))
    app.context_processor(lambda: {"user": "everybody"})
    assert app.test_client().get("/user").text == "everybody"
    assert app.test_client().get("/bp/").text == "guest"


def test_signals_have_the_template(app):
    heard = []

    def hear(kind):
        return lambda sender, template, context, **extra: heard.append((kind, template.name, context["name"]))

    before, after = hear("before"), hear("after")
    with before_render_template.connected_to(before, app), template_rendered.connected_to(after, app):
        app.test_client().get("/file")
        assert app.test_client().get("/stream?name=bob").text
    assert heard == [(kind, "hello", name) for name in ("ada", "bob") for kind in ("before", "after")]


def test_outside_of_a_request(app):
    with app.app_context():
        g.name = "g"
        assert render_template_string("{g.name}") == "g"
        assert list(stream_template_string("{g.name} {a}", a=1)) == ["g", "1"]


def test_by_a_subclass_and_back(app):
    class Own(Flask):
        template_engine = Formats()

    own = with_views(Own("own"))
    assert own.test_client().get("/text").text == "ada!"
    own.template_engine = None
    assert own.test_client().get("/text").text == "{name}!"


def test_a_jinja_environment_is_an_engine(app):
    from jinja2 import DictLoader, Environment

    app.template_engine = Environment(loader=DictLoader({"hello": "jinja {{ name }} {{ request.path }}"}))
    assert app.test_client().get("/file").text == "jinja ada /file"


def test_jinja_stays_for_who_asks_it(app):
    app.add_template_filter(str.upper, "loud")
    with app.app_context():
        assert app.jinja_env.from_string("{{ 'a'|loud }}").render() == "A"
