"""How a template calls: `runtime.call`. The compiled version hands arguments on as it gets them, where they suffice."""

from __future__ import annotations

from .runtime import call as call
