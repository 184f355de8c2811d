"""Private names of other projects: a test for each file of ``_compat`` fails when one of them changes."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import itsdangerous
import jinja2
import pytest
import werkzeug.datastructures
import werkzeug.wsgi

from bolthead._compat import (
    asgiref_bridge,
    body_stream,
    import_werkzeug,
    itsdangerous_serializer,
    multi_dict,
    werkzeug_privates,
)

SRC = Path(__file__).resolve().parents[2] / "src" / "bolthead"
TESTED = {
    "asgiref_bridge", "body_stream", "import_werkzeug", "itsdangerous_serializer", "multi_dict", "werkzeug_privates",
    # No private names: the machinery of lazy modules, tested by tests/test_imports.py.
    "lazy_modules",
    # None either; tested by test_replaced_functions.py.
    "base_patches",
}  # fmt: skip


def test_each_file_has_a_test() -> None:
    assert {path.stem for path in (SRC / "_compat").glob("*.py")} - {"__init__"} == TESTED


def test_werkzeug() -> None:
    assert list(werkzeug_privates.changed()) == []


@pytest.mark.parametrize(("path", "name"), [(p, n) for p, names in werkzeug_privates.CLASSES.items() for n in names])
def test_a_missing_name_is_told(monkeypatch: pytest.MonkeyPatch, path: str, name: str) -> None:
    from pkgutil import resolve_name

    for cls in resolve_name(path).__mro__[:-1]:
        if name in vars(cls) and cls.__module__.startswith("werkzeug"):
            monkeypatch.delattr(cls, name)
    assert any(name in line for line in werkzeug_privates.changed())


def test_a_new_attribute_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that the core makes without its constructor would lack it."""
    init = werkzeug.wrappers.Response.__init__

    def other(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self._new = 1

    monkeypatch.setattr(werkzeug.wrappers.Response, "__init__", other)
    assert list(werkzeug_privates.changed()) == ["response: new _new"]


def used() -> Iterator[tuple[str, str]]:
    """File and name of each private attribute that is used of an object other than ``self``."""
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            private = isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
            if private and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield path.relative_to(SRC).as_posix(), node.attr


def own_names() -> set[str]:
    """The names that this package gives to its own functions, attributes, slots and modules."""
    found = set()
    for path in SRC.rglob("*.py"):
        found |= {path.stem, path.parent.name}
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                    found.add(node.attr)
            elif isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "__slots__" for t in node.targets):
                found |= {c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant)}
    return found


OTHERS = {
    # Public methods of Werkzeug's and namedtuple's, and the standard library's, with a fall-back where they are used.
    "_get_current_object", "_active", "_get_event_loop_policy", "_get_running_loop",
    "_exit", "_getframe", "_replace", "_check_for_signals",
}  # fmt: skip


JINJA = {
    "_argument_count": jinja2.runtime.Macro(jinja2.Environment(), lambda: "", "m", [], False, False, False, False),
    "_environment": jinja2.runtime.Macro(jinja2.Environment(), lambda: "", "m", [], False, False, False, False),
    "_func": jinja2.runtime.Macro(jinja2.Environment(), lambda: "", "m", [], False, False, False, False),
    "_get_default_module": jinja2.Template,
    "_mapping": jinja2.utils.LRUCache(1),
    "_module": jinja2.Environment().from_string(""),
}
"""Jinja's, which the core's `templates` use, with an object that has each."""


def test_werkzeugs_privates_are_in_the_list() -> None:
    """A private name that is not ours is Werkzeug's and listed, or one of few others."""
    listed = {name for names in werkzeug_privates.CLASSES.values() for name in names}
    listed |= {name for names in werkzeug_privates.INSTANCES.values() for name in names}
    ours = own_names()
    unknown = {
        (file, name)
        for file, name in used()
        if name not in ours | listed | OTHERS | JINJA.keys()
        and not file.startswith(("_compat/asgiref_bridge", "serving/"))
    }
    assert unknown == set(), "list it in _compat/werkzeug_privates.py"


@pytest.mark.skipif(
    not hasattr(sys, "getrefcount"), reason="where references are not counted, asgiref's own bridge is used"
)
def test_asgiref() -> None:
    assert asgiref_bridge.SUPPORTED, "asgiref has changed inside: compare with _compat/asgiref_bridge.py and adapt it"


def test_the_stream_of_a_body() -> None:
    """`BodyStream` overrides two methods and sets one attribute of Werkzeug's."""
    base = werkzeug.wsgi.LimitedStream
    for name in ("read", "readall"):
        assert inspect.signature(getattr(base, name)).parameters.keys() == {"self"} | (
            inspect.signature(getattr(body_stream.BodyStream, name)).parameters.keys() - {"self"}
        )
    import io

    stream = body_stream.stream_at({"wsgi.input": io.BytesIO(b"rest")}, 6, 2)
    assert stream.tell() == 2 and stream.read() == b"rest"


def test_the_order_of_werkzeugs_modules() -> None:
    """Each submodule that is imported before the package's own file is still there."""
    from importlib.util import find_spec

    assert all(find_spec(f"werkzeug.{name}") is not None for name in import_werkzeug.SUBMODULES)


def test_itsdangerous() -> None:
    """What the serializer skips has its name still, and a text of the one is read by the other."""
    for name in itsdangerous_serializer.STOCK_SERIALIZER.names:
        assert hasattr(itsdangerous.URLSafeTimedSerializer, name), name
    ours = itsdangerous_serializer.CookieSerializer(["key"], digest="sha1")
    theirs = itsdangerous.URLSafeTimedSerializer(["key"])
    assert ours.macs, "the short way is never taken"
    for value in ({"a": 1}, "x" * 500):
        assert theirs.loads(ours.dumps(value)) == ours.loads(theirs.dumps(value)) == value


def test_multi_dicts() -> None:
    """A multi-dict is a dict of lists, and an environ's headers look up in ``environ``."""
    found = werkzeug.datastructures.ImmutableMultiDict([("a", 1), ("a", 2)])
    assert dict.__getitem__(found, "a") == [1, 2]
    assert "_get_key" in dir(werkzeug.datastructures.EnvironHeaders)
    assert vars(werkzeug.datastructures.EnvironHeaders({})).keys() == {"environ", "_list"}
    assert issubclass(multi_dict.ImmutableMultiDict, werkzeug.datastructures.ImmutableMultiDict)


def test_jinja() -> None:
    """The methods that the core calls or replaces, with their parameters."""
    assert list(inspect.signature(jinja2.Environment.getattr).parameters) == ["self", "obj", "attribute"]
    assert list(inspect.signature(jinja2.Template.new_context).parameters) == ["self", "vars", "shared", "locals"]
    assert list(inspect.signature(jinja2.runtime.Context.__init__).parameters) == [
        "self", "environment", "parent", "name", "blocks", "globals",
    ]  # fmt: skip
    assert "internalcode" in vars(jinja2.utils)
    assert [name for name, owner in JINJA.items() if not hasattr(owner, name)] == []
    template = jinja2.Environment().from_string("")
    assert type(template.globals).__name__ == "ChainMap" and len(template.globals.maps) == 2
