"""Contexts that serve one request after another.

FAST (asgi string): making both, and a context of variables where they are the current ones, is a third of what a short
request takes. Where an answer was made without waiting and nobody else has any of them, they are used again.
"""

from __future__ import annotations

from typing import Any

from ..primitives.context_vars import Binding, nothing_is_set, variables_of
from ..request.scope import LazyEnviron
from .contexts import fill_request_context, forget_push, has_known_host
from .records import NOT_CREATED, AppRecord, Plan, RequestRecord

POOLED = 16
"""How many of them an application keeps: as many requests at once, from several event loops, find some."""


def take(plan: Plan, lazy: LazyEnviron) -> Binding | None:
    """Contexts for a request with this environ, in a context that is to be entered; None where new ones are to be made.

    What the current context has set would not be in theirs.
    """
    binding = plan.pool
    if binding is None or plan.pushed or not has_known_host(plan, lazy) or not nothing_is_set():
        return None
    plan.pool = binding.next
    binding.next = None
    return binding


def use(binding: Binding, lazy: LazyEnviron) -> Any:
    """The request context of *binding* as if it had been made for a request with this environ, and pushed."""
    ctx: RequestRecord = binding.inner
    outer: AppRecord = binding.outer
    ctx._lazy = lazy
    ctx._was_pushed = True
    ctx._token = binding.inner_token
    ctx._pushed = outer
    outer._token = binding.outer_token
    return ctx


def leave(ctx: RequestRecord, context: Any, binding: Binding | None) -> Binding | None:
    """Undo the push of *ctx* but for its variables, in *context*. Returns what may be kept of it, or None."""
    outer: AppRecord = ctx._pushed
    inner_token = forget_push(ctx)
    if outer is None:
        return None
    outer_token = outer._token
    outer._token = None
    if binding is None and nothing_is_set():
        return Binding(context, variables_of(context), outer, outer_token, ctx, inner_token)
    return binding


def put_back(plan: Plan, app: Any, binding: Binding) -> None:
    """Use *binding* again, if nobody else has any of it."""
    first = plan.pool
    count = 1 if first is None else first.count + 1
    if count <= POOLED and binding.is_free():
        fill_request_context(binding.inner, app, None, None, NOT_CREATED, None)
        outer: AppRecord = binding.outer
        outer.app = app
        outer._adapter = NOT_CREATED
        outer._g = outer._tokens = outer._url_for_guards = None
        binding.next = first
        binding.count = count
        plan.pool = binding
