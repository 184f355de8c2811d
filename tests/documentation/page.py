"""The blocks of a page of the documentation, and what the test does with each.

A *named* block begins with a comment that is a file's name (``# shop/views.py``, ``{# templates/a.html #}``): it is
written to that file. Other Python runs in one namespace per page, ``pycon`` is a doctest in the same namespace, and
``console`` is typed into a shell. A ``live`` block, which readers run in the page, has a namespace of its own.
Comments of MyST, which no reader sees, say more:

    % not run: what keeps the test from running the next block
    % setup:
    % Python that runs first
    % continues: step1.md, whose files are there already

A name with ``, continued`` behind it is added to the end of that file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
LANGUAGES = {
    "python", "pycon", "console", "html", "html+jinja", "jinja", "css", "javascript", "json", "toml", "sql", "ini",
    "text", "nginx", "yaml", "dockerfile", "bash", "xml", "diff", "mako", "live",
}  # fmt: skip
NAME = re.compile(
    r"(?:#|//|--|;|/\*|<!--|\{#|##)\s*([\w./-]*[\w-]\.\w+|[\w./-]*Dockerfile)(, continued)?\s*(?:-->|#\}|\*/)?"
)
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^`\n]*)$")
MARK = "% not run:"
SETUP = "% setup:"
CONTINUES = re.compile(r"^% continues: (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: its *language*, its text, its line in the page, and why it is not run, if so."""

    language: str
    text: str
    line: int
    reason: str | None = None

    @property
    def file(self) -> str | None:
        """The file that this block is, from the comment in its first line."""
        match = NAME.fullmatch(self.text.partition("\n")[0].strip())
        return match[1] if match else None

    def write(self, folder: Path) -> Path:
        """Write the file, or add to it."""
        first, _, rest = self.text.partition("\n")
        assert self.file is not None
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if ", continued" in first:
            path.write_text(f"{path.read_text()}{rest}\n")
        else:
            path.write_text(f"{self.text}\n")
        return path


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a page in order, without directives; setup comments are blocks of Python."""
    found: list[Block] = []
    lines = text.split("\n")
    reason = None
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith(MARK):
            reason = line.removeprefix(MARK).strip()
        elif line.startswith(SETUP):
            start = at
            while at < len(lines) and lines[at].startswith("%"):
                at += 1
            code = "\n".join(part.removeprefix("%").removeprefix(" ") for part in lines[start:at])
            found.append(Block("python", code, start + 1))
        elif match := FENCE.match(line):
            start = at
            while lines[at].strip() != match["fence"]:
                at += 1
            indent = len(match["indent"])
            code = "\n".join(part[indent:] for part in lines[start:at])
            at += 1
            if match["info"] == "{live}":
                options = code.partition("\n\n")[0] if code.startswith(":") else ""
                code = code[len(options) :].lstrip("\n")
                found.append(Block("live", code, start + 1 + options.count("\n") + 1, reason))
            elif not match["info"].startswith("{"):
                found.append(Block(match["info"].strip(), code, start + 1, reason))
            reason = None
        elif line.strip():
            reason = None
    return found


def begin(page: Path, folder: Path) -> list[Path]:
    """Write the files of the pages that *page* continues into *folder*."""
    match = CONTINUES.search(page.read_text())
    if match is None:
        return []
    earlier = page.with_name(match[1])
    written = begin(earlier, folder)
    return written + [block.write(folder) for block in blocks(earlier.read_text()) if block.file and not block.reason]


def pages() -> list[Path]:
    """The pages of the documentation."""
    return sorted(
        path
        for path in DOCS.rglob("*.md")
        if not {"_build", "examples", "node_modules"} & set(path.relative_to(DOCS).parts)
    )
