"""The websocket of an ASGI connection; ``bolthead.websocket`` is a proxy of the current one."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import Headers

from . import json
from .wrappers import Request

if t.TYPE_CHECKING:
    from ._core.lifecycle.websockets import Connection

CLOSE_CODES = (range(1000, 1004), range(1007, 1015), range(3000, 5000))
"""Those that an endpoint may send: 1004 has no meaning yet, 1005, 1006 and 1015 stand for closes without a code."""
REASON_BYTES = 123
"""What a control frame holds beside a code (RFC 6455, 5.5)."""


class Websocket(Request):
    """The handshake of a websocket (RFC 6455), with all that a request has, and the messages both ways.

    Only over ASGI. In a view use the proxy ``bolthead.websocket``; what it does not accept is refused with 403.
    """

    _connection: Connection

    @property
    def requested_subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, in its order; give one of them to `accept`."""
        return list(self._connection.scope.get("subprotocols") or ())

    async def accept(self, headers: t.Any = None, subprotocol: str | None = None) -> None:
        """Accept the connection, with response *headers*; `receive` and `send` do it by themselves.

        Without effect when it was accepted before.
        """
        await self._connection.accept(list(Headers(headers)), subprotocol)

    async def receive(self) -> str | bytes:
        """The next message. A client that has gone cancels the view: ``asyncio.CancelledError`` is raised here."""
        connection = self._connection
        awaitable = connection.next_message()
        try:
            message = await awaitable
        except BaseException:
            connection.received(awaitable)
            raise
        return connection.data_of(message, awaitable)

    async def receive_json(self) -> t.Any:
        """The next message, read by the application's JSON provider. Raises ValueError if it is none."""
        return json.loads(await self.receive())

    async def send(self, data: str | bytes) -> None:
        """Send a message, *str* as text, *bytes* as binary; else TypeError. Waits while the client takes no more.

        A client that has gone cancels the view, as with `receive`.
        """
        connection = self._connection
        awaitable = None
        try:
            awaitable = connection.send_data(data)
            await awaitable
        except (OSError, RuntimeError) as error:
            await connection.sending_failed(error)
        finally:
            connection.sent(awaitable)

    async def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Send a value, or several as a list, or named ones as an object, as a text of JSON; not both (TypeError)."""
        if args and kwargs:
            raise TypeError("Give either positional or named arguments, not both.")
        value = args[0] if len(args) == 1 else args or kwargs
        await self.send(json.dumps(value))

    async def close(  # type: ignore[override]
        self, code: int = 1000, reason: str = ""
    ) -> None:
        """Close the connection; before it is accepted that refuses it, with 403.

        Without effect when it was closed before. To send or accept then raises RuntimeError.

        *code* says why, as RFC 6455, 7.4 has it: 1000 to 1003, 1007 to 1014, or of 3000 to 4999, which are for
        libraries and applications; ValueError for any other, which cannot be sent. *reason* is a text for the client,
        of 123 bytes in UTF-8 at most, else ValueError.
        """
        if not any(code in codes for codes in CLOSE_CODES):
            raise ValueError(f"A websocket cannot be closed with code {code!r}; see RFC 6455, 7.4.")
        if (size := len(reason.encode())) > REASON_BYTES:
            raise ValueError(f"The reason of a close has {size} bytes; {REASON_BYTES} can be sent.")
        await self._connection.close_with(code, reason)
