"""Classes, functions and views have the names that they have in Flask, where ``flask`` is bolthead: programs look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bolthead
import builds
from bolthead._flask_names import MODULES

PROGRAM = """
import importlib, inspect, json, pickle, sys, types
import flask

app = flask.Flask("shop", static_folder="/tmp")
app.register_blueprint(flask.Blueprint("admin", "shop", static_folder="/tmp", static_url_path="/admin"))

found = {
    "views": {name: (view.__module__, view.__name__, view.__qualname__) for name, view in app.view_functions.items()},
    "client": type(app.test_client()).__module__,
    "runner": type(app.test_cli_runner()).__module__,
    "objects": [type(value).__module__ for value in (app, app.json, app.config, app.session_interface)],
    "reprs": [repr(value) for value in (flask.Flask, flask.Request, flask.Response, app.jinja_loader.__class__)],
    "pickles": [pickle.dumps(value, 0).decode() for value in (flask.Response, flask.url_for)],
    "loaded": [pickle.loads(pickle.dumps(value)) is value for value in (flask.Response, flask.url_for)],
    "source": inspect.getsource(flask.Blueprint).startswith("class Blueprint("),
    "module": inspect.getmodule(flask.Flask) is flask.app,
}
names = {}
for place in sys.argv[1:]:
    module = importlib.import_module("flask." + place)
    for name, value in vars(module).items():
        if name.startswith("_") or not isinstance(value, (type, types.FunctionType)):
            continue
        names[f"{place}:{name}"] = value.__module__
        if isinstance(value, type):
            functions = {key: member for key, member in vars(value).items() if isinstance(member, types.FunctionType)}
            names.update({f"{place}:{name}.{key}": member.__module__ for key, member in functions.items()})
print(json.dumps([found, names]))
"""


def run(*start: str, build: str = "") -> list[Any]:
    env = {
        **os.environ,
        "PYTHONPATH": str(Path(bolthead.__file__).parents[1]),
        "BOLTHEAD_PURE": str(int(build == "pure")),
    }
    command = [sys.executable, *start, "program.py", *sorted(MODULES)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    result: list[Any] = json.loads(done.stdout)
    return result


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("build", builds.NAMES)
def test_names_as_in_flask(build: str) -> None:
    found, names = run()
    ours, our_names = run("-m", "bolthead.as_flask", build=build)
    assert ours == found
    # In a module of its own here.
    del names["sansio.app:find_package"], names["sansio.scaffold:find_package"]
    shared = {key for key, module in names.items() if module.removeprefix("flask.") in MODULES and key in our_names}
    assert len(shared) > 300
    assert {key: our_names[key] for key in shared} == {key: names[key] for key in shared}


def test_bolthead_by_itself_keeps_its_names() -> None:
    app = bolthead.Flask("shop", static_folder="/tmp")
    assert app.view_functions["static"].__module__ == bolthead.Flask.__module__ == "bolthead.app"
    assert bolthead.Blueprint.send_static_file.__module__ == "bolthead.blueprints"


RELOADS = """
import importlib
from bolthead.as_flask import install
install()
import flask, flask.views
import bolthead.testing
importlib.reload(flask.views)
importlib.reload(bolthead.blueprints)
print(flask.views.View.__module__, bolthead.blueprints.Blueprint.__module__, bolthead.testing.FlaskClient.__module__)
"""


def test_modules_imported_later_or_reloaded(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(bolthead.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", RELOADS], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "flask.views flask.blueprints flask.testing\n", done.stderr
