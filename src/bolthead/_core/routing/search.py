"""Finds the rule for a path: the pure-Python version of ``search.pyx``.

A search enters each state at most once: its cost is bounded by the tree, not by the square of the path. Nothing here
raises for a path that does not match; the outcome is a small code. An augmenting ``.pxd`` would not do: compiled, the
search reads the characters of the path in place and makes a string only for what becomes an argument.
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


class Seen:
    """What a search finds out beside its rule.

    *allowed*: the methods of rules that refused this one; *crossed*: a rule was of the other protocol; *slash*: the
    rule found takes a slash that the path has not.
    """

    __slots__ = ("allowed", "crossed", "slash")

    allowed: set[str] | None
    crossed: bool
    slash: bool


def lookup_static(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> Leaf | None:
    """The rule without variables for *path*, if there is one for this method and protocol.

    FAST (static): a search follows literal segments first, so this is the first leaf it would reach. No such path
    begins with two slashes, so *path* need not have been through `with_one_slash`.
    """
    if len(path) <= tree.longest:
        table = tree.exact.get(domain) if domain else tree.home
        if table is not None and path in table:
            for leaf in table[path]:
                if leaf.websocket == websocket and (leaf.methods is None or method in leaf.methods):
                    return leaf
    return None


def lookup_tree(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> tuple[int, Any, Any]:
    """Search the tree for *path*, which begins with one slash or is empty; see the codes above for the outcome."""
    values: list[Any] = []
    leaf = None
    root = tree.roots[0]
    state = root.starts.get(domain) if root.starts is not None else None
    if state is not None and path:
        segments = path[1:].split("/")
        leaf = _straight(state, segments, method, websocket, values)
        if leaf is None and state.edges is None:
            first = segments[0]
            if first and (state.static is None or first not in state.static) and "//" not in path:
                # FAST (errors): nothing takes the first segment, so no other search can succeed.
                return (MISSED, None, False)
    if leaf is None:
        return _search(tree, root, domain, path, method, websocket)
    arguments = _arguments(tree, leaf, values)
    if arguments is None:
        return (MISSED, None, False)
    return (DETOUR if leaf.detour else FOUND, leaf, arguments)


def _search(tree: Tree, root: State, domain: str, path: str, method: Any, websocket: bool) -> tuple[int, Any, Any]:
    seen = Seen()
    seen.allowed = None
    seen.crossed = seen.slash = False
    values: list[Any] = []
    leaf = _run(root, domain, path.split("/"), method, websocket, values, seen)
    if leaf is not None:
        if seen.slash:
            return (MOVED, None, path + "/")
        arguments = _arguments(tree, leaf, values)
        if arguments is not None:
            return (DETOUR if leaf.detour else FOUND, leaf, arguments)
    elif tree.merge_slashes and "//" in path:
        # Without a double slash a second search would repeat the first.
        merged = re.sub("/{2,}", "/", path)
        leaf = _run(root, domain, merged.split("/"), method, websocket, [], seen)
        if leaf is not None and (seen.slash or leaf.merges):
            return (MOVED, None, merged + "/" if seen.slash else merged)
    return (MISSED, seen.allowed, seen.crossed)


def _run(
    root: State, domain: str, segments: list[str], method: Any, websocket: bool, values: list[Any], seen: Seen
) -> Leaf | None:
    """The first rule in the tree's order, its texts in *values*; or None."""
    start = root if root.edges is not None else _start(root, domain)
    if start is None:
        return None
    state = start
    if state is root:
        segments.insert(0, domain)
    at = 0
    count = len(segments)
    frames: list[Any] = []
    edges: list[Edge] | None = None
    fresh = True
    held = 0
    while True:
        if at == count:
            leaf = _ending(state, method, websocket, seen)
            if leaf is not None:
                return leaf
        else:
            segment = segments[at]
            last = not segment and state.leaves is not None and at + 1 == count
            if fresh:
                edges = state.edges
                if state.index is not None:
                    edges = state.index.candidates(segment)
                if state.static is not None:
                    child = state.static.get(segment)
                    if child is not None:
                        if edges is not None or last:
                            frames.append((state, edges, at, held))
                        state = child
                        at += 1
                        continue
            fresh = True
            beyond = -1
            if edges is not None:
                for edge in edges:
                    kind = edge.kind
                    if kind == WORD:
                        if segment:
                            values.append(segment)
                            beyond = at + 1
                            break
                    elif kind == NUMBER:
                        if segment.isdecimal():
                            values.append(segment)
                            beyond = at + 1
                            break
                    else:
                        beyond = _take(edge, segments, at, values)
                        if beyond >= 0:
                            break
                if beyond >= 0:
                    if last or edge is not edges[-1]:
                        frames.append((state, edges[edges.index(edge) + 1 :], at, held))
                    held = held + 1 if kind <= NUMBER else len(values)
                    state = edge.state
                    at = beyond
                    continue
            if last:
                leaf = _admit(state.leaves, True, method, websocket, seen)  # type: ignore[arg-type]
                if leaf is not None:
                    return leaf
        if not frames:
            return None
        state, edges, at, held = frames.pop()
        del values[held:]
        fresh = False


def _start(root: State, domain: str) -> State | None:
    """Where the paths of *domain* begin, no domain having a variable; None for one without rules.

    FAST (errors): the search never returns to the root then.
    """
    state: State | None = None if root.static is None else root.static.get(domain)
    if state is None:
        return None
    if root.starts is not None and state.edges is None and state.leaves is None and state.blank is not None:
        root.starts[domain] = state.blank
    return state


def _straight(state: State, segments: list[str], method: Any, websocket: bool, values: list[Any]) -> Leaf | None:
    """The first rule in the tree's order if it is on the first way that a search would go, else None.

    FAST (int): most searches never backtrack, and this loop costs a fraction of the other.
    """
    for segment in segments:
        static = state.static
        if static is not None:
            child = static.get(segment)
            if child is not None:
                state = child
                continue
        edges = state.edges
        if edges is None:
            return None
        edge = edges[0]
        if edge.kind == WORD:
            if not segment:
                return None
        elif edge.kind != NUMBER or not segment.isdecimal():
            return None
        values.append(segment)
        state = edge.state
    leaves = state.leaves
    if leaves is not None:
        leaf = leaves[0]
        if leaf.websocket == websocket and (leaf.methods is None or method in leaf.methods):
            return leaf
    return None


def _ending(state: State, method: Any, websocket: bool, seen: Seen) -> Leaf | None:
    """A rule for a path that ends at *state*; *slash* is set if it takes a slash that the path has not."""
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
    """The first of *leaves* for this method and protocol; notes why the others were refused."""
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
    """Follow *edge* from segment *at*. Returns the next segment's index, or -1; the texts are appended to *values*."""
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
    if edge.linear is not None and len(target) >= edge.linear_from:
        texts = edge.linear.match(target)
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
    kinds = leaf.kinds
    count = len(values)
    nth = 0
    for name in leaf.names:
        if nth == count:
            break
        value = values[nth]
        kind = kinds[nth]
        if kind == AS_INT:
            try:
                value = int(value)
            except ValueError:
                # More digits than Python converts.
                return None
        elif kind != AS_IS:
            try:
                value = leaf.convert[nth](value)
            except tree.invalid:
                return None
        result[name] = value
        nth += 1  # noqa: SIM113 (enumerate is slower)
    if leaf.defaults is not None:
        result.update(leaf.defaults)
    return result
