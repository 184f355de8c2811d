"""Temporary files of uploads against `tempfile.SpooledTemporaryFile` itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from types import ModuleType
from typing import Any

import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.request.spool"


def oracle(size: int, data: bytes) -> Any:
    made = SpooledTemporaryFile(size, "rb+")  # noqa: SIM115
    made.write(data)
    made.seek(0)
    return made


def state(file: Any) -> dict[str, Any]:
    """The private attributes, which the core fills itself."""
    return {key: value for key, value in vars(file).items() if key != "_file"} | {"kind": type(vars(file)["_file"])}


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 1000])
def test_in_memory(load: Load, data: bytes) -> None:
    module = load(NAME)
    found, wanted = module.spooled(data), oracle(module.SPOOL, data)
    assert type(found) is SpooledTemporaryFile
    assert state(found) == state(wanted), "this Python's SpooledTemporaryFile has changed: adapt `spool.frame`"
    for file in (found, wanted):
        assert file.tell() == 0 and file.read() == data and not file.closed
        file.write(b"more")
        file.seek(1)
        assert file.read() == (data + b"more")[1:]
        file.close()
        assert file.closed


def test_it_goes_to_the_disk_past_its_size(load: Load) -> None:
    module = load(NAME)
    found = module.spooled(b"a" * module.SPOOL)
    other = module.spooled(b"b")
    assert not found._rolled
    found.seek(0, os.SEEK_END)
    found.write(b"b")
    assert found._rolled and not other._rolled
    found.seek(0)
    assert found.read() == b"a" * module.SPOOL + b"b"
    assert os.fstat(found.fileno()).st_size == module.SPOOL + 1
    found.close()
    other.close()


def test_on_disk_at_once(load: Load) -> None:
    found = load(NAME).spooled_on_disk()
    assert type(found) is SpooledTemporaryFile and found._rolled and found.read() == b""
    found.close()


def test_another_python_is_not_guessed(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new attribute makes the frame empty, and then the file is made by its own methods."""
    module = load(NAME)
    assert module.frame().keys() == module._FILLED
    init: Any = SpooledTemporaryFile.__init__

    def other(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self._new_in_this_python = 1

    monkeypatch.setattr(SpooledTemporaryFile, "__init__", other)
    assert module.frame() == {}
