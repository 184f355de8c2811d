"""Who writes: Flask-Login, with a name and no password."""

from __future__ import annotations

from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from werkzeug.wrappers import Response

from bolthead import Blueprint, Flask, flash, redirect, render_template, request, url_for

LONGEST = 24

bp = Blueprint("accounts", __name__)
manager = LoginManager()
manager.login_view = "accounts.login"
manager.login_message = None


class User(UserMixin):
    """A name, which is all that is known of a user."""

    def __init__(self, name: str) -> None:
        self.id = name


manager.user_loader(User)


def init_app(app: Flask) -> None:
    manager.init_app(app)
    app.register_blueprint(bp)


@bp.route("/login", methods=("GET", "POST"))
def login() -> str | Response:
    if request.method == "POST":
        name = " ".join(request.form["name"].split())
        if 0 < len(name) <= LONGEST:
            login_user(User(name))
            return redirect(url_for("messages.index"))
        flash(f"A name has 1 to {LONGEST} characters.")
    return render_template("login.html", longest=LONGEST)


@bp.post("/logout")
@login_required
def logout() -> Response:
    logout_user()
    return redirect(url_for(".login"))
