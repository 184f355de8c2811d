"""Functions for views: URLs, redirects, files, flashed messages, streams."""

from __future__ import annotations

import importlib.util
import os
import sys
import typing as t
from datetime import datetime
from functools import cache, update_wrapper
from inspect import signature

import werkzeug.utils
from werkzeug.exceptions import Aborter
from werkzeug.exceptions import abort as _wz_abort
from werkzeug.utils import redirect as _wz_redirect
from werkzeug.wrappers import Response as BaseResponse

from ._core.lifecycle.url_for import build_current_url
from ._core.primitives.context_vars import var_get
from ._core.response import file_response
from .globals import _active_request, _cv_app, current_app, request, request_ctx, session
from .globals import _cv_request as _cv_request
from .signals import message_flashed

if t.TYPE_CHECKING:
    from .wrappers import Response

_stock_abort = Aborter.__call__
_NO = frozenset(("0", "false", "no"))


def get_debug_flag() -> bool:
    """Whether ``FLASK_DEBUG`` switches debug mode on: any value but empty, ``0``, ``false`` and ``no``.

    The default of ``app.debug``; the option ``--debug`` of the commands sets the variable.
    """
    value = os.environ.get("FLASK_DEBUG")
    return bool(value and value.lower() not in _NO)


def get_load_dotenv(default: bool = True) -> bool:
    """Whether ``.env`` and ``.flaskenv`` are to be read: *default*, unless ``FLASK_SKIP_DOTENV`` is set.

    Then it is what that says: false for any value but ``0``, ``false`` and ``no``.
    """
    value = os.environ.get("FLASK_SKIP_DOTENV")
    return value.lower() in _NO if value else default


# Streams and responses --------------------------------------------------------------------------------------


@t.overload
def stream_with_context(generator_or_function: t.Iterator[t.AnyStr]) -> t.Iterator[t.AnyStr]: ...


@t.overload
def stream_with_context(
    generator_or_function: t.Callable[..., t.Iterator[t.AnyStr]],
) -> t.Callable[[t.Iterator[t.AnyStr]], t.Iterator[t.AnyStr]]: ...


def stream_with_context(
    generator_or_function: t.Iterator[t.AnyStr] | t.Callable[..., t.Iterator[t.AnyStr]],
) -> t.Iterator[t.AnyStr] | t.Callable[[t.Iterator[t.AnyStr]], t.Iterator[t.AnyStr]]:
    """Keep the contexts of the current request alive while a generator runs, after the view has returned.

    Takes a generator, async ones too, or decorates a function that makes one. The contexts are taken at once, not at
    the first item, so this must be called inside a request (RuntimeError)::

        @app.get("/log")
        def log():
            @stream_with_context
            def lines():
                for line in read(request.args["name"]):
                    yield line

            return lines()
    """
    try:
        items = iter(generator_or_function)  # type: ignore[arg-type]
    except TypeError:
        if hasattr(generator_or_function, "__aiter__"):
            return _async_in_context(generator_or_function)  # type: ignore[no-any-return]

        def decorator(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return stream_with_context(generator_or_function(*args, **kwargs))  # type: ignore[operator]

        return update_wrapper(decorator, generator_or_function)  # type: ignore[arg-type]

    stream = _in_context(items)
    # The first step stores the contexts; what it yields is not part of the stream.
    next(stream)
    return stream


def _async_in_context(items: t.Any) -> t.Any:
    req_ctx = _active_request("stream_with_context")
    from ._core.lifecycle.asgi_send import ContextStream

    return ContextStream(items, _cv_app.get(), req_ctx)


def _in_context(items: t.Iterator[t.Any]) -> t.Generator[t.Any, None, None]:
    req_ctx = _active_request("stream_with_context")
    app_ctx = _cv_app.get()
    yield None
    with app_ctx, req_ctx:
        try:
            yield from items
        finally:
            # Inside the contexts, since a generator's own clean-up may use them.
            if hasattr(items, "close"):
                items.close()


def make_response(*args: t.Any) -> Response:
    """A response made as from a view's return value. Several arguments stand for a tuple of them.

    For a view that sets headers or cookies: ``response = make_response("saved", 201)``, then
    ``response.set_cookie("seen", "yes")``. TypeError for what a view may not return.
    """
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else args)


def redirect(location: str, code: int = 302, Response: type[BaseResponse] | None = None) -> BaseResponse:
    """A response that sends the visitor to *location*, an address or path.

    *code* is 301 or 308 for good, 302, 303 or 307 for now; with 307 and 308 the method stays. *Response*, a class,
    counts only where no application is current. Never redirect to an address that a visitor has given.
    """
    ctx = var_get(_cv_app, None)
    if ctx is not None and ctx.app:
        return ctx.app.redirect(location, code=code)  # type: ignore[no-any-return]
    return _wz_redirect(location, code=code, Response=Response)


def abort(code: int | BaseResponse, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
    """Raise the HTTP exception for a status code, by the current application's aborter where there is one.

    *code* is a number or a response to answer with; the rest goes to the exception, whose first argument is the
    description: ``abort(404, "There is no such order.")``. LookupError for a code without an exception.
    """
    ctx = var_get(_cv_app, None)
    if ctx is not None and ctx.app:
        aborter = ctx.app.aborter
        if type(aborter) is Aborter and type(code) is int and Aborter.__call__ is _stock_abort:
            # FAST (errors): as `Aborter.__call__`, without its import of a class for codes that are no numbers.
            kind = aborter.mapping.get(code)
            if kind is not None:
                raise kind(*args, **kwargs)
        aborter(code, *args, **kwargs)
    _wz_abort(code, *args, **kwargs)


def declared_as(declaration: t.Callable[..., t.Any]) -> t.Callable[[t.Any], t.Any]:
    """Decorator: give a function the documentation, type hints and signature of *declaration*.

    It takes the same calls in a quicker way.
    """

    def declare(function: t.Any) -> t.Any:
        function.__signature__ = signature(declaration)
        function.__annotations__ = declaration.__annotations__
        function.__doc__ = declaration.__doc__
        return function

    return declare


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: t.Any,
) -> str:
    """Build the URL of an endpoint with the current application's :meth:`~bolthead.Flask.url_for`.

    ``url_for("post", number=7, tab="new")`` is ``/posts/7?tab=new``. *_anchor* goes behind a ``#``; *_method* chooses
    between rules of one endpoint; *_external* and *_scheme* ask for a whole address. BuildError if there is no rule
    for the endpoint and values, RuntimeError outside of a request without ``SERVER_NAME``.
    """
    return current_app.url_for(
        endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
    )


if not t.TYPE_CHECKING:
    _url_for_of_app = url_for

    @declared_as(url_for)
    def url_for(endpoint, **values):
        # FAST (url-for): CPython looks for each keyword-only argument by name, which takes longer than the core does.
        url = build_current_url(endpoint, values)
        return _url_for_of_app(endpoint, **values) if url is NotImplemented else url


def get_template_attribute(template_name: str, attribute: str) -> t.Any:
    """A macro or variable that a template exports, for Python.

    ``get_template_attribute("_cart.html", "price")(450)`` calls the macro ``price``. The template is loaded without a
    context, so it sees globals alone. TemplateNotFound if there is none, AttributeError if it does not export the name.
    Jinja only.
    """
    return getattr(current_app.jinja_env.get_template(template_name).module, attribute)


# Flashed messages -------------------------------------------------------------------------------------------


def flash(message: str, category: str = "message") -> None:
    """Keep a message in the session until :func:`get_flashed_messages` takes it, at once or in a later request.

    *category* is a word of your own, for templates to choose a colour by. Needs a secret key (RuntimeError). Sends
    `message_flashed`. Many or long messages do not fit the session's cookie.
    """
    waiting = session.get("_flashes", [])
    waiting.append((category, message))
    # The session does not notice a change inside a list: assign it.
    session["_flashes"] = waiting
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    message_flashed.send(app, _async_wrapper=app.ensure_sync, message=message, category=category)


def get_flashed_messages(
    with_categories: bool = False, category_filter: t.Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Take the flashed messages out of the session; later calls in the same request give the same ones.

    Strings, or pairs of category and message *with_categories*; only those of the categories in *category_filter* if
    given. Templates have it as a global: ``{% for text in get_flashed_messages() %}``.
    """
    ctx = request_ctx._get_current_object()  # type: ignore[attr-defined]
    flashes: t.Any = ctx.flashes
    if flashes is None:
        flashes = session.pop("_flashes") if "_flashes" in session else []
        ctx.flashes = flashes
    if category_filter:
        flashes = [pair for pair in flashes if pair[0] in category_filter]
    if with_categories:
        return flashes  # type: ignore[no-any-return]
    return [pair[1] for pair in flashes]


# Files ------------------------------------------------------------------------------------------------------


def _prepare_send_file_kwargs(**kwargs: t.Any) -> dict[str, t.Any]:
    if kwargs.get("max_age") is None:
        kwargs["max_age"] = current_app.get_send_file_max_age
    kwargs["environ"] = request.environ
    kwargs["use_x_sendfile"] = current_app.config["USE_X_SENDFILE"]
    kwargs["response_class"] = current_app.response_class
    kwargs["_root_path"] = current_app.root_path
    return kwargs


def send_file(
    path_or_file: os.PathLike[t.AnyStr] | str | t.IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | t.Callable[[str | None], int | None] | None = None,
) -> Response:
    """Send a file by its path, relative to the application's root, or an open binary file.

    Never pass a path that a client has given: that is :func:`send_from_directory`'s work. *mimetype* is guessed from
    the name unless given. *as_attachment* has the browser store it, as *download_name* (an open file needs one).
    *conditional* answers conditional and range requests, by *etag* (True: made from size and time) and *last_modified*.
    *max_age* are the seconds for which it may be cached; without it ``app.get_send_file_max_age`` decides. An open file
    is closed with the response. FileNotFoundError if it is not there.
    """
    path = file_response.path_text(path_or_file)
    if conditional and etag is True and last_modified is None and isinstance(path, str):
        response = file_response.from_path(path, mimetype, as_attachment, download_name, max_age, False)
        if response is not None:
            return response  # type: ignore[no-any-return]
    return werkzeug.utils.send_file(  # type: ignore[return-value]
        **_prepare_send_file_kwargs(
            path_or_file=path_or_file,
            environ=request.environ,
            mimetype=mimetype,
            as_attachment=as_attachment,
            download_name=download_name,
            conditional=conditional,
            etag=etag,
            last_modified=last_modified,
            max_age=max_age,
        )
    )


def send_from_directory(directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: t.Any) -> Response:
    """Send a file from inside a directory; a ``path`` that leads out of it, or to no file, is a 404.

    The directory, relative to the application's root, must not come from the client. The rest goes to
    :func:`send_file`.
    """
    response = file_response.from_directory(directory, path, kwargs)
    if response is not None:
        return response  # type: ignore[no-any-return]
    return werkzeug.utils.send_from_directory(  # type: ignore[return-value]
        directory, path, **_prepare_send_file_kwargs(**kwargs)
    )


# Names and places -------------------------------------------------------------------------------------------


def get_root_path(import_name: str) -> str:
    """The directory of the module or package *import_name*; the working directory where the import system has none.

    What the folders of an application are relative to. RuntimeError for what has no file, such as a namespace package:
    give ``root_path`` then.
    """
    file = getattr(sys.modules.get(import_name), "__file__", None)
    if file is None:
        loader = _loader(import_name)
        if loader is None:
            # __main__ without a file, an interactive prompt, a name that is no module.
            return os.getcwd()
        if hasattr(loader, "get_filename"):
            file = loader.get_filename(import_name)
        else:
            __import__(import_name)
            file = getattr(sys.modules[import_name], "__file__", None)
        if file is None:
            raise RuntimeError(
                "No root path can be found for the provided module"
                f" {import_name!r}. This can happen because the module"
                " came from an import hook that does not provide file"
                " name information or because it's a namespace package."
                " In this case the root path needs to be explicitly"
                " provided."
            )
    return os.path.dirname(os.path.abspath(t.cast(str, file)))


def _loader(import_name: str) -> t.Any:
    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        return None
    return None if spec is None else spec.loader


@cache
def _split_blueprint_path(name: str) -> list[str]:
    """``"a.b.c"`` → ``["a.b.c", "a.b", "a"]``. Every caller gets the same list: do not change it."""
    path = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        path.append(name)
    return path
