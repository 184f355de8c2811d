"""Outcome for outcome the same as Werkzeug, on random maps: `bolthead._core.routing.search`.

``BOLTHEAD_ROUTING_OUTCOMES`` sets how many outcomes are compared on each build; the ordinary run is short.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import werkzeug.routing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing import maps

PER_MAP = 25
OUTCOMES = int(os.environ.get("BOLTHEAD_ROUTING_OUTCOMES", "2500"))
LONG = settings(
    max_examples=max(OUTCOMES // PER_MAP, 1),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="BOLTHEAD_ROUTING_OUTCOMES" not in os.environ,
    database=None,
    report_multiple_bugs=False,
)


def refusal(found: Any, rule: Callable[[], Any]) -> Any:
    try:
        found.add(rule())
    except Exception as error:
        return type(error), "" if isinstance(error, SyntaxError) else str(error)
    return None


def compare(spec: maps.MapSpec, seed: int, ours: Any) -> None:
    oracle, subject = spec.empty(werkzeug.routing), spec.empty(ours)
    accepted = []
    for text, options in spec.rules:
        wanted = refusal(oracle, lambda: werkzeug.routing.Rule(text, **options))  # noqa: B023
        assert refusal(subject, lambda: ours.Rule(text, **options)) == wanted  # noqa: B023
        if wanted is None:
            accepted.append((text, options))
    rules, own_rules = oracle_rules(oracle), oracle_rules(subject)
    assert [repr(rule) for rule in rules] == [repr(rule) for rule in own_rules]
    rng = random.Random(seed)
    for _ in range(3 if accepted else 0):
        binding = maps.bindings(rng, spec)
        adapter, own = oracle.bind(**binding), subject.bind(**binding)
        for name, arguments in maps.calls(rng, accepted, binding, PER_MAP // 3):
            wanted = maps.outcome(lambda: getattr(adapter, name)(**arguments), rules)  # noqa: B023
            got = maps.outcome(lambda: getattr(own, name)(**arguments), own_rules)  # noqa: B023
            assert got == wanted, (name, arguments, binding)
            if name == "build":
                again = maps.outcome(lambda: own.build(**arguments), own_rules)  # noqa: B023
                assert again == wanted, ("the second time", arguments, binding)


def oracle_rules(found: Any) -> list[Any]:
    """The rules in an order that both routers share."""
    return [rule for group in found._rules_by_endpoint.values() for rule in sorted(group, key=order)]


def order(rule: Any) -> Any:
    return (repr(rule.endpoint), rule.rule, repr(rule.get_empty_kwargs()))


def test_outcomes_equal_werkzeugs(load: Callable[[str], ModuleType]) -> None:
    ours = load("bolthead.routing")

    @LONG
    @given(spec=maps.maps(), seed=st.integers(0, 2**32))
    def run(spec: maps.MapSpec, seed: int) -> None:
        compare(spec, seed, ours)

    run()
