"""Making objects without their constructor, and access to their attributes that ignores overrides in their classes;
waiting for another thread.

The compiled version uses CPython's slots and locks, which an augmenting ``.pxd`` cannot express.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections.abc import Callable
from operator import getitem
from types import FunctionType
from typing import Any, Self

CO_COROUTINE = 0x80
MARKS = sys.version_info >= (3, 12)
"""Whether ``inspect.markcoroutinefunction`` exists."""

bare: Callable[[Any], Any] = object.__new__
"""An instance of an ordinary class whose ``__init__`` is not called."""
bare_dict: Callable[[Any], Any] = dict.__new__
"""The same for a subclass of dict."""


def new(cls: Any) -> Any:
    """``cls.__new__(cls)``: an instance whose ``__init__`` is not called."""
    return cls.__new__(cls)


new_text: Callable[[Any, str], Any] = str.__new__
"""``str.__new__(cls, value)`` for a class derived from str. FAST (page-form): compiled, its checks are left out."""


def is_on(cls: Any, name: str, value: Any) -> bool:
    """Whether *value* is the attribute *name* of *cls* or of a base. Not for descriptors that bind to classes."""
    return cls.__dict__.get(name) is value or getattr(cls, name, None) is value


any_filled: Callable[[tuple[Any, ...]], bool] = any
"""Whether one of several dictionaries or lists is not empty."""


def disjoint(one: dict[str, Any], other: Any) -> bool:
    """Whether no key of *one*, which does not change, is in *other*."""
    # It iterates over the shorter of two views.
    return one.keys().isdisjoint(other.keys())


def is_sync_function(func: Any) -> bool:
    """Whether *func* is a Python function that is no coroutine function, nor marked as one."""
    return (
        type(func) is FunctionType
        and not func.__code__.co_flags & CO_COROUTINE
        and not (MARKS and "_is_coroutine_marker" in func.__dict__)
    )


def is_coroutine_function(func: Any) -> bool:
    """Whether *func* is a Python function that was defined by ``async def``."""
    return type(func) is FunctionType and bool(func.__code__.co_flags & CO_COROUTINE)


own_set: Callable[[Any, str, Any], None] = object.__setattr__
"""Set an attribute as ``object`` does, even if the class overrides ``__setattr__``."""


def has_own(instance: Any, name: str) -> bool:
    """Whether an object has an attribute of its own, not one of its class; it must have a dict.

    FAST (shares): compiled, an object without such attributes is not given an empty dict.
    """
    return name in instance.__dict__


own_item: Callable[[Any, Any], Any] = dict.get
"""The value for a key in a subclass of dict, even if that overrides ``get``; None without one."""

item_of: Callable[[Any, Any], Any] = getitem
"""``mapping[key]``.

FAST (string, session-write): compiled, a subclass of dict without an item look-up of its own is read as a dict is.
CPython calls the method ``dict.__getitem__`` for it by name, which takes twice as long.
"""


def immortal(value: Any) -> Any:
    """*value*, new and meant to stay: where there is no GIL, out of the counting of references.

    The count of one that every request takes and drops is what threads would wait for each other for.
    """
    return value


def add_pairs(mapping: Any, pairs: list[tuple[Any, Any]]) -> None:
    """Add *pairs* to a multi-dict, which holds a list for each key."""
    for key, value in pairs:
        dict.setdefault(mapping, key, []).append(value)


def keep_memory(cls: Any) -> None:
    """FAST (asgi string): compiled, the memory of some objects of *cls* is kept when they are freed."""


def needs_no_finalizer(obj: Any) -> None:
    """FAST (asgi string): compiled, the ``__del__`` of *obj*, whose class's memory is kept, is not called any more."""


class Template:
    """Dictionaries that have the same *fields*, but for the value of *key*.

    FAST (asgi string): compiled, one that is taken back, that nobody else has and nobody has changed is the next one.
    """

    __slots__ = ("_fields", "_key")

    def __init__(self, fields: dict[str, Any], key: str) -> None:
        self._fields = fields
        self._key = key

    def filled(self, value: Any) -> dict[str, Any]:
        made = self._fields.copy()
        made[self._key] = value
        return made

    def take_back(self, made: dict[str, Any]) -> None:
        """The caller, which is the only one to have it, needs it no more. It may stay in memory, with its value."""


class Turn:
    """What the first of several threads takes."""

    __slots__ = ("_lock",)

    _lock: Any

    def __new__(cls, *args: Any) -> Self:
        turn = object.__new__(cls)
        turn._lock = allocate_lock()
        return turn

    def take(self) -> bool:
        """Whether this is the first call."""
        return self._lock.acquire(False)  # type: ignore[no-any-return]


class Semaphore:
    """What a thread waits for until another one lets it go on: each `release` ends one `acquire`.

    FAST (asgi sync): compiled, it is released without the interpreter's lock. A thread that is woken and finds that
    lock taken sleeps again at once, so that two threads on one core would change places twice as often. And on Linux,
    where the thread's last turns and waits were short, it is not put to sleep for the next 50 µs, and neither is who
    releases it until the thread waits again: two threads that are awake on two cores change places in a quarter of the
    time that waking them takes. Threads on one core, long turns and long waits sleep as they ever did.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._lock.acquire()

    def acquire(self) -> None:
        self._lock.acquire()

    def release(self) -> None:
        self._lock.release()
