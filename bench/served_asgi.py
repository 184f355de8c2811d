"""The ASGI application that a server process of the bench loads: ``bench.served_asgi:app``, by ``BENCH_FRAMEWORK``."""

from __future__ import annotations

import os

from .cases.asgi_sites import SITES

app = SITES[os.environ["BENCH_FRAMEWORK"]]()
