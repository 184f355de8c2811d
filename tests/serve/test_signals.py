"""A signal to stop that reaches a worker at any moment since the fork ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")

AT_EVERY_LINE = '''
"""Fork workers; each sends itself a signal when it has run a given number of lines, until one serves before that."""
import json, os, select, signal, sys, time

from gunicorn import arbiter
from gunicorn.app.base import BaseApplication
from gunicorn.workers import base, gasgi
from bolthead.serving import asgi_worker, early_exit, supervised, worker

NUMBER, STEP, WORKER = getattr(signal, sys.argv[1]), int(sys.argv[2]), sys.argv[3]
FILES = {module.__file__ for module in (arbiter, base, gasgi, asgi_worker, early_exit, supervised, worker)}


class Application(BaseApplication):
    def load_config(self):
        for name, value in {"worker_class": f"bolthead.serving.{WORKER}", "bind": "127.0.0.1:0", "threads": 1,
                            "loglevel": "critical", "control_socket_disable": True, "asgi_lifespan": "off"}.items():
            self.cfg.set(name, value)

    def load(self):
        return lambda environ, start_response: []


class Lines:
    """Counts the lines that this process runs in the files of the worker, and sends the signal at one of them."""

    def __init__(self, wanted):
        self.wanted, self.seen = wanted, 0

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line" and self.seen < self.wanted:
            self.seen += 1
            if self.seen == self.wanted:
                os.write(told, f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}".encode())
                os.kill(os.getpid(), NUMBER)
        return self

    def attach(self):
        # Not the frames above the fork: what the parent ran there is over.
        sys._getframe(1).f_trace = self
        sys.settrace(self)


arbiter_ = arbiter.Arbiter(Application())
arbiter_.start()
os.register_at_fork(after_in_child=lambda: lines.attach())
ends = {}
wanted = 1
while -signal.SIGKILL not in ends.values():
    # What a parent that lives has seen is not the child's.
    while not arbiter_.SIG_QUEUE.empty():
        arbiter_.SIG_QUEUE.get_nowait()
    lines = Lines(wanted)
    listener, told = os.pipe()
    pid = arbiter_.spawn_worker()
    os.close(told)
    served = arbiter_.WORKERS.pop(pid)
    where, ended, until = "", 0, time.monotonic() + 60
    while not ended and time.monotonic() < until and (where or not served.serving()):
        if not where and select.select([listener], [], [], 0)[0]:
            where = os.read(listener, 100).decode()
        ended, status = os.waitpid(pid, os.WNOHANG)
        time.sleep(0.001)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    os.close(listener)
    served.tmp.close()
    if not where:
        break
    ends[f"{wanted}: {where}"] = os.waitstatus_to_exitcode(status)
    wanted += STEP
print(json.dumps(ends), flush=True)
os._exit(0)
'''


@pytest.mark.parametrize(
    ("worker", "name", "step"),
    [
        ("Worker", "SIGTERM", 2),
        ("Worker", "SIGINT", 9),
        ("Worker", "SIGQUIT", 9),
        ("asgi_worker.Worker", "SIGTERM", 7),
        ("asgi_worker.Worker", "SIGINT", 29),
    ],
)
def test_at_every_line(tmp_path: Path, worker: str, name: str, step: int):
    script = tmp_path / "lines.py"
    script.write_text(AT_EVERY_LINE)
    command = [sys.executable, str(script), name, str(step), worker]
    said = subprocess.run(command, capture_output=True, text=True)
    ends = json.loads(said.stdout)
    assert len(ends) * step > 50, said.stderr
    assert set(ends.values()) == {0}, ends
