"""Random templates over Jinja's grammar, and what comes of one in an environment.

A case is made from a number alone, so that a difference can be looked at again: ``case(number)``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2 import ChainableUndefined, DebugUndefined, DictLoader, StrictUndefined, Undefined

from .odd_values import MAKE, values


def words(text: str) -> list[str]:
    return text.split()


NAMES = [*MAKE, "inner", "item", "nothing", "ns", "mac", "lib", "loop", "self", "caller", "super"]
ATTRIBUTES = words(
    """
    name id items slug broken absent lost method made still seen kind none children x y nested upper lower title
    format keys values get append __class__ __len__ nowhere row
    """
)
LOOP = words(
    """
    index index0 first last length revindex revindex0 depth depth0 previtem nextitem
    """
)
FILTERS = words(
    """
    abs batch(2) capitalize center(9) count d default("<d>") default("e",true) dictsort e escape filesizeformat
    first float forceescape format(1) groupby("name") indent int items join join(",") join("<br>"|safe)
    join(",",attribute="id") last length list lower map("upper") map(attribute="name") max min pprint
    reject("none") rejectattr("id") replace("a","<") reverse round safe select selectattr("name") slice(2) sort
    sort(attribute="id") string striptags sum title trim truncate(5) unique upper urlencode urlize wordcount
    wordwrap(9) xmlattr tojson attr("name") own own_in_context
    """
)
EASY_FILTERS = words(
    """
    d default("<d>") default("e",true) e escape forceescape list length string upper lower safe trim title
    join(",") map("upper")|list own own_in_context
    """
)
CALLABLES = words(
    """
    plain row.method row.seen row.made row.still in_context in_eval_context in_environment part_of callable1
    in_call method seen cls.made table.get table.keys words.index b.upper mark.upper stops part_in_context cycler
    joiner dict
    """
)
TESTS = words(
    """
    boolean callable defined divisibleby(2) eq(3) escaped even false filter float ge(2) in([1,3]) integer iterable
    lower lt(4) mapping ne(1) none number odd sequence string test true undefined upper own
    """
)
CONSTANTS = ["0", "1", "2", "(-3)", "(1.5)", '"<s>"', '"name"', "'a b'", "none", "true", "false", '"%s"', "'&amp;'"]
TEXTS = ["text ", "<p>\n", " & ", "\n", "{# note #}", "{% raw %}{{ no }}{% endraw %}", "é\n  "]
UNDEFINED = [Undefined, Undefined, ChainableUndefined, ChainableUndefined, StrictUndefined, DebugUndefined]


class Maker:
    """One random case."""

    def __init__(self, number: int) -> None:
        self.rng = random.Random(number)
        self.in_loop = 0
        self.blocks: list[str] = []
        # Nothing calls itself twice, which would take for ever.
        self.in_macro = self.in_block = self.in_part = False

    def pick(self, options: list[Any]) -> Any:
        return self.rng.choice(options)

    def arguments(self, depth: int) -> str:
        found = [self.expression(depth - 1) for _ in range(self.pick([0, 0, 1, 1, 2]))]
        if self.rng.random() < 0.2:
            found.append(f"{self.pick(['k', 'name', 'class', 'x'])}={self.expression(depth - 1)}")
        if self.rng.random() < 0.05:
            found.append("*[1, '<'], **{'k': 2}")
        return ", ".join(found)

    def expression(self, depth: int = 3) -> str:
        rng = self.rng
        kind = rng.randrange(22) if depth > 0 else rng.randrange(3)

        def inner() -> str:
            return self.expression(depth - 1)

        if self.in_loop and rng.random() < 0.12:
            return self.pick(
                ["item", "item.name", f"loop.{self.pick(LOOP)}", "loop.cycle(1, '<2>')", "loop.changed(item)", "loop"]
            )
        if kind < 2:
            return str(self.pick(NAMES[:-6] if self.in_macro else NAMES))
        if kind < 3:
            return str(self.pick(CONSTANTS))
        if kind < 8:
            return f"{inner()}.{self.pick(ATTRIBUTES)}"
        if kind < 10:
            return f"{inner()}[{self.pick([inner(), '0', repr(self.pick(ATTRIBUTES)), '1:', ':2', '::2', '-1'])}]"
        if kind < 13:
            called = inner() if rng.random() < 0.08 else self.pick(CALLABLES)
            return f"{called}({self.arguments(depth)})"
        if kind < 16:
            return f"({inner()}|{self.pick(FILTERS if rng.random() < 0.3 else EASY_FILTERS)})"
        if kind == 16:
            return f"({inner()} is {self.pick(['', 'not '])}{self.pick(TESTS)})"
        if kind == 17:
            operators = ["+", "-", "*", "/", "//", "%"] if rng.random() < 0.15 else ["~", "and", "or"]
            return f"({inner()} {self.pick(operators)} {inner()})"
        if kind == 18:
            operators = ["<", ">=", "in", "not in"] if rng.random() < 0.15 else ["==", "!="]
            return f"({inner()} {self.pick(operators)} {inner()})"
        if kind == 19:
            return f"({inner()} if {inner()}{self.pick(['', f' else {inner()}'])})"
        if kind == 20:
            return self.pick([f"[{inner()}, {inner()}]", f"({inner()},)", f"{{'k': {inner()}}}", f"(not {inner()})"])
        calls = ["range(3)", "varargs", "_('<t>')", "caller()"]
        if not self.in_macro:
            calls += ["mac(1)", "mac(b, y=mark)", "lib.mac(row)"]
        if not self.in_macro and not self.in_block:
            calls += ["self.one()", "super()"]
        return str(self.pick(calls))

    def body(self, depth: int) -> str:
        return "".join(self.statement(depth) for _ in range(self.pick([1, 1, 2, 3])))

    def statement(self, depth: int = 3) -> str:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.45:
            return self.pick([f"{{{{ {self.expression()} }}}}", f"{{{{ {self.expression(2)} }}}}", self.pick(TEXTS)])
        kinds = [self.loop, self.loop, self.condition, self.condition, self.assignment, self.scope, self.small]
        if not self.in_macro:
            kinds += [self.macro, self.call_block, self.imports]
        if not self.in_block and not self.in_macro:
            kinds.append(self.block)
        if not self.in_part:
            kinds.append(self.include)
        made: Callable[[], str] = self.pick(kinds)
        self.depth = depth - 1
        return made()

    def loop(self) -> str:
        depth, rng = self.depth, self.rng
        source = self.pick(
            [
                "rows",
                "words",
                "dicts",
                "mixed",
                "pairs",
                "stream",
                "counting()",
                "empty",
                "failing()",
                self.expression(2),
            ]
        )
        target, recursive = "item", ""
        if rng.random() < 0.15:
            source, recursive = "nest", " recursive"
        elif rng.random() < 0.15:
            target = "item, inner"
            source = self.pick(["pairs", "table.items()", "ordered|items", "rows"])
        test = f" if {self.expression(2)}" if rng.random() < 0.15 else ""
        self.in_loop += 1
        body = self.body(depth)
        if recursive:
            body += self.pick(
                ["{{ loop(item.children) }}", "{% if item.children %}{{ loop(item.children) }}{% endif %}"]
            )
        if rng.random() < 0.15:
            body += self.pick(
                [
                    "{% break %}",
                    "{% if loop.index > 1 %}{% continue %}{% endif %}x",
                    "{% set inner = item %}{{ seen() }}",
                ]
            )
        self.in_loop -= 1
        other = f"{{% else %}}{self.body(depth)}" if rng.random() < 0.2 else ""
        return f"{{% for {target} in {source}{test}{recursive} %}}{body}{other}{{% endfor %}}"

    def condition(self) -> str:
        depth = self.depth
        other = f"{{% elif {self.expression(2)} %}}{self.body(depth)}" if self.rng.random() < 0.3 else ""
        if self.rng.random() < 0.5:
            other += f"{{% else %}}{self.body(depth)}"
        return f"{{% if {self.expression(2)} %}}{self.body(depth)}{other}{{% endif %}}"

    def assignment(self) -> str:
        name = self.pick(["inner", "a", "b", "item", "_own", "x, inner"])
        if self.rng.random() < 0.3:
            filtered = f" | {self.pick(FILTERS)}" if self.rng.random() < 0.4 else ""
            return f"{{% set inner{filtered} %}}{self.body(self.depth)}{{% endset %}}{{{{ inner }}}}"
        if self.rng.random() < 0.2:
            return f"{{% set ns = namespace(x=1) %}}{{% set ns.x = {self.expression(2)} %}}{{{{ ns.x }}}}"
        return f"{{% set {name} = {self.expression()} %}}"

    def macro(self) -> str:
        signature = self.pick(["x", "x, y=2", "x=b, y=x", "", "name, x=name.id"])
        self.in_macro = True
        body = self.body(self.depth) + self.pick(
            ["", "{{ x }}", "{{ caller() }}", "{{ varargs }}{{ kwargs }}", "{{ y|e }}"]
        )
        self.in_macro = False
        return f"{{% macro mac({signature}) %}}{body}{{% endmacro %}}{{{{ mac({self.arguments(2)}) }}}}"

    def call_block(self) -> str:
        called = self.pick([f"mac({self.arguments(2)})", f"lib.mac({self.arguments(2)})", "mac(b)"])
        self.in_macro = True
        body = self.body(self.depth)
        self.in_macro = False
        return f"{{% call{self.pick(['', '(x, y=3)'])} {called} %}}{body}{{% endcall %}}"

    def include(self) -> str:
        name = self.pick(['"part"', '"part"', '["absent", "part"]', "('part' if flag)", "b", '"absent"'])
        missing = " ignore missing" if name in ("b", '"absent"') and self.rng.random() < 0.9 else ""
        return f"{{% include {name}{missing}{self.pick(['', '', ' without context', ' with context'])} %}}"

    def imports(self) -> str:
        ending = self.pick(["", "", " with context", " without context"])
        kinds = [f"{{% import 'lib' as lib{ending} %}}", f"{{% from 'lib' import mac{ending} %}}"]
        kinds.append(
            f"{{% from 'lib' import mac as inner, value, none_such{ending} %}}{{{{ value }}}}{{{{ inner(1) }}}}"
        )
        return str(self.pick(kinds))

    def block(self) -> str:
        name = self.pick(["one", "two", "three", "four"])
        if name in self.blocks:
            return "{{ self.one() }}"
        self.blocks.append(name)
        self.in_block = True
        content = self.body(self.depth) + self.pick(["", "{{ super() }}"])
        self.in_block = False
        return f"{{% block {name}{self.pick(['', '', ' scoped', ' required'])} %}}{content}{{% endblock %}}".replace(
            f"required %}}{content}", "required %}\n"
        )

    def scope(self) -> str:
        opening, closing = self.pick(
            [
                ("with inner = " + self.expression(2), "endwith"),
                ("with", "endwith"),
                (f"filter {self.pick(FILTERS)}", "endfilter"),
                (f"autoescape {self.pick(['true', 'false', 'flag', 'c'])}", "endautoescape"),
                ("trans x=" + self.expression(1), "endtrans"),
            ]
        )
        body = "a {{ x }}" if opening.startswith("trans") else self.body(self.depth)
        return f"{{% {opening} %}}{body}{{% {closing} %}}"

    def small(self) -> str:
        return self.pick(
            [f"{{% do {self.expression(2)} %}}", "{{ seen() }}", "{{ in_context(a) }}", "{{ in_call(1) }}"]
        )

    def template(self, extends: str, in_part: bool = False) -> str:
        self.blocks = []
        self.in_part = in_part
        head = (
            ""
            if in_part
            else self.pick(["{% import 'lib' as lib %}{% from 'lib' import mac %}", "{% from 'lib' import mac %}"])
        )
        return extends + head + self.body(3)


@dataclass
class Case:
    templates: dict[str, str]
    options: dict[str, Any]
    streamed: bool

    def outcome(self, environment: jinja2.Environment, render: Callable[[Any, dict[str, Any]], str]) -> Any:
        """The text, or the error and the lines of the templates that its traceback goes through."""
        environment.install_null_translations()  # type: ignore[attr-defined]
        environment.filters["own"] = lambda value, *args: f"<own {str(value)[:5]}>"
        environment.filters["own_in_context"] = jinja2.pass_context(
            lambda context, value: f"{context.name}{value is none}"
        )
        environment.tests["own"] = lambda value: isinstance(value, str)
        environment.globals["none"] = None
        try:
            template = environment.get_template("main")
            if self.streamed:
                return settled("".join(template.generate(values())))
            return settled(render(template, values()))
        except Exception as error:
            lines = []
            traceback = error.__traceback__
            while traceback is not None:
                if traceback.tb_frame.f_code.co_filename == "<template>":
                    lines.append((traceback.tb_frame.f_globals.get("name"), traceback.tb_lineno))
                traceback = traceback.tb_next
            return type(error).__name__, settled(str(error)), lines


none = None


def settled(text: str) -> str:
    # Addresses, the lines of the generated code, the name of the function that calls, as the interpreter says it, and
    # in how many pieces a text was made: a macro that includes without context gives a generator, which joins to none.
    text = re.sub(r"(?<=^sequence item )\d+(?=: expected str instance)", "n", text)
    # `wordwrap` cuts addresses.
    text = re.sub(r"(?i)\sat\s0x(?:[0-9a-f](?:\r?\n)?)+|[0-9a-f]+x0 ta ", "", text)
    return re.sub(r"\(<template>, line \d+\)|[\w.]+(?=\.call\(\) got)", "", text)


def escapes(name: str | None) -> bool:
    return name != "lib"


def case(number: int) -> Case:
    maker = Maker(number)
    pick = maker.pick
    extends = pick(
        ["", "", '{% extends "base" %}', '{% extends "base" %}', "{% if flag %}{% extends 'base' %}{% endif %}"]
    )
    templates = {
        "main": maker.template(extends),
        "base": maker.template(pick(["", "", '{% extends "root" %}'])),
        "root": maker.template(""),
        "part": maker.template("", in_part=True),
    }
    maker.in_macro = True
    templates["lib"] = (
        "{% macro mac(x, y='<y>') %}{{ x }}{{ y }}{% if caller %}{{ caller() }}{% endif %}"
        + maker.body(1)
        + "{% endmacro %}{% set value = a %}"
    )
    options: dict[str, Any] = {
        "loader": DictLoader(templates),
        "autoescape": pick([True, True, True, False, escapes]),
        "undefined": pick(UNDEFINED),
        "trim_blocks": pick([False, True]),
        "optimized": pick([True, True, False]),
        "finalize": pick([None, None, None, lambda value: "" if value is None else value]),
        "extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"],
    }
    return Case(templates, options, maker.rng.random() < 0.2)
