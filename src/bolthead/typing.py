"""The type aliases of the public API: what a view may return, and what each kind of hook looks like."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.datastructures import Headers
    from werkzeug.sansio.response import Response

# What a view returns ---------------------------------------------------------------------------------------

ResponseValue = t.Union[
    "Response",
    str,
    bytes,
    list[t.Any],
    # Not dict: a TypedDict is a Mapping for a type checker, but no dict.
    cabc.Mapping[str, t.Any],
    cabc.Iterator[str],
    cabc.Iterator[bytes],
    cabc.AsyncIterable[str],
    cabc.AsyncIterable[bytes],
]
"""A body: anything that becomes a response without status or headers."""

HeaderValue = str | list[str] | tuple[str, ...]
"""The value or values of one header."""

HeadersValue = t.Union["Headers", cabc.Mapping[str, HeaderValue], cabc.Sequence[tuple[str, HeaderValue]]]
"""Whatever fills a ``Headers``."""

ResponseReturnValue = t.Union[
    ResponseValue,
    tuple[ResponseValue, HeadersValue],
    tuple[ResponseValue, int],
    tuple[ResponseValue, int, HeadersValue],
    "WSGIApplication",
]
"""All that a view, an error handler or a ``before_request`` hook may return."""

ResponseClass = t.TypeVar("ResponseClass", bound="Response")

# Keys and hooks ---------------------------------------------------------------------------------------------

AppOrBlueprintKey = str | None
"""A blueprint's full name, or ``None`` for the application."""

AfterRequestCallable = (
    cabc.Callable[[ResponseClass], ResponseClass] | cabc.Callable[[ResponseClass], cabc.Awaitable[ResponseClass]]
)
BeforeFirstRequestCallable = cabc.Callable[[], None] | cabc.Callable[[], cabc.Awaitable[None]]
BeforeRequestCallable = (
    cabc.Callable[[], ResponseReturnValue | None] | cabc.Callable[[], cabc.Awaitable[ResponseReturnValue | None]]
)
ShellContextProcessorCallable = cabc.Callable[[], dict[str, t.Any]]
TeardownCallable = (
    cabc.Callable[[BaseException | None], None] | cabc.Callable[[BaseException | None], cabc.Awaitable[None]]
)
TemplateContextProcessorCallable = (
    cabc.Callable[[], dict[str, t.Any]] | cabc.Callable[[], cabc.Awaitable[dict[str, t.Any]]]
)
TemplateFilterCallable = cabc.Callable[..., t.Any]
TemplateGlobalCallable = cabc.Callable[..., t.Any]
TemplateTestCallable = cabc.Callable[..., bool]
URLDefaultCallable = cabc.Callable[[str, dict[str, t.Any]], None]
URLValuePreprocessorCallable = cabc.Callable[[str | None, dict[str, t.Any] | None], None]
# The argument is Any: a handler for one exception class need not accept all of them.
ErrorHandlerCallable = (
    cabc.Callable[[t.Any], ResponseReturnValue] | cabc.Callable[[t.Any], cabc.Awaitable[ResponseReturnValue]]
)
RouteCallable = cabc.Callable[..., ResponseReturnValue] | cabc.Callable[..., cabc.Awaitable[ResponseReturnValue]]
