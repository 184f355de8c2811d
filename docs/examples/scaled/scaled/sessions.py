"""Sessions in Redis: the cookie holds a random key, and every server finds the same session under it."""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.datastructures import CallbackDict

from bolthead import Flask, Request, Response
from bolthead.sessions import SessionInterface, SessionMixin, TaggedJSONSerializer

KEY_LENGTH = 43


def new_key() -> str:
    return secrets.token_urlsafe(32)


class RedisSession(CallbackDict[str, Any], SessionMixin):
    """The session under *key*. Clearing it, as the board does at log-in and log-out, moves it to a new key."""

    def __init__(self, key: str, data: dict[str, Any] | None) -> None:
        super().__init__(data or {}, lambda session: setattr(session, "modified", True))
        self.key = key
        self.new = data is None
        self.modified = False
        self.dropped: list[str] = []

    def clear(self) -> None:
        super().clear()
        # The board has read what the visitor may do: whoever planted the old key has nothing now.
        self.dropped.append(self.key)
        self.key = new_key()


class RedisSessions(SessionInterface):
    serializer = TaggedJSONSerializer()

    def __init__(self, client: Any) -> None:
        self.client = client

    def open_session(self, app: Flask, request: Request) -> RedisSession:
        key = request.cookies.get(self.get_cookie_name(app), "")
        text = self.client.get(f"session:{key}") if len(key) == KEY_LENGTH else None
        if text is None:
            # Never a key that the visitor has chosen.
            return RedisSession(new_key(), None)
        return RedisSession(key, self.serializer.loads(text.decode()))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, RedisSession)
        name = self.get_cookie_name(app)
        place = {"domain": self.get_cookie_domain(app), "path": self.get_cookie_path(app)}
        if session.accessed or session.modified:
            response.vary.add("Cookie")
        for key in session.dropped:
            self.client.delete(f"session:{key}")
        if not session:
            if not session.new:
                self.client.delete(f"session:{session.key}")
                response.delete_cookie(name, **place)
            return
        if not session.modified:
            return
        seconds = int(app.permanent_session_lifetime.total_seconds())
        self.client.set(f"session:{session.key}", self.serializer.dumps(dict(session)), ex=seconds)
        response.set_cookie(
            name,
            session.key,
            expires=self.get_expiration_time(app, session),
            httponly=True,
            secure=self.get_cookie_secure(app),
            samesite=self.get_cookie_samesite(app),
            **place,
        )
