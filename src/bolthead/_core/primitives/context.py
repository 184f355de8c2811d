"""The two context variables, under the names that Flask gives them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from .objects import immortal

_cv_app: ContextVar[Any] = immortal(ContextVar("flask.app_ctx"))
_cv_request: ContextVar[Any] = immortal(ContextVar("flask.request_ctx"))
