"""Run every block of one page, in the current folder.

python tests/documentation/run.py docs/guides/testing.md
"""

from __future__ import annotations

import doctest
import importlib
import json
import linecache
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TextIO

from page import Block, begin, blocks

PATIENCE = 240
"""Seconds for a command or a server, on a machine that is busy with something else."""
ASSUMED = {
    "pip install": "needs a network",
    "python -m venv": "takes long and shows nothing",
    "python3 -m venv": "takes long and shows nothing",
    "source .venv": "belongs to a shell of the reader's",
    "cd ": "every page runs in a folder of its own",
    "export ": "belongs to a shell of the reader's",
}
SERVER = re.compile(
    r"(\w+=\S+ )*((bolthead|python -m bolthead) .*\b(run|serve)\b(?!.*--help)|python -m gunicorn |python wsgi\.py)"
)
WORKER = re.compile(r"python -m celery .*\bworker\b")
"""What runs until it is stopped too, and listens on no port: it is up when it has said what the page says."""
PORTS = (5000, 8000)


class Failed(Exception):
    """A block did not do what the page says."""


def free_port(held: list[socket.socket]) -> int:
    """One of the half that the compiled build's run takes; Linux gives it to nobody else meanwhile: see ``serving``."""
    while True:
        with socket.socket() as probe:
            if sys.platform == "linux":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port // 2 % 2 == 0:
                if sys.platform == "linux":
                    held.append(probe.dup())
                return port


class Forward:
    """A standard output that a handler may keep: what is written goes to the one of the moment."""

    def __init__(self, own: TextIO) -> None:
        self.own = own

    def write(self, text: str) -> int:
        return (self.own if sys.stdout is self else sys.stdout).write(text)

    def flush(self) -> None:
        self.own.flush()


class Runner:
    """What the blocks of one page share: a folder, a module, servers."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.folder = Path.cwd()
        self.module = ModuleType("page")
        self.module.__file__ = str(self.folder / "page.py")
        sys.modules["page"] = self.module
        sys.path.insert(0, str(self.folder))
        self.files: list[Path] = []
        Path(".curlrc").write_text("silent\nshow-error\n")
        self.servers: list[tuple[subprocess.Popen[bytes], Path]] = []
        self.held: list[socket.socket] = []
        self.ports = {port: free_port(self.held) for port in PORTS}

    def run(self) -> None:
        try:
            begin(self.page, self.folder)
            for block in blocks(self.page.read_text()):
                if block.reason is None:
                    try:
                        self.block(block)
                    except Failed as error:
                        raise Failed(f"{self.page}:{block.line}: {error}") from None
            self.use_files()
        finally:
            for process, _ in self.servers:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            for each in self.held:
                each.close()

    def block(self, block: Block) -> None:
        if block.file is not None:
            self.write(block)
        elif block.language == "python":
            self.python(block)
        elif block.language == "live":
            exec(compile("\n" * (block.line - 1) + block.text, str(self.page), "exec"), {"__name__": "live"})
        elif block.language == "pycon":
            self.doctest(block)
        elif block.language == "console":
            self.console(block.text)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language in {"html+jinja", "jinja"}:
            from jinja2 import Environment

            Environment().parse(block.text)
        elif block.language not in {"text", "html"}:
            raise Failed(f"a block of {block.language} needs a file name or '% not run: why'")

    def write(self, block: Block) -> None:
        self.files.append(block.write(self.folder))
        # What was imported from this folder is imported anew, from what stands there now.
        for key, module in list(sys.modules.items()):
            origin = getattr(module, "__file__", None)
            if module is not self.module and origin and Path(origin).is_relative_to(self.folder):
                del sys.modules[key]
        linecache.clearcache()
        importlib.invalidate_caches()

    def python(self, block: Block) -> None:
        # To a reader the blocks are one file; here requests have been answered between two of them.
        for value in vars(self.module).values():
            if any(base.__name__ == "Flask" for base in type(value).__mro__):
                value._got_first_request = False
        code = compile("\n" * (block.line - 1) + block.text, str(self.page), "exec")
        exec(code, vars(self.module))

    def doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.text + "\n", vars(self.module), self.page.name, str(self.page), block.line - 1
        )
        test.globs = vars(self.module)
        said: list[str] = []
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        doctest.DocTestRunner(optionflags=flags).run(test, out=said.append, clear_globs=False)
        if said:
            raise Failed("".join(said))

    def console(self, text: str) -> None:
        commands: list[tuple[str, list[str]]] = []
        for line in text.split("\n"):
            if line.startswith("$ "):
                commands.append((line[2:], []))
            elif commands and commands[-1][0].endswith("\\"):
                commands[-1] = (f"{commands[-1][0][:-1]} {line.removeprefix('>').strip()}", [])
            elif not commands:
                raise Failed(f"neither a command nor its output: {line}")
            else:
                commands[-1][1].append(line)
        for command, output in commands:
            if not command.startswith(tuple(ASSUMED)):
                self.command(self.own_ports(command), self.own_ports("\n".join(output).strip()))

    def own_ports(self, text: str) -> str:
        for port, own in self.ports.items():
            text = re.sub(rf"(?<=:){port}\b|(?<=PORT=){port}\b|(?<=--port ){port}\b", str(own), text)
        return text

    def command(self, command: str, expected: str) -> None:
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "FLASK_RUN_PORT": str(self.ports[5000]),
            "FLASK_SERVE_BIND": f"127.0.0.1:{self.ports[8000]}",
            "PYTHONUNBUFFERED": "1",
            "CURL_HOME": str(self.folder),
            "COLUMNS": "100",
        }
        if SERVER.match(command) or WORKER.match(command):
            self.start(command.removesuffix(" &"), expected, environment)
            return
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        if done.returncode and not expected:
            raise Failed(f"$ {command}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
        if expected and not same(expected, done.stdout + done.stderr):
            raise Failed(f"$ {command}\nexpected\n{expected}\ngot\n{done.stdout}{done.stderr}")

    def start(self, command: str, expected: str, environment: dict[str, str]) -> None:
        while self.servers:
            process, _ = self.servers.pop()
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)
        log = self.folder / ".server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}" if "=" not in command.split()[0] else command],
                cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.servers.append((process, log))
        until = time.monotonic() + PATIENCE
        while SERVER.match(command) and not any(listens(port) for port in self.ports.values()):
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"$ {command}\ndoes not listen:\n{log.read_text()}")
            time.sleep(0.05)
        for line in filter(None, expected.split("\n")):
            while not any(same(line.strip(), said.strip()) for said in log.read_text().split("\n")):
                if process.poll() is not None or time.monotonic() > until:
                    raise Failed(f"$ {command}\ndid not say\n{line}\nbut\n{log.read_text()}")
                time.sleep(0.05)

    def use_files(self) -> None:
        """Import what no block has imported, and run the tests that the page has written."""
        tests = False
        for path in dict.fromkeys(self.files):
            if path.suffix != ".py":
                continue
            if path.name.startswith("test_"):
                tests = True
            elif path.name not in {"conftest.py", "setup.py", "gunicorn.conf.py"}:
                name = ".".join(path.relative_to(self.folder).with_suffix("").parts).removesuffix(".__init__")
                if name.replace(".", "").isidentifier() and name not in sys.modules:
                    self.command(f"{sys.executable} -W error -c 'import {name}'", "")
        if tests:
            self.command(f"{sys.executable} -m pytest -q -p no:cacheprovider", "")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def same(expected: str, got: str) -> bool:
    """Whether the output is the expected one, where ``...`` stands for anything."""
    squeeze = [" ".join(text.split()) for text in (expected, got)]
    pattern = ".*".join(re.escape(part.strip()) for part in re.split(r"\.\.\.|…", squeeze[0]))
    return re.fullmatch(f"{pattern}", squeeze[1].replace("\n", " ")) is not None or bool(
        re.fullmatch(pattern.replace(r"\ .*", ".*").replace(".*\\ ", ".*"), squeeze[1])
    )


if __name__ == "__main__":
    sys.stdout = Forward(sys.stdout)
    try:
        Runner(Path(sys.argv[1]).resolve()).run()
    except Failed as error:
        sys.exit(str(error))
