"""Searches in bytes and text: both versions, beside Python's own."""

from __future__ import annotations

import string
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.http import dump_cookie

import builds

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.primitives.bytes_search"


few = st.lists(st.sampled_from([b"a", b"b", b"\xff", b"\0"]), max_size=12).map(b"".join)
runs = st.lists(st.sampled_from([b"a", b"b", b"\xff", b"\0", b"other"]), max_size=20).map(b"".join)


@given(runs, few.map(lambda token: token[:4]), st.integers(-2, 40))
def test_finder(data: bytes, token: bytes, start: int) -> None:
    for name in builds.NAMES:
        finder = builds.load(name, NAME).Finder(token)
        if start < 0:
            with pytest.raises(ValueError, match="range"):
                finder.find(data, start)
        else:
            assert finder.find(data, start) == data.find(token, start)


@given(st.binary(min_size=1, max_size=80), st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), max_size=20))
def test_finder_among_parts_of_the_token(token: bytes, parts: list[tuple[int, int]]) -> None:
    data = b"".join(token[start:stop] for start, stop in parts)
    for name in builds.NAMES:
        assert builds.load(name, NAME).Finder(token).find(data, 0) == data.find(token)


@pytest.mark.parametrize("size", [1, 2, 254, 255, 256, 257, 1000])
def test_finder_of_long_tokens(load: Load, size: int) -> None:
    token = bytes(range(1, 256)) * 4
    finder = load(NAME).Finder(token[:size])
    for before in (0, 1, 255, 300):
        assert finder.find(b"\0" * before + token[:size] + b"\0", 0) == before
        assert finder.find(b"\0" * before + token[: size - 1], 0) == -1


letters = st.sampled_from(["a" * 31, "ab" * 16, "é" * 70, "€" * 200, *"bé€😀", *"\0\x7f\x80\u07ff\uffff\ud800\udfff"])


@given(st.lists(letters, max_size=12).map("".join))
def test_utf8(text: str) -> None:
    for name in builds.NAMES:
        utf8 = builds.load(name, NAME).utf8
        try:
            wanted = text.encode()
        except UnicodeEncodeError as error:
            with pytest.raises(UnicodeEncodeError) as raised:
                utf8(text)
            assert str(raised.value) == str(error)
        else:
            assert utf8(text) == wanted


@given(st.lists(st.one_of(letters, st.builds(Markup, letters), st.text(max_size=40)), max_size=12))
def test_join(pieces: list[str]) -> None:
    for name in builds.NAMES:
        found = builds.load(name, NAME).join(pieces)
        if found is None:
            assert len(pieces) < 2 or not any(pieces)
        else:
            assert type(found) is str and found == "".join(pieces)
            # As wide as its widest letter; PyPy does not tell.
            if sys.implementation.name == "cpython":
                assert found.__sizeof__() == "".join(pieces).__sizeof__()


def test_join_of_no_texts() -> None:
    assert builds.load("compiled", NAME).join(["a", 1, "b"]) is None


@given(few, st.sampled_from([97, 255, 0]), st.integers(-2, 14), st.integers(-2, 14))
def test_find_byte(data: bytes, byte: int, start: int, stop: int) -> None:
    for name in builds.NAMES:
        find_byte = builds.load(name, NAME).find_byte
        if start < 0 or stop > len(data):
            with pytest.raises(ValueError, match="range"):
                find_byte(data, byte, start, stop)
        elif stop >= 0:
            assert find_byte(data, byte, start, stop) == data.find(byte, start, stop)


@given(st.text(max_size=8) | st.text(st.characters(max_codepoint=127), max_size=40))
def test_unsafe(text: str) -> None:
    safe = string.ascii_letters + string.digits + "_.-~!$'()*,/:@"
    for build in builds.NAMES:
        assert bool(builds.load(build, NAME).unsafe(text)) == any(letter not in safe for letter in text)


@given(few, st.integers(-2, 14), st.integers(-2, 14))
def test_cut(data: bytes, start: int, stop: int) -> None:
    for name in builds.NAMES:
        cut = builds.load(name, NAME).cut
        if 0 <= start <= stop <= len(data):
            assert cut(data, start, stop) == data[start:stop]
        else:
            with pytest.raises(ValueError, match="range"):
                cut(data, start, stop)


@given(
    st.lists(st.sampled_from(["%", "4", "1", "%41", "%c3", "%A9", "%ff", "%0", "é", "\udc80", "x"]), max_size=8),
    st.sampled_from(["replace", "strict", "werkzeug.url_quote"]),
)
def test_unescape(pieces: list[str], errors: str) -> None:
    def outcome(build: str) -> Any:
        try:
            return builds.load(build, NAME).unescape("".join(pieces), errors)
        except UnicodeError as error:
            return type(error), str(error)

    builds.same(outcome)


@given(
    st.text(st.sampled_from('aZ0!~^_`|-. "\\/(é\u0100\U0001f600'), max_size=8), st.integers(-1, 9), st.integers(-1, 9)
)
def test_token_end(text: str, at: int, size: int) -> None:
    allowed = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
    for name in builds.NAMES:
        token_end = builds.load(name, NAME).token_end
        if not 0 <= at <= size <= len(text):
            with pytest.raises(ValueError, match="range"):
                token_end(text, at, size)
        else:
            rest = text[at:size]
            assert token_end(text, at, size) == size - len(rest.lstrip(allowed))


def test_characters_of_tokens_and_of_literals(load: Load) -> None:
    module = load(NAME)
    tokens = {code for code in range(256) if module.token_end(chr(code), 0, 1)}
    assert bytes(sorted(tokens)).decode("latin-1") == "".join(
        sorted(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
    )
    literals = {code for code in range(256) if module.is_literal(bytes([code]), 0, 1)}
    assert literals == set(range(32, 127)) - set(b'"%\\')


@given(st.binary(max_size=6), st.integers(-1, 7), st.integers(-1, 7))
def test_is_literal(data: bytes, start: int, stop: int) -> None:
    for name in builds.NAMES:
        is_literal = builds.load(name, NAME).is_literal
        if not 0 <= start <= stop <= len(data):
            with pytest.raises(ValueError, match="range"):
                is_literal(data, start, stop)
        else:
            assert is_literal(data, start, stop) == all(is_literal(bytes([byte]), 0, 1) for byte in data[start:stop])


@given(st.text(alphabet="0123456789-+ _.x²٣\0", max_size=20) | st.integers(0, 10**20).map(str))
def test_ascii_number(text: str) -> None:
    wanted = int(text) if text and len(text) <= 18 and not set(text) - set("0123456789") else -1
    for name in builds.NAMES:
        assert builds.load(name, NAME).ascii_number(text) == wanted


def test_cookie_quoted(load: Load) -> None:
    cookie_quoted = load(NAME).cookie_quoted
    for code in (*range(0x180), 0x20AC, 0xD800, 0x1F600):
        char = chr(code)
        quoted = code > 127 or dump_cookie("k", char, path=None) != f"k={char}"
        for text in (char, f"a{char}", f"{char}z"):
            assert bool(cookie_quoted(text)) is quoted, ascii(text)
    assert not cookie_quoted("")


@given(st.text(alphabet=st.characters(max_codepoint=0x100), max_size=6))
def test_not_token(text: str) -> None:
    for name in builds.NAMES:
        module = builds.load(name, NAME)
        assert bool(module.not_token(text)) is (module.token_end(text, 0, len(text)) < len(text))
