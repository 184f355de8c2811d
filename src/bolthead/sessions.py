"""Sessions: their classes, their interface, and the default, a signed cookie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.datastructures import CallbackDict
from werkzeug.wrappers import Response as BaseResponse

from ._compat.lazy_modules import lazy_names
from ._core.session.cookie_session import COOKIE_OPTIONS, set_cookie, vary_by_cookie
from .json.tag import TaggedJSONSerializer
from .wrappers import Response

if TYPE_CHECKING:
    from itsdangerous import BadSignature as BadSignature
    from itsdangerous import URLSafeTimedSerializer as URLSafeTimedSerializer

    from .app import Flask
    from .wrappers import Request


class SessionMixin(MutableMapping[str, Any]):
    """What a session has beyond a dict: whether it is new, was changed or looked at, and how long it lasts.

    For a class of your own: ``class Session(CallbackDict, SessionMixin)``.
    """

    new = False
    """Whether the session was made with this request, for interfaces that tell."""
    modified = True
    """Whether it must be saved. Always, unless the class can tell."""
    accessed = False
    """Whether the request looked at it. Set by the request context; it decides about ``Vary: Cookie``."""

    @property
    def permanent(self) -> bool:
        """Whether the session outlives the browser, for ``PERMANENT_SESSION_LIFETIME`` (31 days unless set).

        It is kept in the session, under ``_permanent``, so that setting it changes the session.
        """
        return self.get("_permanent", False)  # type: ignore[no-any-return]

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


def mark_modified(session: Any) -> None:
    """What a session calls when one of its keys changes."""
    session.modified = True


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):
    """The session that the cookie holds: a dict that notices when its keys change, and sets ``modified`` then.

    A change inside a value is not seen. After ``session["basket"].append(7)`` say so, or assign the value again::

        session.modified = True
    """

    modified = False

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(initial, mark_modified)

    def __setitem__(self, key: str, value: Any) -> None:
        if type(self) is not SecureCookieSession:
            super().__setitem__(key, value)
            return
        # FAST (session-write): the same, without Werkzeug's two calls.
        dict.__setitem__(self, key, value)
        update: Any = self.on_update
        if update is mark_modified:
            self.modified = True
        elif update is not None:
            update(self)


class NullSession(SecureCookieSession):
    """The session of an application without a secret key: reading finds nothing, and writing raises RuntimeError.

    So views that only look at the session work before a key is set. The error of the first write names ``secret_key``.
    """

    def _fail(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise RuntimeError: without a secret key a session cannot be written."""
        raise RuntimeError(
            "The session is unavailable because no secret key was set.  Set the secret_key on the application"
            " to something unique and secret."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _fail
    del _fail


class SessionInterface:
    """Opens and saves sessions. Implement `open_session` and `save_session`; set on ``app.session_interface``.

    Where `open_session` returns None, `make_null_session` makes the session, and `save_session` is not called for it.
    The ``get_cookie_…`` methods read the configuration, for whatever cookie an interface sets. A whole one, with Redis
    or SQLite behind it, is in the guide to other sessions.
    """

    null_session_class = NullSession
    """What :meth:`make_null_session` makes where there is no session: readable, empty, an error when written."""

    pickle_based = False
    """Whether sessions are pickled, for extensions that ask."""

    def make_null_session(self, app: Flask) -> NullSession:
        """The session where `open_session` gave None: an instance of ``null_session_class``.

        It reads as empty and raises RuntimeError when it is written. Override this for another text, or for a session
        that lasts one request.
        """
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Whether *obj* is the session of an application that cannot keep one: an instance of ``null_session_class``.

        The application asks before it saves. What is a null session is not saved, and sets no cookie.
        """
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: Flask) -> str:
        """The cookie's name: ``SESSION_COOKIE_NAME``, ``"session"`` unless set.

        Two applications on one host need two names. With the prefix ``__Host-`` browsers accept the cookie only with
        ``Secure``, the path ``/`` and no domain (RFC 6265bis).
        """
        return app.config["SESSION_COOKIE_NAME"]  # type: ignore[no-any-return]

    def get_cookie_domain(self, app: Flask) -> str | None:
        """The ``Domain`` of the cookie: ``SESSION_COOKIE_DOMAIN``.

        None, the default, sends it back to the exact host alone. ``"example.com"`` has every subdomain get it too,
        those among them that you do not run.
        """
        return app.config["SESSION_COOKIE_DOMAIN"]  # type: ignore[no-any-return]

    def get_cookie_path(self, app: Flask) -> str:
        """The ``Path`` of the cookie: ``SESSION_COOKIE_PATH``, or else ``APPLICATION_ROOT``, which is ``/`` unless set.

        Browsers send the cookie to addresses below this path. It separates applications, but is no protection: a page
        of another path on the host can read it.
        """
        config = app.config
        return config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"]  # type: ignore[no-any-return]

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Whether scripts of the page are kept from the cookie: ``SESSION_COOKIE_HTTPONLY``, True unless set.

        A script that was smuggled into a page cannot steal the session then; it can still send requests with it.
        """
        return app.config["SESSION_COOKIE_HTTPONLY"]  # type: ignore[no-any-return]

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether browsers send the cookie over HTTPS only: ``SESSION_COOKIE_SECURE``, False unless set.

        Set it on every site that has a certificate. Over plain HTTP the browser drops the cookie then, so leave it
        unset on a development machine.
        """
        return app.config["SESSION_COOKIE_SECURE"]  # type: ignore[no-any-return]

    def get_cookie_samesite(self, app: Flask) -> str | None:
        """The ``SameSite`` of the cookie, ``SESSION_COOKIE_SAMESITE``: ``"Strict"``, ``"Lax"``, ``"None"`` or None.

        With ``"Lax"`` a form of another site comes without the session, which stops most forged requests. ``"None"``
        needs ``Secure``. None writes no attribute and leaves the choice to the browser (RFC 6265bis).
        """
        return app.config["SESSION_COOKIE_SAMESITE"]  # type: ignore[no-any-return]

    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Whether each site that embeds this one gets its own cookie: ``SESSION_COOKIE_PARTITIONED``, False unless set.

        For applications in frames of other sites. It needs ``Secure``, and ``SameSite`` ``"None"`` for the frame to get
        it.
        """
        return app.config["SESSION_COOKIE_PARTITIONED"]  # type: ignore[no-any-return]

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """When the cookie of *session* ends, a datetime in UTC; None where it ends with the browser.

        A permanent session ends ``PERMANENT_SESSION_LIFETIME`` from now (31 days unless set); any other has no time.
        Override it for a lifetime that depends on the session.
        """
        return datetime.now(timezone.utc) + app.permanent_session_lifetime if session.permanent else None

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether the answer carries the cookie: the session was modified, or it is permanent and refreshed each time.

        The second is ``SESSION_REFRESH_EACH_REQUEST``, True unless set: it moves the end of a permanent session with
        each visit.
        """
        return session.modified or (session.permanent and app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """The session of *request*, a new one, or None if there is no secret key.

        Called before the hooks, of each request; what the client sent and cannot be read is a new session, no error.
        """
        raise NotImplementedError()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep *session*, and tell the client in *response*: set the cookie, or delete it where the session is empty.

        Called after the after hooks of each request, except for a null session. `should_set_cookie` decides whether
        the cookie is set.
        """
        raise NotImplementedError()


_last_signing: tuple[Any, Any] = (None, None)
"""What the last serializer was made of, and that serializer: most processes have one application."""


def _keep_signing(made: tuple[Any, Any]) -> None:
    global _last_signing
    _last_signing = made


session_json_serializer = TaggedJSONSerializer()


def _lazy_sha1(string: bytes = b"") -> Any:
    """SHA-1 of *string*, the digest that the HMAC of the cookie's signature uses; as Flask signs."""
    # Looked up when called: FIPS builds may lack SHA-1, and an application may use another digest.
    return hashlib.sha1(string)


class SecureCookieSessionInterface(SessionInterface):
    """Keeps the session in a cookie signed by itsdangerous: the client can read it and cannot change it.

    Nothing is stored on the server, so that any process can answer the next request; but a session cannot be revoked
    there, and has to fit a cookie (some 4,000 bytes). The attributes say how it is signed and written; change them in a
    subclass.
    """

    salt = "cookie-session"
    """Keeps the signatures of sessions apart from others by the same key."""
    digest_method = staticmethod(_lazy_sha1)
    key_derivation = "hmac"
    """How the signing key is made from the secret key, one of itsdangerous's ways."""
    serializer = session_json_serializer
    """Writes the session: ``dumps`` and ``loads``."""
    session_class = SecureCookieSession
    """What `open_session` returns."""
    _changes = 0
    """Changes of attributes of any instance, which plans watch: a tracer may replace a method on just one."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        SecureCookieSessionInterface._changes += 1

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        SecureCookieSessionInterface._changes += 1

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and reads the cookie, with ``dumps`` and ``loads``; None without a secret key.

        It signs with ``SECRET_KEY`` and reads what that or one of ``SECRET_KEY_FALLBACKS`` has signed, so that a key
        can be changed without ending sessions. An extension may sign links with it.
        """
        secret = app.secret_key
        if not secret:
            return None
        # itsdangerous signs with the last key of the list.
        keys = (*tuple(app.config["SECRET_KEY_FALLBACKS"] or ()), secret)
        # A test may have replaced the class in this module.
        cls = globals().get("URLSafeTimedSerializer")
        settings = (keys, self.salt, self.key_derivation, self.digest_method, self.serializer, cls)
        last = _last_signing
        if settings != last[0]:
            # Imported here because only a session needs itsdangerous.
            from ._compat.itsdangerous_serializer import CookieSerializer

            options: dict[str, Any] = {"salt": self.salt, "serializer": self.serializer}
            options["signer_kwargs"] = {"key_derivation": self.key_derivation, "digest_method": self.digest_method}
            if cls is None or cls is CookieSerializer.__base__:
                digest = "sha1" if self.digest_method is _lazy_sha1 else None
                last = (settings, CookieSerializer(list(keys), digest=digest, **options))
            else:
                last = (settings, cls(list(keys), **options))
            _keep_signing(last)
        serializer: URLSafeTimedSerializer = last[1]
        return serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the cookie; None without a secret key, which makes a `NullSession` of it.

        A cookie that is missing, forged, signed by a dropped key or older than ``PERMANENT_SESSION_LIFETIME`` gives an
        empty session, without an error.
        """
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(serializer.loads(cookie, max_age=max_age))
        except Exception as error:
            from itsdangerous import BadSignature

            if not isinstance(error, BadSignature):
                raise
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if `should_set_cookie` says so; delete it where a session that had something is empty now.

        The response gets ``Vary: Cookie`` once the session was looked at, so that caches do not give one visitor's page
        to another. TypeError for values that the serializer cannot write.
        """
        name = self.get_cookie_name(app)
        options = (
            self.get_cookie_domain(app),
            self.get_cookie_path(app),
            self.get_cookie_secure(app),
            self.get_cookie_partitioned(app),
            self.get_cookie_samesite(app),
            self.get_cookie_httponly(app),
        )
        if session.accessed:
            vary_by_cookie(response)
        if not session:
            if session.modified:
                given: dict[str, Any] = dict(zip(COOKIE_OPTIONS, options, strict=True))
                response.delete_cookie(name, **given)
                vary_by_cookie(response)
            return
        if not self.should_set_cookie(app, session):
            return
        # Before the session is written, to which an overridden method may add.
        expires = self.get_expiration_time(app, session)
        serializer = self.get_signing_serializer(app)
        value: Any = serializer.dumps(dict(session))  # type: ignore[union-attr]
        setter = response.__dict__.get("set_cookie", type(response).set_cookie)
        # Not by `==`: a wrapper may claim to equal what it wraps.
        if setter is _base_set_cookie or setter is _stock_set_cookie:
            set_cookie(response, name, value, expires, options, response.max_cookie_size)
        else:
            given = dict(zip(COOKIE_OPTIONS, options, strict=True))
            response.set_cookie(name, value, expires=expires, **given)
        vary_by_cookie(response)


_stock_set_cookie = Response.set_cookie
_base_set_cookie = BaseResponse.set_cookie


if not TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {
            "BadSignature": "itsdangerous:BadSignature",
            "URLSafeTimedSerializer": "itsdangerous:URLSafeTimedSerializer",
            "c": "collections.abc",
            "t": "typing",
        },
    )
