"""A message board: topics, answers, pictures, a JSON API and an export, on SQLite."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as WerkzeugResponse

from bolthead import Flask, Response, current_app, json, render_template, request

from . import api, auth, db, filters, forms, pictures, topics


def create_app(settings: Mapping[str, Any] | None = None, database: Any = None) -> Flask:
    """The application; everything it needs on disk is made under its instance folder when missing.

    *database* is what `db.SQLite` is, for another engine.
    """
    app = Flask(__name__, instance_relative_config=True)
    folder = Path(app.instance_path)
    app.config.from_mapping(
        DATABASE=str(folder / "board.sqlite"),
        PICTURES=str(folder / "pictures"),
        PAGE_SIZE=20,
        PASSWORD_METHOD="scrypt",
        MAX_CONTENT_LENGTH=6 * 1024 * 1024,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.config.from_pyfile("config.py", silent=True)
    app.config.from_prefixed_env("BOARD")
    app.config.from_mapping(settings or {})
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = stored_secret(folder / "secret_key")

    db.init_app(app, database)
    filters.init_app(app)
    # The users come before the forms: a form that is refused gets a page, and its header names the user.
    for blueprint in (auth.bp, topics.bp, pictures.bp, api.bp):
        app.register_blueprint(blueprint)
    forms.init_app(app)
    app.register_error_handler(HTTPException, error_page)
    app.register_error_handler(RequestEntityTooLarge, too_large)
    app.after_request(guard)
    return app


def stored_secret(path: Path) -> str:
    """The key that signs sessions, made on the first start and shared by all workers from then on."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        # Linked and not written in place: another worker sees a whole key or none, and the first one wins.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def error_page(error: HTTPException) -> WerkzeugResponse:
    """The error as JSON below ``/api/``, as a page of the board elsewhere."""
    response = error.get_response()
    if request.path.startswith("/api/"):
        response.data = json.dumps({"error": error.name, "detail": error.description})
        response.mimetype = "application/json"
    else:
        response.data = render_template("error.html", error=error)
    return response


def too_large(error: RequestEntityTooLarge) -> WerkzeugResponse:
    """413 that names the limit; a post comes back with the text that was written."""
    limit = filters.size(current_app.config["MAX_CONTENT_LENGTH"])
    error.description = f"A post and its picture have {limit} at most. Choose a smaller picture."
    page = topics.refused_page(error.description)
    if page is None:
        return error_page(error)
    response = error.get_response()
    response.data = page
    return response


def guard(response: Response) -> Response:
    """What a browser should not do with our pages."""
    response.headers.setdefault("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
