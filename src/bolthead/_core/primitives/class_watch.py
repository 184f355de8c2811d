"""Did one of these attributes of a class change? Asked before every request, so the answer has to be cheap.

Compiled, CPython tells: by its type watchers from 3.12 on, by the version tags of classes on 3.11. Pure, the
attributes are compared. ``tests/core/primitives/test_class_watch.py`` holds the two versions together.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter, is_
from typing import Any

_MISSING = object()


class ClassWatch:
    """Remembers what ``cls.name`` was for each pair, and tells whether all of it still is.

    Attributes are looked up as ``getattr(cls, name)`` finds them, so a change in a base class counts.
    """

    __slots__ = ("_absent", "_present")

    def __init__(self, pairs: Iterable[tuple[type, str]]) -> None:
        present: dict[type, list[tuple[str, Any]]] = {}
        absent: list[tuple[type, str]] = []
        for cls, name in pairs:
            value = getattr(cls, name, _MISSING)
            if value is _MISSING:
                absent.append((cls, name))
            else:
                present.setdefault(cls, []).append((name, value))
        self._present = [
            # The first name twice: for one name alone `attrgetter` gives no tuple.
            (cls, attrgetter(seen[0][0], *[name for name, _ in seen]), [seen[0][1], *[value for _, value in seen]])
            for cls, seen in present.items()
        ]
        self._absent = [cls for cls, _ in absent], [name for _, name in absent]

    def unchanged(self) -> bool:
        """Whether each attribute is the very object that it was."""
        # FAST (string): three calls for all names of a class. Not by `==`: a wrapper may claim to equal what it
        # wraps, as wrapt's do.
        try:
            for cls, get, values in self._present:
                if not all(map(is_, get(cls), values)):
                    return False
        except AttributeError:
            return False
        return not any(map(hasattr, *self._absent))
