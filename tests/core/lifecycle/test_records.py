"""The records have the same fields in both builds, and their classes can be subclassed as contexts are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.records"
PXD = Path(__file__).resolve().parents[3] / "src/bolthead/_core/lifecycle/records.pxd"


def declared(name: str) -> set[str]:
    """The fields of ``cdef class name``."""
    block = re.split(r"^cdef class ", PXD.read_text(), flags=re.M)
    [body] = [text for text in block if re.match(rf"{name}\b", text)]
    return set(re.findall(r"cdef (?:public|readonly) [\w.]+ (\w+)$", body, flags=re.M))


@pytest.mark.parametrize("name", ["AppRecord", "RequestRecord", "Plan"])
def test_fields(load: Load, name: str) -> None:
    cls = getattr(load(NAME), name)
    fields = declared(name)
    assert fields
    for field in fields:
        assert hasattr(cls, field), f"{field} is in the .pxd and not in the .py"
    slots = getattr(cls, "__slots__", None)
    if slots is not None:
        assert set(slots) - {"__weakref__", "__dict__"} == fields


def test_every_field_of_a_plan_is_filled(load: Load) -> None:
    """A field that `make_plan` forgets would be an AttributeError in one build and None in the other."""
    app = load("bolthead").Flask("site", root_path="/nowhere")
    plan = app._make_plan()
    for field in declared("Plan"):
        value = getattr(plan, field)
        if field not in ("pool", "raw_host", "sessions", "tree", "got_first_request"):
            assert value is not None, field


def test_every_field_of_a_context_is_filled(load: Load) -> None:
    app = load("bolthead").Flask("site", root_path="/nowhere")
    app.add_url_rule("/", "index", lambda: "")
    for ctx, name in ((app.app_context(), "AppRecord"), (app.test_request_context("/"), "RequestRecord")):
        with ctx:
            for field in declared(name):
                getattr(ctx, field)
