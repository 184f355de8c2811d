"""The guard: is a class as shipped?"""

from __future__ import annotations

import gc
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import builds

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.primitives.stock"


def classes() -> tuple[Any, Any, Any]:
    shipped = type("Shipped", (), {"run": len, "stop": max})
    return shipped, type("Child", (shipped,), {}), type("Other", (), {"close": min})


def test_guard(load: Load) -> None:
    shipped, child, other = classes()
    guard = load(NAME).StockGuard(shipped, ["run", "stop", "absent"], [(other, "close")])
    assert guard.holds(shipped) and guard.holds(child)
    child.run = max
    assert guard.holds(shipped) and not guard.holds(child)
    assert not guard.is_stock(child) and guard.is_stock(child, "stop")
    del child.run
    assert guard.holds(child)
    shipped.absent = None
    assert guard.holds(child), "None is as good as nothing"
    shipped.absent = 1
    assert not guard.holds(child) and not guard.holds(shipped)
    del shipped.absent
    other.close = max
    assert not guard.holds(child)
    assert guard.is_stock(child), "the others are not looked at"
    other.close = min
    assert guard.holds(child)


def test_instances(load: Load) -> None:
    shipped, child, _ = classes()
    guard = load(NAME).StockGuard(shipped, ["run"])
    instance = child()
    assert guard.holds_for(instance)
    instance.stop = None
    assert guard.holds_for(instance)
    instance.run = len
    assert not guard.holds_for(instance)


def test_of_nothing(load: Load) -> None:
    guard = load(NAME).StockGuard(None, ())
    assert not guard.holds(object)
    assert not guard.holds(type("C", (), {}))


@pytest.mark.parametrize("count", [1, 99, 101, 250])
def test_more_classes_than_are_remembered(load: Load, count: int) -> None:
    shipped, _, _ = classes()
    guard = load(NAME).StockGuard(shipped, ["run"])
    children: list[Any] = [type(f"C{nth}", (shipped,), {}) for nth in range(count)]
    assert all(guard.holds(cls) for cls in children)
    for cls in children:
        cls.run = max
    assert not any(guard.holds(cls) for cls in children)


def test_everything_is_shipped(load: Load) -> None:
    """A guard that was never filled in would make every method be called, and no test fail."""
    load("bolthead.app")
    module = load(NAME)
    names = [name for name in dir(module.shipped) if not name.startswith("_")]
    assert names
    for name in names:
        value = getattr(module.shipped, name)
        assert value is not None and value != (), name
        if isinstance(value, module.StockGuard):
            assert value.names, name


def test_guards_are_of_classes() -> None:
    """What is no class has neither a version tag nor a watcher: compiled, it would be compared on every request."""
    builds.load("pure", "bolthead.plan")
    guard_class = builds.load("pure", NAME).StockGuard
    # The suite freezes what earlier tests have loaded, and frozen objects are not listed.
    if hasattr(gc, "unfreeze"):
        gc.unfreeze()
    guards = [found for found in gc.get_objects() if type(found) is guard_class]
    assert len(guards) > 20
    for guard in guards:
        owners = [owner for owner, _name, _value in guard._others]
        assert all(isinstance(owner, type) for owner in owners), (guard.names, owners)
