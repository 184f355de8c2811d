"""gunicorn's ASGI worker, as the arbiter of ``bolthead serve`` needs it."""

from __future__ import annotations

import signal
import sys
from typing import Any

from gunicorn.workers.gasgi import ASGIWorker

from .log_files import can_be_reopened
from .supervised import Supervised


class Worker(Supervised, ASGIWorker):  # type: ignore[misc]
    """It tells how far it is, and finishes its requests on SIGINT too."""

    def notify(self) -> None:
        """Called about once a second while it serves."""
        if self.servers and not self.serving():
            self.begin_serving()
        super().notify()

    def set_handlers(self) -> None:
        super().set_handlers()
        # An event loop that does not run yet is told of no signal; the application may take long to import.
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(sig, self._exit_early)

    def _exit_early(self, sig: int, frame: Any) -> None:
        self.alive = False
        sys.exit(0)

    def run(self) -> None:
        self.loop.call_soon(self._set_handlers_of_loop)
        super().run()

    def _set_handlers_of_loop(self) -> None:
        self.loop.add_signal_handler(signal.SIGTERM, self.handle_exit_signal)
        # A terminal sends it to the workers too; the arbiter decides what it means.
        self.loop.add_signal_handler(signal.SIGINT, self.handle_exit_signal)
        self.loop.add_signal_handler(signal.SIGQUIT, self.handle_quit_signal)

    def handle_usr1_signal(self) -> None:
        if can_be_reopened(self.log):
            super().handle_usr1_signal()

    async def _shutdown(self) -> None:
        # After its number of requests: the next one need not wait for the last of these.
        self.flags[1] = 1
        await super()._shutdown()
