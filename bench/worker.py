"""One process of the bench: gets its orders as JSON on the command line, prints its results as JSON."""

from __future__ import annotations

import json
import sys

from . import frameworks
from .cases.table import cases
from .check import Different
from .timing import time_case


def main(orders: str) -> None:
    wanted = json.loads(orders)
    build = frameworks.build_of_bolthead()
    results = []
    different = []
    for case in cases():
        if wanted["only"] and case.key not in wanted["only"]:
            continue
        try:
            times = time_case(case, wanted["frameworks"], wanted["rounds"], wanted["seconds"])
        except Different as error:
            print(f"NOT TIMED {error}", file=sys.stderr, flush=True)
            different.append(str(error))
            continue
        for timed in times:
            results.append(
                {
                    "case": timed.case,
                    "framework": timed.framework,
                    "build": build if timed.framework == "bolthead" else "",
                    "best": timed.best,
                    "median": timed.median,
                }
            )
    python = sys.version.split()[0]
    json.dump({"build": build, "python": python, "results": results, "different": different}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
