"""Whether Jinja's own methods are in place, so that the shorter functions may be used instead."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, Template
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Macro
from jinja2.utils import LRUCache
from markupsafe import Markup

from ..primitives.stock import StockGuard
from . import calls, rendering, runtime

guard = StockGuard(
    Environment,
    (
        *("_load_template", "get_or_select_template", "get_template", "getattr", "getitem"),
        *("handle_exception", "join_path", "select_template"),
    ),
    [
        *[(Context, name) for name in ("__init__", "__new__", "__setattr__", "call", "get_all", "resolve_or_missing")],
        *[(EvalContext, name) for name in ("__init__", "__new__", "__setattr__")],
        *[(Template, name) for name in ("_get_default_module", "new_context", "render")],
        *[(Macro, name) for name in ("__call__", "_invoke")],
        *[(LRUCache, name) for name in ("__getitem__", "get")],
        (Markup, "__new__"),
    ],
)
"""All methods that the functions of `runtime` and `rendering` replace."""

# The functions of a stock environment.
_attribute, _item, _call, _resolve, _resolve_all = (
    calls.attribute,
    runtime.item,
    calls.call,
    runtime.resolve,
    calls.resolve_all,
)
_get_template, _included, _default_module = rendering.get_template, rendering.included, rendering.default_module


def is_stock(environment: Any) -> bool:
    """Whether *environment* has Jinja's own steps, and the classes of its contexts, macros and so on have theirs."""
    return guard.holds_for(environment) and environment.context_class is Context


def jinja_attribute(environment: Any, obj: Any, name: str) -> Any:
    return environment.getattr(obj, name)


def jinja_item(environment: Any, obj: Any, argument: Any) -> Any:
    return environment.getitem(obj, argument)


def jinja_resolve(context: Any, name: str) -> Any:
    return context.resolve_or_missing(name)


def jinja_resolve_all(context: Any, *names: str) -> list[Any]:
    return [context.resolve_or_missing(name) for name in names]


def steps(environment: Any, context: Any) -> tuple[Any, ...]:
    """The functions that the code of a template calls. Called at the start of each of its parts.

    These are the functions for ``a.b``, ``a[b]``, ``f()``, a name, names, templates by name, includes and imports.
    """
    # PARITY (tests/core/templates/test_extension_points.py): a later replacement of Jinja's methods is called from the
    # next rendering on; by the macros of a cached import, when that is made again.
    if context.__dict__.get("bolthead_joined") is environment or (type(context) is Context and is_stock(environment)):
        return (
            _attribute,
            _item,
            _call,
            _resolve,
            _resolve_all,
            _get_template,
            _included,
            _default_module,
        )
    return (
        jinja_attribute,
        jinja_item,
        runtime.jinja_call,
        jinja_resolve,
        jinja_resolve_all,
        rendering.jinja_get_template,
        rendering.jinja_included,
        rendering.jinja_default_module,
    )


def get_template(environment: Any, name: Any) -> Any:
    """``environment.get_or_select_template(name)``."""
    # FAST (template): saves three calls for a template in the cache.
    if type(name) is str and guard.holds_for(environment):
        return rendering.get_template(environment, name, None)
    return environment.get_or_select_template(name)


def render(template: Any, variables: dict[str, Any]) -> Any:
    """``template.render(variables)``."""
    if rendering.is_stock(template):
        environment = template.environment
        if not environment.is_async and is_stock(environment):
            return rendering.render(template, variables)
    return template.render(variables)
