"""The pages: topics, their posts, and the export."""

from __future__ import annotations

import json
from collections.abc import Iterator

from werkzeug.wrappers import Response

from bolthead import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)

from . import db, pictures
from .auth import login_required
from .forms import clean, fields_begun, problem_of_post, problem_of_topic

bp = Blueprint("topics", __name__)


@bp.get("/")
def index() -> str:
    page = request.args.get("page", 1, type=int)
    if page < 1:
        abort(404)
    rows, more = db.topic_page(page, current_app.config["PAGE_SIZE"])
    if not rows and page > 1:
        abort(404)
    return render_template("topics/index.html", topics=rows, page=page, more=more)


@bp.route("/topics/new", methods=("GET", "POST"))
@login_required
def create() -> str | Response:
    title, body = clean(request.form.get("title")), clean(request.form.get("body"))
    if request.method == "POST":
        problem = problem_of_topic(title, body)
        if problem is None:
            try:
                picture = pictures.keep(request.files.get("picture"))
            except pictures.NotAPicture as error:
                problem = str(error)
            else:
                number = db.add_topic(g.user["id"], title, body, picture)
                return redirect(url_for(".show", number=number))
        flash(problem, "bad")
    return render_template("topics/create.html", title=title, body=body)


@bp.route("/topics/<int:number>", methods=("GET", "POST"))
def show(number: int) -> str | Response:
    topic = db.topic(number)
    if topic is None:
        abort(404, "There is no such topic; its author may have taken it back.")
    if request.method == "POST":
        return answer(number)
    return page_of(topic, "")


def page_of(topic: db.Row, body: str) -> str:
    return render_template("topics/show.html", topic=topic, posts=db.posts_of(topic["id"]), body=body)


@login_required
def answer(number: int) -> str | Response:
    body = clean(request.form.get("body"))
    problem = problem_of_post(body)
    if problem is None:
        try:
            picture = pictures.keep(request.files.get("picture"))
        except pictures.NotAPicture as error:
            problem = str(error)
        else:
            post = db.add_post(number, g.user["id"], body, picture)
            return redirect(url_for(".show", number=number, _anchor=f"post-{post}"))
    flash(problem, "bad")
    topic = db.topic(number)
    assert topic is not None
    return page_of(topic, body)


def refused_page(problem: str) -> str | None:
    """The page of a post that was too large to be read, with what was written; None for other requests."""
    if g.user is None or request.method != "POST":
        return None
    begun = fields_begun()
    body = clean(begun.get("body"))
    if request.endpoint == "topics.create":
        flash(problem, "bad")
        return render_template("topics/create.html", title=clean(begun.get("title")), body=body)
    topic = db.topic((request.view_args or {})["number"]) if request.endpoint == "topics.show" else None
    if topic is None:
        return None
    flash(problem, "bad")
    return page_of(topic, body)


@bp.route("/posts/<int:number>/delete", methods=("GET", "POST"))
@login_required
def delete(number: int) -> str | Response:
    """Ask first; then remove the post and its picture."""
    post = db.post(number)
    if post is None:
        abort(404)
    if post["author_id"] != g.user["id"]:
        abort(403, "Only its author can take a post back.")
    if request.method == "GET":
        return render_template("topics/delete.html", post=post)
    gone = db.delete_post(post)
    pictures.discard(post["picture"])
    flash("The post is gone.", "info")
    return redirect(url_for(".index") if gone else url_for(".show", number=post["topic"]))


@bp.get("/export.jsonl")
def export() -> Response:
    """Every post as one JSON document per line, sent while it is read from the database."""

    def lines() -> Iterator[str]:
        for row in db.every_post():
            post = {name: row[name] for name in ("id", "topic", "title", "author", "created", "body", "picture")}
            yield json.dumps(post, ensure_ascii=False) + "\n"

    return current_app.response_class(
        stream_with_context(lines()),
        mimetype="application/jsonl",
        headers={"Content-Disposition": "attachment; filename=board.jsonl"},
    )
