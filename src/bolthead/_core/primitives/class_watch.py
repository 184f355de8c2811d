"""Did one of these attributes of a class change? Asked before every request, so the answer has to be cheap.

Compiled, CPython tells: by its type watchers from 3.12 on, by the version tags of classes on 3.11. Pure, the
attributes are compared. ``tests/core/primitives/test_class_watch.py`` holds the two versions together.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

_MISSING = object()
_PYPY = sys.implementation.name == "pypy"


class ClassWatch:
    """Remembers what ``cls.name`` was for each pair, and tells whether all of it still is.

    Attributes are looked up as ``getattr(cls, name)`` finds them, so a change in a base class counts.
    """

    __slots__ = ("_same",)

    def __init__(self, pairs: Iterable[tuple[type, str]]) -> None:
        # FAST (string): a function of its own, in the globals of a module, reads `cls.name` where PyPy's compiler
        # and CPython's interpreter remember the outcome per place. Not by `==`: a wrapper may claim to equal what it
        # wraps, as wrapt's do. The names are constants of this package.
        held = ModuleType("watched").__dict__
        tests = []
        for number, (cls, name) in enumerate(pairs):
            held[f"cls_{id(cls)}"] = cls
            value = getattr(cls, name, _MISSING)
            if value is _MISSING:
                tests += _tests_of_absence(held, cls, name)
            else:
                held[f"value_{number}"] = value
                tests.append(f"cls_{id(cls)}.{name} is value_{number}")
        self._same: Callable[[], bool] = eval(f"lambda: {' and '.join(dict.fromkeys(tests)) or True}", held)

    def unchanged(self) -> bool:
        """Whether each attribute is the very object that it was."""
        try:
            return self._same()
        except AttributeError:
            return False


def _tests_of_absence(held: dict[str, Any], cls: type, name: str) -> list[str]:
    """Expressions that are true as long as *cls* has no attribute *name*, and what they need in *held*."""
    if _PYPY or type(cls) is not type:
        # A metaclass may answer for its classes.
        return [f"not hasattr(cls_{id(cls)}, {name!r})"]
    # FAST (string): CPython raises and catches an error for each attribute that `hasattr` does not find.
    held[f"bases_{id(cls)}"] = cls.__mro__
    tests = [f"cls_{id(cls)}.__mro__ is bases_{id(cls)}"]
    for base in cls.__mro__[:-1]:
        held[f"own_{id(base)}"] = base.__dict__
        tests.append(f"{name!r} not in own_{id(base)}")
    return tests
