"""Two monitoring agents on both builds, started in every way. ``python -m tests.agents all`` has these and others."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import compare

PYTHON = Path(sys.executable)
SIDE = "pure" if os.environ.get("BOLTHEAD_PURE", "") not in ("", "0") else "compiled"
# The agent's command, wherever its script is.
RUNNER = ("python", "-c", "from opentelemetry.instrumentation.auto_instrumentation import run; run()")
AGENTS = {
    "opentelemetry": dataclasses.replace(compare.AGENTS["opentelemetry"], runner=RUNNER),
    "sentry": compare.AGENTS["sentry"],
}
CASES = [(name, way) for name, agent in AGENTS.items() for way in compare.ways(agent)]


@functools.cache
def on_flask(name: str) -> dict[bool, list[Any]]:
    return compare.on_flask(AGENTS[name], PYTHON)


@pytest.mark.parametrize(("name", "way"), CASES)
def test_an_agent_records_what_it_records_on_flask(name: str, way: str) -> None:
    agent = AGENTS[name]
    if agent.imports_flask and way == "outside, install()":
        assert compare.too_late(agent, PYTHON, SIDE) == []
        return
    by_hand = way in compare.BY_HAND
    found = compare.run(agent, compare.ways(agent)[way], PYTHON, SIDE, by_hand)
    assert compare.differences(on_flask(name)[by_hand], found) == []
