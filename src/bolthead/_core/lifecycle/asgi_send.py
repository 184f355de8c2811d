"""A response on its way to an ASGI server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from os.path import samestat
from typing import Any

from werkzeug.wsgi import FileWrapper, _RangeWrapper

from ..primitives.context_vars import Rest, advance
from ..response.asgi_messages import body_message, sent_body, sent_start, start_message
from ..response.file_response import FileBody
from ..response.send import TEXT, Stream, pairs_of_whole_body
from .steps import TO_LOOP, TO_THREAD, waiting_hop

FILE_PIECE = 64 * 1024
"""Bytes of a file that one turn of a thread reads."""
PATH_SEND = "http.response.pathsend"
_END: Any = object()


class StartResponse:
    """What a WSGI application calls to begin its answer."""

    __slots__ = ("code", "pairs", "written")

    def __init__(self) -> None:
        self.code: Any = None
        self.pairs: list[tuple[str, str]] = []
        self.written: list[bytes] = []

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        # WSGI: a second call, with exc_info, takes the place of the first, as long as nothing was sent.
        self.code = int(status.partition(" ")[0])
        self.pairs = headers
        return self.written.append


class Answer:
    """An answer that is made and not sent: status *code*, header *pairs*, and a *body*.

    The body is bytes, or an iterable of bytes, an async one with ``is_async``. *response* is closed when all is sent,
    if it is given. *start* is set where the headers come with the first piece only.
    """

    __slots__ = ("bodiless", "body", "code", "is_async", "pairs", "response", "start")

    def __init__(self, code: Any, pairs: Any, body: Any, response: Any = None, is_async: bool = False) -> None:
        self.code = code
        self.pairs = pairs
        self.body = body
        self.response = response
        self.is_async = is_async
        self.start: StartResponse | None = None
        self.bodiless = False


def new_answer(code: Any, pairs: Any, body: Any) -> Answer:
    """FAST (asgi json-body): an answer whose constructor is not called."""
    answer = Answer.__new__(Answer)
    answer.code = code
    answer.pairs = pairs
    answer.body = body
    answer.response = None
    answer.is_async = False
    answer.start = None
    answer.bodiless = False
    return answer


def start_of(answer: Answer) -> dict[str, Any]:
    """The message that begins *answer*."""
    if answer.code is None:
        raise RuntimeError("The WSGI application did not call 'start_response'.")
    return start_message(answer.code, answer.pairs)


def whole_answer(stock: bool, response: Any, is_head: bool) -> Answer | None:
    """The answer of a response whose body is in memory; None where it takes more to tell."""
    if not stock:
        return None
    pairs = pairs_of_whole_body(response)
    if pairs is None:
        return None
    body = response.response
    if is_head:
        data = b""
    else:
        data = body[0] if len(body) == 1 else b"".join(body)
    return new_answer(response._status_code, pairs, data)


def answer_of(response: Any, environ: dict[str, Any]) -> Answer:
    """Any other response, or WSGI application: it is called as a WSGI server does. Runs in a thread."""
    body = getattr(response, "response", None)
    if hasattr(body, "__aiter__"):
        pairs = list(response.get_wsgi_headers(environ))
        code = response.status_code
        bodiless = environ["REQUEST_METHOD"] == "HEAD" or 100 <= code < 200 or code in (204, 304)
        answer = Answer(code, pairs, body, response, True)
        answer.bodiless = bodiless
        return answer
    return answer_of_call(response, environ, getattr(response, "is_sequence", False))


def answer_of_call(application: Any, environ: dict[str, Any], is_whole: bool) -> Answer:
    """What a WSGI application answers. Joined where all of it is in memory anyway."""
    start = StartResponse()
    iterable = application(environ, start)
    answer = Answer(start.code, start.pairs, iterable)
    kind = type(iterable)
    if kind is Stream and hasattr(iterable.source(), "__aiter__"):
        answer.body, answer.is_async = iterable.source(), True
    elif kind is list or kind is tuple or is_whole:
        try:
            answer.body = b"".join([*start.written, *iterable])
        finally:
            close(iterable)
        answer.code, answer.pairs = start.code, start.pairs
    else:
        answer.start = start
    return answer


class ContextStream:
    """The body of an async generator that needs the contexts: they stay pushed until it is closed.

    The driver pops them in the context of the request, where they have to be pushed for that. A view for which a worker
    thread waits has a copy of it: there the thread does it, when the view has returned.
    """

    __slots__ = ("_app_ctx", "_items", "_req_ctx")

    def __init__(self, items: Any, app_ctx: Any, req_ctx: Any) -> None:
        self._items = aiter(items)
        self._app_ctx = app_ctx
        self._req_ctx = req_ctx
        hop = waiting_hop()
        if hop is None:
            self.push()
        else:
            hop.streams = [*(hop.streams or ()), self]

    def push(self) -> None:
        self._app_ctx.push()
        self._req_ctx.push()

    def pop(self) -> None:
        """Pop the contexts, whose teardown functions may block. Runs in a thread."""
        self._req_ctx.pop()
        self._app_ctx.pop()

    def __aiter__(self) -> Any:
        return self

    def __anext__(self) -> Any:
        return self._items.__anext__()

    async def close_items(self) -> None:
        if hasattr(self._items, "aclose"):
            await self._items.aclose()

    async def aclose(self) -> None:
        """Close the generator and pop the contexts. For the driver alone, which goes to a thread for it."""
        try:
            await self.close_items()
        finally:
            await TO_THREAD
            self.pop()
            await TO_LOOP


def close(iterable: Any) -> None:
    if hasattr(iterable, "close"):
        iterable.close()


def piece_of(iterator: Any, is_file: bool) -> Any:
    """The next piece, of a file several at once; `_END` after the last."""
    piece = next(iterator, _END)
    if not is_file or piece is _END:
        return piece
    pieces = [piece]
    size = len(piece)
    while size < FILE_PIECE:
        piece = next(iterator, _END)
        if piece is _END:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def check_piece(piece: Any) -> None:
    """A server takes a number for so many zeros, and sends them."""
    if type(piece) is not bytes and not isinstance(piece, (bytes, bytearray, memoryview)):
        raise TypeError(f"A stream sends str or bytes, not {type(piece).__name__}.")


def transmit_whole(send: Callable[..., Any], start: dict[str, Any], body: bytes) -> Any:
    """Send both messages of an answer. Returns None, or the coroutine of what is left where one has to wait."""
    sent = advance(send(start))
    if type(sent) is Rest:
        return transmit_rest(send, sent, body)
    sent_start(start)
    message = body_message(body, False)
    sent = advance(send(message))
    if type(sent) is Rest:
        return transmit_rest(send, sent, None)
    sent_body(message, body)
    return None


async def transmit_rest(send: Callable[..., Any], sent: Any, body: bytes | None) -> None:
    await sent
    if body is not None:
        await send(body_message(body, False))


async def transmit(exchange: Any, answer: Answer) -> None:
    """Send *answer*, whole or piece by piece. Waits where the server takes no more for now."""
    if exchange.hints is not None:
        await exchange.hints.settle(exchange)
    body = answer.body
    if type(body) is bytes:
        if exchange.in_thread:
            await TO_LOOP
        await exchange.send_message(start_of(answer))
        await exchange.send_message(body_message(body, False))
    elif answer.is_async:
        await transmit_async(exchange, answer)
    else:
        await transmit_iterable(exchange, answer)


async def transmit_async(exchange: Any, answer: Answer) -> None:
    if exchange.in_thread:
        await TO_LOOP
    try:
        await exchange.send_message(start_of(answer))
        if not answer.bodiless:
            async for piece in answer.body:
                if piece:
                    data = piece.encode() if isinstance(piece, TEXT) else piece
                    check_piece(data)
                    await exchange.send_message(body_message(data, True))
        await exchange.send_message(body_message(b"", False))
    finally:
        try:
            if hasattr(answer.body, "aclose"):
                await answer.body.aclose()
        finally:
            if answer.response is not None and answer.response._on_close:
                if not exchange.in_thread:
                    await TO_THREAD
                answer.response.close()


async def transmit_iterable(exchange: Any, answer: Answer) -> None:
    """Iterate in a thread, and send each piece from the loop."""
    iterable: Iterable[bytes] = answer.body
    try:
        path = path_of(exchange, iterable)
        if path is not None:
            if exchange.in_thread:
                await TO_LOOP
            await exchange.send_message(start_of(answer))
            await exchange.send_message({"type": PATH_SEND, "path": path})
            return
        is_file = isinstance(iterable, (FileWrapper, _RangeWrapper))
        started = False
        iterator: Any = None
        while True:
            if not exchange.in_thread:
                await TO_THREAD
            if iterator is None:
                iterator = iter(iterable)
            piece = piece_of(iterator, is_file)
            start = answer.start
            if not started and start is not None:
                # WSGI: the application may call `start_response` as late as with its first piece.
                answer.code, answer.pairs = start.code, start.pairs
                if start.written:
                    piece = b"".join(start.written) + (b"" if piece is _END else piece)
            if piece and piece is not _END:
                check_piece(piece)
            await TO_LOOP
            if not started:
                started = True
                await exchange.send_message(start_of(answer))
            elif piece is not _END and exchange.watchable:
                # Sending need not wait, also if the client has left: then nothing else would end an endless stream.
                exchange.suspended()
            if piece is _END:
                break
            if piece:
                await exchange.send_message(body_message(piece, True))
        await exchange.send_message(body_message(b"", False))
    finally:
        if hasattr(iterable, "close"):
            if not exchange.in_thread:
                await TO_THREAD
            iterable.close()


class Refusal:
    """In place of an exchange: gathers an answer that refuses a websocket. Not every server takes pieces of it."""

    __slots__ = ("connection", "pieces", "start")

    hints = None
    scope: dict[str, Any] = {}
    watchable = False
    """The connection watches its client by itself."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.start: dict[str, Any] = {}
        self.pieces: list[bytes] = []

    @property
    def in_thread(self) -> bool:
        return self.connection.in_thread  # type: ignore[no-any-return]

    async def send_message(self, message: dict[str, Any]) -> None:
        if "status" in message:
            self.start = message
        else:
            self.pieces.append(message["body"])


def path_of(exchange: Any, iterable: Any) -> str | None:
    """The path of a file that the server can send by itself, from its beginning; else None."""
    if PATH_SEND not in (exchange.scope.get("extensions") or ()) or type(iterable) not in (FileWrapper, FileBody):
        return None
    file = iterable.file
    path = getattr(file, "name", None)
    if not isinstance(path, str) or path[:1] != "/":
        return None
    try:
        # The name may stand for another file by now, or for none.
        same = file.tell() == 0 and samestat(os.stat(path), os.fstat(file.fileno()))
    except (OSError, ValueError):
        return None
    return path if same else None
