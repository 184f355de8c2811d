"""The walk that finds a rule for a path: the twin of ``walk.pyx``.

A walk enters each state at most once: its cost is bounded by the tree, not by the square of the path. Nothing here
raises for a path that does not match; the outcome is a small code. What lives here a type card cannot express:
compiled, the walk looks at the letters of the path and makes a string only for what becomes an argument.
"""

from __future__ import annotations

import re
from typing import Any

from .tree import AS_INT, AS_IS, NUMBER, PATTERN, REST, SEGMENT, SIGNED, WORD, Edge, Leaf, State, Tree

FOUND = 0
"""``(FOUND, leaf, arguments)``"""
DETOUR = 1
"""``(DETOUR, leaf, arguments)``: found, but the rule or a sibling may redirect; the adapter decides."""
MOVED = 2
"""``(MOVED, None, path)``: the same path with a slash added, or with slashes merged, would match."""
MISSED = 3
"""``(MISSED, allowed methods or None, whether a rule was of the other protocol)``"""

Fan = dict
"""The states behind literal segments, by their texts. Compiled, it has ``get`` and ``[]`` and nothing else."""

_SLASHES = re.compile("/{2,}")


class Seen:
    """What a walk learns apart from its rule: the methods of rules that refused this one, whether one *crossed*, of
    the other protocol, and whether the rule found waits behind a missing *slash*."""

    __slots__ = ("allowed", "crossed", "slash")

    allowed: set[str] | None
    crossed: bool
    slash: bool


def exact(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> Leaf | None:
    """The rule without variables for *path*, if there is one for this method and protocol.

    FAST: static; a walk follows literal segments first, so this is the first leaf it would reach. No such path begins
    with two slashes, so *path* need not have been through `single`.
    """
    if len(path) <= tree.longest:
        table = tree.exact.get(domain) if domain else tree.home
        if table is not None and path in table:
            for leaf in table[path].leaves:  # type: ignore[union-attr]
                if leaf.websocket == websocket and (leaf.methods is None or method in leaf.methods):
                    return leaf
    return None


def search(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> tuple[int, Any, Any]:
    """Walk the tree for *path*, which begins with one slash or is empty; see the codes above for the outcome."""
    seen = Seen()
    seen.allowed = None
    seen.crossed = seen.slash = False
    values: list[Any] = []
    leaf = _run(tree, domain, path.split("/"), method, websocket, values, seen)
    if leaf is not None:
        if seen.slash:
            return (MOVED, None, path + "/")
        arguments = _arguments(tree, leaf, values)
        if arguments is not None:
            return (DETOUR if leaf.detour else FOUND, leaf, arguments)
    elif tree.merge_slashes and "//" in path:
        # Without a double slash a second walk would be the first one over again.
        merged = _SLASHES.sub("/", path)
        leaf = _run(tree, domain, merged.split("/"), method, websocket, [], seen)
        if leaf is not None and (seen.slash or leaf.merges):
            return (MOVED, None, merged + "/" if seen.slash else merged)
    return (MISSED, seen.allowed, seen.crossed)


def route(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> tuple[int, Any, Any]:
    """Find *path*; as `search`, but with the rule in place of its leaf."""
    leaf = exact(tree, domain, path, method, websocket)
    if leaf is not None and not leaf.detour:
        return (FOUND, leaf.rule, {} if leaf.defaults is None else dict(leaf.defaults))
    code, leaf, found = search(tree, domain, path, method, websocket)
    return (code, leaf.rule, found) if code <= DETOUR else (code, leaf, found)  # type: ignore[union-attr]


def _run(
    tree: Tree, domain: str, segments: list[str], method: Any, websocket: bool, values: list[Any], seen: Seen
) -> Leaf | None:
    """The first rule in the tree's order, its texts in *values*; or None."""
    state: State | None = tree.root
    at = 0
    if state.edges is None:  # type: ignore[union-attr]
        # FAST: no domain has a variable, so there is nothing to come back to.
        if state.static is None:  # type: ignore[union-attr]
            return None
        state = state.static.get(domain)  # type: ignore[union-attr]
        if state is None:
            return None
        if not segments[0] and state.edges is None and state.leaves is None and state.blank is not None:
            state = state.blank
            at = 1
    else:
        segments.insert(0, domain)
    count = len(segments)
    frames: list[Any] = []
    nth = -1
    edges: list[Edge] | None = None
    while True:
        if at == count:
            leaf = _ending(state, method, websocket, seen)
            if leaf is not None:
                return leaf
        else:
            segment = segments[at]
            last = not segment and state.leaves is not None and at + 1 == count
            if nth < 0:
                nth = 0
                edges = state.edges
                if edges is not None and state.index is not None:
                    edges = state.index.candidates(segment)
                if state.static is not None:
                    child = state.static.get(segment)
                    if child is not None:
                        if edges is not None or last:
                            frames.append((state, edges, at, 0, len(values)))
                        state = child
                        at += 1
                        nth = -1
                        continue
            if edges is not None:
                size = len(edges)
                mark = len(values)
                beyond = -1
                while nth < size:
                    edge = edges[nth]
                    nth += 1
                    kind = edge.kind
                    if kind == WORD:
                        if not segment:
                            continue
                        values.append(segment)
                        beyond = at + 1
                    elif kind == NUMBER:
                        if not segment.isdecimal():
                            continue
                        values.append(segment)
                        beyond = at + 1
                    else:
                        beyond = _take(edge, segments, at, values)
                        if beyond < 0:
                            continue
                    if nth < size or last:
                        frames.append((state, edges, at, nth, mark))
                    state = edge.state
                    at = beyond
                    nth = -1
                    break
                if beyond >= 0:
                    continue
            if last:
                leaf = _admit(state.leaves, True, method, websocket, seen)  # type: ignore[arg-type]
                if leaf is not None:
                    return leaf
        if not frames:
            return None
        state, edges, at, nth, mark = frames.pop()
        del values[mark:]


def _ending(state: State, method: Any, websocket: bool, seen: Seen) -> Leaf | None:
    """A rule for a path that ends at *state*; *slash* is set if one waits behind a missing slash."""
    leaves = state.leaves
    if leaves is not None:
        leaf = _admit(leaves, False, method, websocket, seen)
        if leaf is not None:
            return leaf
    beyond = state.blank
    if beyond is not None and beyond.leaves is not None:
        for leaf in beyond.leaves:
            if leaf.websocket == websocket and (leaf.methods is None or method in leaf.methods):
                seen.slash = not leaf.lenient
                return leaf
    return None


def _admit(leaves: list[Leaf], lenient: bool, method: Any, websocket: bool, seen: Seen) -> Leaf | None:
    """The first of *leaves* for this method and protocol, noting why the others are not."""
    for leaf in leaves:
        if lenient and not leaf.lenient:
            continue
        if leaf.methods is not None and method not in leaf.methods:
            if seen.allowed is None:
                seen.allowed = set()
            seen.allowed.update(leaf.methods)
        elif leaf.websocket != websocket:
            seen.crossed = True
        else:
            return leaf
    return None


def _take(edge: Edge, segments: list[str], at: int, values: list[Any]) -> int:
    """Follow *edge* from segment *at*: where that leads, or -1. Texts go on the stack of values."""
    kind = edge.kind
    beyond = at + 1
    target = segments[at]
    if kind == REST or kind > PATTERN:
        target = "/".join(segments[at:])
        beyond = len(segments)
    if kind < PATTERN:
        size = len(target) - edge.affix
        if size < edge.low or size > edge.high >= 0:
            return -1
        if edge.affix:
            if not target.startswith(edge.prefix) or not target.endswith(edge.suffix):
                return -1
            target = target[len(edge.prefix) : len(target) - len(edge.suffix)]
        if kind == REST:
            if target[0] == "/" or "\n" in target[1:]:
                return -1
        elif kind != SEGMENT:
            digits = target[1:] if kind == SIGNED and target[0] == "-" else target
            if not digits.isdecimal():
                return -1
        values.append(target)
        return beyond
    if edge.glob is not None and len(target) >= edge.glob_from:
        texts = edge.glob.match(target)
        if texts is None:
            return -1
        values.extend(texts)
        return beyond - 1 if edge.suffixed and target.endswith("/") else beyond
    found = edge.try_on(target)
    if found is None:
        return -1
    for group in edge.groups:  # type: ignore[union-attr]
        values.append(found.group(group))
    # A tail that ends in a slash leaves that slash to the state behind it.
    return beyond - 1 if edge.suffixed and found.group(found.re.groups) == "/" else beyond


def _arguments(tree: Tree, leaf: Leaf, values: list[Any]) -> dict[str, Any] | None:
    """The texts as arguments.

    PARITY: None, for a text that a converter refuses, ends the search; no other rule is tried.
    """
    result: dict[str, Any] = {}
    for name, kind, convert, value in zip(leaf.names, leaf.kinds, leaf.convert, values, strict=False):
        if kind == AS_IS:
            result[name] = value
        elif kind == AS_INT:
            try:
                result[name] = int(value)
            except ValueError:
                # More digits than Python converts.
                return None
        else:
            try:
                result[name] = convert(value)
            except tree.invalid:
                return None
    if leaf.defaults is not None:
        result.update(leaf.defaults)
    return result
