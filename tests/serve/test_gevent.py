"""An application under gunicorn's gevent worker, with many requests in it at once: it answers as on Flask.

``BOLTHEAD_GEVENT=20000`` sends as many requests instead of a hundred and sixty.
"""

from __future__ import annotations

import http.client
import os
import random
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import serving

pytest.importorskip("gunicorn")
pytest.importorskip("gevent")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="gunicorn needs Unix")

REQUESTS = int(os.environ.get("BOLTHEAD_GEVENT", "160"))
CLIENTS = 16

APP = """
import gevent, io, random, sys
from {package} import (
    Flask, abort, copy_current_request_context, current_app, flash, g, get_flashed_messages, redirect,
    render_template_string, request, send_file, session, stream_with_context, url_for,
)

app = Flask(__name__)
app.secret_key = "key"
left = []

def pause():
    # Another greenlet goes on.
    gevent.sleep(random.choice((0, 0, 0.001, 0.003)))

def seen():
    pause()
    return [g.id, request.headers["X-Id"], request.args.get("q"), request.path, current_app.name]

@app.before_request
def before():
    g.id = request.headers["X-Id"]
    pause()

@app.after_request
def after(response):
    pause()
    response.headers["X-Id"] = g.id
    return response

@app.teardown_request
def teardown(error):
    if request.headers["X-Id"] not in (g.id, "inner"):
        left.append(g.id)

@app.get("/left")
def wrong():
    return left

@app.get("/page/<name>")
def page(name):
    pause()
    text = "{{{{ g.id }}}} {{{{ request.args.q }}}} {{{{ name }}}} {{{{ url_for('page', name='é') }}}}"
    return render_template_string(text, name=name)

@app.post("/form")
def form():
    pause()
    files = [(file.filename, file.read().hex()) for file in request.files.values()]
    return [seen(), sorted(request.form.items(multi=True)), files]

@app.post("/json")
def data():
    pause()
    return {{"seen": seen(), "data": request.json}}

@app.get("/count")
def count():
    session["n"] = session.get("n", 0) + 1
    pause()
    flash(g.id)
    return [session["n"], get_flashed_messages()] + seen()

@app.get("/stream")
def stream():
    @stream_with_context
    def pieces():
        for number in range(5):
            pause()
            yield f"{{number}} {{g.id}} {{request.args.get('q')}}\\n"
    return pieces()

@app.get("/spawned")
def spawned():
    jobs = [gevent.spawn(copy_current_request_context(seen)) for _ in range(3)]
    gevent.joinall(jobs)
    return [job.value for job in jobs]

@app.get("/other")
def other():
    with app.test_request_context("/inner?q=inner", headers={{"X-Id": "inner"}}):
        inner = seen()
    return inner + seen()

@app.get("/away")
def away():
    pause()
    return redirect(url_for("page", name=g.id))

@app.get("/file")
def file():
    pause()
    return send_file(io.BytesIO(g.id.encode() * 1000), mimetype="text/plain")

@app.get("/fail")
def fail():
    pause()
    raise KeyError(g.id)

@app.errorhandler(KeyError)
def failed(error):
    pause()
    return f"{{error.args[0]}} {{g.id}}", 500

@app.errorhandler(404)
def missing(error):
    pause()
    return {{"missing": seen()}}, 404

@app.get("/abort/<int:code>")
def stop(code):
    pause()
    abort(code)
"""

GETS = (
    "/page/a",
    "/page/%C3%A9",
    "/count",
    "/count",
    "/stream",
    "/spawned",
    "/other",
    "/away",
    "/file",
    "/fail",
    "/no",
)
Answer = tuple[int, dict[str, str], bytes]


def multipart(dice: random.Random) -> tuple[str, bytes]:
    head = '--cut\r\nContent-Disposition: form-data; name="f{0}"; filename="f{0}"\r\n\r\n'
    files = [head.format(n) + dice.randbytes(dice.randrange(300)).hex() + "\r\n" for n in range(dice.randrange(1, 4))]
    return "multipart/form-data; boundary=cut", f"{''.join(files)}--cut--\r\n".encode()


def request(dice: random.Random, name: str) -> tuple[str, str, bytes, dict[str, str]]:
    """Method, target, body, and headers of one request, which all bear *name*."""
    kind = dice.randrange(6)
    if kind < 3:
        return "GET", f"{dice.choice(GETS)}?q={name}", b"", {}
    if kind == 3:
        return "GET", f"/abort/{dice.choice((400, 403, 404, 405, 410, 418, 500))}?q={name}", b"", {}
    if kind == 4:
        content, type_ = f'{{"name": "{name}", "n": [{dice.random()}]}}'.encode(), "application/json"
        return "POST", f"/json?q={name}", content if dice.random() < 0.9 else content[:-1], {"Content-Type": type_}
    if dice.random() < 0.5:
        type_, content = multipart(dice)
    else:
        type_, content = "application/x-www-form-urlencoded", f"name={name}&a=%C3%A9&a=2".encode()
    return dice.choice(("POST", "POST", "PUT")), f"/form?q={name}", content, {"Content-Type": type_}


def visit(port: int, number: int) -> list[Answer]:
    """The answers that one client gets, which keeps its connection and its cookies."""
    dice = random.Random(number)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=serving.PATIENCE)
    answers, cookie = [], ""
    for turn in range(REQUESTS // CLIENTS):
        name = f"c{number}-{turn}"
        method, target, content, headers = request(dice, name)
        connection.request(method, target, content or None, {**headers, "X-Id": name, "Cookie": cookie})
        response = connection.getresponse()
        body = response.read()
        found = dict(response.getheaders())
        assert response.getheader("X-Id") == name, (target, found)
        if "Set-Cookie" in found:
            cookie = found["Set-Cookie"].partition(";")[0]
            # Without the value, which holds the time.
            found["Set-Cookie"] = found["Set-Cookie"].partition(";")[2]
        found.pop("Date")
        if "Allow" in found:
            found["Allow"] = ", ".join(sorted(found["Allow"].split(", ")))
        answers.append((response.status, found, body))
    connection.close()
    return answers


def answers_of(folder: Path, package: str) -> list[list[Answer]]:
    (folder / f"{package}_site.py").write_text(APP.format(package=package).replace("Flask(__name__)", 'Flask("site")'))
    port = serving.free_port()
    options = ["--workers", "1", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "--keep-alive", "60"]
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", *options, f"{package}_site:app"]
    paths = os.pathsep.join(path for path in sys.path if path)
    with (
        serving.running(command, folder, port, PYTHONPATH=f"{folder}{os.pathsep}{paths}"),
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        visitor: Callable[[int], Any] = lambda number: visit(port, number)  # noqa: E731
        found = list(clients.map(visitor, range(CLIENTS)))
        assert serving.ask(port, "GET", "/left", **{"X-Id": "last"}) == (200, b"[]\n")
    return found


def test_answers_are_flasks(tmp_path: Path) -> None:
    theirs, ours = answers_of(tmp_path, "flask"), answers_of(tmp_path, "bolthead")
    for number, (expected, found) in enumerate(zip(theirs, ours, strict=True)):
        for turn, pair in enumerate(zip(expected, found, strict=True)):
            assert pair[0] == pair[1], f"client {number}, request {turn}"
    assert len({answer[0] for answers in ours for answer in answers}) > 5
