"""``python -m bench shares``: how much of the pages of public applications is bolthead's, in instructions.

A page's requests run under callgrind, whose call graph tells who each instruction is for (`applications.callgraph`).
Bytecode is divided by the number of instructions of bytecode that each file's functions run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from . import machine, pages, report
from .applications import Child, callgraph, python
from .applications.sites import KINDS, SITES, Site
from .inprocess import names

WARM = 30


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="NAMES", help="applications, with commas between")
    parser.add_argument("--requests", type=int, default=10, help="requests of each page that are counted")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")


def of_site(exe: Path, site: Site, requests: int) -> list[dict[str, Any]]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        before = ("valgrind", "--tool=callgrind", "-q", "--instr-atstart=no", f"--callgrind-out-file={folder}/out")
        child = Child(exe, "compiled", site, Path(folder), before)
        try:
            for number, page in enumerate(site.pages):
                child.ask(do="spin", page=number, count=WARM)
                package, bytecode = child.ask(do="bytecode", page=number)
                control(child, "--instr=on")
                child.ask(do="spin", page=number, count=requests)
                control(child, "--instr=off")
                control(child, "--dump")
                newest = max(Path(folder).glob("out.*"), key=lambda path: path.stat().st_mtime_ns)
                rows.append(of_page(callgraph.Graph(newest, package), bytecode, requests))
                rows[-1] |= {"site": site.key, "page": page.title, "kind": page.kind}
                print(f"{site.key:10} {page.title:30} {rows[-1]['share']:.1%}", flush=True)
        finally:
            child.close()
    return rows


def control(child: Child, order: str) -> None:
    subprocess.run(["callgrind_control", order, str(child.process.pid)], check=True, capture_output=True)


def of_page(graph: callgraph.Graph, bytecode: dict[str, int], requests: int) -> dict[str, Any]:
    """The share of our compiled code, and of the bytecode of our functions."""
    shares = callgraph.shares(graph)
    compiled = shares.get(callgraph.OURS, 0)
    python = shares.get(callgraph.LOOP, 0) * bytecode.get(callgraph.OURS, 0) / sum(bytecode.values())
    own = sum(cost for function, cost in graph.own.items() if callgraph.owner(graph, function) == callgraph.OURS)
    return {
        "instructions": sum(graph.own.values()) // requests,
        "own": own / sum(graph.own.values()),
        "compiled": compiled,
        "python": python,
        "share": compiled + python,
    }


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    head = ["page", "kind", "instructions", "own code", "with what it calls", "Python functions", "bolthead's in all"]
    parts = ("own", "compiled", "python", "share")
    return head, [
        [
            f"{row['site']}: {row['page']}",
            KINDS[row["kind"]].lower(),
            f"{row['instructions']:,}",
            *(f"{row[part]:.1%}" for part in parts),
        ]
        for row in found["pages"]
    ]


def main(args: argparse.Namespace) -> int:
    for tool in ("valgrind", "callgrind_control"):
        if not shutil.which(tool):
            print(f"{tool} is not there")
            return 2
    exe = python()
    keys = names(args.only) or [site.key for site in SITES]
    chosen = [site for site in SITES if site.key in keys]
    rows = [row for site in chosen for row in of_site(exe, site, args.requests)]
    about = machine.about()
    about["versions"] |= dict(site.requirement.split("==") for site in chosen)
    results = {"about": about, "pages": rows}
    print(report.grid(*grid(results)))
    pages.store(args, "shares", results)
    return 0
