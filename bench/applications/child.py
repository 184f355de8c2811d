"""A process with one application, on Flask or on bolthead: ``python -m bench.applications.child SITE FOLDER``.

It reads orders, a line of JSON each, and answers with a line: ``answer`` gives the answer to a page, ``count`` how
many requests take about a time, ``spin`` the processor time of that many, ``bytecode``
tells bolthead's folder, and how many instructions of bytecode of a request are run in each package's files.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any

from ..cases.asks import answer, count_for, spin
from .sites import BY_KEY, application


def obey(order: dict[str, Any], app: Any, site: Any) -> Any:
    ask = site.pages[order["page"]].ask
    jobs = [(ask.environ(), ask.body)]
    if order["do"] == "answer":
        given = answer(app, *jobs[0])
        return {"status": given.status, "headers": given.headers, "body": given.body.decode("latin-1")}
    if order["do"] == "count":
        return count_for(app, jobs, order["seconds"])
    if order["do"] == "bytecode":
        return bytecode(app, jobs)
    start = process_time()
    spin(app, jobs, order["count"])
    return (process_time() - start) / order["count"] * 1e6


def bytecode(app: Any, jobs: Any) -> tuple[str, dict[str, int]]:
    """Bolthead's folder, if it is there; how many instructions of bytecode one request runs, by package."""
    ours = sys.modules.get("bolthead")
    package = "" if ours is None else f"{Path(ours.__file__ or '').parent}/"
    found: Counter[str] = Counter()

    def whose(file: str) -> str:
        if package and file.startswith(package):
            return "bolthead"
        # Werkzeug makes functions of rules.
        return "werkzeug" if "<werkzeug" in file else file.rpartition("site-packages/")[2].partition("/")[0]

    def trace(frame: Any, event: str, arg: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            found[whose(frame.f_code.co_filename)] += 1
        return trace

    sys.settrace(trace)
    try:
        spin(app, jobs, 1)
    finally:
        sys.settrace(None)
    return package, found


def main(key: str, folder: str) -> None:
    logging.disable(logging.WARNING)
    app = application(key, Path(folder))
    said, sys.stdout = sys.stdout, sys.stderr
    gc.collect()
    gc.freeze()
    print("ready", file=said, flush=True)
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line), app, BY_KEY[key])), file=said, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
