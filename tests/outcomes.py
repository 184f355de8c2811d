"""What the suite came to on one interpreter and build, by test class or file, so that a later run replaces its own.

A file ``TAG-BUILD.json`` of ``.interpreters`` holds it::

    {"tag": "3.14", "machine": "x86_64", "name": "CPython 3.14.10", "build": "compiled",
     "tests": [],                       the selection, empty for the whole suite
     "groups": {"tests.core.test_plan": {"passed": 7, "failed": [], "skipped": {}, "commit": "0a1b2c3", "date": ...}}}
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def read(report: Path) -> dict[str, dict[str, Any]]:
    """The groups of a JUnit report: *passed* is a number, *failed* names the tests, *skipped* counts the reasons."""
    groups: dict[str, dict[str, Any]] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        group = groups.setdefault(case.get("classname") or case.get("name", ""), {"failed": [], "skipped": {}})
        group.setdefault("passed", 0)
        if case.find("failure") is not None or case.find("error") is not None:
            group["failed"].append(case.get("name"))
        elif (skip := case.find("skipped")) is not None:
            reason = reason_of(skip)
            group["skipped"][reason] = group["skipped"].get(reason, 0) + 1
        else:
            group["passed"] += 1
    return groups


def reason_of(skip: ElementTree.Element) -> str:
    """Why, with the numbers and addresses left out that differ from test to test; of a file as of a test."""
    message = skip.get("message", "")
    if message == "collection skipped":
        message = re.sub(r"""["']\)$""", "", (skip.text or "").rpartition("Skipped: ")[2])
    return re.sub(r"\d{3,}|0x[0-9a-f]+", "N", message).strip()


def note(file: Path, report: Path, about: dict[str, str], paths: Iterable[str], commit: str) -> None:
    """Write the outcome in *report*, a run of the tests at *paths* or of all, into *file*.

    *about* has the tag, the machine, the name and the build, all of which a further run must share.
    """
    tests = list(paths)
    before: dict[str, Any] = json.loads(file.read_text()) if tests and file.exists() else {}
    if before and all(before.get(key) == value for key, value in about.items()):
        every = {*before["tests"], *tests} if before["tests"] else set()
        tests = sorted(path for path in every if not any(path.startswith(f"{other}/") for other in every))
    else:
        before = {}
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    new = {name: {**group, "commit": commit, "date": date} for name, group in read(report).items()}
    groups = dict(sorted({**before.get("groups", {}), **new}.items()))
    file.write_text(json.dumps({**about, "tests": tests, "groups": groups}, indent=1) + "\n")


def summary(file: Path) -> dict[str, Any]:
    """One cell of the table: sums over the groups of *file*, and the tests that each commit ran."""
    cell = json.loads(file.read_text())
    failed, skipped, commits = [], {}, {}
    groups = cell.pop("groups")
    for name, group in groups.items():
        failed += [f"{name}::{test}" for test in group["failed"]]
        for reason, count in group["skipped"].items():
            skipped[reason] = skipped.get(reason, 0) + count
        ran = group["passed"] + len(group["failed"]) + sum(group["skipped"].values())
        commits[group["commit"]] = commits.get(group["commit"], 0) + ran
    passed = sum(group["passed"] for group in groups.values())
    date = max((group["date"] for group in groups.values()), default="")
    return {**cell, "passed": passed, "failed": failed, "skipped": skipped, "commits": commits, "date": date}
