"""Rules that are added after the first match: the tree that a search is in does not change."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException

import builds

Load = Callable[[str], ModuleType]

SEGMENTS = ["a", "b", "<x>", "<int:x>", "a<x>", "<x>b", "<path:x>", ""]
rules = st.lists(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map("/".join), unique=True, max_size=14)
paths = st.lists(st.lists(st.sampled_from(["a", "b", "7", "ab", ""]), max_size=4).map("/".join), max_size=8)


def outcome(adapter: Any, path: str) -> Any:
    try:
        return adapter.match(f"/{path}")
    except HTTPException as error:
        return type(error).__name__, getattr(error, "new_url", None)


@given(rules, paths, st.data())
def test_one_by_one_is_as_all_at_once(texts: list[str], asked: list[str], data: st.DataObject) -> None:
    """Each rule is added to a map that was asked before, so that the states on its way are copied."""
    texts = [text for text in texts if text.count("<") <= 1]
    between = data.draw(st.lists(st.sampled_from(asked), max_size=len(texts))) if asked else []
    for build in builds.NAMES:
        routing = builds.load(build, "bolthead.routing")
        table = routing.Map()
        adapter = table.bind("x")
        for nth, text in enumerate(texts):
            table.add(routing.Rule(f"/{text}", endpoint=nth))
            if nth < len(between):
                outcome(adapter, between[nth])
        whole = routing.Map([routing.Rule(f"/{text}", endpoint=nth) for nth, text in enumerate(texts)]).bind("x")
        assert [outcome(adapter, path) for path in asked] == [outcome(whole, path) for path in asked]


def test_a_rule_that_comes_during_a_search(load: Load) -> None:
    """A search that is under way does not see it, as it would not if another thread had added it; the next one does."""
    routing = load("bolthead.routing")
    seen: list[Any] = []

    class Adding(routing.BaseConverter):  # type: ignore[misc,name-defined]
        regex = "a|b"

        def to_python(self, value: str) -> str:
            number = len(seen)
            seen.append(value)
            # Beside the rule that is being found, under it and before it; the map is then brought up to date.
            for text in (f"/{value}/new{number}", f"/<adding:x>/y/deep{number}", "/a/y" if number == 1 else ""):
                if text:
                    table.add(routing.Rule(text, endpoint=text))
            table.update()
            return value

    table = routing.Map([routing.Rule("/<adding:x>/y", endpoint="old")], converters={"adding": Adding})
    adapter = table.bind("x")
    assert adapter.match("/a/y") == ("old", {"x": "a"})
    assert adapter.match("/b/y") == ("old", {"x": "b"})
    assert adapter.match("/a/y") == ("/a/y", {})
    assert adapter.match("/a/new0") == ("/a/new0", {})
    assert adapter.match("/b/y/deep1") == ("/<adding:x>/y/deep1", {"x": "b"})
    assert seen == ["a", "b", "b"]


def test_a_root_that_is_held_stays_as_it_was(load: Load) -> None:
    routing = load("bolthead.routing")
    table = routing.Map([routing.Rule("/a/<x>", endpoint="one"), routing.Rule("/a/b", endpoint="two", methods=["GET"])])
    adapter = table.bind("x")
    adapter.match("/a/b")
    tree = table._tree
    [root] = tree.roots

    def states(state: Any) -> list[Any]:
        held = [] if state.static is None else [text for text in ("", "a", "b", "c") if state.static.get(text)]
        found = [state, held, list(state.edges or ()), list(state.leaves or ())]
        for text in held:
            found += states(state.static.get(text))
        for edge in state.edges or ():
            found += states(edge.state)
        return found

    before = states(root)
    for nth, text in enumerate(("/a/c", "/a/<x>/c", "/a/<int:x>", "/a/b/c")):
        table.add(routing.Rule(text, endpoint=nth))
        adapter.match("/a/b")
    table.add(routing.Rule("/a/b", endpoint="three", methods=["POST"]))
    assert adapter.match("/a/b", method="POST") == ("three", {})
    assert adapter.match("/a/x/c") == (1, {"x": "x"})
    assert tree.roots[0] is not root
    assert states(root) == before
