"""``url_for``: from the contexts to the adapter's ``build``."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import quote

from werkzeug.routing.exceptions import BuildError

from ..http.url_encoding import exact_str
from ..primitives.class_watch import ClassWatch
from ..primitives.context import _cv_app, _cv_request
from ..primitives.context_vars import var_get
from ..primitives.objects import has_own, own_item, own_set
from ..primitives.stock import shipped
from ..routing.adapter import AdapterRecord
from ..routing.tree import Tree
from ..routing.url_build import EndpointTemplates, build_relative
from .records import NOT_CREATED, AppRecord, RequestRecord, environ_seen

app_var = _cv_app
request_var = _cv_request

FIRST = slice(1)

APPLICATION = (None,)
SCOPES_SIZE = 1024
scopes: dict[str, tuple[str | None, ...]] = {}
"""`scopes_of` the endpoints that were met first."""
# RFC 3986, 3.5, and what is quoted already.
FRAGMENT_SAFE = "%!#$&'()*+,/:;=?@"


class UrlForGuards:
    """Which methods of one application `url_for` need not call, until *watch* sees a class change.

    *inline_url_for*: its ``url_for``. *injects*: the functions of its URL defaults; True if its own method must inject
    them, or the adapter must build.
    *current*: no attribute of the application was set since that they were made from.
    """

    __slots__ = ("adapter_class", "context_class", "current", "injects", "inline_url_for", "watch")

    def __init__(self, app: Any) -> None:
        cls = type(app)
        # Taken before anything is looked at: a change from here on makes it stale.
        self.watch = ClassWatch([(cls, "url_for"), (cls, "inject_url_defaults"), (shipped.adapter_class, "build")])
        self.current = True
        self.inline_url_for = shipped.app_url_for.holds_for(app)
        functions = app.url_default_functions
        inline = type(functions) is defaultdict and shipped.inject_url_defaults.holds_for(app)
        self.injects = functions if inline else True
        self.context_class = shipped.context_class
        self.adapter_class = shipped.adapter_class

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as None: it is derived from an application, and made again."""
        return type(None), ()


GUARDED = frozenset(("__class__", "inject_url_defaults", "url_default_functions", "url_for"))
"""The attributes of an application that its `UrlForGuards` were made from."""


def guards_of(app: Any) -> UrlForGuards:
    guards: UrlForGuards = app._url_for_guards
    if guards is None or not guards.watch.unchanged():
        guards = UrlForGuards(app)
        own_set(app, "_url_for_guards", guards)
    return guards


def drop_guards(app: Any) -> None:
    """An attribute of *app* that they were made from was set or deleted."""
    guards: UrlForGuards | None = app._url_for_guards
    if guards is not None:
        guards.current = False
        own_set(app, "_url_for_guards", None)


def build_url(app: Any, endpoint: Any, values: dict[str, Any], options: bool = True) -> Any:
    """The body of ``Flask.url_for``. *values* may be changed; its options, as ``_anchor``, are among them.

    *options*: whether some of their names may begin with an underscore.
    """
    ctx = var_get(app_var, None)
    if isinstance(ctx, AppRecord):
        record: AppRecord = ctx
        if record.app is app:
            return _build_url(guards_in(record), app, endpoint, values, options)
    return _build_url(guards_of(app), app, endpoint, values, options)


def guards_in(record: AppRecord) -> UrlForGuards:
    """Those of the application of a context."""
    guards: UrlForGuards | None = record._url_for_guards
    # FAST (url-for): reading it from the application takes three times as long.
    if guards is None or not guards.current or not guards.watch.unchanged():
        guards = record._url_for_guards = guards_of(record.app)
    return guards


def build_current_url(endpoint: Any, values: dict[str, Any]) -> Any:
    """The same for the current application; NotImplemented where there is none, or its ``url_for`` is overridden."""
    ctx = var_get(app_var, None)
    if not isinstance(ctx, AppRecord):
        return NotImplemented
    record: AppRecord = ctx
    guards = guards_in(record)
    if not guards.inline_url_for:
        return NotImplemented
    return _build_url(guards, record.app, endpoint, values, True)


def _build_url(guards: UrlForGuards, app: Any, endpoint: Any, values: dict[str, Any], options: bool) -> Any:
    ctx = var_get(request_var, None)
    adapter = None
    if ctx is not None and guards.injects is not True:
        record: RequestRecord = ctx
        adapter = record._adapter
        if type(adapter) is not AdapterRecord:
            adapter = adapter_record_of(guards, ctx)
        # FAST (url-for, template): nothing to add. No endpoint that is found here has a dot before it.
        if adapter is not None and not guards.injects:
            settings: AdapterRecord = adapter
            url = build_relative(settings, settings.tree.groups.get(endpoint), endpoint, values, None, True)
            if url is not None:
                return url
    anchor = method = scheme = external = None
    # FAST (shares): four look-ups of what is rarely there.
    if options and has_options(values):
        anchor = values.pop("_anchor", None)
        method = values.pop("_method", None)
        scheme = values.pop("_scheme", None)
        external = values.pop("_external", None)
    if (
        adapter is not None
        and not external
        and scheme is None
        and (
            guards.injects or is_relative(endpoint) or anchor is not None or method is not None or external is not None
        )
    ):
        return url_with_defaults(app, guards.injects, ctx, adapter, endpoint, anchor, method, external, values)
    return build_url_by_adapter(app, ctx, endpoint, anchor, method, scheme, external, values, False)


def url_with_defaults(
    app: Any,
    functions: Any,
    ctx: Any,
    adapter: Any,
    endpoint: Any,
    anchor: Any,
    method: Any,
    external: Any,
    values: dict[str, Any],
) -> Any:
    """The URL on the host of *adapter*, which is that of *ctx*, with the URL defaults of *functions* added."""
    record: RequestRecord = ctx
    settings: AdapterRecord = adapter
    tree: Tree = settings.tree
    groups = tree.groups
    group: EndpointTemplates | None = groups.get(endpoint) if type(endpoint) is str else None
    # FAST (shares): what has scopes is not relative.
    names = None if group is None else group.scopes
    if names is None:
        endpoint = absolute(ctx, endpoint)
        names = scopes_of(endpoint)
        group = groups.get(endpoint) if type(endpoint) is str else None
        # Without the GIL others may read and set it meanwhile: only a tuple that `scopes` keeps alive.
        if group is not None and not is_relative(endpoint) and scopes.get(endpoint) is names:
            group.scopes = names
    call_url_defaults(functions, names, endpoint, values)
    # One of those functions may have looked at the context's adapter, or changed it, or the rules.
    if record._adapter is adapter and settings.tree is tree and tree.groups is groups:
        url = build_relative(settings, group, endpoint, values, method, False)
        if url is not None:
            return url if anchor is None else f"{url}#{quote(anchor, safe=FRAGMENT_SAFE)}"
    # The endpoint is absolute, and the URL defaults are among the values.
    return build_url_by_adapter(app, ctx, endpoint, anchor, method, None, external, values, True)


def has_options(values: dict[str, Any]) -> bool:
    """Whether some of *values* may be options: their names begin with an underscore."""
    for name in values:
        if type(name) is not str:
            return True
        text = name
        if text and text[0] == "_":
            return True
    return False


def is_relative(endpoint: Any) -> bool:
    if type(endpoint) is str:
        text = endpoint
        return len(text) > 0 and text[0] == "."
    # Compiled, a slice that is written out has another text of the error.
    return endpoint[FIRST] == "."  # type: ignore[no-any-return]


def absolute(ctx: Any, endpoint: Any) -> Any:
    """*endpoint*; one with a dot before it is of the blueprint that answers the request."""
    if not is_relative(endpoint):
        return endpoint
    blueprint = ctx.request.blueprint
    return endpoint[1:] if blueprint is None else blueprint + endpoint


def add_url_defaults(functions: Any, endpoint: Any, values: Any) -> None:
    """The body of ``Flask.inject_url_defaults``; *functions* are those of the application and its blueprints."""
    call_url_defaults(functions, scopes_of(endpoint), endpoint, values)


def call_url_defaults(functions: Any, names: tuple[str | None, ...], endpoint: Any, values: Any) -> None:
    """Call what *functions* has for each of *names*."""
    for name in names:
        if type(functions) is defaultdict:
            found = own_item(functions, name) or ()
        elif name in functions:
            found = functions[name]
        else:
            continue
        for function in found:
            function(endpoint, values)


def scopes_of(endpoint: Any) -> tuple[str | None, ...]:
    """Whose URL defaults are for an endpoint: for "a.b.view" None, which is the application, "a" and "a.b"."""
    if type(endpoint) is not str and "." not in endpoint:
        return APPLICATION
    text = exact_str(endpoint)
    names = scopes.get(text)
    if names is None:
        parts = text.split(".")
        names = (None, *[".".join(parts[:count]) for count in range(1, len(parts))])
        if len(scopes) < SCOPES_SIZE:
            return scopes.setdefault(text, names)
    return names


def adapter_record_of(guards: UrlForGuards, ctx: Any) -> Any:
    """The adapter of *ctx*, or as much of it as `build_relative` needs; None if the adapter builds its own way."""
    if type(ctx) is not guards.context_class:
        return None
    record: RequestRecord = ctx
    adapter = record._adapter
    if adapter is NOT_CREATED:
        adapter = minimal_adapter(record)
        if type(adapter) is AdapterRecord:
            return adapter
    if type(adapter) is guards.adapter_class and not has_own(adapter, "build"):
        settings: AdapterRecord = adapter
        if settings.stock and settings.tree is not None:
            return settings
    return None


def minimal_adapter(ctx: Any) -> Any:
    """An adapter with no more than `build_relative` needs; the context has it until its own is read.

    A context without an adapter was made by the plan: the application has no way of its own to make one, and the host
    is valid. A websocket's URLs to pages are of another scheme.
    """
    plan = ctx.app._plan
    if ctx._lazy is not None and ctx._lazy.websocket:
        return ctx.url_adapter
    environ = environ_seen(ctx)
    script_name = "" if environ is None else environ.get("SCRIPT_NAME")
    if plan is None or plan.tree is None or type(script_name) is not str or not script_name.isascii():
        return ctx.url_adapter
    adapter = AdapterRecord.__new__(AdapterRecord)
    adapter.tree = plan.tree
    adapter.subdomain = plan.domain
    adapter.script_name = script_name if script_name.endswith("/") else f"{script_name}/"
    ctx._adapter = adapter
    return adapter


def build_url_by_adapter(
    app: Any,
    ctx: Any,
    endpoint: Any,
    anchor: Any,
    method: Any,
    scheme: Any,
    external: Any,
    values: dict[str, Any],
    is_complete: bool,
) -> Any:
    if ctx is None:
        adapter = adapter_outside_request(app)
        if external is None:
            external = True
    else:
        adapter = ctx.url_adapter
        if not is_complete:
            endpoint = absolute(ctx, endpoint)
        if external is None:
            external = scheme is not None
    if scheme is not None and not external:
        raise ValueError("When specifying '_scheme', '_external' must be True.")
    if not is_complete:
        app.inject_url_defaults(endpoint, values)
    try:
        url = adapter.build(endpoint, values, method=method, url_scheme=scheme, force_external=external)
    except BuildError as error:
        values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
        return app.handle_url_build_error(error, endpoint, values)
    return url if anchor is None else f"{url}#{quote(anchor, safe=FRAGMENT_SAFE)}"


def adapter_outside_request(app: Any) -> Any:
    """The adapter to use outside a request."""
    ctx = var_get(app_var, None)
    adapter = app.create_url_adapter(None) if ctx is None else ctx.url_adapter
    if adapter is None:
        raise RuntimeError(
            "Unable to build URLs outside an active request without 'SERVER_NAME' configured. Also configure"
            " 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed."
        )
    return adapter
