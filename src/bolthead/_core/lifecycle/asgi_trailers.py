"""Trailers over ASGI (RFC 9110, 6.5): header fields that follow the body."""

from __future__ import annotations

from typing import Any

TRAILERS = "bolthead.trailers"
TRAILERS_EXTENSION = "http.response.trailers"


class Trailers:
    """``environ["bolthead.trailers"]``: called with (name, value) pairs of str, it adds them to what follows the body.

    They are sent where the response has a ``Trailer`` header, which announces their names; a stream may give them as
    late as with its last piece. Raises ValueError for a line break.
    """

    __slots__ = ("announced", "pairs", "send_message")

    def __init__(self, send_message: Any) -> None:
        self.send_message = send_message
        self.pairs: list[tuple[bytes, bytes]] = []
        self.announced = False

    def __call__(self, headers: Any) -> None:
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        if any(b"\r" in text or b"\n" in text for pair in pairs for text in pair):
            raise ValueError("A trailer has a line break.")
        self.pairs += pairs

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message of the response, the last one with the trailers after it."""
        if message["type"] == "http.response.start":
            self.announced = any(name == b"trailer" for name, _ in message["headers"])
            if self.announced:
                message["trailers"] = True
        await self.send_message(message)
        if self.announced and message["type"] != "http.response.start" and not message.get("more_body"):
            await self.send_message({"type": TRAILERS_EXTENSION, "headers": self.pairs, "more_trailers": False})
