"""The command itself: its name, ``--version``, ``--as-flask``, and mistakes that end in one clear message."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace
from unittest import mock

import click
import pytest
from click.testing import CliRunner

from bolthead import Flask, _core, cli
from bolthead.cli import commands, groups, locate

SITE = """
import {package} as framework
app = framework.Flask(__name__)
other = framework.Flask("other")

@app.cli.command()
def where():
    print(framework.__name__, framework.app.__name__)

def create_app(word, *, loud=False):
    return framework.Flask(word)
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    (tmp_path / "ours.py").write_text(SITE.format(package="bolthead"))
    (tmp_path / "theirs.py").write_text(SITE.format(package="flask"))
    (tmp_path / "broken_import.py").write_text("import there_is_no_such_module")
    (tmp_path / "no_app.py").write_text("x = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    with mock.patch.dict(os.environ):
        os.environ.pop("FLASK_APP", None)
        yield tmp_path
    for name in set(sys.modules) - before:
        if name in {"ours", "theirs", "broken_import", "no_app"}:
            del sys.modules[name]


def invoke(*args):
    return CliRunner().invoke(cli.cli, args, prog_name="bolthead")


def process(*args, module="bolthead"):
    command = [sys.executable, "-m", module, *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_version():
    result = invoke("--version")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == f"Python {platform.python_version()}"
    assert lines[1].startswith(f"bolthead {commands.version_of('bolthead')}, ")
    assert lines[2] == f"Werkzeug {metadata.version('werkzeug')}"
    compiled = [name for name, is_compiled in _core.modules().items() if is_compiled]
    if _core.build_name() == "compiled":
        assert lines[1].endswith(f"compiled build, {len(compiled)} compiled modules")
        assert "routing.tree" in compiled
    else:
        assert lines[1].endswith("pure Python build")
        assert not compiled


def test_version_of_nothing_installed():
    assert commands.version_of("no-such-distribution") == "unknown"


def test_version_is_quiet_while_completing():
    context = SimpleNamespace(resilient_parsing=True)
    assert commands.get_version(context, None, True) is None
    assert commands.get_version(SimpleNamespace(resilient_parsing=False), None, False) is None


def test_module_is_the_command(site):
    code, said, _ = process("--app", "ours", "where")
    assert (code, said) == (0, "bolthead bolthead.app\n")
    code, said, _ = process("--help")
    assert code == 0
    assert said.startswith("Usage: python -m bolthead [OPTIONS] COMMAND")
    assert [word for word in ("run", "serve", "shell", "routes") if f"\n  {word} " not in said] == []


def test_entry_point():
    (entry,) = [
        entry for entry in metadata.entry_points(group="console_scripts") if entry.name == "bolthead"
    ] or pytest.skip("bolthead is not installed here")
    assert entry.load() is cli.main


def test_serve_belongs_to_the_command_alone():
    assert "serve" in cli.cli.commands
    assert "serve" not in cli.FlaskGroup().commands


@pytest.mark.parametrize(
    "args",
    [
        ["--as-flask", "--app", "theirs", "where"],
        ["--app", "theirs", "--as-flask", "where"],
    ],
)
def test_as_flask(site, args):
    assert process(*args) == (0, "bolthead bolthead.app\n", "")


def test_as_flask_on_a_command(site):
    code, _, error = process("--app", "theirs:missing", "run", "--as-flask")
    assert code == 2
    assert "Failed to find attribute 'missing' in 'theirs'." in error


def test_as_flask_says_its_own_name(site):
    code, said, _ = process("--as-flask", "--version")
    assert code == 0
    assert said.splitlines()[1] == f"Flask {metadata.version('flask')}"
    assert said.splitlines()[2].startswith("bolthead ")


def test_without_as_flask_it_is_suggested(site):
    for app in ("theirs", "theirs:app", "theirs:create_app('x')"):
        result = invoke("--app", app, "run")
        assert result.exit_code == 2
        assert "add '--as-flask' to run it on bolthead" in result.output
    result = invoke("--app", "no_app", "run")
    assert "--as-flask" not in result.output


def test_as_flask_too_late(monkeypatch):
    def install():
        raise RuntimeError("flask was imported already, by someone")

    monkeypatch.setattr("bolthead.as_flask.install", install)
    for args in (["--as-flask", "routes"], ["run", "--as-flask"]):
        result = invoke(*args)
        assert (result.exit_code, result.output) == (1, "Error: flask was imported already, by someone\n")


def test_as_flask_after_two_dashes_is_an_argument_of_the_program(site, monkeypatch):
    asked = []
    monkeypatch.setattr(groups, "become_flask", lambda: asked.append(1))
    invoke("--app", "ours", "where", "--", "--as-flask")
    assert asked == []
    context = SimpleNamespace(resilient_parsing=True)
    groups._install_as_flask(context, None, True)
    assert asked == []


def entry(name, load):
    return SimpleNamespace(name=name, load=load)


def test_a_plugin_that_wants_flask_is_left_out(site, monkeypatch):
    def load():
        raise ModuleNotFoundError("No module named 'flask'", name="flask.cli")

    found = [entry("plugged", load), entry("fine", lambda: click.Command("fine"))]
    monkeypatch.setattr(groups.metadata, "entry_points", lambda group: found)
    group = cli.FlaskGroup(create_app=lambda: Flask("site"))
    result = CliRunner().invoke(group, ["fine"])
    assert result.exit_code == 0
    assert "The command 'plugged' of a plugin imports flask: use '--as-flask' to have it." in result.output


def test_another_broken_plugin_is_an_error(monkeypatch):
    def load():
        raise ModuleNotFoundError("No module named 'other'", name="other")

    monkeypatch.setattr(groups.metadata, "entry_points", lambda group: [entry("plugged", load)])
    result = CliRunner().invoke(cli.FlaskGroup(create_app=lambda: Flask("site")), ["routes"])
    assert isinstance(result.exception, ModuleNotFoundError) and result.exception.name == "other"


MISTAKES = [
    (["--app", "nowhere", "run"], "Could not import 'nowhere'."),
    (["--app", "/", "run"], "Could not import ''."),
    (["--app", "ours:nothing", "run"], "Failed to find attribute 'nothing' in 'ours'."),
    (["--app", "ours:create_app(", "run"], "Failed to parse 'create_app(' as an attribute name or function call."),
    (["--app", "ours:create_app(x)", "run"], "Failed to parse arguments as literal values: 'create_app(x)'."),
    (["--app", "ours:create_app()", "run"], "could not be called with the specified arguments."),
    (["--app", "ours:", "run"], "Failed to parse '' as an attribute name or function call."),
    (["--app", "no_app", "run"], "Failed to find Flask application or factory in module 'no_app'."),
    (["--app", "no_app:x", "run"], "A valid Flask application was not obtained from 'no_app:x'."),
    (["run"], "Could not locate a Flask application. Use the 'bolthead --app' option"),
    (["--app", "ours", "run", "--port", "x"], "'x' is not a valid integer."),
    (["--app", "ours", "run", "--port", "70000"], "70000 is not in the range 0<=x<=65535."),
    (["--app", "ours", "run", "--port", "-1"], "-1 is not in the range 0<=x<=65535."),
    (["--app", "ours", "run", "--cert", "ours.py"], 'Required when using "--cert".'),
    (["--app", "ours", "run", "--cert", "ours.py", "--key", "ours.py"], "The certificate and key cannot be used"),
    (["--app", "ours", "rnu"], "No such command 'rnu'."),
    (["--app", "ours", "where", "extra"], "Got unexpected extra argument (extra)"),
    (["--app"], "Option '--app' requires an argument."),
    (["--env-file", "nothing", "routes"], "File 'nothing' does not exist."),
    (["--app", "ours", "routes", "--sort", "size"], "'size' is not one of"),
    (["--nonsense"], "No such option"),
    (["run", "--nonsense"], "No such option"),
    (["run", "--app", "ours"], "It belongs before the command: 'bolthead --app IMPORT run'."),
    (["serve", "--app", "ours"], "It belongs before the command: 'bolthead --app IMPORT serve'."),
    (["serve", "--debug"], "It belongs before the command: 'bolthead --debug serve'."),
    (["shell", "--no-debug"], "It belongs before the command: 'bolthead --no-debug shell'."),
    (["run", "-e", "file"], "It belongs before the command: 'bolthead -e FILE run'."),
    (["--app", "ours", "--port", "8000", "run"], "It belongs after the command: 'bolthead run --port INTEGER'."),
    (["--bind", "8000", "--app", "ours", "serve"], "after the command: 'bolthead serve --bind HOST:PORT|unix:"),
    (["run", "--debug", "ours"], "The application is named so: 'bolthead --app IMPORT run'."),
    (["serve", "ours:app"], "The application is named so: 'bolthead --app IMPORT serve'."),
]


@pytest.mark.parametrize(
    ("args", "text"), MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_mistakes_are_no_tracebacks(site, args, text):
    result = invoke(*args)
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    (said,) = [line for line in result.output.splitlines() if text in line]
    assert said.startswith("Error: ")


def test_as_flask_behind_a_command_of_the_application(site):
    code, _, error = process("--app", "ours", "where", "--as-flask")
    assert code == 2
    assert "Error: No such option '--as-flask'. It belongs before the command: " in error
    assert "bolthead --as-flask where'." in error


def test_an_import_that_fails_inside_is_shown(site):
    result = invoke("--app", "broken_import", "run")
    assert result.exit_code == 2
    assert "While importing 'broken_import', an ImportError was raised:" in result.output
    assert "there_is_no_such_module" in result.output


def test_a_taken_port(site):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, _, error = process("--app", "ours", "run", "--port", str(other.getsockname()[1]))
    assert code == 1
    assert "is in use by another program" in error
    assert "Traceback" not in error


def test_an_odd_import_error_is_not_hidden(monkeypatch, tmp_path):
    (tmp_path / "odd_value.py").write_text("raise ValueError('mine')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ValueError, match="mine"):
        locate.locate_app("odd_value", None)


def test_other_errors_of_the_server_are_not_hidden(site, monkeypatch):
    def run_simple(*args, **options):
        raise OSError("the disk is on fire")

    monkeypatch.setattr(commands, "run_simple", run_simple)
    result = invoke("--app", "ours", "run")
    assert isinstance(result.exception, OSError) and str(result.exception) == "the disk is on fire"


def test_shell_completes_from_its_own_names(site, monkeypatch):
    readline = pytest.importorskip("readline")
    hooked = []
    monkeypatch.setattr(sys, "__interactivehook__", lambda: hooked.append(1), raising=False)
    before = readline.get_completer()
    try:
        result = CliRunner().invoke(cli.cli, ["--app", "ours", "shell"], input="print(app.name)\n")
        assert readline.get_completer()("app.na", 0) == "app.name"
    finally:
        readline.set_completer(before)
    assert hooked == [1]
    assert "ours" in result.output


def test_shell_without_readline(site, monkeypatch):
    monkeypatch.setitem(sys.modules, "readline", None)
    monkeypatch.setattr(sys, "__interactivehook__", lambda: None, raising=False)
    assert CliRunner().invoke(cli.cli, ["--app", "ours", "shell"], input="\n").exit_code == 0
