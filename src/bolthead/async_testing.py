"""The test client of an application over ASGI: requests, streams, websockets and the lifespan, without a server."""

from __future__ import annotations

import asyncio
import sys
import typing as t
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from types import TracebackType

from werkzeug.datastructures import Headers
from werkzeug.test import ClientRedirectError, EnvironBuilder
from werkzeug.wrappers import Request as BaseRequest

from ._core.request.scope import TEST_ENVIRON
from .testing import FlaskClient

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import TestResponse

    from .app import Flask
    from .sessions import SessionMixin

REDIRECTS = frozenset((301, 302, 303, 305, 307, 308))
PIECE = 64 * 1024
_IN_SCOPE = frozenset(
    (
        *("CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REMOTE_ADDR"),
        *("REMOTE_PORT", "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT"),
        *("SERVER_PROTOCOL", "wsgi.input", "wsgi.input_terminated", "wsgi.multiprocess", "wsgi.multithread"),
        *("wsgi.run_once", "wsgi.url_scheme", "wsgi.version"),
    )
)


def scope_of(environ: WSGIEnvironment, kind: str = "http") -> dict[str, t.Any]:
    """The ASGI scope of a WSGI environ. What a scope has no place for is an extension, `TEST_ENVIRON`."""
    headers = []
    for key, value in environ.items():
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if value:
                headers.append((key.lower().replace("_", "-").encode(), value.encode("latin-1")))
        elif key.startswith("HTTP_"):
            headers.append((key[5:].lower().replace("_", "-").encode("latin-1"), value.encode("latin-1")))
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    port = environ.get("SERVER_PORT", "80")
    client = environ.get("REMOTE_ADDR")
    scope: dict[str, t.Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/"),
        "method": environ.get("REQUEST_METHOD", "GET"),
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "path": path.decode("utf-8", "replace"),
        "raw_path": path.replace(b"%", b"%25").replace(b"?", b"%3F"),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": environ.get("SCRIPT_NAME", "").encode("latin-1").decode("utf-8", "replace"),
        "headers": headers,
        "server": (environ.get("SERVER_NAME", "localhost"), int(port) if port.isdecimal() else port or None),
        "client": None if client is None else (client, 0),
        "state": {},
        "extensions": {},
    }
    more = {key: value for key, value in environ.items() if key not in _IN_SCOPE and not key.startswith("HTTP_")}
    if more.get("wsgi.errors") is sys.stderr:
        del more["wsgi.errors"]
    if more:
        scope["extensions"][TEST_ENVIRON] = more
    return scope


class Call:
    """One run of an application for one scope. Messages to it are put, messages from it awaited."""

    def __init__(self, app: Flask, scope: dict[str, t.Any]) -> None:
        self._incoming: asyncio.Queue[dict[str, t.Any]] = asyncio.Queue()
        # One message waits at most: the application feels a client that does not read.
        self._outgoing: asyncio.Queue[dict[str, t.Any] | None] = asyncio.Queue(1)
        self.task = asyncio.create_task(self._run(app, scope))

    async def _run(self, app: Flask, scope: dict[str, t.Any]) -> None:
        try:
            await app.asgi_app(scope, self._incoming.get, self._put)
        except asyncio.CancelledError:
            # The loop ends: nobody reads what waits.
            self._closed = True
            raise
        finally:
            if self._outgoing.full() and self._closed:
                self._outgoing.get_nowait()
            await self._outgoing.put(None)

    _closed = False

    async def _put(self, message: t.MutableMapping[str, t.Any]) -> None:
        await self._outgoing.put(dict(message))

    def put(self, message: dict[str, t.Any]) -> None:
        self._incoming.put_nowait(message)

    async def get(self) -> dict[str, t.Any] | None:
        """The next message of the application; None when it has ended. What it raised is raised here."""
        message = await self._outgoing.get()
        if message is None:
            await self.task
        return message

    async def start(self) -> dict[str, t.Any]:
        """The first message: status and headers."""
        message = await self.get()
        if message is None:
            raise RuntimeError("The application ended without an answer.")
        return message

    async def close(self, disconnect: dict[str, t.Any]) -> None:
        """Go away, and wait until the application has noticed."""
        self._closed = True
        self.put(disconnect)
        while not self.task.done():
            if await self._outgoing.get() is None:
                break
        await self.task


class AsyncFlaskClient(FlaskClient):
    """`FlaskClient` for a test that is a coroutine: the same arguments, its requests are awaited.

    The requests go through ``app.asgi_app``. ``async with`` it runs the application's lifespan around them;
    ``with`` keeps the contexts of the last request, as of any test client.
    """

    async def open(  # type: ignore[override]
        self,
        *args: t.Any,
        buffered: bool = True,
        follow_redirects: bool = False,
        **kwargs: t.Any,
    ) -> TestResponse:
        """Send a request and read the whole answer; takes what `FlaskClient.open` takes. ``get`` and others call it.

        *follow_redirects* sends on; *buffered* changes nothing, as the answer is read whole. An exception of the
        application is raised where `FlaskClient` raises it.
        """
        request = self._request(args, kwargs)
        self._context_stack.close()
        response = await self._exchange(request)
        seen = set()
        history: list[TestResponse] = []
        while follow_redirects and response.status_code in REDIRECTS:
            target = (response.location, response.status_code)
            if target in seen:
                raise ClientRedirectError(f"The redirect to {response.location} was followed before.")
            seen.add(target)
            response.history = tuple(history)
            history.append(response)
            response = await t.cast("t.Awaitable[TestResponse]", self.resolve_redirect(response, buffered=buffered))
        response.history = tuple(history)
        response.request.input_stream.close()
        for context in self._new_contexts:
            self._context_stack.enter_context(context)
        self._new_contexts.clear()
        return response

    def _request(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> BaseRequest:
        if args and isinstance(args[0], (EnvironBuilder, dict, BaseRequest)):
            return self._request_from(args[0])
        return self._request_from_builder_args(args, kwargs)

    async def _exchange(self, request: BaseRequest) -> TestResponse:
        call = self._call(request)
        try:
            start = await call.start()
            body = []
            while (message := await call.get()) is not None:
                body.append(message.get("body", b""))
        except asyncio.CancelledError:
            # A test that waits no longer, as after a timeout, is a client that goes away.
            await call.close({"type": "http.disconnect"})
            raise
        return self._response(request, start, body)

    def _call(self, request: BaseRequest) -> Call:
        environ = request.environ
        self._add_cookies_to_wsgi(environ)
        call = Call(self.application, scope_of(environ))
        stream = environ["wsgi.input"]
        piece = stream.read(PIECE)
        while piece:
            following = stream.read(PIECE)
            call.put({"type": "http.request", "body": piece, "more_body": bool(following)})
            piece = following
        if stream.seekable():
            # A redirect that keeps the method sends the body again.
            stream.seek(0)
        if not environ.get("CONTENT_LENGTH") or environ["CONTENT_LENGTH"] == "0":
            call.put({"type": "http.request", "body": b"", "more_body": False})
        return call

    def _response(self, request: BaseRequest, start: dict[str, t.Any], body: t.Any) -> TestResponse:
        headers = Headers(
            [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in start["headers"]]
        )
        self._keep_cookies(request, headers)
        response: TestResponse = self.response_wrapper(body, start["status"], headers, request=request)
        response.json_module = self.application.json  # type: ignore[assignment]
        return response

    def _keep_cookies(self, request: BaseRequest, headers: Headers) -> None:
        host = request.host.partition(":")[0]
        self._update_cookies_from_response(host or "localhost", request.path, headers.getlist("Set-Cookie"))

    @asynccontextmanager
    async def stream(self, *args: t.Any, **kwargs: t.Any) -> AsyncIterator[StreamedResponse]:
        """Send a request and read the answer as it comes; leaving the block early is a client that goes away.

        ``async with client.stream("/events") as answer:``, then ``async for piece in answer``.
        """
        request = self._request(args, kwargs)
        call = self._call(request)
        try:
            yield StreamedResponse(call, self._response(request, await call.start(), []))
        finally:
            request.input_stream.close()
            await call.close({"type": "http.disconnect"})

    @asynccontextmanager
    async def websocket(
        self, *args: t.Any, subprotocols: t.Sequence[str] = (), **kwargs: t.Any
    ) -> AsyncIterator[TestWebsocket]:
        """Open a websocket; the arguments are a request's. Leaving the block is a client that goes away.

        ``async with client.websocket("/echo") as socket:``; *subprotocols* are those that the client offers.
        """
        request = self._request(args, kwargs)
        environ = request.environ
        self._add_cookies_to_wsgi(environ)
        scope = scope_of(environ, "websocket")
        scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
        scope["subprotocols"] = list(subprotocols)
        scope["extensions"]["websocket.http.response"] = {}
        call = Call(self.application, scope)
        call.put({"type": "websocket.connect"})
        try:
            yield TestWebsocket(self, call, request)
        finally:
            request.input_stream.close()
            await call.close({"type": "websocket.disconnect", "code": 1005})

    def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> SessionTransaction:  # type: ignore[override]
        """As `FlaskClient.session_transaction`, for ``with`` or, as tests made for Quart have it, ``async with``."""
        return SessionTransaction(super().session_transaction(*args, **kwargs))

    async def __aenter__(self) -> AsyncFlaskClient:
        self._lifespan = Call(self.application, {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}})
        await self._tell_lifespan("startup")
        return self

    async def __aexit__(self, exc_type: type | None, exc_value: BaseException | None, tb: TracebackType | None) -> None:
        await self._tell_lifespan("shutdown")
        await self._lifespan.task

    async def _tell_lifespan(self, event: str) -> None:
        self._lifespan.put({"type": f"lifespan.{event}"})
        message = await self._lifespan.get()
        if message is None or message["type"] != f"lifespan.{event}.complete":
            raise RuntimeError((message or {}).get("message") or f"The application's {event} failed.")


class SessionTransaction:
    """A session that a test opens and, at the end of ``with`` or ``async with``, saves. *transaction* does it."""

    def __init__(self, transaction: AbstractContextManager[SessionMixin]) -> None:
        self._transaction = transaction

    def __enter__(self) -> SessionMixin:
        return self._transaction.__enter__()

    def __exit__(self, *caught: t.Any) -> bool | None:
        return self._transaction.__exit__(*caught)

    async def __aenter__(self) -> SessionMixin:
        return self.__enter__()

    async def __aexit__(self, *caught: t.Any) -> bool | None:
        return self.__exit__(*caught)


class WebsocketClosed(Exception):
    """The application has closed the websocket, with *code* and *reason*; None and "" where its view just ended."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class WebsocketRefused(Exception):
    """The application has not accepted the websocket. *response* is its answer, None where the server answers 403."""

    def __init__(self, response: TestResponse | None) -> None:
        super().__init__(403 if response is None else response.status)
        self.response = response


class TestWebsocket:
    """The client's end of a websocket. `receive` and `send` wait until the application has accepted it."""

    __test__ = False

    def __init__(self, client: AsyncFlaskClient, call: Call, request: BaseRequest) -> None:
        self._client = client
        self._call = call
        self._request = request
        self.accepted = False
        self.subprotocol: str | None = None
        self.headers = Headers()
        """Those that the application has accepted the connection with."""

    async def accept(self) -> None:
        """Wait until the application accepts the websocket. Raises WebsocketRefused if it does not."""
        if self.accepted:
            return
        message = await self._call.get()
        kind = None if message is None else message["type"]
        if message is not None and kind == "websocket.accept":
            self.accepted = True
            self.subprotocol = message.get("subprotocol")
            pairs = [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in message["headers"]]
            self.headers.extend(pairs)
            self._client._keep_cookies(self._request, self.headers)
            return
        response = None
        if message is not None and kind == "websocket.http.response.start":
            body = await self._call.get()
            response = self._client._response(self._request, message, [] if body is None else [body["body"]])
        raise WebsocketRefused(response)

    async def receive(self) -> str | bytes:
        """The next message of the application, waited for without a limit. Raises WebsocketClosed after the last."""
        await self.accept()
        message = await self._call.get()
        if message is None:
            raise WebsocketClosed(None, "")
        if message["type"] == "websocket.close":
            raise WebsocketClosed(message.get("code", 1000), message.get("reason") or "")
        text: str | None = message.get("text")
        return t.cast(bytes, message["bytes"]) if text is None else text

    async def receive_json(self) -> t.Any:
        """The next message, read by the application's JSON provider. Raises ValueError if it is none."""
        return self._client.application.json.loads(await self.receive())

    async def send(self, data: str | bytes) -> None:
        """Send a message, *str* as text, *bytes* as binary; else TypeError. Raises WebsocketRefused if not accepted."""
        if not isinstance(data, (str, bytes)):
            raise TypeError(f"A websocket sends str or bytes, not {type(data).__name__}.")
        await self.accept()
        self._call.put({"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data})

    async def send_json(self, value: t.Any) -> None:
        """Send a value as a text of JSON, written by the application's provider."""
        await self.send(self._client.application.json.dumps(value))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the websocket from the client's side. Raises WebsocketRefused if it is not accepted."""
        await self.accept()
        self._call.put({"type": "websocket.disconnect", "code": code, "reason": reason})


class StreamedResponse:
    """An answer whose body is still coming: ``status_code`` and ``headers`` are there, ``async for`` reads it."""

    def __init__(self, call: Call, response: TestResponse) -> None:
        self._call = call
        self.response = response
        """Status and headers, as a response without a body."""
        self.status_code = response.status_code
        self.headers = response.headers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as the application sends them."""
        while True:
            message = await self._call.get()
            if message is None:
                return
            if message.get("body"):
                yield message["body"]
