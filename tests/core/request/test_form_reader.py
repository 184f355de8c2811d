"""What the headers of a multipart form's parts say, as Werkzeug reads them. ``test_form.py`` reads whole forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.sansio import multipart as oracle

import builds

LINES = [
    *(b"\r", b"\n", b"\r\n", b"\r\n ", b"\n\t", b"-", b" ", b"\t", b"\x0b", b"x", b":", b": ", b"\xff", b"\xc3\xa9"),
    *(b"Content-Disposition: form-data; name=c", b'X: y;\r\n filename="g.txt"\r\nX: z', b"Content-Type: text/plain"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.binary(max_size=3), max_size=10).map(b"".join))
def test_split_headers(block: bytes) -> None:
    def outcome(function: Callable[[bytes], Any]) -> Any:
        try:
            return list(function(block))
        except UnicodeDecodeError as error:
            return str(error)

    expected = outcome(oracle.MultipartDecoder(b"b")._parse_headers)
    for build in builds.NAMES:
        assert outcome(builds.load(build, "bolthead._core.request.form_reader").split_headers) == expected


names = st.lists(
    st.sampled_from([b'"', b"\\", b"%22", b"\r\n", b"\n ", b";", b"a", b" ", b"\xc3\xa9"]) | st.binary(max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(names.map(b"".join), st.sampled_from([b'"', b"", b'"; filename="f"', b'"\r\nX: y"']))
def test_simple_field_names(name: bytes, ending: bytes) -> None:
    """The shortcut for a field's one header says what the long way says, or nothing."""
    block = b'Content-Disposition: form-data; name="' + name + ending
    name_of_module = "bolthead._core.request.form_reader"
    found = builds.same(lambda build: builds.load(build, name_of_module).simple_field_name(block))
    if found is not None:
        module = builds.load("pure", name_of_module)
        assert module.describe(module.split_headers(block)) == (found, None, None)
    elif name.isalnum() and name.isascii():
        assert ending != b'"'
