"""Commands side by side: what they say stays whole, and nothing that they started outlives an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import lanes

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="groups of processes")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_outputs_stand_one_after_the_other(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The second one ends before the first begins to speak, which waits for it."""
    first = "import os, time\nwhile not os.path.exists('done'): time.sleep(0.01)\nprint('one\\nFAILED a - b')"
    second = "import sys; print('ERROR c'); open('done', 'w').close(); print(' FAILED', sys.stdin.read()); exit(3)"
    assert lanes.side_by_side([python(first), python(second)], tmp_path) == ([0, 3], ["FAILED a - b", "ERROR c"])
    assert capfdbinary.readouterr().out == b"one\nFAILED a - b\nERROR c\n FAILED \n"


STUBBORN = """
import os, signal, subprocess, sys, time
if sys.argv[1] == "leader":
    try:
        subprocess.Popen([sys.executable, __file__, "child"])
        time.sleep(600)
    except KeyboardInterrupt:
        print("cleaned up")
else:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    open(f"{os.getpid()}.pid", "w").close()
    time.sleep(600)
"""
MAIN = """
import sys
import lanes
lanes.take_signals()
try:
    lanes.side_by_side([[sys.executable, "stubborn.py", "leader"]] * 2, ".")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupt_ends_all(number: signal.Signals, tmp_path: Path) -> None:
    """The commands clean up; what they left, deaf to the interrupt, is ended too."""
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    env = {**os.environ, "PYTHONPATH": str(Path(lanes.__file__).parent)}
    with subprocess.Popen(python(MAIN), cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as main:
        try:
            end = time.monotonic() + 60
            while len(children := list(tmp_path.glob("*.pid"))) < 2:
                assert main.poll() is None and time.monotonic() < end
                time.sleep(0.02)
            main.send_signal(number)
            assert main.communicate(timeout=60)[0] == "cleaned up\ncleaned up\ninterrupted\n"
            for child in children:
                wait_for_end(int(child.stem), end)
        finally:
            main.kill()
            for path in tmp_path.glob("*.pid"):
                with suppress(ProcessLookupError):
                    os.kill(int(path.stem), signal.SIGKILL)


def wait_for_end(pid: int, end: float) -> None:
    """Until *pid* is gone, or a zombie where nothing collects orphans."""
    while True:
        try:
            os.kill(pid, 0)
            if sys.platform == "linux" and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except (ProcessLookupError, FileNotFoundError):
            return
        assert time.monotonic() < end, pid
        time.sleep(0.02)
