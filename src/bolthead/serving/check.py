"""Trying to load the application in a process that ends again."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any


def try_in_child(
    load: Callable[[], object],
    complain: Callable[[BaseException], None],
    interrupted: Callable[[], bool] = lambda: False,
) -> bool:
    """Whether *load* works; *complain* is called in the child when it raises.

    The child is killed as soon as *interrupted* says so, and that counts as a failure.
    """
    return judge_in_child(load, complain, lambda app: 0, interrupted) == 0


def judge_in_child(
    load: Callable[[], object],
    complain: Callable[[BaseException], None],
    judge: Callable[[Any], int],
    interrupted: Callable[[], bool] = lambda: False,
) -> int:
    """What *judge* says of the application that *load* gives, a number from 0 on except 1, which is a failure."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _try(load, complain, judge)
    try:
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 1
            if interrupted():
                break
            time.sleep(0.01)
    except ChildProcessError:
        return 1
    except BaseException:
        _kill(child)
        raise
    _kill(child)
    return 1


def _kill(child: int) -> None:
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def _try(load: Callable[[], object], complain: Callable[[BaseException], None], judge: Callable[[Any], int]) -> None:
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        code = judge(load())
    except (Exception, SystemExit) as error:
        # An application may end Python instead of raising.
        complain(error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # At once: a thread that the application left running would keep this process, and us, waiting.
        os._exit(code)
