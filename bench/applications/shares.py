"""Whose time it is: samples of a process's stacks, native frames included, by py-spy."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from pathlib import Path

RATE = 400
INTERPRETER = ("(libc.so", "(libpython", "(python", "(ld-linux", "(libm.so", "(libpthread", "([vdso]")
OWNERS = {
    "bolthead": ("(bolthead/",),
    "Flask": ("(flask/",),
    "Werkzeug": ("(werkzeug/",),
    "Jinja": ("(jinja2/", "(markupsafe/", ".html:", "(<template>"),
    "database": ("(sqlalchemy/", "(flask_sqlalchemy/", "_sqlite3", "(libsqlite3"),
}
"""Who a frame belongs to, by what its file's name has in it."""


def owner(stack: str) -> tuple[str, str]:
    """Who runs at the end of a stack, and the frame: what the interpreter does is done for whoever called it last."""
    for frame in reversed(stack.split(";")):
        if any(part in frame for part in INTERPRETER):
            continue
        for name, parts in OWNERS.items():
            if any(part in frame for part in parts):
                return name, frame
        return ("bench" if "(bench/" in frame else "the application and others"), frame
    return "bench", stack


def sample(spy: Path, pid: int, seconds: float) -> Counter[tuple[str, str]]:
    """How many samples fell to whom, by frame."""
    found: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "stacks"
        command = [str(spy), "record", "--native", "--rate", str(RATE), "--duration", str(round(seconds))]
        subprocess.run(
            [*command, "--format", "raw", "--output", str(out), "--pid", str(pid)], check=True, capture_output=True
        )
        for line in out.read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            if "spin (bench/" in stack:
                found[owner(stack)] += int(count)
    return found


def by_owner(found: Counter[tuple[str, str]]) -> dict[str, float]:
    """The parts of a request's time, without the bench's own loop."""
    sums: Counter[str] = Counter()
    for (who, _), count in found.items():
        if who != "bench":
            sums[who] += count
    return {who: count / sums.total() for who, count in sums.most_common()}
