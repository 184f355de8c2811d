"""Whose instructions they are: a callgrind file's costs, given to those who caused them.

The file is of ``--separate-callers``: each function stands there once for each chain of callers. What the interpreter's
C functions take (a dictionary's look-up, an allocation) belongs to the nearest caller that is somebody's: a package's
compiled module, or the loop that runs bytecode, which stands for itself. A chain of the interpreter's functions alone
has no owner.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

NEUTRAL = ("libpython", "libc.so", "libc-", "libm.so", "ld-linux", "libpthread", "/bin/python", "vgpreload", "???")
FUNCTIONS = ("__Pyx_CyFunction_", "__Pyx_PyMethod_New")
"""Of Cython's type of functions. It is one for all packages that the same Cython compiled, and stands in the first of
them that is imported: what binding and calling another package's function takes is not this one's."""
LOOP = "_PyEval_EvalFrameDefault"
"""The owner of bytecode, and the name of the function that runs it."""
OURS = "bolthead"
SELF = "bolthead's modules"
"""Of `OURS`, what its compiled modules execute themselves."""
CALLERS = 20
"""How long the chains are. With 12, 1 to 3 % of a page's instructions had no owner: those of functions of C that call
themselves."""
_NAMED = re.compile(r"(c?(?:fn|ob))=\((\d+)\)(?: (.*))?$")


def read(path: Path) -> tuple[Counter[str], dict[str, set[str]]]:
    """The instructions of each chain, which has the function first, and the object files each function is in."""
    costs: Counter[str] = Counter()
    files: dict[str, set[str]] = {}
    known: dict[tuple[str, str], str] = {}
    objects = {"ob": "", "cob": ""}
    here = ""
    is_call = False
    with path.open() as lines:
        for line in lines:
            if named := _NAMED.match(line.rstrip()):
                kind, number, name = named.groups()
                table = kind[-2:]
                if name:
                    known[table, number] = name
                found = known[table, number]
                if kind in objects:
                    objects[kind] = found
                    continue
                if kind == "fn":
                    here = found
                file = objects["ob"] if kind == "fn" else objects["cob"] or objects["ob"]
                files.setdefault(found.partition("'")[0], set()).add(file)
                objects["cob"] = ""
            elif line.startswith("calls="):
                # The next line has what the call took, which is counted where it was spent.
                is_call = True
            elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
                columns = line.split()
                if len(columns) == 2 and not is_call:
                    costs[here] += int(columns[1])
                is_call = False
    return costs, files


def owner(function: str, files: set[str], package: str) -> str:
    """Who a function of one of *files* belongs to: `LOOP`, or a package; nothing for one that stands for its caller.

    *package* is the folder of bolthead.
    """
    if function == LOOP:
        return LOOP
    if function.startswith(FUNCTIONS):
        return ""
    for file in files:
        if package and file.startswith(package):
            return OURS
        if not any(part in file for part in NEUTRAL):
            return file.rpartition("site-packages/")[2].partition("/")[0].partition(".")[0]
    return ""


def shares(path: Path, package: str) -> tuple[int, dict[str, float]]:
    """All instructions, and the part that is each owner's; `SELF` is counted in `OURS`, too."""
    costs, files = read(path)
    owners = {function: owner(function, files[function], package) for function in files}
    sums: Counter[str] = Counter()
    for chain, cost in costs.items():
        found = [owners.get(function, "") for function in chain.split("'")]
        sums[next(filter(None, found), "")] += cost
        if found[0] == OURS:
            sums[SELF] += cost
    total = sum(costs.values())
    return total, {who: cost / total for who, cost in sums.most_common()}
