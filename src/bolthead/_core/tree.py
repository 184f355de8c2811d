# cython: boundscheck=False, wraparound=False
"""The router's tree, and the walk that finds a rule for a path.

A path is taken segment by segment; the domain is segment 0. Every state stands for one sequence of segments
and variables, so a walk enters each state at most once: its cost is bounded by the tree, not by the square of
the path. Nothing here raises for a path that does not match; the outcome is a small code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from .glob import Glob

FOUND = 0
"""``(FOUND, rule, arguments)``"""
DETOUR = 1
"""``(DETOUR, rule, arguments)``: found, but the rule or a sibling may redirect; the adapter decides."""
MOVED = 2
"""``(MOVED, None, path)``: the same path with a slash added, or with slashes merged, would match."""
MISSED = 3
"""``(MISSED, allowed methods or None, whether a rule was of the other protocol)``"""

_FOUND = FOUND
_DETOUR = DETOUR
_MOVED = MOVED
_MISSED = MISSED

SEGMENT = 0
DIGITS = 1
SIGNED = 2
PATTERN = 3
TAIL = 4

_DIGITS = DIGITS
_SIGNED = SIGNED
_PATTERN = PATTERN

AS_IS = 0
AS_INT = 1
BY_CALL = 2

_AS_IS = AS_IS
_AS_INT = AS_INT

INDEX_FROM = 6
"""With fewer edges than this, trying each is cheaper than looking up their literals."""

_SLASHES = re.compile("/{2,}")
_rank = attrgetter("rank")


class Leaf:
    """What the walk needs to know of one rule: a copy of its settings, made when the rule is planted."""

    __slots__ = (
        "convert",
        "defaults",
        "detour",
        "endpoint",
        "kinds",
        "lenient",
        "merges",
        "methods",
        "names",
        "rule",
        "websocket",
    )

    def __init__(self, rule: Any) -> None:
        self.rule = rule
        self.names: list[str] = []
        self.kinds = b""
        self.convert: list[Callable[[str], Any]] = []
        self.detour = False
        self.sync()

    def sync(self) -> None:
        """Read the rule's settings again."""
        rule = self.rule
        self.endpoint = rule.endpoint
        self.methods = rule.methods
        self.websocket = bool(rule.websocket)
        self.lenient = not rule.strict_slashes
        self.merges = rule.merge_slashes is not False
        self.defaults = rule.defaults or None


class State:
    """A point of the tree: the segments and variables that may follow, and the rules that end here."""

    __slots__ = ("edges", "index", "keys", "leaves", "static")

    def __init__(self) -> None:
        self.static: dict[str, State] | None = None
        self.edges: list[Edge] | None = None
        self.index: Index | None = None
        self.leaves: list[Leaf] | None = None
        self.keys: dict[Any, Edge] | None = None

    def arrange(self) -> None:
        """Put the edges in order of weight, and of arrival among equals.

        Lists are replaced, never changed, because another thread may be walking over them.
        """
        edges = sorted((self.keys or {}).values(), key=attrgetter("weight"))
        for rank, edge in enumerate(edges):
            edge.rank = rank
        self.index = Index(edges) if len(edges) >= INDEX_FROM else None
        self.edges = edges


class Edge:
    """One segment with variables, or a tail of several.

    SEGMENT, DIGITS and SIGNED are one variable between two literals and need no regular expression; *low* and
    *high* bound the variable's length. PATTERN and TAIL hold the source of theirs, compiled on first use;
    for a target of *glob_from* letters or more *glob* replaces it.
    """

    __slots__ = (
        "affix",
        "glob",
        "glob_from",
        "groups",
        "high",
        "kind",
        "low",
        "match",
        "prefix",
        "rank",
        "source",
        "state",
        "suffix",
        "suffixed",
        "weight",
    )

    def __init__(self, kind: int, prefix: str, suffix: str, weight: Any, state: State) -> None:
        self.kind = kind
        self.prefix = prefix
        self.suffix = suffix
        self.affix = len(prefix) + len(suffix)
        self.low = 1
        self.high = -1
        self.weight = weight
        self.state = state
        self.source = ""
        self.suffixed = False
        self.rank = 0
        self.glob: Glob | None = None
        self.glob_from = 0
        self.match: Callable[[str], re.Match[str] | None] | None = None
        self.groups: tuple[int, ...] | None = None

    def compile(self) -> None:
        pattern = re.compile(self.source)
        groups = pattern.groupindex.items()
        ours = sorted([(int(name[11:]), at) for name, at in groups if name.startswith("__werkzeug_")])
        self.groups = tuple([at for _, at in ours])
        self.match = pattern.match

    def try_on(self, target: str) -> re.Match[str] | None:
        if self.match is None:
            self.compile()
        return self.match(target)  # type: ignore[misc]


class Index:
    """The edges of one state by the literal they begin with, else by the one they end with."""

    __slots__ = ("bare", "by_prefix", "by_suffix", "prefix_sizes", "suffix_sizes")

    def __init__(self, edges: list[Edge]) -> None:
        self.bare: list[Edge] = []
        self.by_prefix: dict[str, list[Edge]] = {}
        self.by_suffix: dict[str, list[Edge]] = {}
        for edge in edges:
            if edge.prefix:
                self.by_prefix.setdefault(edge.prefix, []).append(edge)
            elif edge.suffix and edge.kind != TAIL:
                self.by_suffix.setdefault(edge.suffix, []).append(edge)
            else:
                self.bare.append(edge)
        self.prefix_sizes = sorted({len(text) for text in self.by_prefix})
        self.suffix_sizes = sorted({len(text) for text in self.by_suffix})

    def candidates(self, segment: str) -> list[Edge]:
        """The edges that can match *segment*, in order."""
        found: list[Edge] = []
        length = len(segment)
        for size in self.prefix_sizes:
            if size > length:
                break
            some = self.by_prefix.get(segment[:size])
            if some is not None:
                found = found + some
        for size in self.suffix_sizes:
            if size > length:
                break
            some = self.by_suffix.get(segment[length - size :])
            if some is not None:
                found = found + some
        if not found:
            return self.bare
        if self.bare:
            found = found + self.bare
        if len(found) > 1:
            found.sort(key=_rank)
        return found


class Frame:
    """A state to come back to, with the edges that were not tried yet and the height of the value stack."""

    __slots__ = ("at", "below", "edges", "mark", "nth", "state")

    at: int
    below: Frame | None
    edges: list[Edge] | None
    mark: int
    nth: int
    state: State


def _frame(
    below: Frame | None, state: State, edges: list[Edge] | None, at: int, nth: int, mark: int
) -> Frame:
    frame = Frame.__new__(Frame)
    frame.below = below
    frame.state = state
    frame.edges = edges
    frame.at = at
    frame.nth = nth
    frame.mark = mark
    return frame


class Walk:
    """One search: the path cut in segments, and what was learned on the way."""

    __slots__ = (
        "allowed",
        "code",
        "crossed",
        "domain",
        "leaf",
        "method",
        "result",
        "segments",
        "slash",
        "values",
        "websocket",
    )

    code: int
    leaf: Leaf | None
    result: Any
    domain: str
    method: Any
    websocket: bool
    segments: list[str]
    values: list[Any]
    allowed: set[str] | None
    crossed: bool
    slash: bool

    def ending(self, state: State) -> Leaf | None:
        """A rule for a path that ends at *state*; *slash* is set if one waits behind a missing slash."""
        leaves = state.leaves
        if leaves is not None:
            leaf = self.admit(leaves, False)
            if leaf is not None:
                return leaf
        if state.static is None:
            return None
        beyond = state.static.get("")
        if beyond is not None and beyond.leaves is not None:
            for leaf in beyond.leaves:
                if leaf.websocket == self.websocket and (leaf.methods is None or self.method in leaf.methods):
                    self.slash = not leaf.lenient
                    return leaf
        return None

    def admit(self, leaves: list[Leaf], lenient: bool) -> Leaf | None:
        """The first of *leaves* for this method and protocol, noting why the others are not."""
        for leaf in leaves:
            if lenient and not leaf.lenient:
                continue
            if leaf.methods is not None and self.method not in leaf.methods:
                if self.allowed is None:
                    self.allowed = set()
                self.allowed.update(leaf.methods)
            elif leaf.websocket != self.websocket:
                self.crossed = True
            else:
                return leaf
        return None

    def run(self, tree: Tree) -> Leaf | None:
        """The first rule in the tree's order, its texts in *values*; or None.

        Position 0 is the domain, position 1 the first segment of the path.
        """
        segments = self.segments
        values = self.values
        count = len(segments) + 1
        frame: Frame | None = None
        state = tree.root
        at = 0
        nth = -1
        edges: list[Edge] | None = None
        while True:
            if at == count:
                leaf = self.ending(state)
                if leaf is not None:
                    return leaf
            else:
                segment = segments[at - 1] if at else self.domain
                last = at + 1 == count and state.leaves is not None and not segment
                if nth < 0:
                    nth = 0
                    edges = state.edges
                    if edges is not None and state.index is not None:
                        edges = state.index.candidates(segment)
                    if state.static is not None:
                        child = state.static.get(segment)
                        if child is not None:
                            if edges is not None or last:
                                frame = _frame(frame, state, edges, at, 0, len(values))
                            state = child
                            at += 1
                            nth = -1
                            continue
                beyond = -1
                if edges is not None:
                    size = len(edges)
                    mark = len(values)
                    while nth < size:
                        edge = edges[nth]
                        nth += 1
                        beyond = self.take(edge, segment, at)
                        if beyond >= 0:
                            if nth < size or last:
                                frame = _frame(frame, state, edges, at, nth, mark)
                            state = edge.state
                            at = beyond
                            nth = -1
                            break
                if beyond >= 0:
                    continue
                if last:
                    leaf = self.admit(state.leaves, True)  # type: ignore[arg-type]
                    if leaf is not None:
                        return leaf
            if frame is None:
                return None
            state = frame.state
            edges = frame.edges
            at = frame.at
            nth = frame.nth
            if frame.mark < len(values):
                del values[frame.mark :]
            frame = frame.below

    def take(self, edge: Edge, segment: str, at: int) -> int:
        """Follow *edge* from segment *at*: where that leads, or -1. Texts go on the value stack."""
        kind = edge.kind
        if kind < _PATTERN:
            length = len(segment)
            size = length - edge.affix
            if size < edge.low or (edge.high >= 0 and size > edge.high):
                return -1
            value = segment
            if edge.affix:
                if not segment.startswith(edge.prefix) or not segment.endswith(edge.suffix):
                    return -1
                value = segment[len(edge.prefix) : length - len(edge.suffix)]
            if kind == _DIGITS:
                if not value.isdecimal():
                    return -1
            elif kind == _SIGNED:
                digits = value[1:] if value.startswith("-") else value
                if not digits.isdecimal():
                    return -1
            self.values.append(value)
            return at + 1
        beyond = at + 1
        target = segment
        if kind != _PATTERN:
            target = "/".join(self.segments[at - 1 :] if at else [self.domain, *self.segments])
            beyond = len(self.segments) + 1
        if edge.glob is not None and len(target) >= edge.glob_from:
            texts = edge.glob.match(target)
            if texts is None:
                return -1
            self.values.extend(texts)
            return beyond - 1 if edge.suffixed and target.endswith("/") else beyond
        found = edge.try_on(target)
        if found is None:
            return -1
        # A tail that ends in a slash leaves that slash to the state behind it.
        if edge.suffixed and found.group(found.re.groups) == "/":
            beyond -= 1
        for group in edge.groups:  # type: ignore[union-attr]
            self.values.append(found.group(group))
        return beyond

    def convert(self, tree: Tree, leaf: Leaf) -> int:
        """Turn the texts into arguments, and say with which code.

        PARITY: a text that a converter refuses ends the search, no other rule is tried.
        """
        values = self.values
        kinds = leaf.kinds
        names = leaf.names
        result: dict[str, Any] = {}
        count = min(len(names), len(values))
        for nth in range(count):
            kind = kinds[nth]
            value = values[nth]
            if kind == _AS_INT:
                try:
                    value = int(value)
                except ValueError:
                    # More digits than Python converts.
                    return _MISSED
            elif kind != _AS_IS:
                try:
                    value = leaf.convert[nth](value)
                except tree.invalid:
                    return _MISSED
            result[names[nth]] = value
        if leaf.defaults is not None:
            result.update(leaf.defaults)
        self.leaf = leaf
        self.result = result
        return _DETOUR if leaf.detour else _FOUND


class Tree:
    """All rules of one map. *invalid* is the exception by which a converter refuses a text.

    *exact* holds the states of rules without variables by domain and path, *longest* the length of the longest such
    path. *stale* says that the map has rules which are not planted yet. *endpoints* are the rules by endpoint, and
    *groups* what the builder made of them.
    """

    __slots__ = (
        "endpoints",
        "exact",
        "groups",
        "host_matching",
        "invalid",
        "longest",
        "merge_slashes",
        "root",
        "stale",
    )

    def __init__(self, invalid: type[Exception], merge_slashes: bool, host_matching: bool) -> None:
        self.host_matching = host_matching
        self.stale = True
        self.root = State()
        self.exact: dict[str, dict[str, State]] = {}
        self.longest = 0
        self.endpoints: dict[Any, list[Any]] = {}
        self.groups: dict[Any, Any] = {}
        self.invalid = invalid
        self.merge_slashes = merge_slashes

    def plain(self, path: str, state: State) -> None:
        """Remember *state* as that of the rules for exactly *path*, whose first segment is the domain."""
        domain, _, rest = path.partition("/")
        self.exact.setdefault(domain, {})[rest] = state
        self.longest = max(self.longest, len(rest))


def exact(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> Leaf | None:
    """The rule without variables for *path*, if there is one for this method and protocol.

    FAST: static; a walk follows literal segments first, so this is the first leaf it would reach.
    """
    if len(path) > tree.longest:
        return None
    table = tree.exact.get(domain)
    if table is not None:
        state = table.get(path)
        if state is not None:
            for leaf in state.leaves:  # type: ignore[union-attr]
                if leaf.websocket == websocket and (leaf.methods is None or method in leaf.methods):
                    return leaf
    return None


def search(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> Walk:
    """Walk the tree for *path*, which begins with one slash or is empty; the outcome is in the walk's *code*."""
    walk = Walk.__new__(Walk)
    walk.domain = domain
    walk.method = method
    walk.websocket = websocket
    walk.allowed = None
    walk.crossed = False
    walk.slash = False
    walk.leaf = None
    walk.result = None
    walk.segments = path.split("/")
    walk.values = []
    found = walk.run(tree)
    if found is not None:
        if walk.slash:
            walk.code = _MOVED
            walk.result = path + "/"
        else:
            walk.code = walk.convert(tree, found)
        return walk
    walk.code = _MISSED
    # With no double slash a second walk would be the first one over again.
    if tree.merge_slashes and "//" in path:
        merged = _SLASHES.sub("/", path)
        walk.segments = merged.split("/")
        walk.values = []
        found = walk.run(tree)
        if found is not None and (walk.slash or found.merges):
            walk.code = _MOVED
            walk.result = merged + "/" if walk.slash else merged
    return walk


def route(tree: Tree, domain: str, path: str, method: Any, websocket: bool) -> tuple[int, Any, Any]:
    """Find *path*; see the codes above for the outcome."""
    leaf = exact(tree, domain, path, method, websocket)
    if leaf is not None:
        return (
            DETOUR if leaf.detour else FOUND,
            leaf.rule,
            {} if leaf.defaults is None else dict(leaf.defaults),
        )
    walk = search(tree, domain, path, method, websocket)
    if walk.code == _MISSED:
        return (MISSED, walk.allowed, walk.crossed)
    if walk.leaf is None:
        return (MOVED, None, walk.result)
    return (DETOUR if walk.code == _DETOUR else FOUND, walk.leaf.rule, walk.result)
