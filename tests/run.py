"""Everything that must hold: lint, types, the tests on both builds, the packages.

    python tests/run.py             all of it; on two cores and more, what is in LANES side by side
    python tests/run.py lint types  some of it, in turn; the steps that are in no lane are only run so

Needs what ``pip install -e '.[test]'`` installs, with the core compiled.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import interpreters
import lanes
import programs
import webassembly

ROOT = Path(__file__).resolve().parent.parent
COVERAGE = 95
"""Lines of the pure build that the tests must reach, in per cent."""
START = time.monotonic()


class StepFailed(Exception):
    """A step that found something wrong by itself."""


def run(*command: str | Path, **env: str) -> None:
    lanes.call(*command, folder=ROOT, **env)


def python(*arguments: str | Path, **env: str) -> None:
    run(sys.executable, *arguments, **env)


def own_path() -> str:
    """A path of programs that begins with those that pip installs, beside the interpreter."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


PYTEST = ("-m", "pytest", "-q", "-rsfE", "-p", "no:cacheprovider")
"""Names what was skipped, and why; keeps nothing in the checkout, where the other build's run would keep it too."""
CODE = ("src", "tests", "bench", "docs", "setup.py")


def lint() -> None:
    """The style of Python and Cython, and spelling. ``.pre-commit-config.yaml`` runs the same tools."""
    python("-m", "ruff", "check", *CODE)
    python("-m", "ruff", "format", "--check", *CODE)
    # It calls pycodestyle.
    python("-m", "cython_lint.cython_lint", "--files", r"\.(pyx|pxd|pxi)$", "src", PATH=own_path())
    python("-m", "codespell_lib", *CODE, *sorted(ROOT.glob("*.md")))


def types() -> None:
    python("-m", "mypy")


def tools() -> None:
    """What tests use and pip does not install: of npm for the documentation's pages, Chromium, curl."""
    if not (ROOT / "docs" / "node_modules" / "pyodide").is_dir():
        run("npm", "ci", "--prefix", "docs", "--ignore-scripts", "--no-audit", "--no-fund", PATH=own_path())
    missing = [names[0] for names in (programs.CHROMIUM, ("curl",)) if programs.find(*names) is None]
    if missing and shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", *missing, DEBIAN_FRONTEND="noninteractive")
    elif missing and os.environ.get("CI"):
        raise StepFailed(f"missing, and cannot be installed from here: {', '.join(missing)}")
    elif missing:
        print(f"missing, and cannot be installed from here: {', '.join(missing)}; the tests that need it are skipped.")


def compiled() -> None:
    """The tests on the compiled build."""
    check = "from bolthead import _core; assert _core.build_name() == 'compiled', _core.modules()"
    python("-c", check, BOLTHEAD_PURE="")
    with interpreters.noting(own(), "compiled") as report:
        python(*PYTEST, "--junitxml", report, BOLTHEAD_PURE="")


def pure() -> None:
    """The tests on the pure build, with coverage."""
    with tempfile.TemporaryDirectory() as folder, interpreters.noting(own(), "pure") as report:
        data = Path(folder, "coverage")
        # They start processes of their own and say nothing about the build, so one run of them is enough.
        once = [f"--ignore=tests/{folder}" for folder in ("documentation", "packaging", "typing")]
        cover = ("--cov=bolthead", "--cov-report=term-missing:skip-covered", f"--cov-fail-under={COVERAGE}")
        python(*PYTEST, "--junitxml", report, *cover, *once, BOLTHEAD_PURE="1", COVERAGE_FILE=str(data))


def docs() -> None:
    """The documentation, with warnings as errors."""
    with tempfile.TemporaryDirectory() as folder:
        python("-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", folder)


def distributions() -> None:
    """The sdist and the pure wheel, in ``dist``, as they are published: two builds of a commit give the same bytes."""
    moment = os.environ.get("SOURCE_DATE_EPOCH")
    if moment is None:
        moment = subprocess.check_output(["git", "log", "-1", "--format=%ct"], cwd=ROOT, text=True).strip()
    for kind in ("--sdist", "--wheel"):
        python("-m", "build", kind, "--outdir", "dist", BOLTHEAD_NO_EXT="1", SOURCE_DATE_EPOCH=moment)


def packages() -> None:
    """The sdist, the compiled wheel made of it and the pure one: checked, then each installed into a fresh environment
    from a local folder alone, as on a machine without network, and used."""
    with tempfile.TemporaryDirectory() as folder:
        python("-m", "build", "--outdir", folder, BOLTHEAD_REQUIRE_EXT="1")
        python("-m", "build", "--wheel", "--outdir", folder, BOLTHEAD_NO_EXT="1")
        [compiled] = set(Path(folder).glob("*.whl")) - set(Path(folder).glob("*-py3-none-any.whl"))
        # As cibuildwheel does in its containers: named after the oldest Linux that it fits.
        # It runs `patchelf`.
        python("-m", "auditwheel", "repair", "--only-plat", "-z", "9", "-w", folder, compiled, PATH=own_path())
        compiled.unlink()
        python("tests/distributions.py", folder)
        needed = Path(folder, "needed")
        [pure] = Path(folder).glob("*-py3-none-any.whl")
        requirements = (f"bolthead[serve] @ {pure.as_uri()}", "setuptools>=77", "cython>=3.3.1")
        python("-m", "pip", "wheel", "-q", "--disable-pip-version-check", "-w", needed, *requirements)
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(needed), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        for pattern, no_ext, build in (
            ("*linux*.whl", "", "compiled"),
            ("*-py3-none-any.whl", "", "pure"),
            ("*.tar.gz", "1", "pure"),
        ):
            [package] = Path(folder).glob(pattern)
            fresh = Path(folder, "environment")
            venv.create(fresh, with_pip=True, clear=True)
            pip = fresh / "bin" / "pip"
            wanted = f"bolthead[serve] @ {package.as_uri()}"
            run(pip, "install", "-q", "--no-cache-dir", wanted, BOLTHEAD_NO_EXT=no_ext, **offline)
            run(fresh / "bin" / "python", ROOT / "tests" / "installed.py", build, BOLTHEAD_PURE="")


def wheel() -> None:
    """The suite on the bolthead that is installed for the interpreter that runs this: what ``cibuildwheel`` runs.

    ``BOLTHEAD_TESTS`` in the environment names folders or files of tests to run instead of all, with blanks between.
    """
    one = own()
    if not all(interpreters.tested(one, build, told(), sys.executable) for build in one.builds):
        raise StepFailed("see above")


def own() -> interpreters.Interpreter:
    """The interpreter that runs this."""
    if (one := interpreters.ask(sys.executable)) is None:
        raise StepFailed(f"{sys.executable} does not run")
    return one


def told() -> list[str]:
    return os.environ.get("BOLTHEAD_TESTS", "").split()


def interpreter() -> None:
    """The suite on the interpreter that runs this, with bolthead built for it; ``BOLTHEAD_TESTS`` as above."""
    if not interpreters.check(own(), told()):
        raise StepFailed("see above")


def all_interpreters() -> None:
    """The suite, on both builds, on each interpreter that is here but the one that runs this, which other steps cover.

    ``BOLTHEAD_TESTS`` as above.
    """
    on_others(slice(None))


def half_of_them(first: int, minutes: int) -> None:
    """The same on every second of them; after *minutes* none is begun, since all of it must end within 45.

    They are compiled without optimization, which is quicker.
    """
    before = os.environ.get("CFLAGS")
    os.environ["CFLAGS"] = f"{before or ''} -O0"
    try:
        on_others(slice(first, None, 2), START + 60 * minutes)
    finally:
        del os.environ["CFLAGS"]
        if before is not None:
            os.environ["CFLAGS"] = before


def on_others(share: slice, until: float = math.inf) -> None:
    """Run the tests on *share* of the interpreters but this one, and say which are here and which are not.

    None begins when ``time.monotonic()`` is past *until*.
    """
    found = interpreters.find()
    missing = [tag for tag in interpreters.TAGS if tag not in found]
    print("found:", *(f"{one.tag} ({one.name})" for one in found.values()))
    print("missing:", *missing or ["none"])
    if interpreters.REQUIRED in missing:
        raise StepFailed(f"{interpreters.REQUIRED} must be there")
    this = own().tag
    others = [one for one in found.values() if one.tag != this][share]
    failed = [one.tag for one in others if not interpreters.check(one, told(), until)]
    if failed:
        raise StepFailed(f"failed on {', '.join(failed)}")


def pyodide() -> None:
    """The suite in WebAssembly, or what ``BOLTHEAD_TESTS`` names."""
    webassembly.check(told())


STEPS: dict[str, Callable[[], None]] = {
    "lint": lint,
    "types": types,
    "docs": docs,
    "tools": tools,
    "compiled": compiled,
    "pure": pure,
    "packages": packages,
    "distributions": distributions,
    "wheel": wheel,
    "interpreter": interpreter,
    "interpreters": all_interpreters,
    "others-1": partial(half_of_them, 0, 20),
    "others-2": partial(half_of_them, 1, 22),
    "pyodide": pyodide,
}
FIRST = ("tools",)
LANES = (("lint", "types", "docs", "packages", "compiled", "others-2"), ("pure", "others-1"))
"""About equally long. What must run comes first; a slow machine leaves out others."""
DEFAULT = (*FIRST, *LANES[0], *LANES[1])


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"no such step: {', '.join(unknown)}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    lanes.take_signals()
    try:
        if names or lanes.cores() < 2:
            return in_turn(names or DEFAULT)
        return in_lanes(in_turn(FIRST))
    except KeyboardInterrupt:
        print("interrupted")
        return 130


def in_turn(names: Iterable[str]) -> int:
    failed = []
    for name in names:
        print(f"=== {name}", flush=True)
        start = time.monotonic()
        try:
            STEPS[name]()
        except (subprocess.CalledProcessError, StepFailed) as error:
            print(f"{name}: {error}", flush=True)
            failed.append(name)
        print(f"=== {name}: {time.monotonic() - start:.0f} s", flush=True)
    print(f"failed: {', '.join(failed)}" if failed else "all passed", flush=True)
    return 1 if failed else 0


def in_lanes(before: int) -> int:
    """Each lane in a process of its own; at the end, what failed in either. *before* is the code of ``FIRST``."""
    print("=== side by side:", *(" ".join(names) for names in LANES), sep="\n    ", flush=True)
    start = time.monotonic()
    codes, named = lanes.side_by_side([[sys.executable, __file__, *names] for names in LANES], ROOT)
    print(f"=== side by side: {time.monotonic() - start:.0f} s", *named, sep="\n")
    codes.insert(0, before)
    for names, code in zip((FIRST, *LANES), codes, strict=True):
        print(f"{', '.join(names)}: {'failed' if code else 'passed'}")
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
