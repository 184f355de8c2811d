"""What this package uses of Werkzeug's private names: the one list of them, and a check of their shapes.

The core reads and fills some of these attributes itself, where a method call would cost more than the step. Werkzeug is
pinned to one minor version for that; `changed` lists, before the pin is raised, what has to be reviewed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from werkzeug._internal import _get_environ as get_environ
from werkzeug._internal import _wsgi_decoding_dance as decode_environ_text

__all__ = ["CLASSES", "INSTANCES", "changed", "decode_environ_text", "get_environ"]

CLASSES: dict[str, tuple[str, ...]] = {
    "werkzeug.datastructures:FileStorage": ("close",),
    "werkzeug.exceptions:HTTPException": ("get_body", "get_description", "get_headers", "get_response"),
    "werkzeug.formparser:FormDataParser": ("_parse_multipart", "_parse_urlencoded", "parse"),
    "werkzeug.formparser:MultiPartParser": ("get_part_charset", "parse", "start_file_streaming"),
    "werkzeug.routing:Map": ("lock_class", "update"),
    "werkzeug.routing:MapAdapter": ("_partial_build", "get_default_redirect", "make_alias_redirect_url"),
    "werkzeug.routing:Rule": ("_parse_rule", "build_compare_key"),
    "werkzeug.wrappers:Request": (
        "_cached_json",
        "_get_file_stream",
        "_get_stream_for_parsing",
        "_load_form_data",
        "_parse_content_type",
        "make_form_data_parser",
    ),
    "werkzeug.wrappers:Response": ("_clean_status", "get_app_iter", "get_wsgi_headers", "iter_encoded", "set_data"),
    "werkzeug.wsgi:LimitedStream": ("on_disconnect", "on_exhausted"),
    "werkzeug.wsgi:_RangeWrapper": ("__iter__", "__next__", "close"),
}
"""Attributes of classes, by ``module:class``: methods that are called, guarded or overridden, most of them private."""


def _headers() -> Any:
    from werkzeug.datastructures import Headers

    return Headers([("A", "b")])


def _response() -> Any:
    from werkzeug.wrappers import Response

    return Response("x")


def _file() -> Any:
    from werkzeug.datastructures import FileStorage

    return FileStorage()


def _not_found() -> Any:
    from werkzeug.exceptions import NotFound

    return NotFound()


def _method_not_allowed() -> Any:
    from werkzeug.exceptions import MethodNotAllowed

    return MethodNotAllowed(["GET"])


def _stream() -> Any:
    from io import BytesIO

    from werkzeug.wsgi import LimitedStream

    return LimitedStream(BytesIO(), 1)


def _rule() -> Any:
    from werkzeug.routing import Map, Rule

    rule = Rule("/<x>")
    Map([rule])
    return rule


INSTANCES: dict[Callable[[], Any], frozenset[str]] = {
    _headers: frozenset(("_list",)),
    _response: frozenset(("_on_close", "_status", "_status_code", "direct_passthrough", "headers", "response")),
    _file: frozenset(("filename", "headers", "name", "stream")),
    _not_found: frozenset(("response",)),
    _method_not_allowed: frozenset(("response", "valid_methods")),
    _stream: frozenset(("_limit_is_max", "_pos", "_stream", "limit")),
    _rule: frozenset(("_converters", "_trace", "alias", "defaults", "map", "merge_slashes", "methods", "websocket")),
}
"""What a new instance holds in its ``__dict__``, by a function that makes one."""

OPEN = frozenset((_rule, _stream))
"""Instances of which only some names are used. The core makes the others itself: there no name may be added."""


def changed() -> Iterator[str]:
    """One line for each name that is not there any more, or new where an instance is filled by the core."""
    from pkgutil import resolve_name

    for path, names in CLASSES.items():
        cls = resolve_name(path)
        for name in names:
            if not hasattr(cls, name):
                yield f"{path} has no {name}"
    for make, wanted in INSTANCES.items():
        label = make.__name__.strip("_")
        found = vars(make()).keys()
        if missing := wanted - found:
            yield f"{label}: no {', '.join(sorted(missing))}"
        if make not in OPEN and (added := found - wanted):
            yield f"{label}: new {', '.join(sorted(added))}"
    request: Any = resolve_name("werkzeug.wrappers:Request")
    if request._cached_json != (..., ...):
        yield "Request._cached_json has another value for nothing read yet"
