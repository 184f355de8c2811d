"""Faster ``getattr``, ``call`` and ``new_context`` for our Jinja environment."""

from __future__ import annotations

from collections import ChainMap
from types import FunctionType, MethodType
from typing import Any

from jinja2 import Environment, Template
from jinja2.runtime import Context
from jinja2.utils import internalcode

DICT_ATTRIBUTES = frozenset(dir({}))

_environment_getattr = Environment.getattr
_context_call = Context.call
_context_init = Context.__init__
_template_new_context = Template.new_context


def lookup(self: Any, obj: Any, attribute: Any) -> Any:
    """``obj.attribute``, or ``obj["attribute"]`` where there is no such attribute."""
    # FAST: template; a plain dict has the attributes of every dict, so most names need no failed look-up.
    if type(obj) is dict and attribute not in DICT_ATTRIBUTES:
        table: dict[Any, Any] = obj
        value = table.get(attribute)
        if value is not None or attribute in table:
            return value
        return self.undefined(obj=obj, name=attribute)
    return _environment_getattr(self, obj, attribute)


def takes_context(obj: Any) -> bool:
    """False for a function or method that was surely not marked as wanting Jinja's context."""
    func = obj
    if type(func) is MethodType:
        func = func.__func__
    if type(func) is not FunctionType:
        return True
    return "jinja_pass_arg" in func.__dict__


def call(self: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Call *obj* from a template."""
    if takes_context(obj):
        return _context_call(self, obj, *args, **kwargs)
    # FAST: template; what Jinja's own method comes to. The scopes are for callables that want the context.
    kwargs.pop("_block_vars", None)
    kwargs.pop("_loop_vars", None)
    try:
        return obj(*args, **kwargs)
    except StopIteration:
        return self.environment.undefined("value was undefined because a callable raised a StopIteration exception")


def new_context(self: Any, vars: dict[str, Any] | None = None, shared: bool = False, locals: Any = None) -> Context:
    """The context for one rendering of a template."""
    globals = self.globals
    if (
        shared
        or locals
        or type(globals) is not ChainMap
        or len(globals.maps) != 2
        or type(globals.maps[0]) is not dict
        or type(globals.maps[1]) is not dict
        or Template.new_context is not _template_new_context
        or self.environment.context_class.__init__ is not _context_init
    ):
        return Template.new_context(self, vars, shared, locals)
    # FAST: template; Jinja asks the chain for each name, which is many calls.
    known = dict(globals.maps[1])
    known.update(globals.maps[0])
    environment = self.environment
    return environment.context_class(  # type: ignore[no-any-return]
        environment, dict(known, **(vars or {})), self.name, self.blocks, globals=known
    )


# Left out of the tracebacks of templates, as Jinja's own is.
internalcode(call)
