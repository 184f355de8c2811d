"""``{live}``: Python that the reader runs in the page, on the pure build in WebAssembly.

Without JavaScript, or where Pyodide was not installed (``npm ci`` in ``docs``), it is an ordinary block.
"""

from __future__ import annotations

import shutil
import zipfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent.parent
PYODIDE = DOCS / "node_modules" / "pyodide"
ENGINE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PACKAGES = ("bolthead", "werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker")


class Live(SphinxDirective):
    """A block of Python with one application; *path* and *method* are what is asked for first."""

    has_content = True
    option_spec = {"path": directives.unchanged, "method": directives.unchanged, "form": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content)
        attributes = {name: self.options.get(name, default) for name, default in DEFAULTS.items()}
        block = nodes.literal_block(code, code, language="python")
        box = nodes.container("", block, classes=["live"])
        before = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
        return [
            nodes.raw("", f"<div class='live-box'{before}>", format="html"),
            box,
            nodes.raw("", "</div>", format="html"),
        ]


DEFAULTS = {"path": "/", "method": "GET", "form": ""}


def bundle(target: Path) -> None:
    """Write bolthead and what it needs, as plain Python, into one archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in PACKAGES:
            spec = find_spec(name)
            assert spec is not None and spec.submodule_search_locations
            root = Path(spec.submodule_search_locations[0])
            for path in sorted(root.rglob("*.py")):
                archive.write(path, Path(name, path.relative_to(root)))
            version = metadata.version(name)
            about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            archive.writestr(f"{name}-{version}.dist-info/METADATA", about)


def copy(app: Sphinx, error: Exception | None) -> None:
    """Put the engine and the archive beside the pages."""
    if error is not None or app.builder.name != "html" or not PYODIDE.is_dir():
        return
    target = Path(app.outdir, "_static", "live")
    target.mkdir(parents=True, exist_ok=True)
    for name in ENGINE:
        shutil.copy2(PYODIDE / name, target / name)
    bundle(target / "site.zip")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("live", Live)
    app.connect("build-finished", copy)
    if PYODIDE.is_dir():
        app.add_js_file("live.js", loading_method="defer")
    return {"parallel_read_safe": True}
