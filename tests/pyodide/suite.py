"""Run inside Pyodide: pytest, where a test that needs what WebAssembly has not is skipped, with that as the reason."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

REFUSALS = {
    "emscripten does not support processes": "processes",
    "can't start new thread": "threads",
    "does not support subprocess": "processes",
    "Function not implemented": "a system call",
    "Operation not supported": "a system call",
}
"""What the runtime says itself when it is asked for something that it has not, and the name of that."""


class Refused:
    """Turns the runtime's own refusal into a skip; any other error stays an error."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        try:
            return (yield)
        except Exception as error:
            for text, what in REFUSALS.items():
                if text in str(error):
                    pytest.skip(f"WebAssembly has no {what}: {text}")
            raise


if __name__ == "__main__":
    sys.exit(int(pytest.main(sys.argv[1:], plugins=[Refused()])))
