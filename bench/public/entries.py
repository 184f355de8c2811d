"""Who takes part, and how each is started with one process."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..machine import HOST
from .contracts import Contract

OURS = {"techempower": "app:app", "benchmarker": "server:app", "httparena": "app:app"}
GUNICORN = "-m gunicorn --no-control-socket --log-level error --workers 1 --keep-alive 120 --bind {host}:{port}"
THREADS = f"{GUNICORN} --worker-class gthread --threads 4"
UVICORN = f"{GUNICORN} --worker-class uvicorn_worker.UvicornWorker"
HYPERCORN = "-m hypercorn --worker-class uvloop --log-level error --bind {host}:{port}"
CERTIFICATE = " --certfile {certificate} --keyfile {key}"
"""What gunicorn and hypercorn are told to serve over TLS."""
PEER = "bench.public.peers.{}_app:app"


@dataclass(frozen=True)
class Entry:
    """An application and its server: *command* is what follows ``python``, and *tls* what follows that for TLS."""

    name: str
    command: str
    database: bool = True
    tls: str = CERTIFICATE

    def serves(self, test: Contract) -> bool:
        return (self.database or not test.database) and bool(self.tls or not test.tls)


ENTRIES = [
    Entry("bolthead", "", tls=" --cert {certificate} --key {key}"),
    Entry("Flask on gthread", f"{THREADS} {PEER.format('flask')}"),
    Entry("Falcon on gthread", f"{THREADS} {PEER.format('falcon')}"),
    Entry("Falcon ASGI on uvicorn", f"{UVICORN} {PEER.format('falcon_asgi')}"),
    Entry("FastAPI on uvicorn", f"{UVICORN} {PEER.format('fastapi')}"),
    Entry("Starlette on uvicorn", f"{UVICORN} {PEER.format('starlette')}"),
    Entry("BlackSheep on uvicorn", f"{UVICORN} {PEER.format('blacksheep')}"),
    Entry("Robyn", "-m bench.public.peers.robyn_app --processes 1 --workers 1 --log-level WARN", False, tls=""),
    Entry("Quart on hypercorn", f"{HYPERCORN} {PEER.format('quart')}"),
    Entry("Quart on uvicorn", f"{UVICORN} {PEER.format('quart')}"),
    Entry("Django on gthread", f"{THREADS} {PEER.format('django')}"),
]


def commands(exe: Path, entry: Entry, board: str, port: int, folder: Path | None = None) -> list[str]:
    """The command for *board*; bolthead has an entry for each, as it would be submitted, but for address and count.

    With *folder*, that of a `certificate`, it is the command for TLS.
    """
    app = f"bench/public/{board}/{OURS[board]}"
    serve = f"-m bolthead --app {app} serve --workers 1 --no-access-log --max-body 32M --bind {HOST}:{port}"
    command = entry.command.format(host=HOST, port=port) or serve
    if folder is not None:
        command += entry.tls.format(certificate=folder / "server.crt", key=folder / "server.key")
    return [str(exe), *command.split()]


@contextmanager
def certificate() -> Iterator[Path]:
    """A folder with a certificate for this machine and its key."""
    with tempfile.TemporaryDirectory() as folder:
        openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        files = ["-keyout", f"{folder}/server.key", "-out", f"{folder}/server.crt", "-subj", "/CN=localhost"]
        subprocess.run([*openssl, *files], check=True, capture_output=True)
        yield Path(folder)
