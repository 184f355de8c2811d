"""Which part of a wide enumeration a run takes: all of the tests must end within 45 minutes on two cores.

``BOLTHEAD_EVERY=1`` in the environment takes every case, and has Hypothesis make other examples in each run.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def is_set(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


EVERY = is_set("BOLTHEAD_EVERY")
PURE = is_set("BOLTHEAD_PURE")


def some(cases: Iterable[T], *of: object) -> list[T]:
    """Every second of *cases* on the compiled build, every fourth of them on the pure one, which runs the same files.

    *of* says what they are cases of: where it differs others are taken, and so they are on the other build.
    """
    found = list(cases)
    if EVERY or len(found) < 2:
        return found
    number = zlib.crc32(repr(of).encode())
    return found[(number + 1) % 4 :: 4] or found[-1:] if PURE else found[number % 2 :: 2]
