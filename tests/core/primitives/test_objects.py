"""Making objects and reaching their own attributes."""

from __future__ import annotations

import sys
import sysconfig
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.primitives.objects"


class Thing:
    pass


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
