"""The messages of an ASGI response, on both builds."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType


class Text(str):
    pass


def test_start(load: Callable[[str], ModuleType]) -> None:
    messages = load("bolthead._core.response.asgi_messages")
    for _ in range(2):
        assert messages.start_message(200, [("X-A", "é"), (Text("x-a"), Text(""))]) == {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"x-a", b"\xe9"), (b"x-a", b"")],
        }


def test_body(load: Callable[[str], ModuleType]) -> None:
    messages = load("bolthead._core.response.asgi_messages")
    assert messages.body_message(b"x", True) == {"type": "http.response.body", "body": b"x", "more_body": True}
    assert messages.body_message(b"", False)["more_body"] is False
