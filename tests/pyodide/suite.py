"""Run inside Pyodide: pytest, where a test that needs what WebAssembly has not is skipped, with that as the reason."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest

REFUSALS = {
    "emscripten does not support processes": "processes",
    "can't start new thread": "threads",
    "does not support subprocess": "processes",
    "Function not implemented": "a system call",
    "Operation not supported": "a system call",
    "No such file or directory: '/dev/fd'": "a list of open files",
    "module 'os' has no attribute": "a system call",
    "No module named 'pwd'": "users",
    "No module named 'venv'": "processes",
    "No module named '_multiprocessing'": "processes",
    "TLS not supported": "TLS",
    "[Errno 28] Invalid argument": "pairs of sockets",
    "module 'socket' has no attribute 'AF_UNIX'": "pairs of sockets",
    "WebAssembly stack switching not supported": "way to wait for an event loop under this node",
    "You cannot use AsyncToSync in the same thread as an async event loop": "second thread for an async view",
}
"""What the runtime says itself when it is asked for something that it has not, and the name of that."""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """*error*, those in it if it is a group, and what it came of."""
    while error is not None:
        yield error
        for part in getattr(error, "exceptions", ()):
            yield from chain(part)
        error = error.__cause__ or error.__context__


def refusal(texts: str) -> str | None:
    return next((f"WebAssembly has no {what}: {text}" for text, what in REFUSALS.items() if text in texts), None)


class Refused:
    """Turns the runtime's own refusal into a skip; any other error stays an error."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self.skipping())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self.skipping())

    def skipping(self) -> Generator[None, Any, Any]:
        try:
            return (yield)
        except Exception as error:
            if reason := refusal("\n".join(map(str, chain(error)))):
                pytest.skip(reason)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        report = yield
        if report.failed and (reason := refusal(str(report.longrepr))):
            report.outcome, report.longrepr = "skipped", (str(collector.path), 0, f"Skipped: {reason}")
        return report


if __name__ == "__main__":
    # What a refusal leaves behind.
    ignored = ("-W", "ignore:coroutine:RuntimeWarning", "-W", "ignore:unclosed:ResourceWarning")
    sys.exit(int(pytest.main([*ignored, *sys.argv[1:]], plugins=[Refused()])))
