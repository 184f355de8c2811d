"""The parts of ``bolthead.serve`` without a server: options, the bridge to granian, errors of one line."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

import bolthead
from bolthead import cli, serve
from bolthead.cli import commands

HERE = serve.Bind("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("text", "bind", "url"),
    [
        ("127.0.0.1:8000", serve.Bind("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        ("localhost:1", serve.Bind("localhost", 1), "http://localhost:1"),
        ("[::1]:65535", serve.Bind("::1", 65535), "http://[::1]:65535"),
        ("unix:/run/x.sock", serve.Bind(path=Path("/run/x.sock")), "unix:/run/x.sock"),
        ("unix:x.sock", serve.Bind(path=Path.cwd() / "x.sock"), f"unix:{Path.cwd() / 'x.sock'}"),
    ],
)
def test_bind(text, bind, url):
    assert serve.parse_bind(text) == bind
    assert bind.url("http") == url


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "localhost", "8000", ":8000", "host:", "host:0", "host:65536", "host:x", "host:-1"),
        *("host:1_0", "::1:80", "[::1]", "a b:80", "http://host:80", "host:80/", "unix:", "unix://x"),
        *("host:\u0665", "h\nost:80"),
    ],
)
def test_wrong_bind(text):
    with pytest.raises(ValueError, match=r".+\.$"):
        serve.parse_bind(text)


@given(st.text(max_size=12))
def test_any_bind(text):
    with contextlib.suppress(ValueError):
        bind = serve.parse_bind(text)
        assert bind.path or (bind.host and 1 <= bind.port <= 65535)


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("7", 7), ("1k", 1024), ("2M", 2 << 20), ("3gb", 3 << 30), (" 5KB ", 5120)]
)
def test_size(text, size):
    assert serve.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1.5M", "M", "1T", "1 M", "\u0665", "1_0"])
def test_wrong_size(text):
    with pytest.raises(ValueError, match="is not a size"):
        serve.parse_size(text)


# The bridge


class Exchange:
    """Takes an answer as granian does."""

    def response_bytes(self, status, headers, body):
        self.answer = status, dict(headers), body

    def response_iter(self, status, headers, body):
        assert iter(body.__next__, None)
        parts = []
        with contextlib.suppress(StopIteration):
            while True:
                parts.append(body.__next__())
        body.close()
        self.answer = status, dict(headers), b"".join(parts)


def scope(**changes):
    return {
        "HTTP_HOST": "site.test",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "192.0.2.1",
        "REQUEST_METHOD": "GET",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
        **changes,
    }


def ask(app, options=None, **changes):
    exchange = Exchange()
    answer = serve.bridge(app, options or serve.Options(HERE, 1))
    status = answer(exchange, {key: value for key, value in scope(**changes).items() if value is not None})
    assert status == exchange.answer[0]
    return exchange.answer


def simple(environ, start_response):
    start_response("200 OK", [("X-A", "b")])
    return [b"hel", b"lo"]


def reading(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def test_bridge_answers():
    assert ask(simple) == (200, {"X-A": "b"}, b"hello")


def test_bridge_with_an_app_of_ours():
    app = bolthead.Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "from a view")
    assert ask(app)[::2] == (200, b"from a view")
    assert ask(app, PATH_INFO="/no")[0] == 404


class Closing:
    def __init__(self, parts):
        self.parts, self.closed = parts, 0

    def __iter__(self):
        return iter(self.parts)

    def close(self):
        self.closed += 1


@pytest.mark.parametrize("writes", [[], [b"first "]])
def test_iterables_are_walked_and_closed(writes):
    body = Closing([b"a", b"b"])

    def app(environ, start_response):
        write = start_response("201 Created", [])
        for data in writes:
            write(data)
        return body

    assert ask(app) == (201, {}, b"".join(writes) + b"ab")
    assert body.closed == 1


def test_iterables_without_close():
    def app(environ, start_response):
        start_response("200 OK", [])
        return (part for part in (b"a", b"b"))

    assert ask(app)[2] == b"ab"
    assert serve.Chunks([b"x"]).close() is None


def test_start_response_again_replaces():
    def app(environ, start_response):
        start_response("200 OK", [("X-A", "1")])
        start_response("500 Oh No", [("X-B", "2")], (None, None, None))
        return []

    assert ask(app) == (500, {"X-B": "2"}, b"")


@pytest.mark.parametrize(("workers", "threads"), [(1, 1), (2, 4)])
def test_bridge_environ(workers, threads):
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        return simple(environ, start_response)

    with mock.patch.dict("os.environ", HTTP_EVIL="x"):
        ask(app, serve.Options(HERE, workers, threads))
    assert seen["wsgi.multiprocess"] is (workers > 1)
    assert seen["wsgi.multithread"] is (threads > 1)
    assert seen["wsgi.input_terminated"] is True
    assert seen["wsgi.errors"] is sys.stderr
    assert "HTTP_EVIL" not in seen


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"HTTP_HOST": "a,b"}, 400),
        ({"HTTP_HOST": ""}, 400),
        ({"HTTP_HOST": None}, 400),
        ({"HTTP_HOST": None, "SERVER_PROTOCOL": "HTTP/1.0"}, 200),
        ({"HTTP_HOST": "a,b", "SERVER_PROTOCOL": "HTTP/1.0"}, 400),
        ({"PATH_INFO": "evil"}, 400),
        ({"PATH_INFO": ""}, 400),
        ({"PATH_INFO": "*"}, 400),
        ({"PATH_INFO": "*", "REQUEST_METHOD": "OPTIONS"}, 200),
        ({"HTTP_TRANSFER_ENCODING": "gzip, chunked"}, 400),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 200),
        ({"CONTENT_LENGTH": "0"}, 200),
        ({"SERVER_PROTOCOL": "HTTP/2"}, 200),
    ],
)
def test_refused_before_the_app(changes, status):
    called = []

    def app(environ, start_response):
        called.append(1)
        return simple(environ, start_response)

    assert ask(app, **changes)[0] == status
    assert bool(called) is (status == 200)


@pytest.mark.parametrize("limit", [0, 10])
@pytest.mark.parametrize("size", [9, 10, 11, 1000])
def test_limit(limit, size):
    options = serve.Options(HERE, 1, max_body=limit)
    too_large = limit and size > limit
    answer = ask(reading, options, CONTENT_LENGTH=str(size), **{"wsgi.input": io.BytesIO(b"a" * size)})
    assert answer[0] == (413 if too_large else 200)
    assert answer[2] == (serve.TOO_LARGE[2] if too_large else b"a" * size)

    open_ended = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(b"a" * size)}
    with pytest.raises(RequestEntityTooLarge) if too_large else contextlib.nullcontext():
        assert ask(reading, options, **open_ended)[2] == b"a" * size


class Dribble(io.BytesIO):
    """Gives a few bytes per read, as a slow connection does."""

    def read(self, size=-1):
        return super().read(min(size, 3) if size >= 0 else 3)


READS = st.lists(st.one_of(st.tuples(st.just("read"), st.integers(-1, 9)), st.just(("readline", -1))), max_size=9)


@given(st.binary(max_size=40), READS, st.booleans(), st.booleans())
def test_body_reads_like_a_file(content, reads, slow, open_ended):
    source = (Dribble if slow else io.BytesIO)(content)
    stream = io.BufferedReader(serve.Body(source, len(content), open_ended), 8)
    plain = io.BytesIO(content)
    for name, size in [*reads, ("read", -1)]:
        assert getattr(stream, name)(size) == getattr(plain, name)(size)


@given(st.binary(max_size=40), st.integers(1, 9), READS, st.booleans())
def test_a_short_body_is_an_error(content, missing, reads, slow):
    source = (Dribble if slow else io.BytesIO)(content)
    stream = io.BufferedReader(serve.Body(source, len(content) + missing, False), 8)
    with pytest.raises(ClientDisconnected):
        for name, size in reads:
            getattr(stream, name)(size)
        stream.read()


def test_access_line(caplog):
    caplog.set_level("INFO", "granian.access")
    logger = serve.with_access_log(serve.bridge(simple, serve.Options(HERE, 1)), serve.ACCESS_FORMAT)
    with mock.patch("granian.log.access_logger.propagate", True):
        assert logger(Exchange(), scope(PATH_INFO='/a\n"b')) == 200

        def broken(environ, start_response):
            raise RuntimeError

        failing = serve.with_access_log(serve.bridge(broken, serve.Options(HERE, 1)), serve.ACCESS_FORMAT)
        with pytest.raises(RuntimeError):
            failing(Exchange(), scope())
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("192.0.2.1 - - [")
    assert '"GET /a%0A%22b HTTP/1.1" 200 ' in first
    assert '"GET / HTTP/1.1" 500 ' in second


def test_granian_has_the_names_we_replace():
    """granian's workers build their callback by this name; without it our bridge would not be asked."""
    import inspect

    from granian.server import mp, mt

    for module in (mp, mt):
        assert list(inspect.signature(module._wsgi_call_wrap).parameters) == [
            "callback",
            "scope_opts",
            "access_log_fmt",
        ]
        assert "_wsgi_call_wrap(callback, scope_opts, log_access_fmt)" in inspect.getsource(module)


def test_loader_puts_the_bridge_in_place(monkeypatch):
    from granian.server import mp, mt

    for module in (mp, mt):
        monkeypatch.setattr(module, "_wsgi_call_wrap", module._wsgi_call_wrap)
    loader = serve.Loader(lambda: simple, serve.Options(HERE, 1))
    assert loader("target") is simple
    for module in (mp, mt):
        exchange = Exchange()
        assert module._wsgi_call_wrap(simple, {}, None)(exchange, scope()) == 200
        assert module._wsgi_call_wrap(simple, {}, "%(status)d")(exchange, scope()) == 200


# Claiming a place, and starting


def test_claim(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(serve.ServeError, match=r"in use by another program"):
            serve.claim(serve.Bind("127.0.0.1", taken.getsockname()[1]))
    with pytest.raises(serve.ServeError, match=r"is not known"):
        serve.claim(serve.Bind("no.such.host.invalid", 80))
    with pytest.raises(serve.ServeError, match=r"is not an address of this machine"):
        serve.claim(serve.Bind("192.0.2.1", 8000))


@pytest.mark.parametrize(
    ("code", "text"), [("EACCES", "Not allowed to listen on port 80"), ("ENOMEM", "Cannot listen on h:80")]
)
def test_why_not(code, text):
    import errno

    assert serve._why_not(OSError(getattr(errno, code), "reason"), serve.Bind("h", 80)).startswith(text)


def test_claim_of_a_path(tmp_path):
    serve.claim(serve.Bind(path=tmp_path / "new"))
    with pytest.raises(serve.ServeError, match=r"does not exist"):
        serve.claim(serve.Bind(path=tmp_path / "no" / "new"))
    (tmp_path / "file").touch()
    with pytest.raises(serve.ServeError, match=r"is not a socket"):
        serve.claim(serve.Bind(path=tmp_path / "file"))
    with mock.patch.object(serve, "socket") as without, pytest.raises(serve.ServeError, match="no Unix sockets"):
        del without.AF_UNIX
        serve.claim(serve.Bind(path=tmp_path / "new"))


def fail():
    raise LookupError("no such thing")


def test_check_app():
    assert serve.check_app(dict, print) is True
    assert serve.check_app(fail, lambda error: None) is False


class FakeServer:
    """granian's server, as far as we use it."""

    problem: BaseException | None = None
    interrupt_signal = False
    made: list = []

    def __init__(self, target, **options):
        self.options, self.hooks = options, []
        FakeServer.made.append(self)

    def on_startup(self, hook):
        self.hooks.append(hook)

    def serve(self, target_loader):
        for hook in self.hooks:
            hook()
        if FakeServer.problem is not None:
            raise FakeServer.problem


@pytest.fixture
def granian(monkeypatch):
    monkeypatch.setattr("granian.server.Server", FakeServer)
    monkeypatch.setattr(FakeServer, "problem", None)
    monkeypatch.setattr(FakeServer, "made", [])
    # It is for the life of a process, which here is the tests' own.
    monkeypatch.setattr(serve, "set_signals_of_children", lambda: None)
    return FakeServer


def test_what_granian_is_told(granian, tmp_path):
    announced = []
    bind = serve.Bind(path=tmp_path / "s")
    serve.serve(lambda: simple, serve.Options(bind, 3, 5, access_log=True, pid_file=tmp_path / "p"), announced.append)
    (server,) = granian.made
    told = server.options
    assert (told["workers"], told["blocking_threads"], told["uds"]) == (3, 5, bind.path)
    assert (told["log_access"], told["pid_file"], told["workers_kill_timeout"]) == (True, tmp_path / "p", 30)
    assert str(told["interface"]) == "wsgi"
    assert announced[0].workers == 3


def test_what_granian_refuses(granian):
    from granian.errors import ConfigurationError, PidFileError

    for problem, text in ((PidFileError(), "belongs to a running process"), (ConfigurationError("x"), "refuses")):
        granian.problem = problem
        with pytest.raises(serve.ServeError, match=text):
            serve.serve(lambda: simple, serve.Options(HERE, 1))


def test_workers_that_went_first_are_no_failure(granian, monkeypatch):
    granian.problem = SystemExit(1)
    with pytest.raises(SystemExit):
        serve.serve(lambda: simple, serve.Options(HERE, 1))
    monkeypatch.setattr(FakeServer, "interrupt_signal", True)
    serve.serve(lambda: simple, serve.Options(HERE, 1))


def test_signals_of_a_worker(monkeypatch):
    insisted = threading.Event()
    monkeypatch.setattr(serve, "_insist", lambda stop, number: insisted.set())
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    stopped = []
    try:
        serve.set_worker_signals(lambda number, frame: stopped.append(number))
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGTERM):
            os.kill(os.getpid(), number)
        assert stopped == [signal.SIGTERM]
        assert insisted.wait(60)
        serve.set_worker_signals()
        assert [signal.getsignal(number) for number in numbers] == [signal.SIG_DFL, signal.SIG_IGN, signal.SIG_IGN]
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def test_insisting(monkeypatch):
    monkeypatch.setattr(serve.time, "sleep", lambda seconds: None)
    said = []
    serve._insist(lambda number, frame: said.append(number), 15)
    assert len(said) > 1


def test_certificate_that_is_none(tmp_path):
    nothing = tmp_path / "nothing.pem"
    nothing.touch()
    with pytest.raises(serve.ServeError, match="certificate and key cannot be used"):
        serve.serve(lambda: simple, serve.Options(HERE, 1, cert=nothing, key=nothing))


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
        (["--bind", "localhost"], "'localhost' is not 'host:port', '[v6 address]:port' or 'unix:/path'."),
        (["--bind", "h:0"], "0 is not a port; ports go from 1 to 65535."),
        (["--max-body", "much"], "'much' is not a size; write bytes, or as in 500k, 16M, 2G."),
        (["--workers", "0"], "0 is not in the range x>=1."),
        (["--workers", "many"], "'many' is not a valid integer range."),
        (["--cert", __file__], "'--cert' and '--key' belong together: give both or neither."),
        (["--key", __file__], "'--cert' and '--key' belong together: give both or neither."),
        (["--cert", "/no/such", "--key", __file__], "File '/no/such' does not exist."),
        (["--pid-file", "/no/such/pid"], "The folder of '/no/such/pid' does not exist."),
        (["--bind", "unix:/no/such/socket"], "The folder of the socket /no/such/socket does not exist."),
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


def test_without_granian(site, monkeypatch):
    monkeypatch.setitem(sys.modules, "granian", None)
    result = command()
    assert result.exit_code == 1
    assert result.output == f"Error: {serve.NO_GRANIAN}\n"
    assert "pip install" in result.output


def test_command_serves(site, granian, monkeypatch):
    port = free_port()
    result = command("--bind", f"127.0.0.1:{port}", "--workers", "1", "--max-body", "1k")
    assert result.exit_code == 0, result.output
    assert f" * Running on http://127.0.0.1:{port} with 1 worker (Press CTRL+C to quit)" in result.output
    assert "Debug mode" not in result.output
    monkeypatch.setenv("FLASK_DEBUG", "1")
    assert "Debug mode is on" in command("--bind", f"127.0.0.1:{port}").output


def test_options_by_variables(site, granian, monkeypatch):
    port = free_port()
    monkeypatch.setenv("FLASK_SERVE_BIND", f"127.0.0.1:{port}")
    monkeypatch.setenv("FLASK_SERVE_WORKERS", "3")
    monkeypatch.setenv("FLASK_SERVE_ACCESS_LOG", "1")
    assert command().exit_code == 0
    told = granian.made[0].options
    assert (told["port"], told["workers"], told["log_access"]) == (port, 3, True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_command_with_an_app_that_breaks(site, granian):
    (site / "served_site.py").write_text("1 / 0")
    result = command("--bind", f"127.0.0.1:{free_port()}")
    assert (result.exit_code, granian.made) == (1, [])


def test_complaints(capsys):
    commands._complain_of_app(cli.NoAppException("nothing there"))
    commands._complain_of_app(ZeroDivisionError("oh"))
    said = capsys.readouterr().err
    assert said.startswith("Error: nothing there\n")
    assert "ZeroDivisionError: oh" in said


def test_app_loader(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    info = cli.ScriptInfo("served_site")
    assert commands._AppLoader(info, False)() is info.load_app()
    asked = []
    monkeypatch.setattr(commands, "become_flask", lambda: asked.append(1))
    commands._AppLoader(info, True)()
    assert asked == [1]
