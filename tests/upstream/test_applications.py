"""Applications that say ``import flask``, unedited, each under a server that its users know, over HTTP."""

from __future__ import annotations

import functools
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import programs
import serving
from upstream import environments
from upstream.archives import ROOT

APPLICATIONS = Path(__file__).parent / "applications"
SERVE = ["-m", "bolthead", "--app", "{app}", "serve", "--as-flask", "-w", "1", "-b", "127.0.0.1:{port}"]
GUNICORN = ["-m", "bolthead.as_flask", "-m", "gunicorn", "-b", "127.0.0.1:{port}", "--threads", "8", "{app}"]
SCRIPT = ["-m", "bolthead.as_flask", "{app}", "{port}"]

MIXED = ["Flask-Admin==2.2.1", "Flask-SQLAlchemy==3.1.1", "sqlalchemy<2.1", "dash==4.4.1", "Flask-Sock==0.7.0"]
MIXED += ["Flask-SocketIO==5.7.0", "websocket-client", "requests", *environments.extra("serve")]


@functools.cache
def python(name: str) -> Path:
    if name == "httpbin":
        return environments.make("httpbin", "0.10.4", environments.extra("serve"))
    return environments.make_plain("applications", MIXED)


def env(build: str, exe: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("BOLTHEAD_", "FLASK_", "PYTEST_"))}
    kept |= {"PYTHONPATH": str(ROOT / "src"), "PATH": f"{exe.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return kept | ({"BOLTHEAD_PURE": "1"} if build == "pure" else {})


@contextmanager
def server(name: str, command: list[str], app: str, build: str, place: Path) -> Iterator[int]:
    """Start *app* in *place*; gives the port when it answers."""
    for file in APPLICATIONS.glob("*.py"):
        shutil.copy(file, place)
    port = serving.free_port()
    exe = python(name)
    words = [str(exe), *(word.format(app=app, port=port) for word in command)]
    log = place / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(words, cwd=place, env=env(build, exe), stdout=output, stderr=output)
    try:
        end = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{app} did not start: {log.read_text()}")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


class Visitor:
    """A visitor with cookies, on a connection for each request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        connection.request(method, path, body, given)
        response = connection.getresponse()
        for line in response.headers.get_all("Set-Cookie") or ():
            key, _, value = line.partition(";")[0].partition("=")
            self.cookies[key] = value
        text = response.read().decode("utf-8", "replace")
        self.headers = response.headers
        connection.close()
        return response.status, text

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self.ask("GET", path, **headers)

    def post_form(self, path: str, **fields: str) -> tuple[int, str]:
        body = urllib.parse.urlencode(fields).encode()
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded")


def test_httpbin(build: str, tmp_path: Path) -> None:
    with server("httpbin", SERVE, "httpbin:app", build, tmp_path) as port:
        visitor = Visitor(port)
        assert json.loads(visitor.get("/get?a=1&b=%C3%A9")[1])["args"] == {"a": "1", "b": "é"}
        assert "teapot" in visitor.get("/status/418")[1]
        assert visitor.get("/basic-auth/u/p")[0] == 401
        assert visitor.get("/basic-auth/u/p", Authorization="Basic dTpw")[0] == 200
        assert visitor.get("/cookies/set?k=v")[0] == 302
        assert json.loads(visitor.get("/cookies")[1]) == {"cookies": {"k": "v"}}
        assert len(visitor.get("/stream/20")[1].splitlines()) == 20
        assert json.loads(visitor.post_form("/post", a="b")[1])["form"] == {"a": "b"}
        part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\nfile\r\n--x--\r\n'
        told = json.loads(visitor.ask("POST", "/post", part, Content_Type="multipart/form-data; boundary=x")[1])
        assert told["files"] == {"f": "file"}
        sent = visitor.ask("PUT", "/anything/x", b'{"a": [1]}', Content_Type="application/json")[1]
        assert json.loads(sent)["json"] == {"a": [1]}
        assert visitor.get("/etag/tag", If_None_Match='"tag"')[0] == 304
        assert visitor.get("/range/100", Range="bytes=10-19")[0] == 206
        assert visitor.get("/redirect/3")[0] == 302
        for path in ("/", "/gzip", "/html", "/xml", "/image/png", "/encoding/utf8", "/links/3", "/uuid"):
            assert visitor.get(path)[0] in (200, 302), path
        assert visitor.get("/no/such")[0] == 404
        assert visitor.ask("POST", "/get")[0] == 405


def test_flask_admin(build: str, tmp_path: Path) -> None:
    with server("mixed", SERVE, "admin_app", build, tmp_path) as port:
        visitor = Visitor(port)
        assert "posts" in visitor.get("/admin/")[1]
        assert "There are no items" in visitor.get("/admin/post/")[1]
        assert 'name="title"' in visitor.get("/admin/post/new/")[1]
        for title in ("First one", "Zweiter ü"):
            assert visitor.post_form("/admin/post/new/", title=title)[0] == 302
        listed = visitor.get("/admin/post/")[1]
        assert "First one" in listed and "Zweiter ü" in listed
        assert "successfully" in listed  # flashed, through the session
        assert "Zweiter" not in visitor.get("/admin/post/?search=First")[1]
        assert visitor.post_form("/admin/post/edit/?id=1", title="Changed")[0] == 302
        assert visitor.post_form("/admin/post/delete/", id="2")[0] == 302
        listed = visitor.get("/admin/post/")[1]
        assert "Changed" in listed and "Zweiter" not in listed
        script = re.search(r'src="(/admin/static/[^"]+\.js[^"]*)"', listed)
        assert script is not None
        assert visitor.get(script[1].replace("&amp;", "&"))[0] == 200


def test_dash_in_a_browser(build: str, tmp_path: Path) -> None:
    chromium = programs.need(*programs.CHROMIUM)
    with server("mixed", SERVE, "dash_app", build, tmp_path) as port:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        command += ["--virtual-time-budget=20000", "--dump-dom", f"http://127.0.0.1:{port}/"]
        page = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    assert "hello world, 3 ticks" in page


def heard(client: str, port: int, build: str) -> list[str]:
    exe = python("mixed")
    command = [str(exe), str(APPLICATIONS / "clients.py"), client, str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env(build, exe))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_flask_sock(build: str, tmp_path: Path) -> None:
    with server("mixed", GUNICORN, "sock_app:app", build, tmp_path) as port:
        assert Visitor(port).get("/") == (200, "plain")
        assert heard("sock", port, build) == ["heard /echo/heard one", "heard /echo/heard two"]


def test_flask_socketio(build: str, tmp_path: Path) -> None:
    with server("mixed", SCRIPT, "socketio_app.py", build, tmp_path) as port:
        assert Visitor(port).get("/") == (200, "plain")
        assert heard("socketio", port, build) == [
            f"{transport} said {{'text': '{word}', 'namespace': '/', 'count': {count}}}"
            for transport in ("websocket", "polling")
            for count, word in enumerate(("one", "two"), 1)
        ]
