"""Detects a change of attributes of classes, and of functions of modules. Checked before every request, so it is cheap.

Compiled, it rests on CPython's type watchers from 3.12 on, on the version tags of classes on 3.11. Pure, a flag of
bolthead's own classes tells (see `probe`), and the attributes of others are compared.
``tests/core/primitives/test_class_watch.py`` holds the two versions together.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

_MISSING = object()
_CPYTHON = sys.implementation.name == "cpython"
DIRECT = 2
"""So many attributes are compared without asking a probe first."""
_VALID = 1 << 19
"""In a class's ``__flags__``, CPython's ``Py_TPFLAGS_VALID_VERSION_TAG``: set by a look-up, cleared in a class and in
those derived from it when it is modified."""


class Probe:
    """A class derived from others, whose flag tells whether one of them was modified. ``state`` is new after each."""

    __slots__ = ("_order", "cls", "state")

    def __init__(self, *classes: type) -> None:
        self.cls = type("Probe", classes, {"__module__": __name__})
        self._order = self.cls.__mro__
        self.state = object()

    def renew(self) -> object:
        """The state from now on: as long as it is this one and the flag is set, nothing is modified.

        Another object where a class got other bases: then this one is not derived from all that it was.
        """
        if not self.cls.__flags__ & _VALID:
            # Once more after the look-up: another thread may have done the same, before a modification between.
            self.state = object()
            getattr(self.cls, "nothing", None)
            self.state = object()
        return self.state if self.cls.__mro__ == self._order else object()


_probes: dict[type, Probe] = {}


def probe(*classes: type) -> None:
    """Have modifications of *classes*, which one class can be derived from, and of their bases noticed by a `Probe`.

    FAST (string): looking at one flag takes the place of comparing all attributes. It is for bolthead's own classes
    and what they sign with, since a user's may notice that a class is derived from it. Compiled, and where the flag
    does not tell, this does nothing.
    """
    if _flags_tell():
        made = Probe(*classes)
        for base in made.cls.__mro__[1:-1]:
            _probes.setdefault(base, made)


@cache
def _flags_tell() -> bool:
    """Whether this interpreter sets and clears the flag."""
    base: Any = type("Base", (), {})
    probe = Probe(type("Between", (base,), {}))
    seen = []
    for value in range(3):
        probe.renew()
        seen.append(probe.cls.__flags__ & _VALID)
        base.value = value
        seen.append(probe.cls.__flags__ & _VALID)
    return seen == [_VALID, 0] * 3


class ClassWatch:
    """Stores the value of ``cls.name`` for each pair, and tells whether all are unchanged.

    Attributes are looked up as ``getattr(cls, name)`` finds them, so a change in a base class counts. A name of None
    stands for the number of names in the class's own dictionary.
    """

    __slots__ = ("_held", "_probes", "_same", "unchanged")

    unchanged: Callable[[], bool]
    """Whether each attribute is the very object that it was."""

    def __init__(self, pairs: Iterable[tuple[type, str | None]]) -> None:
        # FAST (string): a function generated for these pairs, with globals of its own: PyPy's compiler folds its tests
        # away, and CPython caches each look-up at its place in the code. The names are constants of this package.
        # By `is`, not `==`: a wrapper may claim to equal what it wraps, as wrapt's do.
        held = self._held = ModuleType("watched").__dict__
        self._probes: dict[str, Probe] = {}
        tests = []
        own: dict[type, dict[str, Any]] = {}
        pairs = list(pairs)
        probed = _probed([cls for cls, _ in pairs])
        for number, (cls, name) in enumerate(pairs):
            if cls in probed:
                # Before anything is read: a change from here on is seen.
                self._add_probe(_probes[cls])
            held[f"cls_{id(cls)}"] = cls
            if name is None:
                held[f"names_{id(cls)}"] = vars(cls)
                tests.append((cls, f"len(names_{id(cls)}) == {len(vars(cls))}"))
                continue
            value = getattr(cls, name, _MISSING)
            if value is _MISSING:
                tests += [(cls, test) for test in _tests_of_absence(held, cls, name)]
            elif _CPYTHON and type(cls) is type and name in vars(cls):
                # Another thread may take it away meanwhile.
                own.setdefault(cls, {})[name] = vars(cls).get(name, _MISSING)
            else:
                held[f"value_{number}"] = value
                tests.append((cls, f"cls_{id(cls)}.{name} is value_{number}"))
        for cls, values in own.items():
            name, value = next(iter(values.items()))
            if len(values) == 1 and getattr(cls, name, _MISSING) is value:
                # FAST (string): the call below takes longer than one attribute.
                held[f"value_{id(cls)}"] = value
                tests.append((cls, f"cls_{id(cls)}.{name} is value_{id(cls)}"))
                continue
            held[f"same_{id(cls)}"] = _test_of_names(_dictionary(cls), values)
            tests.append((cls, f"same_{id(cls)}()"))
        self._same = _all_of([test for _, test in tests], held)
        told = [
            f"class_of_{name}.__flags__ == flags_of_{name} and {name}.state is state_of_{name}" for name in self._probes
        ]
        held["look_closer"] = self._look_closer
        self.unchanged = _tests_of(told + [test for cls, test in tests if cls not in probed], "look_closer()", held)

    def _add_probe(self, probe: Probe) -> None:
        name = f"probe_{id(probe)}"
        if name not in self._probes:
            self._probes[name] = probe
            self._held |= {name: probe, f"class_of_{name}": probe.cls, f"state_of_{name}": probe.renew()}
            self._held[f"flags_of_{name}"] = probe.cls.__flags__ | _VALID

    def _look_closer(self) -> bool:
        """`unchanged` where a probe's class, or an attribute, is not what it was."""
        if not self._probes:
            return False
        states = {f"state_of_{name}": probe.renew() for name, probe in self._probes.items()}
        flags = {f"flags_of_{name}": probe.cls.__flags__ | _VALID for name, probe in self._probes.items()}
        if not self._same():
            return False
        self._held |= states | flags
        return True


class StockFunctions:
    """Tells whether functions of modules are those of the time when this was made: tests replace them.

    The arguments are pairs of a module and the names in it, with spaces between. Raises KeyError for a name that is not
    there.
    """

    __slots__ = ("unchanged",)

    unchanged: Callable[[], bool]
    """Whether each function is the very object that it was."""

    def __init__(self, *pairs: tuple[ModuleType, str]) -> None:
        # FAST (session-read): CPython caches the look-ups of globals and of modules at their places in the code.
        held: dict[str, Any] = {}
        tests = []
        for number, (module, names) in enumerate(pairs):
            held[f"module_{number}"] = module
            for name in names.split():
                held[f"value_{number}_{name}"] = vars(module)[name]
                tests.append(f"module_{number}.{name} is value_{number}_{name}")
        self.unchanged = _tests_of(tests, "False", held)


def _probed(classes: list[type]) -> set[type]:
    """Those of *classes* whose probe is asked. FAST (url-for): where it is for few, looking at them is quicker."""
    counts = Counter([_probes[cls] for cls in classes if cls in _probes])
    return {cls for cls in classes if cls in _probes and counts[_probes[cls]] > DIRECT}


def _all_of(tests: list[str], held: dict[str, Any]) -> Callable[[], Any]:
    """A function with the globals *held* that is true if all expressions are."""
    return eval(f"lambda: {' and '.join(dict.fromkeys(tests)) or True}", held)  # type: ignore[no-any-return]


def _tests_of(tests: list[str], otherwise: str, held: dict[str, Any]) -> Callable[[], bool]:
    """A function with the globals *held*: whether all expressions are true, or else the value of *otherwise*."""
    source = (
        f"def unchanged():\n try: return {' and '.join(dict.fromkeys(tests)) or True} or {otherwise}\n"
        " except (AttributeError, NameError): return False"
    )
    exec(source, held)
    return held.pop("unchanged")  # type: ignore[no-any-return]


def _dictionary(cls: type) -> dict[str, Any]:
    """The dictionary behind the view that ``vars(cls)`` is. For CPython; it is only read."""
    (found,) = gc.get_referents(vars(cls))
    return found  # type: ignore[no-any-return]


def _test_of_names(held: dict[str, Any], values: dict[str, Any]) -> Callable[[], bool]:
    """A function that tells whether each name has the value of *values* in *held*. NameError for a deleted one.

    FAST (string): CPython caches a global's index in the dictionary, and *held* is the function's globals. Reading
    attributes of a class costs three times as much.
    """
    arguments = [f"value_{number}_" for number in range(len(values))]
    tests = " and ".join(f"{name} is {argument}" for name, argument in zip(values, arguments, strict=True))
    code = eval(f"lambda {', '.join(arguments)}: {tests or True}").__code__
    return FunctionType(code, held, argdefs=tuple(values.values()))


def _tests_of_absence(held: dict[str, Any], cls: type, name: str) -> list[str]:
    """Expressions that are true as long as *cls* has no attribute *name*, and what they need in *held*."""
    if not _CPYTHON or type(cls) is not type:
        # A metaclass may have the attribute.
        return [f"not hasattr(cls_{id(cls)}, {name!r})"]
    # FAST (string): CPython raises and catches an error for each attribute that `hasattr` does not find.
    held[f"bases_{id(cls)}"] = cls.__mro__
    tests = [f"cls_{id(cls)}.__mro__ is bases_{id(cls)}"]
    for base in cls.__mro__[:-1]:
        held[f"own_{id(base)}"] = base.__dict__
        tests.append(f"{name!r} not in own_{id(base)}")
    return tests
