"""Whether a step is still as it is shipped: the guard that all fast paths use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .class_watch import ClassWatch
from .objects import disjoint, is_on, item_of

CLASSES_CACHED = 100
"""How many classes' verdicts one guard remembers."""


class Verdict:
    """What was found for one class; it holds until ``watch`` sees a change."""

    __slots__ = ("stock", "watch")

    def __init__(self, watch: ClassWatch, stock: bool) -> None:
        self.watch = watch
        self.stock = stock


class StockGuard:
    """Tells whether a class has the attributes *names* of *shipped*.

    *others* are pairs of further classes and names, which must be as they are now, whichever class is checked.
    The values are those at the time the guard is made; a name that is missing then must stay missing. A guard made
    of None never holds.
    """

    __slots__ = ("_others", "_shipped", "_values", "_verdicts", "names")

    def __init__(self, shipped: Any, names: Iterable[str], others: Iterable[tuple[Any, str]] = ()) -> None:
        self.names = tuple(names)
        self._shipped = shipped
        self._values = {name: getattr(shipped, name, None) for name in self.names}
        self._others = [(owner, name, getattr(owner, name, None)) for owner, name in others]
        self._verdicts: dict[Any, Verdict] = {}

    def holds(self, cls: Any) -> bool:
        """Whether *cls* has them; a later change of it, of its bases or of the others counts from then on."""
        verdict = self._verdicts.get(cls)
        if verdict is None or not verdict.watch.unchanged():
            verdict = self._judge(cls)
        return verdict.stock

    def holds_for(self, instance: Any) -> bool:
        """Whether the class of *instance* has them, and the instance none of its own."""
        return self.holds(type(instance)) and disjoint(self._values, instance.__dict__)

    def is_stock(self, cls: Any, *names: str) -> bool:
        """Whether *cls* has some of the names as shipped now, all if none is given. Does not look at the others."""
        return all(getattr(cls, name, None) is self._values[name] for name in names or self.names)

    def _judge(self, cls: Any) -> Verdict:
        # Watched before anything is looked at: a change from here on is seen.
        watch = ClassWatch([*[(cls, name) for name in self.names], *[(owner, name) for owner, name, _ in self._others]])
        stock = self._shipped is not None and self.is_stock(cls)
        for owner, name, value in self._others:
            stock = stock and getattr(owner, name, None) is value
        verdict = Verdict(watch, stock)
        if len(self._verdicts) < CLASSES_CACHED:
            self._verdicts[cls] = verdict
        return verdict


class Shipped:
    """The guards of bolthead's own classes, for the parts of the core that replace their methods.

    The core imports no class of the layers above it, so `plan.ship` sets these once all classes exist. Until then no
    guard holds, and every method is called.
    """

    __slots__ = (
        "adapter_class",
        "app",
        "app_debug",
        "app_url_for",
        "context_class",
        "inject_url_defaults",
        "json_module",
        "provider_loads",
        "provider_response",
        "request_json",
        "response_class",
        "response_file",
        "response_init",
    )

    def __init__(self) -> None:
        self.adapter_class: Any = None
        self.app = StockGuard(None, ())
        """The steps of a request, its errors, and the classes of its objects."""
        self.app_debug: Any = None
        """The property ``debug`` of an application."""
        self.app_url_for = StockGuard(None, ())
        self.context_class: Any = None
        """The request context."""
        self.inject_url_defaults = StockGuard(None, ())
        """The application's way to URL defaults, and the adapter's to URLs."""
        self.json_module: Any = None
        """The ``json_module`` of a request that uses the current application's provider."""
        self.provider_loads = StockGuard(None, ())
        self.provider_response = StockGuard(None, ())
        """The JSON provider's way to a response."""
        self.request_json = StockGuard(None, ())
        """A request's way to its body as JSON."""
        self.response_class: Any = ()
        self.response_file = StockGuard(None, ())
        """What sending a file goes through."""
        self.response_init = StockGuard(None, ())
        """What making a response goes through."""

    def debug(self, app: Any) -> Any:
        """``app.debug``. FAST (json, form): without a call of the property, as long as it is the stock one."""
        return item_of(app.config, "DEBUG") if is_on(type(app), "debug", self.app_debug) else app.debug


shipped = Shipped()
