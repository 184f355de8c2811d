"""Reading context variables, and forwarding to what they hold."""

from __future__ import annotations

import asyncio
import contextvars
import threading
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


CHANGES: dict[str, Callable[[Any], Any]] = {
    "set": lambda thing: setattr(thing, "a", object()),
    "deleted": lambda thing: delattr(thing, "a"),
    "set in the dict": lambda thing: vars(thing).update(a=object()),
    "an item": lambda thing: vars(thing).__setitem__("a", object()),
    "popped": lambda thing: vars(thing).pop("a"),
    "set anew": lambda thing: vars(thing).setdefault("a", object()),
    "cleared": lambda thing: (vars(thing).clear(), setattr(thing, "b", 8)),
    "another dict": lambda thing: setattr(thing, "__dict__", {"a": object(), "b": 9}),
    "of the class": lambda thing: setattr(type(thing), "a", object()),
    "a property": lambda thing: setattr(type(thing), "a", property(lambda self: self.b)),
    "none": lambda thing: delattr(type(thing), "a"),
    "a base's": lambda thing: setattr(type(thing).__mro__[1], "a", property(lambda self: 5)),
    "not a base's": lambda thing: delattr(type(thing).__mro__[1], "a"),
    "no hook": lambda thing: delattr(type(thing), "__getattr__"),
    "a hook": lambda thing: setattr(type(thing), "__getattr__", lambda self, name: (name, self.b)),
    "first of all": lambda thing: setattr(type(thing), "__getattribute__", lambda self, name: f"got {name}"),
}


@pytest.mark.parametrize("marked", [False, True])
def test_attributes_that_change(load: Load, marked: bool) -> None:
    """Read through a proxy, they are what they are without it: whatever changes, one, two and three times."""
    module = load(NAME)

    class Base:
        pass

    class Hooked(Base):
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name) from None

    if marked:
        assert module.only_raises(vars(Hooked)["__getattr__"]) is vars(Hooked)["__getattr__"]
    var: ContextVar[Any] = ContextVar("var")
    proxy = load("bolthead._core.primitives.proxy").LocalProxy(var, None, "nothing here")
    things: list[Any] = [Hooked(), Hooked()]
    for thing in things:
        thing.b = 7

    def read(obj: Any) -> Any:
        try:
            return obj.a
        except AttributeError as error:
            return error.args

    def check(change: str) -> None:
        for thing in (*things, *things):
            var.set(thing)
            assert [read(proxy) for _ in range(3)] == [read(thing)] * 3, change
            assert hasattr(proxy, "a") == hasattr(thing, "a"), change
            assert proxy.b == thing.b, change

    check("new")
    for change, make in CHANGES.items():
        for thing in things[: 2 if change in ("set", "deleted", "another dict") else 1]:
            make(thing)
            check(change)


def test_an_attribute_that_is_always_read(load: Load) -> None:
    """It is what it is without the help: whatever changes, one, two and three times, for two objects and two names."""
    always_read = load(NAME).always_read

    class Base:
        a = 1

    class Derived(Base):
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name) from None

    def read(obj: Any, name: str, how: Callable[[Any, str], Any]) -> Any:
        try:
            return how(obj, name)
        except AttributeError as error:
            return error.args

    things: list[Any] = [Derived(), Derived()]
    for thing in things:
        thing.__dict__.update(a=object(), b=7)
    for change, make in [("new", lambda thing: None), *CHANGES.items()]:
        for changed in things[: 2 if change in ("set", "deleted", "another dict") else 1]:
            make(changed)
            for thing in (*things, *things):
                for name in "aab":
                    assert read(thing, name, always_read) == read(thing, name, getattr), (change, name)


def test_an_error_beside_another_one(load: Load) -> None:
    module = load(NAME)

    class Hooked:
        @module.only_raises  # type: ignore[untyped-decorator]
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name) from None

    var: ContextVar[Any] = ContextVar("var")
    proxy = load("bolthead._core.primitives.proxy").LocalProxy(var, None, "nothing here")
    var.set(Hooked())
    try:
        raise LookupError
    except LookupError:
        with pytest.raises(AttributeError, match="^a$") as caught:
            _ = proxy.a
    assert caught.value.__suppress_context__


def test_a_field_that_changes(load: Load) -> None:
    """What the attribute of a context is, is looked up again when its class or another class is asked."""
    records = load("bolthead._core.lifecycle.records")

    class Context(records.GlobalsRecord):  # type: ignore[misc, name-defined]
        pass

    class Other(Context):
        g: Any = property(lambda self: "other")

    var: ContextVar[Any] = ContextVar("var")
    part = load(NAME).context_value(var, "g", "nothing here")
    context, other = Context(), Other()
    context.g = "own"
    var.set(context)
    assert [part(), part()] == ["own", "own"]
    context.g = "new"
    assert part() == "new"
    var.set(other)
    assert [part(), part()] == ["other", "other"]
    var.set(context)
    assert [part(), part()] == ["new", "new"]
    Context.g = property(lambda self: "patched")
    assert [part(), part()] == ["patched", "patched"]
    del Context.g
    assert [part(), part()] == ["new", "new"]
    del context.g
    for _ in range(2):
        with pytest.raises(AttributeError, match="'g'"):
            part()


def test_contexts_that_change(load: Load) -> None:
    """What a proxy stands for is the current context's, whoever looked it up before."""
    proxy = load("bolthead._core.primitives.proxy").LocalProxy
    var: ContextVar[Any] = ContextVar("var")
    whole, empty = proxy(var, None, "nothing here"), contextvars.copy_context()
    found: list[Any] = []

    def ask() -> None:
        for _ in range(2):
            try:
                found.append(whole.n)
            except RuntimeError as error:
                found.append(str(error))
            found.append((bool(whole), "x" in whole if whole else None))

    class Numbered(dict[str, int]):
        def __init__(self, n: int) -> None:
            super().__init__(x=n)
            self.n = n

    def elsewhere() -> None:
        ask()
        token = var.set(Numbered(2))
        ask()
        var.reset(token)
        ask()

    outer = var.set(Numbered(1))
    copied = contextvars.copy_context()
    for run in (lambda: None, elsewhere, lambda: copied.run(elsewhere), lambda: empty.run(elsewhere)):
        run()
        ask()
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        ask()
    assert whole["x"] == 1
    var.reset(outer)
    ask()
    one, two, none = [1, (True, True)] * 2, [2, (True, True)] * 2, ["nothing here", (False, None)] * 2
    alone, within = none + two + none, one + two + one
    rounds = [[], within, within, alone]
    assert found == [item for first in rounds for item in (*first, *one, *alone, *one)] + none


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
