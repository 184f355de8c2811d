from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import settings

import builds

# A machine may be slow; a test says nothing about time.
settings.register_profile("bolthead", deadline=None)
settings.load_profile("bolthead")


@pytest.fixture(params=builds.NAMES, scope="session")
def build(request: pytest.FixtureRequest) -> str:
    """The name of one build; a test that asks for it runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def load(build: str) -> Callable[[str], ModuleType]:
    """``load("bolthead._core.query")``: that module in the build under test."""
    return lambda name: builds.load(build, name)
