"""``Request.get_json``: from a request's body to objects."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request as RequestBase

from ..primitives.context import _cv_app
from ..primitives.context_vars import var_get
from ..primitives.stock import shipped
from .reader import parse

app_var = _cv_app
JSON = "application/json"
UNREAD: Any = RequestBase._cached_json
LOADS = "loads"
_stock_get_json = RequestBase.get_json


def has_stock_loads(provider: Any) -> bool:
    """Whether the provider's ``loads`` is the one that bolthead ships."""
    return shipped.provider_loads.holds(type(provider)) and LOADS not in provider.__dict__


def get_json(self: Any, force: bool, silent: bool, cache: bool) -> Any:
    """The body of ``Request.get_json``."""
    filled = self.__dict__
    if cache and self._cached_json is UNREAD and shipped.request_json.holds(type(self)) and "get_data" not in filled:
        provider = self.json_module
        if provider is shipped.json_module:
            ctx = var_get(app_var, None)
            if ctx is not None:
                provider = ctx.app.json
        if has_stock_loads(provider) and (force or is_json(self)):
            data = filled.get("_cached_data")
            if data is None:
                data = self._read_body()
                if data is None:
                    data = self.stream.read()
                filled["_cached_data"] = data
            try:
                found = parse(data)
            except ValueError:
                # The provider reads the same text and raises its own error.
                return _stock_get_json(self, force, silent, cache)
            self._cached_json = (found, found)
            return found
    return _stock_get_json(self, force, silent, cache)


def is_json(request: Any) -> bool:
    """``request.is_json``. FAST (json-body): without headers and parsed content type where there are none yet."""
    filled = request.__dict__
    if "_parsed_content_type" not in filled and "headers" not in filled:
        found = request.environ.get("CONTENT_TYPE")
        if type(found) is str and (found == JSON or found.startswith("application/json;")):
            return True
    return request.is_json  # type: ignore[no-any-return]
