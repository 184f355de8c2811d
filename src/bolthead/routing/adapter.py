"""The adapter: a map bound to one host. Turns the outcome of a search into what callers of ``match`` expect."""

from __future__ import annotations

import copyreg
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from werkzeug.datastructures import MultiDict
from werkzeug.routing import MapAdapter as WerkzeugMapAdapter

from .._core.http.url_encoding import quote_path
from .._core.routing import url_build
from .._core.routing.adapter import AdapterRecord, match_or_error
from .exceptions import BuildError, RequestRedirect

if TYPE_CHECKING:
    from .map import Map
    from .rule import Rule


_SETTINGS = (
    *("map", "stock", "server_name", "script_name", "subdomain", "url_scheme"),
    *("path_info", "default_method", "query_args", "websocket"),
)
_partial_build = WerkzeugMapAdapter._partial_build


class MapAdapter(AdapterRecord, WerkzeugMapAdapter):
    """Matches paths and builds URLs for one host, subdomain, mount point and scheme.

    Made by `Map.bind` and `Map.bind_to_environ`; ``app.create_url_adapter`` makes that of a request. *default_method*,
    *path_info* and *query_args* are what `match` uses where it is given none.
    """

    map: Map

    def __init__(
        self,
        map: Map,
        server_name: str,
        script_name: str,
        subdomain: str | None,
        url_scheme: str,
        path_info: str,
        default_method: str,
        query_args: Mapping[str, Any] | str | None = None,
    ) -> None:
        self.map = map
        self.tree = map._tree
        self.stock = type(self)._partial_build is _partial_build
        self.server_name = server_name
        self.script_name = script_name if script_name.endswith("/") else f"{script_name}/"
        self.subdomain = subdomain
        self.url_scheme = url_scheme
        self.path_info = path_info
        self.default_method = default_method
        self.query_args = query_args
        self.websocket = url_scheme == "ws" or url_scheme == "wss"

    def __reduce__(self) -> tuple[Any, ...]:
        settings = {name: getattr(self, name) for name in _SETTINGS}
        return copyreg.__newobj__, (type(self),), settings | self.__dict__  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.tree = self.map._tree

    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: bool = False,
        query_args: Mapping[str, Any] | str | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, Mapping[str, Any]]:
        """The endpoint (with *return_rule* the rule) and the arguments for a path.

        *path_info*, *method*, *query_args* and *websocket* come from the binding where they are not given.
        ``adapter.match("/posts/7")`` is ``("post", {"number": 7})``. Raises NotFound, MethodNotAllowed, RequestRedirect
        or WebsocketMismatch, all of them HTTP exceptions.
        """
        if self.map._own_matcher is not None:
            return super().match(path_info, method, return_rule, query_args, websocket)  # type: ignore[call-overload, no-any-return]
        # FAST (errors): raising through a typed Cython function adds a second traceback entry.
        found = match_or_error(self, path_info, method, return_rule, query_args, websocket)
        if type(found) is tuple:
            return found
        raise found

    def build(
        self,
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
        return url_build.build(self, endpoint, values, method, force_external, append_unknown, url_scheme)

    def _moved(self, path: str, query_args: Mapping[str, Any] | str) -> RequestRedirect:
        return RequestRedirect(self.make_redirect_url(quote_path(path), query_args))

    def _detour(
        self, rule: Rule, values: dict[str, Any], place: str, method: str, query_args: Mapping[str, Any] | str
    ) -> None:
        """Raise the redirect that an alias, the defaults of a sibling or ``redirect_to`` ask for, if any."""
        redirect_defaults = self.map.redirect_defaults
        if rule.alias and redirect_defaults:
            raise RequestRedirect(self.make_alias_redirect_url(place, rule.endpoint, values, method, query_args))
        if redirect_defaults:
            url = self.get_default_redirect(rule, method, values, query_args)
            if url is not None:
                raise RequestRedirect(url)
        target = rule.redirect_to
        if target is None:
            return
        if isinstance(target, str):

            def fill(place: re.Match[str]) -> str:
                return rule._converters[place[1]].to_url(values[place[1]])

            target = re.sub("<([^>]+)>", fill, target)
        else:
            target = target(self, **values)
        host = f"{self.subdomain}.{self.server_name}" if self.subdomain else self.server_name
        raise RequestRedirect(urljoin(f"{self.url_scheme or 'http'}://{host}{self.script_name}", target))

    def _given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(values, MultiDict):
            return {key: (some[0] if len(some) == 1 else some) for key, some in dict.items(values) if some}
        return {key: value for key, value in values.items() if value is not None}

    def _no_url(self, endpoint: Any, values: dict[str, Any], method: str | None) -> BuildError:
        return BuildError(endpoint, dict(values), method, self)
