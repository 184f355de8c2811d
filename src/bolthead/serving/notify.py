"""What systemd is told about the state of the service (sd_notify)."""

from __future__ import annotations

import os
import time
from typing import Any

from gunicorn.systemd import sd_notify


class Supervisor:
    """The service manager, if there is one: it is told that the server reloads, stops and lives."""

    def __init__(self, log: Any) -> None:
        self.log = log
        self.present = "NOTIFY_SOCKET" in os.environ
        usec = os.environ.get("WATCHDOG_USEC", "")
        own = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.interval = int(usec) / 1e6 / 2 if usec.isdigit() and own else 0.0
        self.next = 0.0

    def tell(self, state: str) -> None:
        if self.present:
            sd_notify(state, self.log)

    def reloading(self) -> None:
        self.tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def ready(self) -> None:
        self.tell("READY=1")

    def stopping(self) -> None:
        self.tell("STOPPING=1")

    def alive(self) -> None:
        """Called about once a second."""
        if self.interval and time.monotonic() >= self.next:
            self.next = time.monotonic() + self.interval
            self.tell("WATCHDOG=1")
