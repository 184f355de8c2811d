"""What dill and cloudpickle can pickle in Flask they can pickle here, and what comes back works. So do copies."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from oracle import Framework, alike

# A program of its own: functions of a test module would take all of pytest into the pickle.
PROGRAM = """
import importlib, json, sys
pickler, framework = map(importlib.import_module, sys.argv[1:])

def make(name):
    app = framework.Flask(name, root_path="/nowhere", instance_path="/nowhere/instance")
    app.secret_key = "key"

    @app.before_request
    def before():
        framework.g.n = 1

    @app.route("/item/<int:number>", methods=["GET", "POST"], defaults={"page": 1})
    def item(number, page):
        return {"number": number, "page": page, "url": framework.url_for("item", number=number)}

    app.add_url_rule("/<name>", "last", lambda name: name)
    app.add_url_rule("/first", "first", lambda: "first")
    app.add_url_rule("/<other>", "other", lambda other: "other " + other)
    return app

def answers(app):
    return [app.test_client().get(path).text for path in ("/item/5", "/first", "/word", "/a/b")]

def attempt(make):
    try:
        return pickler.loads(pickler.dumps(make()))
    except Exception as error:
        return None

app, used = make("one"), make("two")
before = answers(used)
found = {}
with used.test_request_context("/item/7?a=b", method="POST", headers={"X": "y"}, data={"c": "d"}):
    request = framework.request
    request.form
    values = {
        "app": lambda: app,
        "app that has answered": lambda: used,
        "app in its context": lambda: framework.current_app._get_current_object(),
        "request": lambda: request._get_current_object(),
        "proxy": lambda: request,
        "headers": lambda: request.headers,
        "environ": lambda: request.environ,
        "args": lambda: request.args,
        "form": lambda: request.form,
        "files": lambda: request.files,
        "cookies": lambda: request.cookies,
        "rule": lambda: request.url_rule,
        "map": lambda: used.url_map,
        "session": lambda: framework.session._get_current_object(),
        "g": lambda: framework.g._get_current_object(),
        "view": lambda: used.view_functions["item"],
        "config": lambda: used.config,
        "response": lambda: used.make_response(("text", 201, {"X": "y"})),
        "blueprint": lambda: framework.Blueprint("part", "part", root_path="/nowhere"),
        "provider": lambda: used.json,
        "context": lambda: framework.globals.request_ctx._get_current_object(),
    }
    back = {name: attempt(make) for name, make in values.items()}
for name, value in back.items():
    found[name] = type(value).__name__
if back["app"]:
    found["answers"] = answers(back["app"])
if back["app in its context"]:
    found["answers of the used one"] = answers(back["app in its context"])
if back["request"]:
    request = back["request"]
    found["read"] = [request.method, request.url, request.args.to_dict(), request.headers["X"], request.view_args]
if back["map"]:
    adapter = back["map"].bind("localhost")
    found["matches"] = [adapter.match(path)[0] for path in ("/item/5", "/first", "/word")]
    found["builds"] = [adapter.build("item", {"number": 3}), adapter.build("other", {"other": "x y"})]
    back["map"].add(type(next(back["map"].iter_rules()))("/added/<x>", endpoint="added"))
    found["added"] = adapter.match("/added/y")[0]
if back["rule"]:
    found["rule of"] = [back["rule"].rule, back["rule"].map.bind("x").match("/first")[0]]
print(json.dumps(found))
"""
NEEDED = {
    "dill": {"app", "app in its context", "request", "headers", "map", "rule", "answers", "matches", "read"},
    "cloudpickle": {"args", "form", "cookies", "session", "g", "view", "config", "response", "blueprint"},
}


def pickled(pickler: str, framework: str) -> dict[str, Any]:
    command = [sys.executable, "-c", PROGRAM, pickler, framework]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("pickler", NEEDED)
def test_pickles(pickler: str) -> None:
    bare = f"import {pickler}; {pickler}.dumps(lambda: 1)"
    if subprocess.run([sys.executable, "-c", bare], capture_output=True).returncode:
        pytest.skip(f"{pickler} cannot pickle a function on this Python")
    wanted = pickled(pickler, "flask")
    assert not {name for name in NEEDED[pickler] if wanted.get(name) in (None, "NoneType")}
    # On PyPy a copy of Flask's application that is made amid a request does not answer.
    works = {name: value for name, value in wanted.items() if "500 Internal Server Error" not in str(value)}
    found = pickled(pickler, "bolthead")
    assert {name: found[name] for name in works} == works


@alike
def test_copies_of_a_map(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/a/<int:n>", "a")
    app.add_url_rule("/b", "b")
    before = [app.url_map.bind("x").match(path) for path in ("/a/5", "/b")]
    copied = copy.copy(app.url_map)
    rule = next(app.url_map.iter_rules()).empty()
    return before, [copied.bind("x").match(path) for path in ("/a/5", "/b")], rule.rule


@alike
def test_copies_of_an_adapter(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/item/<int:number>", "item", lambda number: "")
    adapter = app.url_map.bind("site.test", "/below", url_scheme="https")
    adapter.extra = "of its own"
    made = copy.copy(adapter)
    made.server_name = "other.test"
    urls = [some.build("item", {"number": 3}, force_external=True) for some in (adapter, made)]
    return made.match("/item/5"), urls, made.extra, made.map is adapter.map


@alike
def test_copies_of_a_serializer(fw: Framework) -> Any:
    app = fw.app()
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"])
    serializer = app.session_interface.get_signing_serializer(app)
    copies = [copy.copy(serializer), copy.deepcopy(serializer), pickle.loads(pickle.dumps(serializer))]
    value = {"pair": (1, 2)}
    read = [made.loads(serializer.dumps(value)) for made in copies] + [
        serializer.loads(made.dumps(value)) for made in copies
    ]
    return read, [made.secret_keys for made in copies]


def test_no_state_of_another_kind_is_taken(load: Callable[[str], Any]) -> None:
    """It would be written into the fields of the compiled classes without a check."""
    routing = load("bolthead.routing")
    adapter = routing.Map([routing.Rule("/", endpoint="root")]).bind("site.test")
    for state in ([], (), None, "x", ({},)):
        with pytest.raises((AttributeError, TypeError)):
            adapter.__setstate__(state)
    assert adapter.match("/") == ("root", {})
    for name in ("adapter", "segment_table", "tree"):
        for cls in vars(load(f"bolthead._core.routing.{name}")).values():
            assert not hasattr(cls, "__setstate_cython__"), cls
