"""``Set-Cookie`` values and HTTP dates against Werkzeug's writer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import dump_cookie, http_date

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.http.set_cookie"
NOW = 1_700_000_000

TEXTS = st.one_of(
    st.sampled_from(["a", "b-1", "x.y"]), st.text(st.sampled_from('ab09 -_.;,="\\\n\r\té€%/+[]{}<>@'), max_size=6)
)
FLAGS = st.sampled_from([True, False, True, False, 0, None])


def oracle(
    key: Any, value: Any, max_age: Any, path: Any, secure: Any, httponly: Any, samesite: Any, now: float
) -> str | None:
    """What Werkzeug writes; None where it raises."""
    expires = None if max_age is None else int(now + max_age)
    try:
        return dump_cookie(key, value, max_age, expires, path, None, secure, httponly, samesite=samesite, max_size=0)
    except Exception:
        return None


def test_a_cookie_is_werkzeugs_or_none(load: Load) -> None:
    """None hands the cookie over to Werkzeug; a text must be Werkzeug's own, and end in no second header."""
    simple = load(NAME).simple_cookie

    @given(
        key=TEXTS,
        value=TEXTS,
        max_age=st.sampled_from([None, 0, 1, 3600, -1, 2.5, True, 10**12]),
        path=st.one_of(st.none(), st.just("/"), TEXTS),
        secure=FLAGS,
        httponly=FLAGS,
        samesite=st.sampled_from([None, "Lax", "Strict", "None", "odd"]),
    )
    def run(**given: Any) -> None:
        found = simple(*given.values(), float(NOW))
        if found is not None:
            assert found == oracle(*given.values(), float(NOW))
            assert "\n" not in found and "\r" not in found

    run()


@pytest.mark.parametrize("value", ["", "v", "a=b", "<x>", "%20", "[]{}"])
@pytest.mark.parametrize("samesite", [None, "Lax", "Strict", "None"])
def test_the_usual_cookies_are_written_here(load: Load, value: str, samesite: str | None) -> None:
    given = ("key", value, 60, "/p", True, True, samesite, float(NOW))
    found = load(NAME).simple_cookie(*given)
    assert found is not None and found == oracle(*given)


@pytest.mark.parametrize("key", ["", "a b", "a;b", "a=b", "é"])
def test_odd_names_are_not(load: Load, key: str) -> None:
    assert load(NAME).simple_cookie(key, "v", None, "/", False, False, None, 0.0) is None


def test_dates(load: Load) -> None:
    date_of = load(NAME).date_of
    east = timezone(timedelta(hours=2))
    for moment in (
        0,
        1,
        NOW,
        2**31 - 1,  # the last second where times have 32 bits
        datetime(2024, 2, 29, 1, 2, 3),
        datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC),
    ):
        for _ in range(2):
            assert date_of(moment) == http_date(moment)
    for zone in (UTC, east):
        moment = datetime(2025, 1, 1, 3, 0, 0, tzinfo=zone)
        assert date_of(moment) == http_date(moment)
    assert date_of(datetime(2025, 1, 1, 3, tzinfo=east)) == date_of(datetime(2025, 1, 1, 1, tzinfo=UTC))


def test_the_cache_of_dates_is_bounded(load: Load) -> None:
    """A remembered date is the same object each time; memory does not grow with time."""
    module = load(NAME)
    seconds = range(module.DATES_SIZE * 3)
    first = [module.date_of(second) for second in seconds]
    assert first == [http_date(second) for second in seconds]
    again = [module.date_of(second) for second in seconds]
    assert sum(one is other for one, other in zip(first, again, strict=True)) <= module.DATES_SIZE
