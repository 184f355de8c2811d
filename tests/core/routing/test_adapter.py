"""The matching methods of map and adapter, with a tree and a path, against Werkzeug's adapter."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import werkzeug.routing
from hypothesis import given
from hypothesis import strategies as st

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.routing.adapter"
RULES: list[tuple[str, dict[str, Any]]] = [
    ("/", {}),
    ("/static", {"methods": ["GET"]}),
    ("/item/<int:n>", {"methods": ["PUT", "DELETE"]}),
    ("/item/<name>", {}),
    ("/folder/", {}),
    ("/socket", {"websocket": True}),
    ("/defaults/<int:n>", {"endpoint": "defaults"}),
    ("/defaults/", {"defaults": {"n": 1}, "endpoint": "defaults"}),
    ("/strict/<x>/", {"strict_slashes": False}),
]


def adapter_of(routing: Any, **binding: Any) -> Any:
    rules = [routing.Rule(rule, **({"endpoint": rule} | options)) for rule, options in RULES]
    return routing.Map(rules).bind("localhost", **binding)


def outcome(call: Callable[[], Any]) -> Any:
    try:
        found = call()
    except Exception as error:
        return type(error), getattr(error, "new_url", None), sorted(getattr(error, "valid_methods", None) or ())
    return getattr(found[0], "rule", found[0]), dict(found[1])


PATHS = st.one_of(
    st.sampled_from(["/", "/static", "static", "//static", "/folder", "/folder/", "/socket", "/defaults/1", "/item/é"]),
    st.text(st.sampled_from("/ai1é<\n"), max_size=8),
    st.builds("/item/{}".format, st.sampled_from(["1", "x", "", "1/2", "٣"])),
)


def test_match_is_werkzeugs(load: Load) -> None:
    ours, theirs = adapter_of(load("bolthead.routing")), adapter_of(werkzeug.routing)

    @given(
        path=st.one_of(st.none(), PATHS),
        method=st.sampled_from([None, "GET", "get", "HEAD", "PUT", "OPTIONS", "Odd"]),
        return_rule=st.booleans(),
        query_args=st.sampled_from([None, "a=b", {"a": "b"}]),
        websocket=st.sampled_from([None, True, False]),
    )
    def run(**given: Any) -> None:
        arguments = dict(given, path_info=given["path"])
        del arguments["path"]
        assert outcome(lambda: ours.match(**arguments)) == outcome(lambda: theirs.match(**arguments))

    run()


@pytest.mark.parametrize("path", ["", "/", "a", "/a", "//a", "///", "/a//b", "é", "//é"])
def test_single_slash(load: Load, path: str) -> None:
    wanted = f"/{path.lstrip('/')}" if path else ""
    assert load(NAME).with_one_slash(path) == wanted


@pytest.mark.parametrize("allowed", [None, set(), {"GET"}, {"GET", "PUT"}])
@pytest.mark.parametrize("crossed", [True, False])
def test_errors_are_as_their_constructors_make_them(load: Load, allowed: Any, crossed: bool) -> None:
    found = load(NAME).not_found_error(allowed, crossed)
    if allowed:
        wanted: Any = werkzeug.exceptions.MethodNotAllowed(list(allowed))
    elif crossed:
        wanted = werkzeug.routing.WebsocketMismatch()
    else:
        wanted = werkzeug.exceptions.NotFound()
    assert type(found) is type(wanted) and found.args == ()
    # Its constructor stores the class's own description once more.
    assert vars(found) == {key: value for key, value in vars(wanted).items() if key != "description"}
    assert found.description == wanted.description and found.get_response().get_data() == (
        wanted.get_response().get_data()
    )


def test_one_object_for_a_method(load: Load) -> None:
    names = load(NAME).METHODS
    assert set(names) >= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert all(key is value for key, value in names.items())


def test_the_methods_of_a_rule_are_live(load: Load) -> None:
    """As in Werkzeug, where the set is looked at for each request."""
    for routing in (load("bolthead.routing"), werkzeug.routing):
        rule = routing.Rule("/x", endpoint="x", methods=["GET"])
        adapter = routing.Map([rule]).bind("localhost")
        for method in ("GET", "PUT", "GET"):
            rule.methods.clear()
            rule.methods.add(method)
            assert adapter.match("/x", method) == ("x", {})
            with pytest.raises(werkzeug.exceptions.MethodNotAllowed):
                adapter.match("/x", "PUT" if method == "GET" else "GET")
