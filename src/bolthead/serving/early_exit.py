"""Ending a process that is still starting, from a signal's handler, whatever code the signal interrupts."""

from __future__ import annotations

import os
import signal
import sys

# Both as they are before an application has gevent replace them.
from _thread import start_new_thread
from time import sleep
from typing import Any


class EarlyExit:
    """Raises :exc:`SystemExit`, and does so again where Python cannot hand it on.

    That is in the callback of a weak reference, of which an import runs many, and in ``__del__``. Such an exception
    goes to :func:`sys.unraisablehook`, which would print it.
    """

    def __init__(self) -> None:
        self.asked = False
        self._lost = False
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._on_unraisable

    def __call__(self, *signal_and_frame: Any) -> None:
        if not self.asked or self._lost:
            # One that comes later must not interrupt the end.
            self.asked, self._lost = True, False
            sys.exit(0)

    def close(self) -> None:
        """The process has started."""
        if sys.unraisablehook == self._on_unraisable:
            sys.unraisablehook = self._hook

    def _on_unraisable(self, unraisable: Any, /) -> None:
        if self.asked and issubclass(unraisable.exc_type, SystemExit):
            self._lost = True
            start_new_thread(_ask_again, ())
        else:
            self._hook(unraisable)


def _ask_again() -> None:
    """By then the main thread has left what it was in, or is about to."""
    sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
