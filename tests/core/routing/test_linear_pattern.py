"""The linear matcher finds what the regular expression finds, with the same shares."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as st

from routing import maps

VARIABLES = [
    "<{}>", "<string(minlength=2):{}>", "<string(maxlength=2):{}>", "<string(length=1):{}>", "<int:{}>",
    "<int(signed=True):{}>", "<float:{}>", "<float(signed=True):{}>", "<path:{}>", "<path:{}>",
    '<any(a,ab,"a/b","|"):{}>', "<uuid:{}>",
]  # fmt: skip
UUID = "12345678-1234-5678-1234-567812345678"
LETTERS = ["a", "b", "-", "--", "1", "23", ".", "/", "//", "x", "\n", "٣", "|", "é", "1.5", UUID]


def text_for(rng: random.Random, rule: str) -> str:
    """*rule* with its variables replaced by something, which it may match."""
    return re.sub(r"<.*?>", lambda _: "".join(rng.choices(LETTERS, k=rng.choice([1, 1, 2, 3]))), rule)


@st.composite
def tails(draw: st.DrawFn) -> str:
    parts = []
    for nth in range(draw(st.integers(2, 4))):
        parts.append(draw(st.sampled_from(["", "", "-", "x", "a", ".", "--"])))
        parts.append(draw(st.sampled_from(VARIABLES)).format(f"v{nth}"))
    if any("<path" in part for part in parts):
        parts[2] = draw(st.sampled_from(["", "/", "/x/", "-"]))
    parts.append(draw(st.sampled_from(["", "", "x", "-", "/x", "/", "//"])))
    return "".join(parts)


def test_linear_pattern_is_the_regular_expression(load: Callable[[str], ModuleType]) -> None:
    routing, builder = load("bolthead.routing"), load("bolthead.routing.tree_builder")
    seen = {True: 0, False: 0}

    @settings(max_examples=500, deadline=None, derandomize=True, database=None)
    @given(rule=tails(), seed=st.integers(0, 2**32))
    def run(rule: str, seed: int) -> None:
        rng = random.Random(seed)
        bound = routing.Rule(f"/{rule}", merge_slashes=False)
        bound.bind(routing.Map())
        part = next(part for part in builder.cut(builder.parsed_rule(bound)[1]) if not isinstance(part, str))
        if len(part.body) < 5:
            return
        linear, pattern = builder._linear_pattern(part), re.compile(part.source)
        for text in [text_for(rng, rule) for _ in range(20)]:
            if not part.is_tail:
                text = text.replace("/", "")
            found = pattern.match(text)
            names = [f"__werkzeug_{nth}" for nth in range(len(part.body) // 2)]
            wanted = None if found is None else [found[name] for name in names]
            assert linear.match(text) == wanted, (part.source, text)
            seen[found is not None] += 1

    run()
    assert min(seen.values()) > 150, seen


def test_only_stock_patterns_have_one(load: Callable[[str], ModuleType]) -> None:
    routing, builder = load("bolthead.routing"), load("bolthead.routing.tree_builder")
    table = routing.Map(converters=maps.CUSTOM)
    for rule in ("/<list:a>-<b>", "/<a>-<fussy:b>", "/<greedy:a>/<b>"):
        bound = routing.Rule(rule)
        bound.bind(table)
        part = next(part for part in builder.cut(builder.parsed_rule(bound)[1]) if not isinstance(part, str))
        assert builder._linear_pattern(part) is None


def test_atoms(load: Callable[[str], ModuleType]) -> None:
    """Each kind of atom by itself, against the regular expression that it stands for."""
    module = load("bolthead._core.routing.linear_pattern")
    texts = ["", "a", "ab", "1", "12", "-1", "-", "a/b", "a\nb", "/", "٣", "x.y", "ax", "aaax"]
    for kind, choices, low, pattern in (
        (module.LITERAL, ["ab"], 1, "ab"),
        (module.ANY, [], 1, "[^/]+"),
        (module.ANY, [], 2, "[^/]{2,}"),
        (module.ANY_DIGITS, [], 1, r"\d+"),
        (module.SIGNED_DIGITS, [], 1, r"-?\d+"),
        (module.PATH, [], 1, "[^/].*?"),
        (module.CHOICE, ["a", "ab"], 1, "(?:a|ab)"),
        (module.FIXED, [], 2, "[ab]{2}"),
    ):
        fixed = re.compile(pattern) if kind == module.FIXED else None
        atoms = [module.Atom(kind, choices, low, -1, fixed), module.Atom(module.LITERAL, ["x"])]
        for count in (1, 2):
            found = module.LinearPattern(atoms[:count], [(0, 1)], False)
            wanted = re.compile(f"({pattern}){'x' if count == 2 else ''}\\Z")
            for text in texts:
                matched = wanted.match(text)
                assert found.match(text) == (None if matched is None else [matched[1]]), (pattern, text)
