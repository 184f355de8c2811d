"""An application under other servers, and Django under the worker; what is not installed is left out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import serving

pytestmark = pytest.mark.skipif(os.name != "posix", reason="servers of Unix")

APP = """
from bolthead import Flask, request

app = Flask(__name__)

@app.route("/", methods=["GET", "POST"])
def index():
    return {"said": request.form.get("a"), "host": request.host, "query": request.args.get("q")}

@app.get("/stream")
def stream():
    return (f"{number} " * 100 for number in range(100))
"""

SERVERS = {
    "gunicorn": ["-m", "gunicorn", "--no-control-socket", "--threads", "2", "--bind", "{at}", "served:app"],
    "granian": ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}", "served:app"],
    "waitress": ["-m", "waitress", "--listen", "{at}", "served:app"],
    "uwsgi": ["uwsgi", "--http-socket", "{at}", "--master", "--die-on-term", "--module", "served:app"],
}


@pytest.mark.parametrize("name", SERVERS)
def test_other_servers(tmp_path: Path, name: str) -> None:
    command = SERVERS[name]
    if name == "uwsgi":
        found = shutil.which("uwsgi", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
        if found is None or b"--module" not in subprocess.run([found, "--help"], capture_output=True).stdout:
            pytest.skip("uwsgi with Python is not installed")
        command = [found, *command[1:]]
    else:
        pytest.importorskip(name)
        command = [sys.executable, *command]
    (tmp_path / "served.py").write_text(APP)
    port = serving.free_port()
    command = [part.format(port=port, at=f"127.0.0.1:{port}") for part in command]
    paths = os.pathsep.join(path for path in sys.path if path)
    with serving.running(command, tmp_path, port, PYTHONPATH=f"{tmp_path}{os.pathsep}{paths}") as process:
        form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "a.test"}
        code, body = serving.ask(port, "POST", "/?q=%C3%A9", b"a=b%20c", **form)
        assert code == 200
        assert b'"said":"b c"' in body and b'"host":"a.test"' in body and b'"query":"\\u00e9"' in body
        code, body = serving.ask(port, "GET", "/stream")
        assert (code, body) == (200, "".join(f"{number} " * 100 for number in range(100)).encode())
        assert serving.ask(port, "GET", "/nothing")[0] == 404
        process.terminate()
        assert process.wait(serving.PATIENCE) in (0, -signal.SIGTERM)


DJANGO = """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x")


def index(request):
    return HttpResponse(f"{request.method} {request.POST.get('a')} {request.scheme} {request.META['REMOTE_ADDR']}")


def upload(request):
    return HttpResponse(str(len(request.FILES["f"].read())))


def stream(request):
    return StreamingHttpResponse(b"x" * 1000 for _ in range(100))


urlpatterns = [path("", index), path("upload", upload), path("stream", stream)]
index.csrf_exempt = upload.csrf_exempt = True
application = get_wsgi_application()
"""


def test_django(tmp_path: Path) -> None:
    pytest.importorskip("django")
    pytest.importorskip("gunicorn")
    (tmp_path / "project.py").write_text(DJANGO)
    port = serving.free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "bolthead.serving.Worker", "--bind", f"127.0.0.1:{port}"]
    paths = os.pathsep.join(path for path in sys.path if path)
    command += ["--threads", "4", "--no-control-socket", "project:application"]
    with serving.running(command, tmp_path, port, PYTHONPATH=f"{tmp_path}{os.pathsep}{paths}") as process:
        assert serving.ask(port, "GET", "/") == (200, b"GET None http 127.0.0.1")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert serving.ask(port, "POST", "/", b"a=b", **form) == (200, b"POST b http 127.0.0.1")
        part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="g"\r\n\r\n' + b"x" * 3_000_000
        multipart = {"Content-Type": "multipart/form-data; boundary=b"}
        assert serving.ask(port, "POST", "/upload", part + b"\r\n--b--\r\n", **multipart) == (200, b"3000000")
        assert serving.ask(port, "GET", "/stream") == (200, b"x" * 100_000)
        assert serving.ask(port, "GET", "/nothing")[0] == 404
        process.terminate()
        assert process.wait(serving.PATIENCE) == 0
