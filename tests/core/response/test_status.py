"""Status lines, content types, lengths, and a response made of them, against Werkzeug's own."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.response.status"


def test_every_code(load: Load) -> None:
    status_text = load(NAME).status_text
    for code in [*range(1000), 1234]:
        for _ in range(2):
            assert status_text(code) == Response(status=code).status


@pytest.mark.parametrize(
    "mimetype", ["text/html", "text/x;a=b", "application/json", "image/svg+xml", "", "a", "text/ö"]
)
def test_content_types(load: Load, mimetype: str) -> None:
    for _ in range(2):
        wanted = get_content_type(mimetype, "utf-8")
        assert load(NAME).content_type_of(mimetype) == wanted
        assert load(NAME).content_type_header(mimetype) == ("Content-Type", wanted)


@pytest.mark.parametrize("mimetype", ["text/html\r\nX: y", "a\nb", "a\rb"])
def test_a_type_that_breaks_the_line(load: Load, mimetype: str) -> None:
    """It would be a header of its own; twice, because the first answer might be remembered."""
    cls = load("bolthead").Response
    for make in (load(NAME).content_type_of, lambda given: cls("x", mimetype=given), lambda given: cls(mimetype=given)):
        for _ in range(2):
            with pytest.raises(ValueError, match="must not contain newline"):
                make(mimetype)


def test_content_types_of_clients_do_not_pile_up(load: Load) -> None:
    """A remembered one gives the same object each time."""
    content_type_of = load(NAME).content_type_of
    names = [f"text/{number}" for number in range(2000)]
    assert [content_type_of(name) for name in names] == [f"{name}; charset=utf-8" for name in names]
    assert sum(content_type_of(name) is content_type_of(name) for name in names) <= 512


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 5000])
def test_lengths(load: Load, size: int) -> None:
    assert load(NAME).length_of(b"x" * size) == str(size)


def test_bare_response(load: Load) -> None:
    """It is what the constructor makes, without calling it."""
    cls = load("bolthead").Response
    made = load("bolthead._core.response.bare").bare_response(
        cls, "201 CREATED", 201, [("Content-Type", "a/b"), ("Content-Length", "2")], [b"ab"]
    )
    wanted = cls(b"ab", 201, content_type="a/b")
    assert type(made) is cls
    assert vars(made).keys() == vars(wanted).keys()
    assert (made.status, made.status_code, list(made.headers), made.get_data()) == (
        wanted.status, wanted.status_code, list(wanted.headers), wanted.get_data()
    )  # fmt: skip
