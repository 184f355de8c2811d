"""Files as responses against ``werkzeug.utils.send_file``."""

from __future__ import annotations

import gc
import mimetypes
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from werkzeug.http import http_date
from werkzeug.security import safe_join
from werkzeug.utils import send_file

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.response.file_response"
CONTENT = b"0123456789" * 3000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    os.utime(path, (1_700_000_000.25, 1_700_000_000.25))
    return path


def environ(**more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        **more,
    }


def shown(response: Any) -> tuple[Any, ...]:
    headers = sorted((name, value) for name, value in response.headers if name not in ("Date", "Expires"))
    body = None if response.status_code == 304 else b"".join(response.response)
    response.close()
    return response.status, headers, body


@pytest.mark.parametrize("max_age", [None, 0, 60])
@pytest.mark.parametrize("as_attachment", [False, True])
@pytest.mark.parametrize("name", [None, "other.html", "a b.txt", "archive.tar.gz", "noext", "x.unknown"])
@pytest.mark.parametrize("mimetype", [None, "text/css"])
def test_as_werkzeug(
    load: Load, file: Path, name: str | None, as_attachment: bool, max_age: int | None, mimetype: str | None
) -> None:
    made = load(NAME).file_response(
        load("bolthead").Response, environ(), str(file), mimetype, as_attachment, name, max_age
    )
    assert made is not None
    wanted = send_file(
        str(file), environ(), mimetype, as_attachment, name, max_age=max_age, response_class=load("bolthead").Response
    )
    assert {key for key, _ in made.headers} == {key for key, _ in wanted.headers}
    assert shown(made) == shown(wanted)


def test_conditional_requests(load: Load, file: Path) -> None:
    cls, file_response = load("bolthead").Response, load(NAME).file_response
    first = send_file(str(file), environ(), response_class=cls)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    first.close()
    later, earlier = http_date(1_800_000_000), http_date(1_600_000_000)
    for condition in (
        {"HTTP_IF_NONE_MATCH": etag},
        {"HTTP_IF_NONE_MATCH": '"other"'},
        {"HTTP_IF_NONE_MATCH": f'"other", W/{etag}'},
        {"HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_IF_MODIFIED_SINCE": modified},
        {"HTTP_IF_MODIFIED_SINCE": later},
        {"HTTP_IF_MODIFIED_SINCE": earlier},
        {"HTTP_IF_MODIFIED_SINCE": "nonsense"},
        {"HTTP_IF_NONE_MATCH": '"other"', "HTTP_IF_MODIFIED_SINCE": modified},
    ):
        found = file_response(cls, environ(**condition), str(file), None, False, None, None)
        assert shown(found) == shown(
            send_file(str(file), environ(**condition), conditional=True, response_class=cls)
        ), condition


def test_what_is_left_to_werkzeug(load: Load, file: Path, tmp_path: Path) -> None:
    cls, file_response = load("bolthead").Response, load(NAME).file_response
    empty = tmp_path / "empty"
    empty.touch()
    child: Any = type("Child", (cls,), {"make_conditional": lambda self, *args, **kwargs: self})
    for given in (
        (cls, environ(REQUEST_METHOD="POST"), str(file), None, False, None, None),
        (cls, environ(HTTP_RANGE="bytes=0-1"), str(file), None, False, None, None),
        (cls, environ(HTTP_IF_MATCH="*"), str(file), None, False, None, None),
        (cls, environ(), str(tmp_path), None, False, None, None),
        (cls, environ(), str(tmp_path / "missing"), None, False, None, None),
        (cls, environ(), f"{file}\0", None, False, None, None),
        (cls, environ(), str(empty), None, False, None, None),
        (cls, environ(), str(file), "text/x\r\nX: y", False, None, None),
        (cls, environ(), str(file), None, False, "é", None),
        (cls, environ(), str(file), None, False, None, 1.5),
        (cls, environ(), str(file), None, False, None, -1),
        (child, environ(), str(file), None, False, None, None),
    ):
        assert file_response(*given) is None


def test_the_body(load: Load, file: Path) -> None:
    """A file that grows does not get past its length; the file object is there when it is asked for."""
    cls, file_response = load("bolthead").Response, load(NAME).file_response
    body = file_response(cls, environ(), str(file), None, False, None, None).response
    with open(file, "ab") as more:
        more.write(b"more")
    assert b"".join(body) == CONTENT
    body.close()
    assert body.file.closed
    body = file_response(cls, environ(), str(file), None, False, None, None).response
    assert body.file.read(5) == CONTENT[:5] and not body.file.closed
    body.close()
    assert body.file.closed
    given = file_response(
        cls, environ(**{"wsgi.file_wrapper": lambda file, size: [file, size]}), str(file), None, False, None, None
    )
    opened, size = given.response
    assert (opened.fileno() > 2, opened.read(1), size) == (True, b"0", load(NAME).BUFFER_SIZE)
    assert next(iter(opened)) == CONTENT[1:] + b"more" and not opened.closed
    opened.close()
    opened.close()
    assert opened.closed


def test_no_descriptor_is_left(load: Load, file: Path) -> None:
    """Closed once, whether the response was sent, closed unread, forgotten, or left to Werkzeug after all."""
    cls, file_response = load("bolthead").Response, load(NAME).file_response
    wrapped = environ(**{"wsgi.file_wrapper": lambda file, size: file})
    gc.collect()
    before = set(os.listdir("/dev/fd"))
    for given in (environ(), wrapped):
        response = file_response(cls, given, str(file), None, False, None, None)
        response.close()
        response.response.close()
        response = file_response(cls, given, str(file), None, False, None, None)
        assert file_response(cls, given, str(file), None, False, "é", None) is None
        del response
        gc.collect()
        assert not set(os.listdir("/dev/fd")) - before


@pytest.mark.parametrize("path", ["a", "a/b.txt", "../a", "a/../b", "/a", "", ".a", "a//b", "a\0", "é", "a/", "a\\b"])
@pytest.mark.parametrize("directory", ["/srv", "/srv/", ""])
def test_joined_paths(load: Load, directory: str, path: str) -> None:
    """A path is joined only where ``safe_join`` gives the same; and never out of the directory."""
    found = load(NAME).simple_join(directory, path)
    if found is not None:
        assert found == safe_join(directory, path) and found.startswith("/srv/")
    assert (found is not None) == (directory == "/srv" and path in ("a", "a/b.txt"))


@pytest.mark.parametrize(
    "name", ["a.txt", "a.TXT", "a.tar.gz", "a.tgz", "a", ".a", "a.", "a.svgz", "a b.css", "x:y.js"]
)
def test_types(load: Load, name: str) -> None:
    mimetypes.init()
    module = load(NAME)
    assert module.type_of(name, module.ending_of(name, module.SAFE_NAME(name) is not None)) == mimetypes.guess_type(
        name
    )
