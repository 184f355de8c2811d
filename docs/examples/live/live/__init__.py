"""A board that moves: messages by websocket, the progress of reports by server-sent events, log-in by Flask-Login."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from bolthead.as_flask import install

# Flask-Login says `import flask`, which is bolthead from here on: the other imports come after this one.
install()
# ruff: noqa: E402

from werkzeug.exceptions import HTTPException

from bolthead import Flask, Response, render_template, request

from . import accounts, messages, reports


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """The application. What it shows is in memory: it is gone with the process, and each process has its own."""
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=secrets.token_hex(32),
        SESSION_COOKIE_SAMESITE="Lax",
        # Seconds between two steps of a report, so that there is something to see.
        STEP=0.2,
        # Seconds of silence after which a stream says that it is still there.
        HEARTBEAT=15,
    )
    app.config.from_prefixed_env("LIVE")
    app.config.from_mapping(settings or {})
    for part in (accounts, messages, reports):
        part.init_app(app)
    app.context_processor(serving)
    app.register_error_handler(HTTPException, error_page)
    app.after_request(guard)
    return app


def serving() -> dict[str, bool]:
    """For templates: whether this request came over ASGI, so that the page may open a websocket."""
    return {"is_live": "asgi.scope" in request.environ}


def error_page(error: HTTPException) -> Any:
    return render_template("error.html", error=error), error.code, error.get_headers()


def guard(response: Response) -> Response:
    """What a browser should not do with our pages."""
    response.headers.setdefault("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
