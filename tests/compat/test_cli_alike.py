"""The command line's parts against Flask's: finding the application, the groups, the commands."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from unittest import mock

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_ssl_devcert

from oracle import alike, both


@pytest.fixture(autouse=True)
def environment():
    """The commands leave marks in the environment, such as FLASK_RUN_FROM_CLI."""
    with mock.patch.dict(os.environ):
        yield


MODULES = {
    "app": "app = Flask('one')\nother = Flask('two')",
    "application": "application = Flask('one')\nother = Flask('two')",
    "only": "something = Flask('one')",
    "several": "a = Flask('one')\nb = Flask('two')",
    "not_an_app": "app = 7\nbeside = Flask('one')",
    "nothing": "app = 7",
    "factory": "def create_app():\n    return Flask('made')",
    "make": "def make_app():\n    return Flask('made')",
    "factory_default": "def create_app(name='made'):\n    return Flask(name)",
    "factory_arguments": "def create_app(name, *, loud=False):\n    return Flask(f'{name}{loud}')",
    "factory_wrong": "def create_app():\n    return 7",
    "factory_wrong_then_right": "def create_app():\n    return 7\ndef make_app():\n    return Flask('made')",
    "factory_breaks": "def create_app():\n    return None + 1",
    "factory_breaks_deep": "def inner(x):\n    return x\ndef create_app():\n    return inner()",
    "factory_raises": "def create_app():\n    raise ValueError('broken')",
    "factory_class": "class create_app:\n    pass",
    "callable_app": "class Made(Flask):\n    pass\napp = Made('one')",
}
REFERENCES = [
    None,
    *("app", "other", "something", " app ", "create_app", "create_app()", "create_app('x')"),
    *("create_app('x', loud=True)", "create_app(name='x')", "create_app(1, 2, 3)", "create_app(nope=1)"),
    *("create_app(x)", "create_app(*[1])", "create_app(**{'name': 'x'})", "create_app(1 + 1)"),
    *("app.other", "app.other()", "app()", "a b", "", "(", "1", "create_app(", "create_app()()", "[app]"),
    *("missing", "missing()", "Flask('direct')", "__name__"),
]


def found(fw, source, reference):
    module = ModuleType("some_module")
    module.Flask = fw.Flask
    exec(compile(source, "some_module.py", "exec"), module.__dict__)
    cli = fw.mod("cli")
    return cli.find_best_app(module) if reference is None else cli.find_app_by_string(module, reference)


def outcome(fw, function, *args):
    try:
        value = function(*args)
    except Exception as error:
        return fw.plain(type(error).__name__), fw.plain(str(error))
    return value.name if isinstance(value, fw.Flask) else value


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("source", MODULES)
@alike
def test_an_app_in_a_module(fw, source, reference):
    return outcome(fw, found, fw, MODULES[source], reference)


PIECES = st.sampled_from(["app", "create_app", "(", ")", "()", "'x'", ",", "name=", "1", " ", ".", ":", "*", "[", "]"])


@given(st.lists(PIECES, max_size=7).map("".join))
def test_any_reference(text):
    def scenario(fw):
        return outcome(fw, found, fw, MODULES["factory_arguments"] + "\napp = Flask('one')", text)

    both(scenario)


@contextmanager
def fresh_imports():
    """Modules and paths as they were; what the scenario imports is gone afterwards."""
    before, path = set(sys.modules), list(sys.path)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name.startswith(("site_", "pkg_")):
                del sys.modules[name]
        sys.path[:] = path


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder with modules and packages; ``{package}`` in them is the framework under test."""
    files = {
        "site_plain.py": "app = Flask('plain')",
        "site_broken.py": "import not_there_at_all",
        "site_syntax.py": "def (",
        "site_raises.py": "raise ValueError('while importing')",
        "site_factory.py": "def create_app(a, b='b'):\n    return Flask(a + b)",
        "pkg_one/__init__.py": "app = Flask('package')",
        "pkg_one/inner.py": "app = Flask('inner')",
        "pkg_one/deep/__init__.py": "",
        "pkg_one/deep/leaf.py": "app = Flask('leaf')",
    }
    for package in ("flask", "bolthead"):
        for name, source in files.items():
            path = tmp_path / package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"from {package} import Flask\n{source}\n" if "def (" not in source else source)
    monkeypatch.delenv("FLASK_APP", raising=False)
    return tmp_path


PATHS = [
    *("site_plain", "site_plain.py", "./site_plain.py", "site_plain:app", "site_plain.py:app", "site_plain:no"),
    *("site_factory:create_app('x')", "site_factory:create_app", "site_factory", "site_broken", "site_raises"),
    *("pkg_one", "pkg_one/", "pkg_one/__init__.py", "pkg_one.inner", "pkg_one/inner.py", "pkg_one.deep.leaf"),
    *("pkg_one/deep/leaf.py:app", "pkg_one.nothing", "site_missing", "site_missing.py", "missing/folder.py:app"),
    *("site_plain:", ":app", "site_plain:app:app"),
]


@pytest.mark.parametrize("spec", PATHS)
@alike
def test_app_option(fw, spec, tree, monkeypatch):
    monkeypatch.chdir(tree / fw.package)
    with fresh_imports():
        info = fw.mod("cli").ScriptInfo(spec)
        result = outcome(fw, info.load_app)
        root = sys.path[0]
    # The tracebacks of an import that failed name lines of the framework itself.
    return [re.split("Traceback", part)[0] for part in result] if isinstance(result, tuple) else result, fw.plain(
        os.path.relpath(root, tree)
    )


@pytest.mark.parametrize("present", [(), ("app.py",), ("wsgi.py",), ("app.py", "wsgi.py")])
@alike
def test_default_files(fw, present, tmp_path, monkeypatch):
    folder = tmp_path / fw.package
    folder.mkdir()
    for name in present:
        (folder / name).write_text(f"from {fw.package} import Flask\napp = Flask({name!r})\n")
    monkeypatch.chdir(folder)
    monkeypatch.delitem(sys.modules, "app", raising=False)
    monkeypatch.delitem(sys.modules, "wsgi", raising=False)
    with fresh_imports():
        result = outcome(fw, fw.mod("cli").ScriptInfo().load_app)
    for name in ("app", "wsgi"):
        sys.modules.pop(name, None)
    return result


@pytest.mark.parametrize(
    "path",
    ["a.py", "a", "pkg/__init__.py", "pkg", "pkg/b.py", "pkg/sub", "pkg/sub/c.py", "a.b", "no/such.py", "x.txt"],
)
@alike
def test_prepare_import(fw, path, tmp_path, monkeypatch):
    for name in ("pkg/__init__.py", "pkg/sub/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with fresh_imports():
        monkeypatch.chdir(tmp_path)
        name = fw.mod("cli").prepare_import(path)
        return name, os.path.relpath(sys.path[0], tmp_path)


@pytest.mark.parametrize("debug", [None, "0", "1", "false", "yes"])
@pytest.mark.parametrize("sets", [True, False])
@alike
def test_debug_flag(fw, debug, sets, monkeypatch):
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    if debug is not None:
        monkeypatch.setenv("FLASK_DEBUG", debug)
    calls = []

    def create():
        calls.append(1)
        return fw.app()

    info = fw.mod("cli").ScriptInfo(create_app=create, set_debug_flag=sets)
    return info.load_app().debug, info.load_app() is info.load_app(), calls, info.load_dotenv_defaults


ENV_FILES = {
    ".flaskenv": "FOO=flaskenv\nBAR=flaskenv\nEGGS=0\nEMPTY=\nNOVALUE\n",
    ".env": "FOO=env\nSPAM=1\nHAM=火腿\n",
    "given": "FOO=given\nEXTRA=1\n",
}
NAMES = ("FOO", "BAR", "EGGS", "EMPTY", "NOVALUE", "SPAM", "HAM", "EXTRA")


@pytest.mark.parametrize("files", [(), (".env",), (".flaskenv", ".env"), (".flaskenv", ".env", "given")])
@pytest.mark.parametrize("given_path", [None, "given"])
@pytest.mark.parametrize("defaults", [True, False])
@alike
def test_load_dotenv(fw, files, given_path, defaults, tmp_path, monkeypatch):
    inner = tmp_path / "inner"
    inner.mkdir(exist_ok=True)
    for name in files:
        (tmp_path if name != "given" else inner).joinpath(name).write_text(ENV_FILES[name], encoding="utf-8")
    with monkeypatch.context() as patch, mock.patch.dict(os.environ):
        patch.chdir(inner)
        for name in NAMES:
            os.environ.pop(name, None)
        os.environ["EGGS"] = "already"
        result = fw.mod("cli").load_dotenv(given_path, load_defaults=defaults)
        return result, {name: os.environ.get(name) for name in NAMES}


@pytest.mark.parametrize("path", [None, "given"])
@pytest.mark.parametrize("files", [(), (".env",), (".flaskenv",)])
@alike
def test_without_dotenv(fw, path, files, tmp_path, monkeypatch, capsys):
    for name in files:
        (tmp_path / name).touch()
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setitem(sys.modules, "dotenv", None)
        return fw.mod("cli").load_dotenv(path), capsys.readouterr()


def invoke(fw, app, args, **options):
    """Run a group made for *app*: exit code, output, and what it ended with."""
    group = fw.mod("cli").FlaskGroup(create_app=lambda: app, name="tool")
    result = CliRunner().invoke(group, args, prog_name="tool", **options)
    error = result.exception
    return result.exit_code, fw.plain(result.output), None if error is None else fw.plain(repr(error))


def routed(fw, **options):
    app = fw.app(static_folder=None, **options)
    app.add_url_rule("/get_post/<int:x>/<int:y>", methods=["GET", "POST"], endpoint="yyy_get_post")
    app.add_url_rule("/zzz_post", methods=["POST"], endpoint="aaa_post")
    app.add_url_rule("/", methods=["GET"], endpoint="mmm", provide_automatic_options=False)
    return app


SORTS = ["endpoint", "methods", "domain", "rule", "match", "nonsense"]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("all_methods", [True, False])
@pytest.mark.parametrize("domains", ["none", "subdomain", "host"])
@alike
def test_routes(fw, sort, all_methods, domains):
    app = routed(fw, host_matching=domains == "host")
    if domains == "subdomain":
        app.add_url_rule("/x", subdomain="b", endpoint="sub")
        app.add_url_rule("/y", subdomain="a", endpoint="tub")
    if domains == "host":
        app.add_url_rule("/x", host="b.test", endpoint="sub")
    args = ["routes", "--sort", sort, *(["--all-methods"] if all_methods else [])]
    code, output, error = invoke(fw, app, args)
    return (code, output, error) if code == 0 else (code, output.splitlines()[-1], error)


@alike
def test_no_routes(fw):
    return invoke(fw, fw.app(static_folder=None), ["routes"])


@alike
def test_own_commands_and_contexts(fw):
    app = fw.app()
    seen = []
    current_app = fw.mod("globals").current_app

    @app.cli.command()
    @click.argument("word", callback=lambda ctx, param, value: (seen.append(current_app.name), value)[1])
    def say(word):
        seen.append((word, current_app._get_current_object() is app))

    @app.cli.command("bare", with_appcontext=False)
    def bare():
        seen.append(bool(current_app))

    @app.cli.group("tools")
    def tools():
        pass

    @tools.command("inner")
    def inner():
        seen.append(current_app.name)

    results = [invoke(fw, app, args) for args in (["say", "hi"], ["bare"], ["tools", "inner"], ["nope"], ["say"])]
    return seen, type(app.cli.commands["tools"]).__name__, results


@alike
def test_blueprint_commands(fw):
    results = []
    for cli_group in ("unset", None, "named"):
        options = {} if cli_group == "unset" else {"cli_group": cli_group}
        app, part = fw.app(), fw.blueprint("part", **options)

        @part.cli.command("do")
        def do():
            click.echo(fw.mod("globals").current_app.name)

        app.register_blueprint(part)
        results += [invoke(fw, app, args) for args in (["do"], ["part", "do"], ["named", "do"])]
    return results


@alike
def test_with_appcontext_and_script_info(fw):
    cli = fw.mod("cli")
    app = fw.app()

    @click.command()
    @cli.with_appcontext
    def inside():
        """What it does."""
        click.echo(fw.mod("globals").current_app.name)

    @click.command()
    @cli.pass_script_info
    def info(script):
        script.data["seen"] = 1
        click.echo(f"{type(script).__name__} {script.load_app() is app} {script.data}")

    runner, obj = CliRunner(), cli.ScriptInfo(create_app=lambda: app)
    outputs = [runner.invoke(command, obj=obj).output for command in (inside, info)]
    return outputs, inside.help, app.test_cli_runner().invoke(inside).output


@alike
def test_an_app_that_cannot_be_made(fw):
    results = []
    for problem in (fw.mod("cli").NoAppException("no such app"), RuntimeError("oh no")):

        def create(problem=problem):
            raise problem

        group = fw.mod("cli").FlaskGroup(create_app=create, name="tool")
        for args in (["--help"], ["missing"], ["run"]):
            result = CliRunner().invoke(group, args, prog_name="tool")
            error = result.exception
            traced = "Traceback" in result.stderr
            results.append((result.exit_code, traced, traced or result.stderr, error and type(error).__name__))
    return results


@alike
def test_plugin_commands(fw, monkeypatch):
    @click.command()
    def anything():
        click.echo("plugged in")

    @click.command("run")
    def run():
        click.echo("another run")

    entries = [
        SimpleNamespace(name="plugged", load=lambda: anything),
        SimpleNamespace(name="run", load=lambda: run),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries * (group == "flask.commands"))
    return invoke(fw, fw.app(), ["plugged"]), invoke(fw, fw.app(), ["run"])


@alike
def test_group_options(fw, monkeypatch, tmp_path):
    """``--app``, ``--debug`` and ``--env-file`` as options and as variables."""
    (tmp_path / "vars").write_text("FROM_FILE=1\nFLASK_TOOL_WORD=file\n")
    results = []
    arguments = [["--debug"], ["--no-debug"], [], ["-e", str(tmp_path / "vars")], ["-e", "/no/such"], ["-A", "site_x"]]
    for args in arguments:
        for variables in ({}, {"FLASK_DEBUG": "1"}, {"FLASK_APP": "site_y"}, {"FLASK_SKIP_DOTENV": "1"}):
            app = fw.app()

            @app.cli.command("tool")
            @click.option("--word", default="none")
            def tool(word, app=app):
                ctx = click.get_current_context()
                path = ctx.find_object(fw.mod("cli").ScriptInfo).app_import_path
                click.echo(f"{word} {app.debug} {path} {os.environ.get('FROM_FILE')}")

            with mock.patch.dict(os.environ, variables):
                for name in ("FLASK_DEBUG", "FLASK_APP", "FROM_FILE", "FLASK_TOOL_WORD"):
                    if name not in variables:
                        os.environ.pop(name, None)
                code, output, error = invoke(fw, app, [*args, "tool"])
                results.append((code, output.splitlines()[-1], error))
    return results


@alike
def test_params_of_a_group(fw):
    cli = fw.mod("cli")
    kept = cli.FlaskGroup(params=[click.Option(["--own"])], context_settings={"auto_envvar_prefix": "TOOL"})
    plain = cli.FlaskGroup(add_default_commands=False, add_version_option=False)
    return [
        [sorted(param.name for param in group.params) for group in (kept, plain)],
        kept.context_settings,
        plain.context_settings,
        sorted(plain.commands),
        sorted(set(kept.commands)),
    ]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    pytest.importorskip("cryptography")
    pair = make_ssl_devcert(str(tmp_path_factory.mktemp("cert") / "dev"), host="localhost")
    return dict(zip(("CERT", "KEY"), pair, strict=True))


RUNS = [
    [],
    ["--host", "0.0.0.0", "--port", "1234"],
    ["-h", "::1", "-p", "0"],
    ["--reload"],
    ["--no-reload", "--no-debugger"],
    ["--debugger", "--without-threads"],
    ["--debug"],
    ["--debug", "--no-reload"],
    ["--port", "x"],
    ["--nonsense"],
    ["--extra-files", os.pathsep.join([__file__, "other"])],
    ["--exclude-patterns", os.pathsep.join(["*.py", "x/*"])],
    ["--cert", "adhoc"],
    ["--cert", __file__],
    ["--cert", "CERT", "--key", "KEY"],
    ["--key", __file__],
    ["--cert", "adhoc", "--key", __file__],
    ["--cert", "not_there"],
    ["--cert", "click:Option"],
    ["--cert", "tests_ssl_context:context"],
    ["--cert", "tests_ssl_context:context", "--key", __file__],
]


@pytest.mark.parametrize("args", RUNS)
@pytest.mark.parametrize("variables", [{}, {"FLASK_RUN_PORT": "80", "FLASK_DEBUG": "1"}, {"FLASK_RUN_HOST": "h"}])
@alike
def test_run(fw, args, variables, request, monkeypatch):
    """What reaches Werkzeug's server, or what is said instead."""
    import ssl

    if "CERT" in args:
        certificate = request.getfixturevalue("certificate")
        args = [certificate.get(arg, arg) for arg in args]

    holder = ModuleType("tests_ssl_context")
    holder.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "tests_ssl_context", holder)
    calls = []

    def run_simple(host, port, app, **options):
        options["ssl_context"] = options["ssl_context"] is holder.context or options["ssl_context"]
        calls.append((host, port, type(app).__name__, options))

    module = "flask.cli" if fw.package == "flask" else "bolthead.cli.commands"
    with mock.patch(f"{module}.run_simple", run_simple), mock.patch.dict(os.environ, variables):
        if "FLASK_DEBUG" not in variables:
            os.environ.pop("FLASK_DEBUG", None)
        code, output, error = invoke(fw, fw.app(), ["run", *args])
    return calls, code, output.splitlines()[-1:], error


@pytest.mark.parametrize("missing", ["ssl", "cryptography"])
@pytest.mark.parametrize("cert", ["adhoc", "CERT", "not_there"])
@alike
def test_run_without_a_library(fw, missing, cert, certificate, monkeypatch):
    cert = certificate.get(cert, cert)
    module = "flask.cli" if fw.package == "flask" else "bolthead.cli.commands"
    with monkeypatch.context() as patch, mock.patch(f"{module}.run_simple"):
        patch.setitem(sys.modules, missing, None)
        args = ["run", "--cert", cert, "--key", certificate["KEY"]]
        code, output, error = invoke(fw, fw.app(), args)
    return code, output.splitlines()[-1], error


@alike
def test_the_reloader_keeps_a_broken_app(fw, monkeypatch, capsys):
    """Under the reloader the error is raised by each request, so that an edit can mend it."""
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    apps = []
    module = "flask.cli" if fw.package == "flask" else "bolthead.cli.commands"

    def create():
        raise RuntimeError("broken")

    group = fw.mod("cli").FlaskGroup(create_app=create)
    with mock.patch(f"{module}.run_simple", lambda host, port, app, **options: apps.append(app)):
        result = CliRunner().invoke(group, ["run"])
    return result.exit_code, "RuntimeError: broken" in result.stderr, fw.error(apps[0], {}, None)


@pytest.mark.parametrize("debug", [True, False, None])
@pytest.mark.parametrize("path", ["site", None])
@pytest.mark.parametrize("child", [True, False])
@alike
def test_banner(fw, debug, path, child, monkeypatch, capsys):
    if child:
        monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    else:
        monkeypatch.delenv("WERKZEUG_RUN_MAIN", raising=False)
    fw.mod("cli").show_server_banner(debug, path)
    return tuple(capsys.readouterr())


@alike
def test_shell(fw, monkeypatch, tmp_path):
    startup = tmp_path / "startup.py"
    startup.write_text("from_startup = 1\ng = 'from startup'\n")
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    monkeypatch.delattr(sys, "__interactivehook__", raising=False)
    app = fw.app()
    app.shell_context_processor(lambda: {"more": "from a processor"})
    code, output, error = invoke(fw, app, ["shell"], input="print(app.name, from_startup, more)\nprint(g)\n")
    return code, output, error


@alike
def test_runner_of_the_app(fw):
    app = fw.app()

    @app.cli.command("hello")
    @click.option("--name", default="World")
    def hello(name):
        click.echo(f"Hello, {name}!")

    runner = app.test_cli_runner()
    by_name = runner.invoke(args=["hello", "--name", "Ada"])
    by_object = runner.invoke(hello, ["--name", "Grace"])
    return by_name.output, by_object.output, app.cli.name
