"""Run by `tests/run.py` in a fresh environment: an installed bolthead is complete, and is the build it should be."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import bolthead
import serving
from bolthead import _core

BOARD = Path(__file__).resolve().parents[1] / "docs" / "examples" / "board" / "board"


def main(build: str) -> None:
    package = Path(bolthead.__file__).parent
    assert "site-packages" in package.parts, package
    assert (package / "py.typed").is_file()
    assert _core.build_name() == build, _core.modules()
    for name in _core.modules():
        assert (package / "_core" / Path(*name.split("."))).with_suffix(".py").is_file(), f"{name} without its source"
    for source in package.rglob("*.pyx"):
        for part in re.findall(r'^include "(.+)"', source.read_text(encoding="utf-8"), re.MULTILINE):
            assert source.with_name(part).is_file(), f"{source} without {part}"

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello.py").write_text(
            "from bolthead import Flask\n"
            "app = Flask(__name__)\n"
            "@app.get('/<name>')\n"
            "def hello(name):\n"
            "    return {'hello': name}\n"
        )
        sys.path.insert(0, folder)
        from hello import app  # type: ignore[import-not-found]

        assert app.test_client().get("/you").json == {"hello": "you"}
        command = [Path(sys.executable).with_name("bolthead"), "--app", "hello", "routes"]
        listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        assert "/<name>" in listed.stdout, listed

    told = subprocess.run(
        [sys.executable, "-m", "bolthead", "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert version("bolthead") in told and build in told, told
    print(f"installed: {told.strip()}")
    serve_the_board()


def serve_the_board() -> None:
    """The example application answers through ``bolthead serve``."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(BOARD, Path(folder, "board"))
        server = serving.Server(Path(folder), "board")
        try:
            answer = server.get("/api/topics")
            assert serving.status(answer) == 200 and b"topics" in serving.body(answer), answer
            assert server.stop() == 0, server.output()
        finally:
            server.close()
    print("the board was served")


if __name__ == "__main__":
    main(sys.argv[1])
