"""The JSON API: the same topics for programs, which log in by HTTP Basic authentication."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from bolthead import Blueprint, abort, current_app, request, url_for

from . import db
from .auth import verified
from .forms import clean, problem_of_post, problem_of_topic

bp = Blueprint("api", __name__, url_prefix="/api")


def topic_json(row: db.Row) -> dict[str, Any]:
    fields = {name: row[name] for name in ("id", "title", "author", "created", "touched", "answers")}
    return {**fields, "url": url_for("api.topic", number=row["id"], _external=True)}


def post_json(row: db.Row) -> dict[str, Any]:
    picture = row["picture"] and url_for("pictures.show", name=row["picture"], _external=True)
    return {**{name: row[name] for name in ("id", "author", "created", "body")}, "picture": picture}


def author() -> int:
    """The id of the user who sent this request; 401 without one."""
    sent = request.authorization
    if sent is not None and sent.type == "basic" and sent.username and sent.password:
        user = verified(sent.username, sent.password)
        if user is not None:
            return int(user["id"])
    raise Unauthorized(
        "Log in with your name and password.", www_authenticate=WWWAuthenticate("basic", {"realm": "board"})
    )


def document() -> dict[str, Any]:
    sent = request.get_json()
    if not isinstance(sent, dict):
        abort(400, "Send a JSON object.")
    return sent


@bp.get("/topics")
def topics() -> dict[str, Any]:
    page = max(1, request.args.get("page", 1, type=int))
    rows, more = db.topic_page(page, current_app.config["PAGE_SIZE"])
    following = url_for(".topics", page=page + 1, _external=True) if more else None
    return {"topics": [topic_json(row) for row in rows], "next": following}


@bp.get("/topics/<int:number>")
def topic(number: int) -> dict[str, Any]:
    row = db.topic(number)
    if row is None:
        abort(404, "There is no such topic.")
    return {**topic_json(row), "posts": [post_json(post) for post in db.posts_of(number)]}


@bp.post("/topics")
def create() -> tuple[dict[str, Any], int, dict[str, str]]:
    user, sent = author(), document()
    title, body = clean(sent.get("title")), clean(sent.get("body"))
    problem = problem_of_topic(title, body)
    if problem is not None:
        abort(422, problem)
    made = topic(db.add_topic(user, title, body))
    return made, 201, {"Location": made["url"]}


@bp.post("/topics/<int:number>/posts")
def answer(number: int) -> tuple[dict[str, Any], int]:
    user, body = author(), clean(document().get("body"))
    if db.topic(number) is None:
        abort(404, "There is no such topic.")
    problem = problem_of_post(body)
    if problem is not None:
        abort(422, problem)
    row = db.post(db.add_post(number, user, body))
    assert row is not None
    return post_json(row), 201
