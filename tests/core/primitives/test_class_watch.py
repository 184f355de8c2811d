"""Whether an attribute of a class changed: the two versions say the same, on every interpreter."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

import builds

Load = Callable[[str], ModuleType]
NAMES = ("run", "stop", "value")
NAME = "bolthead._core.primitives.class_watch"

change = st.tuples(st.sampled_from(["base", "child", "other"]), st.sampled_from(NAMES), st.sampled_from([None, 1, "x"]))


@given(st.lists(change, max_size=12), st.booleans(), st.sampled_from(["", "child", "other", "child other"]))
def test_watch_sees_every_change(changes: list[tuple[str, str, Any]], read_between: bool, probed: str) -> None:
    for build in builds.NAMES:
        base = type("Base", (), {"run": len, "value": 0})
        classes = {"base": base, "child": type("Child", (base,), {}), "other": type("Other", (), {"stop": 1})}
        if probed:
            builds.load(build, NAME).probe(*[classes[key] for key in probed.split()])

        def state(classes: dict[str, type] = classes) -> list[Any]:
            return [getattr(classes[key], name, "missing") for key in ("child", "other") for name in NAMES]

        watch = builds.load(build, NAME).ClassWatch(
            [(classes[key], name) for key in ("child", "other") for name in NAMES]
        )
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
    module = load(NAME)
    classes: list[Any] = [type(f"C{index}", (), {"run": index}) for index in range(count)]
    watch = module.ClassWatch([(cls, "run") for cls in classes])
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


both_ways = pytest.mark.parametrize("probed", [False, True])


@both_ways
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_base_at_any_depth(load: Load, depth: int, probed: bool) -> None:
    classes: list[Any] = [type("Base", (), {"run": len})]
    for _ in range(depth):
        classes.append(type("Child", (classes[-1],), {}))
    if probed:
        load(NAME).probe(classes[-1])
    watch = load(NAME).ClassWatch([(classes[-1], "run"), (classes[-1], "absent")])
    for cls in classes:
        for name, value in (("run", max), ("absent", None)):
            assert watch.unchanged()
            before = vars(cls).get(name)
            setattr(cls, name, value)
            assert not watch.unchanged()
            assert not watch.unchanged(), "asked twice"
            if before is None:
                delattr(cls, name)
            else:
                setattr(cls, name, before)
            assert watch.unchanged()


@both_ways
def test_the_number_of_names(load: Load, probed: bool) -> None:
    base: Any = type("Base", (), {"run": len})
    child: Any = type("Child", (base,), {f"name_{number}": number for number in range(300)})
    if probed:
        load(NAME).probe(child)
    watch = load(NAME).ClassWatch([(base, None), (child, None)])
    for cls in (base, child):
        assert watch.unchanged()
        cls.run = max
        assert watch.unchanged() == (cls is base)
        cls.more = 1
        assert not watch.unchanged()
        assert not watch.unchanged(), "asked twice"
        del cls.more
        if cls is child:
            del cls.run
        assert watch.unchanged()


@both_ways
def test_other_bases(load: Load, probed: bool) -> None:
    first: Any = type("First", (), {"run": len})
    second: Any = type("Second", (), {"run": max})
    child: Any = type("Child", (first,), {})
    if probed:
        load(NAME).probe(child)
    watch = load(NAME).ClassWatch([(child, "run"), (first, "stop")])
    assert watch.unchanged()
    child.__bases__ = (second,)
    assert not watch.unchanged()
    child.__bases__ = (first,)
    assert watch.unchanged()
    first.stop = len
    assert not watch.unchanged()
    del first.stop
    assert watch.unchanged()
    child.__bases__ = (type("Third", (), {"run": len}),)
    assert watch.unchanged(), "the same function of another base"
    first.stop = len
    assert not watch.unchanged(), "of a class that was a base"


@both_ways
def test_a_class_that_changes_without_end(load: Load, probed: bool) -> None:
    """CPython stops giving version tags to such a class, and tells nothing of its changes from then on."""
    cls: Any = type("Busy", (), {"run": len, "count": 0})
    if probed:
        load(NAME).probe(cls)
    watch = load(NAME).ClassWatch([(cls, "run")])
    for count in range(3000):
        cls.count = count
        assert cls.count == count
        assert watch.unchanged()
    for _ in range(3):
        cls.run = max
        assert not watch.unchanged()
        cls.run = len
        assert watch.unchanged()


@both_ways
def test_two_watches_of_one_class(load: Load, probed: bool) -> None:
    """Each tells by itself: that one was asked says nothing to the other."""
    cls: Any = type("C", (), {"run": len})
    if probed:
        load(NAME).probe(cls)
    one, other = (load(NAME).ClassWatch([(cls, "run")]) for _ in range(2))
    cls.run = max
    assert not one.unchanged()
    cls.run = len
    assert one.unchanged()
    cls.run = max
    assert not one.unchanged() and not other.unchanged()


class Counting:
    """A class attribute that counts how often it is looked up."""

    lookups = 0

    def __get__(self, instance: Any, owner: Any) -> Counting:
        Counting.lookups += 1
        return self


def lookups(watch: Any, times: int) -> int:
    before = Counting.lookups
    for _ in range(times):
        assert watch.unchanged()
    return Counting.lookups - before


def test_probed_classes_cost_no_look_ups(load: Load) -> None:
    """On CPython until it stops to set the flag: then they are compared."""
    module = load(NAME)
    base: Any = type("Base", (), {"run": Counting()})
    one, other = type("One", (base,), {}), type("Other", (base,), {})
    module.probe(one, other)
    watch = module.ClassWatch([(one, "run"), (other, "run"), (base, "run")])
    told = getattr(module, "_flags_tell", lambda: True)()
    assert (lookups(watch, 100) == 0) == told
    base.other = 1
    assert watch.unchanged(), "something else changed"
    assert (lookups(watch, 100) == 0) == told, "and is not looked at again"
    base.run = Counting()
    assert not watch.unchanged()
    assert not watch.unchanged(), "asked twice"


def test_a_probe_is_of_bolthead_s_own_classes(load: Load) -> None:
    """A user's class may count the classes that are derived from it."""
    bolthead = load("bolthead")

    class Own(bolthead.Flask):  # type: ignore[misc, name-defined]
        request_class = type("OwnRequest", (bolthead.Request,), {})
        response_class = type("OwnResponse", (bolthead.Response,), {})

    app = Own("site", root_path="/nowhere")
    app.add_url_rule("/", "index", lambda: "text")
    assert Client(app).get("/").data == b"text"
    assert not Own.__subclasses__()
    assert not Own.request_class.__subclasses__() and not Own.response_class.__subclasses__()


@pytest.mark.parametrize("count", [1, 7, 12, 40, 200])
def test_unchanged_classes_cost_no_look_ups(build: str, load: Load, count: int) -> None:
    """Compiled, whatever their number; pure, one look-up for each attribute (and one more for each class)."""
    classes: list[Any] = [type(f"C{nth}", (type(f"B{nth}", (), {"run": Counting()}),), {}) for nth in range(count)]
    watch = load(NAME).ClassWatch([(cls, "run") for cls in classes])
    assert watch.unchanged()
    assert lookups(watch, 100) <= (0 if build == "compiled" else 200 * count)
    classes[0].__bases__[0].run = Counting()
    assert not watch.unchanged()


@pytest.mark.parametrize("depth", [1, 6])
def test_a_plan_of_many_classes_costs_no_more(build: str, load: Load, depth: int) -> None:
    """An application with classes of its own everywhere: seven that are watched, each with *depth* bases."""
    bolthead = load("bolthead")

    def child(cls: Any) -> Any:
        for nth in range(depth):
            cls = type(f"{cls.__name__}{nth}", (cls,), {})
        return cls

    own = child(bolthead.Flask)
    own.request_class, own.response_class = child(bolthead.Request), child(bolthead.Response)
    own.session_interface = child(load("bolthead.sessions").SecureCookieSessionInterface)()
    own.url_map_class = child(load("bolthead.routing").Map)
    own.trap_http_exception = own.async_to_sync = Counting()
    app = own("site", root_path="/nowhere")
    app.add_url_rule("/", "index", lambda: "text")
    client = Client(app)
    for _ in range(2):
        assert client.get("/").data == b"text"
    plan, before = app._plan, Counting.lookups
    for _ in range(20):
        assert client.get("/").data == b"text"
    assert app._plan is plan
    # Compiled, none for a request; but a class of another test that is collected meanwhile is a change to look at.
    assert Counting.lookups - before <= (19 if build == "compiled" else 20 * 4)


def test_what_is_taken_away_meanwhile(load: Load) -> None:
    """By another thread: a change, and no error."""

    class Watched:
        first = second = staticmethod(len)

    def pairs() -> Iterator[tuple[type, str]]:
        yield Watched, "first"
        del Watched.first
        yield Watched, "second"

    watch = load(NAME).ClassWatch(pairs())
    Watched.first = staticmethod(max)  # type: ignore[assignment]
    assert not watch.unchanged()


def test_functions_of_modules(load: Load) -> None:
    module = ModuleType("tools")
    module.open = module.stat = len  # type: ignore[attr-defined]
    functions = load(NAME).StockFunctions((module, "open stat"))
    assert functions.unchanged()
    module.stat = max  # type: ignore[attr-defined]
    assert not functions.unchanged()
    module.stat = len  # type: ignore[attr-defined]
    assert functions.unchanged()
    del module.open  # type: ignore[attr-defined]
    assert not functions.unchanged()
    assert load(NAME).StockFunctions().unchanged()
    with pytest.raises(KeyError):
        load(NAME).StockFunctions((module, "nothing"))
