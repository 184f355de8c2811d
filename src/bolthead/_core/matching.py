"""The doors of matching: methods of the map and of its adapter that live here to cost no second call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .tree import DETOUR, FOUND, MOVED, Tree, route

_METHODS = {name: name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}


def _find(tree: Tree, domain: Any, path: Any, method: Any, websocket: bool) -> tuple[int, Any, Any]:
    text = path if type(path) is str else "".join((path,))
    # A run of slashes at the start counts as one, without a redirect.
    if text and (not text.startswith("/") or text.startswith("//")):
        text = "/" + text.lstrip("/")
    name = _METHODS.get(method)
    if name is None:
        name = method.upper()
    return route(tree, domain if type(domain) is str else str(domain), text, name, websocket)


def find(self: Any, domain: str, path: str, method: str, websocket: bool) -> tuple[int, Any, Any]:
    """The lifecycle's door: ``(0, rule, arguments)`` where an adapter's ``match`` would return them.

    *domain* is the subdomain, or the host with host matching. Any other code means that ``match`` would
    raise, or must be asked.
    """
    tree = self._tree
    if tree.stale:
        self.update()
    return _find(tree, domain, path, method, websocket)


def match(
    self: Any,
    path_info: str | None = None,
    method: str | None = None,
    return_rule: bool = False,
    query_args: Mapping[str, Any] | str | None = None,
    websocket: bool | None = None,
) -> tuple[Any, Mapping[str, Any]]:
    """The endpoint (or the rule) and the arguments for a path; what is not given comes from the binding.

    Raises NotFound, MethodNotAllowed, RequestRedirect or WebsocketMismatch, all of them HTTP exceptions.
    """
    rules = self.map
    tree = rules._tree
    if tree.stale:
        rules.update()
    if path_info is None:
        path_info = self.path_info
    domain = self.server_name if tree.host_matching else self.subdomain
    if domain is None:
        domain = self.server_name
    crossed = self.websocket if websocket is None else websocket
    code, rule, found = _find(tree, domain, path_info, method or self.default_method, crossed)
    if code == FOUND:
        return (rule if return_rule else rule.endpoint), found
    if query_args is None:
        query_args = self.query_args or {}
    if code == DETOUR:
        self._detour(rule, found, domain, path_info, method, query_args)
        return (rule if return_rule else rule.endpoint), found
    if code == MOVED:
        raise self._moved(found, query_args)
    raise self._missed(rule, found)
