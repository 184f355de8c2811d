"""Sphinx: ``sphinx-build -W docs docs/_build``. The core need not be compiled."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from notfound.utils import replace_uris

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
os.environ["BOLTHEAD_PURE"] = "1"
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "docs" / "_ext")]

project = "bolthead"
author = "the bolthead maintainers"
project_copyright = author
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "notfound.extension",
    "access",
    "attributes",
    "commands",
    "live",
    "measured",
]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_bench", "examples/**", "node_modules"]
nitpicky = True
# Quotation marks and dots; two hyphens are an option, not a dash.
smartquotes_action = "qe"
# Other projects' names, and attributes that a docstring names without their class.
nitpick_ignore_regex = [
    ("py:.*", r"(werkzeug|click|jinja2|itsdangerous|ssl|json)\..*"),
    ("py:(attr|data)", r"config|root_path|default_handler"),
    # In single backquotes, below: a name that the pages have is a link, another one is code.
    ("py:obj", ".*"),
]

# Names in single backquotes in docstrings; parameters are in italics.
default_role = "py:obj"
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = f"bolthead {release}"
html_static_path = ["_static"]
html_css_files = ["bolthead.css"]
html_favicon = "_static/bolthead.svg"
html_logo = "_static/bolthead.svg"
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "")
# Read the Docs serves the 404 page at any depth below this prefix.
notfound_urls_prefix = os.environ.get("DOCS_PREFIX", "/en/latest/")


def sitemap(app: Sphinx, error: Exception | None) -> None:
    """Write ``sitemap.xml``: every page of this version, where the address of the site is known."""
    if error is not None or app.builder.name != "html" or not html_baseurl:
        return
    addresses = (html_baseurl + app.builder.get_target_uri(name) for name in sorted(app.env.found_docs))
    lines = "".join(f"<url><loc>{address}</loc></url>\n" for address in addresses)
    text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'
    Path(app.outdir, "sitemap.xml").write_text(text, encoding="utf-8")


def links_from_the_root(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """The 404 page is served at any depth, so its links must not be relative."""
    if docname == app.config.notfound_pagename:
        replace_uris(app, doctree, nodes.reference, "refuri")


def setup(app: Sphinx) -> None:
    app.connect("doctree-resolved", links_from_the_root)
    app.connect("build-finished", sitemap)
