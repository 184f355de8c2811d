# cython: nonecheck=True
"""Values to URL: how one rule is filled in, and the choice among the rules of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .quoting import encode_pairs, plain_str, quote_path
from .tree import Tree

QUOTED = 0
INTEGER = 1
BY_CALL = 2

_QUOTED = QUOTED
_INTEGER = INTEGER


def encode_query(values: Mapping[Any, Any], ordered: bool, key: Callable[[Any], Any] | None) -> str:
    """*values* urlencoded, a pair per item of a list, tuple or set; *ordered* sorts them, by *key* if any."""
    pairs: list[Any] = []
    for name, value in values.items():
        if isinstance(value, list | tuple | set):
            for item in value:
                pairs.append((name, item))
        else:
            pairs.append((name, value))
    if ordered:
        pairs.sort(key=key)
    return encode_pairs(pairs)


class Slot:
    """The place of one value, and how it becomes text."""

    __slots__ = ("kind", "name", "to_url")

    def __init__(self, name: str, kind: int, to_url: Callable[[Any], str]) -> None:
        self.name = name
        self.kind = kind
        self.to_url = to_url

    def text(self, value: Any) -> Any:
        if self.kind == _QUOTED:
            return quote_path(plain_str(value))
        if self.kind == _INTEGER:
            return str(int(value))
        return self.to_url(value)


class Plan:
    """One rule taken apart for building.

    *domain* and *path* alternate literal text, already quoted, and slots. *encode* replaces the encoding of
    unknown values where a rule's class brings its own. *rule* alone is used where its class builds in its own way.
    """

    __slots__ = (
        "defaults",
        "domain",
        "encode",
        "foreign",
        "known",
        "methods",
        "path",
        "required",
        "rule",
        "simple",
        "websocket",
    )

    def __init__(
        self,
        rule: Any,
        domain: list[str | Slot],
        path: list[str | Slot],
        encode: Callable[[Mapping[Any, Any]], str] | None,
        foreign: bool = False,
    ) -> None:
        defaults = rule.defaults or {}
        self.rule = rule
        self.domain = domain
        self.path = path
        self.encode = encode
        self.foreign = foreign
        self.methods = rule.methods
        self.websocket = bool(rule.websocket)
        self.defaults = dict(defaults) if defaults else None
        self.required = [name for name in rule.arguments if name not in defaults]
        slots = {part.name for part in [*domain, *path] if isinstance(part, Slot)}
        self.known = slots.union([str(name) for name in defaults])
        # Whether as many values as are required are all known.
        self.simple = not defaults and self.known == set(self.required)

    def suits(self, values: dict[Any, Any], method: str | None) -> bool:
        """Whether *values* are enough, agree with the defaults, and *method*, if any, is allowed."""
        if method is not None and self.methods is not None and method not in self.methods:
            return False
        for name in self.required:
            if name not in values:
                return False
        return self.defaults is None or self.agrees(values)

    def agrees(self, values: dict[Any, Any]) -> bool:
        defaults: dict[Any, Any] = self.defaults  # type: ignore[assignment]
        for name, value in defaults.items():  # noqa: SIM110
            if name in values and value != values[name]:
                return False
        return True

    def fill(self, values: dict[Any, Any], append_unknown: bool) -> Built:
        """Domain and path with query; *values* must suit. A converter's exceptions pass through."""
        query = ""
        if not self.simple or len(values) != len(self.required):
            query = self.rest(values, append_unknown)
        built = Built.__new__(Built)
        built.websocket = self.websocket
        built.domain = _fill(self.domain, values) if self.domain else ""
        built.path = _fill(self.path, values)
        if query:
            built.path = f"{built.path}?{query}"
        return built

    def rest(self, values: dict[Any, Any], append_unknown: bool) -> str:
        """The query of what no slot takes."""
        known = self.known
        unknown = {}
        for name, value in values.items():
            if name not in known:
                if not isinstance(name, str):
                    raise TypeError("keywords must be strings")
                unknown[name] = value
        if not append_unknown or not unknown:
            return ""
        if self.encode is not None:
            return self.encode(unknown)
        map_ = self.rule.map
        return encode_query(unknown, map_.sort_parameters, map_.sort_key)

    def ask(self, values: dict[Any, Any], method: str | None, append_unknown: bool) -> Built | None:
        """What a rule that builds in its own way makes of *values*."""
        rule = self.rule
        if not rule.suitable_for(values, method):
            return None
        pair = rule.build(values, append_unknown)
        if pair is None:
            return None
        built = Built.__new__(Built)
        built.domain, built.path = pair
        built.websocket = bool(rule.websocket)
        return built


class Built:
    """What a rule was built into."""

    __slots__ = ("domain", "path", "websocket")

    domain: Any
    path: Any
    websocket: bool


class Group:
    """The plans for the rules of one endpoint, good as long as *rules* is their list and has *count* of them."""

    __slots__ = ("count", "plans", "rules")

    def __init__(self, rules: list[Any], plans: list[Plan]) -> None:
        self.rules = rules
        self.count = len(rules)
        self.plans = plans


def _fill(parts: list[str | Slot], values: dict[Any, Any]) -> Any:
    texts: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            slot = part
            texts.append(slot.text(values[slot.name]))
    return "".join(texts)


def _is_full(values: dict[Any, Any]) -> bool:
    for value in values.values():  # noqa: SIM110
        if value is None:
            return False
    return True


def _choose(
    tree: Tree, plans: list[Plan], values: dict[Any, Any], method: Any, append_unknown: bool, server_name: Any
) -> Built | None:
    """The first rule that can be built; with *server_name* (host matching) the first on that host, if any."""
    first: Built | None = None
    for plan in plans:
        if plan.foreign:
            built = plan.ask(values, method, append_unknown)
            if built is None:
                continue
        else:
            if not plan.suits(values, method):
                continue
            try:
                built = plan.fill(values, append_unknown)
            except tree.invalid:
                continue
        if server_name is None or built.domain == server_name:
            return built
        if first is None:
            first = built
    return first


def _plans(self: Any, tree: Tree, endpoint: Any) -> list[Plan] | None:
    rules = tree.endpoints.get(endpoint)
    if rules is None:
        return None
    group = tree.groups.get(endpoint)
    if group is None or group.rules is not rules or group.count != len(rules):
        group = Group(rules, self.map._plans(rules))
        tree.groups[endpoint] = group
    return group.plans


def build(
    self: Any,
    endpoint: Any,
    values: Mapping[str, Any] | None = None,
    method: str | None = None,
    force_external: bool = False,
    append_unknown: bool = True,
    url_scheme: str | None = None,
) -> str:
    """The URL of *endpoint* for *values*: a path, with scheme and host where those of the binding won't do.

    Values that no variable takes go into the query unless *append_unknown* is false; None counts as absent.
    Without *method* rules for the adapter's own method come first. Raises BuildError.
    """
    bound = self
    tree = bound.tree
    if tree.stale:
        bound.map.update()
    given: dict[Any, Any] = {}
    if values:
        given = values if type(values) is dict and _is_full(values) else self._given(values)
    built: Built | None = None
    if bound.stock:
        plans = _plans(self, tree, endpoint)
        if plans is not None:
            server_name = bound.server_name if tree.host_matching else None
            if method is None:
                built = _choose(tree, plans, given, bound.default_method, append_unknown, server_name)
            if built is None:
                built = _choose(tree, plans, given, method, append_unknown, server_name)
    else:
        built = _asked(self._partial_build(endpoint, given, method, append_unknown))
    if built is None:
        raise self._no_url(endpoint, given, method)
    path = plain_str(built.path)
    if not force_external and not built.websocket:
        host = bound.server_name if tree.host_matching else bound.subdomain
        if host == (self.get_host(built.domain) if tree.host_matching else built.domain):
            # FAST: build; at the root, a path with one leading slash is the answer.
            if bound.script_name == "/" and len(path) > 1 and path[0] == "/" and path[1] != "/":
                return path
            return f"{bound.script_name.rstrip('/')}/{path.lstrip('/')}"
    if url_scheme is None:
        url_scheme = bound.url_scheme
    secure = url_scheme == "https" or url_scheme == "wss"
    if built.websocket:
        # Browsers want full URLs for WebSockets.
        url_scheme = "wss" if secure else "ws"
    elif url_scheme:
        url_scheme = "https" if secure else "http"
    scheme = f"{url_scheme}:" if url_scheme else ""
    return f"{scheme}//{self.get_host(built.domain)}{bound.script_name[:-1]}/{path.lstrip('/')}"


def _asked(found: tuple[Any, Any, bool] | None) -> Built | None:
    if found is None:
        return None
    built = Built.__new__(Built)
    built.domain, built.path, built.websocket = found
    return built
