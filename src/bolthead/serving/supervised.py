"""What both workers of ``bolthead serve`` have for its arbiter: how far they are, and signals that are never lost."""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Iterator
from typing import Any

from gunicorn.workers import base

from .early_exit import EarlyExit
from .log_files import can_be_reopened

SINCE = struct.Struct("d")


class Supervised(base.Worker):  # type: ignore[misc]
    """A gunicorn worker that tells the arbiter, through memory they share, whether it serves or retires."""

    alive: bool
    booted: bool
    early_exit: EarlyExit

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flags = mmap.mmap(-1, mmap.PAGESIZE)
        """Whether this worker serves, whether it retires, and since when it serves."""
        self.asked_to_stop = False

    def init_process(self) -> None:
        try:
            super().init_process()
        except Exception:
            if self.booted or self.alive:
                raise
            # A signal to stop came while the application was imported, and its code made an error of that.
            sys.exit(0)

    def load_wsgi(self) -> None:
        super().load_wsgi()
        if not self.alive:
            # And its code has made nothing of it.
            sys.exit(0)

    def begin_serving(self) -> None:
        self.early_exit.close()
        SINCE.pack_into(self.flags, SINCE.size, time.monotonic())
        self.flags[0] = 1

    def serving(self) -> bool:
        """Whether it has begun to serve; the arbiter may ask."""
        return self.flags[0] == 1

    def serving_since(self) -> float:
        """When it began to serve, by the monotonic clock."""
        return float(SINCE.unpack_from(self.flags, SINCE.size)[0])

    def retiring(self) -> bool:
        """Whether it ends by itself, so that the arbiter may start the next one already."""
        return self.flags[1] == 1

    def init_signals(self) -> None:
        # Since the fork, the arbiter's handler has taken what came, and put it where nothing looks any more.
        arbiter = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        self.early_exit = EarlyExit()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        self.set_handlers()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for sig in taken_by(arbiter):
            if sig in self.SIGNALS:
                os.kill(os.getpid(), sig)

    def set_handlers(self) -> None:
        super().init_signals()

    def exit_early(self, *signal_and_frame: Any) -> None:
        # Nothing is being answered yet; the application may take long to import.
        self.alive = False
        self.early_exit()

    def handle_usr1(self, sig: int, frame: Any) -> None:
        if can_be_reopened(self.log):
            super().handle_usr1(sig, frame)


def taken_by(arbiter: Any) -> Iterator[int]:
    """The signals in the queue of an arbiter, which this process has a copy of."""
    signals = getattr(arbiter, "SIG_QUEUE", None)
    while signals is not None and not signals.empty():
        yield signals.get_nowait()
