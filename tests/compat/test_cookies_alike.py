"""Cookies that an answer sets, on Flask and here: the header's text, warnings and errors."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from oracle import Framework, both

TEXTS = st.one_of(
    st.sampled_from(["", "dark", "a b", 'q"q', "grüße", "a;b", "line\nbreak", "<{[]}>", "x" * 4080, "x" * 5000]),
    st.text(max_size=6),
    st.text("abc=:/+-._~ ;,\\\"'\r\n", max_size=8),
)
FLAGS = st.sampled_from([True, False, False, None, 0, 1])

PLAIN: dict[str, Any] = {"key": "theme", "max_age": 3600, "expires": None, "path": "/", "domain": None, "limit": 4093}
PLAIN |= {"secure": False, "httponly": True, "samesite": None, "partitioned": False}


@settings(max_examples=500, deadline=None)
@given(
    key=st.one_of(st.sampled_from(["theme", "__Host-id", "a b", "grüße", "a\nb", ""]), st.text("a=;\n -", max_size=3)),
    value=TEXTS,
    max_age=st.sampled_from([None, None, 0, 1, 3600, -5, 10**9, 2.5, True, timedelta(days=2)]),
    expires=st.sampled_from([None, None, None, 0, "Thursday", datetime(2030, 1, 2, tzinfo=UTC)]),
    path=st.sampled_from(["/", "/", None, "", "/a b", "/ü", "/a;b", "/%20", "/x\n"]),
    domain=st.sampled_from([None, None, None, "", "example.org", ".example.org:80"]),
    secure=FLAGS,
    httponly=FLAGS,
    samesite=st.sampled_from([None, None, "Lax", "strict", "NONE", "wrong", ""]),
    partitioned=st.sampled_from([False, False, True, None]),
    limit=st.sampled_from([4093, 4093, 30, 0]),
)
@example(**{**PLAIN, "value": "dark"})
@example(**{**PLAIN, "value": "x" * 5000})
def test_set_cookie(limit: int, **given: Any) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.config["MAX_COOKIE_SIZE"] = limit
        response = fw.Response("x", headers={"X-Own": "1"})
        with app.app_context(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                response.set_cookie(**given)
                response.set_cookie("second", "2")
            except Exception as error:
                return type(error).__name__, str(error)
        # The time of day may differ between the two; the day of a cookie that lasts does not, save at midnight.
        text = re.sub(r"\d\d:\d\d:\d\d GMT", "GMT", str(list(response.headers)))
        return text, [str(warning.message) for warning in caught]

    both(scenario)


def test_deleted_and_own_headers() -> None:
    def scenario(fw: Framework) -> Any:
        response = fw.Response("x")
        response.delete_cookie("a", domain="example.org", secure=True, samesite="Lax")
        response.set_cookie("a", "b")

        class Reply(fw.Response):  # type: ignore[name-defined, misc]
            max_cookie_size = 20

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            own = Reply("x")
            own.set_cookie("a", "0123456789012345678901234567890")
        return list(response.headers), list(own.headers), len(caught)

    both(scenario)
