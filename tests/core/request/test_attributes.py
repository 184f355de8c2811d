"""Lazy attributes against Werkzeug's: the descriptor, and each value that is read from an environ."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.request.attributes"

LATIN = st.text(st.characters(max_codepoint=255), max_size=8)
ENVIRONS = st.fixed_dictionaries(
    {"wsgi.url_scheme": st.sampled_from(["http", "https"]), "REQUEST_METHOD": st.sampled_from(["GET", "post", "Odd"])},
    optional={
        "SCRIPT_NAME": LATIN,
        "PATH_INFO": LATIN,
        "QUERY_STRING": LATIN,
        "SERVER_NAME": st.sampled_from(["localhost", "é", ""]),
        "SERVER_PORT": st.sampled_from(["80", "", "x", "-1"]),
        "REMOTE_ADDR": st.sampled_from(["1.2.3.4", "::1"]),
    },
)


def test_each_value_is_werkzeugs(load: Load) -> None:
    attributes = load(NAME).ENVIRON_ATTRIBUTES

    @given(environ=ENVIRONS)
    def run(environ: dict[str, Any]) -> None:
        wanted = Request(dict(environ, **{"wsgi.input": None}))
        for name, read in attributes.items():
            assert read(SimpleNamespace(environ=environ)) == getattr(wanted, name), name

    run()
    assert {"method", "path", "query_string", "remote_addr", "root_path", "scheme", "server"} == attributes.keys()


def test_the_descriptor_is_a_cached_property(load: Load) -> None:
    lazy = load(NAME).LazyAttribute
    outcomes = []
    for ours in (True, False):
        calls: list[str] = []

        def value(self: Any, calls: list[str] = calls) -> list[str]:
            calls.append("made")
            return ["value"]

        if ours:
            base: Any = type("Base", (), {"value": lazy("value", value)})
        else:
            base = type("Base", (), {"value": cached_property(value, "value")})

        class Child(base):  # type: ignore[misc]
            @property
            def value(self) -> Any:
                return [*super().value, *super().value]

        instance = base()
        found: list[Any] = [instance.value is instance.value, vars(instance)]
        instance.value = "set"
        found.append(instance.value)
        del instance.value
        found += [instance.value, Child().value, type(base.value).__name__ != "list", calls]
        outcomes.append(found)
    assert outcomes[0] == outcomes[1]


class Bare:
    """As much of a request as the fillers look at."""

    parameter_storage_class: Any = ImmutableMultiDict
    dict_storage_class: Any = ImmutableMultiDict
    query_string = property(lambda self: self.environ.get("QUERY_STRING", "").encode("latin-1"))

    def __init__(self, headers: Any = None, **environ: str) -> None:
        self.environ = environ
        self.headers = headers


@pytest.mark.parametrize("storage", [ImmutableMultiDict, MultiDict, dict])
@pytest.mark.parametrize("query", ["", "a=1&a=2&b", "a=%C3%A9", "a=%FF", "Ã©=1", "+=%2B"])
def test_args(load: Load, storage: type, query: str) -> None:
    fillers = load(NAME).RequestFillers(type(None), frozenset([ImmutableMultiDict, MultiDict]), "werkzeug.url_quote")
    theirs: Any = type("Theirs", (Request,), {"parameter_storage_class": storage})
    wanted = theirs({"QUERY_STRING": query, "wsgi.url_scheme": "http", "REQUEST_METHOD": "GET"}).args
    for own in (None, Bare.query_string):
        fillers.query = own
        request = Bare(QUERY_STRING=query)
        request.parameter_storage_class = storage
        found = fillers.args(request)
        assert type(found) is type(wanted) and found == wanted


@pytest.mark.parametrize("text", ["", "a=1; b=2; a=3", 'a="x y"', "=;a", "é=ü"])
def test_cookies(load: Load, text: str) -> None:
    view = load("bolthead._compat.multi_dict").EnvironHeaders
    fillers = load(NAME).RequestFillers(view, frozenset([ImmutableMultiDict]), "strict")
    environ = {"HTTP_COOKIE": text, "wsgi.url_scheme": "http", "REQUEST_METHOD": "GET"}
    wanted = Request(environ).cookies
    request: Any = Bare(**environ)
    made = request.headers = fillers.headers(request)
    assert type(made) is view and made.environ is request.environ
    assert fillers.cookies(request) == wanted
    request.headers = SimpleNamespace(getlist=lambda name: [text] if text else [])
    assert fillers.cookies(request) == wanted
