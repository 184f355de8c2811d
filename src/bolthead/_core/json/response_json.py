"""From a view's dict or list to the body of a response."""

from __future__ import annotations

from typing import Any

from ..primitives.stock import shipped
from .writer import Writer

RESPONSE = "response"
DUMPS = "dumps"
PREPARE = "_prepare_response_obj"


def writer_of(provider: Any, compact: bool) -> Writer:
    """The `Writer` for the provider's attributes as they are now. The last one is cached in ``_writer``."""
    writer: Writer | None = provider._writer
    default = provider.default
    ensure_ascii = provider.ensure_ascii
    sort_keys = provider.sort_keys
    if (
        writer is None
        or writer.default is not default
        or writer.ensure_ascii is not ensure_ascii
        or writer.sort_keys is not sort_keys
        or writer.compact != compact
    ):
        writer = Writer(default, ensure_ascii, sort_keys, compact)
        provider._writer = writer
    return writer


def line_of(provider: Any, app: Any, obj: Any) -> bytes | None:
    """The body of a response with *obj*; None where the provider's ``response`` must be called."""
    cls = type(provider)
    if not shipped.provider_response.holds(cls):
        return None
    own = provider.__dict__
    if RESPONSE in own or DUMPS in own or PREPARE in own:
        return None
    if type(provider.mimetype) is not str:
        return None
    compact = provider.compact
    if compact is False or (compact is None and shipped.debug(app)):
        return None
    return writer_of(provider, True).line(obj)
