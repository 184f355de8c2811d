"""Jinja: the environment, the loader for application and blueprints, rendering and streaming."""

from __future__ import annotations

import typing as t

from jinja2 import BaseLoader, Template, TemplateNotFound, nodes
from jinja2 import Environment as BaseEnvironment

from ._core.templates import code_generator, shortcuts
from .ctx import _default_template_ctx_processor as _default_template_ctx_processor
from .globals import _cv_app as _cv_app
from .globals import _cv_request, current_app
from .globals import request as request
from .helpers import stream_with_context
from .signals import before_render_template, template_rendered

if t.TYPE_CHECKING:
    from .app import Flask
    from .sansio.app import App
    from .sansio.scaffold import Scaffold

_Source = tuple[str, str | None, t.Callable[[], bool] | None]


class RenderedTemplate(t.Protocol):
    """A template as an engine finds it. Tools that listen to the signals look at its ``name``."""

    def render(self, context: dict[str, t.Any], /) -> str:
        """The whole text. Each key of *context* is a name in the template; an error of the template is raised."""

    def generate(self, context: dict[str, t.Any], /) -> t.Iterator[str]:
        """The text piece by piece, for `stream_template`; an engine without pieces yields `render`'s text as one."""


class TemplateEngine(t.Protocol):
    """What ``app.template_engine`` can be: it finds templates. A Jinja environment is one.

    The context that templates are given has ``request``, ``g``, and what context processors add. The engine decides
    about escaping, and has to offer ``session``, ``config``, ``url_for`` and ``get_flashed_messages`` by itself.
    """

    def get_or_select_template(self, name_or_list: t.Any, /) -> RenderedTemplate:
        """Find a template by name; of a list, the first that exists. jinja2.TemplateNotFound if there is none."""

    def from_string(self, source: str, /) -> RenderedTemplate:
        """Make a template without a name from its text *source*, for `render_template_string`."""


class Environment(BaseEnvironment):
    """Jinja's environment for one application; its loader is the application's unless *options* has another.

    ``app.jinja_env`` is one. Subclass it and set ``jinja_environment`` of the application's class to change how
    templates are compiled; filters and globals need no subclass.
    """

    def __init__(self, app: App, **options: t.Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        # Jinja's hook. Jinja's own generator is used where an application overrides a step that ours would not call.
        if isinstance(source, nodes.Template) and code_generator.is_fit(self, defer_init):
            return code_generator.generate(self, source, name, filename)
        return super()._generate(source, name, filename, defer_init)


class DispatchingJinjaLoader(BaseLoader):
    """Finds templates: by the application's loader first, then by the blueprints', in the order of their registration.

    So an application can replace a template of a blueprint by one of the same name. With ``EXPLAIN_TEMPLATE_LOADING``
    every attempt is logged.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> _Source:
        """The source, file name and freshness check of *template*, from the first loader that has it.

        Jinja calls it for a template that is not in its cache. TemplateNotFound if no loader has it.
        """
        if self.app.config["EXPLAIN_TEMPLATE_LOADING"]:
            return self._get_source_explained(environment, template)
        return self._get_source_fast(environment, template)

    def _get_source_explained(self, environment: BaseEnvironment, template: str) -> _Source:
        """Try every loader, even after the first hit, and log each result."""
        from .debughelpers import explain_template_loading_attempts

        attempts: list[tuple[BaseLoader, Scaffold, _Source | None]] = []
        for owner, loader in self._iter_loaders(template):
            try:
                found: _Source | None = loader.get_source(environment, template)
            except TemplateNotFound:
                found = None
            attempts.append((loader, owner, found))
        explain_template_loading_attempts(self.app, template, attempts)
        for _, _, found in attempts:
            if found is not None:
                return found
        raise TemplateNotFound(template)

    def _get_source_fast(self, environment: BaseEnvironment, template: str) -> _Source:
        for _, loader in self._iter_loaders(template):
            try:
                return loader.get_source(environment, template)
            except TemplateNotFound:
                continue
        raise TemplateNotFound(template)

    def _iter_loaders(self, template: str) -> t.Iterator[tuple[Scaffold, BaseLoader]]:
        loader = self.app.jinja_loader
        if loader is not None:
            yield self.app, loader
        for blueprint in self.app.iter_blueprints():
            loader = blueprint.jinja_loader
            if loader is not None:
                yield blueprint, loader

    def list_templates(self) -> list[str]:
        """The names of all templates of the application and its blueprints, each once, in no order.

        For tools that compile or check every template. TypeError for a loader that cannot list its own.
        """
        names: set[str] = set()
        for owner in (self.app, *self.app.iter_blueprints()):
            if owner.jinja_loader is not None:
                names.update(owner.jinja_loader.list_templates())
        return list(names)


def _render(app: Flask, template: RenderedTemplate, context: dict[str, t.Any]) -> str:
    app.update_template_context(context)
    # FAST (template): a signal without receivers is not worth the call.
    if before_render_template.receivers:
        before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)
    text: str = shortcuts.render(template, context)
    if template_rendered.receivers:
        template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)
    return text


def _stream(app: Flask, template: RenderedTemplate, context: dict[str, t.Any]) -> t.Iterator[str]:
    app.update_template_context(context)
    before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)

    def generate() -> t.Iterator[str]:
        yield from template.generate(context)
        template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)

    # Outside a request there is nothing to keep; the caller keeps the application context.
    return generate() if _cv_request.get(None) is None else stream_with_context(generate())


def _current() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def _engine(app: Flask) -> TemplateEngine:
    engine = app.template_engine
    return app.jinja_env if engine is None else engine


def _named(app: Flask, name: str | Template | list[str | Template]) -> t.Any:
    engine = app.template_engine
    return shortcuts.get_template(app.jinja_env, name) if engine is None else engine.get_or_select_template(name)


def render_template(template_name_or_list: str | Template | list[str | Template], **context: t.Any) -> str:
    """Render a template by name; of a list, the first that exists.

    *context* is what the template sees by these names, besides ``request``, ``session``, ``g`` and what context
    processors add. TemplateNotFound if there is none. The engine is Jinja, or ``app.template_engine``.
    """
    app = _current()
    return _render(app, _named(app, template_name_or_list), context)


def render_template_string(source: str, **context: t.Any) -> str:
    """Render a template given as text, *source*, with *context*; values are escaped as in a file of HTML.

    For short texts of your own: what a visitor wrote must never be *source*, since a template can run code. Give it as
    a value: ``render_template_string("Hello {{ name }}", name=name)``.
    """
    app = _current()
    return _render(app, _engine(app).from_string(source), context)


def stream_template(template_name_or_list: str | Template | list[str | Template], **context: t.Any) -> t.Iterator[str]:
    """The pieces of :func:`render_template`, an iterator to return from a view; the request stays alive meanwhile.

    For long pages, whose first part the browser can show early. Status and headers are sent before the first piece: an
    error in the middle cannot become an error page.
    """
    app = _current()
    return _stream(app, _named(app, template_name_or_list), context)


def stream_template_string(source: str, **context: t.Any) -> t.Iterator[str]:
    """:func:`stream_template` with the template's text, *source*, instead of its name.

    Values are escaped as in files of HTML. As with :func:`render_template_string`, *source* must be your own text.
    """
    app = _current()
    return _stream(app, _engine(app).from_string(source), context)
