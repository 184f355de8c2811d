"""The admin's place over the life of a server: USR2 hands it over, and its end takes it away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("gunicorn")

import serving

APP = "from bolthead import Flask\napp = Flask(__name__)\n"
BROKEN = "import no_such_module\n"


def connect(place: str) -> socket.socket:
    if place.startswith("unix:"):
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(place.removeprefix("unix:"))
        except OSError:
            client.close()
            raise
    else:
        client = socket.create_connection(("127.0.0.1", int(place.rpartition(":")[2])))
    client.settimeout(serving.PATIENCE)
    return client


def ask(place: str, path: str = "/healthz") -> bytes:
    with connect(place) as client:
        return serving.exchange(client, f"GET {path} HTTP/1.1\r\n\r\n".encode(), half_close=False)


def until_refused(place: str) -> None:
    until = time.monotonic() + serving.PATIENCE
    while time.monotonic() < until:
        try:
            connect(place).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError("it still listens")


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    return f"unix:{tmp_path}/admin" if request.param == "unix" else f"127.0.0.1:{serving.free_port()}"


def as_serve(place: str) -> tuple[list[str], dict[str, str]]:
    port = serving.free_port()
    command = ["-m", "bolthead", "--app", "served", "serve", "--admin-bind", place, "--bind", f"127.0.0.1:{port}"]
    return [*command, "--pid-file", "pid", "--workers", "1"], {}


def as_worker(place: str) -> tuple[list[str], dict[str, str]]:
    # Not by -m: what gunicorn then starts at USR2 has gunicorn's folder on its path.
    command = ["run.py", "-k", "bolthead.serving.Worker", "--bind", f"127.0.0.1:{serving.free_port()}"]
    return [*command, "--pid", "pid", "--no-control-socket", "served:app"], {"BOLTHEAD_ADMIN_BIND": place}


def other_server(folder: Path) -> int:
    """The process that USR2 has started, when its workers serve."""
    until = time.monotonic() + serving.PATIENCE
    while not (folder / "pid.2").exists() and time.monotonic() < until:
        time.sleep(0.02)
    return int((folder / "pid.2").read_text())


def until_gone(folder: Path, name: str) -> None:
    until = time.monotonic() + serving.PATIENCE
    while (folder / name).exists():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("place", ["unix", "tcp"], indirect=True)
@pytest.mark.parametrize("how", [as_serve, as_worker])
def test_usr2(tmp_path: Path, place: str, how) -> None:
    app, log = tmp_path / "served.py", tmp_path / "log"
    app.write_text(APP)
    (tmp_path / "run.py").write_text("from gunicorn.app.wsgiapp import run\nrun()\n")
    args, environ = how(place)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *args],
            cwd=tmp_path,
            env={**os.environ, **environ, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        serving.until_there(log, "Booting worker")
        assert serving.status(ask(place)) == 200
        # Broken code, which never serves.
        app.write_text(BROKEN)
        process.send_signal(signal.SIGUSR2)
        serving.until_there(log, "no_such_module")
        until_gone(tmp_path, "pid.2")
        assert serving.status(ask(place)) == 200
        # The new one quits: the old one goes on. Then the old one quits.
        app.write_text(APP)
        for last in (False, True):
            booted = log.read_text().count("Booting worker")
            until = time.monotonic() + serving.PATIENCE
            while log.read_text().count("Booting worker") == booted and time.monotonic() < until:
                process.send_signal(signal.SIGUSR2)
                time.sleep(0.5)
            other = other_server(tmp_path)
            os.kill(process.pid if last else other, signal.SIGTERM)
            if last:
                assert process.wait(serving.PATIENCE) == 0
            until_gone(tmp_path, "pid.2")
            for _ in range(3):
                assert serving.status(ask(place)) == 200
            assert log.read_text().count("in use") == 0
        os.kill(other, signal.SIGTERM)
        until_refused(place)
        if how is as_serve:
            until_gone(tmp_path, "admin")
    finally:
        serving.kill(process)


@pytest.mark.parametrize("place", ["unix"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_the_socket_goes_with_the_server(tmp_path: Path, place: str, number: int) -> None:
    (tmp_path / "served.py").write_text(APP)
    server = serving.Server(tmp_path, "served", "--workers", "1", "--admin-bind", place)
    try:
        assert serving.status(ask(place)) == 200
        server.process.send_signal(signal.SIGHUP)
        server.until_said("Worker exiting")
        assert serving.status(ask(place)) == 200
        assert server.stop(number) == 0
        assert not (tmp_path / "admin").exists()
    finally:
        server.close()


@pytest.mark.parametrize("place", ["unix"], indirect=True)
def test_an_app_that_breaks_leaves_no_socket(tmp_path: Path, place: str) -> None:
    (tmp_path / "served.py").write_text(BROKEN)
    with pytest.raises(AssertionError, match="no_such_module"):
        serving.Server(tmp_path, "served", "--admin-bind", place)
    assert not (tmp_path / "admin").exists()
