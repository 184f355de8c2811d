from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from documentation.browser import AXE, Browser
from documentation.page import DOCS

ADDRESS = "https://docs.example.org/en/latest/"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages; every warning of the build is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(folder / "trees"), "-b", "html"]
    environment = {**os.environ, "READTHEDOCS_CANONICAL_URL": ADDRESS}
    done = subprocess.run(
        [*command, str(DOCS), str(folder / "html")], env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert AXE.is_file(), "run `npm ci` in docs first"
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
