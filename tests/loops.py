"""Requests to async views that must not hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from oracle import Framework


def in_time(function: Callable[..., Any], *args: Any) -> Any:
    """The call in a thread of its own, which must not hang."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(function(*args))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)
    assert found, "it hangs"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def answers(
    fw: Framework, view: Callable[..., Any], times: int = 1, threads: list[int] | None = None, **options: Any
) -> list[Any]:
    """What so many requests in one thread to an application with this view say. *threads* gets that thread."""
    app = fw.app(**options)
    app.add_url_rule("/", "view", view)

    def ask() -> list[Any]:
        if threads is not None:
            threads.append(threading.get_ident())
        return [fw.get(app)[::2] for _ in range(times)]

    found: list[Any] = in_time(ask)
    return found
