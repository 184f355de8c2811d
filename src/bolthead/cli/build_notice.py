"""What a user should know of the build that runs: that it is the pure one by accident, or older than its sources."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click
from werkzeug.serving import is_running_from_reloader

from .. import _core

OPTIONS = "--no-cache-dir --force-reinstall --no-deps"


def reinstall_command() -> str:
    """The command that builds this installation anew, from where it came (PEP 610's ``direct_url.json``)."""
    try:
        origin = json.loads(metadata.distribution("bolthead").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        origin = {}
    url = str(origin.get("url", ""))
    if not url.startswith("file:") or url.endswith(".whl"):
        return f"pip install {OPTIONS} --no-binary bolthead bolthead"
    path = url2pathname(urlsplit(url).path)
    editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return f"pip install {OPTIONS} {editable}{path if ' ' not in path else repr(path)}"


def can_be_compiled() -> bool:
    """Whether this interpreter has a compiled build at all."""
    return sys.implementation.name == "cpython" and sys.platform != "emscripten"


def build_notice() -> str | None:
    """What to tell, or ``None`` where the build is the one that was asked for, or the only one."""
    if _core.PURE_ASKED or not can_be_compiled():
        return None
    if _core.build_name() == "pure":
        return (
            "bolthead's core is not compiled here: the answers are the same, each takes several times longer.\n"
            "To compile it, install a C compiler and Python's headers, then run\n"
            f"  {reinstall_command()}\n"
            "To keep the pure build without this notice, set BOLTHEAD_PURE=1."
        )
    return _core.stale_notice()


def show_build_notice() -> None:
    """Tell it on standard error, once: the reloader's child keeps quiet."""
    if not is_running_from_reloader() and (notice := build_notice()):
        click.secho(notice, fg="yellow", err=True)
