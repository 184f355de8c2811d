"""``bolthead.as_flask``, each case in a Python of its own: what it changes is the process."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import textwrap
import venv
from pathlib import Path
from types import ModuleType

import pytest

import bolthead

SRC = Path(bolthead.__file__).parents[1]

INSTALL = "import bolthead; from bolthead.as_flask import install; install()\n"


def python(code: str, *, exe: str = sys.executable, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return run(exe, "-c", textwrap.dedent(code), cwd=cwd)


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    # Where bolthead is installed, Flask is beside it; so a Python without Flask has a bolthead of its own.
    env = {**os.environ, "PYTHONPATH": str(SRC) if command[0] == sys.executable else ""}
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=60)


def passes(code: str, **options: object) -> str:
    done = python(code, **options)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    return done.stdout


def fails(code: str, **options: object) -> str:
    done = python(code, **options)  # type: ignore[arg-type]
    assert done.returncode != 0, done.stdout
    return done.stderr


@pytest.fixture(scope="session")
def without_flask(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has what bolthead needs, and no Flask."""
    home = tmp_path_factory.mktemp("without") / "venv"
    venv.create(home, symlinks=True)
    exe = home / "bin" / "python"
    site = Path(
        subprocess.run(
            [exe, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    for name in ("bolthead", "werkzeug", "jinja2", "click", "itsdangerous", "blinker", "markupsafe"):
        package = Path(__import__(name).__file__).parent
        (site / name).symlink_to(package)
        for info in package.parent.glob(f"{name}-*.dist-info"):
            (site / info.name).symlink_to(info)
    return str(exe)


@pytest.fixture(params=["with Flask", "without Flask"])
def exe(request: pytest.FixtureRequest) -> str:
    if request.param == "with Flask":
        return sys.executable
    return str(request.getfixturevalue("without_flask"))


def test_the_environment_really_lacks_flask(without_flask: str) -> None:
    assert "No module named 'flask'" in fails("import flask", exe=without_flask)


WAYS = {
    "import": "import flask, flask.app; assert flask is bolthead and flask.app is bolthead.app",
    "from": "from flask.json.provider import DefaultJSONProvider as P; assert P is bolthead.json.provider."
    "DefaultJSONProvider",
    "submodule of a package": "import flask.sansio.scaffold as s; assert s is bolthead.sansio.scaffold",
    "never loaded before": "import sys; sys.modules.pop('flask.views', 0); import flask.views as v; "
    "assert v is bolthead.views",
    "import_module": "import importlib; assert importlib.import_module('flask.ctx') is bolthead.ctx",
    "reload": "import importlib, flask.views as v; assert importlib.reload(v) is v is bolthead.views",
    "find_spec loaded": "from importlib.util import find_spec; assert find_spec('flask').origin == bolthead.__file__",
    "find_spec unloaded": "from importlib.util import find_spec; import sys; "
    "assert find_spec('flask.__main__').origin.endswith('__main__.py'); "
    "assert 'flask.__main__' not in sys.modules and 'bolthead.__main__' not in sys.modules",
    "find_spec of nothing": "from importlib.util import find_spec; assert find_spec('flask.ext') is None",
    "pickle": r"import pickle; assert pickle.loads(b'cflask.wrappers\nResponse\n.') is bolthead.Response",
    "mock.patch": "from unittest import mock\nwith mock.patch('flask.helpers.url_for', 1): "
    "assert bolthead.helpers.url_for == 1",
    "entry point": "from importlib.metadata import EntryPoint as E; "
    "assert E('x', 'flask.cli:FlaskGroup', 'g').load() is bolthead.cli.FlaskGroup",
    "import_string": "from werkzeug.utils import import_string; "
    "assert import_string('flask.blueprints:Blueprint') is bolthead.Blueprint",
    "sys.modules": "import flask, sys; assert sys.modules['flask.globals'] is bolthead.globals",
    "loader by hand": "from importlib.util import find_spec, module_from_spec; import sys\n"
    "sys.modules.pop('flask.views', 0); s = find_spec('flask.views'); m = module_from_spec(s); "
    "s.loader.exec_module(m); assert m.View is bolthead.views.View",
    "metadata": "from importlib.metadata import version; assert version('flask') == version('Flask') == '3.1.3'",
    "distributions": "from importlib.metadata import distributions\n"
    "found = [d.version for d in distributions() if (d.metadata['Name'] or '').lower() == 'flask']\n"
    "assert found == ['3.1.3']",
    "metadata of a path": "from importlib.metadata import distributions; assert not [*distributions(path=[])]",
    "twice": "install()",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_flask_ends_here(way: str, exe: str) -> None:
    passes(INSTALL + WAYS[way], exe=exe)


def test_bolthead_keeps_its_own_identity() -> None:
    passes("""
        import bolthead, bolthead.views, sys
        before = {n: (m.__name__, m.__spec__, m.__loader__, m.__package__) for n, m in sys.modules.items()
                  if n.startswith("bolthead")}
        from bolthead.as_flask import install
        install()
        for name in before:
            __import__(name.replace("bolthead", "flask", 1))
        for name, (its_name, spec, loader, package) in before.items():
            module = sys.modules[name]
            assert (module.__name__, module.__package__) == (its_name, package) == (name, package)
            assert module.__spec__ is spec and module.__loader__ is loader
    """)


def test_what_flask_loads_is_loaded() -> None:
    """Applications say ``flask.cli`` or ``http.client`` after a mere ``import flask``."""
    code = "import sys; before = set(sys.modules); import flask; print(*(set(sys.modules) - before))"
    wanted = {name for name in passes(code).split() if "._" not in name and name not in IMPLEMENTATION}
    assert {"flask.sansio.scaffold", "http.client", "werkzeug.serving", "importlib.metadata"} <= wanted
    assert wanted - set(passes(INSTALL + code.replace("before = set(sys.modules)", "before = set()")).split()) == set()


IMPLEMENTATION: set[str] = set()
"""Modules that Flask loads for its own use alone."""


def test_too_late_says_where(tmp_path: Path) -> None:
    (tmp_path / "extension.py").write_text("import json\n\nfrom flask.globals import request\n")
    message = fails("import bolthead, json, extension\n" + INSTALL, cwd=tmp_path)
    assert "RuntimeError: bolthead.as_flask.install() was called too late" in message
    assert f"by extension ({tmp_path / 'extension.py'}, line 3)" in message
    assert "python -m bolthead.as_flask" in message


def test_a_name_that_flask_lost(tmp_path: Path) -> None:
    (tmp_path / "extension.py").write_text("import json\nfrom flask.helpers import safe_join\n")
    message = fails(INSTALL + "import extension", cwd=tmp_path)
    assert "ImportError: cannot import name 'safe_join' from 'flask.helpers'" in message
    assert "bolthead stands in for Flask 3.1.3" in message
    assert f"extension ({tmp_path / 'extension.py'}, line 2)" in message


def test_a_private_name_of_an_old_flask() -> None:
    message = fails(INSTALL + "from flask import _request_ctx_stack")
    assert "cannot import name '_request_ctx_stack' from 'flask'" in message
    assert "private" in message


SINGLE = "app blueprints cli config ctx debughelpers globals helpers json logging sessions signals templating"
BELOW = "testing typing views wrappers json.provider json.tag sansio.app sansio.blueprints sansio.scaffold"
MODULES = f"{SINGLE} {BELOW}".split(" ")


def test_every_name_in_flasks_modules_can_be_imported() -> None:
    """Also those that they only import themselves: tests and extensions take them from there."""
    imports = []
    for module in ["flask", *(f"flask.{name}" for name in MODULES)]:
        for name, value in vars(importlib.import_module(module)).items():
            if not name.startswith("_") and (not isinstance(value, ModuleType) or value.__name__.startswith("flask")):
                imports.append(f"from {module} import {name}")
    assert len(imports) > 400
    passes(INSTALL + "\n".join(imports))


def test_feature_detection_still_works() -> None:
    passes(
        INSTALL
        + textwrap.dedent("""
        import flask
        assert not hasattr(flask, "escape") and getattr(flask.helpers, "safe_join", 1) == 1
        try:
            from flask import Markup
        except ImportError:
            from markupsafe import Markup
        try:
            flask.nothing
        except AttributeError as error:
            assert "has no attribute 'nothing'" in str(error)
        try:
            import flask.ext
        except ModuleNotFoundError as error:
            assert error.name == "flask.ext"
    """)
    )


def test_version_attribute_is_flasks() -> None:
    out = passes(
        INSTALL
        + textwrap.dedent("""
        import warnings
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            import flask
            print(flask.__version__, *[w.category.__name__ for w in seen], seen[0].filename)
    """)
    )
    assert out.split() == ["3.1.3", "DeprecationWarning", "<string>"]


SCRIPT = """\
import subprocess, sys
import flask
print(flask.__name__, __name__, sys.argv[1:], sys.path[0])
subprocess.run([sys.executable, "-c", '''
import sys
assert "bolthead" not in sys.modules
from importlib.metadata import version
assert version("flask") == "3.1.3"
import flask.app, bolthead
assert flask is bolthead
print("child", flask.app.__name__)
'''], check=True)
"""


def test_a_script_and_its_children(tmp_path: Path, exe: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "script.py").write_text(SCRIPT)
    done = run(exe, "-m", "bolthead.as_flask", "place/script.py", "a", "--b", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"child bolthead.app\nbolthead __main__ ['a', '--b'] {place}\n" or (
        done.stdout.splitlines() == [f"bolthead __main__ ['a', '--b'] {place}", "child bolthead.app"]
    )


def test_a_module(tmp_path: Path, exe: str) -> None:
    (tmp_path / "module.py").write_text(SCRIPT)
    done = run(exe, "-m", "bolthead.as_flask", "-m", "module", "-m", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"bolthead __main__ ['-m'] {tmp_path}\n" in done.stdout


def test_spawned_processes(tmp_path: Path) -> None:
    (tmp_path / "spawns.py").write_text(
        textwrap.dedent("""
        import multiprocessing

        def name():
            import flask
            return flask.app.__name__

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(name))
    """)
    )
    done = run(sys.executable, "-m", "bolthead.as_flask", "spawns.py", cwd=tmp_path)
    assert done.stdout == "bolthead.app\n", done.stderr


def test_a_hidden_sitecustomize_still_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('the other one')\n")
    (tmp_path / "script.py").write_text(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import flask; print(flask.__name__)'])\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SRC), str(tmp_path)])}
    done = subprocess.run(
        [sys.executable, "-m", "bolthead.as_flask", "script.py"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["the other one", "the other one", "bolthead"] or (
        sorted(done.stdout.splitlines()) == ["bolthead", "the other one", "the other one"]
    ), done.stderr


def test_the_flask_command(exe: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import flask\napp = flask.Flask(__name__)\n")
    for command in (["flask"], ["-m", "flask"], [exe, "-m", "flask"]):
        done = run(exe, "-m", "bolthead.as_flask", *command, "routes", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "/static/<path:filename>" in done.stdout


APPLICATIONS = {
    "application": "import flask\napp = flask.Flask(__name__)\n",
    "metadata": "from importlib.metadata import version\nversion('Flask')\n"
    "import bolthead\napp = bolthead.Flask(__name__)\n",
}


@pytest.mark.parametrize("wanting", APPLICATIONS)
def test_where_flask_is_wanted_and_not_installed(wanting: str, without_flask: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APPLICATIONS[wanting])
    done = run(without_flask, "-m", "bolthead", "routes", cwd=tmp_path)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last == "Flask is not installed: add '--as-flask', so that 'import flask' means bolthead."
    assert run(without_flask, "-m", "bolthead", "--as-flask", "routes", cwd=tmp_path).returncode == 0


def test_where_an_extension_asks_the_installed_flask(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import flask\nimport bolthead\n\ndef create_app():\n    app = bolthead.Flask(__name__)\n"
        "    with app.app_context():\n        flask.current_app.name\n    return app\n"
    )
    done = run(sys.executable, "-m", "bolthead", "routes", cwd=tmp_path)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("The installed Flask was imported too") and "'--as-flask'" in last
    assert run(sys.executable, "-m", "bolthead", "--as-flask", "routes", cwd=tmp_path).returncode == 0

    (tmp_path / "app.py").write_text(
        "import flask\nimport bolthead\n\napp = bolthead.Flask(__name__)\n\n"
        "@app.cli.command('ask')\ndef ask():\n    flask.current_app.name\n"
    )
    done = run(sys.executable, "-m", "bolthead", "ask", cwd=tmp_path)
    assert done.stderr.strip().splitlines()[-1] == last
    assert run(sys.executable, "-m", "bolthead", "--as-flask", "ask", cwd=tmp_path).returncode == 0

    (tmp_path / "app.py").write_text("import bolthead\nbolthead.current_app.name\n")
    assert "--as-flask" not in run(sys.executable, "-m", "bolthead", "routes", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("command", "name"), [(["bolthead", "--as-flask"], "bolthead"), (["bolthead.as_flask", "-m", "flask"], "flask")]
)
def test_the_name_of_the_command_in_messages(command: list[str], name: str, tmp_path: Path) -> None:
    done = run(sys.executable, "-m", *command, "routes", cwd=tmp_path)
    assert f"Use the '{name} --app' option" in done.stderr


def test_under_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import flask\n\ndef test(monkeypatch):\n    assert flask.__name__ == 'bolthead'\n"
        "    monkeypatch.setattr('flask.helpers.flash', 1)\n    assert flask.helpers.flash == 1\n"
    )
    for mode in ("prepend", "importlib"):
        done = run(
            sys.executable,
            *["-m", "bolthead.as_flask", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            *["--import-mode", mode, "test_it.py"],
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", [[], ["-m"], ["--nonsense"], ["no-such-program"], ["-m", "no_such_module"]])
def test_wrong_use_is_one_line(command: list[str], tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "bolthead.as_flask", *command, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "bolthead.as_flask" in done.stderr
