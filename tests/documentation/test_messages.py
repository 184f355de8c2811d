"""Every message of the sources that a user may see is in the reference, with what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from documentation.page import DOCS

SOURCES = DOCS.parent / "src" / "bolthead"
PAGES = [DOCS / "reference" / name for name in ("errors.md", "messages.md")]
SPEAKS = re.compile(
    r".*(Error|Exception|Warning|BadParameter|Exit)|warn|secho|error|warning|critical|info|exception|_fail"
)
HOLDS = {"problem", "tip", "message", "notice", "note"}
"""Names of variables that hold a message until it is shown."""

FOR_OTHERS = (
    # To who writes a class or a server, in the words of Python, WSGI or Werkzeug.
    *("has no attribute", "is not iterable", "keywords must be strings", "out of range", "is not a byte"),
    *("is not a string", "Invalid status", "Response headers already set!", "start_response was not called"),
    *(
        "loading the form has not set",
        "the class of an attribute cannot be changed",
        "in function definition",
        "identifier field can't represent",
    ),
    # Made into an answer of 400, or into the end of a connection.
    *("Missing boundary", "Missing Content-Disposition", "Invalid form-data", "the body ended early"),
    *("the application closed the connection", "the file is shorter than it was", "there is no epoll"),
    # asgiref's own words.
    "Event loop stopped before Future completed.",
)
"""Pieces of messages that are not for the reference."""


def pieces(node: ast.AST | None) -> list[str]:
    """The constant parts of the text that an expression makes, without what is filled in; [] for no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.split(r"%[sgd]|%\(\w+\)s", node.value)
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in pieces(value)]
    if isinstance(node, ast.BinOp):
        return [*pieces(node.left), *pieces(node.right)]
    return []


def said(tree: ast.AST) -> Iterator[ast.AST | None]:
    """Expressions whose text is shown: what is raised, warned of, logged or printed, or kept until then."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if SPEAKS.fullmatch(name) and node.args:
                yield node.args[0]
        elif isinstance(node, ast.Assign) and HOLDS & {
            getattr(target, "id", getattr(target, "attr", "")) for target in node.targets
        }:
            yield node.value


def messages() -> Iterator[tuple[str, str]]:
    """Where a message is, and the longest part of it."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in said(ast.parse(path.read_text())):
            longest = max(pieces(node), key=len, default="").strip()
            if len(longest.split()) > 1 and not any(piece in longest for piece in FOR_OTHERS):
                yield f"{path.relative_to(SOURCES)}:{getattr(node, 'lineno', 0)}", longest


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


MESSAGES = list(messages())


def test_they_are_found():
    assert len(MESSAGES) > 100


@pytest.mark.parametrize(("place", "text"), MESSAGES, ids=[place for place, _ in MESSAGES])
def test_message_is_in_the_reference(place, text):
    reference = squeezed(" ".join(page.read_text() for page in PAGES))
    # A sentence is enough: what follows it is often the advice that the page gives in other words.
    first = re.split(r"[.:]\s", squeezed(text).strip(" *:.,'"))[0]
    assert first and first in reference


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_message_of_the_reference_is_in_the_sources(page):
    """A message that was reworded or removed is found here; others' words: ``tests/compat/test_mistakes.py``."""
    sources = squeezed(re.sub(r'"\s*\n\s*f?"', "", "".join(path.read_text() for path in SOURCES.rglob("*.py"))))
    sources = sources.replace('\\"', '"')
    missing = []
    text = re.sub(r"^## In the words of.*?(?=^## )", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for line in text.splitlines():
        if line.startswith("| `"):
            for message in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
                words = squeezed(max(re.split(r"'…'|…", message), key=len)).strip(" '.:")
                if words and words not in sources:
                    missing.append(message)
    assert not missing
