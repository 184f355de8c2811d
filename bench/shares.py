"""``python -m bench shares``: how much of the pages of public applications is bolthead's, in instructions.

A page's requests run under callgrind, whose chains of callers tell who each instruction is for, see `callgraph`.
Bytecode is divided by the number of instructions of bytecode that each package's functions run. The same is counted on
Flask: what is Flask's there is, for the most part, what bolthead does here.
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
FRAMEWORK = ("bolthead", "flask", "werkzeug", "jinja2", "markupsafe", "itsdangerous")
"""The framework and its libraries; the code of templates is the application's."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="NAMES", help="applications, with commas between")
    parser.add_argument("--requests", type=int, default=10, help="requests of each page that are counted")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")


def of_site(exe: Path, site: Site, requests: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        here, there = (on_side(exe, side, site, requests, Path(folder)) for side in ("compiled", "flask"))
    rows = []
    for page, ours, flasks in zip(site.pages, here, there, strict=True):
        flask = {f"flask_{name}": flasks[name] for name in ("instructions", "framework")}
        rows.append({**ours, **flask, "site": site.key, "page": page.title, "kind": page.kind})
    return rows


def on_side(exe: Path, side: str, site: Site, requests: int, folder: Path) -> list[dict[str, Any]]:
    found = []
    before = ("valgrind", "--tool=callgrind", "-q", "--instr-atstart=no", f"--callgrind-out-file={folder}/{side}")
    chains = (f"--separate-callers={callgraph.CALLERS}", "--separate-recs=1")
    child = Child(exe, side, site, folder, before + chains)
    try:
        for number, page in enumerate(site.pages):
            child.ask(do="spin", page=number, count=WARM)
            package, bytecode = child.ask(do="bytecode", page=number)
            control(child, "--instr=on")
            child.ask(do="spin", page=number, count=requests)
            control(child, "--instr=off")
            control(child, "--dump")
            newest = max(folder.glob(f"{side}.*"), key=lambda path: path.stat().st_mtime_ns)
            found.append(of_page(newest, package, bytecode, requests))
            print(f"{side:8} {site.key:10} {page.title:30} {found[-1]}", flush=True)
    finally:
        child.close()
    return found


def control(child: Child, order: str) -> None:
    subprocess.run(["callgrind_control", order, str(child.process.pid)], check=True, capture_output=True)


def of_page(path: Path, package: str, bytecode: dict[str, int], requests: int) -> dict[str, Any]:
    """The share of our compiled code, of the bytecode of our functions, and of the whole framework."""
    total, shares = callgraph.shares(path, package)
    loop = shares.get(callgraph.LOOP, 0) / sum(bytecode.values())
    compiled, python = shares.get(callgraph.OURS, 0), loop * bytecode.get(callgraph.OURS, 0)
    return {
        "instructions": total // requests,
        "compiled": compiled,
        "modules": shares.get(callgraph.SELF, 0),
        "python": python,
        "share": compiled + python,
        "framework": sum(shares.get(name, 0) + loop * bytecode.get(name, 0) for name in FRAMEWORK),
    }


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    head = ["page", "kind", "instructions", "compiled", "its modules alone", "Python", "bolthead's in all"]
    head += ["with its libraries", "Flask's instructions", "Flask with its libraries"]
    parts = ("compiled", "modules", "python", "share", "framework")
    return head, [
        [
            f"{row['site']}: {row['page']}",
            KINDS[row["kind"]].lower(),
            f"{row['instructions']:,}",
            *(f"{row[part]:.1%}" for part in parts),
            f"{row['flask_instructions']:,}",
            f"{row['flask_framework']:.1%}",
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
