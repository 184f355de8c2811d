"""``app.run``: what it hands to the development server, and when it does not start one."""

from __future__ import annotations

from typing import Any

import flask
import pytest
import werkzeug.serving

import bolthead


@pytest.mark.parametrize("server_name", [None, "example.org", "example.org:7000"])
@pytest.mark.parametrize(
    "given", [{}, {"host": "0.0.0.0"}, {"port": 0}, {"port": "81"}, {"debug": True, "threaded": False}]
)
def test_run(monkeypatch: pytest.MonkeyPatch, server_name: str | None, given: dict[str, Any]) -> None:
    def handed(fw: Any) -> Any:
        calls: list[Any] = []
        app = fw.Flask("run")
        app.config["SERVER_NAME"] = server_name
        app._got_first_request = True

        def run_simple(host: str, port: int, app: Any, **options: Any) -> None:
            calls.append((host, port, type(app).__name__, options))

        monkeypatch.setattr(werkzeug.serving, "run_simple", run_simple)
        app.run(load_dotenv=False, **given)
        return calls, app.debug, app._got_first_request

    assert handed(bolthead) == handed(flask)


def test_run_within_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    told = []
    for fw in (bolthead, flask):
        fw.Flask("run").run()
        told.append(capsys.readouterr())
    assert told[0] == told[1]
    assert "Ignoring a call to 'app.run()'" in told[0].out


@pytest.mark.parametrize("port", ["x", "", "0", " 80 ", 0.0, 8.9, True, [], [1], object, -1], ids=str)
def test_a_port_of_any_kind(port: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no port is an error before anything is printed or served."""

    def done(fw: Any) -> Any:
        ports: list[Any] = []
        monkeypatch.setattr(werkzeug.serving, "run_simple", lambda host, port, app, **options: ports.append(port))
        try:
            fw.Flask("run").run(port=port, load_dotenv=False)
        except (TypeError, ValueError) as error:
            ports.append(repr(error))
        return ports, capsys.readouterr()

    assert done(bolthead) == done(flask)
