"""Test tools: a client, an environment builder and a CLI runner for an application."""

from __future__ import annotations

import importlib.metadata
import typing as t
from contextlib import ExitStack, contextmanager
from copy import copy
from types import TracebackType
from urllib.parse import urlsplit

import werkzeug.test
from click.testing import CliRunner, Result
from werkzeug.test import Client
from werkzeug.wrappers import Request as BaseRequest

from .cli import ScriptInfo
from .sessions import SessionMixin

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import TestResponse

    from .app import Flask


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """Werkzeug's builder with defaults from the config: ``SERVER_NAME``, ``APPLICATION_ROOT``, the scheme.

    What requests of the test client are made of: ``path``, ``method``, ``query_string``, ``data``, ``json``,
    ``headers``, ``content_type``, ``auth`` and so on. A full URL as ``path`` names scheme and host.
    ``base_url`` excludes ``subdomain`` and ``url_scheme``.
    """

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: t.Any,
        **kwargs: t.Any,
    ) -> None:
        assert base_url is None or not (subdomain or url_scheme), (
            'Cannot pass "subdomain" or "url_scheme" with "base_url".'
        )
        if base_url is None:
            host = app.config.get("SERVER_NAME") or "localhost"
            root = app.config["APPLICATION_ROOT"]
            if subdomain:
                host = f"{subdomain}.{host}"
            if url_scheme is None:
                url_scheme = app.config["PREFERRED_URL_SCHEME"]
            url = urlsplit(path)
            base_url = f"{url.scheme or url_scheme}://{url.netloc or host}/{root.lstrip('/')}"
            # Without scheme, host and fragment.
            path = f"{url.path}?{url.query}" if url.query else url.path

        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """*obj* as a string, by the application's JSON provider: what the argument ``json=`` is written with.

        So a test sends decimals, dates and the like in the form that the application itself writes.
        """
        return self.app.json.dumps(obj, **kwargs)


_werkzeug_version = ""


def _get_werkzeug_version() -> str:
    global _werkzeug_version
    if not _werkzeug_version:
        _werkzeug_version = importlib.metadata.version("werkzeug")
    return _werkzeug_version


class FlaskClient(Client):
    """Sends requests to an application without a server: ``get``, ``post`` and the others, as `open` describes.

    It keeps cookies between requests. In a ``with`` block the contexts of the last request stay, for tests to look at
    `request`, `session` and `g`, until the next request or the end of the block::

        with app.test_client() as client:
            answer = client.post("/login", data={"name": "ada"}, follow_redirects=True)
            assert answer.status_code == 200 and session["name"] == "ada"
    """

    application: Flask

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserve_context = False
        # The application appends its contexts here; `open` moves them to the stack once there is a response.
        self._new_contexts: list[t.ContextManager[t.Any]] = []
        self._context_stack = ExitStack()
        self.environ_base = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": f"Werkzeug/{_get_werkzeug_version()}",
        }

    @contextmanager
    def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> t.Iterator[SessionMixin]:
        """Open the session as a request would, yield it, and save it into the client's cookies: for ``with``.

        So a test begins logged in. The arguments are those of ``test_request_context``, where it matters for which URL.
        TypeError for a client without cookies, RuntimeError where no session can be opened::

            with client.session_transaction() as session:
                session["user"] = 7
        """
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Create a client with 'use_cookies=True'.")
        app = self.application
        ctx = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(ctx.request.environ)

        with ctx:
            session = app.session_interface.open_session(app, ctx.request)
        if session is None:
            raise RuntimeError("Session backend did not open a session.")
        yield session
        response = app.response_class()
        if app.session_interface.is_null_session(session):
            return
        with ctx:
            app.session_interface.save_session(app, session, response)
        self._update_cookies_from_response(
            ctx.request.host.partition(":")[0],
            ctx.request.path,
            response.headers.getlist("Set-Cookie"),
        )

    def _copy_environ(self, other: WSGIEnvironment) -> WSGIEnvironment:
        environ = {**self.environ_base, **other}
        if self.preserve_context:
            environ["werkzeug.debug.preserve_context"] = self._new_contexts.append
        return environ

    def _request_from_builder_args(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> BaseRequest:
        kwargs["environ_base"] = self._copy_environ(kwargs.get("environ_base", {}))
        builder = EnvironBuilder(self.application, *args, **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def _request_from(self, source: t.Any) -> BaseRequest:
        """A request from a ready-made builder, environ or request, with this client's base environ."""
        if isinstance(source, werkzeug.test.EnvironBuilder):
            builder = copy(source)
            builder.environ_base = self._copy_environ(dict(builder.environ_base or {}))
            return builder.get_request()
        if isinstance(source, dict):
            return EnvironBuilder.from_environ(
                source, app=self.application, environ_base=self._copy_environ({})
            ).get_request()
        request: BaseRequest = copy(source)
        request.environ = self._copy_environ(request.environ)
        return request

    def open(
        self,
        *args: t.Any,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: t.Any,
    ) -> TestResponse:
        """Send a request and return the response; ``get``, ``post`` and the others do this with a method.

        The arguments are those of :class:`EnvironBuilder` (path, ``query_string``, ``data``, ``json``, ``headers``, …),
        or one builder, environ or request. *buffered* reads the body and closes it; *follow_redirects* requests the
        new location, and stores the responses on the way in ``response.history``.
        """
        if args and isinstance(args[0], (werkzeug.test.EnvironBuilder, dict, BaseRequest)):
            request = self._request_from(args[0])
        else:
            request = self._request_from_builder_args(args, kwargs)

        # The last request's contexts end where the next begins.
        self._context_stack.close()
        response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response.json_module = self.application.json  # type: ignore[assignment]

        for context in self._new_contexts:
            self._context_stack.enter_context(context)
        self._new_contexts.clear()
        return response

    def __enter__(self) -> FlaskClient:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations")
        self.preserve_context = True
        return self

    def __exit__(
        self,
        exc_type: type | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.preserve_context = False
        self._context_stack.close()


class FlaskCliRunner(CliRunner):
    """Click's runner for the application's commands, in this process; ``app.test_cli_runner()`` makes it.

    The keyword arguments are those of ``click.testing.CliRunner``. The command sees *app* as the application that
    ``--app`` would name.
    """

    def __init__(self, app: Flask, **kwargs: t.Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]
        self, cli: t.Any = None, args: t.Any = None, **kwargs: t.Any
    ) -> Result:
        """Run a command of the application, or ``cli``, with the application as its script info.

        *args* is a list of words, *kwargs* go to click's ``invoke`` (``input=...``). The result has ``output``,
        ``exit_code`` and ``exception``::

            result = app.test_cli_runner().invoke(args=["init-db", "--drop"], input="y")
        """
        if cli is None:
            cli = self.app.cli
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(cli, args, **kwargs)
