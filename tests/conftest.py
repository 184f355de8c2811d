from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from types import ModuleType

import blinker
import pytest
from hypothesis import settings

import builds
import samples

# A machine may be slow; a test says nothing about time. What passed passes again: other examples are for who asks for
# them.
settings.register_profile("bolthead", deadline=None, derandomize=not samples.EVERY)
settings.load_profile("bolthead")


@pytest.fixture(autouse=True, scope="module")
def small_heap() -> None:
    """Let no collection of garbage walk what earlier modules and 14,000 collected tests have left; many collect."""
    gc.collect()
    # PyPy has none.
    if hasattr(gc, "freeze"):
        gc.freeze()


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """Commands set variables for their children; no test is another's child."""
    before = {key: value for key, value in os.environ.items() if key.startswith("FLASK_")}
    yield
    for key in [key for key in os.environ if key.startswith("FLASK_") and key not in before]:
        del os.environ[key]
    os.environ.update(before)


@pytest.fixture(autouse=True)
def only_servers_are_measured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage follows into servers; in other children it would load modules that they are asked about."""
    if request.path.parent.name != "serve" and request.path.name != "test_serve.py":
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(params=builds.NAMES, scope="session")
def build(request: pytest.FixtureRequest) -> str:
    """The name of one build; a test that asks for it runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def load(build: str) -> Callable[[str], ModuleType]:
    """``load("bolthead._core.http.query")``: that module in the build under test."""
    return lambda name: builds.load(build, name)


@pytest.fixture
def no_receivers(load: Callable[[str], ModuleType]) -> None:
    """Forget the receivers of earlier tests: CPython 3.13 without the GIL never frees a function of a template, and
    keeps the application with it, and what is connected to that."""
    for signal in vars(load("bolthead.signals")).values():
        if isinstance(signal, blinker.Signal):
            signal._clear_state()
