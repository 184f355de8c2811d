"""Two applications in one process of Apache's mod_wsgi, and of uWSGI: ``python -m tests.mounts [apache] [uwsgi]``

Both servers give each application an interpreter of its own. The one that comes first has the compiled build, the
others the pure one, with one warning; all answer alike. Needs, of Debian, the packages ``libapache2-mod-wsgi-py3`` and
``uwsgi-plugin-python3``, and a Python of their version to run this. The exit status is 1 where something is not there.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

SRC = Path(__file__).resolve().parents[1] / "src"
PACKAGES = [str(SRC), *(path for path in sys.path if path.endswith("-packages"))]
SECONDS = 60
"""How long a server may take to start and to stop; a machine may be slow."""

APPLICATION = """\
{before}
import asyncio
from {package} import Flask, g, render_template_string, request, session, url_for

application = app = Flask("{name}")
app.secret_key = "key"

@app.before_request
def before():
    g.name = "{name}"

@app.route("/visit/<int:number>", methods=["GET", "POST"])
def visit(number):
    session["last"] = number
    text = "{{{{ g.name }}}} {{{{ number }}}} {{{{ url_for('visit', number=1) }}}}"
    return render_template_string(text, number=number) + " " + request.args.get("a", "-")

@app.route("/later")
async def later():
    await asyncio.sleep(0)
    return {{"at": request.path, "root": request.script_root}}

@app.route("/fail")
def fail():
    raise KeyError("sold out")

@app.route("/build")
def build():
    from bolthead import _core
    return _core.build_name()
"""
AS_FLASK = "from bolthead.as_flask import install; install()"
APPLICATIONS = {"one": ("bolthead", ""), "two": ("flask", AS_FLASK), "three": ("bolthead", "")}

APACHE = """\
ServerRoot {place}
ServerName localhost
PidFile {place}/pid
DefaultRuntimeDir {place}
Mutex file:{place}
Listen 127.0.0.1:{port}
ErrorLog {place}/log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule wsgi_module {modules}/mod_wsgi.so
{user}
WSGISocketPrefix {place}/socket
WSGIDaemonProcess shops processes=1 threads=4 python-path={packages}
WSGIProcessGroup shops
<Location "/">
Require all granted
</Location>
{aliases}
"""


def write_applications(place: Path) -> None:
    for name, (package, before) in APPLICATIONS.items():
        (place / f"{name}.py").write_text(APPLICATION.format(name=name, package=package, before=before))


class Wrong(Exception):
    """What is not as it should be."""


@contextmanager
def running(command: Iterable[str], log: Path, port: int) -> Iterator[None]:
    """The server while it answers on *port*; afterwards it has ended by itself on a signal."""
    with log.open("ab") as output:
        process = subprocess.Popen(list(command), stdout=output, stderr=output, cwd=log.parent)
    try:
        end = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise Wrong("it does not start") from None
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Wrong("it does not stop") from None


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def check(port: int, builds: list[str]) -> None:
    """Ask all applications, one by one and at once; *builds* is what serves them, sorted."""
    found = sorted(ask(port, f"/{name}/build")[1] for name in APPLICATIONS)
    if found != builds:
        raise Wrong(f"the applications are served by {found}, which should be {builds}")

    def gives(path: str, status: int, text: str | None = None) -> None:
        found = ask(port, path)
        if found[0] != status or text not in (None, found[1]):
            raise Wrong(f"{path} gives {found}")

    def visits(name: str) -> None:
        for number in range(30):
            gives(f"/{name}/visit/{number}?a=b", 200, f"{name} {number} /{name}/visit/1 b")
            gives(f"/{name}/fail", 500)
            gives(f"/{name}/nowhere", 404)

    # Not at once: before 3.12 asyncio confuses the running loops of threads of several interpreters.
    for name in [*APPLICATIONS, *APPLICATIONS]:
        gives(f"/{name}/later", 200, f'{{"at":"/later","root":"/{name}"}}\n')

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visits, [*APPLICATIONS, *APPLICATIONS]))


def check_log(text: str, warnings: int) -> None:
    said = text.count("bolthead is imported a second time in this process")
    if said != warnings:
        raise Wrong(f"the warning was written {said} times, which should be {warnings}")
    # With threads, uWSGI's own end of several interpreters is a fatal error at times, with Flask too.
    text = text.partition("SIGINT/SIGTERM received")[0]
    if crash := re.search(r"(?i)segmentation|exit signal|!!!.*died|SIGSEGV|double free|Fatal Python", text):
        raise Wrong(f"a process crashed: {crash[0]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def apache(place: Path) -> None:
    """Apache with one mod_wsgi daemon process, where each application has an interpreter by default."""
    program = shutil.which("apache2", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    modules = Path("/usr/lib/apache2/modules")
    if program is None or not (modules / "mod_wsgi.so").exists():
        raise Wrong("Apache with mod_wsgi is not installed: apt-get install libapache2-mod-wsgi-py3")
    port = free_port()
    aliases = "\n".join(f"WSGIScriptAlias /{name} {place}/{name}.py" for name in APPLICATIONS)
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    packages = os.pathsep.join(PACKAGES)
    names = {"place": place, "port": port, "modules": modules, "user": user, "packages": packages, "aliases": aliases}
    (place / "apache.conf").write_text(APACHE.format(**names))
    with running([program, "-f", str(place / "apache.conf"), "-D", "FOREGROUND"], place / "log", port):
        check(port, ["compiled", "pure", "pure"])
    check_log((place / "log").read_text(errors="replace"), 2)


def uwsgi(place: Path) -> None:
    """uWSGI with three mounts, an interpreter for each as by default, and once more in one interpreter."""
    program = shutil.which("uwsgi")
    if program is None:
        raise Wrong("uWSGI is not installed: apt-get install uwsgi-plugin-python3")
    for options, builds, warnings in (
        ([], ["compiled", "pure", "pure"], 2),
        (["--single-interpreter"], ["compiled"] * 3, 0),
    ):
        port = free_port()
        log = place / f"log{warnings}"
        command = [program, "--plugin", "python3", "--http-socket", f"127.0.0.1:{port}", "--manage-script-name"]
        command += ["--master", "--die-on-term", "--processes", "1", "--threads", "4", *options]
        for path in PACKAGES:
            command += ["--pythonpath", path]
        for name in APPLICATIONS:
            command += ["--mount", f"/{name}={name}.py"]
        with running(command, log, port):
            check(port, builds)
        check_log(log.read_text(errors="replace"), warnings)


SERVERS: dict[str, Callable[[Path], None]] = {"apache": apache, "uwsgi": uwsgi}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in SERVERS]:
        print(f"no such server: {', '.join(unknown)}; there are {', '.join(SERVERS)}", file=sys.stderr)
        return 2
    good = True
    for name in names or SERVERS:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            place.chmod(0o777)
            write_applications(place)
            try:
                SERVERS[name](place)
            except Wrong as wrong:
                good = False
                print(f"{name}: {wrong}")
                for log in sorted(place.glob("log*")):
                    print(log.read_text(errors="replace")[-4000:])
            else:
                print(f"{name}: three applications in one process answer alike")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
