"""Commands side by side, whose outputs stand one after the other."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

PATIENCE = 30
"""Seconds that a command has, once it is interrupted, for ending what it started."""
FAILURES = (b"FAILED ", b"ERROR ")
"""How pytest begins a line that names a test at the end."""


def cores() -> int:
    """Those this process may use; 1 where groups of processes, by which commands are ended, are not there."""
    if not hasattr(os, "killpg"):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def take_signals() -> None:
    """Let a stop end what is running as Ctrl-C does, and Ctrl-C reach what is started, also where a shell has started
    this in the background, for which it ignores the signal."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


def call(*command: str | Path, folder: Path, **env: str) -> None:
    """Run one command and print it; on Ctrl-C, which it gets as well, it may end what it started.

    Raises ``subprocess.CalledProcessError`` if it fails.
    """
    print("$", *command, flush=True)
    words = [str(part) for part in command]
    process = subprocess.Popen(words, cwd=folder, env={**os.environ, **env})
    try:
        process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise
    finally:
        process.kill()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)


def side_by_side(commands: Sequence[Sequence[str]], folder: Path) -> tuple[list[int], list[str]]:
    """Run *commands* in *folder* at once; their exit codes, and the lines in which pytest names what failed.

    What the first one says is written as it comes; then what the second one has said by then, and says. Ctrl-C ends
    them all, with what they have started.
    """
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        started, said = [], []
        try:
            for number, command in enumerate(commands):
                log = Path(place, str(number))
                with log.open("wb") as output:
                    started.append(start(command, folder, output))
                said.append(stack.enter_context(log.open("rb")))
            for process, output in zip(started, said, strict=True):
                follow(process, output)
        finally:
            stop(started)
            for output in said:
                show(output)
        for output in said:
            output.seek(0)
        named = [line for output in said for line in output if line.startswith(FAILURES)]
        return [process.returncode for process in started], [line.decode(errors="replace").rstrip() for line in named]


def start(command: Sequence[str], folder: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )


def follow(process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
    """Show what *process* writes to *output* until it ends."""
    while process.poll() is None:
        show(output)
        time.sleep(0.2)
    show(output)


def show(output: IO[bytes]) -> None:
    sys.stdout.flush()
    shutil.copyfileobj(output, sys.stdout.buffer)
    sys.stdout.flush()


def stop(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the processes that still run, and those that they have started."""
    alive = [process for process in started if process.poll() is None]
    for process in alive:
        os.killpg(process.pid, signal.SIGINT)
    try:
        end = time.monotonic() + PATIENCE
        for process in alive:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0, end - time.monotonic()))
    finally:
        for process in alive:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
