"""Build bolthead: every module with a type card (a sibling ``.pxd``) is compiled, if that can be done.

``BOLTHEAD_NO_EXT=1`` skips the compiled core; ``BOLTHEAD_REQUIRE_EXT=1`` makes a failure to build it fatal.
Without either, a machine that cannot compile gets the pure build and a warning.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SRC = Path("src")
NO_EXT = os.environ.get("BOLTHEAD_NO_EXT", "") not in ("", "0")
REQUIRE_EXT = os.environ.get("BOLTHEAD_REQUIRE_EXT", "") not in ("", "0")
SANITIZE = os.environ.get("BOLTHEAD_SANITIZE", "")
"""A value for ``-fsanitize=``, for the fuzzing builds."""

WARNING = """
**********************************************************************
* WARNING: bolthead's core could not be compiled ({reason}).
* The pure Python build is installed: same API, same answers, slower.
* `bolthead --version` tells which build runs. To compile, install a C
* compiler and Python's headers, then reinstall bolthead.
**********************************************************************
"""

DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "freethreading_compatible": True,
    "binding": True,
    "embedsignature": False,
}


def rooms() -> list[tuple[str, str]]:
    """The compiled rooms, as (module name, source path): the ``.py`` beside the card, or its ``.pyx`` twin."""
    found = []
    for card in sorted(SRC.glob("bolthead/**/*.pxd")):
        twin = card.with_suffix(".pyx")
        source = twin if twin.exists() else card.with_suffix(".py")
        found.append((".".join(card.relative_to(SRC).with_suffix("").parts), source.as_posix()))
    return found


def warn(reason: object) -> None:
    print(WARNING.format(reason=reason), file=sys.stderr, flush=True)


class BuildExt(build_ext):
    """``build_ext`` that, unless told otherwise, survives a machine without a compiler."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            self.give_up(error)

    def build_extension(self, ext: Extension) -> None:
        if ext not in self.extensions:
            # Given up: setuptools goes on through the list it began with.
            return
        try:
            super().build_extension(ext)
        except Exception as error:
            self.give_up(f"{ext.name}: {error}")

    def give_up(self, reason: object) -> None:
        if REQUIRE_EXT:
            raise RuntimeError(f"BOLTHEAD_REQUIRE_EXT is set and the core did not build: {reason}")
        # Half a core would be a third build that nobody tests: all rooms or none.
        for ext in self.extensions:
            Path(self.get_ext_fullpath(ext.name)).unlink(missing_ok=True)
        self.extensions = []
        warn(reason)


def extensions() -> list[Extension]:
    if NO_EXT:
        return []
    try:
        from Cython.Build import cythonize

        flags = [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"] if SANITIZE else []
        found: list[Any] = [
            Extension(name, [path], extra_compile_args=flags, extra_link_args=flags[:1]) for name, path in rooms()
        ]
        return list(cythonize(found, compiler_directives=DIRECTIVES, build_dir="build/cython", quiet=True))
    except Exception as error:
        if REQUIRE_EXT:
            raise
        warn(error)
        return []


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildExt})
