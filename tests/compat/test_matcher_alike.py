"""Programs reach for ``url_map._matcher`` to take rules out, to put rules in, or to set another matcher."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.routing import Rule
from werkzeug.routing.matcher import State, StateMachineMatcher

from oracle import Framework, alike


def site(fw: Framework) -> Any:
    app = fw.app(static_folder=None)
    urls = lambda: [app.url_for("a"), app.url_for("n", v=5), app.url_for("s", q="v")]  # noqa: E731
    app.add_url_rule("/urls", "urls", urls)
    app.add_url_rule("/a/", "a", lambda: "a")
    app.add_url_rule("/<path:p>", "p", lambda p: f"path {p}")
    app.add_url_rule("/<q>", "s", lambda q: f"text {q}")
    app.add_url_rule("/n/<int:v>", "n", lambda v: f"number {v}", methods=["GET", "POST"])
    return app


def answers(fw: Framework, app: Any) -> list[Any]:
    app.logger.disabled = True
    asked = [
        (path, method) for path in ("/a/", "/a", "//a/", "/n/5", "/n/x", "/new/7") for method in ("GET", "POST", "PUT")
    ]
    found = [fw.get(app, "/urls")]
    for path, method in asked:
        status, headers, body = fw.get(app, path, method)
        found.append((path, method, status, dict(headers).get("Location"), body[:30]))
    with app.test_request_context("/n/9"):
        found.append((fw.request.endpoint, fw.request.view_args))
    return [*found, sorted(app.url_map._rules_by_endpoint), app.url_map.merge_slashes, app.url_map._remap]


def look(app: Any) -> None:
    matcher = app.url_map._matcher
    assert app.url_map._matcher is matcher


def without(state: State, endpoint: str) -> None:
    state.rules[:] = [rule for rule in state.rules if rule.endpoint != endpoint]
    for below in [*state.static.values(), *(below for _, below in state.dynamic)]:
        without(below, endpoint)


def take_out(app: Any) -> None:
    without(app.url_map._matcher._root, "a")
    del app.url_map._rules_by_endpoint["a"]


def empty(app: Any) -> None:
    app.url_map._matcher._root.static = {}


def make_anew(app: Any) -> None:
    matcher = StateMachineMatcher(app.url_map.merge_slashes)
    del app.url_map._rules_by_endpoint["a"]
    for rule in app.url_map._rules:
        matcher.add(rule)
    app.url_map._matcher = matcher


def make_anew_and_sort(app: Any) -> None:
    make_anew(app)
    app.url_map._remap = True
    app.url_map.update()


def make_anew_unsorted(app: Any) -> None:
    make_anew(app)
    app.url_map._remap = False


def set_and_fill(app: Any) -> None:
    app.url_map._matcher = StateMachineMatcher(False)
    for rule in app.url_map._rules:
        app.url_map._matcher.add(rule)


def add_to_it(app: Any) -> None:
    rule = Rule("/new/<int:v>", endpoint="n")
    rule.bind(app.url_map)
    app.url_map._matcher.add(rule)


def merge_no_slashes(app: Any) -> None:
    app.url_map._matcher.merge_slashes = False


def merge_no_slashes_by_the_map(app: Any) -> None:
    app.url_map._matcher  # noqa: B018
    app.url_map.merge_slashes = False


def replace_match(app: Any) -> None:
    (rule,) = app.url_map._rules_by_endpoint["a"]
    app.url_map._matcher.match = lambda *args: (rule, {})


def take_out_for_building_only(app: Any) -> None:
    del app.url_map._rules_by_endpoint["s"]


WAYS = (
    *(look, take_out, empty, make_anew, make_anew_and_sort, make_anew_unsorted, set_and_fill, add_to_it),
    *(merge_no_slashes, merge_no_slashes_by_the_map, replace_match, take_out_for_building_only),
)


@pytest.mark.parametrize("served", [False, True], ids=["before the first request", "after requests"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.replace("_", " "))
@alike
def test_a_matcher_that_is_changed(fw: Framework, way: Callable[[Any], None], served: bool) -> Any:
    app = site(fw)
    found = answers(fw, app) if served else []
    way(app)
    found += answers(fw, app)
    app._got_first_request = False
    app.add_url_rule("/new/<int:x>", "new", lambda x: f"new {x}")
    return [*found, app.url_map._remap, *answers(fw, app)]
