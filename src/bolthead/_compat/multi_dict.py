"""Werkzeug's multi-dict and environ headers with their look-ups compiled; otherwise the same classes."""

from __future__ import annotations

import typing as t

from werkzeug import datastructures as _werkzeug
from werkzeug.exceptions import BadRequestKeyError

from .._core.http import headers, query

K = t.TypeVar("K")
V = t.TypeVar("V")

if t.TYPE_CHECKING:
    ImmutableMultiDict = _werkzeug.ImmutableMultiDict
    EnvironHeaders = _werkzeug.EnvironHeaders
else:

    class ImmutableMultiDict(_werkzeug.ImmutableMultiDict[K, V]):
        __doc__ = _werkzeug.ImmutableMultiDict.__doc__
        # It shows itself, and is pickled, as the class it stands for.
        __module__ = _werkzeug.ImmutableMultiDict.__module__
        __slots__ = ()
        __getitem__ = query.first
        get = query.get

        def _absent(self, key):
            raise BadRequestKeyError(key)

        def __reduce_ex__(self, protocol):
            made, arguments, *rest = super().__reduce_ex__(protocol)
            return (_werkzeug.ImmutableMultiDict if made is ImmutableMultiDict else made, arguments, *rest)

    class EnvironHeaders(_werkzeug.EnvironHeaders):
        __doc__ = _werkzeug.EnvironHeaders.__doc__
        __getitem__ = _get_key = headers.header
        get = headers.get
        # Werkzeug's constructor gives each its own, and no view of an environ uses it.
        _list: list[tuple[str, str]] = []

        def _no_name(self, key):
            raise BadRequestKeyError(key)
