"""What an application runs around its serving, in our WSGI worker: real servers, and the thread it runs on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gunicorn")

import serving
from bolthead import Flask
from bolthead.serving.lifespan import Lifespan, StartupFailed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of Unix")

SITE = """
import asyncio, os, threading
from bolthead import Blueprint, Flask, current_app

app = Flask(__name__)
part = Blueprint("part", __name__)

def note(what):
    with open("log", "a") as log:
        log.write(f"{os.getpid()} {what}\\n")

@app.before_serving
def before():
    note(f"before {current_app.name}")

@part.before_app_serving
async def before_too():
    note(f"loop {asyncio.get_running_loop() is app.serving_loop}")

@app.while_serving
async def around():
    note("enter")
    yield
    note("leave")

@app.after_serving
async def after():
    note("after")

async def work():
    await asyncio.sleep(0)
    note(f"task {asyncio.get_running_loop() is app.serving_loop}")

@app.get("/")
def index():
    current_app.add_background_task(work)
    return threading.current_thread().name

@app.get("/async")
async def on_another_loop():
    future = asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "from the loop"), app.serving_loop)
    return await asyncio.wrap_future(future)

app.register_blueprint(part)
"""
FAILING = """
from bolthead import Flask

app = Flask(__name__)

@app.before_serving
async def connect():
    raise ValueError("no database")
"""
TASKS_ALONE = """
import asyncio
from bolthead import Flask

app = Flask(__name__)

async def work():
    await asyncio.sleep(0.2)
    open("done", "w").close()

@app.get("/")
def index():
    app.add_background_task(work)
    return "begun"
"""


def environ(folder: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(folder), *(path for path in sys.path if path)])}


def gunicorn(folder: Path, port: int, *args: str) -> Any:
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-k", "bolthead.serving.Worker", *args]
    return serving.running([*command, "--bind", f"127.0.0.1:{port}", "served:app"], folder, port, **environ(folder))


def test_each_worker_runs_them(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(SITE)
    (tmp_path / "log").touch()
    port = serving.free_port()
    with gunicorn(tmp_path, port, "-w", "2") as process:
        until = time.monotonic() + serving.PATIENCE
        while (tmp_path / "log").read_text().count("enter") < 2 and time.monotonic() < until:
            time.sleep(0.02)
        status, text = serving.ask(port, "GET", "/")
        assert status == 200 and text.startswith(b"bolthead-")
        serving.until_there(tmp_path / "log", "task True")
        assert serving.ask(port, "GET", "/async") == (200, b"from the loop")
        process.send_signal(signal.SIGTERM)
        assert process.wait(serving.PATIENCE) == 0
    workers: dict[str, list[str]] = {}
    for line in (tmp_path / "log").read_text().splitlines():
        pid, _, what = line.partition(" ")
        workers.setdefault(pid, []).append(what)
    assert len(workers) == 2
    begin, end = ["before served", "loop True", "enter"], ["leave", "after"]
    assert sorted(workers.values()) == sorted([begin + end, [*begin, "task True", *end]])


def test_a_worker_does_not_serve_what_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(FAILING)
    command = ["bolthead", "--app", "served", "serve", "--wsgi", "--workers", "1"]
    found = subprocess.run(
        [sys.executable, "-m", *command, "--bind", f"127.0.0.1:{serving.free_port()}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=serving.PATIENCE,
        env={**os.environ, **environ(tmp_path)},
    )
    assert found.returncode == 4
    assert "The application's startup failed: ValueError: no database" in found.stderr
    assert 'raise ValueError("no database")' in found.stderr


def test_background_tasks_alone(tmp_path: Path) -> None:
    """The loop begins with the first; a stop waits for them."""
    (tmp_path / "served.py").write_text(TASKS_ALONE)
    server = serving.Server(tmp_path, "served", "--workers", "1")
    try:
        assert "Over ASGI" not in server.output()
        assert server.get().endswith(b"begun")
        assert server.stop() == 0
        assert (tmp_path / "done").exists()
    finally:
        server.close()


class TestLifespan:
    @pytest.fixture
    def lifespan(self) -> Iterator[Callable[[Flask], Lifespan]]:
        begun: list[Lifespan] = []

        def make(app: Flask) -> Lifespan:
            begun.append(Lifespan(app))
            return begun[-1]

        yield make
        for lifespan in begun:
            lifespan.end(serving.PATIENCE, lambda: None)

    def app(self) -> Flask:
        return Flask("site_under_test", root_path="/nowhere")

    def test_once_for_many_threads(self, lifespan: Any) -> None:
        app = self.app()
        count: list[int] = []
        app.before_serving(lambda: count.append(1))
        one = lifespan(app)
        threads = [threading.Thread(target=one.begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert count == [1] and app.serving_loop is one.loop
        assert one.end(serving.PATIENCE, lambda: None)
        assert app.serving_loop is None

    def test_a_failure_may_be_tried_again(self, lifespan: Any) -> None:
        app = self.app()
        app.logger.disabled = True
        failures = [KeyError("first")]

        @app.before_serving
        async def before() -> None:
            if failures:
                raise failures.pop()

        one = lifespan(app)
        with pytest.raises(StartupFailed, match="KeyError: 'first'"):
            one.begin()
        assert one.end(0, lambda: None)
        one.begin()
        assert one.begun

    @pytest.mark.parametrize("error", [SystemExit, ValueError])
    def test_middleware_that_fails(self, error: type[BaseException], lifespan: Any) -> None:
        app = self.app()
        app.logger.disabled = True

        async def fails(scope: Any, receive: Any, send: Any) -> None:
            raise error("of middleware")

        app.asgi_app = fails  # type: ignore[method-assign]
        with pytest.raises(StartupFailed, match=f"{error.__name__}: of middleware"):
            lifespan(app).begin()

    @pytest.mark.parametrize("answers", [[], [{"type": "lifespan.startup.failed"}]])
    def test_middleware_that_says_little(self, answers: list[Any], lifespan: Any) -> None:
        app = self.app()

        async def silent(scope: Any, receive: Any, send: Any) -> None:
            for answer in answers:
                await send(answer)

        app.asgi_app = silent  # type: ignore[method-assign]
        one = lifespan(app)
        for _ in range(2):
            with pytest.raises(StartupFailed, match="does not say why" if answers else "does not hand on"):
                one.begin()
        del app.asgi_app
        one.begin()
        assert one.begun

    def test_middleware_that_ends_too_early(self, lifespan: Any) -> None:
        app = self.app()

        async def ends(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "lifespan.startup.complete"})

        app.asgi_app = ends  # type: ignore[method-assign]
        one = lifespan(app)
        one.begin()
        until = time.monotonic() + serving.PATIENCE
        while not one.loop.is_closed() and time.monotonic() < until:
            time.sleep(0.01)
        assert one.end(0, lambda: None)

    def test_an_end_that_takes_too_long(self, lifespan: Any) -> None:
        app = self.app()
        let_go = threading.Event()
        waited: list[int] = []

        @app.while_serving
        async def around() -> AsyncIterator[None]:
            yield
            await asyncio.to_thread(let_go.wait)

        one = lifespan(app)
        one.begin()
        assert not one.end(0.25, lambda: waited.append(1))
        assert waited
        let_go.set()

    def test_one_that_was_not_begun(self, lifespan: Any) -> None:
        assert lifespan(self.app()).end(0, lambda: None)
