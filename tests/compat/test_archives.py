"""The package where its files are in an archive, as in a zipapp: the pure build, without a folder to look into."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import bolthead

PACKAGE = Path(bolthead.__path__[0])
PAGE = """
import sys
sys.path.insert(0, sys.argv[1])
from bolthead import Flask, _core, render_template_string, session
assert _core.__file__.startswith(sys.argv[1])
app = Flask("shop")
app.secret_key = "key"
app.add_url_rule("/<int:n>", "view", lambda n: session.setdefault("n", render_template_string("{{ n + 1 }}", n=n)))
print(app.test_client().get("/41").text, _core.build_name(), _core.stale_modules())
"""


@pytest.mark.skipif(sys.platform == "emscripten", reason="no processes in WebAssembly")
def test_zip(tmp_path: Path) -> None:
    archive = tmp_path / "shop.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in PACKAGE.rglob("*.p*"):
            if path.suffix in (".py", ".pxd"):
                made.write(path, path.relative_to(PACKAGE.parent))
    done = subprocess.run([sys.executable, "-c", PAGE, str(archive)], capture_output=True, text=True)
    assert (done.stdout.split(" ", 2), done.returncode) == (["42", "pure", "[]\n"], 0), done.stderr
