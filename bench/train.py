"""``python -m bench train``: requests of all kinds by the compiled build, for a build of it that counts what they run.

``setup.py`` runs it with ``BOLTHEAD_PROFILE=1``. No other framework takes part, and nothing is measured.
"""

from __future__ import annotations

import argparse
import asyncio

from . import asgi, frameworks
from .cases import asgi_asks
from .cases.asgi_sites import SITES
from .cases.asks import spin
from .cases.table import cases

LEFT_OUT = ("async",)
"""Its thread and loop are those of a library that need not be installed."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=1000, metavar="N", help="requests of each kind")


def main(args: argparse.Namespace) -> int:
    frameworks.build_of_bolthead()
    for case in cases():
        if case.key not in LEFT_OUT:
            app = frameworks.application("bolthead", case)
            assert app is not None
            spin(app, case.jobs, args.requests)
    asyncio.run(over_asgi(args.requests))
    return 0


async def over_asgi(requests: int) -> None:
    app = SITES["bolthead"]()
    async with asgi.Life(app):
        for case in asgi.cases():
            await asgi_asks.spin(app, case, requests // case.units)
