"""Requests of each kind, sound and bad, leave nothing behind.

``BOLTHEAD_LEAKS=100000`` in the environment sends so many of each and looks at the size of the process as
well; without it, a few hundred of each are sent and only what Python has allocated is counted.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bolthead import Flask, request

pytestmark = pytest.mark.skipif(not hasattr(sys, "getallocatedblocks"), reason="this interpreter does not count blocks")

LONG = int(os.environ.get("BOLTHEAD_LEAKS") or 0)
FIRST = 1000 if LONG else 100
HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"

KINDS: dict[str, tuple[dict[str, Any], bytes]] = {
    "query": ({"QUERY_STRING": "a=1&b=%C3%A9&a=%ff"}, b""),
    "bad query": ({"QUERY_STRING": "a=\xff"}, b""),
    "cookies": ({"HTTP_COOKIE": 'a=1; b="x\\073"; c="open'}, b""),
    "form": ({"CONTENT_TYPE": FORM}, b"a=1&b=%C3%A9&a=2"),
    "bad form": ({"CONTENT_TYPE": FORM}, b"a=\xff"),
    "cut off form": ({"CONTENT_TYPE": FORM, "CONTENT_LENGTH": "50"}, b"a=1"),
    "multipart": ({"CONTENT_TYPE": MULTIPART}, HEAD + b"x\r\n" + FILE + b"y\r\n--b--\r\n"),
    "cut off multipart": ({"CONTENT_TYPE": MULTIPART}, FILE + b"y\r\n" + FILE + b"y"),
    "bad multipart": ({"CONTENT_TYPE": MULTIPART}, FILE + b"y\r\n--b\r\nX: \xff\r\n\r\n\r\n--b--"),
    "nameless part": ({"CONTENT_TYPE": MULTIPART}, b"--b\r\nX: y\r\n\r\nz\r\n--b--"),
    "large field": ({"CONTENT_TYPE": MULTIPART}, FILE + b"y\r\n" + HEAD + b"x" * 2000),
    "many parts": ({"CONTENT_TYPE": MULTIPART}, FILE * 9),
    "large body": ({"CONTENT_TYPE": MULTIPART}, b"x" * 5000),
    "json": ({"CONTENT_TYPE": "application/json"}, b'{"a": [1, 2]}'),
    "bad json": ({"CONTENT_TYPE": "application/json"}, b'{"a": '),
    "deep json": ({"CONTENT_TYPE": "application/json"}, b'{"a":' * 101 + b"1" + b"}" * 101),
    "deep json lists": ({"CONTENT_TYPE": "application/json"}, b"[" * 101 + b"]" * 101),
    "options": ({"CONTENT_TYPE": "a/b; c*0=d; c*1*=%e; e=\"open"}, b""),
    "not found": ({"PATH_INFO": "/nowhere"}, b""),
    "bad host": ({"HTTP_HOST": "a/b"}, b""),
}  # fmt: skip


def resident() -> int:
    """The size of the process in memory, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def send() -> Any:
    logging.disable(logging.CRITICAL)
    app = Flask("site_under_test", root_path="/nowhere")
    app.config.update(MAX_CONTENT_LENGTH=4000, MAX_FORM_MEMORY_SIZE=1500, MAX_FORM_PARTS=5)

    def view() -> str:
        request.mimetype_params  # noqa: B018
        read = [request.args.get("a"), request.cookies.get("a"), request.form.get("a"), request.files.get("f")]
        return str(request.json if "json" in request.mimetype else read)

    app.add_url_rule("/", "page", view, methods=["GET", "POST"])

    def sender(kind: str) -> None:
        extra, body = KINDS[kind]
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "CONTENT_LENGTH": str(len(body)),
            **extra,
        }
        answer = app(environ, lambda *args: None)
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()

    yield sender
    logging.disable(logging.NOTSET)


def allocated() -> int:
    """Blocks of memory, without those that wait for a collection: without the GIL, some for a second one."""
    gc.collect()
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left(send: Callable[[str], None], kind: str) -> None:
    for _ in range(FIRST):
        send(kind)
    blocks, size = allocated(), resident() if LONG else 0
    for _ in range(LONG or 4 * FIRST):
        send(kind)
    # A leak is one block a request at least. A few come and go with caches and free lists.
    assert allocated() - blocks < FIRST / 2
    if LONG:
        assert resident() - size < 1 << 20
