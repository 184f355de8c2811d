"""``python -m bench public``: the contracts of public boards, bolthead's entries beside other frameworks.

One core each, the same PostgreSQL, answers checked first. The peers are this folder's own applications, under the
servers that their entries on those boards use.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from .. import machine, pages, report, servers
from ..report import names
from . import asking, database, images
from .contracts import BOARDS, CONTRACTS, Contract
from .entries import ENTRIES, Entry, certificate, commands

PACKAGES = (
    *("flask", "falcon", "fastapi", "starlette", "blacksheep", "robyn", "quart", "django", "gunicorn", "uvicorn"),
    *("uvloop", "httptools", "hypercorn", "psycopg", "jinja2"),
)
HERE = Path(__file__).parent


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default="", metavar="ENTRIES", help="entries, with commas between")
    parser.add_argument("--tests", default="", metavar="CONTRACTS", help="tests, with commas between")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the best one counts")
    parser.add_argument("--seconds", type=int, default=2, help="length of one run of wrk")
    parser.add_argument("--check", action="store_true", help="check the contracts and measure nothing")
    parser.add_argument("--images", type=Path, metavar="WHEELS", help="follow the Dockerfiles and measure nothing")
    parser.add_argument("--raw", type=Path, help="write what wrk said to this file")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--docs", action="store_true", help="write the documentation's tables and wrk's raw output")


def python() -> Path:
    """The Python of the environment with all of the frameworks."""
    from tests.upstream import environments

    wanted = ["fastapi", "starlette", "blacksheep", "robyn", "quart", "django", "falcon", "gunicorn"]
    wanted += ["uvicorn[standard]", "uvicorn-worker", "hypercorn", "psycopg[binary]", "psycopg-pool", "asyncpg"]
    wanted += ["orjson", "cachetools", *environments.extra("serve")]
    return environments.make_plain("bench-public", wanted)


def environment(exe: Path, entry: Entry, url: str, port: int) -> dict[str, str]:
    env = machine.environment("compiled", foreign=True)
    env |= {"PATH": f"{exe.parent}:{env.get('PATH', '')}", "DATABASE_URL": url, "PORT": str(port)}
    env["DATASET_PATH"] = str(HERE / "httparena" / "dataset.json")
    return env


def wanted(entry: Entry, args: argparse.Namespace) -> list[Contract]:
    keys = names(args.tests)
    return [test for test in CONTRACTS if entry.serves(test) and (not keys or test.key in keys)]


def measure_entry(
    exe: Path, entry: Entry, url: str, folder: Path, args: argparse.Namespace, runs: Any, raw: list[str]
) -> None:
    """One round of one entry: each board's application is started, checked and asked; for TLS by itself."""
    for board, tls in itertools.product(BOARDS, (False, True)):
        tests = [test for test in wanted(entry, args) if test.board == board and test.tls == tls]
        if not tests:
            continue
        port = servers.free_port()
        command = commands(exe, entry, board, port, folder if tls else None)
        env = environment(exe, entry, url, port)
        with servers.running(command, env, port, says="HTTP/1.1", path=tests[0].path, tls=tls) as process:
            wrong = [said for test in tests if (said := asking.check(port, test))]
            if wrong:
                raise SystemExit(f"{entry.name}: {'; '.join(wrong)}")
            for test in () if args.check else tests:
                found, said = asking.load(port, process.pid, test, args.seconds)
                runs.setdefault(test.key, {}).setdefault(entry.name, []).append(found)
                shown = " ".join(["python", *command[1:]])
                raw.append(f"## {entry.name}, {test.title}\n$ {shown}\n{said}")
                print(
                    f"{entry.name:32} {test.key:12} {found['rate']:10,.0f} {found['cpu']:8.1f} µs",
                    file=sys.stderr,
                    flush=True,
                )
        if args.check:
            print(f"{entry.name}, {board}: {len(tests)} contracts hold", flush=True)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    exe = python()
    keys = names(args.only)
    runs: dict[str, dict[str, list[dict[str, float]]]] = {}
    raw: list[str] = []
    with database.running() as url, certificate() as folder:
        for _ in range(1 if args.check else args.rounds):
            for entry in ENTRIES:
                if not keys or entry.name in keys:
                    measure_entry(exe, entry, url, folder, args, runs, raw)
    about = machine.about()
    about["versions"] = versions(exe)
    best = {
        what: {
            # A run without an answer says nothing of what one costs.
            key: {name: choose((run[what] for run in all_ if run[what]), default=0.0) for name, all_ in by.items()}
            for key, by in runs.items()
        }
        for what, choose in (("rate", max), ("cpu", min))
    }
    used = {entry.name: " ".join(commands(Path("python"), entry, BOARDS[0], 8080)) for entry in ENTRIES}
    return {"about": about, **best, "commands": used, "raw": raw}


def versions(exe: Path) -> dict[str, str]:
    import subprocess

    code = (
        "import json,sys;from importlib.metadata import version as v;print(json.dumps({n:v(n) for n in sys.argv[1:]}))"
    )
    done = subprocess.run([str(exe), "-c", code, *PACKAGES], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def terminal(results: dict[str, Any]) -> str:
    tests = [test.key for test in CONTRACTS if test.key in results["rate"]]
    people = [entry.name for entry in ENTRIES if any(entry.name in results["rate"][key] for key in tests)]
    body = []
    for name in people:
        rates = [results["rate"][key].get(name) for key in tests]
        body.append([name, *(f"{rate:,.0f}" if rate else "" for rate in rates)])
    return report.grid(["requests per second", *tests], body)


def main(args: argparse.Namespace) -> int:
    unknown = set(names(args.only)) - {entry.name for entry in ENTRIES}
    unknown |= set(names(args.tests)) - {test.key for test in CONTRACTS}
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    for tool in ("wrk", "taskset"):
        if not shutil.which(tool):
            print(f"{tool} is not there", file=sys.stderr)
            return 2
    if args.images:
        images.check_all(args.images)
        return 0
    results = measure(args)
    raw = "\n".join(results.pop("raw"))
    if args.check:
        return 0
    print(terminal(results))
    if args.raw:
        args.raw.write_text(raw)
    pages.store(args, "public", results)
    if args.docs:
        (pages.FOLDER / "public.txt").write_text(raw)
    return 0
