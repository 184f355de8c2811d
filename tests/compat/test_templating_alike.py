"""Templates, on Flask and here: context, loaders, explanations, filters, streaming, signals."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, pass_context

from oracle import Framework, alike, both, shown


def with_templates(fw: Framework, templates: dict[str, str], **options: Any) -> Any:
    app = fw.app(**options)
    app.jinja_loader = DictLoader(templates)
    return app


CONTEXT = "{{ g.x }}|{{ request.path }}|{{ session.get('a') }}|{{ config.SITE }}|{{ url_for('v') }}|{{ extra }}"


@alike
def test_standard_context(fw: Framework) -> Any:
    app = with_templates(fw, {"t.html": CONTEXT})
    app.config["SITE"] = "<name>"

    @app.route("/")
    def v() -> Any:
        fw.g.x = "<g>"
        fw.session["a"] = 1
        return fw.render_template("t.html", extra="<e>")

    with app.app_context():
        outside = fw.render_template_string("{{ g }}|{{ config.SITE }}|{{ request is defined }}", a=1)
        untouched = fw.error(fw.render_template_string, "{{ request.path }}")
    return fw.get(app), outside, untouched


@alike
def test_what_wins(fw: Framework) -> Any:
    app, part = fw.app(), fw.blueprint("part", url_prefix="/p")
    app.context_processor(lambda: {"a": "app", "b": "app", "request": "own request", "g": "own g"})
    part.context_processor(lambda: {"b": "part", "c": "part"})
    part.app_context_processor(lambda: {"a": "by part"})
    source = "{{ a }}|{{ b }}|{{ c }}|{{ request }}|{{ g }}"
    app.add_url_rule("/", "i", lambda: fw.render_template_string(source, c="given"))
    part.add_url_rule("/", "i", lambda: fw.render_template_string(source, a="given", request="given"))
    app.register_blueprint(part)
    seen: dict[str, Any] = {"a": 1}
    with app.test_request_context("/p/"):
        app.update_template_context(seen)
    return fw.get(app), fw.get(app, "/p/"), list(seen), seen["b"]


@alike
def test_processor_that_is_a_coroutine(fw: Framework) -> Any:
    app = fw.app()

    @app.context_processor
    async def later() -> dict[str, int]:
        return {"a": 7}

    app.add_url_rule("/", "i", lambda: fw.render_template_string("{{ a }}"))
    return fw.get(app)


@alike
def test_processor_that_is_wrong(fw: Framework) -> Any:
    app = fw.app()
    app.context_processor(lambda: None)
    with app.app_context():
        return fw.error(fw.render_template_string, "x")


@pytest.mark.parametrize(
    "name", ["a.html", "a.htm", "a.xml", "a.xhtml", "a.svg", "a.txt", "a.HTML", "html", "a.html.txt"]
)
def test_autoescape(name: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = with_templates(fw, {name: "{{ x }}"})
        with app.app_context():
            return (
                fw.render_template(name, x="<&>"),
                app.select_jinja_autoescape(name),
                app.select_jinja_autoescape(None),
            )

    both(scenario)


@alike
def test_names_to_render(fw: Framework) -> Any:
    app = with_templates(fw, {"a.html": "A{{ x }}", "b.html": "{% macro m(y) %}<{{ y }}>{% endmacro %}{% set v = 3 %}"})
    with app.app_context():
        made = app.jinja_env.from_string("made {{ x }}")
        macro = fw.get_template_attribute("b.html", "m")
        return (
            fw.render_template("a.html", x=1),
            fw.render_template(["none.html", "a.html"], x=2),
            fw.render_template(made, x=3),
            fw.render_template(["none.html", made], x=4),
            fw.error(fw.render_template, "none.html"),
            fw.error(fw.render_template, ["none.html", "neither.html"]),
            fw.error(fw.render_template, []),
            fw.error(fw.render_template_string, "{% if %}"),
            str(macro("&")),
            fw.get_template_attribute("b.html", "v"),
            fw.error(fw.get_template_attribute, "b.html", "none"),
            fw.error(fw.get_template_attribute, "none.html", "m"),
            "".join(fw.stream_template("a.html", x=5)),
            "".join(fw.stream_template_string("{{ x }}!", x=6)),
        )


@alike
def test_filters_tests_globals(fw: Framework) -> Any:
    app = fw.app()

    @app.template_filter()
    def twice(value: str) -> str:
        return value * 2

    app.template_filter("named")(lambda value: value * 3)
    app.add_template_filter(str.upper, "shout")

    @app.template_test()
    def big(value: int) -> bool:
        return value > 9

    app.template_test("small")(lambda value: value < 9)
    app.add_template_test(str.islower)

    @app.template_global()
    def answer() -> int:
        return 42

    app.template_global("other")(lambda: 43)
    app.add_template_global(max)
    source = "{{ 'a'|twice }}{{ 'a'|named }}{{ 'a'|shout }}{{ 10 is big }}{{ 1 is small }}{{ 'a' is islower }}"
    source += "{{ answer() }}{{ other() }}{{ max(1, 2) }}{{ {'a': '<'}|tojson }}"
    with app.app_context():
        return fw.render_template_string(source), twice("x"), big(1), answer()


@alike
def test_streaming(fw: Framework) -> Any:
    app, calls = (
        with_templates(fw, {"t.html": "{% for i in [1, 2] %}{{ i }}{{ request.path }}{% endfor %}"}),
        [],
    )
    app.teardown_request(lambda exc: calls.append("teardown"))
    fw.template_rendered.connect(lambda sender, **kw: calls.append("rendered"), app, weak=False)
    fw.before_render_template.connect(lambda sender, **kw: calls.append("before"), app, weak=False)
    app.add_url_rule("/", "t", lambda: fw.stream_template("t.html"))
    app.add_url_rule("/s", "s", lambda: fw.stream_template_string("{{ request.path }}{{ session.get('x') }}"))
    return fw.get(app), fw.get(app, "/s"), calls


@alike
def test_signals_of_rendering(fw: Framework) -> Any:
    app, calls = with_templates(fw, {"t.html": "{{ a }}{{ b }}"}), []

    def before(sender: Any, template: Any, context: Any, **extra: Any) -> None:
        calls.append(("before", sender is app, template.name, sorted(context), extra))
        context["b"] = "changed"

    def after(sender: Any, template: Any, context: Any, **extra: Any) -> None:
        calls.append(("after", sender is app, template.name, context["b"], extra))

    with fw.before_render_template.connected_to(before, app), fw.template_rendered.connected_to(after, app):
        app.add_url_rule("/", "t", lambda: fw.render_template("t.html", a=1, b=2))
        app.add_url_rule("/s", "s", lambda: fw.render_template_string("{{ b }}", b=2))
        return fw.get(app), fw.get(app, "/s"), calls


@alike
def test_own_update_template_context(fw: Framework) -> Any:
    class Own(fw.Flask):  # type: ignore[name-defined, misc]
        def update_template_context(self, context: dict[str, Any]) -> None:
            super().update_template_context(context)
            context["own"] = sorted(context)

    app = Own("site", root_path="/nowhere")
    with app.test_request_context():
        return fw.render_template_string("{{ own }}", a=1)


def explained(fw: Framework, tmp_path: Path) -> Any:
    app = fw.app(root_path=str(tmp_path), template_folder="t")
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    one = fw.blueprint("one", root_path=str(tmp_path), template_folder="one", url_prefix="/one")
    two = fw.blueprint("two", template_folder=tmp_path / "two")
    three = fw.blueprint("three", root_path=str(tmp_path))
    three.jinja_loader = DictLoader({"dict.html": "dict", "many.html": "many"})
    four = fw.blueprint("four")
    four.jinja_loader = None
    one.add_url_rule("/<name>", "v", lambda name: fw.render_template(name))
    app.add_url_rule("/<name>", "v", lambda name: fw.render_template(name))
    for part in (one, two, three, four):
        app.register_blueprint(part)
    return app


@pytest.mark.parametrize("name", ["only.html", "many.html", "dict.html", "none.html"])
@pytest.mark.parametrize("prefix", ["", "/one"])
def test_explained_loading(name: str, prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for folder, file in (("t", "many.html"), ("one", "many.html"), ("two", "only.html")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / file).write_text(folder)

    def scenario(fw: Framework) -> Any:
        caplog.set_level(logging.INFO, "site_under_test")
        caplog.clear()
        app = explained(fw, tmp_path)
        answer = fw.get(app, f"{prefix}/{name}")
        with app.app_context():
            try:
                outside = fw.render_template(name)
            except Exception as error:
                outside = type(error).__name__
        texts = [record.getMessage() for record in caplog.records if record.levelname == "INFO"]
        assert texts
        return answer, outside, texts

    both(scenario)


@alike
def test_what_a_loader_says_of_itself(fw: Framework) -> Any:
    class Loader(DictLoader):
        def __init__(self) -> None:
            super().__init__({})
            self.number, self.flag, self.text, self.ratio = 1, True, "t", 1.5
            self.names, self.pair, self.mixed, self.empty = ["a", "b"], ("c",), ["a", 1], []
            self._hidden, self.nothing = "h", None

    return list(fw.mod("debughelpers")._dump_loader_info(Loader()))


@alike
def test_explained_for_something_else(fw: Framework, caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO, "site_under_test")
    caplog.clear()
    app = fw.app()
    loader = DictLoader({})
    attempts = [(loader, "neither", None), (loader, app, ("source", None, None))]
    fw.mod("debughelpers").explain_template_loading_attempts(app, "x.html", attempts)
    return caplog.messages


@alike
def test_order_of_loaders(fw: Framework) -> Any:
    app = with_templates(fw, {"a": "app", "x": "app x"})
    parts = [fw.blueprint(name) for name in "pqr"]
    for part in parts:
        part.jinja_loader = DictLoader({"a": part.name, part.name: part.name})
    parts[2].jinja_loader = None
    app.register_blueprint(parts[1])
    app.register_blueprint(parts[0])
    app.register_blueprint(parts[2])
    without = fw.app(template_folder=None)
    without.register_blueprint(parts[1], name="again")
    loader = app.create_global_jinja_loader()
    with app.app_context():
        first = [fw.render_template(name) for name in ("a", "x", "p", "q")]
    with without.app_context():
        second = fw.render_template("a")
    return (
        first,
        second,
        sorted(loader.list_templates()),
        sorted(without.jinja_env.list_templates()),
        [(owner.name, type(source).__name__) for owner, source in loader._iter_loaders("a")],
    )


@alike
def test_reloading(fw: Framework, tmp_path: Path) -> Any:
    import os

    found = []
    for setting in (None, True, False):
        (tmp_path / "t").mkdir(exist_ok=True)
        (tmp_path / "t/a.html").write_text("one")
        os.utime(tmp_path / "t/a.html", (1, 1))
        app = fw.app(root_path=str(tmp_path), template_folder="t")
        app.config["TEMPLATES_AUTO_RELOAD"] = setting
        with app.app_context():
            found.append(fw.render_template("a.html"))
            (tmp_path / "t/a.html").write_text("two")
            os.utime(tmp_path / "t/a.html", (2, 2))
            found.append(fw.render_template("a.html"))
    return found


@alike
def test_environment(fw: Framework) -> Any:
    app = fw.app()
    templating = fw.mod("templating")
    own_loader = DictLoader({"a": "own"})
    made = templating.Environment(app, loader=own_loader)
    options = fw.app()
    options.jinja_options = {"line_statement_prefix": "#", "extensions": ["jinja2.ext.do"]}
    with options.app_context():
        text = fw.render_template_string("# if true\nyes{% do [] %}\n# endif")
    return (
        made.app is app,
        made.loader is own_loader,
        type(templating.Environment(app).loader).__name__,
        sorted(set(app.jinja_env.globals) - set(made.globals)),
        app.jinja_env.policies["json.dumps_function"] == app.json.dumps,
        text,
        shown(app.test_client().get("/"))[0],
    )


@alike
def test_json_in_templates_is_the_providers(fw: Framework) -> Any:
    class Provider(fw.mod("json.provider").DefaultJSONProvider):  # type: ignore[name-defined, misc]
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            return f'"own {sorted(kwargs)}"'

    class Own(fw.Flask):  # type: ignore[name-defined, misc]
        json_provider_class = Provider

    app = Own("site", root_path="/nowhere")
    with app.app_context():
        return (
            fw.render_template_string("{{ [1]|tojson }}{{ [1]|tojson(2) }}"),
            fw.json.dumps(1),
            shown(fw.jsonify(1)),
        )


# Attributes and calls ---------------------------------------------------------------------------------------


class Sub(dict):  # type: ignore[type-arg]
    own = "attribute of the subclass"

    def __missing__(self, key: str) -> str:
        return f"missing {key}"


class Item:
    both = "attribute"

    def __getitem__(self, key: str) -> str:
        if key == "lost":
            raise KeyError(key)
        return f"item {key}"


class Picky:
    @property
    def fails(self) -> str:
        raise ValueError("from the property")

    @property
    def absent(self) -> str:
        raise AttributeError("absent")


class Unhashable(str):
    __hash__ = None  # type: ignore[assignment]


OWNERS: dict[str, Any] = {
    "plain": {"name": "value", "items": "key named items", "both": 1, "none": None, "__class__": "key", "copy": 2},
    "empty": {},
    "numbers": {1: "one"},
    "sub": Sub(name="value", own="key", items="key"),
    "counted": __import__("collections").Counter(name=3),
    "item": Item(),
    "picky": Picky(),
    "text": "text",
    "none": None,
    "tuple": (1, 2),
}
ASKED = ["name", "items", "both", "none", "__class__", "copy", "own", "lost", "fails", "absent", "upper", "count"]


@pytest.mark.parametrize("undefined", ["Undefined", "StrictUndefined", "ChainableUndefined", "DebugUndefined"])
@pytest.mark.parametrize("owner", list(OWNERS))
def test_attributes_in_templates(owner: str, undefined: str) -> None:
    import jinja2

    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.jinja_options = {"undefined": getattr(jinja2, undefined)}
        found: list[Any] = []
        with app.app_context():
            for name in ASKED:
                for source in (f"{{{{ o.{name} }}}}", f"{{{{ o['{name}'] }}}}", f"{{{{ o.{name} is defined }}}}"):
                    try:
                        found.append(fw.render_template_string(source, o=OWNERS[owner]).split(" at 0x")[0])
                    except Exception:
                        found.append(fw.error(fw.render_template_string, source, o=OWNERS[owner]))
        return found

    both(scenario)


class Marked:
    """Callables that want something of Jinja, and some that only look like it."""

    def __init__(self) -> None:
        import functools

        from jinja2 import pass_context, pass_environment, pass_eval_context

        def plain(*args: Any, **kwargs: Any) -> str:
            return f"{args} {sorted(kwargs.items())}"

        def stops() -> Any:
            raise StopIteration

        def unmarked(*args: Any) -> str:
            return str(len(args))

        unmarked.jinja_pass_arg = None  # type: ignore[attr-defined]

        class Caller:
            @pass_context
            def __call__(self, context: Any, *args: Any) -> str:
                return f"{context.name} {context.get('v')} {args}"

        class Plain:
            def __call__(self, *args: Any, **kwargs: Any) -> str:
                return f"plain {args} {kwargs}"

        class WithStatic:
            @staticmethod
            def static(*args: Any) -> str:
                return f"static {args}"

            @classmethod
            def of_class(cls, *args: Any) -> str:
                return f"{cls.__name__} {args}"

            @pass_context
            def method(self, context: Any, *args: Any) -> str:
                return f"method {context.get('v')} {args}"

        holder = WithStatic()
        self.made: dict[str, Any] = {
            "plain": plain,
            "context": pass_context(lambda context, *args: f"{context.get('v')} {context.get('i')} {args}"),
            "evaluation": pass_eval_context(lambda evaluation, *args: f"{evaluation.autoescape} {args}"),
            "environment": pass_environment(lambda environment, *args: f"{len(args)}"),
            "stops": stops,
            "unmarked": unmarked,
            "caller": Caller(),
            "callable": Plain(),
            "partial": functools.partial(plain, 0, z=1),
            "static": holder.static,
            "of_class": holder.of_class,
            "method": holder.method,
            "bound_call": Caller().__call__,
            "builtin": len,
            "type": dict,
            "number": 5,
            "wrapped": functools.lru_cache(lambda *args: f"cached {args}"),
            "fails": lambda: 1 / 0,
        }


@pytest.mark.parametrize("name", list(Marked().made))
def test_calls_in_templates(name: str) -> None:
    sources = ["{{ f() }}", "{{ f(1, 'a') }}", "{{ f('abc') }}", "{{ f(a=1, self=2, obj=3) }}"]
    sources += ["{% for i in [1, 2] %}{{ f(i) }}{% endfor %}", "{% set v = 9 %}{{ f() }}", "{{ f(*[1], **{'k': 2}) }}"]
    sources += [
        "{% macro m(x) %}[{{ x }}{{ caller() if caller }}]{% endmacro %}{{ m(f(1)) }}{% call m(2) %}c{% endcall %}"
    ]
    sources += ["{% block b %}{% set v = 3 %}{{ f(v) }}{% endblock %}"]

    def scenario(fw: Framework) -> Any:
        found: list[Any] = []
        with fw.app().app_context():
            for source in sources:
                values = {"f": Marked().made[name], "v": "given"}
                try:
                    found.append(fw.plain(fw.render_template_string(source, **values)))
                except Exception:
                    found.append(fw.error(fw.render_template_string, source, **values))
        return found

    both(scenario)


@alike
def test_traceback_of_a_template(fw: Framework) -> Any:
    """A failing call shows the template's line and the function, and nothing of what called it."""
    import traceback

    def broken() -> None:
        raise ValueError("here")

    app = with_templates(fw, {"t.html": "one\n{{ f() }}\n", "d.html": "\n\n{{ {}.a.b }}"})
    found = []
    with app.app_context():
        for name in ("t.html", "d.html"):
            try:
                fw.render_template(name, f=broken)
            except Exception as error:
                frames = traceback.extract_tb(error.__traceback__)
                shown_frames = [(frame.name, frame.lineno) for frame in frames if frame.filename == "<template>"]
                # The look-up of an attribute is a function of Jinja's there, and of the core here.
                last = frames[-1].name if name == "t.html" else ""
                found.append((shown_frames, last, type(error).__name__, str(error)))
    return found


@alike
def test_own_environment_class(fw: Framework) -> Any:
    from jinja2.runtime import Context

    class Environment(fw.mod("templating").Environment):  # type: ignore[name-defined, misc]
        def getattr(self, obj: Any, attribute: str) -> Any:
            return f"own {attribute}"

    app, plain = fw.app(), fw.app()
    app.jinja_environment = Environment
    found = [issubclass(app.jinja_env.context_class, Context), plain.jinja_env.getattr({"a": 1}, "a")]
    plain.jinja_env.context_class = Context
    for each in (app, plain):
        with each.app_context():
            found.append(fw.render_template_string("{{ {'a': 1}.a }}{{ url_for.__name__ }}"))
    return found


@alike
def test_contexts_of_templates(fw: Framework) -> Any:
    """What a template's context holds, in order, however it is made."""
    from jinja2 import Template, pass_context

    app = fw.app()
    found: list[Any] = []

    @pass_context
    def note(context: Any) -> str:
        found.append([list(context.parent), sorted(context.globals_keys), list(context.get_exported()), context.name])
        return ""

    env = app.jinja_env
    env.globals.update(note=note, zero=0, request="shadowed by the processor")
    env.loader = DictLoader(
        {
            "base": "{% block b %}{{ note() }}{{ self.__class__.__name__ }}{% endblock %}",
            "child": "{% extends 'base' %}{% set x = 1 %}{% block b %}{{ note() }}{{ super() }}{% endblock %}",
            "part": "{% macro m(a) %}{{ a }}{{ zero }}{{ note() }}{% endmacro %}{{ own }}{{ note() }}",
            "all": "{% from 'part' import m %}{% import 'part' as p with context %}{% include 'part' %}{{ m(own) }}",
        }
    )
    with app.test_request_context("/"):
        for name in ("base", "child", "all"):
            found.append(fw.render_template(name, own=7, zero=1))
            found.append("".join(fw.stream_template(name, own=7)))
        template = env.get_template("part", globals={"own": "of the template", "zero": "too"})
        found += [repr(template), isinstance(template, Template), fw.render_template(template)]
        found += [template.render(zero=2), template.render({"zero": 3}), template.module.m(1)]
        found.append(list(template.generate()))
        for odd in ({1: 2}, {"a": 1, 2: 3}):
            found.append(fw.error(template.render, odd))
        env.globals = {"url_for": str, "note": note}
        found.append(fw.render_template_string("{{ note() }}{{ url_for(1) }}{{ zero }}"))
    return found


def test_a_patch_of_the_class_of_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    def scenario(fw: Framework) -> Any:
        from jinja2 import Template

        app, calls = fw.app(), []
        original = Template.new_context

        def own(self: Any, vars: Any = None, shared: bool = False, locals: Any = None) -> Any:
            calls.append((vars["own"], shared))
            return original(self, vars, shared, locals)

        with app.app_context():
            calls.append(fw.render_template_string("{{ own }}", own=1))
            with monkeypatch.context() as patch:
                patch.setattr(Template, "new_context", own)
                calls.append(fw.render_template_string("{{ own }}", own=2))
            calls.append(fw.render_template_string("{{ own }}", own=3))
        return calls

    both(scenario)


@pytest.mark.parametrize("source", [None, 5, b"x"])
@alike
def test_a_source_that_is_no_text(fw: Framework, source: Any) -> Any:
    with fw.app().app_context():
        return fw.error(fw.render_template_string, source)


URLS = [
    "url_for('item', n=3)",
    "url_for(endpoint='item', n=3)",
    "url_for('item', endpoint='index')",
    "url_for('item', n=3, self=4, app=5, values=6)",
    "url_for('item', **{'n': 3, 'end' ~ 'point': 1})",
    "url_for('item', **{1: 2})",
    "url_for('item', 3)",
    "url_for()",
    "url_for(5)",
    "url_for('item', n='x')",
    "url_for('item', n=3, q=n, _anchor='a')",
    "url_for('.item', n=3, _external=true)",
    "url_for('none')",
]


@pytest.mark.parametrize("call", URLS)
@pytest.mark.parametrize("how", ["", "subclass", "instance", "patched before", "patched", "environment", "handler"])
def test_urls_in_templates(monkeypatch: pytest.MonkeyPatch, call: str, how: str) -> None:
    def scenario(fw: Framework) -> Any:
        original = fw.Flask.url_for

        def own(self: Any, /, endpoint: Any, **values: Any) -> str:
            return f"own {original(self, endpoint, **values)}"

        cls: Any = type("Site", (fw.Flask,), {"url_for": own}) if how == "subclass" else fw.Flask
        app = cls(__name__, root_path="/nowhere")
        app.add_url_rule("/item/<int:n>", "item", lambda n: "")
        if how == "instance":
            app.url_for = own.__get__(app)
        if how == "handler":
            app.url_build_error_handlers.append(lambda error, endpoint, values: f"{endpoint} {values}")
        with monkeypatch.context() as patch, app.test_request_context("/item/1"):
            if how == "patched before":
                patch.setattr(fw.Flask, "url_for", own)
            if how == "environment":
                app.jinja_env.globals["url_for"] = own.__get__(app)
            found = []
            for _ in range(2):
                for text in (f"{{{{ {call} }}}}", f"{{% for n in [1, 'é'] %}}{{{{ {call} }}}}{{% endfor %}}"):
                    try:
                        found.append(fw.render_template_string(text))
                    except Exception as error:
                        # PyPy names the function that was called.
                        said = re.sub(r"^\S+\(\) (?=keywords must be)", "", str(error))
                        found.append(f"{type(error).__name__} {said}")
                if how == "patched":
                    patch.setattr(fw.Flask, "url_for", own)
        return found

    both(scenario)


@alike
def test_includes_that_change_the_variables_of_their_context(fw: Framework) -> Any:
    """An include to which nothing is added shares them with the page, one with names of a block has its own."""
    pages = {
        "change": "{{ change('y') }}{{ y }}",
        "page": "{% include 'change' %}{% include 'change' %}",
        "set": "{% set x = 1 %}{% include 'change' %}{% include 'change' %}",
        "loop": "{% for x in [1, 2] %}{% include 'change' %}{% endfor %}{% include 'change' %}",
        "deep": "{% include 'page' %}{% include 'page' %}",
        "with": "{% with x = 1 %}{% include 'change' %}{% endwith %}{% include 'change' %}",
        "block": "{% block b %}{% include 'change' %}{% include 'change' %}{% endblock %}{{ y }}",
    }
    app = with_templates(fw, pages)

    @pass_context
    def change(context: Any, name: str) -> str:
        context.parent[name] = context.parent.get(name, 0) + 1
        return ""

    app.jinja_env.globals["change"] = change
    with app.app_context():
        whole = [fw.render_template(page) for page in pages]
        return whole, ["".join(fw.stream_template(page)) for page in pages]


@pytest.mark.parametrize(
    "source", ["f(**1)", "f(**none)", "f(a=1, **{'a': 2})", "f(*1)", "f(b=1)", "f(1, 2)", "f(**{1: 2})"]
)
@pytest.mark.parametrize("around", ["{{ %s }}", "{%% for x in [1] %%}{{ %s }}{%% endfor %%}"])
def test_arguments_that_no_call_takes(around: str, source: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.jinja_env.globals["f"] = lambda a=None: a
        with app.app_context():
            return fw.error(fw.render_template_string, around % source)

    both(scenario)
