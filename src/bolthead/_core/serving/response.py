"""The response of one request: ``start_response``, framing, and sending."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import Any

from ..primitives.system import chunk, position, read_file
from .connection import Connection, FilePart
from .head import usual_lines
from .names import CONNECTION, DATE, HOP, LENGTH, ORDINARY

SENT_AT_ONCE = 64 * 1024
"""A body up to this size is copied behind its head, so that one call sends both; a file is read, not mapped."""
AHEAD = 1024 * 1024
"""Bytes of a stream that are kept for a slow reader before the stream waits."""


class Clock:
    """The ``Date`` header, made once a second."""

    __slots__ = ("begin", "end", "line")

    def __init__(self) -> None:
        self.begin = 0.0
        self.end = 0.0
        self.line = ""

    def date(self) -> str:
        now = time.time()
        if not self.begin <= now < self.end:
            second = int(now)
            self.line = f"Date: {formatdate(second, usegmt=True)}\r\n"
            self.begin = second
            self.end = second + 1
        return self.line


_clock = Clock()


class Response:
    """``start_response`` and ``write`` of one request, and what they were called with."""

    __slots__ = (
        "bodyless",
        "chunked",
        "close",
        "code",
        "connection",
        "head_only",
        "head_sent",
        "headers",
        "length",
        "lines",
        "modern",
        "names",
        "own_date",
        "sent",
        "server",
        "status",
        "statuses",
        "upgrade",
    )

    def __init__(self, server: Any, connection: Connection, modern: bool, head_only: bool, close: bool) -> None:
        rules = server.rules
        self.names: dict[str, int] = rules.names
        self.statuses: dict[str, tuple[str, int]] = rules.statuses
        self.server = server
        """Knows whether the worker stops, its options, and the rules for headers."""
        self.connection = connection
        self.modern = modern
        self.head_only = head_only
        self.close = close
        """Whether the connection ends with this response."""
        self.status: str | None = None
        self.code = 0
        self.headers: Sequence[tuple[str, str]] = ()
        self.lines = ""
        self.length = -1
        """What ``Content-Length`` says; -1 without one."""
        self.chunked = False
        self.bodyless = head_only
        self.own_date = False
        self.upgrade = False
        self.head_sent = False
        self.sent = 0
        """Bytes of the body."""

    # What the application calls

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info:
            try:
                if self.head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status is not None:
            raise AssertionError("Response headers already set!")
        found = self.statuses.get(status)
        if found is None:
            found = self.server.rules.parse_status(status)
        self.length = -1
        self.own_date = self.upgrade = False
        code = found[1]
        self.bodyless = self.head_only or code in (204, 304) or code < 200
        # FAST (servers): the usual headers, read and written at once.
        usual = usual_lines(headers, self.names) if code >= 200 and code != 204 else None
        if usual is None:
            self._read_headers(headers, code)
        else:
            self.lines, self.length, self.own_date = usual
        self.status, self.code = found
        self.headers = headers
        return self.write

    def _read_headers(self, headers: list[tuple[str, str]], code: int) -> int:
        lines = []
        names = self.names
        for key, given in headers:
            # A member of an enumeration is its text here.
            name = key if type(key) is str or not isinstance(key, str) else "".join((key,))
            found = names.get(name)
            if found is None:
                found = self.server.rules.kind_of(name)
            kind: int = found
            self.server.rules.check_value(name, given)
            value = given if type(given) is str else "".join((given,))
            if value and (value[0] <= " " or value[-1] <= " "):
                value = value.strip(" \t")
            if kind != ORDINARY:
                if kind == LENGTH:
                    self.length = int(value)
                    # RFC 9110, 8.6
                    if code == 204 or code < 200:
                        self.length = -1
                        continue
                elif kind == DATE:
                    self.own_date = True
                elif kind == CONNECTION:
                    self.upgrade = value.lower() == "upgrade"
                    self.close = self.close or value.lower() == "close"
                    continue
                elif kind == HOP or value.lower() != "websocket":
                    continue
            lines.append(f"{name}: {value}\r\n")
        self.lines = "".join(lines)
        return len(lines)

    def write(self, data: bytes) -> None:
        """Send a piece of the body, and the head before it."""
        if not isinstance(data, bytes):
            raise TypeError(f"{data!r} is not a byte")
        connection = self.connection
        if type(data) is not bytes:
            data = bytes(data)
        if self.bodyless:
            data = b""
        elif self.length >= 0:
            data = data[: self.length - self.sent]
        self.sent += len(data)
        if not self.head_sent:
            head = self.head()
            if data and self.chunked:
                data = chunk(data)
            if len(data) > SENT_AT_ONCE:
                connection.send_two(head, data)
            else:
                connection.send(head + data)
        elif data:
            connection.send_piece(data, self.chunked)
        if connection.out:
            # The rest is sent while the stream goes on, and the stream waits where that is too much.
            connection.flush()
            if connection.kept > AHEAD:
                self.server.threads.wait_for_reader(connection, AHEAD)

    def early_hints(self, headers: list[tuple[str, str]]) -> None:
        """``wsgi.early_hints``: send a 103 with these headers, unless the response has begun or HTTP/1.0 is spoken."""
        if self.head_sent or not self.modern:
            return
        text = "HTTP/1.1 103 Early Hints\r\n"
        for name, value in headers:
            name = name.decode("latin-1") if isinstance(name, bytes) else name
            value = value.decode("latin-1") if isinstance(value, bytes) else value
            self.server.rules.kind_of(name)
            self.server.rules.check_value(name, value)
            value = value.strip(" \t")
            text += f"{name}: {value}\r\n"
        self.connection.send((text + "\r\n").encode("latin-1"))

    # Framing

    def head(self) -> bytes:
        """The head, as bytes; it is fixed now."""
        if self.status is None:
            raise AssertionError("start_response was not called before the body")
        self.head_sent = True
        if self.connection.handed_over and self.code != 101:
            self.connection.take_back()
        tail = "" if self.own_date else _clock.date()
        if self.length < 0 and not self.bodyless:
            if self.modern:
                self.chunked = True
                tail += "Transfer-Encoding: chunked\r\n"
            else:
                self.close = True
        if self.upgrade:
            tail += "Connection: upgrade\r\n"
            self.close = True
        elif self.close or self.server.stopping:
            self.close = True
            tail += "Connection: close\r\n"
        elif not self.modern:
            tail += "Connection: keep-alive\r\n"
        version = "HTTP/1.1 " if self.modern else "HTTP/1.0 "
        return f"{version}{self.status}\r\n{self.lines}{tail}\r\n".encode("latin-1")

    def send_all(self, pieces: Sequence[bytes]) -> int:
        """Send head and body of a response that is there at once; the bytes of its body."""
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if type(body) is not bytes:
            raise TypeError(f"{body!r} is not a byte")
        if self.length < 0 and not self.bodyless and self.code >= 200:
            # PEP 3333: the server may say the length where it knows it.
            self.length = len(body)
            self.lines += f"Content-Length: {len(body)}\r\n"
        head = self.head()
        if self.bodyless:
            self.connection.send(head)
            return 0
        if len(body) > self.length:
            body = body[: self.length]
        self.sent = len(body)
        if len(body) > SENT_AT_ONCE:
            self.connection.send_two(head, body)
        else:
            self.connection.send(head + body)
        return len(body)

    def send_file(self, wrapper: Any) -> bool:
        """Send the file of a ``wsgi.file_wrapper`` without reading it here; whether that can be done."""
        file = wrapper.filelike
        if self.head_sent:
            return False
        try:
            fileno = file.fileno()
            offset = position(fileno)
            count = self.length if self.length >= 0 else max(0, os.fstat(fileno).st_size - offset)
        except (AttributeError, OSError, io.UnsupportedOperation):
            return False
        if self.length < 0 and not self.bodyless:
            self.length = count
            self.lines += f"Content-Length: {count}\r\n"
        head = self.head()
        if self.bodyless or not count:
            self.connection.send(head)
            return True
        if count <= SENT_AT_ONCE:
            content = read_file(fileno, count, offset)
            self.sent = len(content)
            self.connection.send(head + content)
            return True
        self.sent = count
        self.connection.send(head)
        # The application closes its file when it is told that the response is over, which may be before that.
        self.connection.send_file(FilePart(os.dup(fileno), offset, count))
        return True

    def finish(self) -> None:
        """The end of a body that came in pieces."""
        if not self.head_sent:
            self.write(b"")
        if self.chunked and not self.bodyless:
            self.connection.send(b"0\r\n\r\n")
        else:
            self.connection.send_joined()

    def complete(self) -> bool:
        """Whether as much was sent as was announced."""
        return self.bodyless or self.length < 0 or self.sent >= self.length
