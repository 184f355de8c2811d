"""Who takes part: a framework by name, and its application for a case."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable

from .cases.asks import App, Environ, StartResponse
from .cases.page_views import BUILDERS
from .cases.table import Case
from .report import RIVALS

NAMES = ("bolthead", "flask", *RIVALS, "bare")


def bare(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The least a WSGI application can do."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "13")])
    return [b"Hello, world!"]


def application(framework: str, case: Case) -> App | None:
    """The application of *framework* for *case*; None where it has no counterpart."""
    if framework == "bare":
        return bare
    if framework in ("flask", "bolthead"):
        return BUILDERS[case.key](importlib.import_module(framework))
    module = importlib.import_module(f"bench.cases.{framework}s")
    build = module.BUILDERS.get(case.key)
    return build() if build is not None else None


def build_of_bolthead() -> str:
    """The build this process runs, which must be the one asked for."""
    from bolthead import _core

    name = _core.build_name()
    wanted = "pure" if os.environ.get("BOLTHEAD_PURE", "") not in ("", "0") else "compiled"
    if name != wanted:
        raise SystemExit(f"the {wanted} build of bolthead is not there: {_core.modules()}")
    return name
