"""The functions of `runtime` that templates call most.

The compiled version takes arguments as it gets them, and hands them on so where they suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .runtime import attribute as attribute
from .runtime import call as call
from .runtime import resolve_all as resolve_all
from .runtime import text as text


def hand_on(method: Callable[..., Any], function: Callable[[Any, Any, dict[str, Any], bool], Any]) -> None:
    """Let templates that call *method* call *function*, and that is all that *method* does.

    It has one argument, and any keywords, which *function* gets as a dictionary, and whether one of them may begin with
    an underscore. FAST (shares): compiled, a URL takes no frame of Python.
    """
