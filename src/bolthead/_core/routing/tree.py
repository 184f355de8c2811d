# cython: boundscheck=False, wraparound=False, auto_pickle=False
"""The router's tree, in which `search` finds a rule.

A path is matched segment by segment; the domain is segment 0. Each state is reached by one sequence of segments and
variables.

A search holds the root it began with, and nothing that is reached from a root changes: rules that are added later go
into copies of the states on their way, under the map's lock, and the new root replaces the old one in a list. So
neither a switch between threads nor threads without the GIL can show a search half of a change. What else threads share
are flags of the type `Flag`, dicts of static rules, whose entries are replaced whole, and patterns, compiled under a
lock.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from .linear_pattern import LinearPattern

WORD = 0
"""One variable of any length without literals: SEGMENT at its simplest."""
NUMBER = 1
"""DIGITS likewise."""
SEGMENT = 2
DIGITS = 3
SIGNED = 4
REST = 5
PATTERN = 6
TAIL = 7

_WORD = WORD
_NUMBER = NUMBER
_DIGITS = DIGITS
_SIGNED = SIGNED
_REST = REST
_PATTERN = PATTERN

AS_IS = 0
AS_INT = 1
BY_CALL = 2

_AS_IS = AS_IS
_AS_INT = AS_INT

INDEX_FROM = 6
"""With fewer edges than this, trying each is cheaper than looking up their literals."""

_weight = attrgetter("weight")
_compiling = threading.Lock()


class Leaf:
    """One rule as the search needs it: a copy of its settings, made when the rule is inserted.

    *names* are its variables; for each, *kinds* says how the text becomes the argument (AS_IS and so on), and *convert*
    has the converter's function. *lenient*: a slash may follow that the rule has not. *merges*: double slashes in the
    path are redirected. *detour*: the rule or a sibling may redirect, which the adapter decides.
    """

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

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as None: it is derived from a rule, and made again."""
        return type(None), ()

    def sync(self) -> None:
        """Read the rule's settings again."""
        rule = self.rule
        self.endpoint = rule.endpoint
        self.methods = rule.methods
        self.websocket = bool(rule.websocket)
        self.lenient = not rule.strict_slashes
        self.merges = rule.merge_slashes is not False
        self.defaults = rule.defaults or None
        if rule.alias or rule.redirect_to is not None:
            self.detour = True


class State:
    """A point of the tree: the segments and variables that may follow, and the rules that end here.

    *static* is a `SegmentTable`. *blank* is the child for the empty segment, i.e. a trailing slash. *keys* are the
    edges by what distinguishes them. *starts*, of a root, are the states behind the first slash, by domain, as far as
    the pure-Python search has found them.
    """

    __slots__ = ("blank", "edges", "index", "keys", "leaves", "starts", "static")

    def __init__(self) -> None:
        self.static: Any = None
        self.blank: State | None = None
        self.edges: list[Edge] | None = None
        self.index: Index | None = None
        self.leaves: list[Leaf] | None = None
        self.keys: dict[Any, Edge] | None = None
        self.starts: dict[str, State] | None = None

    def copy(self) -> State:
        """A state that may be changed while searches are in this one."""
        made = State()
        made.static = None if self.static is None else self.static.copy()
        made.blank = self.blank
        made.edges = self.edges
        made.index = self.index
        made.leaves = None if self.leaves is None else list(self.leaves)
        made.keys = None if self.keys is None else dict(self.keys)
        return made

    def arrange(self) -> None:
        """Put the edges in order of weight, and of arrival among equals."""
        if self.keys is not None:
            self.edges = sorted(self.keys.values(), key=_weight)
            self.index = Index(self.edges) if len(self.edges) >= INDEX_FROM else None


class Edge:
    """One segment with variables, or a tail of several.

    SEGMENT, DIGITS and SIGNED are one variable between two literals and need no regular expression; *low* and
    *high* bound the variable's length. So is REST, a tail. PATTERN and TAIL hold the source of theirs, compiled on
    first use (then *ready*); for a target of *linear_from* characters or more *linear* replaces it.
    """

    __slots__ = (
        "affix",
        "groups",
        "high",
        "kind",
        "linear",
        "linear_from",
        "low",
        "match",
        "prefix",
        "ready",
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
        self.ready = False
        self.linear: LinearPattern | None = None
        self.linear_from = 0
        self.match: Callable[[str], re.Match[str] | None] | None = None
        self.groups: tuple[int, ...] | None = None

    def compile(self) -> None:
        with _compiling:
            if self.ready:
                return
            pattern = re.compile(self.source)
            groups = pattern.groupindex.items()
            ours = sorted([(int(name[11:]), at) for name, at in groups if name.startswith("__werkzeug_")])
            self.groups = tuple([at for _, at in ours])
            self.match = pattern.match
            self.ready = True

    def try_on(self, target: str) -> re.Match[str] | None:
        if not self.ready:
            self.compile()
        return self.match(target)  # type: ignore[misc]


class Index:
    """The edges of one state by the literal they begin with, else by the one they end with."""

    __slots__ = ("bare", "by_prefix", "by_suffix", "prefix_sizes", "rank", "suffix_sizes")

    def __init__(self, edges: list[Edge]) -> None:
        self.bare: list[Edge] = []
        self.by_prefix: dict[str, list[Edge]] = {}
        self.by_suffix: dict[str, list[Edge]] = {}
        self.rank = {edge: nth for nth, edge in enumerate(edges)}.__getitem__
        for edge in edges:
            if edge.prefix:
                self.by_prefix.setdefault(edge.prefix, []).append(edge)
            elif edge.suffix and edge.kind != TAIL and edge.kind != REST:
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
            found.sort(key=self.rank)
        return found


class Tree:
    """All rules of one map. *invalid* is the exception by which a converter refuses a text.

    *roots* has one item, the root. *exact* holds the leaves of rules without variables by domain and path, *home* those
    without a domain, *longest* the length of the longest such path. *stale*: the map has rules which are not inserted
    yet. *endpoints* are the rules by endpoint, and *groups* their templates for building: another
    dictionary when those are to be made again.
    """

    __slots__ = (
        "endpoints",
        "exact",
        "groups",
        "home",
        "host_matching",
        "invalid",
        "longest",
        "merge_slashes",
        "roots",
        "stale",
    )

    def __init__(self, invalid: type[Exception], merge_slashes: bool, host_matching: bool) -> None:
        self.host_matching = host_matching
        self.stale = True
        self.roots = [State()]
        self.home: dict[str, list[Leaf]] = {}
        self.exact: dict[str, dict[str, list[Leaf]]] = {"": self.home}
        self.longest = 0
        self.endpoints: dict[Any, list[Any]] = {}
        self.groups: dict[Any, Any] = {}
        self.invalid = invalid
        self.merge_slashes = merge_slashes

    def add_static(self, path: str, leaves: list[Leaf]) -> None:
        """Register *leaves* for exactly *path*, whose first segment is the domain."""
        domain, _, rest = path.partition("/")
        if rest.startswith("//"):
            # Never looked up: slashes before a path count as one.
            return
        self.exact.setdefault(domain, {})[rest] = leaves
        if len(rest) > self.longest:
            self.longest = len(rest)
