"""Frames name the file that is installed, so that tracebacks, debuggers and error trackers show source."""

from __future__ import annotations

import linecache
import os
import re
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client

import bolthead
import builds

Load = Callable[[str], ModuleType]


def raised(load: Load) -> list[traceback.FrameSummary]:
    app: Any = load("bolthead.app").Flask("shop", root_path="/nowhere")
    app.testing = True

    @app.route("/")
    def fail() -> None:
        raise KeyError("sold out")

    with pytest.raises(KeyError) as caught:
        app.test_client().get("/")
    return list(traceback.extract_tb(caught.value.__traceback__))


def test_every_frame_shows_its_source(load: Load) -> None:
    frames = raised(load)
    core = [frame for frame in frames if f"{os.sep}_core{os.sep}" in frame.filename]
    assert len(core) >= 2
    for frame in frames:
        assert os.path.isabs(frame.filename) and os.path.isfile(frame.filename), frame
        assert frame.line, frame
    # The function's name is in the line or above it: it is the right file.
    for frame in core:
        name = frame.name.rpartition(".")[2]
        assert any(name in line for line in linecache.getlines(frame.filename)[: frame.lineno])


def test_werkzeugs_debugger_shows_source_and_a_console_for_every_frame(load: Load) -> None:
    app: Any = load("bolthead.app").Flask("shop", root_path="/nowhere")

    @app.route("/")
    def fail() -> None:
        raise KeyError("sold out")

    app.debug = True
    client = Client(DebuggedApplication(app, evalex=True, pin_security=False))
    page = client.get("/").text
    frames = page.split('<div class="frame" id="frame-')[1:]
    assert len(frames) >= 4 and "sold out" in frames[-1]
    for frame in frames:
        assert os.path.isfile(re.findall(r'<cite class="filename">"(.*?)"</cite>', frame)[0]), frame
        assert '<pre class="line current">' in frame, frame
        number = frame.partition('"')[0]
        secret = re.findall(r'SECRET = "(.*?)"', page)[0]
        options = {"__debugger__": "yes", "cmd": "1 + 1", "frm": number, "s": secret}
        assert "2" in client.get("/", query_string=options).text


def test_the_files_of_functions(load: Load) -> None:
    for name in ("lifecycle.wsgi", "session.signature", "http.query", "primitives.context_vars"):
        module = load(f"bolthead._core.{name}")
        functions = [value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__]
        files = {value.__code__.co_filename for value in functions if hasattr(value, "__code__")}
        # What Cython makes itself, for pickles, is in no file.
        files.discard("(tree fragment)")
        assert files and all(os.path.isfile(file) for file in files), files


def test_sources_are_beside_the_compiled_modules() -> None:
    for name in builds.load("compiled", "bolthead._core").modules():
        place = os.path.join(os.path.dirname(bolthead.__file__), "_core", *name.split("."))
        assert os.path.isfile(place + ".py")
