"""The parts of ``bolthead serve`` without a server: binds, options, gunicorn's settings, errors of one line."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("gunicorn")

import gunicorn.config

import serving
from bolthead import cli
from bolthead.cli import serve
from bolthead.serving import arbiter, binds, check
from bolthead.serving.application import Application
from bolthead.serving.binds import Bind, ServeError, claim, claim_all, parse_bind
from bolthead.serving.options import Options, from_environ, parse_seconds, parse_size, parse_switch
from bolthead.serving.settings import Settings, settings_of


@pytest.mark.parametrize(
    ("text", "bind", "url"),
    [
        ("127.0.0.1:8000", Bind("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        ("localhost:1", Bind("localhost", 1), "http://localhost:1"),
        ("[::1]:65535", Bind("::1", 65535), "http://[::1]:65535"),
        ("unix:/run/x.sock", Bind(path=Path("/run/x.sock")), "unix:/run/x.sock"),
        ("unix:x.sock", Bind(path=Path.cwd() / "x.sock"), f"unix:{Path.cwd() / 'x.sock'}"),
        ("fd://3", Bind(fd=3), "fd://3"),
        ("8000", Bind("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        (":8000", Bind("0.0.0.0", 8000), "http://0.0.0.0:8000"),
    ],
)
def test_bind(text, bind, url):
    assert parse_bind(text) == bind
    assert bind.url("http") == url


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "localhost", "host:", "host:0", "host:65536", "host:x", "host:-1", "fd://x"),
        *("host:1_0", "::1:80", "[::1]", "a b:80", "http://host:80", "host:80/", "unix:", "unix://x", "fd:3:"),
        *("host:\u0665", "h\nost:80"),
    ],
)
def test_wrong_bind(text):
    with pytest.raises(ValueError, match=r".+\.$"):
        parse_bind(text)


@given(st.text(max_size=12))
def test_any_bind(text):
    with contextlib.suppress(ValueError):
        bind = parse_bind(text)
        assert bind.path or bind.fd is not None or (bind.host and 1 <= bind.port <= 65535)


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("7", 7), ("1k", 1024), ("2M", 2 << 20), ("3gb", 3 << 30), (" 5KB ", 5120)]
)
def test_size(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1.5M", "M", "1T", "1 M", "\u0665", "1_0"])
def test_wrong_size(text):
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize("text", ["", "-1", "soon", "1e9", "\u0665", "inf", "nan"])
def test_wrong_time(text):
    with pytest.raises(ValueError, match="is not a time"):
        parse_seconds(text)


def test_options_of_the_environment():
    assert from_environ({}) == Options()
    given = {"BOLTHEAD_MAX_BODY": "1M", "BOLTHEAD_REQUEST_TIMEOUT": "2.5", "BOLTHEAD_ACCESS_JSON": "on"}
    assert from_environ(given) == Options(max_body=1 << 20, request_timeout=2.5, access_json=True)
    for variable, value in [
        ("BODY_RATE", "x"),
        ("ACCESS_JSON", "maybe"),
        ("REQUEST_ID_HEADER", "X Id"),
        ("ADMIN_BIND", "fd://3"),
    ]:
        with pytest.raises(ValueError, match=r".+\.$"):
            from_environ({f"BOLTHEAD_{variable}": value})
    assert [parse_switch(text) for text in ("yes", "0")] == [True, False]


# gunicorn's settings


def settings(*arguments: str, environ: dict[str, str] | None = None, **given):
    with mock.patch.object(sys, "argv", ["bolthead"]):
        return Application(dict, settings_of({**given, "overrides": arguments}, environ or {})).cfg


def test_defaults():
    cfg = settings()
    assert cfg.worker_class_str == "bolthead.serving.Worker"
    assert (cfg.bind, cfg.threads, cfg.keepalive, cfg.worker_connections) == (["127.0.0.1:8000"], 8, 75, 10_000)
    assert settings_of({}).options.max_body == 16 << 20
    assert cfg.workers >= 1


def test_variables_of_a_platform():
    cfg = settings(environ={"PORT": "5001", "WEB_CONCURRENCY": "3"})
    assert (cfg.bind, cfg.workers) == (["0.0.0.0:5001"], 3)
    assert settings(environ={"PORT": "", "WEB_CONCURRENCY": "0"}).bind == ["127.0.0.1:8000"]
    for wrong in ("", "x", "-1", "1.5"):
        with pytest.raises(ValueError, match="WEB_CONCURRENCY"):
            settings_of({}, {"WEB_CONCURRENCY": wrong})


def test_what_counts_for_more(tmp_path):
    config = tmp_path / "gunicorn.conf.py"
    config.write_text("threads = 3\nworkers = 5\nkeepalive = 7\ntimeout = 99\ndef on_exit(server): pass\n")
    cfg = settings("keepalive=9", "preload-app=true", workers=6, config_file=str(config))
    assert (cfg.threads, cfg.workers, cfg.keepalive, cfg.timeout, cfg.preload_app) == (3, 6, 9, 99, True)
    assert settings('secure_scheme_headers={"X-A": "b"}').secure_scheme_headers == {"X-A": "b"}


@pytest.mark.parametrize("override", ["nonsense=1", "workers", "workers=many", "settings=1"])
def test_wrong_settings(override, capsys):
    with pytest.raises(ServeError, match=f"^--set {override}: "):
        settings(override)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\nraise LookupError('no\tsecret')", "fails in line 2: LookupError: no\tsecret"),
        ("workers = 2\nbind = [", "fails in line 2: SyntaxError: "),
        ("def f(): return {}['a']\nf()", "fails in line 1: KeyError: 'a'"),
        ("import nosuchmodule", "fails in line 1: ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("x = 'a\0b'", "fails"),
        ("workers = 'many'", "workers = 'many' in "),
        ("user = 'nosuchuser'", "user = 'nosuchuser' in "),
    ],
)
def test_wrong_configuration_file(tmp_path, text, said, capsys):
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(text)
    with pytest.raises(ServeError) as found:
        settings(config_file=str(config))
    assert said in str(found.value)
    assert str(config) in str(found.value)
    assert "\n" not in str(found.value)
    assert capsys.readouterr() == ("", "")


RELOADED = """
import os, sys
from gunicorn.app.wsgiapp import WSGIApplication
from bolthead.serving.application import Application
from bolthead.serving.settings import settings_of
who, *location = sys.argv[1:]
sys.argv = ["x", *(["-c", *location] if location else []), "app:app"]
ours = lambda: Application(dict, settings_of({"config_file": location[0] if location else None}))
app = WSGIApplication() if who == "theirs" else ours()
for _ in range(2):
    print(app.cfg.workers, os.path.basename(os.getcwd()))
    app.reload()
"""


@pytest.mark.parametrize("location", ["conf_a.py", "./conf_a.py", "file:conf_a.py", "python:conf_a"])
@pytest.mark.parametrize("variable", [False, True])
def test_how_a_configuration_is_named(tmp_path, location, variable):
    """As gunicorn takes it, from the folder where the command was given, at a reload too."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "beside.py").write_text("N = 7")
    (tmp_path / "conf_a.py").write_text("import beside\nworkers = beside.N\nchdir = 'elsewhere'")
    path = [str(Path(cli.__file__).parents[2]), *sys.path]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), "PWD": str(tmp_path)}
    if variable:
        environ["GUNICORN_CMD_ARGS"] = f"--config {location}"
    for who in ("theirs", "ours"):
        command = [sys.executable, "-P", "-c", RELOADED, who, *([] if variable else [location])]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
        assert done.stdout.splitlines() == ["7 elsewhere"] * 2, (who, done.stderr)


def test_a_taken_port_however_it_was_named(tmp_path):
    config = tmp_path / "gunicorn.conf.py"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(f"bind = '127.0.0.1:{port}'")
        for options in ({"config_file": str(config)}, {"overrides": (f"bind=127.0.0.1:{port}",)}):
            with mock.patch.object(sys, "argv", ["bolthead"]):
                application = Application(dict, settings_of(options, {}))
            with pytest.raises(ServeError, match="in use by another program"):
                application.check()
            # What this server itself listens at, when it is reloaded.
            application.check([("127.0.0.1", port)])
        with mock.patch.object(sys, "argv", ["bolthead"]):
            application = Application(dict, settings_of({}, {"PORT": "x"}))
        with pytest.raises(ServeError, match=r"Cannot listen on 0\.0\.0\.0:x: "):
            application.check()
        config.write_text(f"bind = ['fd://{taken.fileno()}', 'unix:{tmp_path}/s']")
        with mock.patch.object(sys, "argv", ["bolthead"]):
            free = Application(dict, settings_of({"config_file": str(config)}, {}))
        free.check()


def test_places_that_overlap(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    local, everywhere = Bind("127.0.0.1", port), Bind("0.0.0.0", port)
    with pytest.raises(ServeError, match=rf"^127\.0\.0\.1:{port} is given twice"):
        claim_all([local, Bind(path=tmp_path / "s"), local])
    for both in ([local, everywhere], [everywhere, local]):
        with pytest.raises(ServeError, match="are the same port"):
            claim_all(both)
    with pytest.raises(ServeError, match="is given twice"):
        claim_all([Bind(path=tmp_path / "s"), Bind(path=tmp_path / "s")])
    claim_all([local, Bind("127.0.0.2", port), Bind(path=tmp_path / "s")])
    claim_all([local])


def test_gunicorns_variable(tmp_path, monkeypatch):
    """Between the configuration file and the options, as with gunicorn."""
    config = tmp_path / "gunicorn.conf.py"
    config.write_text("workers = 5\nthreads = 5\ntimeout = 5\nbacklog = 5")
    monkeypatch.setenv("GUNICORN_CMD_ARGS", f"--config '{config}' --threads 6 --timeout=6 --backlog 6 -k gthread")
    cfg = settings("timeout=8", threads=7)
    assert (cfg.workers, cfg.threads, cfg.timeout, cfg.backlog) == (5, 7, 8, 6)
    assert cfg.worker_class_str == "bolthead.serving.Worker"
    other = tmp_path / "other.py"
    other.write_text("workers = 9")
    assert settings(config_file=str(other)).workers == 9


def test_a_file_that_gunicorn_reads_unasked(tmp_path, monkeypatch):
    # Where gunicorn was imported, and where the command would have been given.
    monkeypatch.setattr(gunicorn.config.Chdir, "default", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gunicorn.conf.py").write_text("workers = 77")
    with mock.patch.object(sys, "argv", ["bolthead"]):
        ignored = Application(dict, settings_of({}, {}))
        heeded = Application(dict, settings_of({"config_file": "gunicorn.conf.py"}, {}))
    assert ignored.cfg.workers != 77 and "--config gunicorn.conf.py" in ignored.note
    assert (heeded.cfg.workers, heeded.note) == (77, "")


@pytest.mark.parametrize("text", ["--workers many", "--nonsense", "--bind 'x", "--user nosuchuser"])
def test_a_wrong_variable_of_gunicorns(monkeypatch, capsys, text):
    monkeypatch.setenv("GUNICORN_CMD_ARGS", text)
    with pytest.raises(ServeError, match=r"^GUNICORN_CMD_ARGS: "):
        settings()
    assert capsys.readouterr() == ("", "")


def test_several_binds():
    cfg = settings(bind=(parse_bind("127.0.0.1:1"), parse_bind("[::1]:2"), parse_bind("fd://3")))
    assert cfg.address == [("127.0.0.1", 1), ("::1", 2), 3]


# Claiming a place, and trying the application


def test_claim(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ServeError, match=r"in use by another program"):
            claim(Bind("127.0.0.1", taken.getsockname()[1]))
    with pytest.raises(ServeError, match=r"is not known"):
        claim(Bind("no.such.host.invalid", 80))
    with pytest.raises(ServeError, match=r"is not an address of this machine"):
        claim(Bind("192.0.2.1", 8000))
    # By the variable PORT or a configuration file.
    for port in (65536, -1):
        with pytest.raises(ServeError, match=rf"^{port} is not a port; ports go from 1 to 65535\.$"):
            claim(Bind("127.0.0.1", port))


def test_a_port_alone_is_not_listened_at_before_the_server_does(monkeypatch):
    """A client that tries until somebody accepts would take the check for the server."""
    heard = []
    listen = socket.socket.listen
    monkeypatch.setattr(socket.socket, "listen", lambda self, size: heard.append(size) or listen(self, size))
    port = serving.free_port()
    claim_all([Bind("127.0.0.1", port)])
    assert heard == []
    with pytest.raises(ServeError, match="are the same port"):
        claim_all([Bind("0.0.0.0", port), Bind("127.0.0.1", port)])
    assert heard


def test_claim_a_name_of_two_addresses(monkeypatch):
    """gunicorn listens on the IPv4 one, so that is the one to be free, whatever the resolver's order."""
    found = [(socket.AF_INET6, ("::1", 80, 0, 0)), (socket.AF_INET, ("127.0.0.1", 80))]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(kind, socket.SOCK_STREAM, 6, "", at) for kind, at in found]
    )
    monkeypatch.setattr(socket.socket, "bind", lambda self, address: None)
    assert claim(Bind("localhost", 80)) == Bind("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("code", "text"), [("EACCES", "Not allowed to listen on port 80"), ("ENOMEM", "Cannot listen on h:80")]
)
def test_why_not(code, text):
    import errno

    assert binds._why_not(OSError(getattr(errno, code), "reason"), Bind("h", 80)).startswith(text)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--bind", "8001"], "127.0.0.1:8001"),
        (["--bind", ":8001"], "0.0.0.0:8001"),
        (["--port", "8001"], "127.0.0.1:8001"),
        (["--host", "::1"], "[::1]:8000"),
        (["-h", "localhost", "-p", "8001"], "localhost:8001"),
    ],
)
def test_ports_alone_and_the_options_of_run(site, args, expected):
    from bolthead.serving import settings

    given = {}
    with mock.patch.object(settings, "settings_of", side_effect=lambda options: given.update(options) or 1 / 0):
        command(*args)
    assert [bind.setting() for bind in given["bind"]] == [expected]


def test_claim_of_a_descriptor(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket() as idle,
        (tmp_path / "x").open("w") as file,
    ):
        assert claim(Bind(fd=listening.fileno())) == Bind(fd=listening.fileno())
        assert listening.fileno() >= 0
        for number in (idle.fileno(), file.fileno(), 987_654):
            with pytest.raises(ServeError, match=f"descriptor {number} of --bind is not a socket that listens"):
                claim(Bind(fd=number))
        listening.getsockname()


def test_claim_of_a_path(tmp_path):
    claim(Bind(path=tmp_path / "new"))
    with pytest.raises(ServeError, match=r"does not exist"):
        claim(Bind(path=tmp_path / "no" / "new"))
    (tmp_path / "file").touch()
    with pytest.raises(ServeError, match=r"is not a socket"):
        claim(Bind(path=tmp_path / "file"))
    with pytest.raises(ServeError, match=r"too long"):
        claim(Bind(path=tmp_path / ("a" * 120)))
    with mock.patch("os.access", return_value=False), pytest.raises(ServeError, match=r"cannot be written to"):
        claim(Bind(path=tmp_path / "new"))
    with mock.patch.object(binds, "socket") as without, pytest.raises(ServeError, match="no Unix sockets"):
        del without.AF_UNIX
        claim(Bind(path=tmp_path / "new"))


def fail():
    raise LookupError("no such thing")


# Another test may have left a thread.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_trying():
    assert check.try_in_child(dict, print) is True
    assert check.try_in_child(fail, lambda error: None) is False
    assert check.try_in_child(lambda: __import__("time").sleep(3600), print, lambda: True) is False


# The command


@pytest.fixture
def site(tmp_path, monkeypatch):
    (tmp_path / "served_site.py").write_text("from bolthead import Flask\napp = Flask(__name__)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("served_site", None)


def command(*args):
    with mock.patch.dict("os.environ"):
        return CliRunner().invoke(cli.cli, ["--app", "served_site", "serve", *args], prog_name="bolthead")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--bind", "localhost"], "'localhost' is not 'host:port', '[v6 address]:port', 'unix:/path' or"),
        (["--bind", "h:0"], "0 is not a port; ports go from 1 to 65535."),
        (["--bind", "0"], "0 is not a port; ports go from 1 to 65535."),
        (["--host", "a b"], "'a b:8000' is not 'host:port', '[v6 address]:port', 'unix:/path' or"),
        (["--port", "80000"], "80000 is not in the range 1<=x<=65535."),
        (["--port", "8000", "--bind", "8000"], "Give '--bind', or '--host' and '--port', not both."),
        (["--max-body", "much"], "'much' is not a size; write bytes, or as in 500k, 16M, 2G."),
        (["--request-timeout", "soon"], "'soon' is not a time; write seconds, as in 10 or 0.5."),
        (["--request-id-header", "a b"], "'a b' is not the name of a header."),
        (["--workers", "0"], "0 is not in the range x>=1."),
        (["--workers", "many"], "'many' is not a valid integer range."),
        (["--set", "timeout=x"], "--set timeout=x: invalid literal for int() with base 0: 'x'"),
        (["--set", "nonsense=1"], "--set nonsense=1: no setting of gunicorn has this name; write NAME=VALUE."),
        (["--config", "/no/such"], "The configuration file /no/such does not exist."),
        (["--config", "file:/no/such"], "The configuration file /no/such does not exist."),
        (["--config", "python:no.such"], "The configuration module 'no.such' fails: ModuleNotFoundError: "),
        (["--cert", __file__], "'--cert' and '--key' belong together: give both or neither."),
        (["--key", __file__], "'--cert' and '--key' belong together: give both or neither."),
        (["--cert", "/no/such", "--key", __file__], "File '/no/such' does not exist."),
        (["--cert", __file__, "--key", __file__], "The certificate and key cannot be used: "),
        (["--pid-file", "/no/such/pid"], "The folder of '/no/such/pid' does not exist."),
        (["--bind", "unix:/no/such/socket"], "The folder of the socket /no/such/socket does not exist."),
        (["--set", "worker_tmp_dir=/no/such"], "The folder /no/such of worker_tmp_dir does not exist."),
        (
            ["--bind", "unix:/tmp/no-such", "--admin-bind", "unix:/tmp/no-such"],
            "no-such is given twice; one place takes one --bind or --admin-bind.",
        ),
        (["--nonsense"], "No such option"),
    ],
)
def test_mistakes_are_one_line(site, args, text):
    result = command(*args)
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    last = result.output.splitlines()[-1]
    assert last.startswith("Error: ")
    assert text in last


def test_without_gunicorn(site, monkeypatch):
    found = importlib.util.find_spec
    without = lambda name, *rest: None if name == "gunicorn" else found(name, *rest)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", without)
    result = command()
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "pip install 'bolthead[serve]'" in result.output


def test_elsewhere(monkeypatch):
    monkeypatch.setattr(binds, "os", mock.Mock(name="nt"))
    with pytest.raises(ServeError, match="waitress"):
        binds.require_gunicorn()


def test_every_option_of_the_worker_is_one_of_the_command():
    names = {parameter.name for parameter in serve.serve_command.params}
    assert {field.name for field in fields(Options)} - {"body_rate", "write_rate"} <= names


@pytest.fixture
def made(monkeypatch):
    found: list[Settings] = []
    monkeypatch.setattr(Application, "serve", lambda self, complain, announce: found.append(self.settings))
    return found


def test_options_by_variables(site, made, monkeypatch):
    monkeypatch.setenv("FLASK_SERVE_BIND", "127.0.0.1:81 127.0.0.1:82")
    monkeypatch.setenv("FLASK_SERVE_WORKERS", "3")
    monkeypatch.setenv("FLASK_SERVE_ACCESS_LOG", "1")
    monkeypatch.setenv("FLASK_SERVE_MAX_BODY", "1k")
    assert command().exit_code == 0
    (settings,) = made
    assert settings.given == {"bind": ["127.0.0.1:81", "127.0.0.1:82"], "workers": 3, "accesslog": "-"}
    assert settings.options == Options(max_body=1024)


def test_complaints(capsys):
    serve._complain_of_app(cli.NoAppException("nothing there"))
    serve._complain_of_app(ZeroDivisionError("oh"))
    said = capsys.readouterr().err
    assert said.startswith("Error: nothing there\n")
    assert "ZeroDivisionError: oh" in said


def test_app_loader(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    info = cli.ScriptInfo("served_site")
    assert serve._AppLoader(info, False, False)() is info.load_app()
    asked = []
    monkeypatch.setattr(serve, "become_flask", lambda: asked.append(1))
    serve._AppLoader(info, True, False)()
    assert asked == [1]


def test_the_worker_needs_no_framework():
    """A Django project does not import Flask's classes to be served."""
    names = "import sys; from bolthead.serving import Worker; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)
    assert not {"bolthead.app", "werkzeug", "jinja2", "click", "itsdangerous", "blinker"} & set(done.stdout.split())


def test_another_worker_is_not_asked_for_in_silence():
    def note(*overrides: str) -> str:
        return Application(lambda: None, settings_of({"overrides": overrides})).note

    assert note() == note("worker_class=bolthead.serving.Worker") == ""
    assert "worker_class does not count" in note("worker_class=gthread")


def test_deaths_in_a_row(monkeypatch):
    """From the sixth on the next worker waits, the longer the more; a worker that served, or a quiet time, ends it."""
    now = 1000.0
    monkeypatch.setattr(arbiter.time, "monotonic", lambda: now)
    watch = arbiter.Arbiter.__new__(arbiter.Arbiter)
    watch.deaths, watch.last_death, watch.spawn_at, watch.log = 0, 0.0, 0.0, logging.getLogger("deaths")

    def die(served: float = 0.0, retiring: bool = False) -> float:
        watch.spawn_at = now
        watch._count_death(
            SimpleNamespace(
                retiring=lambda: retiring,
                asked_to_stop=False,
                serving=lambda: bool(served),
                serving_since=lambda: now - served,
            )
        )
        return watch.spawn_at - now

    assert [die() for _ in range(13)] == [0] * 5 + [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [die(retiring=True), die(served=1), die(served=10), die(served=1)] == [0, 30, 0, 0]
    for _ in range(9):
        die()
    assert die() == 16
    now += arbiter.FORGOTTEN + 1
    assert [die() for _ in range(6)] == [0] * 5 + [0.5]
