"""Fuzzing of the compiled router, under the sanitizers too: random maps, paths and values on both builds.

    python tests/fuzz/sanitized.py routing --minutes 5     build with the sanitizers and fuzz that build
    python tests/fuzz/router.py --minutes 5               fuzz the build that is there

A difference between the builds, or memory that a call takes and does not give back, is printed with its seed and
ends the run with status 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import builds
from blocks import lost
from routing import maps

# Patterns of an application's own go to the regular expressions, which may take for ever on what is long.
STOCK = [kind for kind in maps.CONVERTERS if kind not in maps.CUSTOM]
LONG = [
    "a" * 300,
    "-" * 400,
    "1" * 300,
    "x/" * 200,
    "/" * 500,
    "é" * 200,
    "a-1-" * 100,
    "\n" * 150,
    "😀" * 130,
]


def rule(rng: random.Random) -> str:
    names = [f"v{nth}" for nth in range(12)]
    segments = []
    for _ in range(rng.randrange(5)):
        parts = []
        for _ in range(rng.choice([1, 1, 1, 2, 3, 5])):
            if rng.random() < 0.5 and names:
                kind = rng.choice(STOCK)
                name = names.pop()
                parts.append(f"<{kind}:{name}>" if kind else f"<{name}>")
            else:
                parts.append(rng.choice(maps.LITERALS))
        segments.append("".join(parts))
    return "/" + "/".join(segments) + rng.choice(["", "", "/"])


def specification(rng: random.Random) -> maps.MapSpec:
    options = {"host_matching": rng.random() < 0.15, "merge_slashes": rng.random() < 0.8}
    rules = []
    for nth in range(rng.choice([1, 4, 12, 40])):
        settings: dict[str, Any] = {"endpoint": f"e{nth % 5}"}
        if rng.random() < 0.3:
            settings["methods"] = rng.sample(maps.METHODS, rng.randrange(4))
        if rng.random() < 0.2:
            settings["strict_slashes"] = rng.random() < 0.5
        if rng.random() < 0.2:
            settings["host" if options["host_matching"] else "subdomain"] = rng.choice(maps.HOSTS)
        if rng.random() < 0.1:
            settings["defaults"] = {f"v{rng.randrange(12)}": 1}
        rules.append((rule(rng), settings))
    return maps.MapSpec(options, rules)


def rubbish(rng: random.Random, path: str) -> str:
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(path) + 1)
        path = path[:at] + rng.choice([*maps.TEXTS, *LONG]) + path[at + rng.randrange(4) :]
    return path


def run(seed: int, routers: list[Any]) -> str | None:
    """One map and some calls; what differed, if anything did."""
    rng = random.Random(seed)
    spec = specification(rng)
    tables = []
    accepted = []
    for routing in routers:
        table = spec.empty(routing)
        accepted = []
        for text, settings in spec.rules:
            try:
                table.add(routing.Rule(text, **settings))
                accepted.append((text, settings))
            except (ValueError, SyntaxError, LookupError, TypeError):
                pass
        tables.append((table, list(table._rules_by_endpoint.values())))
    if not accepted:
        return None
    binding = maps.bindings(rng, spec)
    adapters = [table.bind(**binding) for table, _ in tables]
    rules = [[one for group in groups for one in group] for _, groups in tables]
    for name, arguments in maps.calls(rng, accepted, binding, 30):
        if arguments.get("path_info"):
            arguments["path_info"] = rubbish(rng, arguments["path_info"])
        found = [
            maps.outcome(lambda: getattr(adapter, name)(**arguments), own)  # noqa: B023
            for adapter, own in zip(adapters, rules, strict=True)
        ]
        if found[0] != found[1]:
            return f"seed {seed}: {spec}\n{binding} {name} {arguments}\n{found[0]}\n{found[1]}"
        for adapter, own in zip(adapters, rules, strict=True):
            taken = lost(lambda: maps.outcome(lambda: getattr(adapter, name)(**arguments), own))  # noqa: B023
            if taken:
                return f"seed {seed}: {spec}\n{binding} {name} {arguments}\nlost {taken} blocks of memory"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first map")
    args = parser.parse_args()
    routers = [builds.load(build, "bolthead.routing") for build in builds.NAMES]
    done = 0
    stop = time.monotonic() + args.minutes * 60
    while done % 20 or time.monotonic() < stop:
        wrong = run(args.seed + done, routers)
        if wrong:
            print(wrong)
            return 1
        done += 1
    print(f"{done} maps with 30 calls each, nothing differs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
