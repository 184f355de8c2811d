"""``url_for``: from the contexts to the adapter's ``build``.

`know` is told the classes and which methods are not overridden, once, when the application's class is made. What one
application overrides is in its `Links`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from werkzeug.routing.exceptions import BuildError

from ..globals import _cv_app, _cv_request
from ..globals import current_app as _current_app
from .building import relative
from .matching import Bound
from .native import Watch, own_set, var_get
from .records import UNMADE, RequestRecord

app_var = _cv_app
request_var = _cv_request

# RFC 3986, 3.5, and what is quoted already.
FRAGMENT_SAFE = "%!#$&'()*+,/:;=?@"


class Known:
    """What is not overridden."""

    __slots__ = ("adapter_class", "build", "context_class", "inject", "url_for")

    adapter_class: Any
    build: Any
    context_class: Any
    inject: Any
    url_for: Any


known = Known()


def know(context_class: Any, adapter_class: Any, app_class: Any) -> None:
    known.context_class = context_class
    known.adapter_class = adapter_class
    known.build = adapter_class.build
    known.url_for = app_class.url_for
    known.inject = app_class.inject_url_defaults


class Links:
    """What one application leaves as it is, until *watch* tells of a changed class or an attribute is set.

    *plain*: its `url_for`. *injects*: what is true when values may have to be added, or adapters asked.
    """

    __slots__ = ("adapter_class", "context_class", "injects", "plain", "watch")

    def __init__(self, app: Any) -> None:
        cls = type(app)
        own = app.__dict__
        # Taken before anything is looked at: a change from here on makes it stale.
        self.watch = Watch([(cls, "url_for"), (cls, "inject_url_defaults"), (known.adapter_class, "build")])
        self.plain = cls.url_for is known.url_for and "url_for" not in own
        stock = (
            known.adapter_class.build is known.build
            and cls.inject_url_defaults is known.inject
            and "inject_url_defaults" not in own
        )
        self.injects = app.url_default_functions if stock else True
        self.context_class = known.context_class
        self.adapter_class = known.adapter_class


LINKED = frozenset(("__class__", "inject_url_defaults", "url_default_functions", "url_for"))
"""The attributes of an application that its `Links` were made from."""


def links_of(app: Any) -> Links:
    links: Links = app._links
    if links is None or not links.watch.intact():
        links = Links(app)
        own_set(app, "_links", links)
    return links


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """Build the URL of an endpoint with the current application's :meth:`~bolthead.Flask.url_for`."""
    ctx = var_get(app_var, None)
    if ctx is not None:
        app = ctx.app
        links = links_of(app)
        if links.plain:
            return link(links, app, endpoint, _anchor, _method, _scheme, _external, values)  # type: ignore[no-any-return]
    return _current_app.url_for(
        endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
    )


def app_url_for(
    self: Any,
    /,
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """The URL of *endpoint* with *values*; those the rule does not name become the query string.

    In a request it is relative unless ``_external`` or ``_scheme`` ask otherwise, and ``.name`` means the
    current blueprint's. Outside one it is external and needs ``SERVER_NAME``. A failure goes to
    `handle_url_build_error`.
    """
    return link(links_of(self), self, endpoint, _anchor, _method, _scheme, _external, values)  # type: ignore[no-any-return]


# Their public names.
url_for.__module__ = "bolthead.helpers"
app_url_for.__module__, app_url_for.__name__, app_url_for.__qualname__ = "bolthead.app", "url_for", "Flask.url_for"


def link(
    links: Links,
    app: Any,
    endpoint: Any,
    anchor: Any,
    method: Any,
    scheme: Any,
    external: Any,
    values: dict[str, Any],
) -> Any:
    """The body of ``Flask.url_for``. *values* may be changed."""
    ctx = var_get(request_var, None)
    # FAST: url-for, template; in a request, with nothing to add. No endpoint that is found here has a dot before it.
    if ctx is not None and not external and scheme is None and not links.injects:
        record: RequestRecord = ctx
        bound = record._adapter
        if type(bound) is not Bound:
            bound = bound_of(links, ctx)
        if bound is not None:
            url = relative(bound, endpoint, values, method)
            if url is not None:
                return url if anchor is None else f"{url}#{quote(anchor, safe=FRAGMENT_SAFE)}"
    return link_by_adapter(app, ctx, endpoint, anchor, method, scheme, external, values)


def bound_of(links: Links, ctx: Any) -> Any:
    """The adapter of *ctx*, or as much of it as `relative` needs; None if the adapter has its own way to build."""
    if type(ctx) is not links.context_class:
        return None
    record: RequestRecord = ctx
    bound = record._adapter
    if bound is UNMADE:
        bound = lend(record)
        if type(bound) is Bound:
            return bound
    if type(bound) is links.adapter_class and "build" not in bound.__dict__:
        settings: Bound = bound
        if settings.stock:
            return settings
    return None


def lend(ctx: Any) -> Any:
    """An adapter that can do no more than `relative` needs; the context keeps it until somebody wants its own.

    A context without an adapter was made by the plan: the application has no way of its own to make one, and the host
    is sound.
    """
    plan = ctx.app._plan
    script_name = ctx.environ.get("SCRIPT_NAME")
    if plan is None or plan.tree is None or type(script_name) is not str or not script_name.isascii():
        return ctx.url_adapter
    bound = Bound.__new__(Bound)
    bound.tree = plan.tree
    bound.subdomain = plan.domain
    bound.script_name = script_name if script_name.endswith("/") else f"{script_name}/"
    ctx._adapter = bound
    return bound


def link_by_adapter(
    app: Any, ctx: Any, endpoint: Any, anchor: Any, method: Any, scheme: Any, external: Any, values: dict[str, Any]
) -> Any:
    if ctx is None:
        adapter = outside(app)
        if external is None:
            external = True
    else:
        adapter = ctx.url_adapter
        if endpoint[:1] == ".":
            blueprint = ctx.request.blueprint
            endpoint = endpoint[1:] if blueprint is None else blueprint + endpoint
        if external is None:
            external = scheme is not None
    if scheme is not None and not external:
        raise ValueError("When specifying '_scheme', '_external' must be True.")
    app.inject_url_defaults(endpoint, values)
    try:
        url = adapter.build(endpoint, values, method=method, url_scheme=scheme, force_external=external)
    except BuildError as error:
        values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
        return app.handle_url_build_error(error, endpoint, values)
    return url if anchor is None else f"{url}#{quote(anchor, safe=FRAGMENT_SAFE)}"


def outside(app: Any) -> Any:
    """The adapter to use outside a request."""
    ctx = var_get(app_var, None)
    adapter = app.create_url_adapter(None) if ctx is None else ctx.url_adapter
    if adapter is None:
        raise RuntimeError(
            "Unable to build URLs outside an active request without 'SERVER_NAME' configured. Also configure"
            " 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed."
        )
    return adapter
