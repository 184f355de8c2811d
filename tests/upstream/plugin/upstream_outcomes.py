"""A pytest plugin that writes each test's outcome, and which flask it ran on, to ``$UPSTREAM_OUTCOMES``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

outcomes: dict[str, str] = {}
notes: dict[str, str] = {}


def pytest_configure(config: Any) -> None:
    exec(os.environ["UPSTREAM_PREPARE"], {})


def pytest_runtest_logreport(report: Any) -> None:
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if report.outcome == "skipped" else "xpassed"
    # A test has three phases: the call counts, unless setup or teardown did not pass.
    if report.when == "call" or outcome != "passed":
        if outcomes.get(report.nodeid) != "failed":
            outcomes[report.nodeid] = outcome
        if outcome == "failed":
            notes.setdefault(report.nodeid, str(report.longrepr)[-4000:])


def pytest_collectreport(report: Any) -> None:
    if report.failed:
        outcomes[f"{report.nodeid} (import)"] = "failed"
        notes[f"{report.nodeid} (import)"] = str(report.longrepr)[-4000:]


def pytest_sessionfinish(session: Any, exitstatus: int) -> None:
    flask = sys.modules.get("flask")
    core = sys.modules.get("bolthead._core")
    found = {
        "flask": getattr(flask, "__name__", None),
        "build": core.build_name() if core is not None else None,
        "exit": int(exitstatus),
        "outcomes": outcomes,
        "notes": notes,
    }
    Path(os.environ["UPSTREAM_OUTCOMES"]).write_text(json.dumps(found))
