"""What Windows has not is taken away before bolthead is imported: every module but the
server's loads, and an application answers."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

import builds

PROGRAM = """
    import asyncio, gc, importlib, importlib.abc, io, multiprocessing, os, pkgutil, select, selectors, signal, socket
    import subprocess, sys, tempfile, uuid
    import asgiref.sync, click, flask, jinja2, werkzeug.debug, werkzeug._reloader

    asyncio.new_event_loop().close()  # the policy of this system

    class Absent(importlib.abc.MetaPathFinder):
        names = {"fcntl", "pwd", "grp", "resource", "termios", "syslog", "gunicorn"}

        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in self.names:
                raise ModuleNotFoundError(name, name=name)

    for name in Absent.names:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Absent())
    for module, names in (
        (select, "epoll poll kqueue EPOLLIN EPOLLOUT EPOLLONESHOT EPOLLEXCLUSIVE POLLIN POLLOUT"),
        (os, "fork register_at_fork sendfile pread getuid geteuid chown O_NOFOLLOW sched_getaffinity"),
        (signal, "SIGHUP SIGQUIT SIGCHLD SIGUSR1 SIGUSR2 SIGKILL SIGWINCH SIGALRM pthread_sigmask setitimer SIG_BLOCK"),
        (socket, "SO_REUSEPORT MSG_DONTWAIT MSG_NOSIGNAL"),
    ):
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    selectors.DefaultSelector = selectors.SelectSelector
    sys.platform = "win32"

    import bolthead
    from bolthead.serving.binds import parse_bind

    failed = set()
    for found in pkgutil.walk_packages(bolthead.__path__, "bolthead."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                assert error.name in Absent.names, error
                failed.add(found.name)
    print(*sorted(failed))

    app = bolthead.Flask("other", static_folder=sys.argv[1], static_url_path="/static")
    app.secret_key = "other"

    @app.post("/form")
    async def form():
        bolthead.session["name"] = bolthead.request.form["name"]
        return str(len(bolthead.request.files["file"].read()))

    with app.test_client() as client:
        sent = client.post("/form", data={"name": "a", "file": (io.BytesIO(b"x" * 600_000), "f")})
        assert sent.text == "600000" and "session=" in sent.headers["Set-Cookie"], sent
        assert client.get("/static/a/b.txt").data == b"one\\r\\ntwo"
        assert client.get("/static/a/..%5Cb.txt").status_code == 404
    from click.testing import CliRunner
    from bolthead.cli import cli
    assert CliRunner().invoke(cli, ["--version"]).exit_code == 0
    assert "serve" in CliRunner().invoke(cli, ["--help"]).output
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the others need no disguise")
@pytest.mark.parametrize("build", builds.NAMES)
def test_without_what_unix_has(build: str, tmp_path: os.PathLike[str]) -> None:
    folder = os.path.join(tmp_path, "a")
    os.mkdir(folder)
    with open(os.path.join(folder, "b.txt"), "wb") as file:
        file.write(b"one\r\ntwo")
    env = os.environ | {"BOLTHEAD_PURE": "1" if build == "pure" else ""}
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(PROGRAM), os.fspath(tmp_path)]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Only what gunicorn loads, which does not run there.
    assert all(name.startswith("bolthead.serving.") for name in done.stdout.split()), done.stdout
