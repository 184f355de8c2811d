"""The search and its table of literal segments: what a bench or a map of rules would not reach."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound

import builds

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.routing.segment_table"

texts = st.text(st.sampled_from("ab/éÿĀ€😀\x00"), max_size=4) | st.text(max_size=3)


@given(st.lists(texts, unique=True, max_size=40), st.lists(texts, max_size=10))
def test_a_table_is_a_dict_with_less(held: list[str], asked: list[str]) -> None:
    for build in builds.NAMES:
        table = builds.load(build, NAME).SegmentTable()
        for nth, text in enumerate(held):
            assert table.get(text) is None
            table[text] = (nth,)
            for earlier in held[: nth + 1 : 7]:
                assert table.get(earlier) == (held.index(earlier),)
        for text in [*held, *asked]:
            assert table.get(text) == ((held.index(text),) if text in held else None)
            if text in held:
                assert table[text] == (held.index(text),)
            else:
                with pytest.raises(KeyError):
                    table[text]


@given(st.lists(st.tuples(texts, st.booleans()), max_size=40), st.lists(texts, max_size=10))
def test_a_copy_goes_its_own_way(puts: list[tuple[str, bool]], asked: list[str]) -> None:
    """Values are replaced as in a dict, in a table or in its copy."""
    for build in builds.NAMES:
        table = builds.load(build, NAME).SegmentTable()
        held: dict[str, int] = {}
        for nth, (text, copied) in enumerate(puts):
            if copied:
                former, before = table, dict(held)
                table = table.copy()
            table[text] = held[text] = nth
            if copied:
                assert {key: former.get(key) for key in [*held, *asked]} == {
                    key: before.get(key) for key in [*held, *asked]
                }
        assert {key: table.get(key) for key in [*held, *asked]} == {key: held.get(key) for key in [*held, *asked]}


@given(st.lists(texts.filter(lambda text: text and "/" not in text), unique=True, max_size=12), st.data())
def test_segments_of_any_letters(literals: list[str], data: st.DataObject) -> None:
    """Strings of one, two and four bytes a letter, literals of one in paths of another."""
    paths = data.draw(st.lists(st.lists(st.sampled_from([*literals, "x", "é", "€", "😀", "7", "٣"]), max_size=4)))

    def matched(build: str) -> list[Any]:
        routing = builds.load(build, "bolthead.routing")
        table = routing.Map()
        for nth, text in enumerate(literals):
            escaped = text.replace("<", "(").replace(">", ")")
            table.add(routing.Rule(f"/{escaped}/<a>", endpoint=nth))
            table.add(routing.Rule(f"/<a>/{escaped}/<int:b>", endpoint=-nth))
            table.add(routing.Rule(f"/{escaped}<a>/{escaped}<int:b>{escaped}", endpoint=nth + 100))
        adapter = table.bind("x")
        outcomes: list[Any] = []
        for path in paths:
            try:
                outcomes.append(adapter.match("/" + "/".join(path)))
            except NotFound:
                outcomes.append(None)
        return outcomes

    builds.same(matched)


def test_more_to_come_back_to_than_there_is_room_for(load: Load) -> None:
    routing = load("bolthead.routing")
    depth = 60
    table = routing.Map([routing.Rule("/" + "a/" * depth + "end", endpoint="a")])
    table.add(routing.Rule("/" + "/".join(f"<v{nth}>" for nth in range(depth)) + "/<int:last>", endpoint="v"))
    for nth in range(depth):
        table.add(routing.Rule("/" + "a/" * nth + "<x>/<y>/never", endpoint=f"n{nth}"))
    adapter = table.bind("x")
    assert adapter.match("/" + "a/" * depth + "12") == ("v", {**{f"v{nth}": "a" for nth in range(depth)}, "last": 12})
    with pytest.raises(NotFound):
        adapter.match("/" + "a/" * depth + "x")


@pytest.mark.parametrize("text", ["0", "007", "9" * 18, "9" * 19, "9" * 40, "٣", "1٣", "٣" * 25, "9" * 17 + "٣"])
def test_numbers_as_int_reads_them(load: Load, text: str) -> None:
    routing = load("bolthead.routing")
    rules = [routing.Rule("/<int:n>"), routing.Rule("/s/<int(signed=True):n>"), routing.Rule("/é<int:n>€")]
    adapter = routing.Map(rules).bind("x")
    for path, value in ((f"/{text}", int(text)), (f"/s/-{text}", -int(text)), (f"/é{text}€", int(text))):
        assert adapter.match(path)[1] == {"n": value}


@pytest.mark.parametrize("rule", ["/<path:p>", "/<path:p>/edit", "/a-<path:p>", "/a-<path:p>.txt", "/<path:p>/"])
@pytest.mark.parametrize("middle", ["x", "x/y", "x//y", "\n", "\nx", "x\n", "x/\ny", "x/", "/", "", "é/€", "x/edit"])
@pytest.mark.parametrize("ends", [("", ""), ("", "/edit"), ("a-", ""), ("a-", ".txt"), ("", "/")])
def test_a_rest_is_what_the_pattern_takes(load: Load, rule: str, middle: str, ends: tuple[str, str]) -> None:
    import werkzeug.routing

    def outcome(routing: Any) -> Any:
        adapter = routing.Map([routing.Rule(rule)], merge_slashes=False).bind("x")
        try:
            return adapter.match(f"/{ends[0]}{middle}{ends[1]}")
        except Exception as error:
            return repr(error), getattr(error, "new_url", None)

    assert outcome(load("bolthead.routing")) == outcome(werkzeug.routing)


def test_slashes_before_a_path_count_as_one(load: Load) -> None:
    routing = load("bolthead.routing")
    table = routing.Map(merge_slashes=False)
    for rule in ("/a", "//a", "//b", "/"):
        table.add(routing.Rule(rule, endpoint=rule))
    adapter = table.bind("x")
    assert adapter.match("//a") == adapter.match("a") == adapter.match("/a") == ("/a", {})
    assert adapter.match("//") == adapter.match("/") == ("/", {})
    with pytest.raises(NotFound):
        adapter.match("//b")
