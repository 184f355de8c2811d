"""What only C can say quickly, with a source for each build: both must say the same."""

from __future__ import annotations

import string
from abc import ABCMeta
from collections.abc import Callable
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import builds

Load = Callable[[str], ModuleType]
NAMES = ("run", "stop", "value")
NAME = "bolthead._core.primitives.objects"

change = st.tuples(st.sampled_from(["base", "child", "other"]), st.sampled_from(NAMES), st.sampled_from([None, 1, "x"]))


@given(st.lists(change, max_size=12), st.booleans())
def test_watch_sees_every_change(changes: list[tuple[str, str, Any]], read_between: bool) -> None:
    for build in builds.NAMES:
        base = type("Base", (), {"run": len, "value": 0})
        classes = {"base": base, "child": type("Child", (base,), {}), "other": type("Other", (), {"stop": 1})}

        def state(classes: dict[str, type] = classes) -> list[Any]:
            return [getattr(classes[key], name, "missing") for key in ("child", "other") for name in NAMES]

        watch = builds.load(build, NAME).ClassWatch([(classes[key], name) for key in ("child", "other") for name in NAMES])
        before = state()
        assert watch.unchanged()
        for key, name, value in changes:
            if value is None:
                if name in vars(classes[key]):
                    delattr(classes[key], name)
            else:
                setattr(classes[key], name, value)
            if read_between:
                assert watch.unchanged() == (state() == before)
        assert watch.unchanged() == (state() == before)
        assert watch.unchanged() == (state() == before), "asked twice"


@pytest.mark.parametrize("count", [8, 9, 20])
def test_watch_of_many_classes(load: Load, count: int) -> None:
    native = load(NAME)
    classes: list[Any] = [type(f"C{index}", (), {"run": index}) for index in range(count)]
    watch = native.ClassWatch([(cls, "run") for cls in classes])
    assert watch.unchanged()
    assert watch.unchanged()
    classes[-1].run = None
    assert not watch.unchanged()


class Claims:
    """Claims to equal anything, as a wrapper does that stands for what it wraps."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def family(kind: str) -> tuple[Any, Any]:
    """Two classes, of a kind that a watch may have to take another way for."""
    if kind == "with slots":
        return type("A", (), {"__slots__": ("a",)}), type("B", (), {"__slots__": ("b",)})
    if kind == "of a metaclass":
        return ABCMeta("A", (), {}), type("B", (), {})
    if kind == "that refuse subclasses":

        def refuse(cls: Any, **options: Any) -> None:
            raise AssertionError(f"a subclass: {cls}")

        return type("A", (), {"__init_subclass__": classmethod(refuse)}), type("B", (), {})
    if kind == "in no order":
        above = type("A", (), {})
        return above, type("B", (above,), {})
    return type("A", (), {}), type("B", (), {})


@pytest.mark.parametrize("kind", ["plain", "with slots", "of a metaclass", "that refuse subclasses", "in no order"])
def test_watch_of_any_class(load: Load, kind: str) -> None:
    first, second = family(kind)
    first.run = second.stop = stock = len
    watch = load(NAME).ClassWatch([(first, "run"), (first, "none"), (second, "stop"), (second, "__init__")])
    for cls, name in [(first, "run"), (second, "stop"), (second, "run"), (first, "none"), (second, "__init__")] * 20:
        assert watch.unchanged()
        assert watch.unchanged(), "asked twice"
        before = vars(cls).get(name)
        setattr(cls, name, Claims())
        cls.other = 1
        expected = (name, cls) == ("run", second)
        assert watch.unchanged() == expected
        assert watch.unchanged() == expected, "asked twice"
        cls.other = 2
        assert watch.unchanged() == expected, "asked after something else changed"
        if before is None:
            delattr(cls, name)
        else:
            setattr(cls, name, before)
    assert first.run is stock


class Thing:
    def __init__(self) -> None:
        self.part = [1, 2]


def test_forward(load: Load) -> None:
    native = load(NAME)
    var: ContextVar[Any] = ContextVar("var")
    whole = native.Forward(var, None, "nothing here")
    part = native.Forward(var, "part", "nothing here")
    for proxy in (whole, part):
        with pytest.raises(RuntimeError, match="^nothing here$"):
            proxy.anything  # noqa: B018
        with pytest.raises(RuntimeError, match="^nothing here$"):
            proxy.anything = 1
        with pytest.raises(RuntimeError, match="^nothing here$"):
            native.current(proxy)
        with pytest.raises(RuntimeError, match="^nothing here$"):
            proxy._get_current_object()
        assert proxy.__class__ is native.Forward
        assert proxy.__doc__ == native.Forward.__doc__
        assert callable(proxy.__wrapped__)
    thing: Any = Thing()
    token = var.set(thing)
    assert whole._get_current_object() is thing is native.current(whole)
    assert part._get_current_object() is thing.part is native.current(part)
    assert isinstance(whole, Thing)
    whole.colour = "red"
    assert thing.colour == "red"
    del whole.colour
    assert not hasattr(whole, "colour")
    with pytest.raises(AttributeError):
        del whole.colour
    assert part.index(2) == 1
    var.reset(token)
    with pytest.raises(RuntimeError):
        part.index(2)


def test_part_that_is_missing(load: Load) -> None:
    var: ContextVar[Any] = ContextVar("var")
    proxy = load(NAME).Forward(var, "missing", "nothing here")
    var.set(object())
    with pytest.raises(AttributeError, match="missing"):
        proxy.anything  # noqa: B018


def test_context_variables(load: Load) -> None:
    native = load(NAME)
    var: ContextVar[Any] = ContextVar("var")
    assert native.var_get(var, None) is None
    token = native.var_set(var, 1)
    assert native.var_get(var, None) == var.get() == 1
    native.var_reset(var, token)
    assert native.var_get(var, None) is None
    with pytest.raises(RuntimeError):
        native.var_reset(var, token)


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
    plain = string.ascii_letters + string.digits + "_.-~!$'()*,/:@"
    for build in builds.NAMES:
        assert bool(builds.load(build, NAME).unsafe(text)) == any(letter not in plain for letter in text)


def test_own_attributes_and_items(load: Load) -> None:
    """They go past what a class has in their way."""
    native = load(NAME)

    class Guarded:
        def __setattr__(self, name: str, value: Any) -> None:
            raise AssertionError

    guarded = Guarded()
    native.own_set(guarded, "a", 1)
    assert vars(guarded) == {"a": 1}

    class Closed(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise AssertionError

        __setitem__ = setdefault = get = __getitem__  # type: ignore[assignment]

    closed = Closed()
    native.add_pairs(closed, [("a", 1), ("b", 2), ("a", 3)])
    assert dict.items(closed) == {"a": [1, 3], "b": [2]}.items()
    assert native.own_item(closed, "a") == [1, 3]
    assert native.own_item(closed, "c") is None


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

    one, other = (outcome(build) for build in builds.NAMES)
    assert one == other


def test_is_on(load: Load) -> None:
    thing = Thing()
    base: Any = type("Base", (), {"thing": thing})
    child: Any = type("Child", (base,), {})
    is_on = load(NAME).is_on
    assert is_on(base, "thing", thing) and is_on(child, "thing", thing)
    assert not is_on(base, "nothing", thing)
    child.thing = None
    assert is_on(base, "thing", thing) and not is_on(child, "thing", thing)
