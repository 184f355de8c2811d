"""JSON for one application: the interface, and the provider that uses the standard library."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing as t
import uuid
import weakref
from datetime import date

from werkzeug.http import http_date

from .._compat.lazy_modules import lazy_names
from .._core.json.reader import parse
from .._core.json.response_json import line_of, writer_of
from .._core.response.status import content_type_header

if t.TYPE_CHECKING:
    from werkzeug.sansio.response import Response

    from .._core.json.writer import Writer
    from ..sansio.app import App

COMPACT = (",", ":")
"""The separators without spaces."""


class JSONProvider:
    """The interface of ``app.json``. A subclass has to implement :meth:`dumps` and :meth:`loads`.

    The other methods follow from these two. Set ``json_provider_class`` of a subclass of ``Flask``, or ``app.json`` to
    an instance, made with the application. Everything that reads or writes JSON goes through it: ``jsonify``, views
    that return dicts, ``request.get_json``, sessions, the test client.
    """

    def __init__(self, app: App) -> None:
        self._app: App = weakref.proxy(app)

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """*obj* as a string of JSON (RFC 8259). A subclass must implement it.

        The keyword arguments are the library's: ``jsonify`` and the serializer of sessions pass ``separators`` or
        ``indent``, which a provider may ignore. TypeError for what JSON cannot represent.
        """
        raise NotImplementedError

    def dump(self, obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
        """Write *obj* into *fp*, an open text file, in the form that `dumps` gives it.

        The whole text is made first and written at once. The keyword arguments and the errors are those of `dumps`.
        """
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """The value of the JSON text *s*, str or bytes in UTF-8. A subclass must implement it.

        ValueError, or a subclass of it, for what is no JSON: ``request.get_json`` makes 400 of that, and 500 of any
        other error.
        """
        raise NotImplementedError

    def load(self, fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
        """The value that *fp*, an open text or binary file, holds: it is read to its end and given to `loads`.

        The keyword arguments and the errors are those of `loads`. The file stays open.
        """
        return self.loads(fp.read(), **kwargs)

    def _prepare_response_obj(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> t.Any:
        """One value for all arguments: the only one, a tuple, a dict of named ones, ``None`` for none."""
        if args:
            if kwargs:
                raise TypeError("app.json.response() takes either args or kwargs, not both")
            return args[0] if len(args) == 1 else args
        return kwargs or None

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """A response of the application's class with the arguments, one, several or named, as JSON.

        One is the value itself, several are a list, named ones an object, none at all is ``null``. What ``jsonify`` and
        a view that returns a dict or list go through. TypeError for positional and named ones together.
        """
        obj = self._prepare_response_obj(args, kwargs)
        return self._app.response_class(self.dumps(obj), mimetype="application/json")


def _default(o: t.Any) -> t.Any:
    """Dates in HTTP's form, decimals and UUIDs as strings, dataclasses as dicts, ``__html__`` as its text."""
    if isinstance(o, date):
        return http_date(o)
    # A decimal exists only if its module is loaded; an application without decimals need not import it.
    decimal = sys.modules.get("decimal")
    if isinstance(o, uuid.UUID) or (decimal is not None and isinstance(o, decimal.Decimal)):
        return str(o)
    if dataclasses.is_dataclass(o):
        return dataclasses.asdict(o)  # type: ignore[arg-type]
    if hasattr(o, "__html__"):
        return str(o.__html__())
    raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")


class DefaultJSONProvider(JSONProvider):
    """JSON by the standard library, for more types than it has, in the form that four attributes choose.

    They count at each call, and may be set on the instance: ``app.json.sort_keys = False``. Beyond JSON's types it
    writes dates as HTTP dates, decimals and UUIDs as strings, dataclasses as objects, and what has ``__html__`` as that
    text.
    """

    default: t.Callable[[t.Any], t.Any] = staticmethod(_default)
    """Converts an object that JSON has no type for, or raises ``TypeError``."""

    ensure_ascii = True
    """Escape everything that is not ASCII."""

    sort_keys = True
    """Sort the keys of dicts, which then must be comparable."""

    compact: bool | None = None
    """Responses without spaces and line ends (true), indented by two (false), by debug mode (``None``)."""

    mimetype = "application/json"
    """The media type of responses."""

    _writer: Writer | None = None

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """*obj* as a string, by :func:`json.dumps` and its arguments.

        ``default``, ``ensure_ascii`` and ``sort_keys`` are the attributes unless given. TypeError for a type without a
        form in JSON, and for keys that cannot be sorted; ValueError for a value that contains itself.
        """
        # FAST (json): json.dumps makes an encoder each time. These are the arguments of `response` and tagged JSON.
        if not kwargs:
            return writer_of(self, False).text(obj)
        if len(kwargs) == 1:
            separators = kwargs.get("separators")
            if type(separators) is tuple and separators == COMPACT:
                return writer_of(self, True).text(obj)
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        return json.dumps(obj, **kwargs)

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """The value of *s*, a string or bytes in UTF-8, UTF-16 or UTF-32, by :func:`json.loads` and its arguments.

        ``json.JSONDecodeError``, a ValueError that names line and column, for what is no JSON. Of a key that comes
        twice the last value counts.
        """
        return json.loads(s, **kwargs) if kwargs else parse(s)

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """As :meth:`JSONProvider.response`, with the media type :attr:`mimetype`, and a line feed at its end.

        Without spaces, or indented by two, as :attr:`compact` says: by default it is indented in debug mode.
        """
        obj = self._prepare_response_obj(args, kwargs)
        app = self._app
        plan = getattr(app, "_plan", None)
        if plan is not None and plan.watch.unchanged() and plan.responses.stock_init:
            # FAST (json): what follows, without the call of a class.
            line = line_of(self, app, obj)
            if line is not None:
                return plan.responses.whole(line, content_type_header(self.mimetype))  # type: ignore[no-any-return]
        compact = self.compact
        if compact is False or (compact is None and app.debug):
            text = self.dumps(obj, indent=2)
        else:
            text = self.dumps(obj, separators=COMPACT)
        return app.response_class(f"{text}\n", mimetype=self.mimetype)


if not t.TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {"decimal": "decimal"},
    )
