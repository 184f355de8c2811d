"""The process that runs under callgrind: marks between runs of N and 2N requests of every case.

A call of C's ``getloadavg`` is the mark: callgrind writes what it has counted so far and starts anew. Nothing
else in the process calls it.
"""

from __future__ import annotations

import gc
import json
import os
import sys

from . import frameworks
from .cases.asks import spin
from .cases.table import cases

WARM = 30


def main(orders: str) -> None:
    wanted = json.loads(orders)
    frameworks.build_of_bolthead()
    gc.disable()
    for case in cases():
        if case.key not in wanted["only"]:
            continue
        app = frameworks.application(wanted["framework"], case)
        assert app is not None, f"{wanted['framework']} does not serve {case.key}"
        spin(app, case.jobs, WARM)
        os.getloadavg()
        spin(app, case.jobs, wanted["count"])
        os.getloadavg()
        spin(app, case.jobs, 2 * wanted["count"])
        os.getloadavg()
        print(case.key, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
