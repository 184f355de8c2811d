"""Notices about the build that runs: that it is the pure one by accident, or older than its sources."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click
from werkzeug.serving import is_running_from_reloader

from .. import _core

PIP_OPTIONS = "--no-cache-dir --force-reinstall --no-deps"


def reinstall_command() -> str:
    """The command that builds this installation anew, from where it came (PEP 610's ``direct_url.json``).

    It names this interpreter: an environment need not be activated, and its ``pip`` need not be on the path.
    """
    try:
        origin = json.loads(metadata.distribution("bolthead").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        origin = {}
    command = f"{_quoted(sys.executable)} -m pip install {PIP_OPTIONS}"
    url = str(origin.get("url", ""))
    if not url.startswith("file:") or url.endswith(".whl"):
        return f"{command} --no-binary bolthead bolthead"
    path = _quoted(url2pathname(urlsplit(url).path))
    editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return f"{command} {editable}{path}"


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


def can_be_compiled() -> bool:
    """Whether this interpreter has a compiled build at all."""
    return sys.implementation.name == "cpython" and sys.platform != "emscripten"


def build_notice() -> str | None:
    """The notice, or None where the build is the one that was chosen, or the only one."""
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
    """Print the notice on standard error, once: not in the reloader's child."""
    if not is_running_from_reloader() and (notice := build_notice()):
        click.secho(notice, fg="yellow", err=True)
