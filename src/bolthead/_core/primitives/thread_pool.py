"""Threads that call functions for an event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any

from .objects import Semaphore

Jobs = deque[tuple[Callable[..., Any], tuple[Any, ...]] | None]


class ThreadPool:
    """At most *most* threads, started as they are needed. They end when the pool is no longer used.

    FAST (asgi sync): it keeps no futures and takes no lock, which is most of what `ThreadPoolExecutor.submit` costs. So
    a function reports its outcome itself, and must not raise. It may return a function that does so, which is called
    when the thread counts as idle: what follows then stays in the thread, unless others are given something meanwhile.
    Of the idle threads the last to become idle is woken, whose memory is still in the cache.
    """

    def __init__(self, most: int, name: str) -> None:
        self.most = most
        self.name = name
        self.started = 0
        self._jobs: Jobs = deque()
        # What each thread that waits is woken by: appended by it, popped by who gives it something to do.
        self._idle: deque[Semaphore] = deque()
        self._starting = Lock()

    def submit(self, func: Callable[..., Any], *args: Any) -> None:
        """Call ``func(*args)`` in a thread, after what was submitted before.

        RuntimeError where there is no thread, and none can be started.
        """
        job = (func, args)
        self._jobs.append(job)
        try:
            wake = self._idle.pop()
        except IndexError:
            if self.started < self.most:
                self._start(job)
        else:
            wake.release()

    def _start(self, job: Any) -> None:
        """Start a thread, for *job*; where none can be started, those that are there do it, if there are any."""
        with self._starting:
            if self.started >= self.most:
                return
            # As daemons: a server has answered its requests before the interpreter ends, and these would be waited for.
            name = f"{self.name}_{self.started + 1}"
            try:
                Thread(target=work, args=(self._jobs, self._idle), name=name, daemon=True).start()
            except RuntimeError:
                if self.started:
                    return
                self._jobs.remove(job)
                raise
            self.started += 1

    def __del__(self) -> None:
        self._jobs.extend([None] * self.started)
        try:
            while True:
                self._idle.pop().release()
        except IndexError:
            pass


def work(jobs: Jobs, idle: deque[Semaphore]) -> None:
    """What a thread of a pool does. It has no reference to the pool itself."""
    wake = Semaphore()
    while True:
        report = None
        try:
            job = jobs.popleft()
        except IndexError:
            pass
        else:
            if job is None:
                return
            func, args = job
            report = func(*args)
            del job, func, args
            if report is None:
                continue
        idle.append(wake)
        if report is not None:
            report()
            del report
        # What was submitted before this thread could be seen as idle has woken nothing.
        if not jobs or not taken_back(wake, idle):
            wake.acquire()


def taken_back(wake: Semaphore, idle: deque[Semaphore]) -> bool:
    """Whether *wake* could be removed from *idle*: another thread may have popped it, and releases it."""
    try:
        idle.remove(wake)
    except ValueError:
        return False
    return True
