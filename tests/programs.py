"""Programs that some tests use and pip does not install."""

from __future__ import annotations

import os
import shutil

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def find(*names: str) -> str | None:
    """The path of the first of *names* that is installed."""
    # Those of servers are not on every user's path.
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def need(*names: str) -> str:
    """The same; without it the test is skipped, and says so at the end."""
    found = find(*names)
    if found is None:
        # The commands that look for programs are started without pytest too.
        import pytest

        pytest.skip(f"{names[0]} is not installed")
    return found
