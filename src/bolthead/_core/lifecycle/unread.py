"""The messages of a websocket that its view has not read yet."""

from __future__ import annotations

import asyncio
from typing import Any

ROOM = 1024 * 1024
"""How large the messages of a client may become together that wait for a view that does something else."""
MESSAGE = 512
"""What one takes in memory beside its text."""
LEFT = {"type": "websocket.disconnect"}


class Messages(asyncio.Queue[dict[str, Any]]):
    """Those that wait for the view, bounded by their size: that the client has left is told behind them."""

    size = 0
    ended = False

    def full(self) -> bool:
        return self.size >= ROOM and not self.ended

    def end(self) -> None:
        """No more will come, which whoever waits for one is told."""
        self.ended = True
        self.put_nowait(LEFT)

    def _put(self, item: dict[str, Any]) -> None:
        super()._put(item)
        self.size += size_of(item)

    def _get(self) -> dict[str, Any]:
        message = super()._get()
        self.size -= size_of(message)
        return message


def size_of(message: dict[str, Any]) -> int:
    return MESSAGE + len(message.get("text") or message.get("bytes") or "")
