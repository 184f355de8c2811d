"""Hooks for the import of flask, its submodules and werkzeug run, whenever they were set."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

NAMES = ["flask", "flask.app", "flask.templating", "flask.json.provider", "flask.sansio.scaffold", "werkzeug"]
HOOKS = f"""
import sys, wrapt
ran = []
def patch(module):
    ran.append(module.__name__)
    assert isinstance(module, type(sys)) and module.__spec__.name == module.__name__
    module.patched = getattr(module, "patched", 0) + 1
for name in {NAMES}:
    wrapt.register_post_import_hook(patch, name)
"""
INSTALL = "from bolthead.as_flask import install; install()\n"
IMPORT = """
import flask, flask.app, flask.templating, flask.json.provider, flask.sansio.scaffold, werkzeug, bolthead
assert flask is bolthead
"""
CHECK = f"""
assert sorted(ran) == sorted({NAMES}), ran
for name in {NAMES}:
    module = sys.modules[name]
    assert module.patched == 1, name
    assert module.__name__ == module.__spec__.name == name.replace("flask", "bolthead"), module.__spec__
"""

ORDERS = {
    "before": HOOKS + INSTALL + IMPORT,
    "before, with bolthead loaded": "from bolthead import Flask, render_template\n" + HOOKS + INSTALL + IMPORT,
}


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("order", ORDERS)
def test_hooks_of_wrapt(order: str) -> None:
    run(ORDERS[order] + CHECK)


def test_hooks_set_afterwards_get_the_module_itself() -> None:
    """As for any module that is loaded already, they run at once."""
    code = "wrapt.register_post_import_hook(seen.append, 'flask.app')\nassert seen == [sys.modules['flask.app']]"
    run(f"{INSTALL}{IMPORT}import sys, wrapt; seen = []\n{code}")


def test_what_a_hook_puts_into_the_module_is_there() -> None:
    run("""
        import wrapt
        @wrapt.when_imported("flask.app")
        def hook(module):
            wrapt.wrap_function_wrapper(module, "Flask.full_dispatch_request", lambda f, i, a, k: i.response_class("w"))
            del module.Flask.make_shell_context
            module.added = vars(module)["Flask"]
        @wrapt.when_imported("flask.templating")
        def hook(module):
            module.render_template_string = lambda *args, **kwargs: "mine"
        from bolthead.as_flask import install; install()
        import flask
        assert flask.app.added is flask.Flask and not hasattr(flask.Flask, "make_shell_context")
        assert flask.templating.render_template_string("x") == "mine"
        assert flask.Flask("x").test_client().get("/").text == "w"
    """)


REPLACED = """
import wrapt
def subclass(module, name):
    setattr(module, name, type(name, (getattr(module, name),), {"mine": True}))
@wrapt.when_imported("flask.templating")
def hook(module):
    module.render_template_string = lambda *args, **kwargs: "mine"
@wrapt.when_imported("flask.helpers")
def hook(module):
    module.url_for = lambda *args, **kwargs: "/mine"
@wrapt.when_imported("flask.wrappers")
def hook(module):
    subclass(module, "Request")
    subclass(module, "Response")
@wrapt.when_imported("flask.config")
def hook(module):
    subclass(module, "Config")
@wrapt.when_imported("flask.ctx")
def hook(module):
    subclass(module, "_AppCtxGlobals")
@wrapt.when_imported("flask.json.provider")
def hook(module):
    subclass(module, "DefaultJSONProvider")
INSTALL
import flask, flask.app, flask.views
from flask import render_template_string, url_for
"""


def test_what_a_hook_replaces_is_what_other_modules_have() -> None:
    """Flask's modules take names from each other, and applications from the package, after the hook has run."""
    code = f"""{REPLACED}
print(flask.render_template_string("x"), render_template_string("x"), url_for("x"), flask.url_for("x"))
print(flask.Request.mine, flask.app.Request.mine)
"""
    assert run(code.replace("INSTALL", "")) == run(code.replace("INSTALL", INSTALL.strip()))


def test_what_a_hook_replaces_is_what_applications_have() -> None:
    """Classes have it as their attributes, where they were made after the hook."""
    code = f"""{REPLACED}
app = flask.Flask("x")
app.add_url_rule("/", "view", lambda: {{
    "request": type(flask.request._get_current_object()).mine,
    "g": flask.g.mine,
    "config": flask.current_app.config.mine,
    "json": flask.current_app.json.mine,
    "made": flask.make_response("").mine,
}})
app.add_url_rule("/text", "text", lambda: "text")
for path in ("/", "/text"):
    response = app.test_client().get(path)
    print(response.text, response.mine)
print(app.request_class is flask.Request, app.response_class is flask.Response, "request_class" in vars(flask.Flask))
print(flask.Flask.app_ctx_globals_class.mine, flask.Flask.config_class.mine, flask.Flask.json_provider_class.mine)
"""
    assert run(code.replace("INSTALL", "")) == run(code.replace("INSTALL", INSTALL.strip()))


@pytest.mark.parametrize("module", ["app", "wrappers", "sansio.app"])
def test_what_is_replaced_too_late_for_the_others(module: str) -> None:
    """By a hook of a module that has it from another one, and after the import."""
    code = f"""
import wrapt
@wrapt.when_imported("flask.{module}")
def hook(module):
    if module.__name__.rpartition(".")[2] != "wrappers":
        module.Request = type("Request", (), {{"mine": True}})
INSTALL
import flask, flask.app, flask.{module} as module
module.Response = None
for holder in (flask, flask.app, flask.wrappers):
    print(hasattr(holder.Request, "mine"), holder.Response)
print(hasattr(flask.Flask.request_class, "mine"), flask.Flask.response_class, flask.Flask("x").make_response("x"))
"""
    given = [run(code.replace("INSTALL", install)) for install in ("", INSTALL.strip())]
    assert given[0] == given[1].replace("bolthead", "flask")


FLASKS_FINDER = """
import sys
from importlib.machinery import PathFinder
class Own:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, path) if name.partition(".")[0] == "flask" else None
"""


def test_a_finder_that_comes_up_with_flask_itself() -> None:
    """It was there first; then ours has to be asked before it."""
    run(FLASKS_FINDER + "sys.meta_path.insert(0, Own)\n" + INSTALL + "import flask, bolthead; assert flask is bolthead")


def test_where_flask_cannot_be_had_it_is_said() -> None:
    code = FLASKS_FINDER + textwrap.dedent("""
        class Stubborn(list):
            def insert(self, place, finder):
                super().insert(len(self), finder)
        sys.meta_path = Stubborn([Own, *sys.meta_path])
        try:
            from bolthead.as_flask import install; install()
        except RuntimeError as error:
            print(error)
    """)
    assert "install() has no effect: 'import flask' still finds" in run(code)


# What Python runs at startup, and children of as_flask.


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """A directory as monitoring tools have one: its ``sitecustomize`` imports flask, and loads no other one."""
    place = tmp_path / "agent"
    place.mkdir()
    (place / "sitecustomize.py").write_text(
        "import os, flask\nflask.Flask.seen_by_agent = True\n"
        "os.environ['PYTHONPATH'] = os.pathsep.join(p for p in os.environ['PYTHONPATH'].split(os.pathsep)\n"
        "                                           if p != os.path.dirname(__file__))\n"
    )
    (tmp_path / "program.py").write_text(
        "import flask\nprint(flask.app.__name__, hasattr(flask.Flask, 'seen_by_agent'))\napp = flask.Flask('x')\n"
    )
    (tmp_path / "starts.py").write_text(
        "import os, sys\nplace = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'agent')\n"
        "os.environ['PYTHONPATH'] = os.pathsep.join([place, os.environ.get('PYTHONPATH', '')])\n"
        "os.execvp(sys.argv[1], sys.argv[1:])\n"
    )
    return tmp_path


PROGRAMS = {
    "outside": ["starts.py", sys.executable, "-m", "bolthead.as_flask", "program.py"],
    "inside": ["-m", "bolthead.as_flask", "starts.py", sys.executable, "program.py"],
    "outside the command": ["starts.py", sys.executable, "-m", "bolthead", "--as-flask", "--app", "program", "routes"],
}


@pytest.mark.parametrize("way", PROGRAMS)
def test_an_agent_that_imports_flask_at_startup(way: str, agent: Path) -> None:
    done = subprocess.run([sys.executable, *PROGRAMS[way]], cwd=agent, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "bolthead.app True", done.stderr
    assert "Warning" not in done.stderr


def test_a_program_that_imports_flask_itself_is_not_started_anew(agent: Path) -> None:
    (agent / "agent" / "sitecustomize.py").write_text("")
    (agent / "invokes.py").write_text(
        "import flask\nfrom click.testing import CliRunner\nfrom bolthead.cli import cli\n"
        "print(CliRunner().invoke(cli, ['--as-flask', 'routes']).output)\n"
    )
    command = [sys.executable, "starts.py", sys.executable, "invokes.py"]
    done = subprocess.run(command, cwd=agent, capture_output=True, text=True, timeout=60)
    assert "called too late: flask was already imported, by __main__" in done.stdout, done


def test_two_sitecustomizes_that_load_each_other(agent: Path) -> None:
    (agent / "agent" / "sitecustomize.py").write_text(
        "import os, sys\nfrom importlib.machinery import PathFinder\nprint('agent')\n"
        "others = [p for p in sys.path if p != os.path.dirname(__file__)]\n"
        "spec = PathFinder.find_spec('sitecustomize', others)\nspec.loader.exec_module(type(sys)('sitecustomize'))\n"
    )
    done = subprocess.run([sys.executable, *PROGRAMS["inside"]], cwd=agent, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["agent", "bolthead.app False"], done.stderr
    from bolthead.as_flask import STARTUP

    path = {"PYTHONPATH": f"{STARTUP}:{agent / 'agent'}"}
    command = [sys.executable, "program.py"]
    done = subprocess.run(command, cwd=agent, capture_output=True, text=True, env=path)
    assert done.stdout.splitlines() == ["agent", "bolthead.app False"], done.stderr
