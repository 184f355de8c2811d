"""What a result belongs to: the machine, the versions, the commit."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
"""Where the servers that are measured listen."""

PACKAGES = ("flask", "werkzeug", "jinja2", "falcon", "bottle", "django", "granian", "gunicorn", "asgiref", "cython")


def load() -> float | None:
    """The system's load over the last minute, on Linux."""
    # Not by os.getloadavg: a call of that is the mark of `count`.
    try:
        return float(Path("/proc/loadavg").read_text().split()[0])
    except OSError:
        return None


LOAD = load()
"""The load when the bench was started: other work on the machine."""


def processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """The versions of those *packages* that are installed."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def by_profile() -> bool:
    """Whether the compiled build was built with ``BOLTHEAD_PROFILE=1``; False where there is none."""
    try:
        from bolthead import _core
    except ImportError:
        return False
    library = _core.shared_object()
    return library is not None and b"bolthead: compiled by profile" in Path(library).read_bytes()


def commit() -> str:
    """The checkout's commit, with a plus where files differ from it; empty outside of a checkout."""
    git = ("git", "-C", str(ROOT))
    try:
        name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "src"], check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return ""
    return name.stdout.strip() + ("+" if changed else "")


def about() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": LOAD,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": versions(),
        "commit": commit(),
        "by_profile": by_profile(),
    }


def environment(build: str = "", foreign: bool = False) -> dict[str, str]:
    """The environment of a child that runs *build* of bolthead, from this checkout if none is installed.

    *foreign*: the child is of another Python environment, in which there is no bolthead.
    """
    env = {**os.environ, "BOLTHEAD_PURE": "1" if build == "pure" else ""}
    paths = [str(ROOT)]
    try:
        if not foreign:
            version("bolthead")
    except PackageNotFoundError:
        foreign = True
    if foreign:
        paths.append(str(ROOT / "src"))
    if env.get("PYTHONPATH"):
        paths.append(env["PYTHONPATH"])
    env["PYTHONPATH"] = os.pathsep.join(paths)
    return env
