"""Compare what monitoring agents record: ``python -m tests.agents all | NAME...``

Each agent is installed as released, started in every way that its users start it, on Flask and on both builds of
bolthead, and hands over what it would send. The exit status is 1 when anything differs from Flask.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ..upstream import environments
from . import compare


def install(agents: list[compare.Agent]) -> Path:
    """The Python of an environment with all agents, and bolthead where installed packages are: agents ask for that."""
    every = [wanted for agent in compare.AGENTS.values() for wanted in agent.requires]
    python = environments.make_plain("agents", [*every, *environments.extra("serve")])
    [packages] = python.parent.parent.glob("lib/python*/site-packages")
    link = packages / "bolthead"
    if not link.exists():
        link.symlink_to(compare.SRC / "bolthead")
    return python


def judge(agent: compare.Agent, python: Path) -> Iterator[tuple[str, list[str]]]:
    """Each way with what is wrong with it."""
    wanted = compare.on_flask(agent, python)
    served = compare.served(agent, compare.GUNICORN, python, "flask")
    for side in ("compiled", "pure"):
        for way, command in compare.ways(agent).items():
            by_hand = way in compare.BY_HAND
            if agent.imports_flask and way == "outside, install()":
                yield f"{side}: {way}, which must fail", compare.too_late(agent, python, side)
                continue
            try:
                found = compare.run(agent, command, python, side, by_hand)
            except compare.Failed as failed:
                yield f"{side}: {way}", [str(failed)]
            else:
                yield f"{side}: {way}", compare.differences(wanted[by_hand], found)
        found = compare.served(agent, compare.SERVE, python, side)
        yield f"{side}: served", [] if served and found == served else [compare.first_difference(served, found)]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.agents", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", choices=["all", *compare.AGENTS])
    options = parser.parse_args(argv)
    names = list(compare.AGENTS) if "all" in options.names else options.names
    agents = [compare.AGENTS[name] for name in names]
    python = install(agents)
    good = True
    for agent in agents:
        print(f"{agent.name} ({', '.join(agent.requires)})", flush=True)
        for way, wrong in judge(agent, python):
            good &= not wrong
            print(f"  {'DIFFERS' if wrong else 'alike  '}  {way}", flush=True)
            for text in wrong:
                print(f"    {text}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
