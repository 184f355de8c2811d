"""Values to URL: how one rule is filled in, and the choice among the rules of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .quoting import encode_pairs, quote_path

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
            return quote_path(str(value))
        if self.kind == _INTEGER:
            return str(int(value))
        return self.to_url(value)


class Plan:
    """One rule taken apart for building.

    *domain* and *path* alternate literal text, already quoted, and slots. *encode* replaces the encoding of
    unknown values where a rule's class brings its own.
    """

    __slots__ = (
        "defaults",
        "domain",
        "encode",
        "invalid",
        "known",
        "methods",
        "path",
        "required",
        "rule",
        "websocket",
    )

    def __init__(
        self,
        rule: Any,
        domain: list[str | Slot],
        path: list[str | Slot],
        encode: Callable[[Mapping[Any, Any]], str] | None,
        invalid: type[Exception],
    ) -> None:
        defaults = rule.defaults or {}
        self.rule = rule
        self.domain = domain
        self.path = path
        self.encode = encode
        self.invalid = invalid
        self.methods = rule.methods
        self.websocket = rule.websocket
        self.defaults = dict(defaults) or None
        self.required = [name for name in rule.arguments if name not in defaults]
        slots = {part.name for part in [*domain, *path] if isinstance(part, Slot)}
        self.known = slots.union([str(name) for name in defaults])

    def suits(self, values: dict[Any, Any], method: str | None) -> bool:
        """Whether *values* are enough, agree with the defaults, and *method*, if any, is allowed."""
        if method is not None and self.methods is not None and method not in self.methods:
            return False
        for name in self.required:
            if name not in values:
                return False
        if self.defaults is not None:
            for name, value in self.defaults.items():
                if name in values and value != values[name]:
                    return False
        return True

    def fill(self, values: dict[Any, Any], append_unknown: bool) -> tuple[Any, Any]:
        """Domain and path with query; *values* must suit. A converter's exceptions pass through."""
        query = ""
        count = 0
        for name in self.known:
            if name in values:
                count += 1
        if count != len(values):
            query = self.rest(values, append_unknown)
        domain = ""
        if self.domain:
            domain = _fill(self.domain, values)
        path = _fill(self.path, values)
        if query:
            path = path + "?" + query
        return domain, path

    def rest(self, values: dict[Any, Any], append_unknown: bool) -> str:
        """The query of what no slot takes."""
        known = self.known
        unknown = {}
        for name, value in values.items():
            if name not in known:
                if not isinstance(name, str):
                    raise TypeError("keywords must be strings")
                unknown[name] = value
        if not append_unknown:
            return ""
        if self.encode is not None:
            return self.encode(unknown)
        map_ = self.rule.map
        return encode_query(unknown, map_.sort_parameters, map_.sort_key)


def _fill(parts: list[str | Slot], values: dict[Any, Any]) -> str:
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
    rules: Iterable[Any],
    values: dict[Any, Any],
    method: str | None,
    append_unknown: bool,
    server_name: str | None,
) -> tuple[Any, Any, bool] | None:
    """The first rule that can be built; with *server_name* (host matching) the first on that host, if any."""
    first = None
    for rule in rules:
        plan: Any = getattr(rule, "_plan", False)
        if plan is None:
            plan = rule._make_plan()
        if plan is False:
            # Another class's rule, or one with methods of its own.
            if not rule.suitable_for(values, method):
                continue
            built = rule.build(values, append_unknown)
            if built is None:
                continue
            found = (built[0], built[1], rule.websocket)
        else:
            if not plan.suits(values, method):
                continue
            try:
                built = plan.fill(values, append_unknown)
            except plan.invalid:
                continue
            found = (built[0], built[1], plan.websocket)
        if server_name is None or found[0] == server_name:
            return found
        if first is None:
            first = found
    return first


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
    rules_of = self.map
    if rules_of._remap:
        rules_of.update()
    given: dict[Any, Any] = {}
    if values:
        given = values if type(values) is dict and _is_full(values) else self._given(values)
    found = None
    host_matching = rules_of.host_matching
    if self._is_stock:
        rules = rules_of._rules_by_endpoint.get(endpoint)
        if rules is not None:
            server_name = self.server_name if host_matching else None
            if method is None:
                found = _choose(rules, given, self.default_method, append_unknown, server_name)
            if found is None:
                found = _choose(rules, given, method, append_unknown, server_name)
    else:
        found = self._partial_build(endpoint, given, method, append_unknown)
    if found is None:
        raise self._no_url(endpoint, given, method)
    domain, path, websocket = found

    if url_scheme is None:
        url_scheme = self.url_scheme
    if websocket:
        # Browsers want full URLs for WebSockets.
        force_external = True
        url_scheme = "wss" if url_scheme == "https" or url_scheme == "wss" else "ws"
    elif url_scheme:
        url_scheme = "https" if url_scheme == "https" or url_scheme == "wss" else "http"

    script_name = self.script_name
    host = None
    if not force_external:
        if host_matching:
            host = self.get_host(domain)
            local = host == self.server_name
        else:
            local = domain == self.subdomain
        if local:
            # FAST: build; at the root, a path with one leading slash is the answer.
            if script_name == "/" and path[:1] == "/" and path[1:2] != "/":
                return path  # type: ignore[no-any-return]
            return f"{script_name.rstrip('/')}/{path.lstrip('/')}"
    if host is None:
        host = self.get_host(domain)
    scheme = f"{url_scheme}:" if url_scheme else ""
    return f"{scheme}//{host}{script_name[:-1]}/{path.lstrip('/')}"
