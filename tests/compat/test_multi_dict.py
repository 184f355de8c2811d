"""The multi-dict and the headers of a request are Werkzeug's but for the speed of a look-up."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import werkzeug.datastructures
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequestKeyError

from bolthead._compat.multi_dict import EnvironHeaders, ImmutableMultiDict

ORACLE = werkzeug.datastructures.ImmutableMultiDict
texts = st.sampled_from(["a", "b", "c", "1", ""])
kinds = st.sampled_from([None, int, str, bytes.fromhex])


def outcome(function: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error), str(error)


@given(st.lists(st.tuples(texts, texts)), texts, texts, kinds)
def test_multi_dict(pairs: list[tuple[str, str]], key: str, default: str, kind: Any) -> None:
    ours, theirs = ImmutableMultiDict(pairs), ORACLE(pairs)
    assert outcome(lambda: ours[key]) == outcome(lambda: theirs[key])
    assert ours.get(key) == theirs.get(key)
    assert ours.get(key, default, type=kind) == theirs.get(key, default, type=kind)
    assert ours.getlist(key) == theirs.getlist(key)
    assert (ours == theirs, repr(ours), hash(ours)) == (True, repr(theirs), hash(theirs))
    assert type(pickle.loads(pickle.dumps(ours))) is ORACLE
    assert pickle.loads(pickle.dumps(ours)) == copy.copy(ours) == ours


def test_overridden_look_ups_count() -> None:
    class Loud(ImmutableMultiDict[str, str]):
        def __getitem__(self, key: str) -> str:
            return super().__getitem__(key).upper()

    loud = Loud([("a", "x")])
    assert (loud["a"], loud.get("a"), loud.get("b", "no")) == ("X", "X", "no")


@given(st.sampled_from(["X-A", "x-a", "X_A", "content-type", "Content-Length", "X-B", "", 5, None]), kinds)
def test_headers(key: Any, kind: Any) -> None:
    environ = {"HTTP_X_A": "12", "CONTENT_TYPE": "a/b", "CONTENT_LENGTH": "", "HTTP_CONTENT_TYPE": "c/d"}
    ours, theirs = EnvironHeaders(environ), werkzeug.datastructures.EnvironHeaders(environ)
    assert outcome(lambda: ours[key]) == outcome(lambda: theirs[key])
    assert outcome(lambda: ours.get(key)) == outcome(lambda: theirs.get(key))
    assert outcome(lambda: ours.get(key, "no", type=kind)) == outcome(lambda: theirs.get(key, "no", type=kind))
    assert (key in ours, list(ours)) == (key in theirs, list(theirs))
    assert ours == theirs
    assert ours.getlist("x-a") == theirs.getlist("x-a")


def test_missing_keys() -> None:
    with pytest.raises(BadRequestKeyError):
        ImmutableMultiDict()["a"]
    with pytest.raises(TypeError, match="immutable"):
        ImmutableMultiDict().add("a", 1)
    with pytest.raises(TypeError, match="unhashable"):
        ImmutableMultiDict()[[]]  # type: ignore[index]


def test_header_names_from_clients_do_not_pile_up(load: Any) -> None:
    """A remembered name gives the same object each time; no more than the bound are remembered."""
    environ_key = load("bolthead._core.http.headers").environ_key
    names = [f"X-Name-{number}" for number in range(5000)]
    assert [environ_key(name) for name in names] == [f"HTTP_X_NAME_{number}" for number in range(5000)]
    remembered = sum(environ_key(name) is environ_key(name) for name in names)
    assert remembered <= 512
    assert environ_key("Content-Type") == "CONTENT_TYPE" and environ_key("content-length") == "CONTENT_LENGTH"
