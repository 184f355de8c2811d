"""The table of the documentation that says on what the suite ran, with what outcome, and how quick it is there.

python tests/run.py interpreters        the suite on each interpreter, whose results stay in .interpreters
python tests/run.py pyodide
python tests/platforms.py speed         bolthead beside Flask on each of them
python tests/platforms.py table [MORE]  write the table; MORE are folders with the results of other machines
"""

from __future__ import annotations

import json
import math
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interpreters import HOME, ROOT, Interpreter, find, run

TABLE = ROOT / "docs" / "_bench" / "platforms.inc"
SECONDS = {"pypy3.11": 0.3}
"""Length of a round, where a just-in-time compiler has to warm up first."""
HEAD = """\
<!-- written by `python tests/platforms.py table` -->

| interpreter | build | passed | failed | skipped | requests beside Flask's |
|---|---|---|---|---|---|
"""


@dataclass
class Outcome:
    """What a JUnit report says; *reasons* counts the tests skipped for each reason."""

    passed: int
    failed: int
    reasons: Counter[str]

    @classmethod
    def read(cls, path: Path) -> Outcome:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
        failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
        skips = [skip for case in cases if (skip := case.find("skipped")) is not None]
        # Numbers and addresses in a reason differ from test to test.
        reasons = Counter(re.sub(r"\d+", "N", skip.get("message", "")) for skip in skips)
        return cls(len(cases) - failed - len(skips), failed, reasons)


def speed(one: Interpreter) -> None:
    """Measure the cases of the bench in process, and leave the result beside the suite's."""
    options = ("--frameworks", "bolthead,flask", "--builds", ",".join(one.builds))
    length = ("--seconds", str(SECONDS.get(one.tag, 0.03)), "--rounds", "7")
    run(one.python, "-m", "bench", *options, *length, "--json", HOME / f"{one.tag}-bench.json")


def ratio(bench: dict[str, Any], build: str) -> float:
    """Flask's time through ours, the geometric mean over the cases."""
    from bench import report

    ratios = [row.ratios[build] for row in report.rows(bench["runs"]) if build in row.ratios]
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def rows(folder: Path) -> list[str]:
    """The rows of the results in *folder*, and below them the reasons of what was skipped."""
    found = []
    for report in sorted(folder.glob("*-*.xml")):
        tag, _, build = report.stem.rpartition("-")
        about = json.loads((folder / f"{tag}.json").read_text())
        outcome = Outcome.read(report)
        bench = folder / f"{tag}-bench.json"
        quick = f"{ratio(json.loads(bench.read_text()), build):.1f} ×" if bench.exists() else "not measured"
        cells = (about["name"], build, outcome.passed, outcome.failed, sum(outcome.reasons.values()), quick)
        found.append(f"| {' | '.join(map(str, cells))} |\n")
    return found


def skipped(folders: list[Path]) -> str:
    """Each reason, with the interpreters on which it held."""
    where: dict[str, dict[str, int]] = {}
    for folder in folders:
        for report in sorted(folder.glob("*-*.xml")):
            for reason, count in Outcome.read(report).reasons.items():
                where.setdefault(reason, {})[report.stem.replace("-", " ")] = count
    lines = [
        f"| {reason.replace('|', ' ')} | {', '.join(f'{name}: {count}' for name, count in places.items())} |\n"
        for reason, places in sorted(where.items(), key=lambda item: -sum(item[1].values()))
    ]
    return "| skipped because | tests |\n|---|---|\n" + "".join(lines)


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["speed"]:
        for one in find().values():
            if one.python.exists():
                speed(one)
    elif arguments[:1] == ["table"]:
        folders = [HOME, *map(Path, arguments[1:])]
        body = sorted((line for folder in folders if folder.exists() for line in rows(folder)), key=order)
        TABLE.write_text(HEAD + "".join(body) + "\n" + skipped(folders))
    else:
        print(__doc__)
        return 2
    return 0


def order(line: str) -> tuple[Any, ...]:
    """CPython first, versions by number."""
    name = line.split("|")[1].strip()
    return (not name.startswith("CPython"), [int(part) for part in re.findall(r"\d+", name)], "compiled" not in line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
