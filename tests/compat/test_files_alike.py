"""Files by their path, on Flask and here: the whole answer to any request for them, and what is left open."""

from __future__ import annotations

import gc
import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wsgi import FileWrapper

from oracle import Framework, both

SIZES = {
    "a.txt": 10,
    "big.bin": 20_001,
    "block.css": 8192,
    "empty.txt": 0,
    "noext": 3,
    "UPPER.TXT": 4,
    "page.html": 5,
    "pack.tar.gz": 6,
    "old.tgz": 6,
    "code.js.gz": 6,
    "a b.txt": 7,
    "quote'd.txt": 7,
    "grüße.txt": 8,
    ".hidden": 2,
    "dots..txt": 3,
    "-dash.json": 3,
    "sub/deep/x.svg": 9,
    "sub/.dot/y.txt": 9,
    "a;b.txt": 3,
    "data:text,x": 3,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    for number, (name, size) in enumerate(SIZES.items()):
        path = root / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(i % 251 for i in range(size)))
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number + number / 7))
    (root / "secret.txt").write_text("no")
    (root / "static" / "link.txt").symlink_to(root / "static" / "a.txt")
    return root


def served(app: Any, method: str, path: str, headers: dict[str, str], wrapper: bool) -> Any:
    """Status, headers, chunks and the kind of body of one answer, as a server gets it."""
    environ = EnvironBuilder(path=path, method=method, headers=headers).get_environ()
    if wrapper:
        environ["wsgi.file_wrapper"] = FileWrapper
    begun: list[Any] = []
    body = app(environ, lambda status, headers, exc_info=None: begun.append((status, headers)))
    chunks = list(itertools.islice(body, 100))
    if hasattr(body, "close"):
        body.close()
    [(status, sent)] = begun
    # Allow comes from a set, and so in any order.
    timed = [(name, "" if name in ("Date", "Expires", "Allow") else value) for name, value in sent]
    return status, timed, [len(chunk) for chunk in chunks], b"".join(chunks)


def site(fw: Framework, folder: Path, max_age: Any = None) -> Any:
    app = fw.app(root_path=str(folder))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = max_age
    return app


NAMES = st.sampled_from([*SIZES, "link.txt", "missing.txt", "sub", "sub/deep", "../secret.txt", "sub/../a.txt"])
HOSTILE = st.sampled_from(["..", "%2e%2e/secret.txt", "/etc/passwd", "a.txt/", "sub//deep/x.svg", "a.txt%00"])


@st.composite
def conditions(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Request headers about what the client has; ``ETAG`` and ``DATE`` stand for the file's own."""
    tags = st.sampled_from(["ETAG", "W/ETAG", '"other"', 'ETAG, "x"', "*", "", "garbage", '"'])
    dates = st.sampled_from(["DATE", "Wed, 01 Jan 2020 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "no date", ""])
    found = []
    for name, values in (
        ("If-None-Match", tags),
        ("If-Modified-Since", dates),
        ("If-Match", tags),
        ("If-Range", st.one_of(tags, dates)),
        ("Range", st.sampled_from(["bytes=0-3", "bytes=-2", "bytes=99999-", "bytes=1-2,4-5", "nonsense"])),
    ):
        if draw(st.integers(0, 2)) == 0:
            found.append((name, draw(values)))
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.one_of(NAMES, HOSTILE),
    method=st.sampled_from(["GET", "GET", "HEAD", "OPTIONS", "POST"]),
    asked=conditions(),
    wrapper=st.booleans(),
    max_age=st.sampled_from([None, 0, 1, 3600, -1]),
)
@example("a.txt", "GET", [("If-None-Match", "ETAG")], False, None)
@example("a.txt", "GET", [("If-Modified-Since", "DATE")], False, 60)
@example("a.txt", "HEAD", [("If-Modified-Since", "DATE")], True, 60)
def test_static_files(
    folder: Path, name: str, method: str, asked: list[tuple[str, str]], wrapper: bool, max_age: Any
) -> None:
    path = f"/static/{name}"

    def scenario(fw: Framework) -> Any:
        app = site(fw, folder, max_age)
        first = served(app, method, path, {}, wrapper)
        own = dict(first[1])
        headers = {
            key: value.replace("ETAG", own.get("ETag", '"e"')).replace("DATE", own.get("Last-Modified", "Thursday"))
            for key, value in asked
        }
        return first, headers, served(app, method, path, headers, wrapper)

    def whole(fw: Framework) -> Any:
        try:
            return scenario(fw)
        except Exception as error:
            return type(error).__name__, str(error)

    both(whole)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"mimetype": "text/x-own"},
    {"mimetype": "image/png"},
    {"mimetype": ""},
    {"as_attachment": True},
    {"as_attachment": True, "download_name": "other name.pdf"},
    {"download_name": "pack.tar.gz"},
    {"download_name": "pack.tar.gz", "as_attachment": True},
    {"download_name": "grüße.txt"},
    {"download_name": 'q"uo\\te.txt'},
    {"download_name": ""},
    {"max_age": 5},
    {"max_age": 0},
    {"max_age": True},
    {"max_age": lambda path: len(os.path.basename(path))},
    {"max_age": 2.5},
    {"conditional": False},
    {"etag": False},
    {"etag": "own"},
    {"last_modified": 1_600_000_000},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("way", ["directory", "path", "relative", "directory as Path", "Path", "relative as Path"])
def test_options(folder: Path, options: dict[str, Any], way: str) -> None:
    def scenario(fw: Framework) -> Any:
        app = site(fw, folder)

        @app.get("/")
        def index() -> Any:
            kind = Path if way.endswith("Path") else str
            if way.startswith("directory"):
                return fw.send_from_directory(kind("static"), kind("a.txt"), **options)
            return fw.send_file(
                kind("static/a.txt" if way.startswith("relative") else folder / "static/a.txt"), **options
            )

        try:
            return served(app, "GET", "/", {}, False)
        except Exception as error:
            return type(error).__name__, str(error)

    both(scenario)


def test_a_changed_file_is_sent_anew(folder: Path) -> None:
    changing = folder / "static" / "changing.txt"

    def scenario(fw: Framework) -> Any:
        app = site(fw, folder)
        said = []
        etag = ""
        for text, time in (("one", 1_700_000_000), ("two", 1_700_000_001), ("three", 1_700_000_001)):
            changing.write_text(text)
            os.utime(changing, (time, time))
            answer = served(app, "GET", "/static/changing.txt", {"If-None-Match": etag} if etag else {}, False)
            etag = dict(answer[1])["ETag"]
            said.append(answer)
            said.append(served(app, "GET", "/static/changing.txt", {"If-None-Match": etag}, False))
        changing.unlink()
        said.append(served(app, "GET", "/static/changing.txt", {"If-None-Match": etag}, False)[0])
        return said

    both(scenario)


def test_hooks_of_others_are_asked(folder: Path) -> None:
    def scenario(fw: Framework) -> Any:
        asked: list[Any] = []

        class Reply(fw.Response):  # type: ignore[name-defined, misc]
            def make_conditional(self, *args: Any, **kwargs: Any) -> Any:
                asked.append("make_conditional")
                return super().make_conditional(*args, **kwargs)

        class Site(fw.Flask):  # type: ignore[name-defined, misc]
            def get_send_file_max_age(self, filename: str | None) -> int | None:
                asked.append(os.path.basename(filename or ""))
                return 77

        app = Site("site_under_test", root_path=str(folder))
        answers = [served(app, "GET", "/static/a.txt", {}, False)]
        app.response_class = Reply
        answers.append(served(app, "GET", "/static/a.txt", {}, False))
        with app.test_request_context("/"):
            response = fw.send_file("static/a.txt")
            answers.append(response.headers["Cache-Control"])
            response.close()
        return asked, answers

    both(scenario)


def test_types_added_later_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mimetypes

    (folder / "static" / "x.zzq").write_text("z")

    def kind(app: Any) -> Any:
        return dict(served(app, "GET", "/static/x.zzq", {}, False)[1])["Content-Type"]

    def scenario(fw: Framework) -> Any:
        app = site(fw, folder)
        before = kind(app)
        with monkeypatch.context() as patch:
            patch.setitem(mimetypes.types_map, ".zzq", "text/x-zzq")
            return before, kind(app)

    both(scenario)


def test_what_an_after_hook_sees_of_a_file(folder: Path) -> None:
    def scenario(fw: Framework) -> Any:
        app = site(fw, folder)
        seen: list[Any] = []

        @app.after_request
        def look(response: Any) -> Any:
            body = response.response
            seen.append((response.direct_passthrough, response.is_streamed, response.content_length))
            seen.append((response.cache_control.no_cache, response.get_etag()[1], response.last_modified))
            seen.append((isinstance(body, FileWrapper), body.seekable(), body.tell(), body.file.closed))
            seen.append(os.path.basename(body.file.name))
            body.seek(3)
            seen.append(body.file.read(2))
            return response

        return served(app, "GET", "/static/a.txt", {}, False), seen

    both(scenario)


def test_a_file_is_closed(folder: Path) -> None:
    import bolthead

    app = bolthead.Flask("site_under_test", root_path=str(folder))
    gc.collect()
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    date = dict(served(app, "GET", "/static/a.txt", {}, False)[1])["Last-Modified"]
    for headers in ({}, {"If-Modified-Since": date}, {"Range": "bytes=1-2"}):
        for method in ("GET", "HEAD"):
            served(app, method, "/static/a.txt", headers, False)
    with app.test_request_context("/"):
        bolthead.send_file("static/a.txt")  # Dropped unread.
    gc.collect()  # For PyPy, where an object that was dropped stays until then.
    if before:
        assert len(os.listdir("/proc/self/fd")) == before
