"""From a request's body to objects, while nobody has replaced a step on the way.

`know_provider` and `know_request` are told what bolthead ships, once, when its classes are made.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request as RequestBase

from ..globals import _cv_app
from .jsonread import parse
from .kept import Steps
from .native import var_get

app_var = _cv_app
JSON = "application/json"
UNREAD: Any = RequestBase._cached_json
LOADS = "loads"
_stock_get_json = RequestBase.get_json


class Known:
    __slots__ = ("module", "provider", "request")

    def __init__(self) -> None:
        self.module: Any = None
        self.provider: Any = None
        self.request: Any = None


known = Known()


def know_provider(cls: Any) -> None:
    known.provider = Steps(cls, [LOADS], [])


def know_request(cls: Any, module: Any) -> None:
    known.request = Steps(cls, ["get_data", "is_json", "mimetype", "_parse_content_type", "headers"], [])
    known.module = module


def reads_plainly(provider: Any) -> bool:
    """Whether the provider's ``loads`` is the one that bolthead ships."""
    steps = known.provider
    return steps is not None and steps.kept_by(type(provider)) and LOADS not in provider.__dict__


def get_json(self: Any, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
    """The body as JSON, kept for the next call unless *cache* is false.

    If the content type is another (and not *force*) or the body is malformed, `on_json_loading_failed` decides;
    with *silent* it is None then.
    """
    if cache and self._cached_json is UNREAD and known.request is not None and known.request.kept_by(type(self)):
        provider = self.json_module
        if provider is known.module:
            ctx = var_get(app_var, None)
            if ctx is not None:
                provider = ctx.app.json
        if reads_plainly(provider) and (force or says_json(self)):
            filled = self.__dict__
            data = filled.get("_cached_data")
            if data is None:
                data = self._read_body()
                if data is None:
                    data = self.stream.read()
                filled["_cached_data"] = data
            try:
                found = parse(data)
            except ValueError:
                # It reads the same text again, and knows what comes of it.
                return _stock_get_json(self, force, silent, cache)
            self._cached_json = (found, found)
            return found
    return _stock_get_json(self, force, silent, cache)


def says_json(request: Any) -> bool:
    filled = request.__dict__
    if "_parsed_content_type" not in filled and "headers" not in filled:
        found = request.environ.get("CONTENT_TYPE")
        if type(found) is str and (found == JSON or found.startswith("application/json;")):
            return True
    return request.is_json  # type: ignore[no-any-return]
