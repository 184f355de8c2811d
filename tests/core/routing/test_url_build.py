"""URLs from endpoints and values against Werkzeug's ``build``, and the query of what is left over."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import werkzeug.routing
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.urls import _urlencode

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.routing.url_build"
URL_ENCODING = "bolthead._core.http.url_encoding"
RULES: list[tuple[str, dict[str, Any]]] = [
    ("/", {"endpoint": "root"}),
    ("/a/<x>", {"endpoint": "one"}),
    ("/n/<int:x>", {"endpoint": "number"}),
    ("/f/<float:x>", {"endpoint": "float"}),
    ("/p/<path:x>", {"endpoint": "path"}),
    ("/t/<x>/<int:y>/end", {"endpoint": "two"}),
    ("/<x>", {"endpoint": "at the root"}),
    ("/m/get", {"endpoint": "method", "methods": ["GET"]}),
    ("/m/put/<x>", {"endpoint": "method", "methods": ["PUT"]}),
    ("/d/", {"endpoint": "defaults", "defaults": {"x": 1}}),
    ("/d/<int:x>", {"endpoint": "defaults"}),
    ("/s", {"endpoint": "sub", "subdomain": "api"}),
    ("/w", {"endpoint": "socket", "websocket": True}),
    ("/é/<x>", {"endpoint": "quoted"}),
]
BINDINGS: list[dict[str, Any]] = [{}, {"script_name": "/app"}, {"subdomain": "api"}, {"url_scheme": "https"}]


def adapters(load: Load, **binding: Any) -> list[Any]:
    found = []
    for routing in (werkzeug.routing, load("bolthead.routing")):
        rules = [routing.Rule(rule, **options) for rule, options in RULES]
        found.append(routing.Map(rules).bind("localhost", **binding))
    return found


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


VALUES = st.one_of(
    st.none(), st.integers(-5, 5), st.booleans(), st.floats(-2, 2), st.sampled_from(["x", "", "/", "a b", "é", "%2F"]),
    st.lists(st.sampled_from(["1", "é"]), max_size=2),
)  # fmt: skip


@pytest.mark.parametrize("binding", BINDINGS, ids=str)
def test_build_is_werkzeugs(load: Load, binding: dict[str, Any]) -> None:
    theirs, ours = adapters(load, **binding)

    @given(
        endpoint=st.sampled_from([*{options["endpoint"] for _, options in RULES}, "unknown"]),
        values=st.one_of(
            st.dictionaries(st.sampled_from(["x", "y", "more", "é"]), VALUES, max_size=4),
            st.just(MultiDict([("x", "1"), ("x", "2"), ("more", "3")])),
            st.none(),
        ),
        method=st.sampled_from([None, "GET", "PUT"]),
        force_external=st.booleans(),
        append_unknown=st.booleans(),
        url_scheme=st.sampled_from([None, "https", ""]),
    )
    def run(**given: Any) -> None:
        wanted = outcome(lambda: theirs.build(**given))
        # Twice: the second time the templates of the endpoint are there.
        assert [outcome(lambda: ours.build(**given)) for _ in range(2)] == [wanted] * 2

    run()


def test_the_short_way_is_build_or_none(load: Load) -> None:
    build_relative = load(NAME).build_relative
    _, ours = adapters(load)
    answered = set()
    for endpoint in [options["endpoint"] for _, options in RULES]:
        for values in ({}, {"x": 1}, {"x": "a b", "y": 2}, {"x": "1", "y": "z"}, {"x": None}, {"x": 3, "more": "é"}):
            for method in (None, "GET", "PUT"):
                # The first URL of an endpoint makes its templates.
                wanted = outcome(lambda: ours.build(endpoint, values, method))  # noqa: B023
                found = build_relative(ours, ours.tree.groups.get(endpoint), endpoint, dict(values), method, False)
                if found is not None:
                    answered.add(endpoint)
                    assert found == wanted
    assert answered >= {"root", "one", "number", "two", "quoted"} and "method" not in answered


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        {"b": 1, "a": "é &=+"},
        {"a": ["1", "2"], "b": None},
        {"a": ()},
        MultiDict([("a", "2"), ("b", "1"), ("a", "1")]),
        {"é": True},
        {},
    ],
    ids=str,
)
def test_queries(load: Load, values: Any, ordered: bool) -> None:
    """As Werkzeug's adapter writes them."""
    rules = [werkzeug.routing.Rule("/", endpoint="root")]
    adapter = werkzeug.routing.Map(rules, sort_parameters=ordered).bind("localhost")
    wanted = adapter.build("root", values).removeprefix("/").removeprefix("?")
    given = {key: some for key, some in dict(values).items() if some is not None}
    if isinstance(values, MultiDict):
        given = dict(values.lists())
    assert load(URL_ENCODING).encode_query(given, ordered, None) == wanted
    if not ordered and not isinstance(values, MultiDict):
        assert load(URL_ENCODING).encode_query(given, False, None) == _urlencode(MultiDict(given))
