"""Trying to load the application in a process that ends again."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable


def try_in_child(
    load: Callable[[], object],
    complain: Callable[[Exception], None],
    interrupted: Callable[[], bool] = lambda: False,
) -> bool:
    """Whether *load* works; *complain* is called in the child when it raises.

    The child is killed as soon as *interrupted* says so, and that counts as a failure.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _try(load, complain)
    try:
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status) == 0
            if interrupted():
                break
            time.sleep(0.01)
    except ChildProcessError:
        return False
    except BaseException:
        _kill(child)
        raise
    _kill(child)
    return False


def _kill(child: int) -> None:
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def _try(load: Callable[[], object], complain: Callable[[Exception], None]) -> None:
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        load()
        code = 0
    except Exception as error:
        complain(error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # At once: a thread that the application left running would keep this process, and us, waiting.
        os._exit(code)
