"""The same answers before any timing: whoever is quick because it does less is found out here."""

from __future__ import annotations

import json
from collections.abc import Callable

from .cases.asks import Answer, App, Ask, answer
from .cases.table import Case

TRIES = 3
"""Dates and signatures carry the second: two answers on either side of one are compared again."""


class Different(Exception):
    """Two frameworks gave different answers to the same request."""


def is_json(given: Answer) -> bool:
    return any(name.lower() == "content-type" and "json" in value for name, value in given.headers)


def settled(given: Answer) -> list[tuple[str, object]]:
    """The headers in order; ``Allow`` as a set, since Werkzeug writes it in the order of one."""
    return [(name, set(value.split(", ")) if name == "Allow" else value) for name, value in given.headers]


def exactly(ask: Ask, ours: Answer, theirs: Answer) -> str:
    """bolthead and Flask: status line, headers in order and body are the same, or a word on what differs."""
    pairs = (
        ("status", ours.status, theirs.status),
        ("headers", settled(ours), settled(theirs)),
        ("body", ours.body, theirs.body),
    )
    for what, one, other in pairs:
        if one != other:
            return f"{what}: {one!r} is not {other!r}"
    return ""


def alike(ask: Ask, ours: Answer, theirs: Answer) -> str:
    """Another framework: the status code, and the body where an application decides it (JSON by its value)."""
    if ours.status[:3] != theirs.status[:3]:
        return f"status: {ours.status!r} is not {theirs.status!r}"
    if not ask.same_body or ours.body == theirs.body:
        return ""
    if is_json(ours) and is_json(theirs) and json.loads(ours.body) == json.loads(theirs.body):
        return ""
    return f"body: {ours.body!r} is not {theirs.body!r}"


def check(case: Case, apps: dict[str, App], against: str = "flask") -> None:
    """Raise `Different` unless all of *apps* answer *case* as *against* does."""
    for ask in case.asks:
        environ = ask.environ()
        for name, app in apps.items():
            if name in (against, "bare"):
                continue
            compare: Callable[[Ask, Answer, Answer], str] = exactly if name == "bolthead" else alike
            for _ in range(TRIES):
                said = compare(ask, answer(app, environ, ask.body), answer(apps[against], environ, ask.body))
                if not said:
                    break
            else:
                raise Different(f"{case.key}, {ask.method} {ask.path}: {name} and {against} differ in {said}")
