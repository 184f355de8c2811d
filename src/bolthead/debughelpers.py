"""Error messages that explain a likely mistake to a developer. Loaded only when one is needed."""

from __future__ import annotations

import typing as t

from jinja2.loaders import BaseLoader

from .blueprints import Blueprint
from .globals import _cv_request
from .globals import request_ctx as request_ctx
from .routing import RequestRedirect
from .sansio.app import App

if t.TYPE_CHECKING:
    from .sansio.scaffold import Scaffold
    from .templating import _Source
    from .wrappers import Request


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """For code that meets text where only bytes can be, or the other way round.

    An extension may raise it, as Flask's did; nothing here does. It is an AssertionError and a UnicodeError.
    """


class DebugFilesKeyError(KeyError, AssertionError):
    """A file was looked for in ``request.files``, but the form was not sent as multipart. Raised in debug mode alone.

    Its text names the media type that came, the missing ``enctype="multipart/form-data"``, and the file names that the
    browser sent instead of files. A KeyError, so that code which catches one goes on.
    """

    def __init__(self, request: Request, key: str) -> None:
        self.msg = (
            f"You tried to access the file {key!r} in the request.files"
            " dictionary but it does not exist. The mimetype for the"
            f" request is {request.mimetype!r} instead of"
            " 'multipart/form-data' which means that no file contents"
            " were transmitted. To fix this error you should provide"
            ' enctype="multipart/form-data" in your form.'
        )
        submitted = ", ".join(map(repr, request.form.getlist(key)))
        if submitted:
            self.msg += f"\n\nThe browser instead transmitted some file names. This was submitted: {submitted}"

    def __str__(self) -> str:
        return self.msg


class FormDataRoutingRedirect(AssertionError):
    """Routing redirected a request with a body, which the browser would then drop. Raised in debug mode alone.

    Its text names both addresses: the form's ``action`` should be the second. Mostly a slash at the end is missing.
    Redirects by 307 and 308 keep the body and do not raise it.
    """

    def __init__(self, request: Request) -> None:
        redirect = request.routing_exception
        assert isinstance(redirect, RequestRedirect)
        hint = ""
        if redirect.new_url.partition("?")[0] == f"{request.base_url}/":
            hint = (
                " The URL was defined with a trailing slash. Flask"
                " will redirect to the URL with a trailing slash if it"
                " was accessed without one."
            )
        super().__init__(
            f"A request was sent to '{request.url}', but routing issued"
            f" a redirect to the canonical URL '{redirect.new_url}'.{hint}"
            " Send requests to the canonical URL, or use 307 or 308 for"
            " routing redirects. Otherwise, browsers will drop form"
            " data.\n\n"
            "This exception is only raised in debug mode."
        )


def attach_enctype_error_multidict(request: Request) -> None:
    """Make ``request.files`` raise :class:`DebugFilesKeyError` for a key that the form has.

    Its class is replaced by a subclass of the same name, so that it looks and behaves as before.
    """
    base: t.Any = request.files.__class__

    class Explaining(base):  # type: ignore[misc]
        def __getitem__(self, key: str) -> t.Any:
            try:
                return super().__getitem__(key)
            except KeyError as error:
                if key not in request.form:
                    raise
                raise DebugFilesKeyError(request, key).with_traceback(error.__traceback__) from None

    Explaining.__name__ = base.__name__
    Explaining.__module__ = base.__module__
    request.files.__class__ = Explaining


def _dump_loader_info(loader: BaseLoader) -> t.Iterator[str]:
    """The loader's class and those of its public attributes that say something in print."""
    yield f"class: {type(loader).__module__}.{type(loader).__name__}"
    for name, value in sorted(vars(loader).items()):
        if name.startswith("_"):
            continue
        if isinstance(value, (str, int, float, bool)):
            yield f"{name}: {value!r}"
        elif isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            yield f"{name}:"
            yield from (f"  - {item}" for item in value)


def _describe(owner: Scaffold) -> str:
    if isinstance(owner, App):
        return f"application {owner.import_name!r}"
    if isinstance(owner, Blueprint):
        return f"blueprint {owner.name!r} ({owner.import_name})"
    return repr(owner)


def explain_template_loading_attempts(
    app: App, template: str, attempts: list[tuple[BaseLoader, Scaffold, _Source | None]]
) -> None:
    """Log where *template* was looked for and found, at level *info*, if ``EXPLAIN_TEMPLATE_LOADING`` is set.

    *attempts* are loader, owner and result, one for each loader, in their order. A hint is added if it was found
    nowhere or twice.
    """
    lines = [f"Locating template {template!r}:"]
    found = 0
    for number, (loader, owner, source) in enumerate(attempts, 1):
        lines.append(f"{number:5}: trying loader of {_describe(owner)}")
        lines.extend(f"       {line}" for line in _dump_loader_info(loader))
        if source is None:
            lines.append("       -> no match")
        else:
            lines.append(f"       -> found ({source[1] or '<string>'!r})")
            found += 1

    if found == 0:
        lines.append("Error: the template could not be found.")
    elif found > 1:
        lines.append("Warning: multiple loaders returned a match for the template.")

    ctx = _cv_request.get(None)
    blueprint = None if ctx is None else ctx.request.blueprint
    if found != 1 and blueprint is not None:
        lines += [
            f"  The template was looked up from an endpoint that belongs to the blueprint {blueprint!r}.",
            "  Maybe you did not place a template in the right folder?",
            "  See https://flask.palletsprojects.com/blueprints/#templates",
        ]
    app.logger.info("\n".join(lines))
