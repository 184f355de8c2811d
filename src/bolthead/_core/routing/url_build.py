# cython: nonecheck=True
"""URLs from values: how one rule is filled in, and the choice among the rules of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..http.url_encoding import encode_query, exact_str, is_safe_name, quote_path, quote_query
from ..primitives.bytes_search import unsafe
from ..primitives.class_watch import ClassWatch
from .tree import Tree

QUOTED = 0
INTEGER = 1
BY_TO_URL = 2

_QUOTED = QUOTED
_INTEGER = INTEGER

URL_FOR_OPTIONS = frozenset(("_anchor", "_external", "_method", "_scheme"))
"""The keywords of ``url_for`` that are no values."""


class Placeholder:
    """The place of one value, and how it becomes text."""

    __slots__ = ("kind", "name", "to_url")

    def __init__(self, name: str, kind: int, to_url: Callable[[Any], str]) -> None:
        self.name = name
        self.kind = kind
        self.to_url = to_url

    def text(self, value: Any) -> Any:
        if self.kind == _QUOTED:
            return quote_path(exact_str(value))
        if self.kind == _INTEGER:
            return str(int(value))
        return self.to_url(value)


class UrlTemplate:
    """One rule taken apart for building.

    *domain* and *path* alternate literal text, already quoted, and placeholders. *encode* replaces the encoding of
    extra values where a rule's class overrides it. *foreign*: the class overrides `build`, so only *rule* is used.

    *direct*: `build_relative` may build the path, on the host *place*: the text *head*, then for each of the *steps*
    the text of a value (an integer or else a str) and the literal after it.
    *watched* are the attributes of classes that all this depends on, *filled* the names whose defaults the parts have.
    """

    __slots__ = (
        "accepted",
        "defaults",
        "direct",
        "domain",
        "encode",
        "foreign",
        "head",
        "map",
        "methods",
        "path",
        "place",
        "required",
        "rule",
        "simple",
        "steps",
        "watched",
        "websocket",
    )

    def __init__(
        self,
        rule: Any,
        domain: list[str | Placeholder],
        path: list[str | Placeholder],
        encode: Callable[[Mapping[Any, Any]], str] | None,
        watched: frozenset[tuple[type, str]],
        filled: tuple[str, ...],
        foreign: bool = False,
    ) -> None:
        defaults = rule.defaults or {}
        self.rule = rule
        self.map = rule.map
        self.domain = domain
        self.path = path
        self.encode = encode
        self.watched = watched
        self.foreign = foreign
        self.methods = rule.methods
        self.websocket = bool(rule.websocket)
        self.defaults = dict(defaults) if defaults else None
        self.required = [name for name in rule.arguments if name not in defaults]
        placeholders = {part.name for part in [*domain, *path] if isinstance(part, Placeholder)}
        self.accepted = placeholders.union(filled)
        # Whether as many values as are required are all accepted.
        self.simple = not defaults and not filled and self.accepted == set(self.required)
        literal = [part for part in domain if isinstance(part, str)]
        self.place = "".join(literal)
        self.head: str = path[0] if path and isinstance(path[0], str) else ""
        steps = _steps(path)
        self.steps = steps or []
        self.direct = (
            self.simple
            and not foreign
            and not self.websocket
            and len(literal) == len(domain)
            and URL_FOR_OPTIONS.isdisjoint(placeholders)
            and self.head[:1] == "/"
            and self.head[1:2] != "/"
            and steps is not None
            # In `url_for` that is an endpoint of the current blueprint.
            and str(rule.endpoint)[:1] != "."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as None: it is derived from a rule, and made again."""
        return type(None), ()

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
        if append_unknown and (not self.simple or len(values) != len(self.required)):
            query = self.rest(values, "", False)
        built = Built.__new__(Built)
        built.websocket = self.websocket
        built.domain = _fill(self.domain, values) if self.domain else ""
        built.path = _fill(self.path, values)
        if query:
            built.path = f"{built.path}{query}"
        return built

    def rest(self, values: dict[Any, Any], path: str, options: bool) -> Any:
        """*path* with a query of what no placeholder took; with *options* None if one may be in `URL_FOR_OPTIONS`."""
        map_ = self.map
        if self.encode is not None or map_.sort_parameters:
            return self.encoded(values, path, options)
        accepted = self.accepted
        query = path
        mark = "?"
        # FAST (url-for): a value that is neither str nor int takes the general way.
        for name, value in values.items():
            if name in accepted or value is None:
                continue
            if type(name) is not str or not is_safe_name(name):
                return self.encoded(values, path, options)
            if type(value) is int:
                query = f"{query}{mark}{name}={value}"
            elif type(value) is str:
                query = f"{query}{mark}{name}={quote_query(value) if unsafe(value) else value}"
            else:
                return self.encoded(values, path, options)
            mark = "&"
        return query

    def encoded(self, values: dict[Any, Any], path: str, options: bool) -> Any:
        if options and not URL_FOR_OPTIONS.isdisjoint(values):
            return None
        accepted = self.accepted
        extra = {}
        for name, value in values.items():
            if name not in accepted:
                if not isinstance(name, str):
                    raise TypeError("keywords must be strings")
                extra[name] = value
        if not extra:
            return path
        if self.encode is not None:
            query = self.encode(extra)
        else:
            query = encode_query(extra, self.map.sort_parameters, self.map.sort_key)
        return f"{path}?{query}" if query else path

    def ask(self, values: dict[Any, Any], method: str | None, append_unknown: bool) -> Built | None:
        """What a rule whose class overrides `build` makes of *values*."""
        rule = self.rule
        if not rule.suitable_for(values, method):
            return None
        pair = rule.build(values, append_unknown)
        if pair is None:
            return None
        built = Built.__new__(Built)
        built.domain, built.path = pair[0], pair[1]
        built.websocket = bool(rule.websocket)
        return built


class Built:
    """The domain and the path that were built from a rule."""

    __slots__ = ("domain", "path", "websocket")

    domain: Any
    path: Any
    websocket: bool


class EndpointTemplates:
    """The templates for the rules of one endpoint.

    Valid as long as *rules* is their list and has *count* items, and *watch*, if any, sees no change. *direct*:
    `build_relative` can build any of them; it does not matter for which method, and all are on the host *place*.
    *single* is the template of the only rule, if there is one, and it is so. *scopes* are for `url_for`, which fills
    them: the keys of the URL defaults of an endpoint without a dot before it.
    """

    __slots__ = ("count", "direct", "place", "rules", "scopes", "single", "templates", "watch")

    def __init__(self, rules: list[Any], templates: list[UrlTemplate], watch: ClassWatch | None) -> None:
        self.rules = rules
        self.count = len(rules)
        self.templates = templates
        self.watch = watch
        self.scopes: tuple[str | None, ...] | None = None
        self.single = None
        self.direct = False
        self.place = ""
        if templates and not templates[0].map.host_matching:
            first = templates[0]
            self.place = first.place
            self.direct = True
            for other in templates:
                if not other.direct or other.place != first.place or other.methods != first.methods:
                    self.direct = False
            self.single = first if self.direct and len(templates) == 1 else None


def _first_full(templates: list[UrlTemplate], values: dict[Any, Any]) -> UrlTemplate | None:
    """The first of *templates* that have no defaults for which there are enough values."""
    for template in templates:
        for name in template.required:
            if values.get(name) is None:
                break
        else:
            return template
    return None


def _steps(path: list[str | Placeholder]) -> list[tuple[str, bool, str]] | None:
    """What follows the first literal of *path*; None where a converter's method must be called."""
    steps: list[tuple[str, bool, str]] = []
    for part in path:
        if isinstance(part, Placeholder):
            if part.kind == BY_TO_URL:
                return None
            steps.append((part.name, part.kind == _INTEGER, ""))
        elif steps:
            steps[-1] = (*steps[-1][:2], part)
    return steps


def _fill(parts: list[str | Placeholder], values: dict[Any, Any]) -> Any:
    texts: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            placeholder = part
            texts.append(placeholder.text(values[placeholder.name]))
    return "".join(texts)


def _is_full(values: dict[Any, Any]) -> bool:
    for value in values.values():  # noqa: SIM110
        if value is None:
            return False
    return True


def _choose(
    tree: Tree,
    templates: list[UrlTemplate],
    values: dict[Any, Any],
    method: Any,
    append_unknown: bool,
    server_name: Any,
) -> Built | None:
    """The first rule that can be built; with *server_name* (host matching) the first on that host, if any."""
    first: Built | None = None
    for template in templates:
        if template.foreign:
            built = template.ask(values, method, append_unknown)
            if built is None:
                continue
        else:
            if not template.suits(values, method):
                continue
            try:
                built = template.fill(values, append_unknown)
            except tree.invalid:
                continue
            except KeyError:
                # A value that a changed setting of the rule does not ask for: Werkzeug's builder says what is missing.
                template.rule._build_unknown(**values)
                raise
        if server_name is None or built.domain == server_name:
            return built
        if first is None:
            first = built
    return first


def _templates(bound: Any, tree: Tree, endpoint: Any) -> EndpointTemplates | None:
    rules = tree.endpoints.get(endpoint)
    if rules is None:
        return None
    group: EndpointTemplates | None = tree.groups.get(endpoint)
    if (
        group is None
        or group.rules is not rules
        or group.count != len(rules)
        or (group.watch is not None and not group.watch.unchanged())
    ):
        group = bound.map._templates(rules)
        tree.groups[endpoint] = group
    return group


def build_relative(
    bound: Any, group: EndpointTemplates | None, endpoint: Any, values: dict[Any, Any], method: Any, options: bool
) -> str | None:
    """What `build` returns if that is a path that it need not search for; None where `build` must be called.

    *group* is what the groups of the tree have for *endpoint*.
    With *options* it is None as well where some of `URL_FOR_OPTIONS` that are not None are among the values.

    FAST (url-for, build): *bound* is an adapter whose `build` is this module's, or an `AdapterRecord` with the tree,
    the subdomain and the script name of one. With one rule it does not matter which method is tried first.
    """
    if group is None or group.place != bound.subdomain:
        return None
    template = group.single
    if template is None:
        template = _first_full(group.templates, values) if group.direct else None
        if template is None:
            return None
    rules = bound.tree.endpoints.get(endpoint)
    if rules is not group.rules or len(rules) != group.count:
        return None
    if group.watch is not None and not group.watch.unchanged():
        return None
    if method is not None and template.methods is not None and method not in template.methods:
        return None
    path: str = template.head
    steps = template.steps
    try:
        for name, number, after in steps:
            value = values.get(name)
            if value is None:
                return None
            if number:
                path = f"{path}{value if type(value) is int else int(value)}{after}"
                continue
            text = value if type(value) is str and not unsafe(value) else quote_path(exact_str(value))
            # FAST (shares): compiled, joining three takes twice as long as adding two.
            path = f"{path}{text}{after}" if after else path + text
    except Exception:
        # `build` checks first that all values are there, and raises the error.
        return None
    if len(values) > len(steps):
        whole = template.rest(values, path, options)
        if whole is None:
            return None
        path = whole
    if template.head == "/" and path[1:2] == "/":
        return None
    if bound.script_name != "/":
        path = bound.script_name.rstrip("/") + path
    return path


def build(
    self: Any,
    endpoint: Any,
    values: Mapping[str, Any] | None,
    method: str | None,
    force_external: bool,
    append_unknown: bool,
    url_scheme: str | None,
) -> str:
    """The body of ``MapAdapter.build``."""
    bound = self
    tree = bound.tree
    if tree.stale:
        bound.map.update()
    if bound.stock and append_unknown and not force_external and type(values) is dict:
        url = build_relative(bound, tree.groups.get(endpoint), endpoint, values, method, False)
        if url is not None:
            return url
    given: dict[Any, Any] = {}
    if values:
        given = values if type(values) is dict and _is_full(values) else self._given(values)
    built: Built | None = None
    if bound.stock:
        group = _templates(bound, tree, endpoint)
        if group is not None:
            templates = group.templates
            server_name = bound.server_name if tree.host_matching else None
            if method is None:
                built = _choose(tree, templates, given, bound.default_method, append_unknown, server_name)
            if built is None:
                built = _choose(tree, templates, given, method, append_unknown, server_name)
    else:
        built = _asked(self._partial_build(endpoint, given, method, append_unknown))
    if built is None:
        raise self._no_url(endpoint, given, method)
    path = exact_str(built.path)
    if not force_external and not built.websocket:
        host = bound.server_name if tree.host_matching else bound.subdomain
        if host == (self.get_host(built.domain) if tree.host_matching else built.domain):
            # FAST (build): at the root, a path with one leading slash is the answer.
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
