"""Sessions on Flask and here: what is read, kept and sent, whatever is changed, before the first request or after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer
from werkzeug.datastructures import ImmutableMultiDict

from oracle import Framework, both

KEYS = ("name", "_permanent", "seen")


def serializer(fw: Framework, salt: str = "cookie-session", key: Any = "key") -> URLSafeTimedSerializer:
    options = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
    tagged = fw.mod("json.tag").TaggedJSONSerializer()
    return URLSafeTimedSerializer(key, salt=salt, serializer=tagged, signer_kwargs=options)


def site(fw: Framework) -> Any:
    app = fw.app()

    @app.get("/read")
    def read() -> str:
        return repr(dict(fw.session)) + type(fw.session).__name__

    @app.get("/write")
    def write() -> str:
        fw.session["name"] = "Ada"
        fw.session["seen"] = (1, b"x")
        return repr(dict(fw.session))

    @app.get("/keep")
    def keep() -> str:
        fw.session.permanent = True
        return "kept"

    @app.get("/clear")
    def clear() -> str:
        fw.session.clear()
        return "cleared"

    @app.get("/long")
    def long() -> str:
        fw.session["long"] = "x" * 300
        return "long"

    @app.get("/vary")
    def vary() -> Any:
        response = fw.make_response(repr(fw.session.get("name")))
        response.vary.add("Accept")
        return response

    @app.get("/untouched")
    def untouched() -> str:
        return ""

    return app


PATHS = ["/read", "/write", "/keep", "/clear", "/long", "/vary", "/untouched"]


def visit(fw: Framework, app: Any, paths: list[str]) -> list[Any]:
    found: list[Any] = []
    client = app.test_client()
    for path in paths:
        try:
            response = client.get(path)
        except Exception as error:
            found.append((type(error).__name__, fw.plain(str(error))))
            continue
        cookies = []
        for text in response.headers.getlist("Set-Cookie"):
            value, _, rest = text.partition(";")
            if "expires" in rest.lower():
                # Dates, but for their last figures.
                rest = "; ".join(part[:20] if "xpires" in part else part for part in rest.split("; "))
            cookies.append((value.partition(".")[0] if not value.startswith("session=.") else value[:12], rest))
        found.append((response.status, cookies, response.headers.getlist("Vary"), response.get_data(as_text=True)))
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PATHS), max_size=6), st.booleans())
def test_visits(paths: list[str], refresh: bool) -> None:
    def scenario(fw: Framework) -> Any:
        app = site(fw)
        app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh
        return visit(fw, app, paths)

    both(scenario)


def set_on_interface(name: str, value: Any) -> Callable[[Framework, Any, Any], None]:
    return lambda fw, app, patch: patch.setattr(fw.mod("sessions").SecureCookieSessionInterface, name, value)


def set_config(name: str, value: Any) -> Callable[[Framework, Any, Any], None]:
    return lambda fw, app, patch: app.config.update({name: value})


def own_session(fw: Framework, app: Any, patch: Any) -> None:
    class Own(fw.mod("sessions").SecureCookieSession):  # type: ignore[misc]
        def __setitem__(self, key: Any, value: Any) -> None:
            super().__setitem__(key, value)
            super().__setitem__("own", 1)

    patch.setattr(fw.mod("sessions").SecureCookieSessionInterface, "session_class", Own)


def other_start(fw: Framework, app: Any, patch: Any) -> None:
    cls = fw.mod("sessions").SecureCookieSession
    stock = cls.__init__

    def init(self: Any, initial: Any = None) -> None:
        stock(self, {**(initial or {}), "from": "init"})

    patch.setattr(cls, "__init__", init)


def other_cookie(fw: Framework, app: Any, patch: Any) -> None:
    stock = fw.Response.set_cookie

    def set_cookie(self: Any, key: str, value: str = "", *args: Any, **kwargs: Any) -> None:
        self.headers["X-Cookie"] = key
        stock(self, key, "other", *args, **kwargs)

    patch.setattr(fw.Response, "set_cookie", set_cookie)


def permanent_by_class(fw: Framework, app: Any, patch: Any) -> None:
    patch.setattr(fw.mod("sessions").SessionMixin, "permanent", True)


def own_cookies(fw: Framework, app: Any, patch: Any) -> None:
    value = serializer(fw).dumps({"name": "given"})
    patch.setattr(fw.Request, "cookies", ImmutableMultiDict({"session": value}))


def replaced(fw: Framework, app: Any, patch: Any) -> None:
    @app.before_request
    def replace() -> None:
        fw.mod("globals").request_ctx._get_current_object()._session = fw.mod("sessions").NullSession()


def foreign_response(fw: Framework, app: Any, patch: Any) -> None:
    class Own(fw.Response):  # type: ignore[name-defined, misc]
        @property
        def max_cookie_size(self) -> int:
            return 20

    app.response_class = Own


def subclass_key(fw: Framework, app: Any, patch: Any) -> None:
    patch.setattr(type(app), "secret_key", "from the class")


CHANGES: dict[str, Callable[[Framework, Any, Any], None]] = {
    "salt": set_on_interface("salt", "other"),
    "digest": set_on_interface("digest_method", staticmethod(hashlib.sha256)),
    "derivation": set_on_interface("key_derivation", "django-concat"),
    "session": own_session,
    "start": other_start,
    "cookie": other_cookie,
    "expiry": set_on_interface("get_expiration_time", lambda *args: 1_900_000_000),
    "naive": set_on_interface("get_expiration_time", lambda *args: datetime(2030, 1, 2, 3, 4, 5, 999_999)),
    "permanent": permanent_by_class,
    "cookies": own_cookies,
    "replaced": replaced,
    "response": foreign_response,
    "class-key": subclass_key,
    "key": set_config("SECRET_KEY", b"other"),
    "no-key": set_config("SECRET_KEY", None),
    "empty-key": set_config("SECRET_KEY", ""),
    "fallbacks": set_config("SECRET_KEY_FALLBACKS", ["older"]),
    "name": set_config("SESSION_COOKIE_NAME", "own"),
    "odd-name": set_config("SESSION_COOKIE_NAME", "ö"),
    "domain": set_config("SESSION_COOKIE_DOMAIN", "localhost"),
    "path": set_config("SESSION_COOKIE_PATH", "/a b"),
    "samesite": set_config("SESSION_COOKIE_SAMESITE", "lax"),
    "bad-samesite": set_config("SESSION_COOKIE_SAMESITE", "never"),
    "partitioned": set_config("SESSION_COOKIE_PARTITIONED", True),
    "size": set_config("MAX_COOKIE_SIZE", 10),
    "no-size": set_config("MAX_COOKIE_SIZE", 0),
    "lifetime": set_config("PERMANENT_SESSION_LIFETIME", 90),
    "no-lifetime": set_config("PERMANENT_SESSION_LIFETIME", timedelta(seconds=-1)),
}


@pytest.mark.filterwarnings("ignore:The 'session' cookie is too large")
@pytest.mark.filterwarnings("ignore:The '.*' cookie is too large")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("time", ["before", "after"])
def test_changes(change: str, time: str) -> None:
    def scenario(fw: Framework) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            app = site(fw)
            found = visit(fw, app, ["/write", "/read", "/keep", "/read"]) if time == "after" else []
            app._got_first_request = False
            CHANGES[change](fw, app, patch)
            return found + visit(fw, app, ["/read", "/write", "/read", "/keep", "/vary", "/clear", "/untouched"])

    both(scenario)


@pytest.mark.parametrize("value", ["Ada", object()], ids=["text", "object"])
@pytest.mark.parametrize("fails", [False, True])
def test_expiry_is_asked_before_the_session_is_written(value: Any, fails: bool) -> None:
    def scenario(fw: Framework) -> Any:
        class Own(fw.mod("sessions").SecureCookieSessionInterface):  # type: ignore[name-defined, misc]
            def get_expiration_time(self, app: Any, session: Any) -> Any:
                if fails:
                    raise LookupError("no time")
                session["asked"] = True
                return super().get_expiration_time(app, session)

        app = site(fw)
        app.session_interface = Own()
        app.add_url_rule("/own", "own", lambda: str(fw.session.update(name=value)))
        app.config["PROPAGATE_EXCEPTIONS"] = True
        client = app.test_client()
        try:
            return client.get("/own").status, client.get("/read").get_data(as_text=True)
        except (LookupError, TypeError) as error:
            return type(error).__name__, str(error)

    both(scenario)


def test_interface_replaced_in_a_transaction() -> None:
    def scenario(fw: Framework) -> Any:
        calls: list[Any] = []

        class Own(fw.mod("sessions").SecureCookieSessionInterface):  # type: ignore[name-defined, misc]
            def is_null_session(self, obj: Any) -> Any:
                calls.append("is_null_session")
                return super().is_null_session(obj)

            def save_session(self, app: Any, session: Any, response: Any) -> None:
                calls.append(("save_session", dict(session)))
                super().save_session(app, session, response)

        app = site(fw)
        client = app.test_client()
        with client.session_transaction() as session:
            app.session_interface = Own()
            session["name"] = "Ada"
        return calls[:], client.get("/read").get_data(as_text=True)

    both(scenario)


@pytest.mark.parametrize(
    "make",
    [
        lambda fw: serializer(fw).dumps({"name": "Ada", "seen": (1, b"x")}),
        lambda fw: serializer(fw).dumps({"name": "x" * 500}),
        lambda fw: serializer(fw).dumps({"_permanent": True, "at": datetime(2030, 1, 2, tzinfo=timezone.utc)}),
        lambda fw: serializer(fw).dumps({}),
        lambda fw: serializer(fw).dumps([["name", "pairs"]]),
        lambda fw: serializer(fw).dumps([1]),
        lambda fw: serializer(fw).dumps("text"),
        lambda fw: serializer(fw).dumps(None),
        lambda fw: serializer(fw, key="stranger").dumps({"name": "x"}),
        lambda fw: serializer(fw, salt="x").dumps({"name": "x"}),
        lambda fw: serializer(fw).make_signer("cookie-session").sign(b"bm8ganNvbg").decode(),
        lambda fw: serializer(fw).make_signer("cookie-session").sign(b".bm8ganNvbg").decode(),
        lambda fw: serializer(fw).dumps({"name": "x"})[:-1],
        lambda fw: "a.b.c",
        lambda fw: "",
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_cookies_as_they_come(make: Callable[[Framework], str], path: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = site(fw)
        client = app.test_client(use_cookies=False)
        headers = {"Cookie": f'a="b;c"; session={make(fw)}; session=second; d'}
        try:
            response = client.get(path, headers=headers)
        except Exception as error:
            return type(error).__name__, fw.plain(str(error))
        names = [name for name, _ in response.headers]
        return response.status, names, response.headers.getlist("Vary"), response.get_data(as_text=True)

    both(scenario)
