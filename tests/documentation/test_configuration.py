"""The reference of the configuration names every key, with its default."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bolthead import Flask
from documentation.page import DOCS

ENTRY = re.compile(r"^### `(\w+)`\n\n([^\n]+), default `([^`]+)`\n\n(.+?)(?=\n#|\Z)", re.MULTILINE | re.DOTALL)
PAGE = (DOCS / "reference" / "configuration.md").read_text()
ENTRIES = {name: (kind, default, text) for name, kind, default, text in ENTRY.findall(PAGE)}


def test_every_key_once():
    assert ENTRIES.keys() == Flask.default_config.keys()
    assert PAGE.count("\n### ") == len(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_default(name):
    kind, default, text = ENTRIES[name]
    value = eval(default, {"timedelta": timedelta})
    assert value == Flask.default_config[name]
    assert type(value).__name__.removesuffix("Type").lower() in kind.lower()
    assert len(text.split()) >= 3
