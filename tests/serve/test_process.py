"""``bolthead serve`` as a process: starting, stopping, its files, TLS, and what it says when it cannot start."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

import serving

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and Unix sockets")

APP = """
import os, time
from {package} import Flask, app as framework, request

def create_app(name="made", **options):
    app = Flask(__name__)

    @app.get("/")
    def index():
        return f"{{name}} {{sorted(options)}} {{framework.__name__}} {{os.getpid()}}"

    @app.get("/slow")
    def slow():
        open("entered", "w").close()
        time.sleep(1)
        return "slow but done"

    @app.get("/scheme")
    def scheme():
        return f"{{request.scheme}} {{request.environ['wsgi.multiprocess']}}"

    return app
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "served.py").write_text(APP.format(package="bolthead"))
    (tmp_path / "flasky.py").write_text(APP.format(package="flask"))
    return tmp_path


@pytest.fixture
def start(folder):
    running = []

    def start(*args, app="served", **options):
        running.append(serving.Server(folder, app, *args, **options))
        return running[-1]

    yield start
    for server in running:
        server.close()


def test_banner_and_workers(start):
    server = start("--workers", "2")
    pids = {serving.body(server.get()).split()[-1] for _ in range(40)}
    assert pids.isdisjoint({str(server.process.pid).encode()})
    assert serving.body(server.get("/scheme")) == b"http True"
    said = server.until_said("(Press CTRL+C to quit)")
    assert " * Serving Flask app 'served'\n" in said
    assert f" * Running on http://127.0.0.1:{server.port} with 2 workers" in said
    assert (" compiled build" in said) != (" pure Python build" in said)
    assert said.count("Serving Flask app") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
def test_graceful_stop(start, folder, number, group):
    server = start("--workers", "2", "--pid-file", "server.pid")
    assert (folder / "server.pid").read_text().strip() == str(server.process.pid)

    answers = []
    visitor = threading.Thread(target=lambda: answers.append(server.get("/slow")))
    visitor.start()
    while not (folder / "entered").exists():
        time.sleep(0.02)
    assert server.stop(number, group=group) == 0
    visitor.join(serving.PATIENCE)
    assert serving.body(answers[0]) == b"slow but done"
    assert not (folder / "server.pid").exists()
    assert "Traceback" not in server.output()
    with pytest.raises(OSError):
        server.connect()


def test_workers_go_when_their_parent_was_killed(start):
    server = start("--workers", "2")
    server.process.kill()
    server.until_refused()


def wait_for_another(server, pid):
    until = time.monotonic() + serving.PATIENCE
    while time.monotonic() < until:
        try:
            now = serving.body(server.get()).split()[-1:]
        except OSError:
            now = []
        if now and now != [pid]:
            return
        time.sleep(0.05)
    pytest.fail("nobody took over")


def test_a_worker_that_dies_is_replaced(start):
    server = start("--workers", "1")
    pid = serving.body(server.get()).split()[-1]
    os.kill(int(pid), signal.SIGKILL)
    wait_for_another(server, pid)
    assert server.stop() == 0


def test_hup_starts_the_workers_anew(start):
    server = start("--workers", "1")
    pid = serving.body(server.get()).split()[-1]
    server.process.send_signal(signal.SIGHUP)
    wait_for_another(server, pid)
    assert server.stop() == 0


def test_a_thread_of_the_app_does_not_hold_up_the_start(start, folder):
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()\n"
    (folder / "threaded.py").write_text(thread + APP.format(package="bolthead"))
    server = start("--workers", "1", "--stop-timeout", "1", app="threaded")
    assert serving.status(server.get()) == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
def test_stop_while_the_workers_start(folder, number, group):
    """A worker that is still importing the application neither outlives the server nor holds it up."""
    slow = "import os, time\nopen(f'started-{os.getpid()}', 'w').close()\ntime.sleep(0.5)\n"
    (folder / "slow_start.py").write_text(slow + APP.format(package="bolthead"))
    with (folder / "log").open("wb") as log:
        bind = f"127.0.0.1:{serving.free_port()}"
        command = [sys.executable, "-m", "bolthead", "--app", "slow_start", "serve", "--workers", "2"]
        process = subprocess.Popen(
            [*command, "--bind", bind, "--stop-timeout", "600"],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        # The process that only tries to load it, then two workers.
        until = time.monotonic() + serving.PATIENCE
        while len(list(folder.glob("started-*"))) < 3 and time.monotonic() < until:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.01)
        (os.killpg if group else os.kill)(process.pid, number)
        assert process.wait(serving.PATIENCE) == 0, (folder / "log").read_text()
    finally:
        serving.kill(process)


MADE_AN_ERROR = """
import glob, os, time
first = not glob.glob("started-*")
open(f"started-{os.getpid()}", "w").close()
if not first:
    try:
        time.sleep(600)
    except BaseException as error:
        raise RuntimeError("made of a signal") from error
"""


@pytest.mark.parametrize("protocol", ["--wsgi", "--asgi"])
def test_a_stop_of_which_the_application_makes_an_error(folder, protocol):
    """As Python itself does in a class that is being made, before 3.12."""
    (folder / "error_made.py").write_text(MADE_AN_ERROR + APP.format(package="bolthead"))
    with (folder / "log").open("wb") as log:
        bind = f"127.0.0.1:{serving.free_port()}"
        command = [sys.executable, "-m", "bolthead", "--app", "error_made", "serve", "--workers", "2", protocol]
        process = subprocess.Popen(
            [*command, "--bind", bind], cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        until = time.monotonic() + serving.PATIENCE
        while len(list(folder.glob("started-*"))) < 3 and time.monotonic() < until:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.01)
        process.terminate()
        assert process.wait(serving.PATIENCE) == 0, (folder / "log").read_text()
        assert "Traceback" not in (folder / "log").read_text()
    finally:
        serving.kill(process)


def test_factory_with_arguments(start):
    server = start("--workers", "1", app="served:create_app('two', loud=True)")
    assert serving.body(server.get()).startswith(b"two ['loud'] bolthead.app ")


def test_as_flask(start):
    server = start("--workers", "1", "--as-flask", app="flasky")
    assert b"bolthead.app" in serving.body(server.get())


def test_as_flask_is_suggested(folder):
    code, said = run(folder, "--app", "flasky", "serve", "--bind", f"127.0.0.1:{serving.free_port()}")
    assert code == 1
    assert "add '--as-flask'" in said


def test_unix_socket():
    # Not below tmp_path: the path of a socket has about a hundred characters at most.
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name, "s")
        (folder / "served.py").write_text(APP.format(package="bolthead"))
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(str(path))
        server = serving.Server(folder, "served", "--workers", "1", "--set", "umask=7", bind=f"unix:{path}")
        try:
            assert serving.status(server.get()) == 200
            assert path.stat().st_mode & 0o777 == 0o770
            server.until_said(f"Running on unix:{path}")
            code, said = run(folder, "--app", "served", "serve", "--bind", f"unix:{path}")
            assert (code, said) == (1, f"Error: The socket {path} is in use by another program.\n")
            assert server.stop() == 0
            assert not path.exists()
        finally:
            server.close()


SECURELY = b"GET /scheme HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def certificate(folder):
    """A new certificate in the same files: its path and its key's, and a client's context that trusts it alone."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = (encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(made.public_bytes(encoding))
    (folder / "key.pem").write_bytes(key.private_bytes(*private))
    return str(folder / "cert.pem"), str(folder / "key.pem"), ssl.create_default_context(cafile=folder / "cert.pem")


def ask_securely(server, context):
    with context.wrap_socket(server.connect(), server_hostname="localhost") as client:
        client.sendall(SECURELY)
        return serving.body(b"".join(iter(lambda: client.recv(4096), b"")))


def test_tls(start, folder):
    cert, key, context = certificate(folder)
    server = start("--workers", "1", "--cert", cert, "--key", key)
    server.until_said(f"Running on https://127.0.0.1:{server.port}")
    assert ask_securely(server, context) == b"https False"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert ask_securely(server, context) == b"https False"
    # Another certificate in its place is used after HUP.
    _, _, other = certificate(folder)
    with pytest.raises(ssl.SSLCertVerificationError):
        ask_securely(server, other)
    server.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + serving.PATIENCE
    while time.monotonic() < until:
        try:
            assert ask_securely(server, other) == b"https False"
            break
        except ssl.SSLCertVerificationError:
            time.sleep(0.1)
    else:
        pytest.fail("it keeps the certificate of before")


def test_tls_with_certificates_of_clients(start, folder):
    cert, key, context = certificate(folder)
    settings = ["cert_reqs=2", f"ca_certs={cert}", "ciphers=ECDHE+AESGCM"]
    server = start("--workers", "1", "--cert", cert, "--key", key, *(f"--set={setting}" for setting in settings))
    # TLS 1.3 refuses after the handshake: what the client writes meanwhile may get a reset, not the alert.
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        ask_securely(server, context)
    context.load_cert_chain(cert, key)
    assert ask_securely(server, context) == b"https False"


def test_access_log(start):
    server = start("--workers", "1", "--access-log")
    server.get("/a%0aforged%22?secret")
    server.get("/%C3%A9")
    # A line is written after its answer was sent, so a stop at once may come before it.
    until = time.monotonic() + serving.PATIENCE
    while server.output().count('"GET ') < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert server.stop() == 0
    lines = [line for line in server.output().splitlines() if '"GET ' in line]
    assert len(lines) == 2
    assert lines[0].startswith("127.0.0.1 - - [")
    assert '"GET /a%0aforged%22?secret HTTP/1.1" 404 ' in lines[0]
    assert '"GET /%C3%A9 HTTP/1.1" 404 ' in lines[1]


def test_no_access_log_unless_asked(start):
    server = start("--workers", "1")
    server.get("/nothing")
    assert server.stop() == 0
    assert "nothing" not in server.output()


def run(folder, *args, **env):
    """The command, which must end by itself: exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "bolthead", *args],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=serving.PATIENCE,
    )
    return done.returncode, done.stdout + done.stderr


def said_of(port, host):
    return f"Error: Port {port} on {host} is in use by another program; stop that one or give another --bind.\n"


def test_port_taken(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = run(folder, "--app", "served", "serve", "--bind", f"127.0.0.1:{port}")
        assert (code, said) == (1, said_of(port, "127.0.0.1"))
        # Without --bind, too: the port is that of the defaults, or of gunicorn's configuration.
        code, said = run(folder, "--app", "served", "serve", PORT=str(port))
        assert (code, said) == (1, said_of(port, "0.0.0.0"))
        code, said = run(folder, "--app", "served", "serve", "--set", f"bind=localhost:{port}")
        assert (code, said) == (1, said_of(port, "localhost"))


def test_port_taken_by_another_serve(start, folder):
    server = start("--workers", "1")
    code, said = run(folder, "--app", "served", "serve", "--bind", f"127.0.0.1:{server.port}")
    assert code == 1
    assert "is in use by another program" in said


def test_pid_file_of_a_running_process(folder):
    (folder / "pid").write_text(str(os.getpid()))
    args = ["--app", "served", "serve", "--bind", f"127.0.0.1:{serving.free_port()}", "--pid-file", "pid"]
    code, said = run(folder, *args)
    assert code == 1
    assert said.splitlines()[-1] == "Error: The pid file pid belongs to a running process."
    assert (folder / "pid").read_text() == str(os.getpid())


@pytest.mark.parametrize(
    ("app", "text"),
    [
        ("nowhere", "Error: Could not import 'nowhere'.\n"),
        ("served:nothing", "Error: Failed to find attribute 'nothing' in 'served'.\n"),
        ("served:create_app(", "Error: Failed to parse 'create_app(' as an attribute name or function call.\n"),
    ],
)
def test_app_not_found(folder, app, text):
    code, said = run(folder, "--app", app, "serve", "--bind", f"127.0.0.1:{serving.free_port()}")
    assert (code, said) == (1, text)


def test_no_app_at_all(tmp_path):
    code, said = run(tmp_path, "serve", "--bind", f"127.0.0.1:{serving.free_port()}", FLASK_APP="")
    assert code == 1
    assert said.startswith("Error: Could not locate a Flask application. Use the 'bolthead --app' option")
    assert said.count("\n") == 1


def test_an_app_that_breaks_is_shown_once(folder):
    (folder / "broken.py").write_text("from bolthead import Flask\n1 / 0\n")
    code, said = run(folder, "--app", "broken", "serve", "--bind", f"127.0.0.1:{serving.free_port()}")
    assert code == 1
    assert said.count("ZeroDivisionError: division by zero") == 1
    assert "Running on" not in said


@pytest.mark.parametrize("preload", ["false", "true"])
def test_looking_whether_all_is_right(folder, preload):
    with socket.create_server(("127.0.0.1", 0)) as server:
        # A server that runs is not in the way.
        options = ["serve", "--bind", f"127.0.0.1:{server.getsockname()[1]}", "--set", f"preload_app={preload}"]
        assert run(folder, "--app", "served", *options, "--set", "check_config=true") == (0, "")
        (folder / "broken.py").write_text("raise RuntimeError('not today')")
        code, said = run(folder, "--app", "broken", *options, GUNICORN_CMD_ARGS="--check-config")
    assert code == 1
    assert "broken.py" in said and said.endswith("RuntimeError: not today\n")


def test_a_preloaded_app_that_breaks_is_shown(folder):
    (folder / "broken.py").write_text("raise ValueError('not today')")
    code, said = run(folder, "--app", "broken", "serve", "--bind", "unix:s", "--set", "preload_app=true")
    assert code == 1
    assert "broken.py" in said and said.endswith("ValueError: not today\n")


def test_an_app_that_ends_python_says_why(folder):
    (folder / "ends.py").write_text('raise SystemExit("the database is missing")')
    code, said = run(folder, "--app", "ends", "serve", "--bind", f"127.0.0.1:{serving.free_port()}")
    assert code == 1
    assert "SystemExit: the database is missing\n" in said
