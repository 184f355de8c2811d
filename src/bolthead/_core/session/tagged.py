"""The texts of sessions: tagged JSON, without the calls of its methods where all they do is read and write JSON."""

from __future__ import annotations

from typing import Any

from ..json.reader import parse
from ..json.request_json import has_stock_loads
from ..json.response_json import writer_of
from ..primitives.class_watch import StockFunctions
from ..primitives.stock import StockGuard, shipped

DUMPS = "dumps"


class TaggedTexts:
    """``loads`` and ``dumps`` of serializers of the class *cls*, for an application's JSON provider.

    *guard* and *functions* hold while the methods and the functions that these would call are stock. Values of the
    types in *untagged* are written as they are.
    """

    __slots__ = ("cls", "functions", "guard", "untagged")

    def __init__(self, cls: Any, guard: StockGuard, functions: StockFunctions, untagged: frozenset[Any]) -> None:
        self.cls = cls
        self.guard = guard
        self.functions = functions
        self.untagged = untagged

    def is_stock(self, serializer: Any) -> bool:
        """Whether *serializer* has the default tags, and all of it is as shipped."""
        if type(serializer) is not self.cls or not self.guard.holds(self.cls) or not self.functions.unchanged():
            return False
        return serializer._has_default_tags()  # type: ignore[no-any-return]

    def loads(self, serializer: Any, provider: Any, text: str) -> Any:
        """``serializer.loads(text)``."""
        # Only keys that begin with a space mark a tag.
        if '" ' in text or "\\u" in text or not self.is_stock(serializer) or not has_stock_loads(provider):
            return serializer.loads(text)
        return parse(text)

    def dumps(self, serializer: Any, provider: Any, value: dict[str, Any]) -> Any:
        """``serializer.dumps(value)``."""
        # A dict of one key may look like a tag.
        if self.is_stock(serializer) and (len(value) != 1 or next(iter(value)) not in serializer.tags):
            for inner in value.values():
                if type(inner) not in self.untagged:
                    break
            else:
                if shipped.provider_response.holds(type(provider)) and DUMPS not in provider.__dict__:
                    return writer_of(provider, True).text(value)
        return serializer.dumps(value)
