"""``from … import *`` of the package and of each submodule brings every name that it brings from Flask."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

MODULES = ["app", "blueprints", "cli", "config", "ctx", "debughelpers", "globals", "helpers", "json"]
MODULES += ["json.provider", "json.tag", "logging", "sansio.app", "sansio.blueprints", "sansio.scaffold"]
MODULES += ["sessions", "signals", "templating", "testing", "typing", "views", "wrappers"]
MODULES.insert(0, "")

STAR = """
import json, sys
given = {}
for package in sys.argv[1:]:
    names = {}
    exec(f"from {package} import *", names)
    given[package] = {name: type(value).__name__ for name, value in names.items() if name != "__builtins__"}
print(json.dumps(given))
"""


def star(*modules: str, before: str = "") -> dict[str, dict[str, str]]:
    """By module: the names that a star import brings in a new process, each with its value's type."""
    done = subprocess.run([sys.executable, "-c", before + STAR, *modules], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    given: dict[str, dict[str, str]] = json.loads(done.stdout)
    return given


def path(package: str, module: str) -> str:
    return f"{package}.{module}" if module else package


@pytest.fixture(scope="module")
def flask_gives() -> dict[str, dict[str, str]]:
    return star(*(path("flask", module) for module in MODULES))


@pytest.mark.parametrize("module", MODULES)
def test_every_name_that_flask_gives(module: str, flask_gives: dict[str, dict[str, str]]) -> None:
    wanted = flask_gives[path("flask", module)]
    assert wanted
    ours = path("bolthead", module)
    # Alone in its process: nothing else has loaded what it needs.
    assert wanted.keys() - star(ours)[ours].keys() == set()


def test_and_under_flasks_name(flask_gives: dict[str, dict[str, str]]) -> None:
    found = star(*flask_gives, before="from bolthead.as_flask import install; install()")
    missing = {module: flask_gives[module].keys() - found[module].keys() for module in flask_gives}
    assert {module: names for module, names in missing.items() if names} == {}


def test_the_names_are_in_the_modules_of_flask(flask_gives: dict[str, dict[str, str]]) -> None:
    """For those who look into ``vars`` of what they have imported."""
    code = """
        import importlib, json, sys
        from bolthead.as_flask import install; install()
        print(json.dumps({name: sorted(vars(importlib.import_module(name))) for name in sys.argv[1:]}))
    """
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(line.strip() for line in code.splitlines()), *flask_gives],
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {module: sorted(flask_gives[module].keys() - set(found[module])) for module in flask_gives} == {
        module: [] for module in flask_gives
    }


def test_an_application_of_one_star() -> None:
    code = """
from bolthead import *
app = Flask("shop")
@app.route("/")
def home():
    return render_template_string("hi {{ n }}", n=1)
assert app.test_client().get("/").text == "hi 1"
"""
    subprocess.run([sys.executable, "-c", code], check=True)
