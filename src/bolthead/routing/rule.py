"""One URL rule. The only reader of the private fields of Werkzeug's rules."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from werkzeug.routing import Map as WerkzeugMap
from werkzeug.routing import Rule as WerkzeugRule
from werkzeug.routing.converters import BaseConverter
from werkzeug.routing.rules import RulePart, Weighting, parse_converter_args

from .._core.http.url_encoding import encode_query, quote_path
from .._core.routing.adapter import METHODS
from .._core.routing.tree import AS_INT, AS_IS, BY_CALL, Leaf
from .._core.routing.url_build import BY_TO_URL, INTEGER, QUOTED, Placeholder, UrlTemplate
from .converters import NumberConverter, ValidationError

__all__ = ["Piece", "Rule", "parsed_rule", "parse_converter_args", "template_of", "read_converters"]

Piece = str | tuple[str, BaseConverter]
"""Literal text, slashes and all, or a variable with its converter."""

_VARIABLE = re.compile(r"<(?:([a-zA-Z_]\w*)(?:\((.*?)\))?:)?([a-zA-Z_]\w*)>", re.ASCII)
_NOT_NAMES = frozenset(("None", "True", "False"))
_TREE_ATTRIBUTES = frozenset(
    (
        *("alias", "arguments", "defaults", "endpoint", "merge_slashes"),
        *("methods", "redirect_to", "strict_slashes", "websocket"),
    )
)
_COMPILED_ATTRIBUTES = frozenset(("defaults", "host", "merge_slashes", "rule", "subdomain"))
_BUILDING = frozenset(("build", "suitable_for"))
_WEBSOCKET_METHODS = {"GET", "HEAD", "OPTIONS"}


class Rule(WerkzeugRule):
    """One URL pattern and its settings; they mean what they mean to Werkzeug.

    *string* is the pattern: text and ``<converter(arguments):name>``, after a slash. Binding a rule reads it and makes
    its converters (ValueError if it cannot be read). Its place in the tree is made at the map's next match, its URL
    builder at the first URL built.
    """

    _parsed: tuple[list[Piece], list[Piece]] | None = None
    _compiled: tuple[str, str, Any] | None = None
    _leaf: Leaf | None = None
    _template: UrlTemplate | None = None

    def __init__(
        self,
        string: str,
        defaults: Mapping[str, Any] | None = None,
        subdomain: str | None = None,
        methods: Iterable[str] | None = None,
        build_only: bool = False,
        endpoint: Any | None = None,
        strict_slashes: bool | None = None,
        merge_slashes: bool | None = None,
        redirect_to: str | Callable[..., str] | None = None,
        alias: bool = False,
        host: str | None = None,
        websocket: bool = False,
    ) -> None:
        if not string.startswith("/"):
            raise ValueError(f"URL rule '{string}' must start with a slash.")
        branch = string.endswith("/")
        # FAST (registering): past __setattr__, which a rule has for later changes only.
        self.__dict__.update(
            rule=string,
            is_leaf=not branch,
            is_branch=branch,
            map=None,
            strict_slashes=strict_slashes,
            merge_slashes=merge_slashes,
            subdomain=subdomain,
            host=host,
            defaults=defaults,
            build_only=build_only,
            alias=alias,
            websocket=websocket,
            methods=None if methods is None else _methods(methods, websocket),
            endpoint=endpoint,
            redirect_to=redirect_to,
            arguments=set(map(str, defaults)) if defaults else set(),
            _converters={},
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _COMPILED_ATTRIBUTES and self.map is not None:
            self.keep_compiled()
        object.__setattr__(self, name, value)
        if (name in _TREE_ATTRIBUTES or name in _BUILDING) and self.map is not None:
            self._forget()
            if self._leaf is not None:
                self._leaf.sync()

    def compile(self) -> None:
        """Read the pattern and make its converters, once the rule has a map.

        The name is Werkzeug's: nothing is compiled. Call it after the pattern of a bound rule was changed.
        """
        values = self.__dict__
        values["_converters"] = {}
        values.pop("_compiled", None)
        domain, path = _domain_and_path(self)
        values["_parsed"] = (self._parse(domain), self._parse(path))
        self._forget()
        if self._converters:
            self._check(values["_parsed"])
        if self._leaf is not None:
            self._leaf.sync()
            read_converters(self, self._leaf)

    def keep_compiled(self) -> None:
        """Keep what the rule was compiled from, before that changes: it counts until the rule is compiled again."""
        self.__dict__["_compiled"] = (*_domain_and_path(self), _defaults(self))

    def _forget(self) -> None:
        if self._template is not None:
            self.__dict__["_template"] = None
            # The templates of this and other rules are cached by endpoint, which may be what changes.
            self.map._tree.groups = {}  # type: ignore[attr-defined]

    def _parse(self, text: str) -> list[Piece]:
        start = text.find("<")
        if start < 0:
            return [text] if text else []
        pieces: list[Piece] = []
        converters = self._converters
        at = 0
        while start >= 0:
            if start > at:
                pieces.append(text[at:start])
            found = _VARIABLE.match(text, start)
            if found is None:
                raise ValueError(f"malformed url rule: {text!r}")
            kind, arguments, name = found.groups()
            args, kwargs = parse_converter_args(arguments) if arguments else ((), {})
            converter = self.get_converter(name, kind or "default", args, kwargs)
            converters[name] = converter
            self.arguments.add(name)
            pieces.append((name, converter))
            at = found.end()
            start = text.find("<", at)
        if at < len(text):
            pieces.append(text[at:])
        return pieces

    def _check(self, parsed: tuple[list[Piece], list[Piece]]) -> None:
        """Fail where Werkzeug fails to make its builder, a function with the variables as parameters."""
        defaults = self.defaults or {}
        names = [piece[0] for piece in [*parsed[0], *parsed[1]] if not isinstance(piece, str)]
        for name in names:
            if name in defaults:
                self._converters[name].to_url(defaults[name])
        seen: set[str] = set()
        for name in names:
            if name in defaults:
                continue
            if name in seen:
                where = ("<werkzeug routing>", 1, None, None)
                # PARITY (tests/compat/test_mistakes.py): as the interpreter itself says it.
                word = "parameter" if sys.version_info >= (3, 15) else "argument"
                raise SyntaxError(f"duplicate {word} {name!r} in function definition", where)
            if name in _NOT_NAMES:
                raise ValueError(f"identifier field can't represent {name!r} constant")
            seen.add(name)

    def bind(self, map: WerkzeugMap, rebind: bool = False) -> None:
        """Join *map*, take its settings where the rule has none, and read the rule.

        `Map.add` calls it. RuntimeError for a rule of another map, unless *rebind*; ValueError for a pattern that
        cannot be read, LookupError for a converter that the map has not.
        """
        if self.map is not None and not rebind:
            raise RuntimeError(f"url rule {self!r} already bound to map {self.map!r}")
        values = self.__dict__
        values["map"] = map
        if values["strict_slashes"] is None:
            values["strict_slashes"] = map.strict_slashes
        if values["merge_slashes"] is None:
            values["merge_slashes"] = map.merge_slashes
        if values["subdomain"] is None:
            values["subdomain"] = map.default_subdomain
        self.compile()

    def build(self, values: Mapping[str, Any], append_unknown: bool = True) -> tuple[str, str] | None:
        """The domain and the path with its query for *values*, or None if a converter refuses one.

        With *append_unknown* values that the pattern has no place for become the query. `MapAdapter.build` has chosen
        the rule and joins the two.
        """
        try:
            built = (self._template or _template(self)).fill(dict(values), append_unknown)
        except ValidationError:
            return None
        except KeyError:
            # A value is missing, as Werkzeug's builder says, or a converter raised this.
            self._build_unknown(**values)
            raise
        return built.domain, built.path

    def _encode_query_vars(self, query_vars: Mapping[str, Any]) -> str:
        return encode_query(query_vars, self.map.sort_parameters, self.map.sort_key)

    @property
    def _build(self) -> Callable[..., tuple[str, str]]:  # type: ignore[override]
        """What Werkzeug's `build` calls, which a test may call in place of ours."""
        return self._compile_builder(False).__get__(self, None)  # type: ignore[no-any-return]

    @property
    def _build_unknown(self) -> Callable[..., tuple[str, str]]:  # type: ignore[override]
        """`_build` where other values become the query."""
        return self._compile_builder(True).__get__(self, None)  # type: ignore[no-any-return]

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        rule = self
        if self._compiled is not None:
            rule = object.__new__(type(self))
            rule.__dict__.update(self.__dict__, defaults=self._compiled[2])
        return WerkzeugRule._compile_builder(rule, append_unknown)

    @property
    def _trace(self) -> list[tuple[bool, str]]:  # type: ignore[override]
        """The rule in Werkzeug's form; it compares and prints rules by this."""
        if self.map is None:
            return []
        domain, path = _domain_and_path(self)
        return [*_steps(domain), (False, "|"), *_steps(path)]

    @property
    def _parts(self) -> list[RulePart]:  # type: ignore[override]
        """The rule in the form that Werkzeug's matcher takes, for a map of Werkzeug's own class."""
        if self.map is None:
            return []
        domain, path = _domain_and_path(self)
        werkzeug_rule = WerkzeugRule("/")
        werkzeug_rule.map = self.map
        if domain:
            parts = list(werkzeug_rule._parse_rule(domain))
        else:
            parts = [RulePart("", False, True, False, Weighting(0, [], 0, []))]
        return [*parts, *werkzeug_rule._parse_rule(path)]


def _methods(methods: Iterable[str], websocket: bool) -> set[str]:
    if isinstance(methods, str):
        raise TypeError("'methods' should be a list of strings.")
    wanted = {METHODS.get(name, name) for name in (some.upper() for some in methods)}
    if "GET" in wanted:
        wanted.add("HEAD")
    if websocket and wanted - _WEBSOCKET_METHODS:
        raise ValueError("WebSocket rules can only use 'GET', 'HEAD', and 'OPTIONS' methods.")
    return wanted


def _domain_and_path(rule: WerkzeugRule) -> tuple[str, str]:
    """The domain and the path that a bound rule was compiled from, with slashes merged if the rule merges them."""
    kept = rule.__dict__.get("_compiled")
    if kept is not None:
        return kept[0], kept[1]
    domain = (rule.host if rule.map.host_matching else rule.subdomain) or ""
    path = rule.rule
    # The compiled tree takes exact strings; a rule may be the member of an enumeration.
    if type(domain) is not str:
        domain = "".join((domain,))
    if type(path) is not str:
        path = "".join((path,))
    if rule.merge_slashes and "//" in path:
        path = re.sub("/{2,}", "/", path)
    return domain, path


def _defaults(rule: Rule) -> Any:
    """The defaults that a bound rule was compiled with."""
    kept = rule._compiled
    return rule.defaults if kept is None else kept[2]


@lru_cache(1024)
def _steps(text: str) -> list[tuple[bool, str]]:
    # Rules of one endpoint are compared by this, for each path that the defaults of one may redirect.
    pattern = rf"{_VARIABLE.pattern}|[^</]+|/"
    return [(bool(found[3]), found[3] or found[0]) for found in re.finditer(pattern, text, re.ASCII)]


def parsed_rule(rule: WerkzeugRule) -> tuple[list[Piece], list[Piece]]:
    """The pieces of a bound rule's domain and path; those that binding stored on one of our rules are returned once."""
    parsed = rule.__dict__.pop("_parsed", None)
    if parsed is not None:
        return parsed  # type: ignore[no-any-return]
    domain: list[Piece] = []
    path: list[Piece] = []
    part = domain
    for is_variable, text in rule._trace:
        if text == "|" and part is domain:
            part = path
        elif is_variable:
            part.append((text, rule._converters[text]))
        elif part and isinstance(part[-1], str):
            part[-1] += text
        else:
            part.append(text)
    return domain, path


def read_converters(rule: WerkzeugRule, leaf: Leaf) -> None:
    """Set in *leaf* how the texts of *rule*'s variables are converted to arguments.

    FAST (match): two stock converters need no call. Their functions are compared, not their classes: a subclass that
    only changes the pattern is treated as stock, one that changes the conversion is called.
    """
    leaf.names = list(map(str, rule._converters))
    kinds = []
    leaf.convert = convert = []
    for converter in rule._converters.values():
        function = None if "to_python" in converter.__dict__ else type(converter).to_python
        if function is _text_to_python:
            kinds.append(AS_IS)
        elif function is _number_to_python and _is_simple_integer(converter):
            kinds.append(AS_INT)
        else:
            kinds.append(BY_CALL)
        convert.append(converter.to_python)
    leaf.kinds = bytes(kinds)


def _is_simple_integer(converter: Any) -> bool:
    return (
        converter.num_convert is int and not converter.fixed_digits and converter.min is None and converter.max is None
    )


# The functions as shipped: what a class has is compared with them, so that a patch of the class is noticed.
_build = Rule.build
_suitable_for = WerkzeugRule.suitable_for
_encode_query_vars = Rule._encode_query_vars
_text_to_python = BaseConverter.to_python
_number_to_python = NumberConverter.to_python
_text_to_url = BaseConverter.to_url
_number_to_url = NumberConverter.to_url


def template_of(rule: WerkzeugRule) -> UrlTemplate:
    """A new template for *rule*. A rule that overrides `build` or `suitable_for`, or is of Werkzeug's class, gets a
    template that calls these methods."""
    kind = type(rule)
    if kind.build is _build and kind.suitable_for is _suitable_for and _BUILDING.isdisjoint(rule.__dict__):
        return _template(rule)  # type: ignore[arg-type]
    return UrlTemplate(rule, [], [], None, frozenset(), (), True)


def _template(rule: Rule) -> UrlTemplate:
    domain, path = parsed_rule(rule)
    own = type(rule)._encode_query_vars is not _encode_query_vars
    encode = rule._encode_query_vars if own else None
    watched = frozenset([(type(piece[1]), "to_url") for piece in [*domain, *path] if not isinstance(piece, str)])
    filled = tuple(map(str, _defaults(rule) or ()))
    template = UrlTemplate(rule, _parts(rule, domain), _parts(rule, path), encode, watched, filled)
    rule.__dict__["_template"] = template
    return template


def _parts(rule: Rule, pieces: list[Piece]) -> list[str | Placeholder]:
    parts: list[str | Placeholder] = []
    defaults = _defaults(rule) or {}
    for piece in pieces:
        if isinstance(piece, str):
            text = quote_path(piece)
        else:
            name, converter = piece
            if name not in defaults:
                parts.append(Placeholder(name, _placeholder_kind(converter), converter.to_url))
                continue
            # PARITY: for a name that occurs twice, the last converter makes both texts.
            text = rule._converters[name].to_url(defaults[name])
        if parts and isinstance(parts[-1], str):
            parts[-1] += text
        else:
            parts.append(text)
    return parts


def _placeholder_kind(converter: BaseConverter) -> int:
    function = None if "to_url" in converter.__dict__ else type(converter).to_url
    if function is _text_to_url:
        return QUOTED
    if function is _number_to_url and converter.num_convert is int and not converter.fixed_digits:  # type: ignore[attr-defined]
        return INTEGER
    return BY_TO_URL
