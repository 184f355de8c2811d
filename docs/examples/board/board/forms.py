"""Forms: what a field may hold, and a token against requests forged by other sites."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress

from werkzeug.exceptions import HTTPException
from werkzeug.sansio.multipart import Data, Field, File, MultipartDecoder, NeedData

from bolthead import Flask, abort, request, session

TITLE_LENGTH = 120
BODY_LENGTH = 10_000
NAME = re.compile(r"[A-Za-z0-9_.-]{2,30}")
PASSWORD_LENGTH = 8
BEGINNING = 64 * 1024


def init_app(app: Flask) -> None:
    app.before_request(check_token)
    app.jinja_env.globals["form_token"] = form_token


def form_token() -> str:
    """This session's token; every form of ours carries it."""
    token: str = session.setdefault("token", secrets.token_urlsafe(24))
    return token


def check_token() -> None:
    # The API takes no cookie for a log-in, so that there is nothing to forge.
    if request.method != "POST" or request.blueprint == "api":
        return
    sent, own = request.form.get("token", ""), session.get("token", "")
    if not own or not secrets.compare_digest(sent.encode(), own.encode()):
        abort(400, "This form is too old. Load the page again and send it once more.")


def fields_begun() -> dict[str, str]:
    """The text fields with which a form began that is too large to be read; its files come after them.

    Only the first 64 kB are read, which hold the longest post that we take.
    """
    boundary = request.mimetype_params.get("boundary")
    if boundary is None or request.content_length is None:
        return {}
    decoder = MultipartDecoder(boundary.encode("latin-1"), BEGINNING)
    fields: dict[str, bytes] = {}
    name = ""
    # Malformed, or the server does not hand it out: then what came before that is all there is.
    with suppress(HTTPException, ValueError):
        decoder.receive_data(request.environ["wsgi.input"].read(min(request.content_length, BEGINNING)))
        while not isinstance(event := decoder.next_event(), (File, NeedData)):
            if isinstance(event, Field):
                name = event.name
            elif isinstance(event, Data):
                fields[name] = fields.get(name, b"") + event.data
    return {name: text.decode(errors="replace") for name, text in fields.items()}


def clean(text: object) -> str:
    """Text as we store it: without the blanks around it, with plain line ends and without NUL."""
    return str(text).replace("\r\n", "\n").replace("\0", "").strip() if isinstance(text, str) else ""


def problem_of_topic(title: str, body: str) -> str | None:
    if not title:
        return "A topic needs a title."
    if len(title) > TITLE_LENGTH:
        return f"A title has {TITLE_LENGTH} characters at most."
    return problem_of_post(body)


def problem_of_post(body: str) -> str | None:
    if not body:
        return "Write something first."
    if len(body) > BODY_LENGTH:
        return f"A post has {BODY_LENGTH} characters at most."
    return None


def problem_of_user(name: str, password: str) -> str | None:
    if not NAME.fullmatch(name):
        return "A name is 2 to 30 letters, digits, dots, dashes or underscores."
    if len(password) < PASSWORD_LENGTH:
        return f"A password has {PASSWORD_LENGTH} characters at least."
    return None
