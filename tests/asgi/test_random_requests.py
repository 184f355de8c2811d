"""Random requests, over WSGI on Flask and over ASGI on bolthead, bodies cut at random: the same attributes and answers.

``BOLTHEAD_LONG`` and ``BOLTHEAD_CASE`` are as in ``tests/core/request/test_requests_alike.py``.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

import bolthead
from over_asgi import Loop, ask

sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "request"))

from random_requests import Case, make_case, plain_error
from test_requests_alike import Site, difference

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

COUNT = int(os.environ.get("BOLTHEAD_LONG") or 2000)
ONE = os.environ.get("BOLTHEAD_CASE")
BATCH = 500
NOT_OF_ASGI = {"is_multithread", "is_multiprocess", "max_content_length"}
"""What a server says of itself."""


def suited(number: int) -> Case | None:
    """The case as a server could hand it on; None for one that no ASGI server would."""
    case = make_case(number)
    environ = case.environ
    if case.own_limits or case.fails or environ.get("HTTP_HOST") == "":
        # A limit set by the view comes too late for a body that is read before it.
        return None
    length = environ.get("CONTENT_LENGTH")
    if length is not None and not (length.isascii() and length.isdigit() and int(length) == len(case.body)):
        # A server reads as many bytes as the header says, or refuses it.
        return None
    if length is None and case.body and environ.get("HTTP_TRANSFER_ENCODING") != "chunked":
        return None
    if length is not None:
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ["wsgi.input_terminated"] = True
    for key in ("SERVER_NAME", "SERVER_PORT", "PATH_INFO", "SCRIPT_NAME"):
        if not environ.get(key):
            environ[key] = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}.get(key, "")
    environ["SERVER_PORT"] = environ["SERVER_PORT"] if environ["SERVER_PORT"].isdecimal() else "80"
    for key, value in list(environ.items()):
        if key.startswith("HTTP_") and not value.isascii():
            try:
                value.encode("latin-1")
            except UnicodeEncodeError:
                del environ[key]
    environ.setdefault("QUERY_STRING", "")
    environ.setdefault("REMOTE_ADDR", "127.0.0.1")
    environ["SCRIPT_NAME"] = environ["SCRIPT_NAME"].rstrip("/")
    if environ.get("CONTENT_TYPE") == "":
        del environ["CONTENT_TYPE"]
    if environ.get("wsgi.url_scheme") == "ws":
        environ["wsgi.url_scheme"] = "http"
    case.probes = [name for name in case.probes if name not in NOT_OF_ASGI]
    if case.ending in NOT_OF_ASGI:
        case.ending = None
    return case


class OverAsgi(Site):
    def __init__(self, loop: Loop) -> None:
        super().__init__(bolthead)
        self.loop = loop

    def run(self, case: Case, cut: bool) -> Any:
        self.case = case
        self.seen = [("never looked", None)]
        self.app.config.update(self.defaults)
        self.app.config.update(case.config, DEBUG=case.debug)
        try:
            status, headers, body = ask(self.loop, self.app, case.environ, case.body, case.number)
        except Exception as error:
            return self.seen, plain_error(error)
        return self.seen, status, sorted(headers), body


class AsyncOverAsgi(OverAsgi):
    """The same with an async view."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        sync_view = self.view

        async def page(rest: str) -> Any:
            return sync_view(rest)

        self.app.view_functions.update({"page": page, "part.page": page})


@pytest.fixture(scope="module")
def sites() -> Iterator[Any]:
    logging.disable(logging.CRITICAL)
    loop = Loop()
    yield Site(flask), OverAsgi(loop), AsyncOverAsgi(loop)
    loop.close()
    logging.disable(logging.NOTSET)
    gc.collect()


def expected_of(site: Site, case: Case) -> Any:
    found = site.run(case, cut=False)
    if len(found) == 2:
        return found
    seen, started, body = found
    status, headers = started[0]
    return seen, int(status[:3]), sorted((name.lower(), value) for name, value in headers), body


def check(sites: Any, number: int) -> bool:
    theirs, *ours = sites
    if suited(number) is None:
        return False
    expected = expected_of(theirs, suited(number))  # type: ignore[arg-type]
    for site in ours:
        found = site.run(suited(number), True)
        if found != expected:
            raise AssertionError(f"case {number}\n{suited(number)}\n{difference(expected, found)}")
    return True


@pytest.mark.parametrize("first", [int(ONE)] if ONE else range(0, COUNT, BATCH))
def test_requests(sites: Any, first: int) -> None:
    numbers = [first] if ONE else range(first, first + BATCH)
    assert sum(check(sites, number) for number in numbers) > len(numbers) // 4
