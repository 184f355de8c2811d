# shelf/books.py
"""The books."""

from bolthead import Blueprint, abort, flash, g, redirect, render_template, request, url_for

from . import covers, db
from .forms import problem_of_book, text
from .users import login_required

bp = Blueprint("books", __name__)

BOOKS = "SELECT book.*, user.name AS owner_name FROM book LEFT JOIN user ON user.id = book.owner"


def find(number):
    """The book with this id, or 404."""
    book = db.connect().execute(f"{BOOKS} WHERE book.id = ?", (number,)).fetchone()
    if book is None:
        abort(404, "There is no such book; its owner may have taken it off.")
    return book


@bp.get("/")
def index():
    return render_template("books/index.html", books=db.connect().execute(f"{BOOKS} ORDER BY title").fetchall())


@bp.get("/books/<int:number>")
def show(number):
    return render_template("books/show.html", book=find(number))


@bp.route("/books/add", methods=["GET", "POST"])
@login_required
def add():
    title, author = text("title"), text("author")
    if request.method == "POST":
        problem = problem_of_book(title, author)
        if problem is None:
            try:
                cover = covers.keep(request.files.get("cover"))
            except covers.NotAPicture as error:
                problem = str(error)
            else:
                number = store(title, author, cover)
                flash(f"{title} is on the shelf.")
                return redirect(url_for(".show", number=number))
        flash(problem)
    return render_template("books/add.html", title=title, author=author)


def store(title, author, cover=None):
    with db.connect() as connection:
        query = "INSERT INTO book (owner, title, author, cover) VALUES (?, ?, ?, ?)"
        return connection.execute(query, (g.user["id"], title, author, cover)).lastrowid


@bp.post("/books/<int:number>/remove")
@login_required
def remove(number):
    book = find(number)
    if book["owner"] != g.user["id"]:
        abort(403, "Only its owner takes a book off the shelf.")
    with db.connect() as connection:
        connection.execute("DELETE FROM book WHERE id = ?", (number,))
    covers.discard(book["cover"])
    flash(f"{book['title']} is off the shelf.")
    return redirect(url_for(".index"))
