"""A response whose constructor is not called."""

from __future__ import annotations

from typing import Any

from ..http.headers import bare_headers
from ..primitives.objects import new


def bare_response(cls: Any, status: str, code: int, pairs: list[tuple[str, str]], body: Any) -> Any:
    """A response of *cls* with exactly these parts. *cls* is bolthead's response class or derived from it."""
    response = new(cls)
    response.headers = bare_headers(pairs)
    response._status = status
    response._status_code = code
    response.response = body
    return response
