"""Werkzeug's multi-dict and environ headers whose look-ups call the core; otherwise the same classes."""

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

        def __getitem__(self, key):
            return query.first(self, key)

        def get(self, key, default=None, type=None):
            if self.__class__.__getitem__ is not item_of:
                # Replaced, or a subclass with a look-up of its own: Werkzeug's method goes through that.
                return super().get(key, default, type)
            return query.get(self, key, default, type)

        def _absent(self, key):
            raise BadRequestKeyError(key)

        def __reduce_ex__(self, protocol):
            made, arguments, *rest = super().__reduce_ex__(protocol)
            return (_werkzeug.ImmutableMultiDict if made is ImmutableMultiDict else made, arguments, *rest)

    item_of = ImmutableMultiDict.__getitem__

    class EnvironHeaders(_werkzeug.EnvironHeaders):
        __doc__ = _werkzeug.EnvironHeaders.__doc__
        _get_key = headers.header
        # Werkzeug's constructor gives each its own, and no view of an environ uses it.
        _list: list[tuple[str, str]] = []

        def __getitem__(self, key):
            return headers.header(self, key)

        def get(self, key, default=None, type=None):
            return headers.get(self, key, default, type)

        def _no_name(self, key):
            raise BadRequestKeyError(key)
