# tests/test_books.py
import io
from pathlib import Path

import pytest

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def picture(content=PNG, name="cover.png"):
    return io.BytesIO(content), name


def test_empty_shelf(visitor):
    assert "The shelf is empty." in visitor.get("/").text


def test_add_and_remove(visitor, app):
    visitor.join()
    page = visitor.send("/books/add", title="<Emma>", author="Jane Austen", cover=picture())
    assert page.request.path == "/books/1"
    assert "<h1>&lt;Emma&gt;</h1>" in page.text
    assert len(list(Path(app.config["COVERS"]).iterdir())) == 1

    page = visitor.send("/books/1/remove", page="/books/1")
    assert "is off the shelf" in page.text
    assert visitor.get("/books/1").status_code == 404
    assert not list(Path(app.config["COVERS"]).iterdir())


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"title": " ", "author": "Jane"}, "A book has a title and an author."),
        ({"title": "x" * 201, "author": "Jane"}, "200 letters at most"),
        ({"title": "Emma", "author": "Jane", "cover": picture(b"<svg>")}, "A cover is a PNG or JPEG picture."),
    ],
)
def test_refused(visitor, fields, problem):
    visitor.join()
    page = visitor.send("/books/add", **fields)
    assert problem in page.text
    assert "The shelf is empty." in visitor.get("/").text


def test_too_large(visitor, app):
    visitor.join()
    app.config["MAX_CONTENT_LENGTH"] = 500
    page = visitor.send("/books/add", title="Emma", author="Jane", cover=picture(PNG * 50))
    assert page.status_code == 413
    assert "A cover has 2 MB at most." in page.text


def test_only_the_owner_removes(visitor, other):
    visitor.join("ada")
    visitor.send("/books/add", title="Emma", author="Jane Austen")
    other.join("bob")
    assert "Take it off" not in other.get("/books/1").text
    assert other.send("/books/1/remove", page="/books/add").status_code == 403


def test_strangers_log_in_first(visitor):
    assert visitor.client.get("/books/add").location == "/login"


def test_errors_have_a_page(visitor):
    page = visitor.get("/nowhere")
    assert page.status_code == 404
    assert 'href="/join"' in page.text


def test_command(app):
    result = app.test_cli_runner().invoke(args=["init-db"])
    assert app.config["DATABASE"] in result.output
