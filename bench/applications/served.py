"""The application that a server loads: ``bench.applications.served:app``, by ``BENCH_SITE`` and ``BENCH_FOLDER``."""

from __future__ import annotations

import os
from pathlib import Path

from .sites import application

app = application(os.environ["BENCH_SITE"], Path(os.environ["BENCH_FOLDER"]))
