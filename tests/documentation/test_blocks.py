"""Every block of the documentation runs, or says why not."""

from __future__ import annotations

import ast
import builtins
import os
import subprocess
import sys
from pathlib import Path

import pytest

import programs
from documentation.page import DOCS, LANGUAGES, blocks, pages

RUN = Path(__file__).with_name("run.py")
PAGES = [path for path in pages() if any(block.reason is None for block in blocks(path.read_text()))]


def name_of(path: Path) -> str:
    return path.relative_to(DOCS).with_suffix("").as_posix()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_page_runs(path, tmp_path):
    run = [block for block in blocks(path.read_text()) if block.reason is None]
    if any(block.language == "console" and "curl " in block.text for block in run):
        programs.need("curl")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FLASK_", "SECRET"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(RUN), str(path)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_page_says_what_its_blocks_are(path):
    for block in blocks(path.read_text()):
        assert block.language in LANGUAGES, f"{path}:{block.line}"
        assert block.reason is None or len(block.reason.split()) > 2, f"{path}:{block.line}: why is it not run?"


def unbound(code: str) -> set[str]:
    """Names that are used and are bound in no scope."""
    bound, used = set(dir(builtins)) | {"__name__", "__file__"}, set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return used - bound


@pytest.mark.parametrize("path", sorted(set(PAGES) - {DOCS / "big" / "measuring.md"}), ids=name_of)
def test_what_is_copied_imports_what_it_uses(path):
    """Without what was typed at a prompt; "measuring" is one session at it."""
    found = [block for block in blocks(path.read_text()) if block.language == "python" and block.reason is None]
    files: dict[str | None, str] = {}
    for block in found:
        continued = ", continued" in block.text.partition("\n")[0] or block.file is None
        files[block.file] = f"{files.get(block.file, '') if continued else ''}\n{block.text}"
    assert {name: names for name, code in files.items() if (names := unbound(code))} == {}


def test_a_page_that_is_wrong_is_found(tmp_path):
    wrong = {
        "python": "1 / 0",
        "pycon": ">>> 1 + 1\n3",
        "console": "$ echo a\nb",
        "toml": "a = ",
        "sql": "SELECT 1",
        "html+jinja": "{% if %}",
    }
    for language, text in wrong.items():
        page = tmp_path / "page.md"
        page.write_text(f"# Page\n\n```{language}\n{text}\n```\n")
        done = subprocess.run([sys.executable, str(RUN), str(page)], cwd=tmp_path, capture_output=True, timeout=60)
        assert done.returncode == 1, language
