"""Early hints over ASGI (RFC 8297), under the key of the environ that gunicorn gave them."""

from __future__ import annotations

from asyncio import create_task, gather
from typing import Any

from ..primitives.place import place
from .steps import TO_LOOP

EARLY_HINTS = "wsgi.early_hints"
HINTS_EXTENSION = "http.response.early_hint"


class EarlyHints:
    """``environ["wsgi.early_hints"]``: called with (name, value) pairs of str, it sends those that are links.

    A plain function is back when they are sent; for an async one a task sends them, and the response waits for that.
    Raises ValueError for a line break. Once the response begins, nothing is sent.
    """

    __slots__ = ("send_message", "tasks")

    def __init__(self, send_message: Any) -> None:
        self.send_message = send_message
        self.tasks: list[Any] | None = []

    def __call__(self, headers: Any) -> None:
        links = [value.encode("latin-1") for name, value in headers if name.lower() == "link"]
        if any(b"\r" in link or b"\n" in link for link in links):
            raise ValueError("A header of early hints has a line break.")
        if not links or self.tasks is None:
            return
        message = {"type": HINTS_EXTENSION, "links": links}
        if place.hop is not None:
            place.hop.wait_for(self.send_message, (message,), {})
        else:
            self.tasks.append(create_task(self.send_message(message)))

    async def settle(self, exchange: Any) -> None:
        """Wait until all are sent, or cannot be: the response begins."""
        tasks, self.tasks = self.tasks, None
        if tasks:
            if exchange.in_thread:
                await TO_LOOP
            await gather(*tasks, return_exceptions=True)
