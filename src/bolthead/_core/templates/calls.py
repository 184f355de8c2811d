"""How a template calls: `runtime.call`. The compiled version hands arguments on as it gets them, where they suffice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .runtime import call as call


def hand_on(method: Callable[..., Any], function: Callable[[Any, Any, dict[str, Any]], Any]) -> None:
    """Let templates that call *method* call *function*, and that is all that *method* does.

    It has one argument, and any keywords. FAST (shares): compiled, a URL takes no frame of Python.
    """
