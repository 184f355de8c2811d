"""Werkzeug's multi-dict and environ headers with their look-ups compiled; otherwise the same classes."""

from __future__ import annotations

import typing as t

from werkzeug import datastructures as _werkzeug
from werkzeug.exceptions import BadRequestKeyError

from ._core import headers, query

if t.TYPE_CHECKING:
    ImmutableMultiDict = _werkzeug.ImmutableMultiDict
    EnvironHeaders = _werkzeug.EnvironHeaders
else:

    class ImmutableMultiDict(_werkzeug.ImmutableMultiDict):
        __doc__ = _werkzeug.ImmutableMultiDict.__doc__
        __slots__ = ()
        __getitem__ = query.first
        get = query.get

        def _absent(self, key):
            raise BadRequestKeyError(key)

    class EnvironHeaders(_werkzeug.EnvironHeaders):
        __doc__ = _werkzeug.EnvironHeaders.__doc__
        __getitem__ = _get_key = headers.header
        get = headers.get_header

        def _no_name(self, key):
            raise BadRequestKeyError(key)
