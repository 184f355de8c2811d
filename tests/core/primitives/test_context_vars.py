"""Reading context variables, and forwarding to what they hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.primitives.context_vars"


class Thing:
    def __init__(self) -> None:
        self.part = [1, 2]


def test_context_value(load: Load) -> None:
    module = load(NAME)
    var: ContextVar[Any] = ContextVar("var")
    whole = module.context_value(var, None, "nothing here")
    part = module.context_value(var, "part", "nothing here")
    missing = module.context_value(var, "missing", "nothing here")
    for value in (whole, part, missing):
        with pytest.raises(RuntimeError, match="^nothing here$"):
            value()
    thing = Thing()
    token = var.set(thing)
    assert whole() is thing
    assert part() is thing.part
    with pytest.raises(AttributeError, match="missing"):
        missing()
    var.reset(token)
    with pytest.raises(RuntimeError):
        part()


def test_current_and_attributes(load: Load) -> None:
    module = load(NAME)
    proxy = load("bolthead._core.primitives.proxy").LocalProxy
    var: ContextVar[Any] = ContextVar("var")
    whole = proxy(var, None, "nothing here")
    with pytest.raises(RuntimeError, match="^nothing here$"):
        module.current(whole)
    with pytest.raises(RuntimeError, match="^nothing here$"):
        module.set_attribute(whole, "colour", "red")
    thing: Any = Thing()
    var.set(thing)
    assert module.current(whole) is thing
    module.set_attribute(whole, "colour", "red")
    assert thing.colour == whole.colour == "red"


def test_look_ups_of_a_class(load: Load) -> None:
    """What a class has itself comes first, then what the proxy stands for."""
    cls = load("bolthead._core.primitives.proxy").LocalProxy
    var: ContextVar[Any] = ContextVar("var")
    proxy = cls(var, None, "nothing here")
    load(NAME).forward_slots(cls)
    assert proxy.__module__ == "werkzeug.local"
    for name in ("anything", "_anything", "__anything__", ""):
        with pytest.raises(RuntimeError, match="^nothing here$"):
            getattr(proxy, name)
    var.set(Thing())
    assert proxy.__module__ == "werkzeug.local" and proxy.part == [1, 2]
    for name in ("anything", "_anything", "__anything__", ""):
        with pytest.raises(AttributeError):
            getattr(proxy, name)


def test_context_variables(load: Load) -> None:
    module = load(NAME)
    var: ContextVar[Any] = ContextVar("var")
    assert module.var_get(var, None) is None
    token = module.var_set(var, 1)
    assert module.var_get(var, None) == var.get() == 1
    module.var_reset(var, token)
    assert module.var_get(var, None) is None
    with pytest.raises(RuntimeError):
        module.var_reset(var, token)


class Waits:
    """An awaitable that is no coroutine: it yields each of *values*, and returns what it was sent for them."""

    def __init__(self, *values: Any) -> None:
        self.values = values

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        sent = []
        for value in self.values:
            sent.append((yield value))
        return sent


async def at_once() -> str:
    return "value"


async def later(log: list[Any]) -> str:
    try:
        log.append(await Waits(1, 2))
    except KeyError as error:
        log.append(error.args)
    return "value"


async def fails() -> None:
    raise LookupError("at once")


def test_a_coroutine_is_run_to_where_it_waits(load: Load) -> None:
    module = load(NAME)
    assert module.advance(at_once()) == "value"
    with pytest.raises(LookupError, match="at once"):
        module.advance(fails())

    async def through(awaitable: Any) -> Any:
        found = module.advance(awaitable)
        assert type(found) is module.Rest
        return await found

    log: list[Any] = []
    driver = through(later(log))
    assert driver.send(None) == 1
    assert driver.send("a") == 2
    with pytest.raises(StopIteration) as ended:
        driver.send("b")
    assert ended.value.value == "value"
    assert log == [["a", "b"]]

    log.clear()
    driver = through(later(log))
    assert driver.send(None) == 1
    with pytest.raises(StopIteration):
        driver.throw(KeyError("thrown"))
    assert log == [("thrown",)]

    driver = through(later(log))
    assert driver.send(None) == 1
    driver.close()
    assert len(log) == 1


def test_the_rest_of_a_coroutine_in_a_task(load: Load) -> None:
    module = load(NAME)

    async def main() -> Any:
        return await module.advance(asyncio.sleep(0, "slept"))

    assert asyncio.run(main()) == "slept"
