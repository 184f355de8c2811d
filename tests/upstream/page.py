"""The recorded verdicts, and the page of the documentation that shows them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from . import environments, runner
from .archives import ROOT, normal

HERE = Path(__file__).parent
VERDICTS = HERE / "verdicts.json"
PAGE = ROOT / "docs" / "extensions.md"

TOP = """\
# Extensions

```{{index}} ! Flask-Login, ! Flask-SQLAlchemy, ! Flask-WTF, ! approved extensions
```

% Written by `python -m tests.upstream --write`; edit tests/upstream/page.py instead.

An extension is *approved* when no test of its own that passes on Flask fails on bolthead, on the compiled
build and on the pure one. Each is installed from the source archive of its release in an environment of its
own, beside Flask {version} and Werkzeug {werkzeug}, and its tests are run three times, unedited: on Flask,
and on both builds through `python -m bolthead.as_flask`. The versions are the ones that were run; others
most likely work as well, since what is tested here is Flask's API.

A failure in the table is one on all three sides: mostly of tests older than the releases that they meet here.

## Approved

{approved}

## Flask's own tests

{flask}

{known}
"""

PROCEDURE = """\
## Approving another extension

Anyone can do this with a checkout, a network connection and half an hour.

1. Choose by use: what your application needs, or the most downloaded distribution with `Framework :: Flask`
   among its classifiers that is not in the table. Its source archive (`.tar.gz`) on the package index has to
   have its tests; take the newest release that does.
2. Add an `[[extension]]` to `tests/upstream/approved.toml`: `name`, `version`, and in `requires` what its own
   `tox.ini`, test requirements or dependency group install for the tests, without pins of Flask and Werkzeug.
3. `python -m tests.upstream --flask-only NAME` runs it on Flask alone. Tests that fail there say nothing
   about bolthead, but most should pass: if hardly any does, something is missing from `requires`.
4. `python -m tests.upstream NAME` runs all three sides and names each test that passes on Flask and not here,
   with the end of its report. The whole output is in `.upstream/work/NAME-SIDE/output.txt`, next to the copy
   of the sources that was run.
5. A difference is a defect of bolthead: fix it, with a test of its own in `tests/compat` that needs no
   extension. Only a test that reads Flask's file names or private attributes goes into
   `tests/upstream/known.toml`, with its reason.
6. `python -m tests.upstream --write NAME` records the verdict and rewrites this page. Commit the three files.

Before a release, `python -m tests.upstream --write all` runs every one again. An approved extension that does
not hold stops the release.
"""


def record(verdict: runner.Verdict) -> None:
    """Keep *verdict* for the page."""
    kept: dict[str, Any] = json.loads(VERDICTS.read_text()) if VERDICTS.is_file() else {}
    project = verdict.project
    kept[normal(project.name)] = {
        "name": project.name,
        "version": project.version,
        "date": datetime.date.today().isoformat(),
        "holds": verdict.holds,
        "counts": {side: run.counts for side, run in verdict.runs.items()},
        "lost": {side: verdict.lost(side) for side in verdict.runs if side != "flask"},
    }
    VERDICTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def write() -> None:
    """Write the page from what is recorded."""
    kept: dict[str, Any] = json.loads(VERDICTS.read_text()) if VERDICTS.is_file() else {}
    projects = runner.projects()
    theirs = [name for name, project in projects.items() if name in kept and project.source != "flask"]
    own = [name for name, project in projects.items() if name in kept and project.source == "flask"]
    werkzeug = next(item for item in environments.BASE if item.startswith("werkzeug")).partition("==")[2]
    text = TOP.format(
        flask=table(kept, own),
        approved=table(kept, theirs),
        known=known_table(list(projects)),
        version=environments.FLASK,
        werkzeug=werkzeug,
    )
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text + "\n" + PROCEDURE)


def table(kept: dict[str, Any], names: list[str]) -> str:
    rows = [
        "| | version | passed on Flask | compiled | pure | verdict | run on |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    projects = runner.projects()
    for name in names:
        entry = kept[name]
        cells = [entry["name"], entry["version"]]
        for side in runner.SIDES:
            counts = entry["counts"][side]
            rest = [f"{count} {what}" for what, count in counts.items() if what != "passed"]
            cells.append(f"{counts.get('passed', 0)}" + (f" ({', '.join(rest)})" if rest else ""))
        cells += ["holds" if entry["holds"] else "**does not hold**", entry["date"]]
        rows.append("| " + " | ".join(cells) + " |")
        if projects[name].note:
            notes.append(f"{entry['name']}: {projects[name].note}")
    return "\n".join(rows) + "".join(f"\n\n{note}" for note in notes)


def known_table(names: list[str]) -> str:
    entries = [(name, test, reason) for name in names for test, reason in runner.known(name).items()]
    if not entries:
        return "No test is excepted."
    rows = ["| | excepted test | why it cannot hold |", "|---|---|---|"]
    rows += [f"| {name} | `{test}` | {reason} |" for name, test, reason in entries]
    return "\n".join(rows)
