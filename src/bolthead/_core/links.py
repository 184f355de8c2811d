"""``url_for``: from the contexts to the adapter's ``build``.

`know` is told the class of request contexts and which methods are not overridden, once, when the
application's class is made. Whether one is overridden is looked up at each call.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from werkzeug.routing.exceptions import BuildError

from ..globals import _cv_app, _cv_request
from .native import var_get
from .records import UNMADE, RequestRecord

app_var = _cv_app
request_var = _cv_request

# RFC 3986, 3.5, and what is quoted already.
FRAGMENT_SAFE = "%!#$&'()*+,/:;=?@"


class Known:
    """What is not overridden."""

    __slots__ = ("build", "context_class", "inject", "url_for")

    def __init__(self) -> None:
        self.build: Any = None
        self.context_class: Any = None
        self.inject: Any = None
        self.url_for: Any = None


known = Known()


def know(context_class: Any, url_for: Any, inject: Any, build: Any) -> None:
    known.build = build
    known.context_class = context_class
    known.url_for = url_for
    known.inject = inject


def current_url_for(endpoint: Any, anchor: Any, method: Any, scheme: Any, external: Any, values: dict[str, Any]) -> Any:
    """The current application's `url_for`; None if it has one of its own, or there is no application."""
    ctx = var_get(app_var, None)
    if ctx is None:
        return None
    app = ctx.app
    if type(app).url_for is not known.url_for or "url_for" in app.__dict__:
        return None
    return url_for(app, endpoint, anchor, method, scheme, external, values)


def url_for(
    app: Any, endpoint: Any, anchor: Any, method: Any, scheme: Any, external: Any, values: dict[str, Any]
) -> Any:
    """The body of ``Flask.url_for``. *values* may be changed."""
    ctx = var_get(request_var, None)
    if ctx is not None:
        if type(ctx) is known.context_class:
            # FAST: url-for; the property's own first look.
            record: RequestRecord = ctx
            adapter = record._adapter
            if adapter is UNMADE:
                adapter = ctx.url_adapter
        else:
            adapter = ctx.url_adapter
        if endpoint[:1] == ".":
            blueprint = ctx.request.blueprint
            endpoint = endpoint[1:] if blueprint is None else blueprint + endpoint
        if external is None:
            external = scheme is not None
    else:
        app_ctx = var_get(app_var, None)
        adapter = app.create_url_adapter(None) if app_ctx is None else app_ctx.url_adapter
        if adapter is None:
            raise RuntimeError(
                "Unable to build URLs outside an active request without 'SERVER_NAME' configured. Also configure"
                " 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed."
            )
        if external is None:
            external = True
    if scheme is not None and not external:
        raise ValueError("When specifying '_scheme', '_external' must be True.")
    # FAST: url-for; nothing to inject. A method of the application's own is called all the same.
    if (
        app.url_default_functions
        or type(app).inject_url_defaults is not known.inject
        or "inject_url_defaults" in app.__dict__
    ):
        app.inject_url_defaults(endpoint, values)
    try:
        if getattr(type(adapter), "build", None) is known.build:
            url = adapter.build(endpoint, values, method, external, True, scheme)
        else:
            url = adapter.build(endpoint, values, method=method, url_scheme=scheme, force_external=external)
    except BuildError as error:
        values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
        return app.handle_url_build_error(error, endpoint, values)
    if anchor is None:
        return url
    return f"{url}#{quote(anchor, safe=FRAGMENT_SAFE)}"
