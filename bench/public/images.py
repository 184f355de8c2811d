"""``python -m bench public --images WHEELS``: the steps of the entries' Dockerfiles, where no Docker is.

Each one is followed in an empty folder: the base image's Python in a new virtual environment, COPY, RUN and CMD as they
stand there, but on the loopback interface. bolthead comes from the folder *WHEELS*, all else from the index. Then
the answers are checked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .. import machine, servers
from . import asking, database
from .contracts import BOARDS, CONTRACTS, HERE

PATTERNS = ("Dockerfile", "*.dockerfile")


def steps(board: str) -> list[tuple[str, str]]:
    """The instructions of a board's Dockerfile, with what each is given."""
    (path,) = [path for pattern in PATTERNS for path in (HERE / board).glob(pattern)]
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def interpreter(image: str) -> str:
    """The Python that the image *python:3.13-slim* has, of this machine."""
    name = f"python{image.removeprefix('python:').removesuffix('-slim')}"
    found = shutil.which(name)
    if not found:
        raise SystemExit(f"{name} is not there: {image} has it")
    return found


def local(text: str) -> str:
    return text.replace("0.0.0.0", machine.HOST)


def build(board: str, folder: Path, env: dict[str, str]) -> tuple[Path, list[str]]:
    """Follow the steps below *folder*; the working folder and the command that starts the server."""
    work, command = folder, []
    for word, rest in steps(board):
        if word == "FROM":
            subprocess.run([interpreter(rest), "-m", "venv", str(folder / "venv")], check=True)
        elif word == "WORKDIR":
            work = folder / rest.lstrip("/")
            work.mkdir(parents=True)
        elif word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                place = work / target / (Path(source).name if target in (".", "./") else "")
                copy = shutil.copytree if (HERE / board / source).is_dir() else shutil.copy
                copy(HERE / board / source, place)
                if source.endswith(".sh"):
                    place.write_text(local(place.read_text()))
        elif word == "RUN":
            subprocess.run(["sh", "-c", rest], cwd=work, env=env, check=True)
        elif word == "CMD":
            command = json.loads(local(rest))
        elif word != "EXPOSE":
            raise SystemExit(f"{board}: no way to follow {word}")
    return work, command


def check(board: str, url: str, wheels: Path) -> None:
    """Build and start the entry at the port that its Dockerfile exposes; SystemExit where an answer is wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {**os.environ, "PATH": f"{folder / 'venv' / 'bin'}:{os.environ['PATH']}", "DATABASE_URL": url}
        env |= {"PIP_FIND_LINKS": str(wheels), "DATASET_PATH": str(HERE / "httparena" / "dataset.json")}
        env.pop("PYTHONPATH", None)
        work, command = build(board, folder, env)
        port = int(next(rest for word, rest in steps(board) if word == "EXPOSE").split()[0])
        tests = [test for test in CONTRACTS if test.board == board and not test.tls]
        with servers.running(command, env, port, says="HTTP/1.1", path=tests[0].path, cwd=work):
            wrong = [said for test in tests if (said := asking.check(port, test))]
        if wrong:
            raise SystemExit(f"{board}: {'; '.join(wrong)}")
        print(f"{board}: built and started as its Dockerfile says, {len(tests)} tests answered", file=sys.stderr)


def check_all(wheels: Path) -> None:
    with database.running() as url:
        for board in BOARDS:
            check(board, url, wheels.absolute())
