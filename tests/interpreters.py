"""The suite on one interpreter or on all that are there: bolthead as a wheel, in an environment of its own.

An environment is a folder ``.interpreters/TAG`` that later runs use again; the results of its last run are beside it.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lanes
import outcomes

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".interpreters"
TAGS = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t", "pypy3.11")
REQUIRED = "3.11"
LEFT_OUT = ("tests/upstream", "tests/typing", "tests/packaging", "tests/documentation")
OPTIONAL = ("cryptography", "greenlet", "bolthead[serve]", "gunicorn_h1c>=0.6")
"""What tests use and skip without, and what cannot be installed for every interpreter."""
ASK = """
import json, platform, sys, sysconfig
tag = "%d.%d" % sys.version_info[:2] + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else "")
pypy = sys.implementation.name == "pypy"
name = "CPython " + platform.python_version()
if pypy:
    name = "PyPy %d.%d.%d" % sys.pypy_version_info[:3] + " (%d.%d)" % sys.version_info[:2]
elif tag.endswith("t"):
    name += " without the GIL"
machine = (sysconfig.get_config_var("MULTIARCH") or platform.machine()).split("-")[0]
print(json.dumps(["pypy" + tag if pypy else tag, name, sys.implementation.name == "cpython", machine]))
"""


@dataclass(frozen=True)
class Interpreter:
    """One that was found: *tag* is of ``TAGS`` where we know it, *compiles* says whether it gets the compiled build.

    *machine* is what the interpreter is built for, which a kernel of 64 bits does not say of one of 32.
    """

    path: str
    tag: str
    name: str
    compiles: bool
    machine: str

    @property
    def folder(self) -> Path:
        return HOME / self.tag

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def builds(self) -> tuple[str, ...]:
        return ("compiled", "pure") if self.compiles else ("pure",)

    def about(self, build: str) -> dict[str, str]:
        return {"tag": self.tag, "machine": self.machine, "name": self.name, "build": build}

    def outcome(self, build: str) -> Path:
        """Where the outcome of *build* is noted, see ``outcomes``."""
        return HOME / f"{self.tag}-{build}.json"


def ask(path: str | Path) -> Interpreter | None:
    """What the interpreter at *path* is, or ``None`` where it does not run."""
    try:
        told = subprocess.run([path, "-c", ASK], capture_output=True, text=True, check=True, timeout=60).stdout
        return Interpreter(str(path), *json.loads(told))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def candidates() -> list[str | Path]:
    """The one that runs this, those on the path by name, and pyenv's."""
    named = [shutil.which(tag if tag.startswith("pypy") else f"python{tag}") for tag in TAGS]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    return [sys.executable, *filter(None, named), *sorted(pyenv.glob("*/bin/python"), reverse=True)]


def find() -> dict[str, Interpreter]:
    """The first interpreter of each tag that is here."""
    found: dict[str, Interpreter] = {}
    for path in candidates():
        if (one := ask(path)) and one.tag in TAGS:
            found.setdefault(one.tag, one)
    return {tag: found[tag] for tag in TAGS if tag in found}


def run(*command: str | Path, **env: str) -> None:
    lanes.call(*command, folder=ROOT, **env)


def install(one: Interpreter) -> None:
    """Build the wheel with *one* and install it, with what the suite needs, into its environment.

    ``BOLTHEAD_NEWEST`` names a requirement to be installed in its newest version, whatever range we ask for; what
    builds the wheel, Cython above all, is the newest then too.
    """
    newest = os.environ.get("BOLTHEAD_NEWEST")
    if not one.python.exists():
        run(one.path, "-m", "venv", one.folder)
    pip = (one.python, "-m", "pip")
    run(*pip, "install", "-q", "--disable-pip-version-check", "-U", "pip")
    with tempfile.TemporaryDirectory() as folder:
        require = "1" if one.compiles else ""
        early = ("--pre",) if newest else ()
        run(*pip, "wheel", "-q", "--no-deps", *early, "-w", folder, ".", BOLTHEAD_REQUIRE_EXT=require)
        [wheel] = Path(folder).glob("*.whl")
        run(*pip, "uninstall", "-q", "-y", "bolthead")
        # The newest hypothesis needs a compiler of Rust where it has no wheel; an older one is plain Python.
        run(*pip, "install", "-q", "--only-binary", "hypothesis", f"bolthead[wheel-test] @ {wheel.as_uri()}")
    for name in OPTIONAL:
        command = [*pip, "install", "-q", "--only-binary", "cryptography,greenlet", name]
        if subprocess.run([str(part) for part in command], capture_output=True).returncode:
            print(f"{one.tag}: {name} cannot be installed", flush=True)
    if newest:
        run(*pip, "install", "-q", "-U", "--pre", "--no-deps", newest)


def commit() -> str:
    """The checkout's commit, with a plus where files differ from it; ``BOLTHEAD_COMMIT`` where there is no git."""
    sys.path.insert(0, str(ROOT))
    from bench import machine

    return os.environ.get("BOLTHEAD_COMMIT") or machine.commit()


def suite(python: str | Path, build: str, paths: Iterable[str] = (), report: Path | None = None) -> None:
    """Run the tests at *paths*, all by default, on *build* of the bolthead that is installed for *python*.

    Options of pytest may be among the paths: ``--ignore=FILE``.
    Left out are those that need the network, a type checker or the checkout's own build.
    """
    env = {"BOLTHEAD_PURE": "1" if build == "pure" else ""}
    run(python, "-c", f"import bolthead; assert not bolthead.__file__.startswith({str(ROOT / 'src')!r})", **env)
    paths, written = list(paths), ("--junitxml", report) if report else ()
    run(
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *written,
        *(f"--ignore={path}" for path in LEFT_OUT if not any(told.startswith(path) for told in paths)),
        *paths,
        **env,
    )


def check(one: Interpreter, paths: Iterable[str] = (), until: float = math.inf) -> bool:
    """Install, then run the tests on each build that *one* can have; whether all of it went well.

    What would begin when ``time.monotonic()`` is past *until* is left out, and named.
    """
    print(f"--- {one.tag}: {one.name} at {one.path}", flush=True)
    passed, installed = True, False
    for build in one.builds:
        if time.monotonic() > until:
            print(f"{one.tag} {build}: left out, for want of time", flush=True)
            continue
        if not installed:
            try:
                install(one)
            except subprocess.CalledProcessError as error:
                print(f"{one.tag}: not installed, exit {error.returncode}", flush=True)
                return False
            installed = True
        passed = tested(one, build, paths) and passed
    return passed


@contextmanager
def noting(one: Interpreter, build: str, paths: Iterable[str] = ()) -> Iterator[Path]:
    """Gives where pytest is to write its report of a run of *paths*, and notes the outcome, even if tests failed."""
    report = HOME / f"{one.tag}-{build}.xml"
    HOME.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    try:
        yield report
    finally:
        if report.exists():
            outcomes.note(one.outcome(build), report, one.about(build), paths, commit())


def tested(one: Interpreter, build: str, paths: Iterable[str] = (), python: str | Path | None = None) -> bool:
    """Run the tests at *paths* on *build* of what is installed for *one*, and note the outcome; whether all passed.

    It is installed in an environment of its own, or for *python*.
    """
    paths = list(paths)
    try:
        with noting(one, build, paths) as report:
            suite(python or one.python, build, paths, report)
    except subprocess.CalledProcessError as error:
        print(f"{one.tag} {build}: exit {error.returncode}", flush=True)
        return False
    return True
