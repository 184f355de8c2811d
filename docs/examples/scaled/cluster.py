"""All of it on one machine: PostgreSQL, Redis, HAProxy, several servers, workers for the background.

    python cluster.py up                     start it, until Ctrl-C
    python cluster.py deploy 2               replace server after server by release 2
    python cluster.py kill s2                as if its machine had lost its power
    python cluster.py start s2               and is back

On several machines each of these processes runs where it belongs, under systemd; the commands are the same.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from string import Template

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
PATIENCE = 60
"""Seconds for a program to start or to end."""


def program(name: str) -> str:
    """The path of a program, also where administrators' programs and PostgreSQL's own are."""
    folders = [*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), "/usr/sbin", "/sbin"]
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if found is None:
        raise SystemExit(f"{name} is not installed: apt-get install haproxy redis-server postgresql")
    return found


def wait(ready: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > until:
            raise SystemExit(f"{what} did not happen in {PATIENCE} s")
        time.sleep(0.05)


def listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True


class Cluster:
    """The processes, whose data, logs and process ids are in *folder*; *base* is the first of its ports."""

    def __init__(self, folder: Path, base: int = 8100, servers: int = 3, workers: int = 2, **settings: str) -> None:
        self.folder = folder
        self.port, self.metrics, self.postgres, self.redis = range(base, base + 4)
        self.servers = {f"s{n}": (base + 10 + n, base + 50 + n) for n in range(1, servers + 1)}
        self.workers = [f"w{n}" for n in range(1, workers + 1)]
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent / "board")]),
            "DATABASE_URL": f"postgresql://postgres@{HOST}:{self.postgres}/postgres",
            "REDIS_URL": f"redis://{HOST}:{self.redis}/0",
            "BOARD_SECRET_KEY": "the sessions are in Redis, so nothing is signed with this",
            "BOARD_PICTURES": str(folder / "pictures"),
            "FLASK_APP": "scaled",
            **settings,
        }

    # One process

    def start(self, name: str, command: list[str], **more: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**self.environment, **more},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        (self.folder / f"{name}.pid").write_text(str(process.pid))

    def pid(self, name: str) -> int | None:
        """The process *name*, if it runs."""
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass
        except (OSError, ValueError):
            return None
        try:
            return pid if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" else None
        except OSError:
            return None

    def signal(self, name: str, number: int) -> None:
        """Send a signal to *name*, and SIGKILL to its children too; wait until it has ended."""
        pid = self.pid(name)
        if pid is None:
            return
        if number == signal.SIGKILL:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
        wait(lambda: self.pid(name) is None, f"the end of {name}")

    # Programs that are not ours

    def start_postgres(self) -> None:
        data = self.folder / "postgres"
        # PostgreSQL does not run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if not data.exists():
            data.mkdir()
            if user:
                shutil.chown(data, "postgres", "postgres")
            # Whoever can reach the port is let in: it is the loopback interface of one desk.
            made = [
                *user,
                program("initdb"),
                "-D",
                str(data),
                "-U",
                "postgres",
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
            ]
            subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/")
        options = ["-D", str(data), "-p", str(self.postgres), "-h", HOST, "-k", str(data), "-N", "200"]
        self.start("postgres", [*user, program("postgres"), *options])

    def start_redis(self) -> None:
        # What is queued is on the disk a second later at the latest.
        options = ["--port", str(self.redis), "--bind", HOST, "--dir", str(self.folder), "--appendonly", "yes"]
        self.start("redis", [program("redis-server"), *options])

    def start_haproxy(self) -> None:
        lines = [
            f"    server {name} {HOST}:{port} check port {health} inter 200ms fall 2 rise 1"
            for name, (port, health) in self.servers.items()
        ]
        places = {"FOLDER": self.folder, "PORT": self.port, "METRICS": self.metrics, "SERVERS": "\n".join(lines)}
        path = self.folder / "haproxy.cfg"
        path.write_text(Template((HERE / "haproxy.cfg").read_text()).safe_substitute(places))
        self.start("haproxy", [program("haproxy"), "-f", str(path), "-db"])

    def haproxy(self, command: str) -> str:
        """What HAProxy says to a command of its management guide."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / "haproxy.sock"))
            connection.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def state(self, name: str) -> tuple[str, int]:
        """Whether HAProxy finds a server well, and how many requests it has there."""
        for line in self.haproxy("show stat").splitlines():
            fields = line.split(",")
            if fields[:2] == ["board", name]:
                return fields[17], int(fields[4])
        raise KeyError(name)

    # Ours

    def start_server(self, name: str, release: str = "1") -> None:
        port, health = self.servers[name]
        options = ["--bind", f"{HOST}:{port}", "--admin-bind", f"{HOST}:{health}", "--workers", "1", "--threads", "8"]
        self.start(name, [sys.executable, "-m", "bolthead", "serve", *options], BOARD_RELEASE=release)

    def start_worker(self, name: str) -> None:
        self.start(name, [sys.executable, "-m", "bolthead", "work"])

    def start_sweep(self) -> None:
        self.start("sweep", [sys.executable, "-m", "bolthead", "sweep", "--every", "2", "--older", "5"])

    def up(self, release: str = "1") -> None:
        """Start everything; each thing when what it needs is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.start_postgres()
        self.start_redis()
        wait(lambda: listens(self.postgres) and listens(self.redis), "the start of PostgreSQL and Redis")
        for name in self.servers:
            self.start_server(name, release)
        for name in self.workers:
            self.start_worker(name)
        self.start_sweep()
        self.start_haproxy()
        wait(self.all_well, "the start of the servers")

    def all_well(self) -> bool:
        try:
            return all(self.state(name)[0] == "UP" for name in self.servers)
        except OSError:
            return False

    def down(self) -> None:
        for name in ("haproxy", "sweep", *self.workers, *self.servers, "redis"):
            self.signal(name, signal.SIGTERM)
        # At once, without waiting for connections. It is started through another program when we are root.
        data = self.folder / "postgres" / "postmaster.pid"
        if data.exists():
            os.kill(int(data.read_text().split()[0]), signal.SIGINT)
            wait(lambda: self.pid("postgres") is None, "the end of PostgreSQL")

    def deploy(self, release: str) -> None:
        """Server after server: no new requests, the old ones end, another release starts, requests again."""
        for name in self.servers:
            self.haproxy(f"set server board/{name} state drain")
            wait(lambda name=name: self.state(name)[1] == 0, f"the last request of {name}")  # type: ignore[misc]
            self.signal(name, signal.SIGTERM)
            self.start_server(name, release)
            self.haproxy(f"set server board/{name} state ready")
            # Not before this one is well again is the next one taken out.
            wait(lambda name=name: self.well(name), f"the start of {name}")  # type: ignore[misc]
        for name in self.workers:
            self.signal(name, signal.SIGTERM)
            self.start_worker(name)

    def well(self, name: str) -> bool:
        return listens(self.servers[name][1]) and self.state(name)[0] == "UP"

    def releases(self) -> dict[str, str | None]:
        """The release that each server answers with."""
        found = {}
        for name, (port, _) in self.servers.items():
            connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
            connection.request("GET", "/auth/login")
            found[name] = connection.getresponse().getheader("X-Board-Version")
            connection.close()
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("up", "deploy", "kill", "start"))
    parser.add_argument("what", nargs="?", default="", help="the release for deploy, the server for kill and start")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "board-cluster")
    parser.add_argument("--port", type=int, default=8100, help="the site's port; others follow it")
    parser.add_argument("--servers", type=int, default=3)
    args = parser.parse_args()
    cluster = Cluster(args.folder.resolve(), args.port, args.servers)
    if args.command == "deploy":
        cluster.deploy(args.what or "2")
        print(json.dumps(cluster.releases()))
    elif args.command == "kill":
        cluster.signal(args.what, signal.SIGKILL)
    elif args.command == "start":
        cluster.start_server(args.what)
    else:
        try:
            cluster.up()
            print(f"The board:    http://{HOST}:{cluster.port}/", flush=True)
            print(f"Its metrics:  http://{HOST}:{cluster.metrics}/metrics", flush=True)
            print(f"Logs:         {cluster.folder}", flush=True)
            signal.pause()
        except KeyboardInterrupt:
            pass
        finally:
            cluster.down()


if __name__ == "__main__":
    main()
