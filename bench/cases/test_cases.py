"""The cases for pytest-benchmark: ``pytest bench`` with a build chosen by ``BOLTHEAD_PURE``.

Each framework that serves a case gives the right answers first and is timed then. Compare and store runs with
pytest-benchmark's own options; ``--benchmark-group-by=param:case`` puts rivals side by side.
"""

from __future__ import annotations

from typing import Any

import pytest

from bench import check, frameworks
from bench.cases.asks import spin
from bench.cases.table import Case, cases

CASES = {case.key: case for case in cases()}


def serves(framework: str, case: Case) -> bool:
    return frameworks.application(framework, case) is not None


PAIRS = [(key, name) for key, case in CASES.items() for name in frameworks.NAMES if serves(name, case)]


@pytest.mark.parametrize(("case", "framework"), PAIRS, ids=[f"{key}-{name}" for key, name in PAIRS])
def test_case(benchmark: Any, case: str, framework: str) -> None:
    asked = CASES[case]
    app, flask = (frameworks.application(name, asked) for name in (framework, "flask"))
    assert app is not None and flask is not None
    check.check(asked, {framework: app, "flask": flask})
    benchmark(spin, app, asked.jobs, 1)
