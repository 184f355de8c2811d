"""Whole random requests through Flask and through bolthead: the same attributes, the same answer.

``BOLTHEAD_LONG=200000`` in the environment runs so many; a number that failed runs alone with
``BOLTHEAD_CASE=number``.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

import flask
import pytest

import bolthead

sys.path.insert(0, str(Path(__file__).parent))

from random_requests import METHODS, PROBES, Case, look, make_case, plain_error

# Werkzeug leaves the files of a body open that turns out to be broken. That ours do not is tested elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

COUNT = int(os.environ.get("BOLTHEAD_LONG") or 3000)
ONE = os.environ.get("BOLTHEAD_CASE")
BATCH = 500


class Site:
    """An application of one framework that answers every path and looks at the request in its view."""

    def __init__(self, framework: Any) -> None:
        self.app = framework.Flask("site_under_test", root_path="/nowhere")
        self.request = framework.request
        self.case: Case | None = None
        self.seen: list[Any] = []
        methods = sorted({method.upper() for method in METHODS})
        self.app.add_url_rule("/p/<path:rest>", "page", self.view, methods=methods)
        part = framework.Blueprint("part", "part_under_test", root_path="/nowhere")
        part.add_url_rule("/", "page", self.view, methods=methods, defaults={"rest": ""})
        self.app.register_blueprint(part)
        self.defaults = dict(self.app.config)

    def view(self, rest: str) -> Any:
        assert self.case is not None
        request = self.request._get_current_object()
        self.seen = look(self.case, request)
        if self.case.ending:
            PROBES[self.case.ending](request)
        return f"seen {rest}"

    def run(self, case: Case, cut: bool) -> Any:
        self.case = case
        self.seen = [("never looked", None)]
        self.app.config.update(self.defaults)
        self.app.config.update(case.config, DEBUG=case.debug)
        started: list[Any] = []
        environ = {**case.environ, "wsgi.input": case.input(cut), "wsgi.errors": sys.stderr}
        try:
            answer = self.app(environ, lambda *args: started.append(args[:2]))
            body = b"".join(answer)
            if hasattr(answer, "close"):
                answer.close()
        except Exception as error:
            return self.seen, plain_error(error)
        return self.seen, started, body


@pytest.fixture(scope="module")
def sites() -> Any:
    logging.disable(logging.CRITICAL)
    yield Site(flask), Site(bolthead)
    logging.disable(logging.NOTSET)
    # What Werkzeug left open is closed here, where it is expected, and not during another test.
    gc.collect()


def check(sites: tuple[Site, Site], number: int) -> None:
    case = make_case(number)
    theirs, ours = sites
    expected = theirs.run(case, cut=False)
    for cut in (False, True):
        found = ours.run(case, cut)
        if found != expected:
            raise AssertionError(f"case {number}, cut: {cut}\n{case}\n{difference(expected, found)}")


def difference(expected: Any, found: Any) -> str:
    lines = [f"Flask    {expected[1:]}", f"bolthead {found[1:]}"]
    for one, other in zip_longest(expected[0], found[0]):
        if one != other:
            lines += [f"- {one}", f"+ {other}"]
    return "\n".join(lines)


@pytest.mark.parametrize("first", [int(ONE)] if ONE else range(0, COUNT, BATCH))
def test_requests(sites: tuple[Site, Site], first: int) -> None:
    for number in range(first, first + (1 if ONE else BATCH)):
        check(sites, number)
