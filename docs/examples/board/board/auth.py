"""Users: joining, logging in and out, and who is asking."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from werkzeug.security import check_password_hash, generate_password_hash
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
    session,
    url_for,
)

from . import db
from .forms import clean, problem_of_user

F = TypeVar("F", bound=Callable[..., Any])

bp = Blueprint("auth", __name__, url_prefix="/auth")


@bp.before_app_request
def load_user() -> None:
    g.user = None
    if request.blueprint != "api" and request.endpoint != "static" and "user" in session:
        g.user = db.user_by_id(session["user"])


def login_required(view: F) -> F:
    """Send a visitor to the log-in and back."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if g.user is not None:
            return view(*args, **kwargs)
        flash("Log in first.", "info")
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("auth.login", next=back))

    return checked  # type: ignore[return-value]


def verified(name: str, password: str) -> db.Row | None:
    """The user whose name and password these are."""
    user = db.user_by_name(name)
    # A name that does not exist costs the same time, or it could be told from one that does.
    known = check_password_hash(user["password"] if user else UNKNOWN, password)
    return user if known else None


UNKNOWN = generate_password_hash("nobody")


def enter(user_id: int, greeting: str) -> Response:
    # A fresh session: nothing that was prepared for a visitor outlives the log-in.
    session.clear()
    session["user"] = user_id
    flash(greeting, "good")
    return redirect(safe_target(request.args.get("next")))


def safe_target(target: str | None) -> str:
    """A path of ours, wherever the link came from."""
    if target and re.match(r"/(?![/\\])[^\x00-\x1f]*$", target):
        return target
    return url_for("topics.index")


@bp.route("/join", methods=("GET", "POST"))
def join() -> str | Response:
    name = clean(request.form.get("name"))
    if request.method == "POST":
        password = request.form.get("password", "")
        problem = problem_of_user(name, password)
        if problem is None:
            method = current_app.config["PASSWORD_METHOD"]
            user_id = db.add_user(name, generate_password_hash(password, method))
            if user_id is not None:
                return enter(user_id, f"Welcome, {name}!")
            problem = f"The name {name} is taken."
        flash(problem, "bad")
    return render_template("auth/join.html", name=name)


@bp.route("/login", methods=("GET", "POST"))
def login() -> str | Response:
    name = clean(request.form.get("name"))
    if request.method == "POST":
        user = verified(name, request.form.get("password", ""))
        if user is not None:
            return enter(user["id"], f"Good to see you, {user['name']}.")
        flash("That name and password do not go together.", "bad")
    return render_template("auth/login.html", name=name)


@bp.post("/logout")
def logout() -> Response:
    if g.user is None:
        abort(400, "You are not logged in.")
    session.clear()
    flash("You are logged out.", "info")
    return redirect(url_for("topics.index"))
