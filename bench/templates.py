"""``python -m bench templates``: the memory of a process that has rendered many different templates."""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from . import machine, pages, report
from .cases.asks import Ask, answer
from .startup import PARTICIPANTS

LAYOUT = "<title>{% block title %}site{% endblock %}</title><main>{% block main %}{% endblock %}</main>"
MACROS = "{% macro field(name, value='') %}<input name='{{ name }}' value='{{ value }}'>{% endmacro %}"
PAGE = """{{% extends "layout.html" %}}{{% from "macros.html" import field %}}
{{% block title %}}page {number} {{{{ g.user }}}}{{% endblock %}}
{{% block main %}}
<a href="{{{{ url_for('page', number={number}) }}}}">{{{{ title|upper }}}}</a>
{{% for row in rows %}}
  {{% if row.stock and loop.index > {least} %}}<p>{{{{ row.name }}}}: {{{{ row.note|default("-") }}}}</p>
  {{% else %}}{{{{ field("f{number}", row.name) }}}}{{% endif %}}
{{% endfor %}}
{{% endblock %}}"""

KEYS = ("added", "private", "resident")
LABELS = {"flask": "Flask", "compiled": "bolthead, compiled", "pure": "bolthead, pure"}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=200, help="different templates")
    parser.add_argument("--rounds", type=int, default=5, help="fresh processes of each participant")
    parser.add_argument("--docs", action="store_true", help="write the documentation's table")
    parser.add_argument("--here", help=argparse.SUPPRESS)


def memory() -> dict[str, int]:
    """Kilobytes of this process: all, and those that it does not share with others that run the same files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {
        name: int(value.split()[0])
        for name, _, value in (line.partition(":") for line in lines)
        if "rss" in name.lower()
    }
    return {"resident": found["VmRSS"], "private": found["RssAnon"]}


def render(name: str, count: int) -> dict[str, int]:
    """The memory when *count* templates were rendered three times each, and what it grew by since the first."""
    from jinja2 import DictLoader

    flask = import_module(name)
    app = flask.Flask("templates", root_path="/nowhere")
    sources = {f"page{number}.html": PAGE.format(number=number, least=number % 7) for number in range(count)}
    app.jinja_loader = DictLoader({"layout.html": LAYOUT, "macros.html": MACROS, **sources})
    rows = [{"name": f"<{number}>", "stock": number % 3} for number in range(10)]

    @app.get("/<int:number>")
    def page(number: int) -> str:
        flask.g.user = "Ada"
        return flask.render_template(f"page{number}.html", rows=rows, title="a & b")  # type: ignore[no-any-return]

    environs = [Ask(f"/{number}").environ() for number in range(count)]
    assert b"<p>&lt;1&gt;: -</p>" in answer(app, environs[0], None).body
    gc.collect()
    before = memory()["resident"]
    for _ in range(3):
        for environ in environs:
            assert answer(app, environ, None).status == "200 OK"
    gc.collect()
    found = memory()
    return {**found, "added": found["resident"] - before}


def measure(count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Megabytes: medians."""
    readings: dict[str, list[dict[str, int]]] = {who: [] for who in PARTICIPANTS}
    for _ in range(rounds):
        for who, (name, build) in PARTICIPANTS.items():
            command = [sys.executable, "-m", "bench", "templates", "--here", name, "--count", str(count)]
            done = subprocess.run(command, env=machine.environment(build), capture_output=True, text=True, check=True)
            readings[who].append(json.loads(done.stdout))
    return {
        who: {key: statistics.median(one[key] for one in all_) / 1024 for key in KEYS} for who, all_ in readings.items()
    }


def grid(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    sizes = found["sizes"]
    body = []
    for who, size in sizes.items():
        cells = [LABELS[who], f"{size['added']:.1f}"]
        for key in ("private", "resident"):
            cells += [f"{size[key]:.1f}", f"{size[key] / sizes['flask'][key]:.0%}"]
        body.append(cells)
    head = [
        f"{found['count']} templates rendered",
        "added by them, MB",
        "private, MB",
        "of Flask",
        "resident, MB",
        "of Flask",
    ]
    return head, body


def main(args: argparse.Namespace) -> int:
    if args.here:
        print(json.dumps(render(args.here, args.count)))
        return 0
    results = {"about": machine.about(), "count": args.count, "sizes": measure(args.count, args.rounds)}
    print(report.grid(*grid(results)))
    if args.docs:
        pages.write({"templates": results})
    return 0
