"""Build bolthead: every module with an augmenting ``.pxd`` beside it is compiled, if that can be done.

Read from the environment:

``BOLTHEAD_NO_EXT=1``
    do not compile; the wheel is ``py3-none-any``. PyPy and WebAssembly are always built so.
``BOLTHEAD_REQUIRE_EXT=1``
    a module that does not compile is an error. Without it, a machine that cannot compile gets the pure build.
``BOLTHEAD_PROFILE=1``
    compile twice, with gcc: to count what the bench's requests run, then for that. For wheels: it takes three to four
    times as long, and the Python that builds needs what bolthead requires (``pip wheel --no-build-isolation``).
``BOLTHEAD_ANNOTATE=1``
    write Cython's HTML report of each module beside its C file, below ``build/cython``.
``BOLTHEAD_SANITIZE=address,undefined``
    a value for ``-fsanitize=``, for the fuzzing builds. Keeps the debug information, as ``CFLAGS=-g`` does.
``SOURCE_DATE_EPOCH=SECONDS``
    the time of everything in the sdist and the wheels, so that two builds give the same bytes.
"""

from __future__ import annotations

import gzip
import io
import logging
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.modified import newer_group

SRC = Path("src")
FRAMES = "src/bolthead/_core/frames.h"
"""Included into each module, so that its frames name the source file where it is installed."""
COMPILED = "bolthead._core._compiled"
"""The extension, a shared object with all compiled modules; see `docs/core.md`. As a module it is that of Cython's own
helpers, which the others import from it instead of each having a copy."""


SMALL = {
    f"bolthead._core.{name}"
    for name in (
        "lifecycle.asgi_send",
        "lifecycle.async_phases",
        "lifecycle.steps",
        "lifecycle.unhandled",
        "lifecycle.websockets",
        "primitives.class_watch",
        "primitives.stock",
        "primitives.system",
        "request.spool",
        "response.error_page",
        "response.file_response",
        "routing.tree",
        "serving.connection",
        "serving.joined",
        "serving.response",
        "serving.turns",
        "session.signature",
    )
}
"""Modules whose time goes to the system or to other libraries, or that run before the first request: a quarter smaller
with ``-Os``."""

TRANSLATED = "build/cython"
"""The folder of the C files."""
GCC_LIKE = ("unix", "cygwin", "mingw32")
LINUX = sys.platform.startswith("linux")
UNALIGNED = ("-fno-align-functions", "-fno-align-jumps", "-fno-align-loops")


def is_set(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


REQUIRE_EXT = is_set("BOLTHEAD_REQUIRE_EXT")
PROFILE = is_set("BOLTHEAD_PROFILE")
SANITIZE = os.environ.get("BOLTHEAD_SANITIZE", "")

# pyodide-build runs this file on the host's CPython and says what it builds for in PYODIDE.
CAN_COMPILE = sys.implementation.name == "cpython" and sys.platform != "emscripten" and not is_set("PYODIDE")
NO_EXT = is_set("BOLTHEAD_NO_EXT") or not CAN_COMPILE

WARNING = """
**********************************************************************
* WARNING: bolthead's core could not be compiled ({reason}).
* The pure Python build is installed: same API, same answers, slower.
* To compile, install a C compiler and Python's headers, then run
*   pip install --no-cache-dir --force-reinstall --no-deps \\
*     --no-binary bolthead bolthead
* `bolthead --version` tells which build runs.
**********************************************************************
"""

DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "freethreading_compatible": True,
    "binding": True,
    "embedsignature": False,
    # What can be pickled has a `__reduce__` of its own, for both builds. It is a tenth of a module's size.
    "auto_pickle": False,
}


def compiled_modules() -> list[tuple[str, str]]:
    """(module name, source path) of each module to compile: its ``.pyx`` where it has one, else its ``.py``."""
    found = []
    for pxd in sorted(SRC.glob("bolthead/**/*.pxd")):
        pyx = pxd.with_suffix(".pyx")
        source = pyx if pyx.exists() else pxd.with_suffix(".py")
        found.append((".".join(pxd.relative_to(SRC).with_suffix("").parts), source.as_posix()))
    return found


def flags_of(module: str) -> list[str]:
    """Flags for gcc and clang, which come after those of Python; what ``CFLAGS`` says of the same stays.

    What ``-O3`` gains over ``-O2`` it gains in inner loops over bytes and segments, which stand in the ``.pyx`` files
    and in ``multipart`` (1 to 2 % of the instructions of a request); for the others it only costs time and size, as
    aligning does. What prepares or waits is made small. With ``-O1`` instead of ``-O2`` compiling took 56 s of
    processor time instead of 78, six kinds of request 0.3 to 2.7 % more instructions, and the modules were 2 % larger.
    Optimizing all of them when they are linked takes half a minute and makes a request no faster.
    """
    given = os.environ.get("CFLAGS", "").split()
    loops = module.endswith(".multipart") or SRC.joinpath(*module.split(".")).with_suffix(".pyx").exists()
    # An extension module exports its init function and nothing else. Its strings are compressed with the wheel, so that
    # an import need not unpack them.
    flags = ["-fvisibility=hidden", "-DCYTHON_COMPRESS_STRINGS=0", "-Wno-unused-function"]
    if LINUX:
        # A call of Python's C API takes the address from the table, without a jump between.
        flags.append("-fno-plt")
    if not any(flag.startswith("-O") for flag in given):
        small = module in SMALL
        flags += ["-O3"] if loops and not small else ["-Os" if small else "-O2", *UNALIGNED]
    return flags if SANITIZE or "-g" in given else [*flags, "-g0"]


def usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def warn(reason: object) -> None:
    print(WARNING.format(reason=reason), file=sys.stderr, flush=True)


class BuildExt(build_ext):
    """``build_ext`` on all cores that, unless told otherwise, survives a machine without a compiler."""

    started = 0
    in_source = False
    profile: Sequence[str] = ()

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or usable_cores()
        self.in_source = bool(self.inplace)

    def link_flags(self) -> list[str]:
        """Two parts of a file to map instead of four, and for a wheel no table of symbols, a tenth of its size.

        Profilers of a checkout's build read that table.
        """
        if not LINUX:
            return []
        keep = self.in_source or self.editable_mode or SANITIZE or "-g" in os.environ.get("CFLAGS", "").split()
        return ["-Wl,-z,noseparate-code", *([] if keep else ["-Wl,--strip-all"])]

    def build_extensions(self) -> None:
        try:
            self.try_compiler()
            for ext in self.extensions:
                self.compile_modules(ext)
            super().build_extensions()
        except Exception as error:
            if REQUIRE_EXT:
                raise RuntimeError(f"BOLTHEAD_REQUIRE_EXT is set and the core did not build: {error}") from error
            self.give_up(error)

    def try_compiler(self) -> None:
        """Compile nothing but Python's headers: a machine that cannot need not wait for Cython first."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "headers.c")
            file.write_text("#include <Python.h>\n")
            self.compiler.compile([os.fspath(file)], output_dir=folder)

    def compile_modules(self, ext: Extension) -> None:
        """Put the object files of its modules in place of the sources of *ext*: setuptools has only to link them."""
        modules = translated(ext)
        if PROFILE:
            self.force = True
            self.build_temp = os.path.join(self.build_temp, "profiled")
            self.profile = self.profiled(ext, modules)
        ext.extra_objects = self.objects_of(modules)
        ext.sources, ext.depends = [], ext.extra_objects
        if self.compiler.compiler_type in GCC_LIKE:
            ext.extra_link_args = [*ext.extra_link_args, *self.link_flags()]

    def objects_of(self, modules: list[Extension]) -> list[str]:
        self.started = 0
        with ThreadPoolExecutor(self.parallel) as pool:
            return list(pool.map(self.compile_module, modules, repeat(len(modules))))

    def profiled(self, ext: Extension, modules: list[Extension]) -> list[str]:
        """Flags for compiling *modules* by what requests run, which a copy of the package counts."""
        counts = Path(self.build_temp, "counts").absolute()
        shutil.rmtree(counts, ignore_errors=True)
        self.profile = [f"-fprofile-generate={counts}"]
        objects = self.objects_of(modules)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(SRC, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.so"))
            library = os.path.join(folder, self.get_ext_filename(ext.name))
            self.compiler.link_shared_object(objects, library, extra_postargs=[*ext.extra_link_args, *self.profile])
            command = [sys.executable, "-m", "bench", "train"]
            subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": folder, "BOLTHEAD_PURE": ""})
        # What was not run is compiled as ever, not made small.
        how = ["-fprofile-partial-training", "-Wno-missing-profile", "-DBOLTHEAD_PROFILED"]
        return [f"-fprofile-use={counts}", *how]

    def compile_module(self, module: Extension, of: int) -> str:
        """The object file of *module*, compiled where it is missing or older than what it is made of."""
        [made] = self.compiler.object_filenames(module.sources, output_dir=self.build_temp)
        self.started += 1
        if not self.force and not newer_group([*module.sources, *module.depends], made):
            return made
        self.announce(f"[{self.started}/{of}] compiling {module.name}", level=logging.INFO)
        flags = list(module.extra_compile_args)
        if self.compiler.compiler_type in GCC_LIKE:
            flags += [*flags_of(module.name), "-include", FRAMES, *self.profile]
        elif self.compiler.compiler_type == "msvc":
            flags += ["/volatile:ms", f"/FI{FRAMES}"]
        try:
            self.compiler.compile(module.sources, output_dir=self.build_temp, extra_postargs=flags)
        except Exception as error:
            raise RuntimeError(f"{module.name}: {error}") from error
        return made

    def give_up(self, reason: object) -> None:
        for ext in self.extensions:
            Path(self.get_ext_fullpath(ext.name)).unlink(missing_ok=True)
        self.extensions = []
        self.distribution.ext_modules = []
        warn(reason)


class BdistWheel(bdist_wheel):
    """Tags the wheel by what was compiled in the end, not by what was to be compiled, and packs it tightly."""

    def run(self) -> None:
        super().run()
        for command, _, path in self.distribution.dist_files:
            if command == "bdist_wheel":
                repack(Path(path))

    def run_command(self, command: str) -> None:
        super().run_command(command)
        if command == "build" and not self.distribution.has_ext_modules():
            self.root_is_pure = True


def repack(wheel: Path) -> None:
    """Compress *wheel* at zlib's best level, which setuptools does not offer: half a per cent of its size."""
    with zipfile.ZipFile(wheel) as old:
        members = [(member, old.read(member)) for member in old.infolist()]
    with zipfile.ZipFile(wheel, "w") as new:
        for member, content in members:
            new.writestr(member, content, zipfile.ZIP_DEFLATED, 9)


class Sdist(sdist):
    """``sdist`` whose bytes depend on the files' contents alone where ``SOURCE_DATE_EPOCH`` is set."""

    def make_archive(self, *arguments: Any, **options: Any) -> str:
        archive: str = super().make_archive(*arguments, **options)
        if (moment := os.environ.get("SOURCE_DATE_EPOCH")) and archive.endswith(".tar.gz"):
            Path(archive).write_bytes(normalized(Path(archive), int(moment)))
        return archive


def normalized(archive: Path, moment: int) -> bytes:
    """The ``.tar.gz`` with each member of the time *moment*, in seconds, in order of names, without owners."""
    made = io.BytesIO()
    with (
        tarfile.open(archive) as old,
        gzip.GzipFile(filename="", mode="wb", fileobj=made, mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = moment, 0, 0, "", ""
            member.mode = 0o755 if member.mode & 0o100 else 0o644
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    return made.getvalue()


def extensions() -> list[Extension]:
    """The one extension; none for the pure build."""
    if NO_EXT:
        return []
    flags = [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"] if SANITIZE else []
    sources = [source for _, source in compiled_modules()]
    return [Extension(COMPILED, sources, depends=[FRAMES], extra_compile_args=flags, extra_link_args=flags[:1])]


def translated(ext: Extension) -> list[Extension]:
    """The modules of *ext*, each with its C file, which Cython writes where it is missing or too old."""
    from Cython.Build import cythonize

    names = {source: name for name, source in compiled_modules()}
    moment = Path(__file__).stat().st_mtime
    changed = any(file.stat().st_mtime < moment for file in Path(TRANSLATED).rglob("*.c"))
    parts = [(names[source], source) for source in ext.sources]
    modules: list[Extension] = cythonize(
        [
            Extension(name, [source], depends=ext.depends, extra_compile_args=list(ext.extra_compile_args))
            for name, source in [*parts, (COMPILED, f"{SRC}/{COMPILED.replace('.', '/')}.c")]
        ],
        nthreads=usable_cores(),
        compiler_directives=DIRECTIVES,
        build_dir=TRANSLATED,
        shared_utility_qualified_name=COMPILED,
        # No module of ours has a typed memory view.
        shared_utility_features_disabled=["MemoryView"],
        annotate=is_set("BOLTHEAD_ANNOTATE"),
        # Of the settings above Cython keeps no record. The report of a module is written only when it is translated.
        force=changed or is_set("BOLTHEAD_ANNOTATE") or None,
    )
    return modules


if __name__ == "__main__":  # also met by the processes that cythonize starts, where they are spawned
    setup(ext_modules=extensions(), cmdclass={"build_ext": BuildExt, "bdist_wheel": BdistWheel, "sdist": Sdist})
