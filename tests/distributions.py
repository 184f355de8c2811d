"""Whether the sdist and the wheels in a folder may be published.

    python tests/distributions.py dist

Needs what ``.github/check-distributions.txt`` names. Linux only: ``auditwheel`` and ``nm`` read ELF files.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_COMPILED = 2_200_000
MAX_PURE = 600_000
"""Bytes of a wheel."""
COMPILED = "bolthead/_core/_compiled"
"""The shared object with all compiled modules."""
NEVER_SHIPPED = (".c", ".html", ".o", ".pyc", ".a")


def tool(*command: str | Path) -> str:
    """The output of a tool of this environment.

    Raises:
        SystemExit: it failed; its output is the message.
    """
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def exported(library: Path) -> set[str]:
    """The functions and variables that a shared library defines for others."""
    listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in listed.splitlines()} - {"_init", "_fini", "_edata", "_end", "__bss_start"}


def problems_of_libraries(folder: Path) -> Iterator[str]:
    wanted = {f"PyInit_{path.stem}" for path in [*folder.rglob("*.pxd"), Path(COMPILED)]}
    for library in sorted(folder.rglob("*.so")):
        found = exported(library)
        if found - wanted:
            yield f"{library.name} exports {sorted(found - wanted)}"
        if wanted - found:
            yield f"{library.name} lacks {sorted(wanted - found)}"
        if b".debug_info" in library.read_bytes():
            yield f"{library.name} has debug information"


def problems_of_wheel(wheel: Path) -> Iterator[str]:
    """What is wrong with one wheel, a line each; nothing for a good one."""
    pure = wheel.name.endswith("-py3-none-any.whl")
    limit = MAX_PURE if pure else MAX_COMPILED
    if (size := wheel.stat().st_size) > limit:
        yield f"{size:,} bytes, more than {limit:,}"
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        names = archive.namelist()
        yield from (f"ships {name}" for name in names if name.endswith(NEVER_SHIPPED))
        compiled = {name.partition(".")[0] for name in names if name.endswith((".so", ".pyd"))}
        wanted = set() if pure else {COMPILED}
        if compiled != wanted:
            yield f"compiled: {sorted(compiled)}; to be compiled: {sorted(wanted)}"
        missing = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")} - set(names)
        yield from (f"lacks {name}" for name in sorted(missing))
        archive.extractall(folder)
        if "linux" in wheel.name and shutil.which("nm"):
            yield from problems_of_libraries(Path(folder))
    if "linux" in wheel.name:
        told = tool("auditwheel", "show", wheel)
        if "manylinux" not in told and "musllinux" not in told:
            yield f"fits no Linux but the one it was built on:\n{told}"


def main(folder: str) -> int:
    found = sorted(path for path in Path(folder).iterdir() if path.name.endswith((".whl", ".tar.gz")))
    wheels = [path for path in found if path.suffix == ".whl"]
    if not wheels:
        raise SystemExit(f"no wheel in {folder}")
    tool("twine", "check", "--strict", *found)
    tool("check_wheel_contents", *wheels)
    bad = 0
    for wheel in wheels:
        lines = list(problems_of_wheel(wheel))
        bad += bool(lines)
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, {'; '.join(lines) or 'good'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
