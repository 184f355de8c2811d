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
from .._core.response.status import content_type_of

if t.TYPE_CHECKING:
    from werkzeug.sansio.response import Response

    from .._core.json.writer import Writer
    from ..sansio.app import App

COMPACT = (",", ":")
"""The separators without spaces."""


class JSONProvider:
    """The interface of ``app.json``. A subclass has to implement :meth:`dumps` and :meth:`loads`.

    The other methods follow from these two. Set ``json_provider_class`` of a subclass of ``Flask``, or ``app.json``.
    """

    def __init__(self, app: App) -> None:
        self._app: App = weakref.proxy(app)

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """*obj* as a string of JSON (RFC 8259). The keyword arguments are the library's.

        A subclass must implement it; TypeError for what JSON cannot represent.
        """
        raise NotImplementedError

    def dump(self, obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
        """Write *obj* into *fp*, an open text file, as `dumps` has it."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """The value of the JSON text *s*, str or bytes in UTF-8. A subclass implements it; ValueError for no JSON."""
        raise NotImplementedError

    def load(self, fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
        """The value that an open text or binary file holds, read to its end, as `loads` reads it."""
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

        What ``jsonify`` and a view that returns a dict or list go through. TypeError for positional and named ones.
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
    """The standard library's JSON, and more types by :attr:`default`. The attributes count at each call."""

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
        """Serialize with :func:`json.dumps` and its arguments.

        ``default``, ``ensure_ascii`` and ``sort_keys`` are the attributes unless given.
        TypeError for what has no form in JSON.
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
        """Read a string or bytes with :func:`json.loads` and its arguments. ValueError for no JSON."""
        return json.loads(s, **kwargs) if kwargs else parse(s)

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """As :meth:`JSONProvider.response`, with the type :attr:`mimetype`, in the form :attr:`compact` asks for.

        It ends with a line feed.
        """
        obj = self._prepare_response_obj(args, kwargs)
        app = self._app
        plan = getattr(app, "_plan", None)
        if plan is not None and plan.watch.unchanged() and plan.responses.stock_init:
            # FAST (json): what follows, without the call of a class.
            line = line_of(self, app, obj)
            if line is not None:
                return plan.responses.whole(line, content_type_of(self.mimetype))  # type: ignore[no-any-return]
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
