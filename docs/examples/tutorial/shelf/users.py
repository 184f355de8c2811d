# shelf/users.py
"""People: joining, logging in and out, and who is asking."""

import sqlite3
from functools import wraps

from werkzeug.security import check_password_hash, generate_password_hash

from bolthead import Blueprint, flash, g, redirect, render_template, request, session, url_for

from . import db
from .forms import text

bp = Blueprint("users", __name__)

NO_ONE = generate_password_hash("no one has this password")


@bp.before_app_request
def load_user():
    g.user = None
    if "user" in session:
        g.user = db.connect().execute("SELECT * FROM user WHERE id = ?", (session["user"],)).fetchone()


def login_required(view):
    """Send visitors who are not logged in to the log-in."""

    @wraps(view)
    def checked(*args, **kwargs):
        if g.user is None:
            flash("Log in first.")
            return redirect(url_for("users.login"))
        return view(*args, **kwargs)

    return checked


def enter(number):
    session.clear()
    session["user"] = number
    return redirect(url_for("books.index"))


@bp.route("/join", methods=["GET", "POST"])
def join():
    name, password = text("name"), request.form.get("password", "")
    if request.method == "POST":
        if not 2 <= len(name) <= 30 or len(password) < 8:
            flash("A name has 2 to 30 letters, a password at least 8.")
        else:
            try:
                with db.connect() as connection:
                    query = "INSERT INTO user (name, password) VALUES (?, ?)"
                    return enter(connection.execute(query, (name, generate_password_hash(password))).lastrowid)
            except sqlite3.IntegrityError:
                flash(f"The name {name} is taken.")
    return render_template("users/form.html", title="Join", name=name)


@bp.route("/login", methods=["GET", "POST"])
def login():
    name = text("name")
    if request.method == "POST":
        user = db.connect().execute("SELECT * FROM user WHERE name = ?", (name,)).fetchone()
        # A hash is computed for unknown names too, or the time would tell which names exist.
        right = check_password_hash(user["password"] if user else NO_ONE, request.form.get("password", ""))
        if user and right:
            return enter(user["id"])
        flash("That name and password do not go together.")
    return render_template("users/form.html", title="Log in", name=name)


@bp.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("books.index"))
