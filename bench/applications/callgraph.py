"""Whose instructions they are: a callgrind file's costs, given to those who caused them.

What a module's own code takes is that module's. What the interpreter's C functions take (a dictionary's look-up, an
allocation) is their callers', in the proportions of the call graph. The loop that runs bytecode stands for itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

NEUTRAL = ("libpython", "libc.so", "libc-", "libm.so", "ld-linux", "libpthread", "/bin/python", "vgpreload", "???")
LOOP = "_PyEval_EvalFrameDefault"
"""The owner of bytecode, and the name of the function that runs it."""
OURS = "bolthead"
ROUNDS = 60
Function = tuple[str, str]
"""The object file and the name."""
_NAMED = re.compile(r"(c?(?:fn|ob))=\((\d+)\)(?: (.*))?$")


class Graph:
    """The self costs of functions, and of each call how often it was made and what it cost in all."""

    def __init__(self, path: Path, package: str) -> None:
        self.package = package
        """The folder of our modules."""
        self.own: Counter[Function] = Counter()
        self.calls: dict[Function, dict[Function, tuple[int, int]]] = defaultdict(dict)
        """For each function its callers."""
        known: dict[tuple[str, str], str] = {}
        objects = {"ob": "", "cob": ""}
        here = callee = ("", "")
        times = 0
        with path.open() as lines:
            for line in lines:
                if named := _NAMED.match(line.rstrip()):
                    kind, number, name = named.groups()
                    table = kind[-2:]
                    if name:
                        known[table, number] = re.sub(r"'\d+$", "", name)
                    found = known[table, number]
                    if kind in objects:
                        objects[kind] = found
                    elif kind == "fn":
                        here = (objects["ob"], found)
                        objects["cob"] = ""
                    else:
                        callee = (objects["cob"] or objects["ob"], found)
                        objects["cob"] = ""
                elif line.startswith("calls="):
                    times = int(line[6:].split()[0])
                elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
                    columns = line.split()
                    if len(columns) != 2:
                        continue
                    cost = int(columns[1])
                    if times:
                        before = self.calls[callee].get(here, (0, 0))
                        self.calls[callee][here] = (before[0] + times, before[1] + cost)
                        times = 0
                    else:
                        self.own[here] += cost


def owner(graph: Graph, function: Function) -> str:
    """Who a function belongs to; nothing for one of the interpreter's, whose callers decide."""
    file, name = function
    if name == LOOP:
        return LOOP
    if file.startswith(graph.package):
        return OURS
    return "" if any(part in file for part in NEUTRAL) else file.rpartition("/")[2]


def shares(graph: Graph) -> dict[str, float]:
    """The part of all instructions that is each owner's."""
    runs_bytecode = _callers_of(graph, LOOP)
    weights: dict[Function, dict[Function, float]] = {}
    for function, callers in graph.calls.items():
        if owner(graph, function):
            continue
        # Where bytecode runs below a function, the cost of a call says nothing about the function itself.
        column = 0 if function in runs_bytecode else 1
        total = sum(call[column] for call in callers.values())
        if total:
            weights[function] = {caller: call[column] / total for caller, call in callers.items()}
    belongs: dict[Function, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for function, callers_of in weights.items():
            found: Counter[str] = Counter()
            for caller, weight in callers_of.items():
                own = owner(graph, caller)
                for who, part in ({own: 1.0} if own else belongs.get(caller, {})).items():
                    found[who] += part * weight  # type: ignore[assignment]
            belongs[function] = dict(found)
    sums: Counter[str] = Counter()
    for function, cost in graph.own.items():
        own = owner(graph, function)
        for who, part in ({own: 1.0} if own else belongs.get(function, {})).items():
            sums[who] += cost * part  # type: ignore[assignment]
    return {who: cost / sum(graph.own.values()) for who, cost in sums.most_common()}


def _callers_of(graph: Graph, name: str) -> set[Function]:
    """The functions from which *name* is reached."""
    found = {function for function in graph.calls if function[1] == name}
    waiting = list(found)
    while waiting:
        for caller in graph.calls.get(waiting.pop(), {}):
            if caller not in found:
                found.add(caller)
                waiting.append(caller)
    return found
