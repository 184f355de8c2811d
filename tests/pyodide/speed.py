"""Run inside Pyodide: the cases of the bench beside Flask, without those that start a thread."""

from __future__ import annotations

import contextlib
import json
import os
import sys

from bench import worker
from bench.cases.table import cases

THREADED = ("async",)

if __name__ == "__main__":
    os.environ["BOLTHEAD_PURE"] = "1"
    only = [case.key for case in cases() if case.key not in THREADED]
    orders = {"only": only, "frameworks": ["bolthead", "flask"], "rounds": 5, "seconds": 0.1}
    with open(sys.argv[1], "w") as file, contextlib.redirect_stdout(file):
        worker.main(json.dumps(orders))
