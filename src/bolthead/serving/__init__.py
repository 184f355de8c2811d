"""The production server: gunicorn, and a worker class for it that any gunicorn deployment may use.

``gunicorn -k bolthead.serving.Worker app:app`` serves any WSGI application with it; ``bolthead serve`` is gunicorn
with this worker and defaults for a public site. Nothing here imports the framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .worker import Worker as Worker

__all__ = ["Worker"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: the command line reads the options of `serve` where gunicorn need not be installed.
    if name == "Worker":
        from .worker import Worker

        return Worker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
