from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from werkzeug.exceptions import RequestEntityTooLarge

from conftest import PNG


def picture(content: bytes = PNG, name: str = "cat.png"):
    return io.BytesIO(content), name


def test_post_and_answer(visitor, other):
    visitor.join()
    page = visitor.send("/topics/new", title="Tea & <b>", body="Which?\r\n\r\nSee https://example.org/")
    assert page.request.path == "/topics/1"
    assert "<h1>Tea &amp; &lt;b&gt;</h1>" in page.text
    assert re.search(r'Which\?\n\nSee <a href="https://example.org/" rel="[^"]*nofollow[^"]*">', page.text)

    other.join("grace")
    page = other.send("/topics/1", body="Green.")
    assert "Green." in page.text
    assert "<b>1</b> answer" in other.get("/").text


@pytest.mark.parametrize(
    ("title", "body", "problem"),
    [
        ("", "text", "A topic needs a title."),
        ("x" * 121, "text", "A title has 120 characters at most."),
        ("title", "  \n ", "Write something first."),
        ("title", "x" * 10_001, "A post has 10000 characters at most."),
    ],
)
def test_refused(visitor, title, body, problem):
    visitor.join()
    page = visitor.send("/topics/new", title=title, body=body)
    assert problem in page.text
    assert page.request.path == "/topics/new"
    assert "Nothing here yet" in visitor.get("/").text


def test_what_was_written_is_not_lost(visitor):
    visitor.join()
    visitor.send("/topics/new", title="one", body="first")
    assert "my long text</textarea>" in visitor.send("/topics/new", title="", body="my long text").text
    page = visitor.send("/topics/1", body="kept", picture=picture(b"no picture"))
    assert "Only PNG, JPEG, GIF and WebP" in page.text
    assert "kept</textarea>" in page.text


def test_answer_needs_log_in(visitor, other):
    visitor.join()
    visitor.send("/topics/new", title="one", body="first")
    page = other.send("/topics/1", page="/auth/login", body="anonymous")
    assert page.request.path == "/auth/login"
    assert "anonymous" not in other.get("/topics/1").text


def test_picture_is_shown_again(visitor, app):
    visitor.join()
    page = visitor.send("/topics/new", title="cat", body="look", picture=picture(name="../../etc/x.png"))
    (stored,) = Path(app.config["PICTURES"]).iterdir()
    assert stored.suffix == ".png"
    assert f'src="/pictures/{stored.name}"' in page.text

    shown = visitor.get(f"/pictures/{stored.name}")
    assert shown.data == PNG
    assert shown.mimetype == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    part = visitor.get(f"/pictures/{stored.name}", headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.data) == (206, PNG[:8])
    shown.close()
    part.close()


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"GIF", b"RIFF....WAVE"])
def test_other_files_are_no_pictures(visitor, app, content):
    visitor.join()
    page = visitor.send("/topics/new", title="cat", body="look", picture=picture(content))
    assert "Only PNG, JPEG, GIF and WebP pictures can be shown." in page.text
    assert not Path(app.config["PICTURES"]).exists()


@pytest.mark.parametrize(
    ("head", "kind"),
    [(PNG, "png"), (b"\xff\xd8\xff\xe0", "jpg"), (b"GIF89a", "gif"), (b"RIFF0000WEBPVP8 ", "webp")],
)
def test_kinds(head, kind):
    from board.pictures import kind_of

    assert kind_of(head) == kind


def test_too_large_keeps_the_header_and_the_text(visitor, app):
    visitor.join()
    visitor.send("/topics/new", title="one", body="first")
    app.config["MAX_CONTENT_LENGTH"] = 200 * 1024
    large = PNG * 4_000
    page = visitor.send("/topics/new", title="cat <1>", body="long\r\ntext", picture=picture(large))
    assert page.status_code == 413
    assert "A post and its picture have 200 kB at most." in page.text
    assert "Log out" in page.text
    assert 'value="cat &lt;1&gt;"' in page.text
    assert "long\ntext</textarea>" in page.text

    page = visitor.send("/topics/1", body="my answer", picture=picture(large))
    assert page.status_code == 413
    assert "<h1>one</h1>" in page.text
    assert "my answer</textarea>" in page.text
    assert "first" in page.text


@pytest.mark.parametrize("path", ["/topics/9", "/auth/logout", "/posts/1/delete"])
def test_too_large_elsewhere(visitor, app, path):
    visitor.join()
    app.config["MAX_CONTENT_LENGTH"] = 1000
    page = visitor.send(path, page="/", body="x" * 2000)
    assert page.status_code == 413
    assert 'class="code">413<' in page.text
    assert "1000 bytes at most" in page.text
    assert "Log out" in page.text


def test_too_large_for_a_server_that_refuses_to_read(visitor):
    visitor.join()

    class Refusing(io.BytesIO):
        def read(self, size=-1):
            raise RequestEntityTooLarge

        readline = readinto = read

    page = visitor.client.post(
        "/topics/new", data={"body": "text", "picture": picture()}, environ_overrides={"wsgi.input": Refusing()}
    )
    assert page.status_code == 413
    assert "Log out" in page.text
    assert "6 MB at most" in page.text


def test_too_large_and_malformed(visitor, app):
    visitor.join()
    app.config["MAX_CONTENT_LENGTH"] = 100
    for kind in ("multipart/form-data; boundary=b", "multipart/form-data", "text/plain"):
        page = visitor.client.post("/topics/new", data=b"-" * 200_000, content_type=kind)
        assert page.status_code == 413
        assert "</textarea>" in page.text


def test_only_the_author_deletes(visitor, other, app):
    visitor.join()
    visitor.send("/topics/new", title="cat", body="look", picture=picture())
    other.join("grace")
    assert other.send("/posts/1/delete", page="/").status_code == 403
    assert list(Path(app.config["PICTURES"]).iterdir())

    assert 'href="/posts/1/delete"' in visitor.get("/topics/1").text
    asked = visitor.get("/posts/1/delete")
    assert "Delete this post?" in asked.text
    assert "Its picture goes with it." in asked.text
    assert list(Path(app.config["PICTURES"]).iterdir())

    page = visitor.send("/posts/1/delete")
    assert page.request.path == "/"
    assert "The post is gone." in page.text
    assert "Nothing here yet" in page.text
    assert not list(Path(app.config["PICTURES"]).iterdir())


def test_deleting_an_answer_keeps_the_topic(visitor):
    visitor.join()
    visitor.send("/topics/new", title="one", body="first")
    visitor.send("/topics/1", body="second")
    assert visitor.send("/posts/2/delete").request.path == "/topics/1"
    assert visitor.send("/posts/7/delete", page="/topics/1").status_code == 404


def test_pages(visitor):
    visitor.join()
    for number in range(1, 5):
        visitor.send("/topics/new", title=f"topic {number}", body="text")
    first, second = visitor.get("/").text, visitor.get("/?page=2").text
    assert [n for n in range(1, 5) if f"topic {n}<" in first] == [2, 3, 4]
    assert [n for n in range(1, 5) if f"topic {n}<" in second] == [1]
    assert 'rel="next" href="/?page=2"' in first
    assert 'rel="prev" href="/?page=1"' in second
    for page in ("0", "-1", "9"):
        assert visitor.get(f"/?page={page}").status_code == 404
    assert visitor.get("/?page=x").status_code == 200


def test_export_streams_every_post(visitor):
    visitor.join()
    visitor.send("/topics/new", title="Tee", body="grün")
    visitor.send("/topics/1", body="second\nline")
    export = visitor.client.get("/export.jsonl", buffered=False)
    assert export.is_streamed
    assert export.mimetype == "application/jsonl"
    posts = [json.loads(line) for line in export.text.splitlines()]
    assert [(p["id"], p["title"], p["author"], p["body"]) for p in posts] == [
        (1, "Tee", "ada", "grün"),
        (2, "Tee", "ada", "second\nline"),
    ]


def test_errors_have_a_page(visitor):
    for path in ("/nope", "/topics/7", "/pictures/../board.sqlite"):
        page = visitor.get(path)
        assert page.status_code == 404
        assert "Back to the topics" in page.text


def test_headers(visitor):
    headers = visitor.get("/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (7200, "2 hours ago"),
        (6 * 86400, "6 days ago"),
        (8 * 86400, "12 Sep 2001"),
    ],
)
def test_ago(seconds, text):
    from board.filters import ago

    assert ago(1_000_944_000 - seconds, now=1_000_944_000) == text
