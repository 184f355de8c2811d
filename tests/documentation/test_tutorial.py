"""The steps of the tutorial lead to the application in ``docs/examples/tutorial``.

python tests/documentation/test_tutorial.py writes it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from documentation.page import DOCS, begin, blocks

FOLDER = DOCS / "examples" / "tutorial"
LAST = DOCS / "tutorial" / "step8.md"


def build(folder: Path) -> None:
    """Write the files of all steps into *folder*."""
    begin(LAST, folder)
    for block in blocks(LAST.read_text()):
        if block.file and not block.reason:
            block.write(folder)


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".pyc", ".sqlite"})
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


def test_the_steps_lead_to_the_example(tmp_path):
    build(tmp_path)
    assert files(tmp_path) == files(FOLDER)


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    build(FOLDER)
