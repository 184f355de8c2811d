"""Random maps, and what matching and building on them gives, in a form to compare two routers by."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BaseConverter, IntegerConverter, PathConverter, ValidationError


class ListConverter(BaseConverter):
    """Several words between commas, with a group of its own in the pattern."""

    regex = r"[a-z]+(,[a-z]+)*"

    def to_python(self, value: str) -> list[str]:
        return value.split(",")

    def to_url(self, value: Any) -> str:
        return ",".join([BaseConverter.to_url(self, item) for item in value])


class SlashyConverter(BaseConverter):
    """Takes slashes because its pattern has one."""

    regex = r"[a-z]+/(?P<inner>[a-z0-9]+)"


class GreedyConverter(PathConverter):
    regex = r".*"
    weight = 300


class FussyConverter(BaseConverter):
    """Refuses what its pattern admits, in both directions."""

    regex = r"[a-z0-9]{1,4}"
    weight = 90

    def to_python(self, value: str) -> str:
        if "1" in value:
            raise ValidationError()
        return value.upper()

    def to_url(self, value: Any) -> str:
        if value == "no":
            raise ValidationError()
        return str(value)


class SignedConverter(IntegerConverter):
    """What connexion puts in the place of ``int``."""

    regex = r"[+-]?\d+"


CUSTOM = {
    "list": ListConverter,
    "slashy": SlashyConverter,
    "greedy": GreedyConverter,
    "fussy": FussyConverter,
    "signed": SignedConverter,
}

CONVERTERS = [
    "",
    "",
    "string",
    "default",
    "string(length=2)",
    "string(minlength=2)",
    "string(minlength=2, maxlength=3)",
    "string(maxlength=3)",
    "int",
    "int",
    "int(fixed_digits=3)",
    "int(min=2)",
    "int(max=40)",
    "int(signed=True)",
    "int(min=-5, max=5, signed=True)",
    "float",
    "float(min=1.5)",
    "float(signed=True)",
    "any(about, help)",
    'any("a,b", a.b, "7")',
    "path",
    "path",
    "uuid",
    "list",
    "slashy",
    "greedy",
    "fussy",
    "signed",
]
LITERALS = ["a", "b", "ab", "edit", "x-", "-", ".", "über", "a b", "+", "1", "item1-", "item10-", "%", "(x)"]
LITERALS += ["|", "~", "$"]
NAMES = ["p", "q", "r", "id", "h"]
METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]
HOSTS = ["", "www", "api", "<h>", "<h>.api", "<any(a,b):h>", "v<int:h>", "<path:h>", "<p>"]
TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "edit",
    "1",
    "42",
    "007",
    "-3",
    "+5",
    "1.5",
    "-2.5",
    "٣",
    "about",
    "help",
    "a,b",
    "no",
    "x",
    "über",
    "a b",
    "\n",
    "a\n",
    "\x00",
    "%",
    "a/b",
    "a/b/",
    "/",
    "//",
    "x/1",
    "ab/c1",
    "é",
    "😀",
    "0" * 12,
    "9" * 40,
    "12345678-1234-5678-1234-567812345678",
    "item1-5",
    "item10-5",
    "v1",
    "...",
    "&=?#;",
    "1e5",
]
VALUES: list[Any] = [
    *TEXTS,
    0,
    1,
    7,
    -3,
    42,
    1.5,
    True,
    None,
    ["a", "b"],
    ("x", None),
    {"k"},
    b"by te",
    [],
    "x y",
    "ü?&",
]


@dataclass
class MapSpec:
    options: dict[str, Any]
    rules: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    replaced: bool = False

    def empty(self, routing: Any) -> Any:
        """A map of *routing*, which is werkzeug.routing or ours, without the rules."""
        converters = dict(CUSTOM)
        if self.replaced:
            converters["int"] = SignedConverter
        return routing.Map(converters=converters, **self.options)


@st.composite
def variables(draw: Any) -> str:
    converter = draw(st.sampled_from(CONVERTERS))
    name = draw(st.sampled_from(NAMES))
    return f"<{converter}:{name}>" if converter else f"<{name}>"


@st.composite
def segments(draw: Any) -> str:
    form = draw(st.integers(0, 9))
    if form < 4:
        return draw(st.sampled_from(LITERALS))
    if form < 7:
        return draw(variables())
    parts = draw(st.lists(st.one_of(st.sampled_from(LITERALS), variables()), min_size=2, max_size=4))
    return "".join(parts)


@st.composite
def paths(draw: Any) -> str:
    text = "/" + "/".join(draw(st.lists(segments(), max_size=4)))
    if draw(st.integers(0, 11)) == 0:
        text = text.replace("/", "//", 1 if draw(st.booleans()) else -1)
    if draw(st.integers(0, 40)):
        text = _distinct(text)
    return text + "/" if draw(st.integers(0, 2)) == 0 and not text.endswith("/") else text


def _distinct(text: str) -> str:
    """*text* with another name for a variable that is there twice, which no router accepts."""
    seen: set[str] = set()

    def rename(found: re.Match[str]) -> str:
        name = next((name for name in [found[1], *NAMES, *"stuvw"] if name not in seen), found[1])
        seen.add(name)
        return f"{name}>"

    return re.sub(r"(\w+)>", rename, text)


def _redirect_target(adapter: Any, **values: Any) -> str:
    return "to/" + "-".join(sorted(values))


@st.composite
def rules(draw: Any, host_matching: bool) -> tuple[str, dict[str, Any]]:
    text = draw(paths())
    options: dict[str, Any] = {"endpoint": draw(st.sampled_from(["e1", "e2", "e3", 4]))}

    def sometimes(odds: int) -> bool:
        return bool(draw(st.integers(0, odds - 1)) == 0)

    if sometimes(3):
        options["methods"] = draw(st.lists(st.sampled_from(METHODS), max_size=3))
    if sometimes(8):
        options["websocket"] = True
        if "methods" in options:
            options["methods"] = ["GET"]
    if sometimes(6):
        options["strict_slashes"] = draw(st.booleans())
    if sometimes(8):
        options["merge_slashes"] = draw(st.booleans())
    if sometimes(5):
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
        options["defaults"] = {name: draw(st.sampled_from(["a", 1, 42, "ab"])) for name in names}
    if sometimes(12):
        options["alias"] = True
    if sometimes(12):
        options["build_only"] = True
    if sometimes(14):
        options["redirect_to"] = draw(st.sampled_from(["there/<p>", "/x", _redirect_target]))
    if host_matching:
        options["host"] = draw(st.sampled_from([*HOSTS, "ex.com", "api.ex.com"]))
    elif sometimes(4):
        options["subdomain"] = draw(st.sampled_from(HOSTS))
    return text, options


@st.composite
def maps(draw: Any) -> MapSpec:
    options: dict[str, Any] = {"host_matching": draw(st.integers(0, 5)) == 0}
    for name in ("strict_slashes", "merge_slashes", "redirect_defaults"):
        if draw(st.integers(0, 3)) == 0:
            options[name] = False
    if draw(st.integers(0, 5)) == 0:
        options["default_subdomain"] = "www"
    if draw(st.integers(0, 3)) == 0:
        options["sort_parameters"] = True
        if draw(st.booleans()):
            options["sort_key"] = _by_name_backwards
    count = draw(st.integers(1, 9))
    return MapSpec(
        options,
        [draw(rules(options["host_matching"])) for _ in range(count)],
        replaced=draw(st.integers(0, 7)) == 0,
    )


def _by_name_backwards(pair: tuple[str, Any]) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in pair[0])


# Outcomes


def same_types(value: Any) -> Any:
    """*value* with its type beside it, all the way down: 1 and True and 1.0 are equal in Python."""
    if isinstance(value, dict):
        return {key: same_types(item) for key, item in value.items()}
    return type(value).__name__, str(value)


def outcome(call: Any, rules: list[Any]) -> Any:
    """What *call* returns or raises, without identities."""
    try:
        result = call()
    except Exception as error:
        seen = [type(error).__name__]
        for name in ("new_url", "endpoint", "method", "code"):
            seen.append(repr(getattr(error, name, None)))
        seen.append(sorted(getattr(error, "valid_methods", None) or ()))
        if not isinstance(error, SyntaxError):
            # The oracle names its generated functions in these, we have none.
            seen.append("" if isinstance(error, TypeError) else str(error))
        return seen
    if isinstance(result, tuple):
        found, arguments = result
        where = [nth for nth, rule in enumerate(rules) if rule is found]
        return (where or found), same_types(arguments)
    if isinstance(result, list | set):
        return sorted(result)
    return result


def fill(rng: random.Random, rule: str) -> str:
    """A path that *rule* may match: variables replaced by texts, some of them rubbish."""
    out = []
    at = 0
    while at < len(rule):
        if rule[at] == "<":
            end = rule.index(">", at)
            kind = rule[at + 1 : end].split(":")[0].split("(")[0]
            if rng.random() < 0.75:
                good = {
                    "int": ["1", "42", "007", "-3"],
                    "signed": ["+5", "42"],
                    "float": ["1.5", "-2.5", "3.0"],
                    "any": ["about", "help", "a,b", "7", "a", "b"],
                    "path": ["a/b", "a", "x/edit"],
                    "uuid": ["12345678-1234-5678-1234-567812345678"],
                    "list": ["a,b", "ab"],
                    "slashy": ["ab/c1"],
                    "greedy": ["", "a/b"],
                    "fussy": ["ab", "x1"],
                }.get(kind, ["a", "ab", "abc", "x"])
                out.append(rng.choice(good))
            else:
                out.append(rng.choice(TEXTS))
            at = end + 1
        else:
            out.append(rule[at])
            at += 1
    return "".join(out)


def mutate(rng: random.Random, path: str) -> str:
    form = rng.randrange(18)
    if form == 0:
        return path + "/"
    if form == 1:
        return path.rstrip("/")
    if form == 2:
        return path.replace("/", "//", rng.randint(1, 3))
    if form == 3 and path:
        at = rng.randrange(len(path))
        return path[:at] + rng.choice(TEXTS) + path[at + 1 :]
    if form == 4:
        return "/".join(rng.choice(TEXTS) for _ in range(rng.randint(0, 4)))
    return path


def bindings(rng: random.Random, spec: MapSpec) -> dict[str, Any]:
    host = rng.choice(["ex.com", "EX.com", "api.ex.com", "ex.com:8080", "v5", "a"])
    options: dict[str, Any] = {
        "server_name": host,
        "url_scheme": rng.choice(["http", "http", "https", "ws", ""]),
    }
    if not spec.options["host_matching"] and rng.random() < 0.7:
        options["subdomain"] = rng.choice(["", "", "www", "api", "a", "x.api", "v12", "a/b"])
    if rng.random() < 0.3:
        options["script_name"] = rng.choice(["/", "/app", "/app/", "app"])
    if rng.random() < 0.3:
        options["query_args"] = rng.choice(["x=1&y=ü", {"x": 1, "y": ["a", "b"]}, {}, ""])
    if rng.random() < 0.2:
        options["default_method"] = rng.choice(METHODS)
    if rng.random() < 0.1:
        options["path_info"] = rng.choice(["/a", "", "a"])
    return options


def calls(
    rng: random.Random, rules: list[tuple[str, dict[str, Any]]], binding: dict[str, Any], count: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls of an adapter: a method's name and its arguments."""
    # Mostly rules that the binding's domain can reach, or nearly all outcomes would be 404.
    domain = binding.get("subdomain") or ""
    near = [rule for rule in rules if (rule[1].get("subdomain") or rule[1].get("host") or "") == domain]
    for _ in range(count):
        text, options = rng.choice(near if near and rng.random() < 0.7 else rules)
        form = rng.random()
        if form < 0.62:
            arguments: dict[str, Any] = {
                "path_info": mutate(rng, fill(rng, text)),
                "return_rule": rng.random() < 0.7,
            }
            if rng.random() < 0.5:
                arguments["websocket"] = bool(options.get("websocket"))
            if rng.random() < 0.5:
                arguments["method"] = rng.choice([*METHODS, "get", "PATCH"])
            if rng.random() < 0.2:
                arguments["websocket"] = rng.random() < 0.5
            if rng.random() < 0.1:
                arguments["query_args"] = rng.choice(["z=2", {"z": "2"}])
            if rng.random() < 0.03:
                arguments["path_info"] = None
            yield "match", arguments
        elif form < 0.68:
            yield "allowed_methods", {"path_info": mutate(rng, fill(rng, text))}
        elif form < 0.72:
            yield "test", {"path_info": mutate(rng, fill(rng, text)), "method": rng.choice(METHODS)}
        else:
            names = [name for name in NAMES if f"{name}>" in text or rng.random() < 0.25]
            values: Any = {name: rng.choice(VALUES) for name in names}
            for name, value in (options.get("defaults") or {}).items():
                if rng.random() < 0.5:
                    values[name] = value
            if rng.random() < 0.2:
                twice = [pair for pair in values.items() for _ in range(rng.randint(1, 2))]
                values = MultiDict(twice)
            arguments = {"endpoint": options["endpoint"] if rng.random() < 0.95 else "none", "values": values}
            if rng.random() < 0.3:
                arguments["method"] = rng.choice(METHODS)
            if rng.random() < 0.3:
                arguments["force_external"] = True
            if rng.random() < 0.2:
                arguments["append_unknown"] = False
            if rng.random() < 0.2:
                arguments["url_scheme"] = rng.choice(["https", "ws", "", "ftp"])
            yield "build", arguments
