"""Forms: what a field may hold, and a token against requests forged by other sites."""

from __future__ import annotations

import re
import secrets

from bolthead import Flask, abort, request, session

TITLE_LENGTH = 120
BODY_LENGTH = 10_000
NAME = re.compile(r"[A-Za-z0-9_.-]{2,30}")
PASSWORD_LENGTH = 8


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
