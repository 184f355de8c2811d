from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

import builds


@pytest.fixture(params=builds.NAMES, scope="session")
def build(request: pytest.FixtureRequest) -> str:
    """The name of one build; a test that asks for it runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def load(build: str) -> Callable[[str], ModuleType]:
    """``load("bolthead._core.query")``: that module in the build under test."""
    return lambda name: builds.load(build, name)
