from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def build() -> str:
    """The build that this run of the suite is about: these tests start processes, and take long enough."""
    return "pure" if os.environ.get("BOLTHEAD_PURE", "") not in ("", "0") else "compiled"
