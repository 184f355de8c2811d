"""What the code of `code_generator` calls while a template is rendered: look-ups, calls, names, text.

This is for stock environments: `shortcuts` finds out whether one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, SimpleNamespace
from typing import Any

import markupsafe
from jinja2.runtime import Context, Macro
from jinja2.utils import internal_code, internalcode, missing, pass_context, pass_environment, pass_eval_context
from markupsafe import Markup, escape

from ..primitives.context_vars import attribute_or
from ..primitives.objects import new_text

escape_str: Any = getattr(markupsafe, "_escape_inner", escape)
"""A str with its special characters replaced. Before MarkupSafe 3, `escape` itself is compiled."""
DICT_ATTRIBUTES = frozenset(dir({}))
MARK = "jinja_pass_arg"
CONTEXT, EVAL_CONTEXT, ENVIRONMENT = (
    vars(mark(lambda: None))[MARK] for mark in (pass_context, pass_eval_context, pass_environment)
)
"""What Jinja's decorators mark a function with, under the name `MARK`."""


def text(value: Any) -> Any:
    """*value* as it is written into a page: ``escape(value)``, as a str where that is less work."""
    # FAST (page-rows): Markup's own constructor is two calls, and what is written is joined at once.
    kind = type(value)
    if kind is str:
        return escape_str(value)
    if kind is Markup:
        return value
    if kind is int or kind is float or kind is bool:
        return str(value)
    return escape(value)


OwnFunction: Any = type(text)
"""The type of functions that Cython compiles; in the pure-Python version that of any function."""


def markup(value: str) -> Any:
    """``Markup(value)`` of a str."""
    return new_text(Markup, value)


def attribute(environment: Any, obj: Any, name: str) -> Any:
    """``obj.name``, or ``obj["name"]`` where there is no such attribute, or an undefined value."""
    # FAST (template): a dict has the attributes of every dict, so most names need no failed look-up.
    if type(obj) is dict and name not in DICT_ATTRIBUTES:
        table: dict[Any, Any] = obj
        value = table.get(name, missing)
        return environment.undefined(obj=obj, name=name) if value is missing else value
    value = attribute_or(obj, name, missing)
    if value is not missing:
        return value
    return absent(environment, obj, name)


def absent(environment: Any, obj: Any, name: str) -> Any:
    """``obj["name"]``, where *obj* has no such attribute."""
    try:
        return obj[name]
    except (TypeError, LookupError, AttributeError):
        return environment.undefined(obj=obj, name=name)


def item(environment: Any, obj: Any, argument: Any) -> Any:
    """``obj[argument]``, or the attribute of that name where there is no such item, or an undefined value."""
    try:
        return obj[argument]
    except (AttributeError, TypeError, LookupError):
        pass
    if isinstance(argument, str):
        try:
            name = str(argument)
        except Exception:
            return environment.undefined(obj=obj, name=argument)
        value = attribute_or(obj, name, missing)
        if value is not missing:
            return value
    return environment.undefined(obj=obj, name=argument)


def resolve(context: Any, name: str) -> Any:
    """The variable *name*, or ``missing``."""
    own = context.vars
    if type(own) is dict:
        variables: dict[str, Any] = own
        value = variables.get(name, missing)
        if value is not missing:
            return value
    elif name in own:
        return own[name]
    table = context.parent
    if type(table) is dict:
        parent: dict[str, Any] = table
        return parent.get(name, missing)
    # By the item, not by `get`: it may be some other mapping.
    if name in table:
        return table[name]
    return missing


def resolve_all(context: Any, *names: str) -> Sequence[Any]:
    """The variables *names*, each as by `resolve`."""
    own, table = context.vars, context.parent
    if own or type(own) is not dict or type(table) is not dict:
        return [resolve(context, name) for name in names]
    return [table.get(name, missing) for name in names]


def wanted(context: Any, obj: Any, loop_vars: Any, block_vars: Any) -> Any:
    """What *obj* is given before its arguments: the context, or a part of it.

    None if it wants nothing; ``missing`` where Jinja has to find out, or to make a context with those variables.
    """
    kind = type(obj)
    if kind is MethodType:
        obj = obj.__func__
        kind = type(obj)
    if kind is FunctionType or kind is OwnFunction:
        mark = obj.__dict__.get(MARK)
        if mark is None:
            return None
        if mark is CONTEXT and not loop_vars and not block_vars:
            return context
        if mark is EVAL_CONTEXT:
            return context.eval_ctx
        return context.environment if mark is ENVIRONMENT else missing
    if kind is BuiltinFunctionType:
        return None
    if kind is type or kind is partial:
        return missing if hasattr(obj, MARK) or hasattr(obj.__call__, MARK) else None
    return missing


def call(context: Any, obj: Any, loop_vars: Any, block_vars: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Call *obj* from a template; the variables of loops and blocks are for callables that want the context."""
    if type(obj) is Macro:
        arguments = macro_arguments(obj, args, kwargs)
        if arguments is None:
            return jinja_call(context, obj, loop_vars, block_vars, *args, **kwargs)
        autoescape = context.eval_ctx.autoescape
        try:
            content = obj._func(*arguments)
        except StopIteration:
            return stopped(context)
        return markup(content) if autoescape and type(content) is str else Markup(content) if autoescape else content
    first = wanted(context, obj, loop_vars, block_vars)
    if first is missing:
        return jinja_call(context, obj, loop_vars, block_vars, *args, **kwargs)
    if first is not None:
        args = (first, *args)
    try:
        return obj(*args, **kwargs) if kwargs else obj(*args)
    except StopIteration:
        return stopped(context)


def stopped(context: Any) -> Any:
    return context.environment.undefined("value was undefined because a callable raised a StopIteration exception")


def macro_arguments(macro: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any] | None:
    """The arguments of a macro's function; None for surplus arguments and rare kinds of macros, which Jinja handles."""
    names = tuple(macro.arguments)
    count = len(names)
    if macro.catch_kwargs or macro.catch_varargs or macro.explicit_caller or macro._environment.is_async:
        return None
    given = len(args)
    if given > count or count != macro._argument_count:
        return None
    arguments = list(args)
    used = 0
    for name in names[given:]:
        value = kwargs.get(name, missing)
        if value is not missing:
            used += 1
        arguments.append(value)
    if macro.caller:
        caller = kwargs.get("caller")
        if "caller" in kwargs:
            used += 1
        if caller is None:
            caller = macro._environment.undefined("No caller defined", name="caller")
        arguments.append(caller)
    return arguments if used == len(kwargs) else None


def jinja_call(context: Any, obj: Any, loop_vars: Any, block_vars: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Jinja's own way to call *obj*."""
    if loop_vars is not None:
        kwargs["_loop_vars"] = loop_vars
    if block_vars is not None:
        kwargs["_block_vars"] = block_vars
    return context.call(obj, *args, **kwargs)


def hide_from_tracebacks() -> None:
    """Have Jinja leave the frames of `call` out of the tracebacks of templates, as it does with its own.

    A compiled function has a code object for each line that raises, so that they are found by raising.
    """
    fail: Any = [].pop
    stub: Any = SimpleNamespace(is_async=False, autoescape=False)
    context = SimpleNamespace(eval_ctx=stub, call=lambda obj: fail())
    internalcode(call)
    internalcode(jinja_call)
    for obj in (fail, stub, Macro(stub, fail, "", [], False, False, False, False)):
        try:
            call(context, obj, None, None)
        except LookupError as error:
            traceback = error.__traceback__ and error.__traceback__.tb_next
            while traceback is not None:
                internal_code.add(traceback.tb_frame.f_code)
                traceback = traceback.tb_next


hide_from_tracebacks()
for _function in (call, jinja_call):
    # PARITY: an error of a call's arguments, such as a keyword given twice, names the method that Jinja calls.
    _function.__module__, _function.__qualname__ = Context.call.__module__, Context.call.__qualname__
