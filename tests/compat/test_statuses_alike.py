"""Statuses that are no ordinary number: huge, negative, zero, of other classes. Wherever one is taken."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from http import HTTPStatus
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import EnvironBuilder, run_wsgi_app

from oracle import FRAMEWORKS, Framework, both
from over_asgi import Loop, as_wsgi


class Odd(enum.IntEnum):
    TEAPOT = 418
    HUGE = 10**20
    NONE = 0


class Number(int):
    """A subclass with a text of its own."""

    def __str__(self) -> str:
        return "its own"

    __repr__ = __str__


class Index:
    """A number only for those who ask for an index."""

    def __index__(self) -> int:
        return 201


STATUSES: list[Any] = [
    *(10**20, -(10**20), 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 10**5000, -5, 0, 1, 99, 100, 103, 199),
    *(204, 299, 304, 600, 999, 1000, 20000, True, False, *Odd, HTTPStatus.NO_CONTENT, HTTPStatus.CREATED, Number(201)),
    *(Number(10**20), Number(204), 200.0, 204.5, 1e30, float("nan"), float("inf"), 201j, Decimal(201), Fraction(201)),
    *(Index(), object(), (), [], {}, {"X-A": "b"}, None, ""),
    *(" ", "201", " 201 ", "0", "-5 Below", "007", "1_0 A", "\uff12\uff10\uff11", "204", "304 Fresh", "wow"),
    *("201\tA", "201  A", "1e3", "10" * 20, "9" * 5000, "²", b"201", bytearray(b"201 A"), memoryview(b"201")),
]


def by_code(fw: Framework, status: Any) -> Any:
    response = fw.Response("x")
    response.status_code = status
    return response


def by_line(fw: Framework, status: Any) -> Any:
    response = fw.Response(iter(["x"]))
    response.status = status
    return response


def by_default(fw: Framework, status: Any) -> Any:
    cls = type("Own", (fw.Response,), {"default_status": status})
    return cls("x")


def by_error(fw: Framework, status: Any) -> Any:
    error = HTTPException("why")
    error.code = status
    raise error


WAYS: dict[str, Callable[[Framework, Any], Any]] = {
    "text": lambda fw, status: ("x", status),
    "with headers": lambda fw, status: (b"x", status, {"X-A": "b"}),
    "JSON": lambda fw, status: ({"a": 1}, status),
    "stream": lambda fw, status: (iter(["x"]), status),
    "response": lambda fw, status: (fw.Response("x"), status),
    "empty": lambda fw, status: ("", status),
    "Response": lambda fw, status: fw.Response("x", status),
    "Response of a stream": lambda fw, status: fw.Response(iter([b"x"]), status=status),
    "Response with headers": lambda fw, status: fw.Response("x", status=status, headers={"X-A": "b"}),
    "status_code": by_code,
    "status": by_line,
    "default_status": by_default,
    "make_response": lambda fw, status: fw.make_response("x", status),
    "jsonify": lambda fw, status: (fw.jsonify(a=1), status),
    "redirect": lambda fw, status: fw.redirect("/there", status),
    "abort": lambda fw, status: fw.abort(status),
    "abort with a response": lambda fw, status: fw.abort(fw.Response("x", status)),
    "HTTPException": by_error,
    "handler": lambda fw, status: 1 / 0,
}


def site(fw: Framework, way: str, given: list[Any]) -> Any:
    """An application that answers with the last of *given*."""
    app = fw.app()
    app.add_url_rule("/", view_func=lambda: WAYS[way](fw, given[-1]), endpoint="view")

    @app.errorhandler(ZeroDivisionError)
    def handler(error: Any) -> Any:
        return "handled", given[-1]

    @app.errorhandler(Exception)
    def other(error: Any) -> Any:
        return error if isinstance(error, HTTPException) else fw.plain(f"{type(error).__name__}: {error}")

    return app


def sent(app: Any, method: str) -> Any:
    """What the server gets, or the error that reaches it."""
    try:
        body, status, headers = run_wsgi_app(app, EnvironBuilder("/", method=method).get_environ())
        return status, sorted(headers), b"".join(body)
    except Exception as error:
        return type(error).__name__, str(error)


def code_of(answer: Any) -> Any:
    """The answer with the code alone, which is what ASGI has of a status."""
    if len(answer) == 2:
        return answer
    return int(answer[0].partition(" ")[0]), answer[1], answer[2]


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def compare(loop: Loop, apps: dict[Any, Any]) -> None:
    wanted = both(lambda fw: [sent(apps[fw], method) for method in ("GET", "HEAD")])
    over_asgi = as_wsgi(loop, apps[FRAMEWORKS[1]])
    found = [sent(over_asgi, method) for method in ("GET", "HEAD")]
    assert [code_of(answer) for answer in found] == [code_of(answer) for answer in wanted]


@pytest.mark.parametrize("way", WAYS)
def test_each_status(way: str, loop: Loop) -> None:
    given: list[Any] = []
    apps = {fw: site(fw, way, given) for fw in FRAMEWORKS}
    for status in STATUSES:
        given.append(status)
        compare(loop, apps)


@pytest.mark.parametrize("way", WAYS)
def test_phrases_that_change(way: str, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Werkzeug's table is public: codes get phrases and lose them, before and after they were answered with."""
    given: list[Any] = []
    apps = {fw: site(fw, way, given) for fw in FRAMEWORKS}
    for phrase in (None, "Ours", "ours", "Ours & <b>", None, "Ours"):
        for code in (201, 299, 302, 404, 418, 499, 500):
            if phrase is None:
                monkeypatch.delitem(HTTP_STATUS_CODES, code, raising=False)
            else:
                monkeypatch.setitem(HTTP_STATUS_CODES, code, phrase)
            given.append(code)
            compare(loop, apps)


@pytest.mark.parametrize("nth", range(len(STATUSES)))
def test_the_default_of_an_application(nth: int, loop: Loop) -> None:
    def made(fw: Framework) -> Any:
        app = fw.app()
        app.response_class = type("Own", (fw.Response,), {"default_status": STATUSES[nth]})
        app.add_url_rule("/", view_func=lambda: "x", endpoint="view")
        return app

    compare(loop, {fw: made(fw) for fw in FRAMEWORKS})
