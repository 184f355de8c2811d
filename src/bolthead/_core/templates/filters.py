"""Shorter versions of some of Jinja's filters, for the values that they get most. Others go on to Jinja's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Undefined, filters
from markupsafe import Markup, escape

from .runtime import escape_str, markup

ONLY_STR = {str}


def upper(s: Any) -> Any:
    return s.upper() if type(s) is str else filters.do_upper(s)


def lower(s: Any) -> Any:
    return s.lower() if type(s) is str else filters.do_lower(s)


def escaped(s: Any, /) -> Any:
    return markup(escape_str(s)) if type(s) is str else escape(s)


def safe(value: Any) -> Any:
    # FAST (shares): its own `__html__` gives a Markup itself.
    return markup(value) if type(value) is str or type(value) is Markup else Markup(value)


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    if isinstance(value, Undefined) or (boolean and not value):
        return default_value
    return value


def join(eval_ctx: Any, value: Any, d: Any = "", attribute: Any = None) -> Any:
    # Text alone has no markup to respect.
    if attribute is None and type(d) is str and type(value) is list and set(map(type, value)) == ONLY_STR:
        return d.join(value)
    return filters.sync_do_join(eval_ctx, value, d, attribute)


OWN: dict[Callable[..., Any], Callable[..., Any]] = {
    filters.do_default: default,
    filters.do_join: join,
    filters.do_lower: lower,
    filters.do_mark_safe: safe,
    filters.do_upper: upper,
    escape: escaped,
}
REPLACED = frozenset(name for name, function in filters.FILTERS.items() if OWN.get(function) is not None)
"""The names that Jinja gives to the filters that have a shorter version."""


def replaced(function: Any) -> Any:
    """The shorter version of a filter of Jinja's; *function* itself for any other."""
    try:
        return OWN.get(function, function)
    except TypeError:
        # Unhashable.
        return function
