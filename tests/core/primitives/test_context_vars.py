"""Reading context variables, and forwarding to what they hold."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.primitives.context_vars"


class Thing:
    def __init__(self) -> None:
        self.part = [1, 2]


def test_forward(load: Load) -> None:
    module = load(NAME)
    var: ContextVar[Any] = ContextVar("var")
    whole = module.Forward(var, None, "nothing here")
    part = module.Forward(var, "part", "nothing here")
    for proxy in (whole, part):
        with pytest.raises(RuntimeError, match="^nothing here$"):
            proxy.anything  # noqa: B018
        with pytest.raises(RuntimeError, match="^nothing here$"):
            proxy.anything = 1
        with pytest.raises(RuntimeError, match="^nothing here$"):
            module.current(proxy)
        with pytest.raises(RuntimeError, match="^nothing here$"):
            proxy._get_current_object()
        assert proxy.__class__ is module.Forward
        assert proxy.__doc__ == module.Forward.__doc__
        assert callable(proxy.__wrapped__)
    thing: Any = Thing()
    token = var.set(thing)
    assert whole._get_current_object() is thing is module.current(whole)
    assert part._get_current_object() is thing.part is module.current(part)
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
    module = load(NAME)
    var: ContextVar[Any] = ContextVar("var")
    assert module.var_get(var, None) is None
    token = module.var_set(var, 1)
    assert module.var_get(var, None) == var.get() == 1
    module.var_reset(var, token)
    assert module.var_get(var, None) is None
    with pytest.raises(RuntimeError):
        module.var_reset(var, token)
