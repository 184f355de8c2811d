"""Overrides of Werkzeug's methods and attributes, which step aside while a test has replaced what they override.

Flask's classes inherit them, so there a replacement is reached.
"""

from __future__ import annotations

from operator import is_not
from typing import Any

_NOT_FOLLOWED = frozenset(
    (
        *("blueprint", "blueprints", "endpoint", "routing_exception", "url_rule", "view_args"),
        *("max_content_length", "max_form_memory_size", "max_form_parts", "on_json_loading_failed"),
        *("autocorrect_location_header", "default_mimetype", "json_module", "max_cookie_size"),
        *("add", "compile", "host_matching", "merge_slashes", "update"),
    )
)
"""What Flask's classes override themselves, and what fills the tree of rules, which Werkzeug has not."""
_CALLED_HERE = frozenset(("__init__", "_parse_content_type"))
"""The private names that are followed."""
_MISSING: Any = object()


class BasePatches:
    """The overrides of some classes, each with what it overrides in the class's bases.

    *with_fields* are those whose constructor sets more than that of their base, which cannot take its place.
    """

    def __init__(self, classes: tuple[type, ...], with_fields: tuple[type, ...] = ()) -> None:
        steps = {**dict.fromkeys(classes, _CALLED_HERE), **dict.fromkeys(with_fields, frozenset[str]())}
        self._overrides = [
            (cls, name, ours, theirs)
            for cls, private in steps.items()
            for name, ours in vars(cls).items()
            if (not name.startswith("_") or name in private) and name not in _NOT_FOLLOWED
            if (theirs := _inherited(cls, name))
        ]
        names = {name for _, name, _, _ in self._overrides}
        self.pairs: list[tuple[type, str | None]] = []
        """What to watch: what the bases have of these names, and whether the next one gets a name that it had not."""
        for cls in steps:
            bases = [base for base in cls.__mro__ if base.__module__.startswith("werkzeug.")]
            if len(bases) > 1:
                self.pairs.append((bases[0], None))
            self.pairs += [(base, name) for base in bases for name in vars(base) if name in names]

    def step_aside(self) -> None:
        """Take away each override of something that is replaced now, and put back the others."""
        for cls, name, ours, theirs in self._overrides:
            own = vars(cls).get(name, _MISSING)
            if any(map(is_not, _inherited(cls, name), theirs)):
                if own is ours:
                    delattr(cls, name)
            elif own is _MISSING:
                setattr(cls, name, ours)


def _inherited(cls: type, name: str) -> list[Any]:
    """What the bases of the class have as *name*, without asking a descriptor; one may call the next."""
    return [vars(base)[name] for base in cls.__mro__[1:-1] if name in vars(base)]
