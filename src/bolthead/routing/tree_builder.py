"""Inserts rules into the tree: pieces of a rule become edges and a leaf, once per rule, at the map's next match."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from werkzeug.routing import Rule as WerkzeugRule

from .._core.routing.linear_pattern import (
    ANY,
    ANY_DIGITS,
    CHOICE,
    FIXED,
    LITERAL,
    PATH,
    SIGNED_DIGITS,
    Atom,
    LinearPattern,
)
from .._core.routing.segment_table import SegmentTable
from .._core.routing.tree import DIGITS, NUMBER, PATTERN, REST, SEGMENT, SIGNED, TAIL, WORD, Edge, Leaf, State, Tree
from .converters import FloatConverter, PathConverter, UUIDConverter
from .rule import Piece, parsed_rule, read_converters


class Part(NamedTuple):
    """A segment with variables, or a tail. Equal parts of two rules share an edge.

    *body* alternates literals and regular expressions, literals first and last. The weights decide the order
    among siblings: more literals first, then longer ones, then more variables, then lighter ones.
    """

    body: tuple[str, ...]
    is_tail: bool
    suffixed: bool
    literal_weights: tuple[tuple[int, int], ...]
    variable_weights: tuple[Any, ...]

    @property
    def weight(self) -> tuple[Any, ...]:
        literals, variables = self.literal_weights, self.variable_weights
        return (-len(literals), literals, -len(variables), variables)

    @property
    def source(self) -> str:
        texts = []
        for nth, text in enumerate(self.body):
            texts.append(f"(?P<__werkzeug_{nth // 2}>{text})" if nth % 2 else re.escape(text))
        return "".join(texts) + (r"(?<!/)(/?)\Z" if self.suffixed else r"\Z")


class _Segments:
    """Cuts pieces into segments. Where a variable takes slashes, the rest is one part, whatever it holds."""

    def __init__(self) -> None:
        self.parts: list[str | Part] = []
        self.clear()

    def clear(self) -> None:
        self.body = [""]
        self.is_tail = False
        self.literal_weights: list[tuple[int, int]] = []
        self.variable_weights: list[Any] = []

    def cut(self, pieces: Iterable[Piece]) -> list[str | Part]:
        for piece in pieces:
            if isinstance(piece, str):
                self.text(piece)
            else:
                converter = piece[1]
                self.body += (converter.regex, "")
                self.variable_weights.append(converter.weight)
                if not converter.part_isolating:
                    self.is_tail = True
        if self.is_tail and self.body[-1].endswith("/"):
            # The slash at the very end stays a segment of its own, so that a missing one can be redirected.
            self.body[-1] = self.body[-1][:-1]
            self.parts += (self.part(suffixed=True), "")
        else:
            self.close()
        return self.parts

    def text(self, text: str) -> None:
        for nth, field in enumerate(text.split("/")):
            if nth:
                if self.is_tail:
                    self.body[-1] += "/"
                else:
                    self.close()
            if field:
                self.literal_weights.append((len(self.literal_weights), -len(field)))
                self.body[-1] += field

    def close(self) -> None:
        self.parts.append(self.part() if len(self.body) > 1 else self.body[0])
        self.clear()

    def part(self, suffixed: bool = False) -> Part:
        return Part(
            tuple(self.body),
            self.is_tail,
            suffixed,
            tuple(self.literal_weights),
            tuple(self.variable_weights),
        )


def cut(pieces: list[Piece]) -> list[str | Part]:
    """The segments of a domain or a path, literal ones as text."""
    if len(pieces) == 1 and isinstance(pieces[0], str):
        # FAST (registering): no variable, no part.
        return list(pieces[0].split("/"))
    return _Segments().cut(pieces)


@lru_cache(256)
def _simple(regex: str) -> tuple[int, int, int] | None:
    """The kind of edge and the length of text for the patterns that need no regular expression."""
    if regex == r"\d+":
        return DIGITS, 1, -1
    if regex == r"-?\d+":
        return SIGNED, 1, -1
    # PARITY: of larger numbers, some are too large for `re` when the rule is matched.
    found = re.fullmatch(r"\[\^/\](?:(\+)|\{(\d{1,9})(?:(,)(\d{0,9}))?\})", regex)
    if found is None:
        return None
    plus, low, comma, high = found.groups()
    if plus:
        return SEGMENT, 1, -1
    if not comma:
        return SEGMENT, int(low), int(low)
    if not high:
        return SEGMENT, int(low), -1
    # PARITY: a range whose bounds are swapped is an error when the rule is matched.
    return (SEGMENT, int(low), int(high)) if int(low) <= int(high) else None


_BARE = {SEGMENT: WORD, DIGITS: NUMBER}


def _edge(part: Part, is_domain: bool, state: State) -> Edge:
    """An edge to *state*."""
    body = part.body
    if not part.is_tail and len(body) == 3:
        simple = _simple(body[1])
        # A domain may hold a slash, which these patterns exclude and a segment of a path cannot have.
        if simple is not None and not (is_domain and simple[0] == SEGMENT):
            kind, low, high = simple
            if (low, high, body[0], body[2]) == (1, -1, "", ""):
                kind = _BARE.get(kind, kind)
            edge = Edge(kind, body[0], body[2], part.weight, state)
            edge.low, edge.high = low, high
            return edge
    if part.is_tail and len(body) == 3 and body[1] == PathConverter.regex and not (is_domain or part.suffixed):
        return Edge(REST, body[0], body[2], part.weight, state)
    edge = Edge(TAIL if part.is_tail else PATTERN, body[0], body[-1], part.weight, state)
    edge.source = part.source
    edge.suffixed = part.suffixed
    if len(body) > 3:
        edge.linear = _linear_pattern(part)
        edge.linear_from = _LINEAR_FROM.get(len(body) // 2, 0)
    return edge


# The shortest text, by the number of variables, for which the linear pattern replaces the regular expression. Below
# that the expression is quicker, and its quadratic or cubic time does not matter.
_LINEAR_FROM = {2: 128, 3: 32}


def _linear_pattern(part: Part) -> LinearPattern | None:
    """A linear pattern that matches what *part* matches; None unless all its patterns are stock ones."""
    atoms: list[Atom] = []
    spans = []
    for nth, text in enumerate(part.body):
        if nth % 2 == 0:
            if text:
                atoms.append(Atom(LITERAL, [text]))
            continue
        some = _atoms(text)
        if some is None:
            return None
        spans.append((len(atoms), len(atoms) + len(some)))
        atoms += some
    return LinearPattern(atoms, spans, part.suffixed)


def _atoms(regex: str) -> list[Atom] | None:
    if regex == PathConverter.regex:
        return [Atom(PATH, [])]
    if regex == UUIDConverter.regex:
        return [Atom(FIXED, [], low=36, pattern=re.compile(regex))]
    if regex in _FLOATS:
        return [Atom(_FLOATS[regex], []), Atom(LITERAL, ["."]), Atom(ANY_DIGITS, [])]
    simple = _simple(regex)
    if simple is not None:
        kind, low, high = simple
        return [Atom({SEGMENT: ANY, DIGITS: ANY_DIGITS, SIGNED: SIGNED_DIGITS}[kind], [], low, high)]
    if regex.startswith("(?:") and regex.endswith(")"):
        # Exactly what AnyConverter writes: the comparison below excludes other patterns of the same shape.
        escaped = re.findall(r"(?:\\.|[^\\|])+", regex[3:-1], re.DOTALL)
        texts = [re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) for text in escaped]
        if texts and all(texts) and f"(?:{'|'.join(map(re.escape, texts))})" == regex:
            return [Atom(CHOICE, texts)]
    return None


_FLOATS = {FloatConverter.regex: ANY_DIGITS, f"-?{FloatConverter.regex}": SIGNED_DIGITS}


class Insertion:
    """New rules for the tree: searches see them, all at once, after `publish`. For one thread at a time.

    Searches may be in the states of the old tree, so only states that were made here are changed, copies among them.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.made: dict[int, State] = {}
        self.root = self.writable(tree.roots[0])
        self.root.starts = {}
        self.static: dict[str, list[Leaf]] = {}

    def writable(self, state: State | None) -> State:
        """A state that may be changed: *state*, if it was made here, else a copy of it; a new one for None."""
        if state is None or id(state) not in self.made:
            state = State() if state is None else state.copy()
            self.made[id(state)] = state
        return state

    def add(self, rule: WerkzeugRule) -> None:
        """Insert *rule* with its leaf."""
        domain, path = parsed_rule(rule)
        domain_parts = cut(domain) or [""]
        parts = domain_parts + cut(path)
        state = self.root
        for nth, part in enumerate(parts):
            if isinstance(part, str):
                if state.static is None:
                    state.static = SegmentTable()
                following = self.writable(found := state.static.get(part))
                if following is not found:
                    state.static[part] = following
                    if not part:
                        state.blank = following
            else:
                if state.keys is None:
                    state.keys = {}
                edge = state.keys.get(part)
                following = self.writable(None if edge is None else edge.state)
                if edge is None or edge.state is not following:
                    state.keys[part] = _edge(part, nth == 0, following)
            state = following
        leaf = Leaf(rule)
        read_converters(rule, leaf)
        rule.__dict__["_leaf"] = leaf
        if state.leaves is None:
            state.leaves = []
        state.leaves.append(leaf)
        if not rule._converters and len(domain_parts) == 1:
            self.static["/".join(parts)] = state.leaves  # type: ignore[arg-type]

    def publish(self) -> None:
        """Show the rules to every search that begins from now on."""
        for state in self.made.values():
            state.arrange()
        self.tree.roots[0] = self.root
        for path, leaves in self.static.items():
            self.tree.add_static(path, leaves)
