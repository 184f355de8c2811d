"""What a server does not load until it is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

UNWANTED = {
    "asyncio", "bolthead.cli", "bolthead.debughelpers", "bolthead.serve", "bolthead.templating", "bolthead.testing",
    "click", "concurrent.futures", "decimal", "flask", "granian", "http.client",
    "http.cookiejar", "http.server", "importlib.metadata", "jinja2", "multiprocessing", "pathlib", "pdb",
    "pickle", "pydoc", "socketserver", "ssl", "subprocess", "unittest", "urllib.request",
    "werkzeug.debug", "werkzeug.serving", "werkzeug.test",
}  # fmt: skip


def run(code: str) -> str:
    """Standard output of *code* in a Python of its own, without what an environment may load at startup."""
    command = [sys.executable, "-S", "-c", textwrap.dedent(code)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded(code: str) -> set[str]:
    names: list[str] = json.loads(run(code + "\nimport json, sys; print(json.dumps(list(sys.modules)))"))
    return set(names)


BEFORE = "import hashlib, logging, uuid"
"""These bring more or less, by the interpreter: on PyPy uuid asks the operating system through a subprocess."""
FRAMEWORK = {"bolthead.app", "bolthead.wrappers", "bolthead._core.lifecycle", "werkzeug", "jinja2", "blinker", "click"}


@pytest.mark.parametrize("code", ["import bolthead", "import bolthead._core", "import bolthead; dir(bolthead)"])
def test_the_package_alone_loads_no_framework(code: str) -> None:
    assert loaded(code) & FRAMEWORK == set()


@pytest.mark.parametrize("code", ["from bolthead import request", "import bolthead; bolthead.Flask"])
def test_the_first_name_loads_what_a_request_needs(code: str) -> None:
    before = loaded(BEFORE)
    names = loaded(code)
    assert {"bolthead.app", "bolthead.wrappers", "werkzeug.wrappers"} <= names
    assert (names - before) & UNWANTED == set()


def test_serving_requests_loads_no_more() -> None:
    code = """
from bolthead import Flask, Blueprint, abort, g, redirect, request, session, url_for
app = Flask("app")
app.secret_key = "key"
@app.get("/<int:n>")
def view(n):
    session["n"] = n
    return {"n": n, "url": url_for("view", n=3), "q": request.args}
@app.post("/")
def form():
    return request.form["a"] + request.cookies["b"]
from io import BytesIO
def ask(path, method="GET", body=b"", **more):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost",
               "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(body),
               "CONTENT_LENGTH": str(len(body)), **more}
    said = []
    body = b"".join(app(environ, lambda status, headers, exc=None: said.append(status)))
    return said[0], body
assert ask("/4")[0] == "200 OK"
assert ask("/nowhere")[0] == "404 NOT FOUND"
posted = ask("/", "POST", b"a=1", CONTENT_TYPE="application/x-www-form-urlencoded", HTTP_COOKIE="b=2")
assert posted == ("200 OK", b"12"), posted
"""
    assert (loaded(code) - loaded(BEFORE)) & UNWANTED == set()


def test_the_first_name_brings_all_but_the_optional() -> None:
    run("""
        import bolthead, sys
        bolthead.Flask
        assert {"request", "url_for", "jsonify", "Response"} <= vars(bolthead).keys()
        for name, module in {"Blueprint": "blueprints", "render_template": "templating"}.items():
            assert f"bolthead.{module}" not in sys.modules
            assert getattr(bolthead, name) is vars(bolthead)[name] is vars(sys.modules[f"bolthead.{module}"])[name]
        """)


@pytest.mark.parametrize("module", ["app", "cli", "ctx", "globals", "helpers", "json", "sansio.app", "sessions"])
def test_any_module_may_be_the_first(module: str) -> None:
    run(f"import bolthead.{module}; from bolthead import Flask; Flask('x').test_client().get('/')")


def test_threads_see_one_package() -> None:
    run("""
        import bolthead
        from threading import Barrier, Thread
        barrier, found = Barrier(8), []
        def look():
            barrier.wait()
            found.append((bolthead.Flask, bolthead.request, bolthead.cli, bolthead.render_template))
        threads = [Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8 and len({tuple(map(id, each)) for each in found}) == 1
        """)


@pytest.mark.parametrize("before", ["", "import werkzeug"], ids=["after", "before"])
def test_werkzeug_is_whole_for_those_who_look(before: str) -> None:
    said = run(f"""
        {before}
        import bolthead.app, werkzeug
        from types import ModuleType
        from werkzeug import Client, Request, Response, run_simple
        import werkzeug.serving, werkzeug.test
        assert werkzeug.run_simple is run_simple is werkzeug.serving.run_simple
        assert Client is werkzeug.test.Client
        assert issubclass(bolthead.Request, Request) and issubclass(bolthead.Response, Response)
        assert type(werkzeug) is ModuleType and "run_simple" in dir(werkzeug)
        assert not hasattr(werkzeug, "nothing_of_this_name")
        print(werkzeug.__spec__.name, werkzeug.__name__, werkzeug.__file__.endswith("__init__.py"))
        """)
    assert said.split() == ["werkzeug", "werkzeug", "True"]


@pytest.mark.parametrize(
    "code",
    [
        "werkzeug.serving.run_simple",
        "werkzeug.test.EnvironBuilder",
        "werkzeug.Client",
        "dir(werkzeug).index('Client')",
        "werkzeug.exceptions.NotFound",
        "werkzeug.security.check_password_hash",
    ],
)
def test_any_first_look_at_werkzeug_will_do(code: str) -> None:
    run(f"import bolthead.app, werkzeug\n{code}")


def test_a_name_that_is_nowhere_is_an_attribute_error() -> None:
    said = run("""
        from bolthead import Flask
        import werkzeug
        try:
            werkzeug.nothing
        except AttributeError as error:
            print(error)
        """)
    assert said.strip() == "module 'werkzeug' has no attribute 'nothing'"


def test_star_import_of_werkzeug() -> None:
    run("from bolthead import Flask\nfrom werkzeug import *\nClient, Request, Response, run_simple")


def test_threads_see_one_werkzeug() -> None:
    run("""
        from bolthead import Flask
        import werkzeug
        from threading import Barrier, Thread
        barrier, found = Barrier(8), []
        def look():
            barrier.wait()
            found.append((werkzeug.run_simple, werkzeug.Client))
        threads = [Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8 and len(set(found)) == 1
        """)


def test_the_standard_library_is_left_alone() -> None:
    """No module of it is replaced, put off or emptied."""
    run("""
        import sys
        from bolthead import Flask
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in sys.stdlib_module_names and name != "__main__":
                assert not type(module).__module__.startswith("bolthead"), (name, type(module))
        """)


def test_names_that_come_late() -> None:
    run("""
        import sys, bolthead
        from bolthead import Flask
        assert "jinja2" not in sys.modules
        from bolthead.app import Environment
        from bolthead.sansio.app import DispatchingJinjaLoader
        from bolthead.sansio.scaffold import BaseLoader, FileSystemLoader
        assert bolthead.Flask.jinja_environment is Environment is bolthead.templating.Environment
        assert issubclass(DispatchingJinjaLoader, BaseLoader)
        assert bolthead.render_template is bolthead.templating.render_template
        assert "itsdangerous" not in sys.modules
        import bolthead.sessions
        from bolthead.sessions import BadSignature, URLSafeTimedSerializer
        assert BadSignature is sys.modules["itsdangerous"].BadSignature is bolthead.sessions.BadSignature
        assert not hasattr(bolthead.sessions, "nothing_of_this_name")
        assert {"render_template", "stream_template_string"} <= set(dir(bolthead))
        class Mine(bolthead.Flask):
            class jinja_environment(Environment):
                pass
        assert type(Mine("x").jinja_env) is Mine.jinja_environment
        """)
