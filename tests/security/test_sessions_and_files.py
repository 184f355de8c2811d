"""Known attacks on sessions, redirects, static files and templates, and what each must get."""

from __future__ import annotations

import ntpath
import types
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import werkzeug.security
from itsdangerous import BadSignature
from werkzeug.exceptions import NotFound

from bolthead import Flask, g, render_template_string, send_from_directory, session
from bolthead.views import MethodView


def site(**config: Any) -> Any:
    app = Flask("site_under_test", root_path="/nowhere")
    app.config.update({"SECRET_KEY": "new", **config})
    return app


def varies(view: Callable[[], Any], *, before: Callable[[], Any] | None = None, **config: Any) -> bool:
    """Whether the answer to a request that has a session cookie says that it depends on cookies."""
    app = site(**config)
    app.add_url_rule("/", "page", lambda: str(view()))
    app.add_url_rule("/log-in", "log_in", lambda: str((before or (lambda: session.update(a=1)))()))
    client = app.test_client()
    client.get("/log-in")
    return "Cookie" in client.get("/").vary


@pytest.mark.parametrize(
    "touch",
    [
        lambda: session.get("a"),
        lambda: "a" in session,
        lambda: len(session),
        lambda: bool(session),
        lambda: list(session),
        lambda: dict(session),
        lambda: session == {},
        lambda: session.keys(),
        lambda: session.permanent,
        lambda: session.setdefault("a", 2),
        lambda: session.__contains__("a"),
    ],
)
def test_CVE_2026_27205_every_look_is_an_access(touch: Callable[[], Any]) -> None:
    assert varies(touch)


def test_CVE_2026_27205_no_look_is_no_access() -> None:
    assert not varies(lambda: "nothing of the session")


def test_CVE_2023_30861_changed_or_refreshed() -> None:
    """A cached answer must not hand one client's session cookie to another."""

    def lasting() -> None:
        session.permanent = True
        session["a"] = 1

    assert varies(lambda: session.update(b=2))
    assert varies(lambda: session.clear())
    assert varies(lambda: "untouched", before=lasting, PERMANENT_SESSION_LIFETIME=timedelta(days=1))
    assert not varies(lambda: "untouched", before=lasting, SESSION_REFRESH_EACH_REQUEST=False)


def test_CVE_2025_47278_the_current_key_signs() -> None:
    app = site(SECRET_KEY_FALLBACKS=["old", "older"])
    app.add_url_rule("/", "page", lambda: str(session.get("a")))
    app.add_url_rule("/set", "set", lambda: str(session.update(a=1)))
    client = app.test_client()
    client.get("/set")
    value = client.get_cookie("session").value

    def reads(key: str, text: str) -> bool:
        other = site(SECRET_KEY=key)
        try:
            return bool(other.session_interface.get_signing_serializer(other).loads(text) == {"a": 1})
        except BadSignature:
            return False

    assert reads("new", value)
    assert not reads("old", value)
    for key, expected in (("old", "1"), ("older", "1"), ("other", "None")):
        signer = site(SECRET_KEY=key)
        client.set_cookie("session", signer.session_interface.get_signing_serializer(signer).dumps({"a": 1}))
        assert client.get("/").text == expected


# --- redirects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["//evil.com", "//evil.com/", "///evil.com/x", "/\\evil.com", "//evil.com/%2e%2e"])
def test_redirects_stay_on_the_host(path: str) -> None:
    """A redirect to add a slash or to drop one names our own host, never only what the path says."""
    app = site()
    app.add_url_rule("/<name>/", "page", lambda name: name)
    app.add_url_rule("/<name>/<path:rest>/", "deep", lambda name, rest: rest)
    answer = app.test_client().get("/", environ_overrides={"PATH_INFO": path})
    location = answer.headers.get("Location", "http://localhost/")
    assert location.startswith("http://localhost/")
    assert not location.startswith("http://localhost//")


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("//foo", 308, "http://localhost/foo/"),
        ("///a//b", 308, "http://localhost/a/b"),
        ("//evil.com", 404, None),
        ("//evil.com/..", 404, None),
    ],
)
def test_slashes_are_merged_on_the_own_host(path: str, status: int, location: str | None) -> None:
    app = site()
    app.add_url_rule("/foo/", "foo", lambda: "foo")
    app.add_url_rule("/a/b", "b", lambda: "b")
    answer = app.test_client().get("/", environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.headers.get("Location")) == (status, location)


# --- static files ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    inside = tmp_path / "static"
    inside.mkdir()
    (inside / "a.txt").write_text("public")
    (tmp_path / "static-other").mkdir()
    (tmp_path / "static-other" / "b.txt").write_text("secret")
    return inside


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "a/../../secret.txt",
        "../static-other/b.txt",
        "/etc/passwd",
        "//etc/passwd",
        "..",
        ".",
        "",
        "..\\secret.txt",
        "a.txt\0.png",
    ],
)
def test_nothing_outside_of_the_static_folder(folder: Path, path: str) -> None:
    app = Flask("site_under_test", root_path=str(folder.parent))
    client = app.test_client()
    assert client.get("/static/a.txt", buffered=True).data == b"public"
    answer = client.get("/static/", environ_overrides={"PATH_INFO": "/static/" + path}, buffered=True)
    assert answer.status_code in (301, 308, 404)
    assert b"secret" not in answer.data
    with app.test_request_context(), pytest.raises(NotFound):
        send_from_directory(folder, path)


@pytest.mark.parametrize(
    ("asked", "status", "given"),
    [
        ("0-1", 206, b"pu"),
        ("-2", 206, b"ic"),
        ("-0", 416, None),
        ("9-", 416, None),
        ("\u06600-1", 416, None),
        ("0-,0-,0-", 416, None),
        (",".join(f"{at}-{at}" for at in range(20_000)), 416, None),
    ],
    ids=["first", "last", "none", "beyond", "digits", "three", "20000"],
)
def test_one_range_of_a_file_is_sent(folder: Path, asked: str, status: int, given: bytes | None) -> None:
    """Several are not merged and sorted, for which Starlette took a square of their number (CVE-2025-62727)."""
    app = Flask("site_under_test", root_path=str(folder.parent))
    answer = app.test_client().get("/static/a.txt", environ_overrides={"HTTP_RANGE": f"bytes={asked}"}, buffered=True)
    assert answer.status_code == status
    assert given is None or answer.data == given


WINDOWS = [
    *("CON", "nul", "NUL.txt", "aux ", "COM1", "lpt9.log", "CONIN$", "conout$", "COM\xb9", "a/NUL", "NUL:stream"),
    *("PRN.", "//server/share/x", "C:/x", "C:x", "a\\b", "..\\x", "\\\\server\\share"),
]


@pytest.mark.parametrize("path", WINDOWS)
def test_CVE_2024_49766_CVE_2025_66221_CVE_2026_21860_CVE_2026_27199_windows_paths(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drives, shares and device names are refused on Windows, before the file system is asked."""
    windows = types.SimpleNamespace(name="nt", path=ntpath, fspath=lambda given: str(given))
    monkeypatch.setattr(werkzeug.security, "os", windows)
    monkeypatch.setattr(werkzeug.security, "_os_alt_seps", ["\\"])
    with site().test_request_context(), pytest.raises(NotFound):
        send_from_directory(folder, path)


# --- views and templates --------------------------------------------------------------------------------------


def test_method_views_answer_registered_methods_only() -> None:
    """The method of a request is no name to look up on the view (as in Starlette's pull request 3286)."""

    class View(MethodView):
        def get(self) -> str:
            return "got"

        def internal(self) -> str:
            return "never"

    app = site()
    app.add_url_rule("/", view_func=View.as_view("page"))
    client = app.test_client()
    assert client.get("/").text == "got"
    for method in ("INTERNAL", "__INIT__", "DISPATCH_REQUEST", "POST"):
        assert client.open("/", method=method).status_code == 405


@pytest.mark.parametrize("name", [f"a.{ending}" for ending in ("html", "htm", "xml", "xhtml", "svg")])
def test_templates_escape(name: str, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / name).write_text("{{ x }} {{ x|tojson }}")
    app = Flask("site_under_test", root_path=str(tmp_path))
    app.add_url_rule("/", "page", lambda: app.jinja_env.get_template(name).render(x="<script>'&"))
    text = app.test_client().get("/").text
    assert "<" not in text
    assert "'" not in text


def test_template_strings_escape() -> None:
    app = site()
    app.add_url_rule("/", "page", lambda: render_template_string("{{ x }}", x="<script>"))
    assert app.test_client().get("/").text == "&lt;script&gt;"


def test_g_is_of_one_request() -> None:
    app = site()

    def view() -> str:
        seen = getattr(g, "a", "unset")
        g.a = "set"
        return str(seen)

    app.add_url_rule("/", "page", view)
    client = app.test_client()
    assert [client.get("/").text for _ in range(2)] == ["unset", "unset"]
