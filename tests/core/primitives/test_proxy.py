"""Our proxies against Werkzeug's: every operation gives the same, or fails with the same kind of error."""

from __future__ import annotations

import asyncio
import copy
import math
import operator
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from werkzeug.local import LocalProxy as Oracle

Load = Callable[[str], ModuleType]
UNBOUND = "nothing here"

NAMES = (
    "add sub mul matmul truediv floordiv mod pow lshift rshift and_ or_ xor lt le eq ne gt ge contains getitem"
    " iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift iand ior ixor"
)
BINARY = [*(getattr(operator, name) for name in NAMES.split(" ")), divmod]
UNARY = [
    bool, repr, str, bytes, hash, len, iter, next, reversed, dir, callable, complex, int, float, abs, round,
    math.trunc, math.floor, math.ceil, operator.neg, operator.pos, operator.invert, operator.index,
    operator.length_hint, copy.copy, copy.deepcopy, format, lambda proxy: proxy.__class__, lambda proxy: proxy(),
    lambda proxy: isinstance(1, proxy), lambda proxy: issubclass(bool, proxy), lambda proxy: round(proxy, 1),
]  # fmt: skip


class Strange:
    """Has what the built-in types have not."""

    def __matmul__(self, other: Any) -> str:
        return f"matmul {other}"

    def __rmatmul__(self, other: Any) -> str:
        return f"rmatmul {other}"

    def __repr__(self) -> str:
        return "strange"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Strange)

    def __hash__(self) -> int:
        return 7

    def __call__(self) -> str:
        return "called"

    def __enter__(self) -> str:
        return "entered"

    def __exit__(self, *error: Any) -> bool:
        return True

    def __length_hint__(self) -> int:
        return 7


def values() -> list[Any]:
    return [
        5, 2.5, True, "text", b"bytes", [1, 2, 3], (3, 4), {1: 2}, {1, 2}, Decimal("2.50"), Strange(),
    ]  # fmt: skip


def pair(load: Load, value: Any) -> tuple[Any, Any]:
    """Two proxies of two equal objects: ours and Werkzeug's."""
    ours: ContextVar[Any] = ContextVar("ours")
    theirs: ContextVar[Any] = ContextVar("theirs")
    ours.set(value)
    theirs.set(copy.deepcopy(value))
    local = load("bolthead._core.primitives.proxy").LocalProxy
    return local(ours, None, UNBOUND), Oracle(theirs, unbound_message=UNBOUND)


def outcome(call: Callable[..., Any], *args: Any) -> Any:
    try:
        result = call(*args)
    except Exception as error:
        return type(error)
    if isinstance(result, float) and math.isnan(result):
        return "nan"
    if type(result).__name__ == "LocalProxy":
        return "proxy", result._get_current_object()
    if type(result) is not Strange and hasattr(result, "__next__"):
        return list(result)
    return result


@pytest.mark.parametrize("value", values(), ids=lambda value: type(value).__name__)
def test_unary(load: Load, value: Any) -> None:
    for call in UNARY:
        ours, theirs = pair(load, value)
        same(outcome(call, ours), outcome(call, theirs), call)


def same(got: Any, wanted: Any, what: Any) -> None:
    assert got == wanted, what


@pytest.mark.parametrize("value", values(), ids=lambda value: type(value).__name__)
def test_binary(load: Load, value: Any) -> None:
    for call in BINARY:
        for other in (2, 1.5, "t", [1], {1}, Decimal(2)):
            ours, theirs = pair(load, value)
            same(outcome(call, ours, other), outcome(call, theirs, other), (call, other))
            ours, theirs = pair(load, value)
            same(outcome(call, other, ours), outcome(call, other, theirs), (call, other, "reflected"))


def test_items_attributes_and_blocks(load: Load) -> None:
    for proxy in pair(load, [1, 2, 3]):
        proxy[0] = 9
        del proxy[1]
        assert list(proxy) == [9, 3]
        assert 9 in proxy
    for proxy in pair(load, Strange()):
        proxy.colour = "red"
        assert proxy.colour == "red"
        del proxy.colour
        assert not hasattr(proxy, "colour")
        with proxy as entered:
            assert entered == "entered"
            raise ValueError("swallowed")


def test_asynchronous(load: Load) -> None:
    class Later:
        def __await__(self) -> Any:
            yield
            return "awaited"

        async def __aenter__(self) -> str:
            return "entered"

        async def __aexit__(self, *error: Any) -> None:
            return None

        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> Any:
            raise StopAsyncIteration

    async def use(proxy: Any) -> Any:
        async with proxy as entered:
            found = [item async for item in proxy]
            try:
                await anext(proxy)
            except StopAsyncIteration:
                found.append("end")
        return entered, found, await proxy

    for proxy in pair(load, Later()):
        assert asyncio.run(use(proxy)) == ("entered", ["end"], "awaited")


def test_unbound(load: Load) -> None:
    var: ContextVar[Any] = ContextVar("var")
    ours = load("bolthead._core.primitives.proxy").LocalProxy(var, None, UNBOUND)
    theirs = Oracle(var, unbound_message=UNBOUND)
    for proxy in (ours, theirs):
        assert repr(proxy) == "<LocalProxy unbound>"
        assert not proxy
        assert dir(proxy) == []
        assert proxy.__class__ is type(proxy)
        for call in (str, len):
            with pytest.raises(RuntimeError, match=UNBOUND):
                call(proxy)


def test_a_look_up_that_fails_is_made_once(load: Load) -> None:
    """A property may do something before it fails; its error comes out, by whichever way the attribute is asked for."""

    class Counts:
        asked = 0

        @property
        def fails(self) -> Any:
            self.asked += 1
            return self.missing  # type: ignore[attr-defined]

    ways: list[Callable[[Any], Any]] = [
        lambda proxy: proxy.fails,
        lambda proxy: getattr(proxy, "fails", "default"),
        lambda proxy: hasattr(proxy, "fails"),
        lambda proxy: type(proxy).__getattr__(proxy, "fails") if type(proxy) is not Oracle else proxy.fails,
    ]
    for way in ways:
        for proxy in pair(load, Counts()):
            try:
                assert way(proxy) in ("default", False)
            except AttributeError as error:
                assert error.name == "missing" and error.obj is proxy._get_current_object()
                assert error.__context__ is None
            assert proxy.asked == 1


def test_errors_within_errors(load: Load) -> None:
    """A look-up that fails within one that fails, and after one that did."""
    for inner in pair(load, Strange()):
        proxies = pair(load, 0)

        class Nested:
            @property
            def fails(self, inner: Any = inner) -> Any:
                try:
                    return inner.first
                except AttributeError:
                    return inner.second

        for proxy in proxies:
            proxy_of_nested = pair(load, Nested())[proxy is proxies[1]]
            with pytest.raises(AttributeError, match="second") as raised:
                _ = proxy_of_nested.fails
            assert raised.value.__context__ is not None and "first" in str(raised.value.__context__)
            with pytest.raises(AttributeError, match="third"):
                _ = proxy_of_nested.third


def test_an_attribute_or_a_default(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """``getattr`` with a default, of whatever a proxy stands for; nothing is asked twice."""
    asked: list[str] = []

    class Thing:
        here = "here"

        @property
        def lost(self) -> None:
            asked.append("lost")
            raise AttributeError

        @property
        def broken(self) -> None:
            asked.append("broken")
            raise ValueError

    class Hooked(Thing):
        def __getattr__(self, name: str) -> str:
            asked.append(name)
            if name == "absent":
                raise AttributeError
            return name

    local = load("bolthead._core.primitives.proxy").LocalProxy
    derived: Any = type("Derived", (local,), {"__slots__": ()})
    attribute_or = load("bolthead._core.primitives.context_vars").attribute_or

    def told(get: Callable[..., Any], proxy: Any, name: str) -> str:
        try:
            return str(get(proxy, name, None))
        except Exception as error:
            return repr(error)

    def compare() -> None:
        for value in (Thing(), Hooked(), 5, None):
            for cls in (local, derived):
                var: ContextVar[Any] = ContextVar("var")
                proxy = cls(var, None, UNBOUND)
                for name in ("here", "lost", "broken", "absent", "_get_current_object", "__class__", "__name__", "é"):
                    found = []
                    for get in (attribute_or, getattr):
                        unbound = told(get, proxy, name)
                        token = var.set(value)
                        found.append((unbound, told(get, proxy, name), tuple(asked)))
                        var.reset(token)
                        asked.clear()
                    assert found[0] == found[1], name

    compare()
    with monkeypatch.context() as patch:
        patch.setattr(local, "__getattribute__", lambda self, name: asked.append(name) or name)
        compare()
    compare()
