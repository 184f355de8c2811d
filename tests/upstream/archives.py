"""Released source archives, fetched from the package index once and kept in ``.upstream/``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:
    # Windows, where no two runs are started at once.
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).parents[2]
HOME = Path(os.environ.get("BOLTHEAD_UPSTREAM") or ROOT / ".upstream")
"""Archives, environments and working copies; ``BOLTHEAD_UPSTREAM`` names another place, to share it."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


@contextmanager
def alone(what: str) -> Iterator[None]:
    """While it is held, no other process makes *what* in ``HOME``."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{what}.lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def archive(name: str, version: str) -> Path:
    """The ``.tar.gz`` that was released as *version* of *name*."""
    with alone("archives"):
        return _archive(name, version)


def _archive(name: str, version: str) -> Path:
    shelf = HOME / "archives"
    shelf.mkdir(parents=True, exist_ok=True)
    wanted = f"{normal(name)}_{normal(version)}_tar_gz"
    for path in shelf.iterdir():
        if normal(path.name) == wanted:
            return path
    subprocess.run(
        [
            *[sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary=:all:"],
            *[f"{name}=={version}", "-d", str(shelf)],
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    for path in shelf.iterdir():
        if normal(path.name) == wanted:
            return path
    raise FileNotFoundError(f"the index has no source archive of {name} {version}")


def fetch(name: str, version: str) -> Path:
    """The directory of *version* of *name* as released, unpacked; leave it as it is and work on a copy."""
    path = archive(name, version)
    sources = HOME / "sources"
    target = sources / path.name.removesuffix(".tar.gz")
    with alone("sources"):
        if not target.is_dir():
            sources.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=sources) as work, tarfile.open(path) as tar:
                # Python 3.11.2, which is Debian 12's, does not filter yet.
                tar.extractall(work, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
                (top,) = Path(work).iterdir()
                top.rename(target)
    return target
