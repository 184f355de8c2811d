"""Werkzeug's multi-dict and environ headers whose look-ups call the core; otherwise the same classes."""

from __future__ import annotations

import typing as t

from werkzeug import datastructures as _werkzeug
from werkzeug.exceptions import BadRequestKeyError

from .._core.http import headers, query
from .._core.primitives.objects import own_item

K = t.TypeVar("K")
V = t.TypeVar("V")

if t.TYPE_CHECKING:
    ImmutableMultiDict = _werkzeug.ImmutableMultiDict
    EnvironHeaders = _werkzeug.EnvironHeaders
else:

    class ImmutableMultiDict(_werkzeug.ImmutableMultiDict[K, V]):
        __doc__ = _werkzeug.ImmutableMultiDict.__doc__
        # Its repr and its pickles name Werkzeug's class, which it replaces.
        __module__ = _werkzeug.ImmutableMultiDict.__module__
        __slots__ = ()

        def __getitem__(self, key):
            values = own_item(self, key)
            if values:
                return values[0]
            raise BadRequestKeyError(key)

        def get(self, key, default=None, type=None):
            if self.__class__.__getitem__ is not item_of:
                # Patched, or overridden in a subclass: Werkzeug's `get` calls `__getitem__`.
                return super().get(key, default, type)
            return query.get(self, key, default, type)

        def __reduce_ex__(self, protocol):
            made, arguments, *rest = super().__reduce_ex__(protocol)
            return (_werkzeug.ImmutableMultiDict if made is ImmutableMultiDict else made, arguments, *rest)

    item_of = ImmutableMultiDict.__getitem__

    class EnvironHeaders(_werkzeug.EnvironHeaders):
        __doc__ = _werkzeug.EnvironHeaders.__doc__
        _get_key = headers.header
        # Werkzeug's constructor sets a list on each instance, which a view of an environ never uses.
        _list: list[tuple[str, str]] = []

        def __getitem__(self, key):
            return headers.header(self, key)

        def get(self, key, default=None, type=None):
            return headers.get(self, key, default, type)

        def _no_name(self, key):
            raise BadRequestKeyError(key)
