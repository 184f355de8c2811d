# cython: boundscheck=False, wraparound=False, nonecheck=True, auto_pickle=False
"""What `MapAdapter.match` does, and the settings of an adapter that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Rule
from werkzeug.routing.exceptions import WebsocketMismatch

from ..primitives.objects import new
from ..primitives.stock import StockGuard
from .search import FOUND, MISSED, MOVED, lookup_static, lookup_tree
from .tree import Tree

_GET = "GET"
METHODS = {name: name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
"""One string object for each method, so that a set compares it by identity."""
_METHODS = METHODS
RULE = StockGuard(Rule, ["provides_defaults_for", "suitable_for"])


class AdapterRecord:
    """The settings of an adapter: a map, *tree* its tree, and where it is bound to.

    *stock*: no subclass overrides the choice of rules for building.
    """

    __slots__ = (
        "default_method",
        "map",
        "path_info",
        "query_args",
        "script_name",
        "server_name",
        "stock",
        "subdomain",
        "tree",
        "url_scheme",
        "websocket",
    )

    map: Any
    tree: Tree
    stock: bool
    server_name: str
    script_name: str
    subdomain: str | None
    url_scheme: str
    path_info: str
    default_method: str
    query_args: Mapping[str, Any] | str | None
    websocket: bool


def with_one_slash(path: str) -> str:
    """*path* with exactly one slash before it; without a redirect, a run of slashes at the start counts as one."""
    length = len(path)
    if length == 0 or (path[0] == "/" and (length == 1 or path[1] != "/")):
        return path
    return "/" + path.lstrip("/")


def _method(method: Any) -> Any:
    name = _METHODS.get(method)
    return method.upper() if name is None else name


def not_found_error(allowed: set[str] | None, crossed: bool) -> HTTPException:
    """The error for a path without a rule, from the search's outcome; *crossed*: there is one of the other protocol."""
    # FAST (errors): three constructors would only store None.
    error: Any
    if allowed:
        error = new(MethodNotAllowed)
        error.response = None
        error.valid_methods = list(allowed)
    else:
        error = new(WebsocketMismatch if crossed else NotFound)
        error.response = None
    return error  # type: ignore[no-any-return]


def may_redirect(map_: Any, rule: Any, values: dict[str, Any], method: str) -> bool:
    """Whether *rule* or a sibling asks for a redirect, which an adapter makes: ``redirect_to``, alias or defaults."""
    if rule.redirect_to is not None:
        return True
    if not map_.redirect_defaults:
        return False
    if rule.alias:
        return True
    for other in map_._rules_by_endpoint[rule.endpoint]:
        # PARITY: those that come first provide defaults, as for Werkzeug's `get_default_redirect`.
        if other is rule:
            break
        # FAST (shares): comparing two rules takes longer than a default and what is in the path.
        if disagrees(other.defaults, values) and RULE.holds_for(other):
            continue
        if other.provides_defaults_for(rule) and other.suitable_for(values, method):
            return True
    return False


def disagrees(defaults: Any, values: dict[str, Any]) -> bool:
    """Whether some text among *defaults* is another one among *values*: a rule with them cannot take those."""
    if type(defaults) is dict:
        for name, default in defaults.items():
            value = values.get(name)
            if type(default) is str and type(value) is str and default != value:
                return True
    return False


def match_or_error(self: Any, path_info: Any, method: Any, return_rule: Any, query_args: Any, websocket: Any) -> Any:
    """What ``match`` returns or raises."""
    bound = self
    tree = bound.tree
    if tree.stale:
        bound.map.update()
    given = bound.path_info if path_info is None else path_info
    path = given if type(given) is str else f"/{given.lstrip('/')}" if given else ""
    domain = bound.subdomain
    if domain is None or tree.host_matching:
        domain = bound.server_name
    if type(domain) is not str:
        domain = "".join((domain,)) if isinstance(domain, str) else str(domain)
    name = method or bound.default_method
    if name is not _GET:
        name = _method(name)
    is_websocket = bound.websocket if websocket is None else websocket
    leaf = lookup_static(tree, domain, path, name, is_websocket)
    if leaf is not None and not leaf.detour:
        arguments = {} if leaf.defaults is None else dict(leaf.defaults)
        return (leaf.rule if return_rule else leaf.endpoint, arguments)
    path = with_one_slash(path)
    code, found, extra = lookup_tree(tree, domain, path, name, is_websocket)
    if code == FOUND:
        leaf = found
        return (leaf.rule if return_rule else leaf.endpoint, extra)
    if code == MISSED:
        return not_found_error(found, extra)
    if query_args is None:
        query_args = bound.query_args or {}
    if code == MOVED:
        return self._moved(extra, query_args)
    self._detour(found.rule, extra, f"{domain}|{path}", name, query_args)
    return (found.rule if return_rule else found.endpoint, extra)
