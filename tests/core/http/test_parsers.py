"""The small parsers: both builds and Werkzeug agree on every text, sound or not."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
import werkzeug.urls  # noqa: F401  It registers the error handler that query strings are decoded with.
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug._internal import _plain_int
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.http import parse_options_header, unquote_header_value
from werkzeug.sansio.http import parse_cookie
from werkzeug.sansio.utils import get_content_length

import builds

KEEP = "werkzeug.url_quote"
many = settings(max_examples=400, deadline=None)


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """What a call returns, or the type and text of what it raises."""
    try:
        return function(*args)
    except Exception as error:
        return type(error), str(error)


def both(module: str, name: str, *args: Any) -> Any:
    """The one outcome of a function of a module on both builds."""
    return builds.same(
        lambda build: outcome(getattr(builds.load(build, f"bolthead._core.{module}"), name), *args),
    )


def pieces(*tokens: str) -> st.SearchStrategy[str]:
    """Texts made of *tokens* and of any characters: what a grammar of special cases needs to be met."""
    return st.lists(st.sampled_from(tokens) | st.text(max_size=3), max_size=12).map("".join)


escapes = pieces("%", "%4", "%41", "%c3", "%C3", "%A9", "%a9", "%e2%82", "%F0%9F", "%zz", "+", "é", "\ud800")
queries = pieces("&", "=", ";", "+", "a", "b=", "%41", "%C3%A9", "%ff", "%", "%26", "é", "\0")
cookies = pieces(" ", "\t", "=", ";", '"', "\\", "a", "b=1", '"\\303\\251"', "\\054", "\\9", "\n", "\x0b", "é")
options = pieces(
    ";", " ", "\t", "=", '"', "\\", "a=", "a*=", "a*0=", "a*0*=", "a*1=", "a*1*=", "*", "A", "'", "utf-8''",
    "ISO-8859-1'en'", "latin9''", "%C3%A9", "%22", "b", 'c="d"', "\n", "é",
)  # fmt: skip


@many
@given(escapes, st.sampled_from(["replace", "ignore", KEEP]))
def test_unquote(text: str, errors: str) -> None:
    assert both("http.url_encoding", "unquote", text, errors) == outcome(
        lambda: urllib.parse.unquote(text, errors=errors)
    )


@many
@given(queries)
def test_pairs(text: str) -> None:
    expected = urllib.parse.parse_qsl(text, keep_blank_values=True, errors=KEEP)
    assert both("http.query", "parse_pairs", text, KEEP) == expected
    for cls in (MultiDict, ImmutableMultiDict):
        assert list(both("http.query", "multi_dict", cls, expected, frozenset([cls])).lists()) == list(
            cls(expected).lists()
        )


@many
@given(cookies)
def test_cookies(header: str) -> None:
    expected = outcome(lambda: list(parse_cookie(header, cls=list)))  # type: ignore[arg-type]
    assert both("http.cookies", "parse_cookie_pairs", header) == expected


@many
@given(st.none() | options | options.map("form-data;".__add__))
def test_options(header: str | None) -> None:
    value, found = both("http.headers", "parse_options", header)
    expected = parse_options_header(header)
    assert (value, list(found.items())) == (expected[0], list(expected[1].items()))


@many
@given(st.tuples(options, st.booleans()).map(lambda drawn: f'"{drawn[0]}"' if drawn[1] else drawn[0]))
def test_unquote_value(text: str) -> None:
    assert both("http.headers", "unquote_value", text) == unquote_header_value(text)


numbers = pieces("0", "1", "-", "+", "_", " ", "\t", "٣", "²", ".") | st.integers().map(str)


@many
@given(numbers)
def test_plain_int(text: str) -> None:
    assert both("http.headers", "parse_int", text) == outcome(_plain_int, text)


@many
@given(st.none() | numbers, st.sampled_from([None, "", "gzip", "chunked", "gzip, Chunked"]))
def test_content_length(text: str | None, encoding: str | None) -> None:
    assert both("request.body", "content_length", text, encoding) == get_content_length(text, encoding)


@pytest.mark.parametrize("size", [0, 1, 3, 65535, 65536, 65537, 200_000])
@pytest.mark.parametrize("missing", [0, 1])
@pytest.mark.parametrize("most", [1000, 10**9])
def test_read_exactly(load: Callable[[str], Any], size: int, missing: int, most: int) -> None:
    """All of the bytes, asked for by at most 64 kB, however few each read gives; None when some are missing."""
    body = bytes(range(256)) * (size // 256 + 1)
    left = [body[: max(0, size - missing)]]
    asked = []

    def read(wanted: int) -> bytes:
        asked.append(wanted)
        data, left[0] = left[0][: min(wanted, most)], left[0][min(wanted, most) :]
        return data

    whole = size == 0 or not missing
    assert load("bolthead._core.request.body").read_exactly(read, size) == (body[:size] if whole else None)
    assert max(asked) <= 65536


@pytest.mark.parametrize("error", [OSError, ValueError])
def test_read_fails(load: Callable[[str], Any], error: type[Exception]) -> None:
    def read(wanted: int) -> bytes:
        raise error

    assert load("bolthead._core.request.body").read_exactly(read, 5) is None


def test_huge_declared_length(load: Callable[[str], Any]) -> None:
    """No number that a client writes is too large to be compared with what it sends."""
    module = load("bolthead._core.request.body")
    assert module.read_exactly(lambda wanted: b"", module.content_length("9" * 40, None)) is None
    assert module.content_length("9" * 5000, None) == get_content_length("9" * 5000) == 0
