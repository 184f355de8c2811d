"""The state of a thread that runs a request of the ASGI driver.

Read where synchronous code has to run something async: by `Flask.async_to_sync`, and by the iteration of a response.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any


class Place(threading.local):
    """``hop``: the hop that this worker thread is on. ``on_loop``: a view is being called on its event loop."""

    hop: Any = None
    on_loop = False


place = Place()


def bridge(func: Any) -> Any:
    """A function that runs coroutine function *func* in a request over ASGI; None where there is no such request."""
    if place.hop is not None:
        return place.hop.bridge(func)
    return func if place.on_loop else None


def iterate(body: Any) -> Iterator[Any]:
    """The items of an async iterable, for a worker thread; TypeError in a thread that serves no request over ASGI."""
    if place.hop is None or not hasattr(body, "__aiter__"):
        return iter(body)
    return _iterate(body)


def _iterate(body: Any) -> Iterator[Any]:
    iterator = aiter(body)
    try:
        while True:
            try:
                item = place.hop.wait_for(iterator.__anext__, (), {})
            except StopAsyncIteration:
                break
            yield item
    finally:
        if hasattr(iterator, "close_items"):
            # A stream with contexts, which this thread pushed and has to pop.
            try:
                place.hop.wait_for(iterator.close_items, (), {})
            finally:
                iterator.pop()
        elif hasattr(iterator, "aclose"):
            place.hop.wait_for(iterator.aclose, (), {})
