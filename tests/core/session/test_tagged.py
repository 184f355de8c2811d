"""Texts of sessions: with and without the methods of the tagged serializer, the same."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest import mock
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

import builds

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.session.tagged"

simple = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))
tagged = st.one_of(
    simple, st.binary(max_size=4), st.uuids(), st.tuples(simple), st.lists(simple, max_size=2), st.builds(Markup)
)
keys = st.one_of(st.sampled_from([" t", " di", "u", "_permanent", "ä", "\ud800"]), st.text(max_size=4))


@given(st.one_of(st.dictionaries(keys, simple, max_size=4), st.dictionaries(keys, tagged, max_size=3)))
def test_texts(value: dict[str, Any]) -> None:
    for build in builds.NAMES:
        app = builds.load(build, "bolthead").Flask("site", root_path="/nowhere")
        serializer = builds.load(build, "bolthead.json.tag").TaggedJSONSerializer()
        texts = builds.load(build, "bolthead.plan").SESSION_TEXTS
        with app.app_context():
            text = serializer.dumps(value)
            assert texts.dumps(serializer, app.json, value) == text
            assert texts.loads(serializer, app.json, text) == serializer.loads(text) == value


def test_the_methods_are_skipped(load: Load) -> None:
    """A guard that never holds would fail no other test."""
    assert load(NAME).TaggedTexts is type(load("bolthead.plan").SESSION_TEXTS)
    app = load("bolthead").Flask("site", root_path="/nowhere")
    module = load("bolthead.json.tag")
    serializer, texts = module.TaggedJSONSerializer(), load("bolthead.plan").SESSION_TEXTS
    simple, other = {"user": 7, "name": "Ada"}, {"id": UUID(int=5), "name": "Ada"}
    with app.app_context(), mock.patch.object(module, "TagUUID", None):
        calls = []
        with mock.patch.object(serializer.tags[" u"].__class__, "to_json", lambda tag, value: calls.append(value)):
            assert texts.dumps(serializer, app.json, simple) == '{"name":"Ada","user":7}'
            texts.dumps(serializer, app.json, other)
        assert calls == [UUID(int=5)]
