"""Paths made to hurt. Each of these took seconds to hours with backtracking; here it is a few milliseconds.

No test measures time: one that went wrong would not come back.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

MILLION = 1_000_000

HOSTILE = {
    "two paths": ("/<path:a>/x/<path:b>/y", "/a" + "/x" * (MILLION // 2)),
    "two paths, line feed": ("/<path:a>/x/<path:b>", "/a" + "/x" * (MILLION // 2) + "\n"),
    "three paths": ("/<path:a>/x/<path:b>/x/<path:c>/y", "/a" + "/x" * (MILLION // 2)),
    "two words and a number": ("/<a>-<b>-<int:c>", "/" + "-" * MILLION),
    "two numbers": ("/<int:a><int:b>x", "/" + "1" * MILLION),
    "four words": ("/<a><b><c><d>-", "/" + "a" * MILLION),
    "four short": ("/<a>-<b>-<c>-<int:d>", "/" + "-" * 3000),
    "a float of digits": ("/<float:a>", "/" + "1" * MILLION),
    "a word and two numbers": ("/<a>-<int:b>-<float:c>", "/" + "-1" * (MILLION // 2)),
    "a path and a word": ("/<path:a>-<b>.txt", "/a" + "-" * MILLION),
}


def bound(load: Callable[[str], ModuleType], *rules: str, **options: Any) -> Any:
    routing = load("bolthead.routing")
    return routing.Map([routing.Rule(rule, endpoint=rule, **options) for rule in rules]).bind("example.com")


@pytest.mark.parametrize("case", HOSTILE)
def test_no_power_of_the_length(load: Callable[[str], ModuleType], case: str) -> None:
    rule, path = HOSTILE[case]
    with pytest.raises(NotFound):
        bound(load, rule).match(path)


def test_long_matches_share_as_short_ones(load: Callable[[str], ModuleType]) -> None:
    adapter = bound(load, "/<a>-<b>-<int:c>", "/<path:a>/x/<path:b>")
    long = "y" * 100_000
    assert adapter.match(f"/{long}-{long}-{long}-7") == (
        "/<a>-<b>-<int:c>", {"a": f"{long}-{long}", "b": long, "c": 7},
    )  # fmt: skip
    assert adapter.match(f"/{long}/x/{long}/x/z")[1] == {"a": long, "b": f"{long}/x/z"}


def test_a_megabyte_and_a_hundred_thousand_slashes(load: Callable[[str], ModuleType]) -> None:
    adapter = bound(load, "/a", "/<int:n>/b", "/c/", "/<word>/<path:rest>/end")
    for path in ("/" + "a" * MILLION, "/" + "9" * MILLION, "/a" * 100_000, "/\x00" * 100_000, "/٣" * 100_000):
        with pytest.raises(NotFound):
            adapter.match(path)
    with pytest.raises(RequestRedirect) as moved:
        adapter.match("/c" + "/" * 100_000)
    assert moved.value.new_url == "http://example.com/c/"
    with pytest.raises(RequestRedirect) as moved:
        adapter.match("/a" + "/" * 100_000 + "b/end")
    assert moved.value.new_url == "http://example.com/a/b/end"
    assert adapter.match("/" * 100_000 + "a")[0] == "/a"


def test_too_many_digits_for_a_number(load: Callable[[str], ModuleType]) -> None:
    with pytest.raises(NotFound):
        bound(load, "/<int:n>").match("/" + "9" * 5000)


def test_a_deep_rule_does_not_recurse(load: Callable[[str], ModuleType]) -> None:
    depth = 20_000
    static = "/a" * depth
    adapter = bound(load, static + "/end", "/<x>" + "/a" * (depth - 1) + "/<y>/z")
    assert adapter.match(static + "/end")[1] == {}
    assert adapter.match(static + "/q/z")[1] == {"x": "a", "y": "q"}
    with pytest.raises(NotFound):
        adapter.match(static + "/no")


def test_backtracking_is_bounded_by_the_tree(load: Callable[[str], ModuleType]) -> None:
    """Twelve levels, each a literal and a variable: 4096 leaves, and a path that fails in the last segment."""
    levels = 10
    rules = ["/" + "/".join("a" if n >> k & 1 else f"<v{k}>" for k in range(levels)) + "/end" for n in range(2**levels)]
    adapter = bound(load, *rules)
    with pytest.raises(NotFound):
        adapter.match("/a" * levels + "/x")
    assert adapter.match("/a" * levels + "/end")[1] == {}
    assert adapter.match("/b" * levels + "/end")[1] == {f"v{k}": "b" for k in range(levels)}


def test_ten_thousand_variables(load: Callable[[str], ModuleType]) -> None:
    count = 10_000
    adapter = bound(load, "".join(f"/<v{n}>" for n in range(count)))
    found = adapter.match("/x" * count)[1]
    assert len(found) == count
    with pytest.raises(NotFound):
        adapter.match("/x" * (count - 1))


def test_methods_and_hosts_of_rubbish(load: Callable[[str], ModuleType]) -> None:
    routing = load("bolthead.routing")
    table = routing.Map([routing.Rule("/", endpoint="i", methods=["GET"], subdomain="<s>")])
    for subdomain in ("\x00", "a/b", "x" * MILLION, "é", "\n"):
        adapter = table.bind("example.com", subdomain=subdomain)
        if "/" in subdomain:
            with pytest.raises(NotFound):
                adapter.match("/")
            continue
        assert adapter.match("/") == ("i", {"s": subdomain})
        with pytest.raises(MethodNotAllowed):
            adapter.match("/", method="\x00" * 1000)
