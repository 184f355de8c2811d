"""One request as the bench sends it: a WSGI environ with a browser's headers, and perhaps a body."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import process_time
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
Jobs = list[tuple[Environ, bytes | None]]

BROWSER = {
    "HTTP_HOST": "localhost:8000",
    "HTTP_CONNECTION": "keep-alive",
    "HTTP_SEC_CH_UA": '"Chromium";v="131", "Not_A Brand";v="24"',
    "HTTP_SEC_CH_UA_MOBILE": "?0",
    "HTTP_SEC_CH_UA_PLATFORM": '"Linux"',
    "HTTP_UPGRADE_INSECURE_REQUESTS": "1",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "HTTP_SEC_FETCH_SITE": "none",
    "HTTP_SEC_FETCH_MODE": "navigate",
    "HTTP_SEC_FETCH_USER": "?1",
    "HTTP_SEC_FETCH_DEST": "document",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd",
    "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.9,de;q=0.8",
}

NOTHING = io.BytesIO()


@dataclass(frozen=True)
class Ask:
    """A request; *headers* are environ keys and come on top of a browser's."""

    path: str
    method: str = "GET"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: bytes | None = None
    same_body: bool = True
    """False where each framework words the answer in its own way (error pages): then the status is compared."""

    def environ(self) -> Environ:
        environ: Environ = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "QUERY_STRING": self.query,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_PORT": "50000",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": NOTHING,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **BROWSER,
            **self.headers,
        }
        if self.body is not None:
            environ["CONTENT_TYPE"] = self.content_type
            environ["CONTENT_LENGTH"] = str(len(self.body))
        return environ


@dataclass
class Answer:
    """What a WSGI application gave: status line, headers in order, whole body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def answer(app: App, environ: Environ, body: bytes | None) -> Answer:
    """Call *app* once, as a server does, and keep what it gives."""
    environ = environ.copy()
    if body is not None:
        environ["wsgi.input"] = io.BytesIO(body)
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        begun[:] = [status, headers]

    result = app(environ, start_response)
    try:
        text = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    return Answer(begun[0], list(begun[1]), text)


def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
    """What the timed loop hands to an application: takes everything, keeps nothing."""


def spin(app: App, jobs: Jobs, count: int) -> None:
    """The timed loop: every job *count* times, each with its own copy of the environ and the answer read to its end."""
    for _ in range(count):
        for environ, body in jobs:
            environ = environ.copy()
            if body is not None:
                environ["wsgi.input"] = io.BytesIO(body)
            result = app(environ, start_response)
            for _chunk in result:
                pass
            close = getattr(result, "close", None)
            if close is not None:
                close()


def count_for(app: App, jobs: Jobs, seconds: float) -> int:
    """How many turns of the loop take about *seconds*."""
    count = 1
    while True:
        start = process_time()
        spin(app, jobs, count)
        took = process_time() - start
        if took > seconds / 4:
            return max(1, round(count * seconds / took))
        count *= 4
