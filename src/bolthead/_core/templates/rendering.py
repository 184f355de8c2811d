"""The contexts of templates, and templates by name: for rendering, includes and imports, with fewer calls than Jinja's.

This is for stock environments: `shortcuts` finds out whether one is.
"""

from __future__ import annotations

from collections import ChainMap
from typing import Any
from weakref import ref

from jinja2 import Environment, Template
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.utils import LRUCache, missing

from ..primitives.bytes_search import join
from ..primitives.objects import bare

CONCAT = Environment.concat if Environment.concat == "".join else None
TEMPLATE_STEPS = ("_get_default_module", "new_context", "render")


def is_stock(template: Any) -> bool:
    """Whether *template* is of Jinja's own class, and its globals are as ``Environment.make_globals`` makes them."""
    if type(template) is not Template:
        return False
    own: dict[str, Any] = template.__dict__
    for name in TEMPLATE_STEPS:
        if name in own:
            return False
    chain = own.get("globals")
    if type(chain) is not ChainMap:
        return False
    maps = chain.maps
    return type(maps) is list and len(maps) == 2 and type(maps[0]) is dict and type(maps[1]) is dict


def new_context(template: Any, parent: dict[str, Any], joined: bool) -> Any:
    """A context over *parent*, as ``Context.__init__`` makes it.

    *joined* marks it as one of a rendering that began in `render`: in a stock environment, and not streamed.
    """
    own = template.__dict__
    environment = own["environment"]
    name = own["name"]
    # FAST (page-include): without calls of the classes.
    autoescape = environment.autoescape
    eval_ctx = bare(EvalContext)
    eval_ctx.environment = environment
    eval_ctx.autoescape = autoescape(name) if callable(autoescape) else autoescape
    eval_ctx.volatile = False
    context = bare(Context)
    context.parent = parent
    context.vars = {}
    context.environment = environment
    context.eval_ctx = eval_ctx
    context.exported_vars = set()
    context.name = name
    # FAST (template): Jinja looks each name up in the chain, which is many calls.
    maps = own["globals"].maps
    keys = set(maps[1])
    if maps[0]:
        keys.update(maps[0])
    context.globals_keys = keys
    context.blocks = {block: [function] for block, function in own["blocks"].items()}
    if joined:
        context.bolthead_joined = environment
    return context


def all_text(variables: dict[Any, Any]) -> bool:
    """Whether all names of variables are of type str."""
    for name in variables:  # noqa: SIM110
        if type(name) is not str:
            return False
    return True


def render(template: Any, variables: dict[str, Any]) -> Any:
    """``template.render(variables)`` for a template that `is_stock` in a stock environment."""
    own, shared = template.globals.maps
    parent = dict(shared)
    parent.update(own)
    if all_text(variables):
        parent.update(variables)
    else:
        # For the error.
        parent = dict(parent, **variables)
    context = new_context(template, parent, True)
    environment = template.environment
    concat = environment.concat
    try:
        if concat is not CONCAT:
            return concat(template.root_render_func(context))
        pieces = list(template.root_render_func(context))
        page = join(pieces)
        return "".join(pieces) if page is None else page
    except Exception:
        return environment.handle_exception()


def included(template: Any, context: Any, local_variables: dict[str, Any]) -> Any:
    """The pieces of an included template, which sees the variables of *context* and *local_variables*."""
    if not is_stock(template):
        return jinja_included(template, context, local_variables)
    values = context.__dict__
    parent = values["parent"]
    variables = values["vars"]
    # PARITY: where nothing is added it is the same dictionary, for functions that change the one of their context.
    if variables or local_variables:
        parent = dict(parent)
        if variables:
            parent.update(variables)
        for name, value in local_variables.items():
            if value is not missing:
                parent[name] = value
    # FAST (page-include): unless they are streamed, the pieces are joined here, not handed on one by one.
    joined = values.get("bolthead_joined") is template.environment
    pieces = template.root_render_func(new_context(template, parent, joined))
    if not joined:
        return pieces
    pieces = list(pieces)
    concat = template.environment.concat
    try:
        part = join(pieces) if concat is CONCAT else None
        return (concat(pieces) if part is None else part,)
    except TypeError:
        # A call block may give what is no text. Jinja's error comes at the end of the page, after other errors.
        return pieces


def jinja_included(template: Any, context: Any, local_variables: dict[str, Any]) -> Any:
    """Jinja's own way to an included template."""
    return template.root_render_func(template.new_context(context.get_all(), True, local_variables))


def default_module(template: Any, context: Any) -> Any:
    """What an import without a context gives."""
    # FAST (page-form): Jinja looks each name up in the chain of globals.
    if is_stock(template):
        module = template._module
        if module is not None and not context.globals_keys.difference(*template.globals.maps):
            return module
    return jinja_default_module(template, context)


def jinja_default_module(template: Any, context: Any) -> Any:
    return template._get_default_module(context)


def get_template(environment: Any, name: Any, parent: str | None) -> Any:
    """The template *name*, as ``environment.get_template`` finds it."""
    # FAST (page-include): while the cache is not full, the order in which its templates were used does not matter.
    cache = environment.cache
    if type(name) is str and type(cache) is LRUCache:
        loader = environment.loader
        mapping = cache._mapping
        if loader is not None and type(mapping) is dict and len(mapping) < cache.capacity:
            template = mapping.get((ref(loader), name))
            if template is not None and (not environment.auto_reload or template.is_up_to_date):
                return template
    return jinja_get_template(environment, name, parent)


def jinja_get_template(environment: Any, name: Any, parent: str | None) -> Any:
    return environment.get_template(name, parent)
