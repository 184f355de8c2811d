"""The reference of the configuration names every key, with its default."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bolthead import Flask
from bolthead._core.lifecycle.lifespan import SHUTDOWN_TIMEOUT
from documentation.page import DOCS

ENTRY = re.compile(r"^### `(\w+)`\n\n([^\n]+), default `([^`]+)`\n\n(.+?)(?=\n#|\Z)", re.MULTILINE | re.DOTALL)
PAGE = (DOCS / "reference" / "configuration.md").read_text()
ENTRIES = {name: (kind, default, text) for name, kind, default, text in ENTRY.findall(PAGE)}


OWN = {"ASGI_THREADS": 40, "BACKGROUND_TASK_SHUTDOWN_TIMEOUT": SHUTDOWN_TIMEOUT}
"""Keys that Flask's configuration lacks, with what stands in their place."""


def test_every_key_once():
    assert ENTRIES.keys() == Flask.default_config.keys() | OWN.keys()
    assert PAGE.count("\n### ") == len(ENTRIES)


def test_every_key_that_is_read():
    source = "".join(path.read_text() for path in (DOCS.parent / "src").rglob("*.py"))
    read = set(re.findall(r"\bconfig\.get\(\"([A-Z_]+)\"", source))
    assert read - Flask.default_config.keys() == OWN.keys()


@pytest.mark.parametrize("name", ENTRIES)
def test_default(name):
    kind, default, text = ENTRIES[name]
    value = eval(default, {"timedelta": timedelta})
    assert value == {**Flask.default_config, **OWN}[name]
    assert type(value).__name__.removesuffix("Type").lower() in kind.lower()
    assert len(text.split()) >= 3
