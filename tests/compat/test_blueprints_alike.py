"""Blueprints, on Flask and here: names, prefixes, nesting, hooks, folders, commands, refusals."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from compat.setup_methods import SETUP_OF_BOTH
from oracle import Framework, alike, both, shown


def rules(app: Any) -> list[Any]:
    return [
        (str(rule), rule.endpoint, sorted(rule.methods or ()), rule.subdomain, rule.defaults)
        for rule in app.url_map.iter_rules()
    ]


@pytest.mark.parametrize(
    ("name", "extra"),
    [("", {}), ("a.b", {}), ("ok", {"url_defaults": {"a": 1}}), ("ok", {"cli_group": None})],
)
def test_constructor(name: str, extra: dict[str, Any]) -> None:
    def scenario(fw: Framework) -> Any:
        if name in {"", "a.b"}:
            return fw.error(fw.blueprint, name)
        made = fw.blueprint(name, **extra)
        keys = ["name", "url_prefix", "subdomain", "url_values_defaults", "deferred_functions", "import_name"]
        return repr(made), [getattr(made, key) for key in keys], made.cli_group is None

    both(scenario)


PREFIXES = [None, "", "/", "/p", "/p/", "p", "/p/<x>"]


@pytest.mark.parametrize("rule", ["", "/", "/a", "a", "/a/"])
def test_prefix_joined(rule: str) -> None:
    """Every prefix of the blueprint, every prefix at registration, one rule."""

    def scenario(fw: Framework) -> Any:
        found = []
        for own, given in itertools.product(PREFIXES, PREFIXES):
            app, part = fw.app(static_folder=None), fw.blueprint(url_prefix=own)
            part.add_url_rule(rule, "view", lambda **values: str(values))
            options = {} if given is None else {"url_prefix": given}
            try:
                app.register_blueprint(part, **options)
                found.append((own, given, rules(app)))
            except Exception as error:
                found.append((own, given, type(error).__name__, str(error)))
        return found

    both(scenario)


@pytest.mark.parametrize("outer", [None, "/o", "/o/"])
@pytest.mark.parametrize("middle", [None, "/m", "/m/"])
def test_nested_prefixes_and_names(outer: str | None, middle: str | None) -> None:
    def scenario(fw: Framework) -> Any:
        found = []
        for inner, given in itertools.product([None, "/i", "/"], repeat=2):
            app = fw.app(static_folder=None)
            parts = [fw.blueprint(name, url_prefix=p) for name, p in zip("abc", [outer, middle, inner], strict=True)]
            for part in parts:
                part.add_url_rule("/v", "view", lambda: "")
            parts[1].register_blueprint(parts[2], **({} if given is None else {"url_prefix": given}))
            parts[0].register_blueprint(parts[1], name="renamed")
            app.register_blueprint(parts[0])
            app.register_blueprint(parts[0], name="again", url_prefix="/again")
            found.append((rules(app), list(app.blueprints), sorted(app.view_functions)))
        return found

    both(scenario)


@alike
def test_nested_subdomains(fw: Framework) -> Any:
    found = []
    for outer, inner, given in itertools.product([None, "o"], [None, "i"], [None, "", "g"]):
        app = fw.app(static_folder=None, subdomain_matching=True)
        app.config["SERVER_NAME"] = "site.test"
        one, two = fw.blueprint("one", subdomain=outer), fw.blueprint("two", subdomain=inner)
        for part in (one, two):
            part.add_url_rule("/v", "view", lambda: "")
        one.register_blueprint(two, **({} if given is None else {"subdomain": given}))
        app.register_blueprint(one)
        with app.app_context():
            url = fw.url_for("one.two.view")
        found.append((rules(app), url))
    return found


@alike
def test_names_refused(fw: Framework) -> Any:
    app, part, other = fw.app(), fw.blueprint("part"), fw.blueprint("part")
    app.register_blueprint(part)
    found = [
        fw.error(app.register_blueprint, part),
        fw.error(app.register_blueprint, other),
        fw.error(app.register_blueprint, part, name="part"),
    ]
    app.register_blueprint(other, name="second")
    found.append(fw.error(app.register_blueprint, part, name="second"))
    found.append(fw.error(app.register_blueprint, other, name_prefix="", name="second"))
    return found, list(app.blueprints)


@alike
def test_nested_in_itself_and_twice(fw: Framework) -> Any:
    part = fw.blueprint("part")
    itself = fw.error(part.register_blueprint, part)
    child = fw.blueprint("child")
    child.add_url_rule("/", "v", lambda: "")
    part.register_blueprint(child)
    part.register_blueprint(child)
    return itself, fw.error(fw.app().register_blueprint, part)


@alike
def test_dots_refused(fw: Framework) -> Any:
    part = fw.blueprint()

    def view() -> str:
        return ""

    view.__name__ = "a.b"
    return [
        fw.error(part.add_url_rule, "/", "a.b", lambda: ""),
        fw.error(part.add_url_rule, "/", view_func=view),
        fw.error(part.route("/", endpoint="x.y"), lambda: ""),
        fw.error(part.get("/"), view),
        fw.error(part.get, "/", methods=["POST"]),
    ]


SETUP_OF_BLUEPRINT = [
    *SETUP_OF_BOTH,
    ("record", (print,)),
    ("record_once", (print,)),
    ("app_template_filter", ()),
    ("add_app_template_filter", (str,)),
    ("app_template_test", ()),
    ("add_app_template_test", (bool,)),
    ("app_template_global", ()),
    ("add_app_template_global", (str,)),
    ("before_app_request", (print,)),
    ("after_app_request", (print,)),
    ("teardown_app_request", (print,)),
    ("app_context_processor", (dict,)),
    ("app_errorhandler", (404,)),
    ("app_url_value_preprocessor", (print,)),
    ("app_url_defaults", (print,)),
]


@pytest.mark.parametrize(("method", "args"), SETUP_OF_BLUEPRINT)
def test_setup_after_registration(method: str, args: tuple[Any, ...]) -> None:
    def scenario(fw: Framework) -> Any:
        part = fw.blueprint()
        fw.app().register_blueprint(part)
        return fw.error(getattr(part, method), *args)

    both(scenario)


@alike
def test_record_and_setup_state(fw: Framework) -> Any:
    app, part, calls = fw.app(), fw.blueprint(url_prefix="/p", url_defaults={"a": 1}, subdomain="s"), []

    def look(state: Any) -> None:
        calls.append(
            (
                state.app is app,
                state.blueprint is part,
                state.first_registration,
                state.options,
                (state.name, state.name_prefix, state.url_prefix, state.subdomain, state.url_defaults),
            )
        )

    def once(state: Any) -> None:
        calls.append("once")

    part.record(look)
    part.record_once(once)
    names = [function.__name__ for function in part.deferred_functions]
    app.register_blueprint(part)
    app.register_blueprint(part, name="two", url_prefix="/q", subdomain="t", url_defaults={"b": 2}, own="option")
    fw.app().register_blueprint(part)
    return calls, names, part._got_registered_once


@alike
def test_own_setup_state(fw: Framework) -> Any:
    class State(fw.mod("blueprints").BlueprintSetupState):  # type: ignore[name-defined, misc]
        def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
            super().add_url_rule(rule + "/more", *args, **options)

    class Part(fw.Blueprint):  # type: ignore[name-defined, misc]
        def make_setup_state(self, app: Any, options: Any, first_registration: bool = False) -> Any:
            return State(self, app, options, first_registration)

    part = Part("part", "site", root_path="/nowhere", static_folder="s")
    part.add_url_rule("/v", "v", lambda: "")
    app = fw.app()
    app.register_blueprint(part)
    return rules(app)


@alike
def test_url_defaults_of_registration(fw: Framework) -> Any:
    part = fw.blueprint(url_defaults={"a": 1, "b": 1})
    part.add_url_rule("/v", "v", lambda a, b, c=0: f"{a}{b}{c}", defaults={"b": 2})
    part.add_url_rule("/w/<int:c>", "w", lambda a, b, c: f"{a}{b}{c}")
    app = fw.app()
    app.register_blueprint(part)
    app.register_blueprint(part, name="two", url_prefix="/two", url_defaults={"a": 5})
    paths = ["/v", "/w/7", "/two/v", "/two/w/7"]
    return rules(app), [fw.get(app, path) for path in paths]


def hooked(fw: Framework, calls: list[Any]) -> Any:
    """An application, a blueprint and a nested one, with every hook of each."""
    app, outer, inner = (
        fw.app(),
        fw.blueprint("outer", url_prefix="/o"),
        fw.blueprint("inner", url_prefix="/i"),
    )

    def note(*parts: Any) -> Any:
        return calls.append(parts)

    for label, target in (("app", app), ("outer", outer), ("inner", inner)):
        for number in (1, 2):
            tag = f"{label}{number}"
            target.before_request(lambda tag=tag: note("before", tag))
            target.after_request(lambda response, tag=tag: note("after", tag) or response)
            target.teardown_request(lambda exc, tag=tag: note("teardown", tag, repr(exc)))
            target.url_value_preprocessor(lambda e, v, tag=tag: note("preprocess", tag, e, dict(v or {})))
            target.url_defaults(lambda e, v, tag=tag: v.setdefault("tags", []).append(tag))
            target.context_processor(lambda tag=tag: {"last": tag, tag: True})
        if target is not app:
            target.before_app_request(lambda label=label: note("before app", label))
            target.after_app_request(lambda r, label=label: note("after app", label) or r)
            target.teardown_app_request(lambda exc, label=label: note("teardown app", label, repr(exc)))
            target.app_url_value_preprocessor(lambda e, v, label=label: note("preprocess app", label))
            target.app_url_defaults(lambda e, v, label=label: v.setdefault("tags", []).append("app " + label))
            target.app_context_processor(lambda label=label: {f"app_{label}": 1})
        target.add_url_rule(
            "/v/<x>",
            "view",
            lambda x: fw.render_template_string(
                "{{ last }}{{ app1 }}{{ outer2 }}{{ inner1 }}{{ app_inner }}{{ url_for('.view', x=1) }}"
            ),
        )
        target.add_url_rule("/fail", "fail", lambda: 1 / 0)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="other", url_prefix="/other")
    return app


PATHS = ["/v/1", "/o/v/2", "/o/i/v/3", "/other/v/4", "/other/i/v/5"]
PATHS += ["/missing", "/o/missing", "/o/fail", "/o/i/fail"]


@pytest.mark.parametrize("path", PATHS)
def test_order_of_hooks(path: str) -> None:
    def scenario(fw: Framework) -> Any:
        calls: list[Any] = []
        return fw.get(hooked(fw, calls), path), calls

    both(scenario)


@pytest.mark.parametrize("stop", ["app", "outer", "inner"])
def test_before_request_that_answers(stop: str) -> None:
    def scenario(fw: Framework) -> Any:
        calls: list[str] = []
        app, outer, inner = fw.app(), fw.blueprint("outer"), fw.blueprint("inner")
        for label, target in (("app", app), ("outer", outer), ("inner", inner)):
            target.before_request(
                lambda label=label: calls.append(label) or ("stopped", 202) if label == stop else None
            )
            target.after_request(lambda r, label=label: calls.append("after " + label) or r)
        inner.add_url_rule("/", "view", lambda: calls.append("view") or "view")
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        return fw.get(app), calls

    both(scenario)


@alike
def test_merged_into_the_application(fw: Framework) -> Any:
    app = hooked(fw, [])
    names = [
        "before_request_funcs",
        "after_request_funcs",
        "teardown_request_funcs",
        "url_value_preprocessors",
    ]
    names += ["url_default_functions", "template_context_processors"]
    return {name: {key: len(value) for key, value in getattr(app, name).items()} for name in names}


@alike
def test_error_handlers_of_a_nested_blueprint(fw: Framework) -> Any:
    class First(Exception):
        pass

    class Second(First):
        pass

    def raiser(error: Exception) -> Any:
        def view() -> None:
            raise error

        return view

    app, outer, inner = (
        fw.app(),
        fw.blueprint("outer", url_prefix="/o"),
        fw.blueprint("inner", url_prefix="/i"),
    )
    for target in (app, outer, inner):
        target.add_url_rule("/first", "first", raiser(First()))
        target.add_url_rule("/second", "second", raiser(Second()))
        target.add_url_rule("/403", "forbidden", lambda: fw.abort(403))
        target.add_url_rule("/404", "missing", lambda: fw.abort(404))
        target.add_url_rule("/500", "broken", lambda: 1 / 0)
    app.register_error_handler(404, lambda e: f"app {e.code}")
    app.errorhandler(First)(lambda e: f"app {type(e).__name__}")
    outer.errorhandler(Second)(lambda e: f"outer {type(e).__name__}")
    outer.errorhandler(403)(lambda e: (f"outer {e.description}", 403))
    inner.errorhandler(First)(lambda e: f"inner {type(e).__name__}")
    inner.errorhandler(500)(lambda e: f"inner {type(e.original_exception).__name__}")
    inner.app_errorhandler(403)(lambda e: ("app by inner", 403))
    inner.app_errorhandler(ZeroDivisionError)(lambda e: "divided")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    spec = {
        scope: {code: sorted(cls.__name__ for cls in handlers) for code, handlers in codes.items()}
        for scope, codes in app.error_handler_spec.items()
    }
    leaves = ["/first", "/second", "/403", "/404", "/500", "/nothing"]
    return spec, [fw.get(app, prefix + leaf) for prefix in ("", "/o", "/o/i") for leaf in leaves]


@alike
def test_template_functions_for_the_application(fw: Framework) -> Any:
    app, part = fw.app(), fw.blueprint()

    @part.app_template_filter()
    def twice(value: str) -> str:
        return value * 2

    part.app_template_filter("thrice")(lambda value: value * 3)
    part.app_template_test("big")(lambda value: value > 9)

    @part.app_template_test()
    def small(value: int) -> bool:
        return value < 3

    @part.app_template_global()
    def answer() -> int:
        return 42

    part.app_template_global("named")(lambda: "n")
    part.add_app_template_filter(str.upper, "shout")
    part.add_app_template_test(str.islower, name="quiet")
    part.add_app_template_global(max)
    app.register_blueprint(part)
    source = "{{ 'a'|twice }}{{ 'b'|thrice }}{{ 10 is big }}{{ 1 is small }}{{ answer() }}{{ named() }}"
    source += "{{ 'c'|shout }}{{ 'd' is quiet }}{{ max(1, 2) }}"
    with app.app_context():
        return fw.render_template_string(source), twice("x"), small(1), answer()


def folders(root: Path) -> None:
    for part, text in (("app", "app"), ("one", "one"), ("two", "two")):
        for folder in ("templates", "static", "static/sub"):
            (root / part / folder).mkdir(parents=True, exist_ok=True)
        (root / part / "templates" / "shared.html").write_text(f"shared of {text}")
        (root / part / "templates" / f"{part}.html").write_text(f"{text} &amp; {{{{ '<' }}}}")
        (root / part / "static" / "file.txt").write_text(f"static of {text}\n")
        (root / part / "static/sub" / "deep.txt").write_text("deep\n")


@alike
def test_folders(fw: Framework, tmp_path: Path) -> Any:
    folders(tmp_path)
    app = fw.app(root_path=str(tmp_path / "app"))
    one = fw.blueprint(
        "one",
        root_path=str(tmp_path / "one"),
        template_folder="templates",
        static_folder="static",
        url_prefix="/1",
    )
    two = fw.blueprint(
        "two",
        root_path=str(tmp_path / "two"),
        template_folder=tmp_path / "two" / "templates",
        static_folder=tmp_path / "two" / "static",
        static_url_path="/assets",
        url_prefix="/2",
    )
    (tmp_path / "app/templates/shared.html").unlink()
    one.add_url_rule("/t/<name>", "t", lambda name: fw.render_template(name))
    app.register_blueprint(one)
    app.register_blueprint(two)
    paths = ["/static/file.txt", "/1/static/file.txt", "/1/static/sub/deep.txt", "/2/assets/file.txt"]
    paths += [
        "/2/static/file.txt",
        "/1/static/",
        "/1/static/../app.html",
        "/1/t/shared.html",
        "/1/t/two.html",
    ]
    paths += ["/1/t/app.html", "/1/t/none.html"]
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 60
    answers = []
    for path in paths:
        status, headers, body = fw.get(app, path)
        answers.append((status, [h for h in headers if h[0] not in {"Date", "Last-Modified", "ETag"}], body))
    with app.test_request_context():
        urls = [fw.url_for(name, filename="f.txt") for name in ("static", "one.static", "two.static")]
    places = [(b.static_folder, b.static_url_path, b.has_static_folder) for b in (app, one, two)]
    return answers, urls, places, rules(app), sorted(app.jinja_env.list_templates())


@alike
def test_static_without_a_folder(fw: Framework) -> Any:
    part = fw.blueprint()
    found = [part.static_folder, part.static_url_path, part.has_static_folder, part.jinja_loader]
    part.static_url_path = "/x/"
    part.static_folder = "a/b///"
    found += [part.static_folder, part.static_url_path, part.has_static_folder]
    part.static_url_path = None
    found += [part.static_url_path]
    return found, fw.error(fw.blueprint().send_static_file, "x")


@pytest.mark.parametrize("age", [None, 0, 3600, "timedelta"])
def test_max_age(age: Any) -> None:
    from datetime import timedelta

    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(hours=2) if age == "timedelta" else age
        with app.app_context():
            return [app.get_send_file_max_age("x"), fw.blueprint().get_send_file_max_age(None)]

    both(scenario)


@alike
def test_open_resource(fw: Framework, tmp_path: Path) -> Any:
    (tmp_path / "data.txt").write_bytes(b"gr\xc3\xbcn")
    part = fw.blueprint(root_path=str(tmp_path))
    found: list[Any] = []
    for mode in ("rb", "r", "rt"):
        with part.open_resource("data.txt", mode) as file:
            found.append(file.read())
    with part.open_resource("data.txt", "r", encoding="latin-1") as file:
        found.append(file.read())
    return (
        found,
        [fw.error(part.open_resource, "data.txt", mode) for mode in ("w", "a", "r+", "b", "rb+")],
        fw.error(part.open_resource, "none.txt")[0],
    )


@pytest.mark.parametrize("own", ["(none)", None, "", "own"])
@pytest.mark.parametrize("given", ["(none)", None, "given"])
def test_commands(own: str | None, given: str | None) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app(import_name="site")
        part = fw.blueprint(**({} if own == "(none)" else {"cli_group": own}))

        @part.cli.command("hello")
        def hello() -> None:
            print("hello from", fw.current_app.name)

        child = fw.blueprint("child")
        child.cli.command("low")(lambda: print("low"))
        part.register_blueprint(child)
        app.register_blueprint(part, **({} if given == "(none)" else {"cli_group": given}))
        runner = app.test_cli_runner()
        groups = {name: sorted(getattr(command, "commands", ())) for name, command in app.cli.commands.items()}
        outcomes = [runner.invoke(args=args) for args in (["hello"], ["part", "hello"], ["given", "hello"])]
        return (
            groups,
            part.cli.name,
            app.cli.name,
            [(r.exit_code, r.output.splitlines()[-1:]) for r in outcomes],
        )

    both(scenario)


@alike
def test_no_commands_no_group(fw: Framework) -> Any:
    app, part, touched = fw.app(), fw.blueprint(), fw.blueprint("touched")
    group = touched.cli
    app.register_blueprint(part)
    app.register_blueprint(touched)
    return list(app.cli.commands), group is touched.cli, type(part.cli).__name__, part.cli.name, app.cli.name


@alike
def test_group_replaced(fw: Framework) -> Any:
    import click

    part, app = fw.blueprint(), fw.app()
    part.cli = click.Group("mine", commands=[click.Command("x")])
    app.register_blueprint(part)
    return part.cli.name, list(app.cli.commands), list(app.cli.commands["part"].commands)


@alike
def test_group_of_a_subclass(fw: Framework) -> Any:
    import click

    class Part(fw.Blueprint):  # type: ignore[name-defined, misc]
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, root_path="/nowhere")
            self.cli = click.Group("made", commands=[click.Command("x")])

    app = fw.app()
    app.register_blueprint(Part("part", "site"))
    return {name: list(command.commands) for name, command in app.cli.commands.items()}


def test_importing_loads_no_commands() -> None:
    """An application with a blueprint does not import click until its commands are used."""
    import subprocess
    import sys

    code = (
        "import sys, bolthead\n"
        "app = bolthead.Flask('site', root_path='/nowhere')\n"
        "app.register_blueprint(bolthead.Blueprint('part', 'site', root_path='/nowhere'))\n"
        "assert 'click' not in sys.modules, 'click is loaded'\n"
        "assert 'bolthead.cli' not in sys.modules\n"
        "app.cli.command('x')(print)\n"
        "assert app.cli is app.cli and app.cli.name == 'site'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@alike
def test_endpoint_decorator_of_a_blueprint(fw: Framework) -> Any:
    app, part = fw.app(), fw.blueprint()
    part.add_url_rule("/x", endpoint="x")
    part.endpoint("part.x")(lambda: "found")
    app.register_blueprint(part)
    return fw.get(app, "/x"), shown(app.test_client().post("/x"))


@alike
def test_handler_for_a_missing_page_of_a_blueprint(fw: Framework) -> Any:
    """Routing knows no blueprint for a path without a rule: only the application's handler counts."""
    app, part = fw.app(), fw.blueprint(url_prefix="/p")
    part.errorhandler(404)(lambda e: "part")
    app.register_blueprint(part)
    return fw.get(app, "/p/none")
