"""Matching several variables in one text in linear time.

A regular expression such as ``(.+)-(.+)-(x+)`` takes a power of the text's length to fail. This finds the same
match, with the same shares for the variables, in two passes: from the end, which positions can still reach the
end; from the start, the first choice of each variable among them.
"""

from __future__ import annotations

import re
from typing import Any

LITERAL = 0
ANY = 1
"""From *low* to *high* characters but no slash, as many as possible; *high* below 0 is no bound."""
ANY_DIGITS = 2
SIGNED_DIGITS = 3
PATH = 4
"""A letter but no slash, then any but line feeds, as few as possible."""
CHOICE = 5
"""The first of several texts with which the rest can match."""
FIXED = 6
"""A pattern for exactly *low* characters."""

_LITERAL = LITERAL
_ANY = ANY
_SIGNED_DIGITS = SIGNED_DIGITS
_PATH = PATH
_CHOICE = CHOICE


class Atom:
    """One step of a :class:`LinearPattern`."""

    __slots__ = ("choices", "high", "kind", "low", "pattern")

    def __init__(
        self,
        kind: int,
        choices: list[str],
        low: int = 1,
        high: int = -1,
        pattern: re.Pattern[str] | None = None,
    ) -> None:
        self.kind = kind
        self.choices = choices
        self.low = low
        self.high = high
        self.pattern = pattern


class LinearPattern:
    """Atoms in a row. *spans* are the variables, each a pair of its first atom and the one after its last.

    *suffixed*: the text may end in one slash that belongs to no variable.
    """

    __slots__ = ("atoms", "spans", "suffixed")

    def __init__(self, atoms: list[Atom], spans: list[tuple[int, int]], suffixed: bool) -> None:
        self.atoms = atoms
        self.spans = spans
        self.suffixed = suffixed

    def match(self, text: str) -> list[str] | None:
        """The variables' texts if all of *text* matches."""
        atoms = self.atoms
        count = len(atoms)
        length = len(text)
        reach = bytearray(length + 1)
        if not self.suffixed or not text.endswith("/"):
            reach[length] = 1
        elif not text.endswith("//"):
            reach[length - 1] = 1
        reaches: list[Any] = [reach]
        for nth in range(count):
            reach = _before(atoms[count - 1 - nth], text, reach)
            reaches.append(reach)
        if not reach[0]:
            return None
        at = 0
        ends = [0]
        for nth in range(count):
            at = _choose(atoms[nth], text, at, reaches[count - 1 - nth])
            ends.append(at)
        return [text[ends[first] : ends[beyond]] for first, beyond in self.spans]


def _before(atom: Atom, text: str, after: bytearray) -> bytearray:
    """Where *atom* can begin so that it ends at a position of *after*."""
    length = len(text)
    found = bytearray(length + 1)
    kind = atom.kind
    if kind in (_LITERAL, _CHOICE):
        for literal in atom.choices:
            size = len(literal)
            at = text.find(literal)
            while at >= 0:
                if after[at + size]:
                    found[at] = 1
                at = text.find(literal, at + 1)
    elif kind > _CHOICE:
        size = atom.low
        for at in range(length - size + 1):
            if after[at + size] and atom.pattern.match(text, at) is not None:  # type: ignore[union-attr]
                found[at] = 1
    else:
        _run_before(atom, text, after, found)
        if kind == _SIGNED_DIGITS:
            for at in range(length):
                if text[at] == "-" and found[at + 1]:
                    found[at] = 1
    return found


def _run_before(atom: Atom, text: str, after: bytearray, found: bytearray) -> int:
    length = len(text)
    kind = atom.kind
    low = atom.low
    high = atom.high
    # The next position that may be the end, and the first letter that cannot be taken.
    nearest = length + 1
    wall = length
    at = length
    while at >= 0:
        if at + low <= length and after[at + low]:
            nearest = at + low
        limit = wall
        if at < length:
            letter = text[at]
            if kind == _ANY:
                if letter == "/":
                    wall = at
                limit = wall
            elif kind == _PATH:
                if letter == "\n":
                    wall = at
                if letter == "/":
                    limit = at
            elif not letter.isdecimal():
                wall = at
                limit = at
        if high >= 0 and at + high < limit:
            limit = at + high
        if nearest <= limit:
            found[at] = 1
        at -= 1
    return 0


def _choose(atom: Atom, text: str, at: int, after: bytearray) -> int:
    """The end that a regular expression would choose first for *atom*, which begins at *at*."""
    kind = atom.kind
    if kind in (_LITERAL, _CHOICE):
        for literal in atom.choices:
            if text.startswith(literal, at) and after[at + len(literal)]:
                return at + len(literal)
    if kind > _CHOICE:
        return at + atom.low
    if kind == _PATH:
        end = at + 1
        while not after[end]:
            end += 1
        return end
    length = len(text)
    end = at
    if kind == _ANY:
        end = text.find("/", at)
        if end < 0:
            end = length
        if atom.high >= 0 and at + atom.high < end:
            end = at + atom.high
    else:
        if kind == _SIGNED_DIGITS and text[at] == "-":
            end += 1
        while end < length and text[end].isdecimal():
            end += 1
    while not after[end]:
        end -= 1
    return end
