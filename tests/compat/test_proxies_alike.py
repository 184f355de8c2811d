"""The proxies are Werkzeug's to `isinstance`, and answer as Werkzeug's do: bound and unbound, asked in any way."""

from __future__ import annotations

import copy
import doctest
import inspect
import operator
import pickle
import pydoc
import subprocess
import sys
import threading
import types
import typing
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from werkzeug.local import LocalProxy

from oracle import Framework, alike

PROXIES = ["request", "session", "g", "current_app", "app_ctx", "request_ctx"]
SPECIAL = sorted(name for name in {*vars(LocalProxy), *dir(object), *dir(type)} if name.startswith("__"))
OTHER = ["_get_current_object", "_LocalProxy__wrapped", "nothing_of_this_name", "", "method", "__private", "__dict__"]


def refuses(function: Callable[[Any], Any], argument: Any) -> bool:
    try:
        function(argument)
    except (TypeError, pickle.PicklingError):
        return True
    return False


ASKED: dict[str, Callable[[Any], Any]] = {
    "repr": repr,
    "str": str,
    "dir": lambda proxy: sorted(set(dir(proxy)) & {"method", "name", "get", "push", "__eq__"}),
    "bool": bool,
    "hash": lambda proxy: isinstance(hash(proxy), int),
    "iter": lambda proxy: list(iter(proxy)),
    "list": list,
    "len": len,
    "callable": callable,
    "vars": lambda proxy: type(vars(proxy)).__name__,
    "== 1": lambda proxy: proxy == 1,
    "1 ==": lambda proxy: 1 == proxy,  # noqa: SIM300
    "!= 1": lambda proxy: proxy != 1,
    "== itself": lambda proxy: proxy == proxy,
    "== None": lambda proxy: proxy == None,  # noqa: E711
    "in a list": lambda proxy: proxy in [1, 2],
    "None in a list": lambda proxy: None in [proxy],
    "in itself": lambda proxy: "x" in proxy,
    "item": lambda proxy: proxy["x"],
    "set item": lambda proxy: operator.setitem(proxy, "x", 1),
    "delete item": lambda proxy: operator.delitem(proxy, "x"),
    "set": lambda proxy: setattr(proxy, "colour", "red"),
    "delete": lambda proxy: delattr(proxy, "colour"),
    "<": lambda proxy: proxy < 1,
    "+": lambda proxy: proxy + 1,
    "|": lambda proxy: proxy | {},
    "call": lambda proxy: len(list(proxy({}, lambda *started: None))),
    "in a set": lambda proxy: len({proxy}),
    "format": lambda proxy: format(proxy, "") == str(proxy),
    "await": lambda proxy: proxy.__await__,
    "with": lambda proxy: proxy.__enter__,
    "weakref": lambda proxy: type(weakref.ref(proxy)).__name__,
    "pickle": lambda proxy: refuses(pickle.dumps, proxy),
    "reduce": lambda proxy: proxy.__reduce_ex__(2)[0].__name__,
    "sizeof": lambda proxy: proxy.__sizeof__() > 0,
    "copy": lambda proxy: type(copy.copy(proxy)).__name__,
    "class": lambda proxy: proxy.__class__.__name__,
    "type": lambda proxy: (type(proxy).__module__, type(proxy).__qualname__, repr(type(proxy))),
    "class doc": lambda proxy: type(proxy).__doc__,
    "isinstance": lambda proxy: isinstance(proxy, LocalProxy),
    "issubclass": lambda proxy: issubclass(type(proxy), LocalProxy),
    "isinstance of it": lambda proxy: isinstance(1, proxy),
    "getmodule": lambda proxy: getattr(inspect.getmodule(proxy), "__name__", None),
    "getdoc": lambda proxy: inspect.getdoc(proxy) == inspect.cleandoc(proxy.__doc__),
    "getfile": lambda proxy: Path(inspect.getfile(proxy)).name,
    "unwrap": lambda proxy: type(inspect.unwrap(proxy)).__name__,
    "signature": lambda proxy: str(inspect.signature(proxy)).replace("bolthead", "flask"),
    "typing hints": lambda proxy: len(typing.get_type_hints(proxy)) >= 0,
    "pydoc": lambda proxy: pydoc.render_doc(proxy) and "text",
    "autospec": lambda proxy: type(mock.create_autospec(proxy)).__name__,
    "mock": lambda proxy: type(mock.Mock(spec=proxy)).__name__,
    "isabstract": inspect.isabstract,
    "get_origin": typing.get_origin,
    **{
        name: getattr(inspect, name)
        for name in dir(inspect)
        if name.startswith("is") and name not in {"iskeyword", "isabstract"}
    },
}


OWN = [
    "__bool__",
    "__contains__",
    "__delattr__",
    "__getattr__",
    "__getitem__",
    "__iter__",
    "__setattr__",
    "__setitem__",
]
EXCEPT = {
    (False, f"{ask}{name}"): "the class has the method itself: it is there unbound too, and raises when it is called"
    for name in OWN
    for ask in (".", "hasattr ")
} | {
    (bound, f".{name}"): "a subclass says so"
    for bound in (False, True)
    for name in ("__parameters__", "__slots__", "__init__", "__firstlineno__")
}
EXCEPT |= {
    (True, f"{ask}{name}"): "the application context can be entered by async with"
    for name in ("__aenter__", "__aexit__")
    for ask in (".", "hasattr ")
}
EXCEPT[True, ".__doc__"] = "that of the object, in other words"
if sys.implementation.name == "pypy":
    EXCEPT[True, "pickle"] = "there the session can be pickled through its proxy"


def text(framework: Framework, value: Any) -> str:
    """A value in words that two frameworks can share."""
    if isinstance(value, str | int | bool | float | None | tuple):
        return framework.plain(repr(value))
    if isinstance(value, types.MethodType | types.BuiltinMethodType | types.FunctionType) or callable(value):
        return "something to call"
    return framework.plain(type(value).__name__)


def answer(framework: Framework, ask: Callable[[Any], Any], proxy: Any) -> str:
    try:
        return text(framework, ask(proxy))
    except BaseException as error:
        # A name in a message may be a class of the framework's own.
        return f"{type(error).__name__}: {framework.plain(str(error))}"


def proxies(framework: Framework) -> Iterator[tuple[str, Any]]:
    for name in PROXIES:
        yield name, getattr(framework.mod("globals"), name)


def answers(framework: Framework, bound: bool) -> dict[tuple[str, str], str]:
    found = {}
    for name, proxy in proxies(framework):
        for what, ask in ASKED.items():
            with framework.app().test_request_context("/?a=1") if bound else mock.MagicMock():
                if bound:
                    framework.g.x = framework.session["x"] = 1
                found[name, what] = answer(framework, ask, proxy)
        with framework.app().test_request_context("/?a=1") if bound else mock.MagicMock():
            for attribute in [*SPECIAL, *OTHER]:
                found[name, f".{attribute}"] = answer(framework, operator.attrgetter(attribute), proxy)
                found[name, f"hasattr {attribute}"] = answer(framework, lambda p, a=attribute: hasattr(p, a), proxy)
    return found


@pytest.mark.parametrize("bound", [False, True], ids=["unbound", "bound"])
def test_table(bound: bool) -> None:
    wanted = answers(Framework("flask"), bound)
    found = answers(Framework("bolthead"), bound)
    assert len(wanted) > 900
    different = {key: (wanted[key], found[key]) for key in wanted if wanted[key] != found[key]}
    assert {key: values for key, values in different.items() if (bound, key[1]) not in EXCEPT} == {}


@alike
def test_a_thread_that_gets_the_application(fw: Framework) -> Any:
    """As applications and extensions are advised to do it."""
    app = fw.app()
    found = []

    def start(application: Any) -> None:
        real = application._get_current_object() if isinstance(application, LocalProxy) else application
        thread = threading.Thread(target=lambda: found.append(real.app_context().__enter__().app is app))
        thread.start()
        thread.join()

    with app.app_context():
        start(fw.current_app)
    return found


@alike
def test_one_look_up_for_each_attribute(fw: Framework) -> Any:
    """An attribute that raises AttributeError is asked for as often as Werkzeug's proxy asks."""
    asked = []

    class Own(fw.Request):  # type: ignore[misc, name-defined]
        @property
        def broken(self) -> None:
            asked.append(1)
            raise AttributeError("broken")

    app = fw.app()
    app.request_class = Own
    with app.test_request_context():
        return fw.error(lambda: fw.request.broken), len(asked), hasattr(fw.request, "broken"), len(asked)


MODULE = '''"""
>>> 1 + 1
2
"""
from bolthead import current_app, g, request, session
'''


def test_doctest_of_a_module_with_proxies(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(MODULE)
    for command in (["-m", "doctest", "-v", "shop.py"], ["-m", "pytest", "-q", "--doctest-modules", "shop.py"]):
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
    module = types.ModuleType("shop")
    exec(MODULE, module.__dict__)
    assert [test.name for test in doctest.DocTestFinder().find(module) if test.examples] == ["shop"]


def test_a_subclass_and_a_patched_class() -> None:
    """What was made quick is one class: those made of it, and changes to it, count."""
    from bolthead.globals import _cv_request, request

    class Mine(type(request)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            return "mine" if name == "colour" else super().__getattribute__(name)

    import bolthead

    mine = Mine(_cv_request, "request", "nothing here")
    with bolthead.Flask("x", root_path="/nowhere").test_request_context("/a"):
        assert (mine.colour, mine.path) == ("mine", "/a")
        with mock.patch.object(type(request), "__getattr__", lambda self, name: "patched"):
            assert request.path == "patched"
        assert request.path == "/a"
        object.__setattr__(mine, "_get_current_object", lambda: 1 + 2j)
        assert mine.real == 1
