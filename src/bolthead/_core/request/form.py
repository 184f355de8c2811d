"""Loads a form from the environ into the attributes of its request, as long as no step of that is overridden.

Independent of the request class: a :class:`Forms` is given the steps and their stock values.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from ..http.headers import bare_headers, parse_options
from ..http.query import multi_dict, parse_pairs
from ..primitives.class_watch import StockFunctions
from ..primitives.context import _cv_app
from ..primitives.context_vars import var_get
from ..primitives.objects import bare, is_on, own_set
from ..primitives.stock import StockGuard, shipped
from .body import Declared, checked_length, limit_of, read_declared
from .form_reader import FormReader
from .multipart import Scanner

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
BUFFER = 64 * 1024
"""How much of a multipart body is read at once."""

BODY_CONSUMED = "_body_consumed"
"""Where a request notes the size of a body that was read without a stream."""

app_var = _cv_app
_close = FileStorage.close


def check_loaded(request: Any, name: str) -> None:
    """PARITY: read again, an attribute that is not there would load the form again, and so on.

    In C that ends the process, where Python raises RecursionError. It is missing after its deletion, and where a
    subclass's ``_load_form_data`` does not set it.
    """
    if name not in request.__dict__:
        raise RecursionError(f"maximum recursion depth exceeded: loading the form has not set {name!r}")


class Forms:
    """Fills ``form`` and ``files`` of requests.

    *view* is the class of headers that read an environ; *multi_dicts* are those that may be filled without
    their ``__init__``; *errors* is how bad UTF-8 is treated; *stream_at* makes the stream of a body of which a part
    has been read, from environ, length and that part's.

    Set later, since they are made from the request's class: ``urlencoded`` and ``multipart``, the guards of each kind
    of form; ``stream_factory``, the function that makes the streams of files; ``own``, the names that an instance must
    not override; ``loads``, the stock ``_load_form_data``.
    """

    __slots__ = (
        "errors",
        "loads",
        "multi_dicts",
        "multipart",
        "own",
        "stream_at",
        "stream_factory",
        "urlencoded",
        "view",
    )

    def __init__(self, view: Any, multi_dicts: frozenset[Any], errors: str, stream_at: Callable[..., Any]) -> None:
        self.view = view
        self.multi_dicts = multi_dicts
        self.errors = errors
        self.stream_at = stream_at
        self.urlencoded: Any = None
        self.multipart: Any = None
        self.stream_factory: Any = None
        self.own: frozenset[str] = frozenset()
        self.loads: Any = None

    def form(self, request: Any) -> Any:
        if not is_on(type(request), "_load_form_data", self.loads) or not self.fill(request, True):
            request._load_form_data()
        check_loaded(request, "form")
        # PARITY: a subclass's own property is read once more, as by Werkzeug.
        return request.form

    def files(self, request: Any) -> Any:
        if not is_on(type(request), "_load_form_data", self.loads) or not self.fill(request, True):
            request._load_form_data()
        check_loaded(request, "files")
        return request.files

    def fill(self, request: Any, whole: bool) -> bool:
        """Load the form of *request* into it. False, and nothing is done, where the parser objects must do it.

        *whole*: nothing comes after, so it is False as well in debug mode, where there is more to do.
        """
        found = request.environ
        if type(found) is not dict:
            return False
        environ: dict[str, Any] = found
        filled = request.__dict__
        kind = environ.get("CONTENT_TYPE")
        parsed = filled.get("_parsed_content_type")
        boundary: Any = None
        if kind != URLENCODED or parsed is not None:
            if type(kind) is not str or not kind:
                return False
            if parsed is not None and (type(parsed) is not tuple or len(parsed) != 2):
                # Something else that a program has put there.
                return False
            kind, options = parsed or parse_options(kind)
            kind = kind.lower()
            if kind == MULTIPART:
                boundary = options.get("boundary")
                if not boundary or not boundary.isascii():
                    return False
            elif kind != URLENCODED:
                return False
        steps: StockGuard = self.urlencoded if boundary is None else self.multipart
        ctx = var_get(app_var, None)
        if ctx is None or request.shallow or not steps.holds(type(request)) or self._replaced(filled, environ):
            return False
        if whole and shipped.debug(ctx.app):
            return False
        if boundary is None:
            self._load_urlencoded(request, filled, environ)
            return True
        functions: StockFunctions = self.stream_factory
        if not functions.unchanged():
            return False
        self._load_multipart(request, filled, environ, boundary)
        return True

    def _replaced(self, filled: dict[str, Any], environ: dict[str, Any]) -> bool:
        """Whether the instance overrides a step, or has been read from."""
        own = self.own
        for name in filled:
            if name in own:
                return True
        if BODY_CONSUMED in filled and "_cached_data" not in filled:
            return True
        headers = filled.get("headers")
        return headers is not None and (type(headers) is not self.view or headers.environ is not environ)

    def _load_urlencoded(self, request: Any, filled: Any, environ: Any) -> None:
        cls = request.parameter_storage_class or MultiDict
        multi_dicts = self.multi_dicts
        data = filled.get("_cached_data")
        length = None if data is not None else self._length(request, environ)
        try:
            if data is None:
                if "wsgi.input_terminated" in environ:
                    data = request.stream.read()
                else:
                    data = read_declared(environ, length) if length is not None else b""
                    filled[BODY_CONSUMED] = len(data)
            else:
                # PARITY: from here on the stream is one of what was read, at its end.
                filled["stream"] = stream = BytesIO(data)
                stream.seek(len(data))
            form = multi_dict(cls, parse_pairs(data.decode(), self.errors), multi_dicts)
        except ValueError:
            form = multi_dict(cls, [], multi_dicts)
        filled["files"] = multi_dict(cls, [], multi_dicts)
        filled["form"] = form

    def _length(self, request: Any, environ: Any) -> Any:
        return checked_length(environ, limit_of(request._max_content_length, "MAX_CONTENT_LENGTH", None))

    def _load_multipart(self, request: Any, filled: Any, environ: Any, boundary: str) -> None:
        most_bytes = limit_of(request._max_form_memory_size, "MAX_FORM_MEMORY_SIZE", None)
        most_parts = limit_of(request._max_form_parts, "MAX_FORM_PARTS", None)
        body: Any = None
        stream: Any
        data = filled.get("_cached_data")
        if data is not None:
            stream = BytesIO(data)
        else:
            length = self._length(request, environ)
            if "wsgi.input_terminated" in environ or length is None:
                stream = request.stream
            else:
                stream = body = Declared(environ["wsgi.input"].read, length)
        cls = request.parameter_storage_class or MultiDict
        multi_dicts = self.multi_dicts
        reader = FormReader(None, None, too_large)
        form: Any = None
        files: Any = None
        try:
            try:
                reader.read(Scanner(boundary.encode()), stream.read, BUFFER, most_bytes, most_parts)
                form = multi_dict(cls, reader.fields, multi_dicts)
                files = multi_dict(cls, as_files(reader.files), multi_dicts)
            except ValueError:
                reader.drop()
                form = multi_dict(cls, [], multi_dicts)
                files = multi_dict(cls, [], multi_dicts)
        except BaseException:
            reader.drop()
            raise
        finally:
            if body is not None:
                if body.left == 0:
                    filled[BODY_CONSUMED] = body.length
                else:
                    filled["stream"] = self.stream_at(environ, body.length, body.length - body.left)
        if data is not None:
            filled["stream"] = stream
        filled["files"] = files
        filled["form"] = form

    def close(self, files: Any) -> bool:
        """Close the streams of *files*. False, and nothing is done, where a ``close`` is not stock."""
        if type(files) not in self.multi_dicts or FileStorage.close is not _close:
            return False
        for found in dict.values(files):
            for file in found:
                if type(file) is not FileStorage:
                    file.close()
                    continue
                try:
                    file.stream.close()
                except Exception:
                    # PARITY: errors of closing are ignored.
                    pass
        return True


def as_files(found: list[tuple[Any, Any, Any, Any]]) -> list[tuple[Any, Any]]:
    """What a `FormReader` found as pairs of name and file."""
    files = []
    for name, filename, headers, stream in found:
        # FAST (multipart): as the constructor leaves it.
        file = bare(FileStorage)
        own_set(file, "name", name)
        own_set(file, "stream", stream)
        own_set(file, "filename", filename)
        own_set(file, "headers", bare_headers(headers))
        files.append((name, file))
    return files


def too_large() -> Any:
    raise RequestEntityTooLarge()
