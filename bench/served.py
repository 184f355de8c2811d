"""The application that a server process of the bench loads: ``bench.served:app``, by ``BENCH_FRAMEWORK``."""

from __future__ import annotations

import os

from . import frameworks
from .cases.table import cases

app = frameworks.application(os.environ["BENCH_FRAMEWORK"], cases()[0])
