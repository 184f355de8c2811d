"""Look-ups, calls, text, filters and contexts of templates against Jinja's own, on both builds."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import jinja2
import pytest
from jinja2 import filters
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from core.templates.odd_values import MAKE, values

Load = Callable[[str], ModuleType]
RUNTIME = "bolthead._core.templates.runtime"
CONTEXTS = "bolthead._core.templates.contexts"
FILTERS = "bolthead._core.templates.filters"
NAMES = ["name", "id", "items", "copy", "missing", "broken", "lost", "absent", "__class__", "0", "é"]


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The type and text of what a call gives, or of what it raises; no addresses."""
    try:
        result = function(*args, **kwargs)
        return type(result), re.sub(r"(?i) at 0x[0-9a-f]+", "", str(result))
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", [name for name in MAKE if name not in ("counting", "stream", "failing")])
def test_look_ups(load: Load, name: str) -> None:
    environment = jinja2.Environment()
    obj = values()[name]
    runtime = load(RUNTIME)
    for key in NAMES:
        assert outcome(runtime.attribute, environment, obj, key) == outcome(environment.getattr, obj, key), key
    for key in [*NAMES, 0, 7, -1, None, slice(1), Markup("name")]:
        assert outcome(runtime.item, environment, obj, key) == outcome(environment.getitem, obj, key), key


@pytest.mark.parametrize("name", MAKE)
def test_text_and_calls(load: Load, name: str) -> None:
    """Text is what escaping gives; a call what Jinja's context gives, with the context for those that want it."""
    runtime = load(RUNTIME)
    obj = values()[name]
    found, wanted = (outcome(lambda do=do: str(do(obj))) for do in (runtime.text, escape))
    assert found == wanted
    context = jinja2.Environment(autoescape=True).from_string("", globals={"a": 1}).new_context({"b": "<b>"})
    for args in ((), (1,), ("<x>", 2)):
        for kwargs in ({}, {"k": 1}):
            own = outcome(runtime.call, context, obj, {"item": 3}, {"c": 4}, *args, **kwargs)
            theirs = outcome(partial(context.call, obj, _loop_vars={"item": 3}, _block_vars={"c": 4}), *args, **kwargs)
            assert own == theirs


def test_filters(load: Load) -> None:
    environment = jinja2.Environment()
    replaced = load(FILTERS).replaced
    assert replaced(len) is len and replaced({}.get) and replaced([]) == []
    assert {"default", "e", "join", "lower", "safe", "upper"} <= load(FILTERS).REPLACED
    for name in load(FILTERS).REPLACED:
        theirs = filters.FILTERS[name]
        ours = replaced(theirs)
        assert ours is not theirs
        for autoescape in (True, False):
            first = [EvalContext(environment, None)] if name == "join" else []
            for context in first:
                context.autoescape = autoescape
            for key in MAKE:
                for args in ((), ("<d>",), (Markup("<d>"),)) if name in ("join", "default", "d") else ((),):
                    found = outcome(ours, *first, values()[key], *args)
                    wanted = outcome(theirs, *first, values()[key], *args)
                    assert found == wanted, (name, key, args)


def test_contexts(load: Load) -> None:
    """A rendering's context is Jinja's, attribute by attribute."""
    environment = jinja2.Environment(autoescape=lambda name: name is None)
    environment.globals["g"] = "environment's"
    seen: list[Any] = []
    environment.globals["note"] = jinja2.pass_context(lambda context: seen.append(context) or "")
    template = environment.from_string("{{ note() }}{% block b %}{% endblock %}", globals={"t": "template's"})
    assert load(CONTEXTS).is_stock(template)
    for given in ({}, {"g": "own"}, {"t": 1, "u": 2}):
        seen.clear()
        load(CONTEXTS).render(template, dict(given))
        template.render(dict(given))
        found, wanted = (dict(vars(context)) for context in seen)
        assert found.pop("bolthead_joined") is environment
        assert list(found) == list(wanted)
        assert vars(found.pop("eval_ctx")) == vars(wanted.pop("eval_ctx"))
        assert found == wanted
