"""Rebuild what has changed and run the tests of one module of the core, on both builds.

python tests/module.py http.cookies             the tests that name it, without a rebuild if nothing changed
python tests/module.py http.cookies -k cookies  more arguments are pytest's
python tests/module.py                          the table: each module, and its test files
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "src" / "bolthead" / "_core"
LEFT_OUT = ("test_build.py", "test_layers.py", "upstream", "documentation")


def modules() -> list[str]:
    """The modules of the core, by their names below ``_core``."""
    return sorted(".".join(path.relative_to(CORE).with_suffix("").parts) for path in CORE.rglob("*.pxd"))


def tests_of(module: str) -> list[Path]:
    """The test files of *module*: the one at its place in ``tests/core``, and those that name it.

    A file names it by an import, by its name in a string, or by its dotted name between backticks in a docstring.
    """
    dotted = f"bolthead._core.{module}"
    package, _, name = dotted.rpartition(".")
    mirror = ROOT / "tests" / "core" / package.rpartition(".")[2] / f"test_{name}.py"
    patterns = (f'{dotted}"', f"`{dotted}`", f"{dotted} import", f"from {package} import {name}", f'"{module}"')
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if not any(part in LEFT_OUT for part in path.parts):
            text = path.read_text()
            if path == mirror or any(pattern in text for pattern in patterns):
                found.append(path.relative_to(ROOT))
    return found


def main(arguments: list[str]) -> int:
    if not arguments:
        for module in modules():
            print(f"{module:28} {' '.join(map(str, tests_of(module)))}")
        return 0
    module, *options = arguments
    if module not in modules():
        print(f"no such module: {module}; `python tests/module.py` lists them", file=sys.stderr)
        return 2
    env = {**os.environ, "BOLTHEAD_REQUIRE_EXT": "1"}
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], check=True, cwd=ROOT, env=env)
    # Both at once; what the second one says comes after.
    command = [sys.executable, "-m", "pytest", "-q", *options, *map(str, tests_of(module))]
    with tempfile.TemporaryFile("w+") as said:
        pure = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "BOLTHEAD_PURE": "1"}, stdin=subprocess.DEVNULL, stdout=said
        )
        print("=== compiled", flush=True)
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, "BOLTHEAD_PURE": ""}).returncode
        code = max(code, pure.wait())
        said.seek(0)
        print("=== pure", said.read(), sep="\n", end="")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
