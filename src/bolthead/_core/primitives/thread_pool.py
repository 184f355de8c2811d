"""Threads that call functions for an event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

Jobs = SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None]


class ThreadPool:
    """At most *most* threads, started as they are needed. They end when the pool is no longer used.

    FAST (asgi sync): it keeps no futures and takes no lock, which is most of what `ThreadPoolExecutor.submit` costs. So
    a function tells its outcome itself, and must not raise.
    """

    def __init__(self, most: int, name: str) -> None:
        self.most = most
        self.name = name
        self.started = 0
        self._jobs: Jobs = SimpleQueue()
        # One entry for each thread that waits: appended by it, popped by who gives it something to do.
        self._idle: deque[None] = deque(maxlen=most)
        self._starting = Lock()

    def submit(self, func: Callable[..., Any], *args: Any) -> None:
        """Call ``func(*args)`` in a thread, after what was submitted before."""
        self._jobs.put((func, args))
        try:
            self._idle.pop()
        except IndexError:
            if self.started < self.most:
                self._start()

    def _start(self) -> None:
        with self._starting:
            if self.started >= self.most:
                return
            self.started += 1
            number = self.started
        # As daemons: a server has answered its requests before the interpreter ends, and these would be waited for.
        Thread(target=work, args=(self._jobs, self._idle), name=f"{self.name}_{number}", daemon=True).start()

    def __del__(self) -> None:
        for _ in range(self.started):
            self._jobs.put(None)


def work(jobs: Jobs, idle: deque[None]) -> None:
    """What a thread of a pool does. It has no reference to the pool itself."""
    while (job := jobs.get()) is not None:
        func, args = job
        func(*args)
        del job, func, args
        idle.append(None)
