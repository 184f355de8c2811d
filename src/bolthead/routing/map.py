"""The map: all rules of an application, and the settings they share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadHost
from werkzeug.routing import Map as WerkzeugMap
from werkzeug.routing import Rule as WerkzeugRule
from werkzeug.routing.matcher import StateMachineMatcher
from werkzeug.wsgi import get_host

from .._compat.werkzeug_privates import decode_environ_text, get_environ
from .._core.primitives.class_watch import ClassWatch
from .._core.routing.tree import Tree
from .._core.routing.url_build import EndpointTemplates
from .adapter import MapAdapter
from .converters import BaseConverter, ValidationError
from .rule import Rule, read_converters, template_of
from .tree_builder import Insertion

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import RuleFactory
    from werkzeug.wrappers import Request

__all__ = ["Map", "MapAdapter"]

_CALLED = frozenset(("bind_to_environ", "update"))
"""Those that each request calls in Flask, which a test may replace on a map."""
_werkzeugs_update = WerkzeugMap.update


class Map(WerkzeugMap):
    """All rules of an application, and the settings they take where they have none of their own.

    Rules may be added at any time and from any thread. They take their place in the tree at the next match. The
    settings mean what they mean to Werkzeug: *strict_slashes* redirects to the slash that a rule ends with,
    *merge_slashes* ``//`` to ``/``, *redirect_defaults* to the shortest path of an endpoint; *host_matching* matches
    whole hosts and not subdomains; *converters* are added to the seven default ones.
    """

    _in_use = False
    """Whether a plan has settings of this map."""
    _is_changed = False
    """Whether one of them has changed since."""
    _own_matcher: StateMachineMatcher | None = None
    """What matches in place of the tree, since something looked at `_matcher` or set it."""
    _is_unsorted = True
    """What `_remap` is where there is such a matcher; the tree is stale for good then."""

    def __init__(
        self,
        rules: Iterable[RuleFactory] | None = None,
        default_subdomain: str = "",
        strict_slashes: bool = True,
        merge_slashes: bool = True,
        redirect_defaults: bool = True,
        converters: Mapping[str, type[BaseConverter]] | None = None,
        sort_parameters: bool = False,
        sort_key: Callable[[Any], Any] | None = None,
        host_matching: bool = False,
    ) -> None:
        self._tree = Tree(ValidationError, bool(merge_slashes), bool(host_matching))
        # All in the order of their arrival, and how many of them have their place in the tree.
        self._rules_by_endpoint = self._tree.endpoints
        self._arrived: list[WerkzeugRule] = []
        self._inserted = 0
        self._watches: dict[frozenset[Any], ClassWatch] = {}
        self._merge_slashes = merge_slashes
        self._remap_lock = self.lock_class()
        self.default_subdomain = default_subdomain
        self.strict_slashes = strict_slashes
        self.redirect_defaults = redirect_defaults
        self.converters = self.default_converters.copy()
        if converters:
            self.converters.update(converters)
        self.sort_parameters = sort_parameters
        self.sort_key = sort_key
        for factory in rules or ():
            self.add(factory)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in _CALLED or (self._in_use and name in ("default_subdomain", "host_matching")):
            # Has the next request look at this map, see `is_ready`.
            self._is_changed = self._is_changed or name not in _CALLED
            self._remap = True
        elif name == "_rules_by_endpoint":
            self._tree.endpoints = value
            self._tree.groups = {}

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle has: the tree is made again from the rules."""
        state = self.__dict__ | {"_inserted": 0, "_watches": {}}
        tree = state.pop("_tree")
        return state | {"host_matching": tree.host_matching}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # The rules may still be empty here, as they refer to this map.
        tree = Tree(ValidationError, bool(state["_merge_slashes"]), state.pop("host_matching"))
        tree.endpoints = state["_rules_by_endpoint"]
        self.__dict__.update(state, _tree=tree)

    @property
    def merge_slashes(self) -> bool:
        """Whether rules without a setting of their own redirect ``/a//b`` to ``/a/b``; True unless set."""
        return self._merge_slashes if self._own_matcher is None else self._own_matcher.merge_slashes

    @merge_slashes.setter
    def merge_slashes(self, value: bool) -> None:
        self._merge_slashes = value
        self._tree.merge_slashes = bool(value)
        if self._own_matcher is not None:
            self._own_matcher.merge_slashes = value

    @property
    def host_matching(self) -> bool:
        """Whether rules are matched by the whole host, their ``host``, and not by the subdomain."""
        return self._tree.host_matching

    @host_matching.setter
    def host_matching(self, value: bool) -> None:
        with self._remap_lock:
            for rule in self._arrived:
                if isinstance(rule, Rule):
                    rule.keep_compiled()
        self._tree.host_matching = bool(value)
        self._tree.groups = {}

    @property
    def _remap(self) -> bool:
        """Whether rules wait to be inserted; setting it has the next match look."""
        return self._tree.stale if self._own_matcher is None else self._is_unsorted

    @_remap.setter
    def _remap(self, value: bool) -> None:
        self._is_unsorted = value
        self._tree.stale = value or self._own_matcher is not None

    @property
    def _matcher(self) -> StateMachineMatcher:
        """Werkzeug's own matcher with these rules. It matches from now on.

        PARITY: programs remove rules from it, or set another one (tests/compat/test_matcher_alike.py).
        """
        if self._own_matcher is None:
            matcher = StateMachineMatcher(self._merge_slashes)
            for rule in self._arrived:
                if not rule.build_only:
                    matcher.add(rule)
            matcher.update()
            self._matcher = matcher
        return self._own_matcher  # type: ignore[return-value]

    @_matcher.setter
    def _matcher(self, value: StateMachineMatcher) -> None:
        # Without the lock: Werkzeug's `update` reads it while it holds that.
        is_unsorted = self._remap
        self._own_matcher = value
        self._remap = is_unsorted

    def add(self, rulefactory: RuleFactory) -> None:
        """Add the rules of *rulefactory*: a single rule, or a group of them (`Submount` and its like).

        They may be ours or Werkzeug's. A rule belongs to one map (RuntimeError). ValueError for a rule that cannot be
        read, LookupError for a converter that is not there.
        """
        for rule in rulefactory.get_rules(self):
            rule.bind(self)
            with self._remap_lock:
                self._rules_by_endpoint.setdefault(rule.endpoint, []).append(rule)
                self._arrived.append(rule)
                if self._own_matcher is not None and not rule.build_only:
                    self._own_matcher.add(rule)
                self._remap = True

    def update(self) -> None:
        """Insert the rules added since the last match, and sort the rules of their endpoints for building.

        Matching and building call it. Call it by hand to have the work done before the first request.
        """
        if not self._tree.stale:
            return
        with self._remap_lock:
            if not self._remap:
                return
            insertion = Insertion(self._tree)
            pending = self._arrived[self._inserted :]
            endpoints = {rule.endpoint: None for rule in pending} or self._rules_by_endpoint
            for rule in pending:
                if not rule.build_only:
                    insertion.add(rule)
            for endpoint in list(endpoints):
                # Programs take endpoints out before the first request.
                if endpoint in self._rules_by_endpoint:
                    self._order(endpoint)
            insertion.publish()
            if self._own_matcher is not None:
                self._own_matcher.update()
            self._inserted = len(self._arrived)
            self._remap = self._has_own_ways()
        if WerkzeugMap.update is not _werkzeugs_update:
            super().update()
            self._remap = True

    def is_ready(self) -> bool:
        """Insert the rules that wait. False, each time, if this map has a way of its own to adapter or rule."""
        if self._own_matcher is not None or self._has_own_ways():
            return False
        self.update()
        return True

    def _has_own_ways(self) -> bool:
        return self._is_changed or not _CALLED.isdisjoint(self.__dict__) or self._has_other_update()

    def _has_other_update(self) -> bool:
        """Whether `update` is overridden or replaced, here or in Werkzeug's class: each match calls it then."""
        return type(self).update is not _own_update or WerkzeugMap.update is not _werkzeugs_update

    @property
    def watched(self) -> list[tuple[type, str | None]]:
        """What matching depends on: methods of the converters, and whether `update` has to be called."""
        converters = self.converters if isinstance(self.converters, Mapping) else {}
        methods = [(cls, "to_python") for cls in converters.values() if isinstance(cls, type)]
        return [*methods, (type(self), "update"), (WerkzeugMap, "update")]

    def follow_classes(self) -> None:
        """Read the converters of all rules again if a class of theirs was changed since the last call, by a plan."""
        self._in_use = True
        watched = frozenset(self.watched)
        known = self._watches.get(watched)
        if known is not None and not known.unchanged():
            with self._remap_lock:
                for rule in self._arrived[: self._inserted]:
                    leaf = rule.__dict__.get("_leaf")
                    if leaf is not None:
                        read_converters(rule, leaf)
        self._watch(watched)
        self._tree.groups = {}
        if self._has_other_update():
            self._remap = True

    def _order(self, endpoint: Any) -> None:
        # A new list, never sorted in place: a list is empty to other threads while it is being sorted.
        rules = sorted(self._rules_by_endpoint[endpoint], key=lambda rule: rule.build_compare_key())
        self._rules_by_endpoint[endpoint] = rules
        self._tree.groups.pop(endpoint, None)
        defaulted = False
        for rule in rules:
            leaf = rule.__dict__.get("_leaf")
            if leaf is not None:
                leaf.detour = bool(defaulted or rule.alias or rule.redirect_to is not None)
            defaulted = defaulted or bool(rule.defaults and not rule.build_only)

    def _templates(self, rules: list[WerkzeugRule]) -> EndpointTemplates:
        """Called by the builder at an endpoint's first URL."""
        templates = [template_of(rule) for rule in rules]
        watched = frozenset[tuple[type, str]]().union(*[template.watched for template in templates])
        return EndpointTemplates(rules, templates, self._watch(watched) if watched else None)

    def _watch(self, watched: frozenset[Any]) -> ClassWatch:
        """A watch of these attributes; rules with the same converters share one."""
        watch = self._watches.get(watched)
        if watch is None or not watch.unchanged():
            watch = self._watches[watched] = ClassWatch(watched)
        return watch

    def bind(
        self,
        server_name: str,
        script_name: str | None = None,
        subdomain: str | None = None,
        url_scheme: str = "http",
        default_method: str = "GET",
        path_info: str | None = None,
        query_args: Mapping[str, Any] | str | None = None,
    ) -> MapAdapter:
        """An adapter for one host and mount point, to match and to build with, outside of a request.

        *server_name* is the host, with a port unless it is the scheme's; *script_name* the path below which the
        application is mounted. BadHost for a name that cannot be one, RuntimeError for a *subdomain* where whole hosts
        are matched.
        """
        server_name = server_name.lower()
        if self.host_matching:
            if subdomain is not None:
                raise RuntimeError("host matching enabled and a subdomain was provided")
        elif subdomain is None:
            subdomain = self.default_subdomain
        return MapAdapter(
            self,
            _ascii_host(server_name),
            "/" if script_name is None else script_name,
            subdomain,
            url_scheme,
            "/" if path_info is None else path_info,
            default_method,
            query_args,
        )

    def bind_to_environ(
        self,
        environ: WSGIEnvironment | Request,
        server_name: str | None = None,
        subdomain: str | None = None,
    ) -> MapAdapter:
        """An adapter for a request, given by its WSGI environ or an object that has one.

        The subdomain is what the request's host has before *server_name*; a host that does not end so gives a
        warning and a subdomain that matches nothing.
        """
        env = get_environ(environ)
        host = get_host(env).lower()
        scheme = env["wsgi.url_scheme"]
        if "HTTP_UPGRADE" in env and env["HTTP_UPGRADE"].lower() == "websocket":
            connection = env.get("HTTP_CONNECTION", "").lower().split(",")
            if "upgrade" in [word.strip(" \t") for word in connection]:
                scheme = "wss" if scheme == "https" else "ws"
        if server_name is None:
            server_name = host
        else:
            server_name = server_name.lower()
            # get_host leaves standard ports out.
            if scheme in ("http", "ws") and server_name.endswith(":80"):
                server_name = server_name[:-3]
            elif scheme in ("https", "wss") and server_name.endswith(":443"):
                server_name = server_name[:-4]
        if subdomain is None and not self.host_matching:
            subdomain = _subdomain(host, server_name)
            if subdomain is None:
                warnings.warn(
                    f"Current server name {host!r} doesn't match configured server name {server_name!r}",
                    stacklevel=2,
                )
                subdomain = "<invalid>"
        return Map.bind(
            self,
            server_name,
            _text(env, "SCRIPT_NAME"),
            subdomain,
            scheme,
            env["REQUEST_METHOD"],
            _text(env, "PATH_INFO"),
            query_args=_text(env, "QUERY_STRING"),
        )


_own_update = Map.update


def _text(env: WSGIEnvironment, name: str) -> str | None:
    value = env.get(name)
    if not value or value.isascii():
        return value
    return decode_environ_text(value)


def _subdomain(host: str, server_name: str) -> str | None:
    labels = host.split(".")
    count = len(server_name.split("."))
    if labels[-count:] != server_name.split("."):
        return None
    return ".".join([label for label in labels[:-count] if label])


def _ascii_host(server_name: str) -> str:
    name, colon, port = server_name.partition(":")
    # For such a name IDNA is the identity.
    if not (name.isascii() and len(name) < 64 and ".." not in name and name[:1] != "."):
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise BadHost() from error
    return f"{name}{colon}{port}"
