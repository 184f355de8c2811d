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
    """The attributes *names* of *stock*, and *others*: pairs of another class, the same for all, and a name."""

    __slots__ = ("_names", "_others", "_seen", "_stock")

    def __init__(self, stock: type, names: list[str], others: list[tuple[type, str]]) -> None:
        self._names = names
        self._others = others
        self._stock = [getattr(owner, name) for owner, name in self._pairs(stock)]
        self._seen: dict[type, Seen] = {}

    def _pairs(self, cls: type) -> list[tuple[type, str]]:
        return [(cls, name) for name in self._names] + self._others

    def kept_by(self, cls: type) -> bool:
        """Whether *cls*, and the others, have the same ones; a change of them or of their bases counts from then on."""
        seen = self._seen.get(cls)
        if seen is None or not seen.watch.intact():
            seen = self._look(cls)
        return seen.kept

    def _look(self, cls: type) -> Seen:
        # Watched before anything is looked at: a change from here on is seen.
        pairs = self._pairs(cls)
        watch = Watch(pairs)
        kept = True
        for at, (owner, name) in enumerate(pairs):
            kept = kept and getattr(owner, name, None) is self._stock[at]
        seen = Seen(watch, kept)
        if len(self._seen) < KEPT:
            self._seen[cls] = seen
        return seen
