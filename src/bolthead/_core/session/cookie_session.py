# cython: nonecheck=True
"""Sessions in a signed cookie, opened and saved without calls of the stock interface's methods."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.http import dump_cookie, http_date
from werkzeug.wrappers import Response as ResponseBase

from ..http.set_cookie import COOKIE_FUNCTIONS, date_of
from ..primitives.objects import is_on, item_of, new, own_item
from ..primitives.stock import StockGuard
from .signature import Hmac, SigningKeys, packed, sign, unsigned_text
from .tagged import TaggedTexts

COOKIE_OPTIONS = ("domain", "path", "secure", "partitioned", "samesite", "httponly")

SECRET_TYPES = (str, bytes)
_stock_vary: Any = ResponseBase.vary


def header(headers: Any, name: str) -> Any:
    """The first value of the header with the lower-case *name*, or None."""
    if type(headers) is not Headers:
        return headers.get(name)
    width = len(name)
    for key, value in headers._list:
        if len(key) == width and key.lower() == name:
            return value
    return None


def vary_by_cookie(response: Any) -> None:
    """``response.vary.add("Cookie")``."""
    if not is_on(type(response), "vary", _stock_vary):
        response.vary.add("Cookie")
        return
    headers = response.headers
    vary = header(headers, "vary") if type(headers) is Headers else ""
    if vary is None:
        headers._list.append(("Vary", "Cookie"))
    elif vary != "Cookie":
        response.vary.add("Cookie")


@lru_cache(64)
def cookie_frame(name: str, options: tuple[Any, ...], dated: bool) -> tuple[str, str, str] | None:
    """The parts of a ``Set-Cookie`` header before the value, between value and date, and after the date.

    None for options that a header cannot have.
    """
    # The epoch is a placeholder for the date; its text occurs nowhere else.
    given = dict(zip(COOKIE_OPTIONS, options, strict=True))
    text = dump_cookie(name, "value", expires=0 if dated else None, max_size=0, **given)
    if "\n" in text or "\r" in text:
        return None
    before = f"{name}="
    after = text[len(before) + len("value") :]
    between, _epoch, end = after.partition(http_date(0)) if dated else (after, "", "")
    return before, between, end


def cookie_text(name: Any, value: str, expires: Any, options: tuple[Any, ...]) -> str | None:
    """A ``Set-Cookie`` header for a value that needs no quotes; None where something has to be converted."""
    if (
        not name.isascii()
        or (expires is not None and type(expires) is not datetime)
        or not COOKIE_FUNCTIONS.unchanged()
    ):
        return None
    for option in options:
        # Frames are found by equality: 0 and False are different attributes of a cookie.
        if option is not None and type(option) is not bool and type(option) is not str:
            return None
    frame = cookie_frame(name, options, expires is not None)
    if frame is None:
        return None
    date = "" if expires is None else date_of(expires.replace(microsecond=0))
    return f"{frame[0]}{value}{frame[1]}{date}{frame[2]}"


def set_cookie(response: Any, name: Any, value: str, expires: Any, options: tuple[Any, ...], limit: Any) -> None:
    """``response.set_cookie(name, value, expires=expires, …)`` as shipped, for a value that needs no quotes.

    *limit*: the longest header without a warning, in characters, if there is a limit.
    """
    text = cookie_text(name, value, expires, options)
    if text is None or (limit and len(text) > limit):
        response.set_cookie(name, value, expires=expires, **dict(zip(COOKIE_OPTIONS, options, strict=True)))
        return
    headers = response.headers
    if type(headers) is Headers:
        headers._list.append(("Set-Cookie", text))
    else:
        headers.add("Set-Cookie", text)


def macs_of(serializer: Any) -> list[Hmac]:
    """The keys of *serializer*; none where only its methods can sign.

    A serializer of another class has none, and one of a second import of this package those of the other build.
    """
    keys = getattr(serializer, "keys", None)
    return keys.usable() if type(keys) is SigningKeys else []


class CookieSessions:
    """What opens and saves the sessions of one application, whose *interface* is the stock one.

    *cls* is the class of sessions, made with the callback *mark*; *multi_dicts* the classes of cookies that may be read
    as the dicts of lists they are. *guard* and *response_guard* hold while what is skipped of the interface and of the
    response is stock. *module* is the dictionary of the interface's module, for the class of serializers that is in it;
    *texts* reads and writes for their serializer. With *stock_settings* the application's attributes are its settings.
    """

    __slots__ = (
        "cls",
        "guard",
        "interface",
        "last",
        "life",
        "mark",
        "module",
        "multi_dicts",
        "response_class",
        "response_guard",
        "stock_settings",
        "texts",
    )

    def __init__(
        self,
        interface: Any,
        cls: Any,
        mark: Any,
        multi_dicts: Any,
        response_class: Any,
        guard: StockGuard,
        response_guard: StockGuard,
        module: dict[str, Any],
        texts: TaggedTexts,
        stock_settings: bool,
    ) -> None:
        self.interface = interface
        self.cls = cls
        self.mark = mark
        self.multi_dicts = multi_dicts
        self.response_class = response_class
        self.guard = guard
        self.response_guard = response_guard
        self.module = module
        self.texts = texts
        self.stock_settings = stock_settings
        # The last result and what it was made from. A tuple, so that each thread sees a whole one; in a list for the
        # reason given at `signature._stamps`.
        self.last: list[tuple[Any, Any, Any]] = [(None, None, None)]
        self.life: list[tuple[Any, Any]] = [(NotImplemented, None)]

    def serializer_of(self, app: Any) -> Any:
        """``interface.get_signing_serializer(app)``."""
        # FAST (session-read): the class's own attributes stand for settings, and read them by calls.
        secret = item_of(app.config, "SECRET_KEY") if self.stock_settings else app.secret_key
        cls = self.module.get("URLSafeTimedSerializer")
        last = self.last[0]
        if (
            last[0] is secret
            and secret is not None
            and last[2] is cls
            and not item_of(app.config, "SECRET_KEY_FALLBACKS")
        ):
            return last[1]
        found = self.interface.get_signing_serializer(app)
        if secret and type(secret) in SECRET_TYPES and not item_of(app.config, "SECRET_KEY_FALLBACKS"):
            self.last[0] = (secret, found, cls)
        return found

    def open(self, app: Any, request: Any) -> Any:
        """``interface.open_session(app, request)``, or None where that must be called."""
        if not self.guard.holds(type(self.interface)):
            return None
        serializer = self.serializer_of(app)
        if serializer is None:
            return None
        cookies = request.cookies
        name = item_of(app.config, "SESSION_COOKIE_NAME")
        if type(cookies) in self.multi_dicts:
            found = own_item(cookies, name)
            cookie = found[0] if found else None
        else:
            cookie = cookies.get(name)
        value = None
        if cookie:
            value = self.read(app, serializer, cookie)
            if value is None:
                return None
        session = new(self.cls)
        if value:
            dict.update(session, value)
        session.on_update = self.mark
        return session

    def read(self, app: Any, serializer: Any, cookie: Any) -> Any:
        """The dict in a correctly signed cookie; None for any doubt."""
        stock = self.stock_settings
        lifetime = item_of(app.config, "PERMANENT_SESSION_LIFETIME") if stock else app.permanent_session_lifetime
        life = self.life[0]
        if life[0] is not lifetime:
            delta = app.permanent_session_lifetime if stock else lifetime
            life = self.life[0] = (lifetime, int(delta.total_seconds()))
        text = unsigned_text(macs_of(serializer), cookie, life[1])
        if text is None:
            return None
        try:
            value = self.texts.loads(serializer.serializer, app.json, text)
        except Exception:
            return None
        return value if type(value) is dict else None

    def save(self, app: Any, session: Any, response: Any) -> None:
        """``interface.save_session(app, session, response)``, unless it is a null session."""
        if type(session) is not self.cls or type(response) is not self.response_class:
            self.save_other(app, session, response)
            return
        accessed = session.accessed
        if accessed:
            vary_by_cookie(response)
        config = app.config
        if not session.modified:
            permanent = session and session.permanent
            if not permanent or not item_of(config, "SESSION_REFRESH_EACH_REQUEST"):
                return
        elif not session:
            # The cookie is to be deleted.
            self.save_other(app, session, response)
            return
        else:
            permanent = session.permanent
        if (
            not self.guard.holds(type(self.interface))
            or not self.response_guard.holds(self.response_class)
            or "set_cookie" in response.__dict__
        ):
            self.save_other(app, session, response)
            return
        expires = self.interface.get_expiration_time(app, session) if permanent else None
        value = self.write(app, dict(session))
        options = (
            item_of(config, "SESSION_COOKIE_DOMAIN"),
            item_of(config, "SESSION_COOKIE_PATH") or item_of(config, "APPLICATION_ROOT"),
            item_of(config, "SESSION_COOKIE_SECURE"),
            item_of(config, "SESSION_COOKIE_PARTITIONED"),
            item_of(config, "SESSION_COOKIE_SAMESITE"),
            item_of(config, "SESSION_COOKIE_HTTPONLY"),
        )
        name = item_of(config, "SESSION_COOKIE_NAME")
        set_cookie(response, name, value, expires, options, item_of(config, "MAX_COOKIE_SIZE"))
        if not accessed:
            vary_by_cookie(response)

    def write(self, app: Any, value: dict[str, Any]) -> Any:
        """The cookie's value: ``serializer.dumps(value)``."""
        serializer = self.serializer_of(app)
        macs = macs_of(serializer)
        if not macs:
            return serializer.dumps(value)
        text = self.texts.dumps(serializer.serializer, app.json, value)
        return sign(macs[0], packed(text.encode())) if isinstance(text, str) else serializer.dumps(value)

    def save_other(self, app: Any, session: Any, response: Any) -> None:
        interface = self.interface
        if not interface.is_null_session(session):
            interface.save_session(app, session, response)
