"""PostgreSQL in a folder of its own, with the boards' tables, for as long as a bench runs."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..machine import HOST
from ..servers import free_port

MESSAGES = """\
fortune: No such file or directory
A computer scientist is someone who fixes things that aren't broken.
After enough decimal places, nobody gives a damn.
A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1
A computer program does what you tell it to do, not what you want it to do.
Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen
Any program that runs right is obsolete.
A list is only as strong as its weakest link. — Donald Knuth
Feature: A bug with seniority.
Computers make very fast, very accurate mistakes.
<script>alert("This should not be displayed in a browser alert box.");</script>
フレームワークのベンチマーク
"""
"""TechEmpower's rows, which its contract has."""

TABLES = """
CREATE TABLE world (id integer PRIMARY KEY, randomnumber integer NOT NULL);
INSERT INTO world SELECT id, 1 + floor(random() * 10000)::int % 10000 FROM generate_series(1, 10000) AS id;
CREATE TABLE fortune (id integer PRIMARY KEY, message varchar(2048) NOT NULL);
"""


def tool(name: str) -> str:
    places = [*sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True), shutil.which(name) or ""]
    found = next(filter(os.path.exists, places), "")
    if not found:
        raise SystemExit(f"{name} is not there: the database tests need PostgreSQL's server")
    return found


def statements() -> str:
    rows = [f"({number}, $m${text}$m$)" for number, text in enumerate(MESSAGES.splitlines(), 1)]
    return f"{TABLES}INSERT INTO fortune VALUES {', '.join(rows)};\nANALYZE;"


@contextmanager
def running() -> Iterator[str]:
    """The address of the database; its server has the core that wrk has."""
    as_other = {}
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            # PostgreSQL refuses to be run by root.
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            as_other = {"user": "postgres", "group": owner.pw_gid}
        data = Path(folder) / "data"
        init = [tool("initdb"), "-D", str(data), "-U", "bench", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_other)  # type: ignore[call-overload]
        port = free_port()
        settings = {"port": port, "listen_addresses": HOST, "unix_socket_directories": "", "max_connections": 100}
        settings |= {"fsync": "off", "synchronous_commit": "off", "logging_collector": "off"}
        server = ["taskset", "-c", "1", tool("postgres"), "-D", str(data)]
        server += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen(server, cwd=folder, stderr=subprocess.DEVNULL, **as_other)  # type: ignore[call-overload]
        try:
            ready = [tool("pg_isready"), "-q", "-t", "30", "-h", HOST, "-p", str(port)]
            while subprocess.run(ready, check=False).returncode and process.poll() is None:
                pass
            psql = [tool("psql"), "-q", "-h", HOST, "-p", str(port), "-U", "bench", "-d", "postgres"]
            subprocess.run([*psql, "-v", "ON_ERROR_STOP=1"], input=statements(), text=True, check=True)
            yield f"postgresql://bench@{HOST}:{port}/postgres"
        finally:
            process.terminate()
            process.wait()
