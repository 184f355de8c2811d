"""Reading a gunicorn configuration file, with an error of one line where gunicorn shows a traceback and ends."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

from .binds import ServeError

MODULE = "__config__"
"""The name that gunicorn gives to such a file."""


def read_config(location: str) -> dict[str, Any]:
    """The names that ``PATH``, ``file:PATH`` or ``python:MODULE`` binds; :exc:`ServeError` where it raises."""
    if not location.startswith("python:"):
        return read_config_file(location.removeprefix("file:"))
    name = location.removeprefix("python:")
    try:
        return vars(import_module(name))
    except Exception as error:
        raise ServeError(f"The configuration module {name!r} fails: {_what(error)}") from None


def read_config_file(path: str) -> dict[str, Any]:
    """The names that the file binds; :exc:`ServeError`, with the line, where it raises."""
    path = os.path.abspath(path)
    if not os.path.exists(path):
        raise ServeError(f"The configuration file {path} does not exist.")
    loader = SourceFileLoader(MODULE, path)
    spec = spec_from_loader(MODULE, loader)
    assert spec is not None
    module = sys.modules[MODULE] = module_from_spec(spec)
    try:
        loader.exec_module(module)
    except Exception as error:
        raise ServeError(f"The configuration file {path} fails{_where(error, path)}: {_what(error)}") from None
    return vars(module)


def _where(error: Exception, path: str) -> str:
    if isinstance(error, SyntaxError) and error.filename == path:
        return f" in line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f" in line {lines[-1]}" if lines else ""


def _what(error: Exception) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
