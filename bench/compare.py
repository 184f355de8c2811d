"""``python -m bench compare A.json B.json``: two runs side by side.

Instruction counts decide: more than five per cent more of them is a failure. Times are shown and decide
nothing, since they are as noisy as the machine.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from . import report

ALLOWED = 1.05


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)


def costs(run: dict[str, Any]) -> dict[tuple[str, str], float]:
    """What a file of either kind says, by case and participant."""
    if "instructions" in run:
        return {(case, who): n for case, by in run["instructions"].items() for who, n in by.items()}
    return {(row.key, who): best for row in report.rows(run["runs"]) for who, best in row.times.items()}


def main(args: argparse.Namespace) -> int:
    before, after = (json.loads(path.read_text()) for path in (args.before, args.after))
    counted = "instructions" in before
    if counted != ("instructions" in after):
        print("one of them holds times, the other instructions")
        return 2
    one, other = costs(before), costs(after)
    worse = []
    body = []
    for key in (key for key in one if key in other):
        change = other[key] / one[key]
        slower = counted and key[1] in ("compiled", "pure") and change > ALLOWED
        if slower:
            worse.append(f"{key[0]} ({key[1]})")
        digits = 0 if counted else 2
        numbers = (f"{value[key]:,.{digits}f}" for value in (one, other))
        body.append([f"{key[0]}, {key[1]}", *numbers, f"{(change - 1) * 100:+.1f} %", "SLOWER" if slower else ""])
    unit = "instructions" if counted else "µs"
    print(report.grid([unit, before["about"]["commit"], after["about"]["commit"], "change", ""], body))
    for who in dict.fromkeys(who for _, who in one):
        changes = [other[key] / one[key] for key in one if key[1] == who and key in other]
        if changes:
            print(f"{who}, geometric mean of {len(changes)}: {(report.geometric(changes) - 1) * 100:+.1f} %")
    if worse:
        print(f"\nmore than {(ALLOWED - 1) * 100:.0f} % more instructions: {', '.join(worse)}")
    elif not counted:
        print("\ntimes decide nothing; compare two files of `python -m bench count --json`")
    return 1 if worse else 0
