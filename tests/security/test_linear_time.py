"""Parsers and router take a number of steps that grows with the input, and not with its square.

Steps are counted, not timed: the lines that the pure version runs, and the letters that its regular expressions and
slices go through are bounded with them, since each line handles a piece of the text once. The compiled modules are the
same source, or are compared with it by the tests of each module; for those the result is compared here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

import pytest

import builds

Load = Callable[[str], ModuleType]
SIZE = 2000


def steps(call: Callable[[], Any]) -> int:
    """How many lines of the core *call* runs."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        if "_core" not in frame.f_code.co_filename:
            return None
        if event == "line":
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


COOKIES: dict[str, Callable[[int], str]] = {
    "spaces before a quote": lambda n: "a=" + " " * n + '"',
    "quotes that open": lambda n: ';a="' * n,
    "one quote that never closes": lambda n: 'a="' + ";b=" * n,
    "escaped quotes": lambda n: 'a="\\";' * n,
    "separators": lambda n: ";" * n,
    "tabs": lambda n: "a\t" * n,
    "many": lambda n: "a=b; " * n,
    "odd pairs": lambda n: 'a b="c";' * n,
}
OPTIONS: dict[str, Callable[[int], str]] = {
    "a quote that never closes": lambda n: 'a/b; x="' + "y" * n,
    "quotes that open": lambda n: 'a/b; x="' * n,
    "extended names": lambda n: "a/b; " + "x*0=y;" * n,
    "continued": lambda n: "a/b; " + "".join(f"x*{nth}=y;" for nth in range(n)),
    "apostrophes": lambda n: "a/b;" + "'" * n,
    "spaces": lambda n: "a/b;" + " " * n + "x",
    "backslashes": lambda n: 'a/b; x="' + "\\" * n,
}
QUERIES: dict[str, Callable[[int], str]] = {
    "pairs": lambda n: "a=b&" * n,
    "separators": lambda n: "&" * n,
    "escapes": lambda n: "a=" + "%41" * n,
    "broken escapes": lambda n: "%" * n,
    "one": lambda n: "a" * n,
}


def check(load: Load, module: str, function: str, text: Callable[[int], str], *more: Any) -> None:
    name = f"bolthead._core.http.{module}"
    pure, compiled = (getattr(builds.load(build, name), function) for build in ("pure", "compiled"))
    once, twice, four = (steps(lambda n=n: pure(text(n), *more)) for n in (SIZE, 2 * SIZE, 4 * SIZE))
    assert once, "nothing was counted"
    # What does not grow at all is done by one call of C.
    assert twice <= 2.1 * once + 50 and four <= 4.2 * once + 150, (once, twice, four)
    for size in (3, 50):
        assert (
            getattr(load(name), function)(text(size), *more) == pure(text(size), *more) == compiled(text(size), *more)
        )


@pytest.mark.parametrize("text", COOKIES)
def test_cookies(load: Load, text: str) -> None:
    check(load, "cookies", "parse_cookie_pairs", COOKIES[text])


@pytest.mark.parametrize("text", OPTIONS)
def test_werkzeug_2904_options(load: Load, text: str) -> None:
    check(load, "headers", "parse_options", OPTIONS[text])


@pytest.mark.parametrize("text", QUERIES)
def test_queries(load: Load, text: str) -> None:
    check(load, "query", "parse_pairs", QUERIES[text], "strict")


BODIES: dict[str, Callable[[int], bytes]] = {
    "parts": lambda n: b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * n + b"--b--\r\n",
    "delimiters that are none": lambda n: b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"\r\n--" * n,
    "line breaks": lambda n: b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"\r\n" * n + b"\r\n--b--",
    "headers": lambda n: b"--b\r\n" + b"x: y\r\n" * n + b"\r\n",
    "no part": lambda n: b"-" * n,
}


@pytest.mark.parametrize("piece", [64, 500])
@pytest.mark.parametrize("text", BODIES)
def test_bodies_in_pieces(text: str, piece: int) -> None:
    """Whatever the pieces: what was looked at is not looked at again with each of them."""

    def read(module: ModuleType, body: bytes) -> list[int]:
        scanner, found = module.Scanner(b"b"), []
        for at in range(0, len(body), piece):
            scanner.feed(body[at : at + piece])
            while True:
                kind = scanner.next()
                if kind in (module.NEED, module.EPILOGUE):
                    break
                found.append(kind)
        return found

    pure, compiled = (builds.load(build, "bolthead._core.request.multipart") for build in ("pure", "compiled"))
    # A few thousand bytes are searched again with each piece; beyond that, when as much has come.
    once, eight = (steps(lambda n=n: read(pure, BODIES[text](n))) for n in (SIZE, 8 * SIZE))
    assert once and eight <= 1.3 * 8 * once + 500, (once, eight)
    assert read(pure, BODIES[text](20)) == read(compiled, BODIES[text](20))


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        (["/<path:a>/x", "/<path:a>/y"], "/a" * 1),
        (["/<path:a>-<path:b>/end"], "/a-"),
        (["/<a>/<b>/x", "/<a>/<b>/y", "/<path:rest>"], "/a/b"),
        (["/<x>-<y>-<z>"], "-"),
    ],
    ids=str,
)
def test_paths(rules: list[str], path: str) -> None:
    """A path that fails, or fits only the last rule."""
    outcomes = {}
    for build in ("pure", "compiled"):
        routing = builds.load(build, "bolthead.routing")
        table = routing.Map([routing.Rule(rule, endpoint=rule) for rule in rules])
        adapter = table.bind("localhost")
        lookup = builds.load(build, "bolthead._core.routing.search").lookup_tree

        def ask(n: int, lookup: Any = lookup, tree: Any = table._tree) -> int:
            return lookup(tree, "", f"/{path.strip('/') * n}\n", "GET", False)[0]  # type: ignore[no-any-return]

        adapter.test("/")
        outcomes[build] = [ask(n) for n in (1, 2, 30)]
        if build == "pure":
            once, twice, four = (steps(lambda n=n: ask(n)) for n in (100, 200, 400))
            assert once and twice <= 2.2 * once + 50 and four <= 4.4 * once + 150, (once, twice, four)
    assert outcomes["pure"] == outcomes["compiled"]
