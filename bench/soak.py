"""``python -m bench soak``: the memory of ``bolthead serve`` over a million requests of all kinds, sent by wrk.

Each turn goes through the routes of ``bench.site``: a page, JSON, a form, 100 kB, a stream, a file. The resident memory
of the server's processes is taken after each turn; what grows from the second quarter to the last counts as a leak.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from pathlib import Path

from . import machine, servers

ALLOWED = 1.03
"""How much more the last quarter may take than the second."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=20, help="how often memory is looked at")
    parser.add_argument("--seconds", type=int, default=1, help="of one run of wrk")
    parser.add_argument("--python", default=sys.executable)


def resident(pid: int) -> int:
    """kB of a process and its descendants."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += sum(resident(int(child)) for child in (task / "children").read_text().split())
    return found + int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def main(args: argparse.Namespace) -> int:
    if not shutil.which("wrk"):
        print("wrk is not there", file=sys.stderr)
        return 2
    port, done = servers.free_port(), 0
    command = servers.commands(args.python, port, "bench.site:app")["bolthead serve"]
    memory: list[int] = []
    with servers.running(command, servers.environment("bolthead"), port) as process:
        while done < args.requests:
            before = done
            while done - before < args.requests / args.turns:
                for path in servers.ROUTES.values():
                    script = Path(servers.__file__).with_name("form.lua") if path == "/form" else None
                    said = servers.run_wrk(port, path, args.seconds, 16, script)
                    count = servers.COUNT.search(said)
                    assert count is not None, said
                    done += int(count[1])
            memory.append(resident(process.pid))
            print(f"{done:>10,} requests {memory[-1]:>10,} kB", flush=True)
    quarter = max(1, len(memory) // 4)
    second, last = statistics.median(memory[quarter : 2 * quarter] or memory), statistics.median(memory[-quarter:])
    leaks = last > second * ALLOWED
    print(f"second quarter {second:,.0f} kB, last {last:,.0f} kB: {'IT GROWS' if leaks else 'ok'}")
    about = machine.about()
    print(f"{about['processor']}, {about['python']}, commit {about['commit']}")
    return int(leaks)
