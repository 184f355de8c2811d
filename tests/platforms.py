"""The table of the documentation that says on what the suite ran, with what outcome, and how quick it is there.

    python tests/run.py interpreters pyodide  the suite on what is here; the outcomes stay in .interpreters
    python tests/platforms.py speed           bolthead beside Flask on each of them
    python tests/platforms.py table [MORE]    take them in, and those in the folders MORE, and write the table

What was taken in is ``docs/_bench/platforms.json``, so that a cell stays until that interpreter runs again.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import outcomes
import webassembly
from interpreters import HOME, LEFT_OUT, ROOT, Interpreter, find, run

STORED = ROOT / "docs" / "_bench" / "platforms.json"
TABLE = STORED.with_suffix(".inc")
SECONDS = {"pypy3.11": 0.15}
"""Length of a round, where a just-in-time compiler has to warm up first."""
ROUNDS = 7
HEAD = (
    "| interpreter | build | tests | passed | failed | skipped | requests beside Flask's | commit |\n"
    + "|---" * 8
    + "|\n"
)


def speed(one: Interpreter) -> None:
    """Measure the cases of the bench in process, and leave the result beside the suite's."""
    options = ("--frameworks", "bolthead,flask", "--builds", ",".join(one.builds))
    length = ("--seconds", str(SECONDS.get(one.tag, 0.03)), "--rounds", str(ROUNDS))
    run(one.python, "-m", "bench", *options, *length, "--json", HOME / f"{one.tag}-bench.json")


def ratio(bench: dict[str, Any], build: str) -> float | None:
    """Flask's time through ours, the geometric mean over the cases; ``None`` where *build* was not measured."""
    from bench import report

    ratios = [row.ratios[build] for row in report.rows(bench["runs"]) if build in row.ratios]
    return round(math.exp(sum(map(math.log, ratios)) / len(ratios)), 2) if ratios else None


def cells(folder: Path) -> list[dict[str, Any]]:
    """The outcomes in *folder*, each with its speed where that was measured."""
    found = []
    for file in sorted(folder.glob("*-compiled.json")) + sorted(folder.glob("*-pure.json")):
        cell = outcomes.summary(file)
        bench = folder / f"{cell['tag']}-bench.json"
        if bench.exists():
            measured = json.loads(bench.read_text())
            if (times := ratio(measured, cell["build"])) is not None:
                cell["speed"] = {"times": times, "commit": measured["about"]["commit"]}
        found.append(cell)
    return found


def place(cell: dict[str, Any]) -> tuple[str, str, str]:
    """Where a cell stands in the table: a newer one of the same place replaces it."""
    return cell["tag"], cell["machine"], cell["build"]


def order(cell: dict[str, Any]) -> tuple[Any, ...]:
    """CPython of this machine's kind first, versions by number."""
    usual = cell["name"].startswith("CPython") and cell["machine"] == "x86_64"
    return not usual, [int(part) for part in re.findall(r"\d+", cell["tag"])], cell["tag"], place(cell)


def merged(stored: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = {place(cell): cell for cell in stored}
    for cell in new:
        before = found.get(place(cell), {})
        found[place(cell)] = {**({"speed": before["speed"]} if "speed" in before else {}), **cell}
    return sorted(found.values(), key=order)


def are_all(tests: list[str]) -> bool:
    """Whether *tests*, run one after another, are what a run without a selection is."""
    files = {file.relative_to(ROOT) for file in (ROOT / "tests").rglob("test_*.py")}
    return all(any(file.is_relative_to(path) for path in (*tests, *LEFT_OUT)) for file in files)


def selection(tests: list[str]) -> str:
    if are_all(tests):
        return "all"
    named = ", ".join(f"`{path.removeprefix('--ignore=').removeprefix('tests/')}`" for path in tests)
    if all(path.startswith("--ignore=") for path in tests):
        return f"all but {named}" if tests else "all"
    return named


def row(cell: dict[str, Any]) -> str:
    commits = Counter(cell["commits"]).most_common()
    ran = commits[0][0] + "".join(f", {count} tests at {name}" for name, count in commits[1:])
    times = f"{cell['speed']['times']:.1f} × ({cell['speed']['commit']})" if "speed" in cell else "not measured"
    name = cell["name"] + ("" if cell["machine"] == "x86_64" else f", {cell['machine']}")
    counts = (f"{count:,}" for count in (cell["passed"], len(cell["failed"]), sum(cell["skipped"].values())))
    cells = (name, cell["build"], selection(cell["tests"]), *counts, times, f"{ran}, {cell['date']}")
    return f"| {' | '.join(cells)} |\n"


def table(stored: list[dict[str, Any]]) -> str:
    """The table, then what failed where, then each reason of a skip with the cells in which it held."""
    parts = ["<!-- written by `python tests/platforms.py table` -->\n\n", HEAD, *map(row, stored)]
    failed = [(test, cell) for cell in stored for test in cell["failed"]]
    if failed:
        parts += ["\n| failed | on |\n|---|---|\n"]
        parts += [f"| `{test.replace('|', ' ')}` | {cell['name']}, {cell['build']} |\n" for test, cell in failed]
    where: dict[str, list[str]] = {}
    for cell in stored:
        for reason, count in cell["skipped"].items():
            machine = "" if cell["machine"] == "x86_64" else f" {cell['machine']}"
            where.setdefault(reason, []).append(f"{cell['tag']}{machine} {cell['build']}: {count}")
    if where:
        parts += ["\n| skipped because | tests |\n|---|---|\n"]
        parts += [f"| {reason.replace('|', ' ')} | {', '.join(places)} |\n" for reason, places in sorted(where.items())]
    return "".join(parts)


def main(arguments: list[str]) -> int:
    sys.path.insert(0, str(ROOT))
    if arguments[:1] == ["speed"]:
        for one in find().values():
            if one.python.exists():
                speed(one)
        if (HOME / "pyodide" / "site").exists():
            webassembly.speed()
    elif arguments[:1] == ["table"]:
        new = [cell for folder in (HOME, *map(Path, arguments[1:])) if folder.exists() for cell in cells(folder)]
        stored = merged(json.loads(STORED.read_text()) if STORED.exists() else [], new)
        STORED.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
        TABLE.write_text(table(stored))
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
