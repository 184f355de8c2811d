"""Flask's own tests and examples hold on bolthead, save those in ``known.toml``.

The archive and the environment are made on the first run, which needs the package index.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from upstream import environments, runner

NAMES = ("flask", "flask_tutorial", "flask_javascript")
PROJECTS = runner.projects()


@functools.cache
def python() -> Path:
    project = PROJECTS["flask"]
    return environments.make(project.name, project.version, project.requires)


@functools.cache
def ran(name: str, side: str) -> runner.Run:
    return runner.run(PROJECTS[name], side, python())


@pytest.mark.parametrize("name", NAMES)
def test_holds(name: str, build: str) -> None:
    project = PROJECTS[name]
    runs = {"flask": ran(name, "flask"), build: ran(name, build)}
    verdict = runner.Verdict(project, runs, runner.known(project.name))
    assert {test: runs[build].notes.get(test) for test in verdict.lost(build)} == {}
    assert runs["flask"].counts["passed"] > (480 if name == "flask" else 5)


def test_holds_over_asgi(build: str) -> None:
    """Flask's own tests, with the requests of its test client going through ``asgi_app``."""
    side = f"{build} over asgi"
    run = ran("flask", side)
    runs = {"flask": ran("flask", "flask"), side: run}
    verdict = runner.Verdict(PROJECTS["flask"], runs, runner.known("flask", "asgi"))
    assert {test: run.notes.get(test) for test in verdict.lost(side)} == {}


def test_the_list_of_known_failures_is_short() -> None:
    known = runner.known("flask")
    assert len(known) <= 5
    assert all(reason for reason in known.values())
    # An entry that names no test, or one that passes, would hide the next failure of that name.
    outcomes = ran("flask", "pure").outcomes
    assert {test: outcomes.get(test) for test in known} == dict.fromkeys(known, "failed")


def test_a_lost_test_is_seen() -> None:
    outcomes = {"a": "passed", "b": "passed", "c": "failed", "d": "passed", "e": "passed"}
    ours = {"a": "passed", "b": "failed", "c": "failed", "d": "skipped"}
    runs = {side: runner.Run(side, found, {}) for side, found in (("flask", outcomes), ("pure", ours))}
    verdict = runner.Verdict(PROJECTS["flask"], runs, {"d": "a reason"})
    assert verdict.lost("pure") == ["b", "e"]
    assert not verdict.holds
