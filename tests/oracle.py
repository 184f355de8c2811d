"""The same small scenario on Flask and on bolthead: what it returns must be equal.

A scenario is a function of a framework. It returns plain data: statuses, headers, bodies, texts, names. It
must not raise; an exception that is expected goes through :meth:`Framework.error`, and becomes data as well::

    @alike
    def test_empty_name(fw):
        return fw.error(fw.Blueprint, "", "site")
"""

from __future__ import annotations

import contextvars
import functools
import importlib
import inspect
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest


class Framework:
    """One of the two, its public names as attributes and its submodules through :meth:`mod`."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.root = importlib.import_module(package)

    def __repr__(self) -> str:
        return self.package

    def __getattr__(self, name: str) -> Any:
        return getattr(self.root, name)

    def mod(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.package}.{name}")

    def app(self, **options: Any) -> Any:
        """An application that lives nowhere in particular."""
        options.setdefault("root_path", "/nowhere")
        options.setdefault("instance_path", "/nowhere/instance")
        made = self.Flask(options.pop("import_name", "site_under_test"), **options)
        made.secret_key = "key"
        return made

    def blueprint(self, name: str = "part", **options: Any) -> Any:
        options.setdefault("root_path", "/nowhere")
        return self.Blueprint(name, options.pop("import_name", "site_under_test"), **options)

    def plain(self, text: str) -> str:
        """A text without the package's own name and without addresses."""
        return re.sub(r" at 0x[0-9a-f]+", "", text.replace("bolthead", "flask"))

    def error(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[str, str]:
        """The class and text of the exception that a call must raise."""
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            return f"{self.plain(type(error).__module__)}.{type(error).__qualname__}", self.plain(str(error))
        raise AssertionError(f"{function} returned {result!r} and raised nothing")

    def get(self, app: Any, path: str = "/", method: str = "GET", **kwargs: Any) -> tuple[Any, ...]:
        """Status, headers and body of one request."""
        with app.test_client().open(path, method=method, **kwargs) as response:
            return shown(response)


def without_the_hint(error: tuple[str, str]) -> str:
    """The class of the error where asgiref is missing: what to install is each framework's own extra."""
    kind, text = error
    hint = r"Install (Flask with the 'async' extra|'\w+\[async\]') in order to use async views\."
    assert re.fullmatch(hint, text), text
    return kind


def shown(response: Any) -> tuple[Any, ...]:
    """Status, headers and body, without what differs from second to second or from run to run."""
    headers = []
    for name, value in response.headers:
        if name == "Allow":
            # From a set: the order says nothing.
            value = ", ".join(sorted(value.split(", ")))
        elif name == "Set-Cookie":
            # A signed session: the time of signing and the signature.
            value = re.sub(r"^(session=\.?[\w-]+)\.[^;]+", r"\1", value)
        headers.append((name, value))
    return response.status, sorted(headers), response.get_data()


@contextmanager
def clean_logging() -> Iterator[None]:
    """Loggers are the process's own: without this the second framework finds the first one's handler."""
    logger = logging.getLogger("site_under_test")
    logger.disabled = False
    try:
        yield
    finally:
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


FRAMEWORKS = (Framework("flask"), Framework("bolthead"))


def both(scenario: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a scenario on both, compare, and give back what came out."""
    for _ in range(20):
        outcomes = []
        second = int(time.time())
        for framework in FRAMEWORKS:
            with clean_logging():
                # A context that the scenario leaves pushed ends with it.
                outcomes.append(contextvars.copy_context().run(scenario, framework, *args, **kwargs))
        wanted, found = outcomes
        # Expiry and signatures go by whole seconds: a difference counts when both ran in the same one.
        if found == wanted or int(time.time()) == second:
            break
    assert wanted is not None, "a scenario that returns nothing proves nothing"
    if found != wanted:
        pytest.fail(f"flask:    {wanted!r}\nbolthead: {found!r}", pytrace=False)
    return wanted


def alike(scenario: Callable[..., Any]) -> Callable[..., None]:
    """Make a test of a scenario. Its other parameters are pytest's: fixtures, parameters."""

    @functools.wraps(scenario)
    def test(*args: Any, **kwargs: Any) -> None:
        both(scenario, *args, **kwargs)

    signature = inspect.signature(scenario)
    test.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    return test
