"""A table of stored results says so itself when the code has changed since they were measured."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bench import freshness, pages  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx


@cache
def notes() -> dict[str, str]:
    """A note for each file of ``_bench`` whose results are older than the code, by the file's name."""
    results, files = json.loads(pages.RESULTS.read_text()), freshness.sources()
    parts = {part: freshness.note(part, found, files) for part, found in results.items()}
    return {name: parts[part] for name, (part, _) in pages.TEXTS.items() if parts.get(part)}


def add_note(app: Sphinx, path: Path, page: str, content: list[str]) -> None:
    """Put the note below what is included from *path*, if it has one."""
    if path.parent.name == "_bench" and path.name in notes():
        content[0] += f"\n{notes()[path.name]}\n"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("include-read", add_note)
    return {"parallel_read_safe": True}
