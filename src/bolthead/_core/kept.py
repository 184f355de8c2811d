"""Whether a class leaves some steps as bolthead ships them."""

from __future__ import annotations

from .native import Watch

KEPT = 100
"""How many classes are remembered."""


class Seen:
    """One class, as it was when `Watch` began: ``kept`` holds until that sees a change."""

    __slots__ = ("kept", "watch")

    def __init__(self, watch: Watch, kept: bool) -> None:
        self.watch = watch
        self.kept = kept


class Steps:
    """The attributes *names* of *stock*."""

    __slots__ = ("_seen", "_values")

    def __init__(self, stock: type, *names: str) -> None:
        self._values = {name: getattr(stock, name) for name in names}
        self._seen: dict[type, Seen] = {}

    def kept_by(self, cls: type) -> bool:
        """Whether *cls* has the same ones; a change of it, or of its bases, counts from then on."""
        seen = self._seen.get(cls)
        if seen is None or not seen.watch.intact():
            seen = self._look(cls)
        return seen.kept

    def _look(self, cls: type) -> Seen:
        # Watched before anything is looked at: a change from here on is seen.
        watch = Watch([(cls, name) for name in self._values])
        kept = True
        for name, value in self._values.items():
            kept = kept and getattr(cls, name, None) is value
        seen = Seen(watch, kept)
        if len(self._seen) < KEPT:
            self._seen[cls] = seen
        return seen
