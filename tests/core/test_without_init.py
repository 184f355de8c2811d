"""Private records made by ``__new__`` alone: whatever is called on them, the interpreter survives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests import builds

ROOT = Path(builds.__file__).parent.parent
CALLS = """
import gc, importlib, os, sys
from pathlib import Path

import bolthead

os.chdir(sys.argv[1])
steps = open("steps", "w", buffering=1)
package = Path(bolthead.__file__).parent
GIVEN = [(None,) * count for count in range(8)]
GIVEN += [(value,) * count for value in ("x", b"x", {}, [], 999_999, lambda *args, **kwargs: None) for count in (1, 2)]
# Waits for another thread, and for an event.
LEFT_OUT = {"Semaphore.acquire"}


def attempt(function, *args):
    try:
        found = function(*args)
        if hasattr(found, "close") and hasattr(found, "send"):
            found.close()
    except BaseException:
        pass


def walk(cls):
    for name in sorted(vars(cls)):
        if name in ("__new__", "__doc__", "__module__") or f"{cls.__name__}.{name}" in LEFT_OUT:
            continue
        for args in GIVEN:
            steps.write(f"{cls.__module__} {cls.__name__}.{name} {args}\\n")
            instance = cls.__new__(cls)
            attempt(lambda: getattr(instance, name)(*args))
        for value in (None, "x", 999_999):
            attempt(setattr, instance, name, value)
            attempt(repr, instance)
        attempt(delattr, instance, name)


count = 0
for path in sorted((package / "_core").rglob("*.pxd")):
    module = importlib.import_module(".".join(path.relative_to(package.parent).with_suffix("").parts))
    for cls in [found for found in vars(module).values() if isinstance(found, type)]:
        if cls.__module__ != module.__name__ or issubclass(cls, BaseException):
            continue
        try:
            cls.__new__(cls)
        except TypeError:
            continue
        count += 1
        walk(cls)
# What an instance leaves behind is collected as any other object.
gc.collect()
print(count)
"""


def test_no_call_ends_the_process(tmp_path: Path) -> None:
    """Every method of every class of a compiled module, with all kinds of arguments; they may raise."""
    if "compiled" not in builds.NAMES:
        pytest.skip("there is no compiled build here")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CALLS, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "BOLTHEAD_PURE": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    last = (tmp_path / "steps").read_text().splitlines()[-1:]
    assert done.returncode == 0, (last, done.stderr[-2000:])
    assert int(done.stdout) >= 50
