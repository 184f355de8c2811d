"""The request and the response an application sees.

Both are Werkzeug's classes to a user. What differs is when work is done: a :class:`Request` holds its
environ and nothing else until an attribute is read.
"""

from __future__ import annotations

import typing as t
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from time import time

import werkzeug.formparser
import werkzeug.wrappers.request
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as RequestBase
from werkzeug.wrappers import Response as ResponseBase

from . import json
from ._compat import body_stream
from ._compat.lazy_modules import lazy_names
from ._compat.multi_dict import EnvironHeaders, ImmutableMultiDict
from ._core.http.headers import parse_options
from ._core.http.set_cookie import simple_cookie
from ._core.json import request_json
from ._core.primitives.class_watch import StockFunctions
from ._core.primitives.context_vars import var_get
from ._core.primitives.stock import StockGuard
from ._core.request.attributes import ENVIRON_ATTRIBUTES, LazyAttribute, RequestFillers, blueprint_of, endpoint_of
from ._core.request.body import content_length, limit_of, read_all
from ._core.request.form import BODY_CONSUMED, Forms
from ._core.request.scope import LazyEnviron, made_environ
from ._core.response import make
from .formparser import ERRORS, STOCK_MULTI_DICTS, FormDataParser, MultiPartParser
from .globals import _cv_app
from .globals import current_app as current_app
from .helpers import _split_blueprint_path

if t.TYPE_CHECKING:
    from datetime import datetime, timedelta

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import Rule


class Request(RequestBase):
    """The incoming request; ``bolthead.request`` is a proxy of the current one.

    ``environ`` and ``shallow`` are the only attributes set when one is made (the lifecycle makes it without calling
    ``__init__`` unless that is overridden); every other is filled on first use. Subclass it and set
    ``app.request_class`` to add attributes or to replace how one is read.
    """

    # FAST (string): the module uses the current application's provider, so the lifecycle need not set one.
    json_module: t.Any = json
    shallow = False
    parameter_storage_class: type[MultiDict[str, t.Any]] = ImmutableMultiDict  # type: ignore[assignment]
    form_data_parser_class: type[werkzeug.formparser.FormDataParser] = FormDataParser
    url_rule: Rule | None = None
    """The rule that matched, once one has."""
    view_args: dict[str, t.Any] | None = None
    """What the rule's variables hold; None when nothing matched."""
    routing_exception: HTTPException | None = None
    """What matching raised (404, 405, a redirect), to be raised again by the dispatch."""

    _lazy_environ: LazyEnviron | None = None
    _max_content_length: int | None = None
    _max_form_memory_size: int | None = None
    _max_form_parts: int | None = None

    def __init__(self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False) -> None:
        self.environ = environ
        self.shallow = shallow
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    @property
    def max_content_length(self) -> int | None:
        """The most bytes a body may have, else 413 when it is read; ``MAX_CONTENT_LENGTH`` unless set on this request.

        With None there is no limit, but a body of unknown length that the server does not end by itself is not read at
        all. A view may set more for itself before it reads.
        """
        return limit_of(self._max_content_length, "MAX_CONTENT_LENGTH", super().max_content_length)  # type: ignore[no-any-return]

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    @property
    def max_form_memory_size(self) -> int | None:
        """The most bytes one multipart field that is no file may have, else 413.

        ``MAX_FORM_MEMORY_SIZE`` (500,000) unless set on this request, before its form is read. Files go to the disk
        beyond 500 kB and have no such limit. None is no limit.
        """
        return limit_of(self._max_form_memory_size, "MAX_FORM_MEMORY_SIZE", super().max_form_memory_size)  # type: ignore[no-any-return]

    @max_form_memory_size.setter
    def max_form_memory_size(self, value: int | None) -> None:
        self._max_form_memory_size = value

    @property  # type: ignore[override]
    def max_form_parts(self) -> int | None:
        """The most parts, fields and files, of a multipart body, else 413.

        ``MAX_FORM_PARTS`` (1,000) unless set on this request, before its form is read. It bounds the time that many
        tiny parts cost; None is no limit.
        """
        return limit_of(self._max_form_parts, "MAX_FORM_PARTS", super().max_form_parts)  # type: ignore[no-any-return]

    @max_form_parts.setter
    def max_form_parts(self, value: int | None) -> None:
        self._max_form_parts = value

    # FAST (shares): pages ask for the two again and again.
    endpoint: str | None = property(  # type: ignore[assignment]
        endpoint_of,
        doc="""The endpoint of the rule that matched, the name that ``url_for`` takes; None for a path without one.

        A view of a blueprint has the blueprint's name before it: ``"shop.item"``.
        """,
    )
    blueprint: str | None = property(  # type: ignore[assignment]
        blueprint_of,
        doc="""The name under which the endpoint's blueprint is registered; None for a view of the application itself.

        With the names of its parents before it where it is nested: ``"admin.users"``.
        """,
    )

    @property
    def blueprints(self) -> list[str]:
        """The blueprint's name and those of its parents, the innermost first: ``["admin.users", "admin"]``.

        The order in which error handlers are looked for. Empty for a view of the application itself.
        """
        name = self.blueprint
        return [] if name is None else _split_blueprint_path(name)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> t.Any | None:
        """The body as JSON, by ``app.json``, kept for the next call unless *cache* is false.

        *force* reads it whatever the content type; without it only ``application/json`` and types that end in ``+json``
        are JSON. If the type is another or the body is malformed, `on_json_loading_failed` decides (415, 400); with
        *silent* the value is None then.
        """
        return request_json.get_json(self, force, silent, cache)

    async def body_chunks(self, size: int = 65536) -> t.AsyncIterator[bytes]:
        """The body in pieces, as it arrives: for a view registered with ``stream_body=True`` and served over ASGI.

        More is received as pieces are taken. A body larger than :attr:`max_content_length` is a 413. Where the body
        was read before the view, or under WSGI, the pieces are of at most *size* bytes.
        """
        chunks = self.environ.get("bolthead.body_chunks")
        if chunks is not None:
            async for chunk in chunks(self.max_content_length):
                yield chunk
        else:
            while chunk := self.stream.read(size):
                yield chunk

    def _parse_content_type(self) -> None:
        if not hasattr(self, "_parsed_content_type"):
            self._parsed_content_type = parse_options(self.headers.get("Content-Type", ""))

    def get_data(  # type: ignore[override]
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> bytes | str:
        """The whole body, cached for the next call unless *cache* is false; as text, bad UTF-8 is replaced.

        With *parse_form_data* a form is parsed and its body is not there any more: the answer is empty.
        """
        data: bytes | None = getattr(self, "_cached_data", None)
        if data is None:
            if parse_form_data:
                self._load_form_data()
            data = self._read_body()
            if data is None:
                data = self.stream.read()
            if cache:
                self._cached_data = data
        return data.decode(errors="replace") if as_text else data

    def _read_body(self) -> bytes | None:
        """All of a body of which nothing was read yet; None where it has to come from :attr:`stream`.

        FAST (json-body): no stream is made then, unless it is used later.
        """
        filled = self.__dict__
        if "stream" in filled or BODY_CONSUMED in filled or self.shallow or type(self).stream is not _STREAM:
            return None
        environ = self.environ
        data = read_all(environ, self.max_content_length)
        if data and "wsgi.input_terminated" not in environ:
            filled[BODY_CONSUMED] = len(data)
        return data

    def _load_form_data(self) -> None:
        self._form_loaded = True
        if "form" not in self.__dict__ and not forms.fill(self, False):
            super()._load_form_data()
        app = _current_app()
        if app is not None and app.debug and self.mimetype != "multipart/form-data" and not self.files:
            from .debughelpers import attach_enctype_error_multidict

            attach_enctype_error_multidict(self)

    def close(self) -> None:
        """Close the uploaded files, of which large ones are deleted from the disk. Happens at the request's end.

        A view that hands a file on to a thread or a task has to save or read it before it returns.
        """
        files = self.__dict__.get("files")
        if files and not forms.close(files):
            super().close()

    def on_json_loading_failed(self, e: ValueError | None) -> t.Any:
        """What `get_json` does where the body is no JSON: raise 400, or 415 for another content type, with *e* None.

        Only in debug mode does the answer say what was wrong. Override it to raise an error of your API, or to return a
        value that the view gets.
        """
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as error:
            app = _current_app()
            if app is not None and app.debug:
                raise
            raise BadRequest() from error


forms = Forms(EnvironHeaders, STOCK_MULTI_DICTS, ERRORS, body_stream.stream_at)


def _current_app() -> t.Any:
    """The current application, or None."""
    ctx = var_get(_cv_app, None)
    return None if ctx is None else ctx.app


def _stream(request: Request) -> t.IO[bytes]:
    if request.shallow:
        raise RuntimeError("This request was created with 'shallow=True', reading from the input stream is disabled.")
    spent = request.__dict__.get(BODY_CONSUMED)
    if spent is not None:
        return body_stream.stream_at(request.environ, spent, spent)
    return body_stream.input_stream(request.environ, request.max_content_length)


def _content_length(request: Request) -> int | None:
    headers = request.headers
    return content_length(headers.get("Content-Length"), headers.get("Transfer-Encoding"))


class RequestAttribute(LazyAttribute):
    # No docstring, since each has its own. It looks like the property that it is in Werkzeug's class.
    __slots__ = ("__doc__",)
    fset = fdel = None

    def __init__(self, name: str, fget: t.Callable[[t.Any], t.Any], doc: str | None) -> None:
        LazyAttribute.__init__(self, name, fget)
        self.__doc__ = doc

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def __class__(self) -> t.Any:
        return property

    @__class__.setter
    def __class__(self, cls: t.Any) -> None:
        raise TypeError("the class of an attribute cannot be changed")


def _fill_on_use(cls: type[Request]) -> None:
    """Give *cls* its lazy attributes: those read from the environ, our parsers, and Werkzeug's cached properties.

    They are set from outside the class body so that a type checker keeps seeing Werkzeug's declarations.
    """
    fills: dict[str, t.Callable[[t.Any], t.Any]] = {}
    for base in reversed(RequestBase.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, cached_property) and value.fget is not None:
                fills[name] = value.fget
    made = RequestFillers(EnvironHeaders, STOCK_MULTI_DICTS, ERRORS)
    fills |= {**ENVIRON_ATTRIBUTES, "headers": made.headers, "args": made.args, "cookies": made.cookies}
    fills |= {"environ": made_environ, "stream": _stream}
    fills |= {"content_length": _content_length, "form": forms.form, "files": forms.files}
    for name, fill in fills.items():
        doc = getattr(getattr(RequestBase, name, None), "__doc__", None)
        setattr(cls, name, RequestAttribute(name, fill, doc))
    made.query = getattr(cls, "query_string")  # noqa: B009  As above: to a type checker it is the instance's.


_fill_on_use(Request)
_STREAM: t.Any = Request.stream
_FORM_STEPS = [
    "_get_stream_for_parsing",
    "_parse_content_type",
    "content_length",
    "form_data_parser_class",
    "get_data",
    "headers",
    "make_form_data_parser",
    "max_content_length",
    "max_form_memory_size",
    "max_form_parts",
    "mimetype",
    "mimetype_params",
    "stream",
    "want_form_data_parsed",
]
"""What loading a form goes through on a request."""
forms.urlencoded = StockGuard(
    Request, _FORM_STEPS, [(FormDataParser, name) for name in ("__init__", "_parse_urlencoded", "parse")]
)
forms.multipart = StockGuard(
    Request,
    [*_FORM_STEPS, "_get_file_stream"],
    [
        *[(FormDataParser, name) for name in ("__init__", "_parse_multipart", "parse")],
        *[(MultiPartParser, name) for name in ("__init__", "get_part_charset", "parse", "start_file_streaming")],
        *[(SpooledTemporaryFile, name) for name in ("__init__", "rollover", "seek", "write")],
        (FileStorage, "__init__"),
    ],
)
forms.stream_factory = StockFunctions((werkzeug.wrappers.request, "default_stream_factory"))
# Nearly every request has its headers made: `Forms` checks separately that they read its environ.
forms.own = frozenset(["form", "_get_file_stream", "_load_form_data", *_FORM_STEPS]) - {"headers", "content_length"}
forms.loads = Request._load_form_data


class Response(ResponseBase):
    """What a view's return value is turned into: Werkzeug's response, whose media type is HTML by default.

    Made by hand where status or headers come first: ``Response(body, 201, {"X-Total": "3"}, mimetype="text/csv")``.
    *response* is a string, bytes, or an iterable of one of them, which is streamed. Subclass it and set
    ``app.response_class`` to change all answers.
    """

    default_mimetype: str | None = "text/html"
    json_module = json
    autocorrect_location_header = False
    # FAST (make-response): most responses never set these, so they are attributes of the class.
    direct_passthrough = False
    _on_close: t.Any = ()

    def __init__(
        self,
        response: t.Iterable[bytes] | bytes | t.Iterable[str] | str | None = None,
        status: int | str | HTTPStatus | None = None,
        headers: t.Mapping[str, str | t.Iterable[str]] | t.Iterable[tuple[str, str]] | None = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        """As Werkzeug's. *status* is a number or the whole of it as text; the rest of the content type is added."""
        make.fill(self, response, status, headers, mimetype, content_type, direct_passthrough)

    def call_on_close(self, func: t.Callable[[], t.Any]) -> t.Callable[[], t.Any]:
        """Call *func*, without arguments, when the response is closed: after its last byte, or when the client left.

        It runs outside of the request's context. Returns *func*, so that it may be used as a decorator.
        """
        if not self._on_close:
            self._on_close = []
        self._on_close.append(func)
        return func

    if not t.TYPE_CHECKING:

        def _become(self, cls: type) -> None:
            # Werkzeug's `force_type` gives a response another class, which has not the attributes of this one.
            self.__dict__.setdefault("direct_passthrough", False)
            self.__dict__.setdefault("_on_close", [])
            object.__dict__["__class__"].__set__(self, cls)

        # By `vars`: a definition by this name would take the place of what `super()` looks for.
        vars()["__class__"] = property(lambda self: type(self), _become)

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """The most bytes a cookie may have before `set_cookie` warns that browsers may drop it.

        ``MAX_COOKIE_SIZE`` of the application (4,093), Werkzeug's default outside of one; 0 does not warn.
        """
        app = _current_app()
        if app is not None:
            return app.config["MAX_COOKIE_SIZE"]  # type: ignore[no-any-return]
        return super().max_cookie_size

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: timedelta | int | None = None,
        expires: str | datetime | int | float | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Add a cookie to the answer (RFC 6265).

        ``max_age`` is in seconds, ``expires`` a datetime or timestamp; without both it ends with the browser.
        ``secure``: only by HTTPS; ``httponly``: not for JavaScript; ``samesite``: ``"Strict"``, ``"Lax"``, ``"None"``.
        ``domain`` None: this host alone. Beyond :attr:`max_cookie_size` it warns.
        """
        if expires is None and domain is None and partitioned is False:
            text = simple_cookie(key, value, max_age, path, secure, httponly, samesite, time())
            headers = self.headers
            if text is not None and type(headers) is Headers:
                limit = self.max_cookie_size
                if not limit or len(text) <= limit:
                    # FAST (make-response): a simple cookie has no line break, so it need not be searched for one.
                    headers._list.append(("Set-Cookie", text))
                    return
        super().set_cookie(key, value, max_age, expires, path, domain, secure, httponly, samesite, partitioned)


if not t.TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {"HTTPException": "werkzeug.exceptions:HTTPException"},
    )
