"""Own words: no run of six words of the pages and docstrings is one of Flask's or Werkzeug's.

Their docstrings are installed. ``BOLTHEAD_FLASK_DOCS=flask/docs`` compares with the pages of a checkout of Flask too.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from documentation.page import DOCS, pages

RUN = 6
CODE = re.compile(r"^ *```.*?^ *```|^%.*?$|<svg.*?</svg>|\]\([^)]*\)|`+[^`]*`+|https?://\S+", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"::\n\n.*?(?=\n\S|\Z)|>>>.*?$|@app\..*?$", re.MULTILINE | re.DOTALL)
FLASKS_WORDS = {"reference/errors.md", "reference/messages.md"}
"""Pages that quote error messages, which are Flask's."""


def docstrings(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            described = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            if described and (text := ast.get_docstring(node)):
                yield f"{path.name}: {getattr(node, 'name', 'module')}", text


def runs(text: str) -> Iterator[str]:
    """Each run of words in prose; code ends one."""
    for part in EXAMPLE.sub(" | ", CODE.sub(" | ", text)).split("|"):
        words = re.findall(r"[a-z']+", part.lower())
        yield from (" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def test_no_run_of_words_is_theirs():
    theirs: dict[str, str] = {}
    for name in ("flask", "werkzeug"):
        for where, text in docstrings(package(name)):
            theirs.update(dict.fromkeys(runs(text), f"{name}, {where}"))
    if folder := os.environ.get("BOLTHEAD_FLASK_DOCS"):
        found = list(Path(folder).rglob("*.rst"))
        assert found
        for path in found:
            theirs.update(dict.fromkeys(runs(path.read_text()), path.name))
    ours = [(str(path.relative_to(DOCS)), path.read_text()) for path in pages()]
    ours += docstrings(DOCS.parent / "src" / "bolthead")
    assert len(theirs) > 10_000 and len(ours) > 1000
    same = [
        (where, run, theirs[run])
        for where, text in ours
        if where not in FLASKS_WORDS
        for run in runs(text)
        if run in theirs
    ]
    assert not same
