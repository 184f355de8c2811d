"""One project's tests on Flask and on both builds of bolthead, in fresh copies, compared by test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import environments
from .archives import HOME, ROOT, alone, fetch, normal

HERE = Path(__file__).parent
SIDES = ("flask", "compiled", "pure")
ASGI_SIDES = ("flask", "compiled over asgi", "pure over asgi")
"""The same with the test client's requests going through ``asgi_app``."""


OLD_TEST = (
    "`test_bad_environ_raises_bad_request` fails on Flask itself with Werkzeug 3.1.9, for which an invalid host "
    "is an empty one and no error."
)


@dataclass(frozen=True)
class Project:
    """What to run: *paths* inside the archive's *directory*, with pytest's *args*."""

    name: str
    version: str
    requires: list[str] = field(default_factory=list)
    directory: str = "."
    paths: list[str] = field(default_factory=lambda: ["tests"])
    args: list[str] = field(default_factory=list)
    prepare: str = ""
    """Python to run in the test process first, the same on every side."""
    note: str = ""
    of: str = ""
    """The project whose archive and environment this one uses, where it is not its own."""

    @property
    def source(self) -> str:
        return self.of or self.name


@dataclass(frozen=True)
class Run:
    """The outcome of every test on one side; *notes* has the tail of each failure's report."""

    side: str
    outcomes: dict[str, str]
    notes: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        return dict(sorted(Counter(self.outcomes.values()).items()))


@dataclass(frozen=True)
class Verdict:
    """Three runs of one project, and what they come to."""

    project: Project
    runs: dict[str, Run]
    known: dict[str, str]

    def lost(self, side: str) -> list[str]:
        """The tests that pass on Flask and do not on *side*, without the known ones."""
        outcomes = self.runs[side].outcomes
        return [
            test
            for test, outcome in self.runs["flask"].outcomes.items()
            if outcome == "passed" and outcomes.get(test) != "passed" and test not in self.known
        ]

    @property
    def stale(self) -> list[str]:
        """Tests in the list of known failures that pass everywhere, or are not there at all."""
        runs = self.runs.values()
        return [test for test in self.known if all(run.outcomes.get(test, "passed") == "passed" for run in runs)]

    @property
    def holds(self) -> bool:
        passed = self.runs["flask"].counts.get("passed", 0)
        return passed > 0 and not any(self.lost(side) for side in self.runs)


def projects() -> dict[str, Project]:
    """Flask, its examples, and the approved extensions, by normal name."""
    tests = ["asgiref", "greenlet", "python-dotenv", "pytest<9.1"]
    version = environments.FLASK
    found = [
        Project("flask", version, tests, note=OLD_TEST),
        Project("flask-tutorial", version, tests, directory="examples/tutorial", of="flask"),
        Project("flask-javascript", version, tests, directory="examples/javascript", of="flask"),
    ]
    with (HERE / "approved.toml").open("rb") as file:
        found += [Project(**entry) for entry in tomllib.load(file)["extension"]]
    return {normal(project.name): project for project in found}


def known(name: str, over: str = "") -> dict[str, str]:
    """The tests of a project that cannot hold on bolthead, each with its reason; with *over*, those over ASGI too."""
    with (HERE / "known.toml").open("rb") as file:
        entries = tomllib.load(file).get("known", [])
    entries = [entry for entry in entries if entry.get("over", over) == over]
    return {entry["test"]: entry["reason"] for entry in entries if normal(entry["project"]) == normal(name)}


def run(project: Project, side: str, python: Path | str) -> Run:
    """Run the tests on *side* of ``SIDES`` or ``ASGI_SIDES``; fails when another flask answered than the one meant."""
    name = f"{normal(project.name)}-{normal(side.replace(' ', '-'))}"
    with alone(f"work-{name}"):
        return _run(project, side, python, HOME / "work" / name)


def _run(project: Project, side: str, python: Path | str, work: Path) -> Run:
    build, _, over = side.partition(" over ")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(fetch(project.source, project.version) / project.directory, work, symlinks=True)
    # A project without pytest settings of its own must not find ours further up.
    (work.parent / "pytest.ini").write_text("[pytest]\n")
    answers = work / "outcomes.json"
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "BOLTHEAD_", "COV_"))}
    env |= {
        "PYTHONPATH": os.pathsep.join([str(HERE / "plugin"), str(ROOT / "src")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", os.defpath)]),
        "UPSTREAM_OUTCOMES": str(answers),
        "UPSTREAM_PREPARE": project.prepare,
    }
    if build == "pure":
        env["BOLTHEAD_PURE"] = "1"
    command = [str(python)] if side == "flask" else [str(python), "-m", "bolthead.as_flask"]
    command += ["-m", "pytest", "-q", "-p", "upstream_outcomes", "--rootdir=.", "--tb=short"]
    if over:
        env["PYTHONPATH"] += os.pathsep + str(ROOT / "tests")
        command += ["-p", "upstream_asgi"]
    command += ["--continue-on-collection-errors"]
    command += [*project.args, *project.paths]
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, timeout=900)
    (work / "output.txt").write_text(done.stdout + done.stderr)
    if not answers.is_file():
        raise RuntimeError(f"{project.name} on {side} did not run:\n{(done.stdout + done.stderr)[-3000:]}")
    found: dict[str, Any] = json.loads(answers.read_text())
    meant = ("flask", found["build"]) if side == "flask" else ("bolthead", build)
    if (found["flask"], found["build"]) != meant:
        raise RuntimeError(f"{project.name} was to run on {side}, and ran on {found['flask']} ({found['build']})")
    return Run(side, found["outcomes"], found["notes"])


def judge(project: Project, python: Path | str | None = None, sides: tuple[str, ...] = SIDES) -> Verdict:
    """Run *project* on every side; *python* is one that has all it needs, else an environment is made."""
    if python is None:
        python = environments.make(project.source, project.version, project.requires)
    over = sides[-1].partition(" over ")[2]
    return Verdict(project, {side: run(project, side, python) for side in sides}, known(project.name, over))
