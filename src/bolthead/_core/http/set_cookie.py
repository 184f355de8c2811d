"""``Set-Cookie`` values and HTTP dates, for what needs no quoting."""

from __future__ import annotations

import re
import time
from typing import Any

import werkzeug.http
import werkzeug.sansio.response
from werkzeug.http import http_date

from ..primitives.bytes_search import cookie_quoted, not_token
from ..primitives.class_watch import StockFunctions

DATES_SIZE = 1024
"""How many dates are remembered."""

COOKIE_PATH = re.compile(r"[\w.\-~%!$&'()*+,/:=@]*", re.A).fullmatch

COOKIE_FUNCTIONS = StockFunctions(
    (time, "time"), (werkzeug.http, "datetime dump_cookie http_date"), (werkzeug.sansio.response, "dump_cookie")
)
"""What Werkzeug calls for a cookie. Where one was replaced, Werkzeug sets the cookie."""

_COOKIE_FUNCTIONS = COOKIE_FUNCTIONS
"""The same, typed: only what no other module reads is."""
_dates: dict[Any, str] = {}


def date_of(second: Any) -> str:
    """The HTTP date (RFC 9110, 5.6.7) of *second*: seconds since the epoch, or a datetime without a fraction.

    FAST (session-write, static): many answers of one second have the same dates.
    """
    text = _dates.get(second)
    if text is None:
        if len(_dates) >= DATES_SIZE:
            _dates.clear()
        text = _dates[second] = http_date(second)
    return text


def simple_cookie(
    key: Any, value: Any, max_age: Any, path: Any, secure: Any, httponly: Any, samesite: Any, now: float
) -> str | None:
    """The header's value for a cookie without domain and own date; None where something has to be converted.

    *now*: seconds since the epoch.
    """
    if type(key) is not str or type(value) is not str or not key or cookie_quoted(value):
        return None
    if not_token(key) or not _COOKIE_FUNCTIONS.unchanged():
        return None
    text = f"{key}={value}"
    if max_age is not None:
        if type(max_age) is not int or not 0 <= now + max_age < 4_000_000_000:
            return None
        text = f"{text}; Expires={date_of(int(now + max_age))}; Max-Age={max_age}"
    if secure is True:
        text += "; Secure"
    elif secure is not False:
        return None
    if httponly is True:
        text += "; HttpOnly"
    elif httponly is not False:
        return None
    if path == "/":
        text += "; Path=/"
    elif path is not None:
        if type(path) is not str or COOKIE_PATH(path) is None:
            return None
        text = f"{text}; Path={path}"
    if samesite is not None:
        if samesite != "Lax" and samesite != "Strict" and samesite != "None":
            return None
        text = f"{text}; SameSite={samesite}"
    return text
