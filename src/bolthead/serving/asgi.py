"""``bolthead serve --asgi``: gunicorn with its own ASGI worker. uvloop is used where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gunicorn.arbiter import Arbiter

from .application import Application
from .check import try_in_child


class AsgiApplication(Application):
    """The ``asgi_app`` of an application, served as the plan says."""

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("worker_class", "asgi")

    def load(self) -> Any:
        return super().load().asgi_app

    def serve(self, complain: Callable[[Exception], None], announce: Callable[[Any], None]) -> None:
        """Check the application in a process of its own, then serve until a signal ends that."""
        if not self.cfg.preload_app and not try_in_child(self.load, complain):
            raise SystemExit(1)
        self._raise_descriptors()
        arbiter = Arbiter(self)
        announce(arbiter)
        arbiter.run()
