"""What gunicorn allows in a response: header names and values, and statuses."""

from __future__ import annotations

from typing import Any

from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName
from gunicorn.http.message import TOKEN_RE
from gunicorn.http.wsgi import HEADER_VALUE_RE, STATUS_RE
from gunicorn.util import is_hoppish

from .._core.serving.names import CONNECTION, DATE, HOP, LENGTH, ORDINARY, UPGRADE

MANY = 1000
KINDS = {"content-length": LENGTH, "date": DATE, "connection": CONNECTION, "upgrade": UPGRADE}


class Rules:
    """gunicorn's checks, whose outcome is remembered for the names and statuses that come again."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.statuses: dict[str, tuple[str, int]] = {}

    def kind_of(self, name: Any) -> int:
        """What a header of this name means; raises gunicorn's error for a malformed one."""
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is not a string")
        if not TOKEN_RE.fullmatch(name):
            raise InvalidResponseHeaderName(repr(name))
        kind = KINDS.get(name.lower(), HOP if is_hoppish(name) else ORDINARY)
        if len(self.names) < MANY:
            self.names[name] = kind
        return kind

    def check_value(self, name: str, value: Any) -> None:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a string")
        if not HEADER_VALUE_RE.fullmatch(value):
            # The name alone: the value may be a secret.
            raise InvalidResponseHeader(repr(name))

    def parse_status(self, status: Any) -> tuple[str, int]:
        """The status line's text and code."""
        if not isinstance(status, str):
            raise TypeError(f"{status!r} is not a string")
        if not STATUS_RE.fullmatch(status):
            raise ValueError(f"Invalid status {status!r}")
        found = (status, int(status[:3]))
        if len(self.statuses) < MANY:
            self.statuses[status] = found
        return found
