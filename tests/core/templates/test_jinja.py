"""Look-ups, calls and contexts of templates against Jinja's own methods."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import jinja2
import pytest
from jinja2 import pass_context

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.templates.jinja"


class Counted(dict[str, Any]):
    copy = "attribute"


@pytest.mark.parametrize("attribute", ["a", "none", "items", "copy", "missing", "__class__", "0", "é"])
@pytest.mark.parametrize(
    "obj", [{"a": 1, "none": None, "items": 2}, Counted(a=1), SimpleNamespace(a=1), [1], "text", None], ids=repr
)
def test_lookup(load: Load, obj: Any, attribute: str) -> None:
    environment = jinja2.Environment()
    found, wanted = load(NAME).lookup(environment, obj, attribute), environment.getattr(obj, attribute)
    assert type(found) is type(wanted)
    assert str(found) == str(wanted)


def test_calls(load: Load) -> None:
    def stops() -> Any:
        raise StopIteration

    @pass_context
    def wants(context: Any, n: int) -> Any:
        return context.name, n

    source = "{{ f(1) }}|{{ m() }}|{{ w(2) }}|{{ s() }}|{{ c('x') }}|{% for x in [1] %}{{ f(x) }}{% endfor %}"
    values = {"f": lambda n: n + 1, "m": SimpleNamespace(a=3).__repr__, "w": wants, "s": stops, "c": str.upper}
    stock = jinja2.Environment().from_string(source).render(values)
    environment = jinja2.Environment()
    environment.context_class = type("Own", (jinja2.runtime.Context,), {"call": load(NAME).call})
    assert environment.from_string(source).render(values) == stock


def test_contexts(load: Load) -> None:
    environment = jinja2.Environment()
    environment.globals["g"] = "environment's"
    template = environment.from_string("{{ g }}{{ t }}", globals={"t": "template's"})
    for given in ({}, {"g": "own"}, {"t": 1, "u": 2}):
        found = load(NAME).new_context(template, dict(given))
        wanted = jinja2.Template.new_context(template, dict(given))
        assert type(found) is type(wanted) and found.get_all() == wanted.get_all()
        assert found.parent == wanted.parent and found.vars == wanted.vars and found.name == wanted.name
        shared = load(NAME).new_context(template, dict(given), True)
        assert shared.get_all() == jinja2.Template.new_context(template, dict(given), True).get_all()
