"""The process that ``python -m bench templates`` measures: an application that renders many different templates.

It imports little, so that its memory is what the framework brings: ``python -m bench.rendered flask 200``. It says
"ready" when all is rendered and waits for a line, so that its memory can be read while others like it are there.
"""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module
from pathlib import Path

from .cases.asks import Ask, answer

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


def memory() -> dict[str, int]:
    """Kilobytes of this process: all; what is in no file; and all, with a part of what others that run use as well."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    found = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines[1:])}
    return {"resident": found["Rss"], "private": found["Private_Dirty"], "proportional": found["Pss"]}


def render(name: str, count: int) -> int:
    """Render *count* templates three times each. Returns the resident memory when the first one was, in kilobytes."""
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
    return before


def main(name: str, count: str) -> None:
    before = render(name, int(count))
    print("ready", flush=True)
    sys.stdin.readline()
    found = memory()
    print(json.dumps({**found, "added": found["resident"] - before}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
