"""The command line of the bench."""

from __future__ import annotations

import argparse
import sys

from . import (
    applications,
    asgi,
    bodies,
    compare,
    count,
    files,
    freshness,
    growth,
    inprocess,
    install,
    leaks,
    live,
    public,
    routing,
    servers,
    shares,
    soak,
    startup,
    templates,
    threads,
    train,
)

PARTS = {
    "asgi": (asgi, "ASGI frameworks side by side on one event loop"),
    "live": (live, "thousands of websockets, event streams and waiting requests on one worker"),
    "bodies": (bodies, "large multipart bodies: time per MB, memory"),
    "servers": (servers, "requests per second through granian, gunicorn and bolthead serve, by wrk"),
    "routing": (routing, "the router beside Werkzeug's"),
    "applications": (applications, "public applications, unedited, on Flask and on bolthead"),
    "shares": (shares, "how much of public applications' pages is bolthead's, by callgrind"),
    "public": (public, "the contracts of public boards, beside other frameworks under their own servers"),
    "startup": (startup, "import time and resident memory"),
    "install": (install, "time and size of an installation from source, before and after"),
    "threads": (threads, "requests from one thread and from two, without the GIL"),
    "files": (files, "system calls of a request for a file, by strace"),
    "templates": (templates, "memory after many different templates"),
    "count": (count, "instructions per request, by callgrind"),
    "leaks": (leaks, "memory over many requests of all cases"),
    "soak": (soak, "memory of bolthead serve over a million requests"),
    "growth": (growth, "the board on several servers behind HAProxy, and what a killed one loses"),
    "train": (train, "requests of all kinds by bolthead alone, for a build by what they run"),
    "check": (freshness, "whether the stored results are of this code"),
    "compare": (compare, "two results side by side"),
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m bench",
        description="bolthead beside Flask, Falcon, Bottle, Django and a bare WSGI callable: all cases in process.",
        epilog="Other parts: " + "; ".join(f"`{name}`: {text}" for name, (_, text) in PARTS.items()) + ".",
    )
    inprocess.options(top)
    return top


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] in PARTS:
        name = arguments[0]
        part, text = PARTS[name]
        own = argparse.ArgumentParser(prog=f"python -m bench {name}", description=text)
        part.options(own)
        return part.main(own.parse_args(arguments[1:]))
    return inprocess.main(parser().parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
