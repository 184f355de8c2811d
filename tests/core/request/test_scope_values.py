"""`ScopeValues` of bolthead._core.primitives.bytes_search: any scope of any server is read alike on both builds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import builds


class Text(str):
    pass


VALUES: dict[str, list[Any]] = {
    "path": ["/", "/a", "/\xe9", "", b"/", Text("/"), None],
    "method": ["GET", "HEAD", "get", "GE", Text("GET"), b"GET", None],
    "root_path": ["", "/root", Text(""), b"", None],
    "scheme": ["http", "https", "ws", "wss", "", "httpx", Text("http"), b"http", None],
    "headers": [[(b"host", b"a"), (b"cookie", b"c=1")], ((b"host", b"a"),), [], [[b"host", b"a"]], None],
    "extensions": [{}, {"http.response.pathsend": {}}, None, []],
}
OTHERS = {"type": "http", "asgi": {}, "server": ("a", 80), "query_string": b"", 5: "five", None: "none"}


@st.composite
def scopes(draw: st.DrawFn) -> dict[Any, Any]:
    """With any keys in any order, of which some are other objects than the constants that look them up."""
    names = draw(st.lists(st.sampled_from([*VALUES, *VALUES, *VALUES, *OTHERS]), max_size=10, unique=True))
    # As a server has it, but for one value at most.
    odd = draw(st.sampled_from([None, *VALUES]))
    found: dict[Any, Any] = {}
    for name in names:
        key = "".join(list(name)) if isinstance(name, str) and draw(st.integers(0, 9)) == 0 else name
        values = VALUES.get(name) or [OTHERS[name]]
        found[key] = draw(st.sampled_from(values)) if name == odd else values[0]
    for name in draw(st.lists(st.sampled_from([*VALUES, *OTHERS]), max_size=2)):
        # A place of the dictionary is left empty.
        found.pop(name, None)
    return found


@given(st.lists(scopes(), min_size=1, max_size=6), st.booleans())
def test_scopes_one_after_the_other(made: list[dict[Any, Any]], websocket: bool) -> None:
    """Where a key was in the scope before decides nothing."""

    def found_by(build: str) -> Any:
        lazy_environ = builds.load(build, "bolthead._core.request.scope").lazy_environ
        read = [lazy_environ(None, scope, websocket) for scope in made]
        return [lazy and (lazy.path, lazy.host, lazy.cookie, lazy.extensions, lazy.cookies) for lazy in read]

    found = builds.same(found_by)
    for scope, values in zip(made, found, strict=True):
        if values is not None:
            assert values[0] is scope["path"] and values[3] is scope.get("extensions")
            assert scope.get("method", "GET") == "GET" and scope["headers"][0] == (b"host", values[1])


def test_a_server_whose_keys_are_made_each_time() -> None:
    """They equal the constants, and are others."""

    def found_by(build: str) -> Any:
        lazy_environ = builds.load(build, "bolthead._core.request.scope").lazy_environ
        found = []
        for nth in range(4):
            pairs = {"method": "GET", "path": f"/{nth}", "headers": [(b"host", b"a")], "extensions": {"nth": nth}}
            made = {"".join(list(key)) if nth > 1 else key: value for key, value in pairs.items()}
            lazy = lazy_environ(None, made, False)
            found.append((lazy.path, lazy.host, lazy.extensions))
        return found

    assert builds.same(found_by) == [(f"/{nth}", b"a", {"nth": nth}) for nth in range(4)]
