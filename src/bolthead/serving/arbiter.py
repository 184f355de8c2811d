"""gunicorn's arbiter, with the three things that ``bolthead serve`` promises beyond it: broken code never replaces
code that works, a worker that keeps dying does not end the others, and a worker that retires is replaced first."""

from __future__ import annotations

import queue
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from gunicorn import arbiter
from gunicorn.errors import HaltServer

from .binds import ServeError
from .check import try_in_child
from .log_files import can_be_reopened
from .notify import Supervisor
from .worker import Worker

YOUNG = 5.0
"""Seconds of serving within which a worker's death counts as one of a row."""
DEATHS_WITHOUT_PAUSE = 5
"""Deaths in a row before the next worker has to wait."""
LONGEST = 30.0
"""Seconds that it waits at most."""
FORGOTTEN = 2 * LONGEST
"""Seconds without a death after which those before it are no part of a row."""


class StopAsked(Exception):
    """A signal to stop has come while a reload waits for the workers of before."""


class Arbiter(arbiter.Arbiter):  # type: ignore[misc]
    """The process that starts, watches and replaces the workers."""

    def __init__(self, app: Any, announce: Callable[[Any], None]) -> None:
        self.announce = announce
        self.deaths = 0
        self.last_death = 0.0
        self.spawn_at = 0.0
        self.halting = False
        self.waiting: list[int] | None = None
        """Signals that came during a reload, for after it."""
        super().__init__(app)
        self.supervisor = Supervisor(self.log)
        # For USR2: as this process was started, `python -m bolthead` too.
        self.START_CTX["args"] = [sys.executable, *sys.orig_argv[1:]]

    def start(self) -> None:
        super().start()
        self.announce(self)

    # Workers

    def manage_workers(self) -> None:
        self.supervisor.alive()
        if time.monotonic() < self.spawn_at and any(worker.serving() for worker in self._serving()):
            # The others go on; where there are none, nothing is won by waiting.
            return
        self._replace_retiring()
        super().manage_workers()

    def _serving(self) -> list[Any]:
        return [worker for worker in self.WORKERS.values() if not worker.retiring()]

    def _replace_retiring(self) -> None:
        for _ in range(min(self.num_workers - len(self._serving()), len(self.WORKERS))):
            if len(self.WORKERS) < 2 * self.num_workers:
                self.spawn_worker()

    def reap_workers(self) -> None:
        if self.waiting is not None and self._asked_to_stop(self.waiting):
            raise StopAsked
        before = dict(self.WORKERS)
        while True:
            try:
                super().reap_workers()
                break
            except HaltServer as halt:
                if self.halting:
                    continue
                if not any(worker.serving() for worker in self.WORKERS.values()):
                    raise
                self.log.error("%s The other workers go on.", halt.reason)
        for pid in before.keys() - self.WORKERS.keys():
            self._count_death(before[pid])

    def _count_death(self, worker: Any) -> None:
        """Have the next worker wait, the longer the more have died young."""
        if worker.retiring() or worker.asked_to_stop:
            return
        now = time.monotonic()
        if worker.serving() and now - worker.serving_since() > YOUNG:
            self.deaths = 0
            return
        if now - self.last_death > FORGOTTEN:
            self.deaths = 0
        self.last_death = now
        self.deaths += 1
        if self.deaths > DEATHS_WITHOUT_PAUSE:
            pause = min(0.5 * 2 ** (self.deaths - DEATHS_WITHOUT_PAUSE - 1), LONGEST)
            self.log.warning("Workers keep dying; the next one starts in %g seconds.", pause)
            self.spawn_at = now + pause

    def kill_worker(self, pid: int, sig: int) -> None:
        worker = self.WORKERS.get(pid)
        if worker is not None and sig in (signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL):
            worker.asked_to_stop = True
        super().kill_worker(pid, sig)

    # Signals

    def handle_int(self) -> None:
        """Control-C: as TERM. A second one ends the requests in flight too."""
        raise StopIteration

    def handle_usr1(self) -> None:
        if can_be_reopened(self.log):
            super().handle_usr1()

    def reload(self) -> None:
        """HUP: replace the workers, unless the new code or configuration does not load."""
        self.supervisor.reloading()
        waiting = self.waiting = []
        if try_in_child(self._try_reload, self._complain, lambda: self._asked_to_stop(waiting)):
            self.deaths, self.spawn_at = 0, 0.0
            try:
                super().reload()
            except StopAsked:
                # They are told to end with the new ones.
                pass
        elif not waiting:
            self.log.error("The reload was given up; the workers go on with what they have.")
        self.waiting = None
        for number in waiting:
            self.SIG_QUEUE.put_nowait(number)
        self.supervisor.ready()

    def _try_reload(self) -> None:
        self.app.reload()
        self.app.check(self.address)
        self.app.load()

    def _complain(self, error: BaseException) -> None:
        if isinstance(error, ServeError):
            self.log.error("%s", error)
        else:
            self.log.error("The application cannot be loaded.", exc_info=error)

    def _asked_to_stop(self, waiting: list[int]) -> bool:
        try:
            waiting.append(self.SIG_QUEUE.get_nowait())
        except queue.Empty:
            pass
        return bool({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT} & set(waiting))

    def stop(self, graceful: bool = True) -> None:
        if Worker.admin is not None:
            # Unless there is another server after USR2, as gunicorn does it with the other sockets.
            Worker.admin.close(unlink=self.reexec_pid == self.master_pid == 0)
        super().stop(graceful)

    def halt(self, reason: str | None = None, exit_status: int = 0) -> None:
        self.halting = True
        self.supervisor.stopping()
        super().halt(reason, exit_status)
