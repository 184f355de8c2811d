"""Making objects and reaching their own attributes."""

from __future__ import annotations

import random
import sys
import sysconfig
import threading
import time
from collections import UserDict
from collections.abc import Callable
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.primitives.objects"


class Thing:
    pass


def test_whether_an_attribute_is_its_own(load: Load) -> None:
    module = load(NAME)
    record = load("bolthead._core.routing.adapter").AdapterRecord

    class Slotted(record):  # type: ignore[misc, valid-type]
        pass

    for made in (Thing(), Slotted()):
        thing: Any = made
        assert not module.has_own(thing, "a")
        thing.a = None
        assert module.has_own(thing, "a")
        assert not module.has_own(thing, "b")
        del thing.a
        assert not module.has_own(thing, "a")
        thing.__dict__ = {"b": 1}
        assert module.has_own(thing, "b")
    assert not module.has_own(Thing(), "__doc__")
    with pytest.raises(AttributeError):
        module.has_own(5, "real")


def test_own_attributes_and_items(load: Load) -> None:
    """They go past what a class has in their way."""
    module = load(NAME)

    class Guarded:
        def __setattr__(self, name: str, value: Any) -> None:
            raise AssertionError

    guarded = Guarded()
    module.own_set(guarded, "a", 1)
    assert vars(guarded) == {"a": 1}

    class Closed(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise AssertionError

        __setitem__ = setdefault = get = __getitem__  # type: ignore[assignment]

    closed = Closed()
    module.add_pairs(closed, [("a", 1), ("b", 2), ("a", 3)])
    assert dict.items(closed) == {"a": [1, 3], "b": [2]}.items()
    assert module.own_item(closed, "a") == [1, 3]
    assert module.own_item(closed, "c") is None


def test_item_of(load: Load) -> None:
    """As the mapping's own look-up has it."""

    class Own(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            return f"own {key}"

    class Default(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            return f"no {key}"

    item_of = load(NAME).item_of
    changed: Any = type("Changed", (dict,), {})({"a": 1})
    for mapping in ({"a": 1}, Own(a=1), Default(a=1), MappingProxyType({"a": 1}), changed, UserDict({"a": 1})):
        for key in ("a", "b"):
            try:
                wanted: Any = mapping[key]
            except KeyError as error:
                wanted = error.args
            try:
                assert item_of(mapping, key) == wanted
            except KeyError as error:
                assert error.args == wanted
    type(changed).__getitem__ = lambda self, key: 2
    assert item_of(changed, "a") == 2
    with pytest.raises(TypeError, match="unhashable"):
        item_of({}, [])


def test_is_on(load: Load) -> None:
    thing = Thing()
    base: Any = type("Base", (), {"thing": thing})
    child: Any = type("Child", (base,), {})
    is_on = load(NAME).is_on
    assert is_on(base, "thing", thing) and is_on(child, "thing", thing)
    assert not is_on(base, "nothing", thing)
    child.thing = None
    assert is_on(base, "thing", thing) and not is_on(child, "thing", thing)


def test_immortal_is_the_value_itself(load: Load, build: str) -> None:
    """Without the GIL its count of references no longer changes."""
    value = Thing()
    assert load(NAME).immortal(value) is value
    if build == "compiled" and sysconfig.get_config_var("Py_GIL_DISABLED"):
        before = sys.getrefcount(value)
        others = [value] * 10
        assert sys.getrefcount(value) == before, others


def test_a_semaphore_lets_one_thread_through_for_each_release(load: Load) -> None:
    module = load(NAME)
    there, back = module.Semaphore(), module.Semaphore()
    log: list[str] = []

    def answer() -> None:
        for _ in range(100):
            there.acquire()
            log.append("there")
            back.release()

    thread = threading.Thread(target=answer)
    thread.start()
    for _ in range(100):
        there.release()
        back.acquire()
        log.append("back")
    thread.join()
    assert log == ["there", "back"] * 100


@pytest.mark.parametrize("longest", [0, 40, 120])
def test_no_release_is_lost_however_long_the_threads_take(load: Load, longest: int) -> None:
    """Up to *longest* µs, a turn: the thread spins, sleeps, or goes from the one to the other as it is released."""
    module = load(NAME)
    there, back = module.Semaphore(), module.Semaphore()
    rng = random.Random(longest)
    pauses = [rng.uniform(0, longest / 1e6) for _ in range(1000)]
    log: list[int] = []

    def take(pause: float) -> None:
        until = time.perf_counter() + pause
        while time.perf_counter() < until:
            pass

    def answer() -> None:
        for number, pause in enumerate(pauses):
            there.acquire()
            log.append(number)
            take(pause)
            back.release()

    thread = threading.Thread(target=answer)
    thread.start()
    for number, pause in enumerate(reversed(pauses)):
        there.release()
        back.acquire()
        log.append(-number)
        take(pause)
    thread.join()
    assert log == [signed for number in range(1000) for signed in (number, -number)]


def test_a_turn_is_taken_by_one_thread(load: Load) -> None:
    module = load(NAME)
    for _ in range(50):
        turn = module.Turn()
        meet = threading.Barrier(4)
        found: list[bool] = []

        def take(turn: Any = turn, meet: Any = meet, found: Any = found) -> None:
            meet.wait()
            found.append(turn.take())

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == [False, False, False, True]
        assert not turn.take()


def test_disjoint(load: Load) -> None:
    disjoint = load(NAME).disjoint
    names = {"a": 1, "b": 2}
    assert disjoint(names, {}) and disjoint({}, names) and disjoint(names, {"c": 1, "d": 2, "e": 3})
    assert not disjoint(names, {"b": 0}) and not disjoint(names, {"c": 1, "d": 2, "e": 3, "a": None})
    assert disjoint(names, MappingProxyType({"c": 1})) and not disjoint(names, UserDict(a=1))


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.update(kind="odd"),
        lambda made: made.update(more=1),
        lambda made: made.pop("kind"),
        lambda made: made.clear(),
        lambda made: made.update(made),
        lambda made: None,
    ],
)
def test_a_template(load: Load, change: Callable[[dict[str, Any]], Any]) -> None:
    """What it makes is the same whatever was done with what it made before, which stays who has it."""
    template = load(NAME).Template({"kind": "a", "value": None, "more": False}, "value")
    kept = []
    for nth in range(4):
        made = template.filled(nth)
        assert list(made.items()) == [("kind", "a"), ("value", nth), ("more", False)]
        change(made)
        kept.append((made, dict(made)))
        template.take_back(made)
    assert all(made == seen for made, seen in kept)
    while kept:
        template.take_back(kept.pop()[0])
        assert template.filled(9) == {"kind": "a", "value": 9, "more": False}
