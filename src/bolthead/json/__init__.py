"""JSON by the current application's provider, or by the standard library where there is none."""

from __future__ import annotations

import json as _json
import typing as t

from .._compat.lazy_modules import lazy_names
from .._core.primitives.context_vars import var_get
from ..globals import _cv_app, current_app
from .provider import _default

if t.TYPE_CHECKING:
    from ..wrappers import Response


def _provider() -> t.Any:
    """The current application's provider, or None. FAST (session-write): without the proxy."""
    ctx = var_get(_cv_app, None)
    return None if ctx is None else ctx.app.json


def dumps(obj: t.Any, **kwargs: t.Any) -> str:
    """*obj* as a string of JSON (RFC 8259), by ``app.json.dumps`` of the current application.

    *kwargs* are the provider's: by default those of `json.dumps`. Outside of an application the standard library writes
    it, with dates, decimals, UUIDs and dataclasses added. TypeError for what JSON cannot represent.
    """
    provider = _provider()
    if provider is not None:
        return provider.dumps(obj, **kwargs)  # type: ignore[no-any-return]
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
    """Write *obj* as JSON into *fp*, an open text file, by the current application's provider.

    *kwargs* and errors are those of :func:`dumps`. Outside of an application the standard library writes it, with the
    same additional types.
    """
    provider = _provider()
    if provider is not None:
        provider.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: t.Any) -> t.Any:
    """The value of the JSON text *s*, a string or bytes in UTF-8, by the current application's provider.

    ValueError (`json.JSONDecodeError`) for what is no JSON. *kwargs* are the provider's, by default those of
    `json.loads`; outside of an application the standard library reads it.
    """
    provider = _provider()
    if provider is not None:
        return provider.loads(s, **kwargs)
    return _json.loads(s, **kwargs)


def load(fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
    """The value that *fp*, an open text or binary file, holds, by the current application's provider.

    It is read to its end and stays open. *kwargs* and errors are those of :func:`loads`.
    """
    provider = _provider()
    if provider is not None:
        return provider.load(fp, **kwargs)
    return _json.load(fp, **kwargs)


def jsonify(*args: t.Any, **kwargs: t.Any) -> Response:
    """A JSON response: of one value, of a list of several, or of a dict of named ones.

    ``jsonify(total=3)`` is ``{"total":3}``. It goes through ``app.json``; a view that returns a dict or list needs no
    call of it. TypeError for a type that the provider cannot convert.
    """
    return current_app.json.response(*args, **kwargs)  # type: ignore[return-value]


if not t.TYPE_CHECKING:
    # PARITY: there after `import flask`, for sessions need it.
    __getattr__ = lazy_names(vars(), {"tag": "bolthead.json.tag"})
