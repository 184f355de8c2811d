"""Released source archives, fetched from the package index once and kept in ``.upstream/``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = Path(os.environ.get("BOLTHEAD_UPSTREAM") or ROOT / ".upstream")
"""Archives, environments and working copies; ``BOLTHEAD_UPSTREAM`` names another place, to share it."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def archive(name: str, version: str) -> Path:
    """The ``.tar.gz`` that was released as *version* of *name*."""
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
    if not target.is_dir():
        sources.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=sources) as work, tarfile.open(path) as tar:
            tar.extractall(work, filter="data")
            (top,) = Path(work).iterdir()
            top.rename(target)
    return target
