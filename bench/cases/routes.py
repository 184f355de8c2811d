"""Cases of routing: what is set up for each router, and the statement that is timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .github import routes

CAUGHT = "try:\n    adapter.match({args})\nexcept Exception:\n    pass"


@dataclass(frozen=True)
class RouteCase:
    """*setup* gets a routing module and the matching Flask class, and returns the names of *statement*.

    *slow*: Werkzeug needs milliseconds, so it gets few turns. *per*: operations in one run of the statement.
    """

    key: str
    title: str
    target: str
    setup: Callable[[Any, Any], dict[str, Any]]
    statement: str
    slow: bool = False
    per: int = 1


def github(routing: Any, flask: Any) -> dict[str, Any]:
    table = routing.Map()
    for method, rule in routes():
        table.add(routing.Rule(rule, endpoint=f"{method} {rule}", methods=[method]))
    return {
        "adapter": table.bind("api.github.com"),
        "long": "/repos/flask/bolt/issues/123/labels",
        "static": "/search/repositories",
        "endpoint": "GET /repos/<owner>/<repo>/labels",
        "values": {"owner": "flask", "repo": "bolt"},
    }


def mixed(routing: Any, flask: Any) -> dict[str, Any]:
    table = routing.Map()
    for n in range(100):
        for rule in (
            f"/r{n}",
            f"/r{n}/<int:id>",
            f"/r{n}/<int:id>/edit",
            f"/r{n}/<slug>/comments/<int:comment>",
            f"/files{n}/<path:name>",
            f"/<lang>/r{n}/<int:id>",
        ):
            table.add(routing.Rule(rule, endpoint=rule, methods=["GET"]))
    return {"adapter": table.bind("example.com")}


def siblings(routing: Any, flask: Any) -> dict[str, Any]:
    table = routing.Map([routing.Rule(f"/shop/item{n}-<int:id>", endpoint=n) for n in range(1, 1001)])
    return {"adapter": table.bind("example.com")}


def application(routing: Any, flask: Any) -> dict[str, Any]:
    def view(**values: Any) -> str:
        return ""

    rules = [f"/resource{n}/<int:id>/part/<name>" for n in range(200)]
    return {"flask": flask, "rules": rules, "view": view}


def request(routing: Any, flask: Any) -> dict[str, Any]:
    app = flask("bench")
    app.add_url_rule("/user/<name>", "user", lambda name: "")
    context = app.test_request_context("/user/a")
    context.push()
    return {"url_for": app.url_for, "context": context}


REGISTER = """\
app = flask("bench", static_folder=None)
for rule in rules:
    app.add_url_rule(rule, rule, view, methods=["GET"])
"""

CASES = [
    RouteCase("vars", "match, GitHub's routes, 3 variables", "15", github, "adapter.match(long)"),
    RouteCase("static", "match, static rule", "25", github, "adapter.match(static)"),
    RouteCase("miss", "miss (404), 600 mixed rules", "20", mixed, CAUGHT.format(args='"/r50/7/edited"')),
    RouteCase(
        "method",
        "wrong method (405), 600 mixed rules",
        "20",
        mixed,
        CAUGHT.format(args='"/r50/7/edit", "POST"'),
    ),
    RouteCase("sibling", "1 000 siblings, hit", "≤ 5 µs", siblings, 'adapter.match("/shop/item777-5")', slow=True),
    RouteCase(
        "sibmiss",
        "1 000 siblings, miss",
        "≤ 5 µs",
        siblings,
        CAUGHT.format(args='"/shop/item777-x"'),
        slow=True,
    ),
    RouteCase("add", "register by app.add_url_rule", "≤ 10 µs", application, REGISTER, slow=True, per=200),
    RouteCase("build", "build, 2 values", "8", github, "adapter.build(endpoint, values)"),
    RouteCase("url_for", "url_for in a request, 1 value", "10", request, 'url_for("user", name="someone")'),
]
