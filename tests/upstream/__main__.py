"""Run upstream tests: ``python -m tests.upstream [--write] all | NAME...``

NAME is ``flask``, ``flask-tutorial``, ``flask-javascript``, or an extension of ``approved.toml``. The exit
status is 1 when a test that passes on Flask does not pass on bolthead. ``--write`` records the verdicts and
writes ``docs/extensions.md``; ``--flask-only`` runs on Flask alone, to see what an environment is worth, and
``--asgi`` sends the requests of the tests through ``asgi_app``.
"""

from __future__ import annotations

import argparse
import sys

from . import page, runner
from .archives import normal

MOST = 25
"""How many lost tests of one side are printed."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.upstream",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--write", action="store_true", help="record the verdicts and write docs/extensions.md")
    parser.add_argument("--flask-only", action="store_true")
    parser.add_argument("--asgi", action="store_true", help="the test client's requests go through asgi_app")
    options = parser.parse_args(argv)
    projects = runner.projects()
    names = list(projects) if options.names == ["all"] else [normal(name) for name in options.names]
    unknown = [name for name in names if name not in projects]
    if unknown:
        parser.error(f"not in approved.toml: {', '.join(unknown)}")
    sides = ("flask",) if options.flask_only else runner.ASGI_SIDES if options.asgi else runner.SIDES
    good = True
    for name in names:
        try:
            verdict = runner.judge(projects[name], sides=sides)
        except RuntimeError as error:
            good = False
            print(f"{name}: {error}\n", flush=True)
            continue
        good &= verdict.holds
        report(verdict)
        if options.write and sides == runner.SIDES:
            page.record(verdict)
    if options.write:
        page.write()
    return 0 if good else 1


def report(verdict: runner.Verdict) -> None:
    project = verdict.project
    print(f"{project.name} {project.version}: {'holds' if verdict.holds else 'DOES NOT HOLD'}")
    for side, run in verdict.runs.items():
        print(f"  {side:<19}" + ", ".join(f"{count} {outcome}" for outcome, count in run.counts.items()))
    for side, run in verdict.runs.items():
        lost = verdict.lost(side)
        if len(lost) > MOST:
            print(f"  {side}: {len(lost)} tests lost, of which the first {MOST}:")
        for test in lost[:MOST]:
            note = run.notes.get(test) or run.outcomes.get(test, "not run")
            print(f"  {side}: {test}")
            print("      " + "\n      ".join(note.strip().splitlines()[-6:]))
    for test in verdict.stale:
        print(f"  known.toml names a test that passes: {test}")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
