"""As much of ``select``'s kqueue as the server uses, on Linux's epoll."""

from __future__ import annotations

import select
import threading
from types import SimpleNamespace
from typing import Any

READ, WRITE = -1, -2
ADD, DELETE, ONESHOT = 1, 2, 0x10


class Kqueue:
    """Each descriptor has one filter at a time, which is all that the server asks for."""

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.lock = threading.Lock()

    def control(self, changes: Any, most: int, timeout: float | None = None) -> list[Any]:
        for change in changes or ():
            with self.lock:
                self._apply(change)
        if not most:
            return []
        # PyPy's takes no None.
        return [SimpleNamespace(ident=fd) for fd, _ in self.epoll.poll(-1 if timeout is None else timeout, most)]

    def _apply(self, change: Any) -> None:
        fd = change.ident
        if change.flags & DELETE:
            self.epoll.unregister(fd)
            return
        mask = select.EPOLLIN if change.filter == READ else select.EPOLLOUT
        mask |= select.EPOLLONESHOT if change.flags & ONESHOT else 0
        try:
            self.epoll.modify(fd, mask)
        except FileNotFoundError:
            self.epoll.register(fd, mask)

    def close(self) -> None:
        self.epoll.close()


def install(monkeypatch: Any) -> None:
    """Let ``select`` have it."""
    names = {"KQ_FILTER_READ": READ, "KQ_FILTER_WRITE": WRITE}
    names |= {"KQ_EV_ADD": ADD, "KQ_EV_DELETE": DELETE, "KQ_EV_ONESHOT": ONESHOT, "kqueue": Kqueue}
    names["kevent"] = lambda ident, filter, flags: SimpleNamespace(ident=ident, filter=filter, flags=flags)
    for name, value in names.items():
        monkeypatch.setattr(select, name, value, raising=False)
