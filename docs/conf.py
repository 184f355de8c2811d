"""Sphinx: ``sphinx-build -W docs docs/_build``."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent

project = "bolthead"
author = "the bolthead maintainers"
project_copyright = author
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
version = release

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_bench", "examples/**"]
nitpicky = True

html_theme = "furo"
html_title = f"bolthead {release}"
html_static_path = ["_static"]
html_css_files = ["bolthead.css"]
html_favicon = "_static/bolthead.svg"
html_logo = "_static/bolthead.svg"
