"""The multipart scanner: Werkzeug's events, whichever way a body is cut."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio import multipart as oracle

import builds

HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
TOKENS = [
    *(b"\r", b"\n", b"\r\n", b"-", b" ", b"\t", b"\x0b", b"x", b"b", b":", b"\xff"),
    *(b"--b", b"--b--", b"--b\r\n", b"\r\n--b\r\n", b"\r\n--b--\r\n", b"\n--b\n", b"\r--b\r", b"\r\n--b-"),
    *(b"\r\n\r\n", b"\r\r", b"\n\n", b"\r\n ", b"Content-Disposition: form-data; name=c\r\n\r\n", HEAD),
    b'\r\n--b\r\ncontent-disposition: form-data; name="f";\r\n filename="g.txt"\r\nX: y\r\n\r\n',
]
bodies = st.builds(
    lambda head, tokens: head + b"".join(tokens),
    st.sampled_from([b"", HEAD, b"preamble\r\n" + HEAD]),
    st.lists(st.sampled_from(TOKENS) | st.binary(max_size=4), max_size=14),
)


def pieces(body: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cuts), len(body)]
    return [body[a:b] for a, b in itertools.pairwise(edges) if a < b]


def events(decoder: Any, chunks: Sequence[bytes]) -> list[Any]:
    """All events, consecutive ones of data as one, and the error that ends them.

    How much of an unfinished part was given out before an error is a matter of the cuts, so it is left out.
    """
    found: list[Any] = []
    try:
        for chunk in [*chunks, None]:
            decoder.receive_data(chunk)
            while not isinstance(event := decoder.next_event(), oracle.NeedData):
                last = found[-1] if found else None
                if isinstance(event, oracle.Data) and isinstance(last, oracle.Data) and last.more_data:
                    found[-1] = oracle.Data(last.data + event.data, event.more_data)
                else:
                    found.append(event)
                if isinstance(event, oracle.Epilogue):
                    return found
    except ValueError as error:
        if found and isinstance(found[-1], oracle.Data) and found[-1].more_data:
            found.pop()
        found.append((type(error), str(error).replace("DATA_START", "DATA")))
    return found


def decoders(boundary: bytes = b"b") -> list[Any]:
    return [builds.load(build, "bolthead.formparser").MultipartDecoder(boundary) for build in builds.NAMES]


@settings(max_examples=600, deadline=None)
@given(bodies, st.lists(st.integers(0, 200), max_size=6))
def test_events(body: bytes, cuts: list[int]) -> None:
    expected = events(oracle.MultipartDecoder(b"b"), [body])
    for chunks in (
        [body],
        pieces(body, {cut % (len(body) + 1) for cut in cuts}),
        pieces(body, range(len(body))),
    ):
        for decoder in decoders():
            assert events(decoder, chunks) == expected


@settings(max_examples=600, deadline=None)
@given(st.sampled_from([b"-", b"--", b"a b", b"a--", b"----x", b"\xc3", b"a\r\nb", b"\n"]), st.data())
def test_odd_boundaries(boundary: bytes, data: st.DataObject) -> None:
    tokens = [b"--" + boundary, boundary, b"-", b"\r\n", b"\n", b" ", b"x", b"\r\n\r\n"]
    head = b"--" + boundary + HEAD[3:]
    body = head + b"".join(data.draw(st.lists(st.sampled_from(tokens), max_size=12)))
    expected = events(oracle.MultipartDecoder(boundary), [body])
    for chunks in ([body], pieces(body, range(len(body)))):
        for decoder in decoders(boundary):
            assert events(decoder, chunks) == expected


def test_every_cut(load: Callable[[str], Any]) -> None:
    """A sound body cut in three at every pair of places is the same to us and to Werkzeug uncut."""
    body = (
        HEAD + b"one\r\ntwo\r\n" + b'--b\r\nContent-Disposition: form-data; name="f"; filename="n"\r\n\r\n'
        b"\r\n--b.\r\n--bc\r\n\r\n--b--\r\nepilogue"
    )
    decoder = load("bolthead.formparser").MultipartDecoder
    expected = events(oracle.MultipartDecoder(b"b"), [body])
    assert isinstance(expected[-1], oracle.Epilogue)
    for first in range(len(body)):
        for second in range(first, len(body), 3):
            assert events(decoder(b"b"), pieces(body, {first, second})) == expected


@pytest.mark.parametrize("held", [b"\r\n--b" + b" " * 9000, b"\r" * 9000, b"\n" * 9000, b"\r\n--b" * 3000])
def test_long_waits(load: Callable[[str], Any], held: bytes) -> None:
    """What is held back for long is given out whole once it is decided."""
    decoder = load("bolthead.formparser").MultipartDecoder
    body = HEAD + b"x" + held + b"y\r\n--b--\r\n"
    expected = events(oracle.MultipartDecoder(b"b"), [body])
    for size in (1, 7, 1000):
        assert events(decoder(b"b"), pieces(body, range(0, len(body), size))) == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"x" * 3000, id="preamble"),
        pytest.param(b"--b\r\nX: " + b"y" * 3000, id="header block"),
        pytest.param(HEAD + b"x\r\n--b--\r\n" + b"z" * 3000, id="epilogue"),
        pytest.param(HEAD + b"x\r\n--b" + b" " * 3000, id="delimiter"),
    ],
)
def test_held_bytes_are_limited(load: Callable[[str], Any], body: bytes) -> None:
    """The limit is checked before bytes are kept, for whatever part of a body keeps them."""
    decoder = load("bolthead.formparser").MultipartDecoder(b"b", max_form_memory_size=1000)
    with pytest.raises(RequestEntityTooLarge):
        events(decoder, pieces(body, range(0, len(body), 100)))


def test_parts_are_limited(load: Callable[[str], Any]) -> None:
    decoder = load("bolthead.formparser").MultipartDecoder(b"b", max_parts=2)
    part = HEAD + b"x\r\n"
    with pytest.raises(RequestEntityTooLarge):
        events(decoder, [part * 3 + b"--b--\r\n"])
    fine = load("bolthead.formparser").MultipartDecoder(b"b", max_parts=3)
    assert isinstance(events(fine, [part * 3 + b"--b--\r\n"])[-1], oracle.Epilogue)
