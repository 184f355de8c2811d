"""The API reference has every public name, and each has a docstring."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import flask
import pytest
from sphinx.util.inventory import InventoryFile
from werkzeug.local import LocalProxy

import bolthead
from documentation.test_words import docstrings

MODULES = [
    "flask",
    *(found.name for found in pkgutil.walk_packages(flask.__path__, "flask.") if "__" not in found.name),
    # A folder without `__init__`, which is not walked.
    *(found.name for found in pkgutil.iter_modules([f"{flask.__path__[0]}/sansio"], "flask.sansio.")),
]
OWN = {
    "bolthead.as_flask.install",
    "bolthead.formparser.FormDataParser",
    "bolthead.formparser.MultiPartParser",
    "bolthead.routing.Map",
    "bolthead.routing.MapAdapter",
    "bolthead.routing.Rule",
    "bolthead.serving.Worker",
}
"""Public names that Flask does not have, or that Werkzeug has."""
NOT_OF_FLASK = {"flask.annotations"}


def public_names() -> Iterator[str]:
    """What Flask's modules define, under bolthead's names."""
    for name in MODULES:
        for key, value in vars(import_module(name)).items():
            whole = f"{name}.{key}"
            if key.startswith("_") or whole in NOT_OF_FLASK or inspect.ismodule(value):
                continue
            own = not isinstance(value, LocalProxy) and getattr(value, "__module__", None) == name
            if name == "flask" or (own and (inspect.isclass(value) or inspect.isfunction(value))):
                yield whole.replace("flask", "bolthead", 1)


def members(name: str) -> Iterator[str]:
    """The public methods and properties that Flask's own classes give to the class *name*."""
    module, _, key = name.replace("bolthead", "flask", 1).rpartition(".")
    value = vars(import_module(module))[key]
    if isinstance(value, type):
        for base in value.__mro__:
            if base.__module__.startswith("flask"):
                for member, found in vars(base).items():
                    described = isinstance(found, (property, staticmethod, classmethod)) or inspect.isfunction(found)
                    if described and not member.startswith("_"):
                        yield member


@pytest.fixture(scope="module")
def index(site: Path) -> set[str]:
    """The names that the built reference has, and for each the names by which the same object is reached."""
    entries = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    return {name for kind, found in entries.items() if kind.startswith("py:") for name in found}


def aliases(name: str) -> set[str]:
    """The documented names of the object *name*: where it is imported from, and where it is defined."""
    module, _, key = name.rpartition(".")
    value: Any = inspect.getattr_static(import_module(module), key, None)
    defined = (
        f"{value.__module__}.{value.__qualname__}" if inspect.isclass(value) or inspect.isfunction(value) else name
    )
    return {name, f"bolthead.{key}", f"bolthead.cli.{key}", f"bolthead.routing.{key}", defined}


@pytest.mark.parametrize("name", sorted({*public_names(), *OWN}))
def test_name_is_in_the_index(name, index):
    assert aliases(name) & index


@pytest.mark.parametrize("name", sorted({*public_names(), *OWN}))
def test_name_has_a_docstring(name):
    module, _, key = name.rpartition(".")
    value = getattr(import_module(module), key)
    if isinstance(value, LocalProxy) or type(value).__name__ in {"NamedSignal", "LocalProxy"}:
        return
    if inspect.isclass(value):
        assert vars(value).get("__doc__")
    elif callable(value):
        assert value.__doc__


@pytest.mark.parametrize("name", sorted(public_names()))
def test_members_have_docstrings(name):
    module, _, key = name.rpartition(".")
    value = vars(import_module(module)).get(key)
    mro = value.__mro__ if isinstance(value, type) else ()
    bases = [base for base in mro if base.__module__.startswith("bolthead")]
    missing = [
        member
        for member in members(name)
        if not any(getattr(vars(base).get(member), "__doc__", None) for base in bases)
    ]
    assert not missing


def test_examples_in_docstrings_are_python():
    blocks = [
        (where, block)
        for where, text in docstrings(Path(bolthead.__file__).parent)
        for block in re.findall(r"::\n\n((?:    .*\n?|\n)+)", text)
        if not block.lstrip().startswith(("python -m", "bolthead ", "gunicorn "))
    ]
    assert len(blocks) > 15
    for where, block in blocks:
        ast.parse(textwrap.dedent(block), where)


MADE = [bolthead.Flask("made"), bolthead.Blueprint("made", "made"), bolthead.Request({}), bolthead.Response()]


@pytest.mark.parametrize("made", MADE, ids=lambda made: type(made).__name__)
def test_members_are_in_the_index(made, index):
    """With those that Werkzeug gives and those that an instance has; and none that it has not."""
    name = type(made).__name__
    members = {member for member in dir(made) if not member.startswith("_")}
    listed = {whole.removeprefix(f"bolthead.{name}.") for whole in index if whole.startswith(f"bolthead.{name}.")}
    at_the_application = {member for member in members if name == "Blueprint" and f"bolthead.Flask.{member}" in index}
    assert not members - listed - at_the_application
    assert not listed - members
