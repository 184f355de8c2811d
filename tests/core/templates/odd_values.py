"""Values that templates may be given: objects of many kinds, sound and odd. Made anew for each rendering."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

from jinja2 import Undefined, pass_context, pass_environment, pass_eval_context
from markupsafe import Markup

Point = namedtuple("Point", "x y")


class Row:
    """A mapped object: attributes, properties, methods."""

    kind = "row <kind>"

    def __init__(self, n: int) -> None:
        self.id, self.name, self.items, self.none = n, f"name <{n}> & co", [n, n + 1], None

    @property
    def slug(self) -> str:
        return f"slug-{self.id}"

    @property
    def broken(self) -> str:
        raise ValueError(f"broken {self.id}")

    @property
    def absent(self) -> str:
        raise AttributeError("absent")

    @property
    def lost(self) -> str:
        raise KeyError("lost")

    def method(self, *args: Any, **kwargs: Any) -> str:
        return f"{self.id}{args}{sorted(kwargs.items())}"

    @classmethod
    def made(cls) -> str:
        return cls.kind

    @staticmethod
    def still() -> int:
        return 7

    @pass_context
    def seen(self, context: Any, *args: Any) -> str:
        return f"{sorted(set(context.get_all()) - set(context.environment.globals))}{args}"

    def __repr__(self) -> str:
        return f"<Row {self.id}>"


class Answering:
    """Any attribute, or none."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "broken":
            raise RuntimeError("no answer")
        return f"<{name}>"


class Items:
    def __getitem__(self, key: Any) -> Any:
        if key == "broken":
            raise ZeroDivisionError("item")
        if key in ("name", 0):
            return f"item & {key}"
        raise KeyError(key)

    name = "class's"


class Html:
    def __html__(self) -> str:
        return "<b>html</b>"

    def __str__(self) -> str:
        return "<text>"


class BadHtml:
    def __html__(self) -> str:
        raise OverflowError("html")


class Unprintable:
    def __str__(self) -> str:
        raise MemoryError("str")


class Callable1:
    name = "callable"

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        return f"called {args} {sorted(kwargs)}"


class ContextCallable:
    @pass_context
    def __call__(self, context: Any, *args: Any) -> str:
        return f"{context.name} {args} {context.get('inner', '-')}"


class Lazy:
    """A class whose attributes come by a look-up of its own, as mapped classes' do."""

    def __getattribute__(self, name: str) -> Any:
        if name == "name":
            return "lazy <name>"
        if name == "id":
            raise AttributeError("id")
        return object.__getattribute__(self, name)

    def __getitem__(self, key: Any) -> str:
        if isinstance(key, int) and key > 2:
            raise IndexError(key)
        return f"lazy item {key}"


class Text(str):
    name = "text's"

    def upper(self) -> str:
        return "own upper"


class Number(int):
    def __str__(self) -> str:
        return "<number>"


class Table(dict):  # type: ignore[type-arg]
    name = "table's"

    def __missing__(self, key: Any) -> str:
        return f"missing {key}"


def stops(*args: Any) -> Any:
    raise StopIteration


def fails(*args: Any, **kwargs: Any) -> Any:
    raise LookupError(f"failed {len(args)}")


def plain(*args: Any, **kwargs: Any) -> str:
    return f"<plain {args} {sorted(kwargs)}>"


@pass_context
def in_context(context: Any, *args: Any) -> str:
    names = [name for name in ("a", "b", "c", "item", "inner") if name in context]
    return f"{names}{[str(context[name])[:9] for name in names if isinstance(context[name], int | str)]}{args}"


@pass_eval_context
def in_eval_context(eval_ctx: Any, *args: Any) -> str:
    return f"<{eval_ctx.autoescape}{args}>"


@pass_environment
def in_environment(environment: Any, *args: Any) -> str:
    return f"{environment.trim_blocks}{args}"


def counting() -> Iterator[Any]:
    yield 1
    yield "<two>"
    yield None


def failing() -> Iterator[Any]:
    yield 1
    raise ValueError("generator")


MAKE: dict[str, Callable[[], Any]] = {
    "a": lambda: 3,
    "b": lambda: "<b & 'b'>",
    "c": lambda: None,
    "flag": lambda: True,
    "ratio": lambda: 2.5,
    "mark": lambda: Markup("<i>mark</i>"),
    "text": lambda: Text("te<xt"),
    "number": lambda: Number(4),
    "raw": lambda: b"<bytes>",
    "row": lambda: Row(1),
    "rows": lambda: [Row(2), Row(3), Row(4)],
    "dicts": lambda: [{"name": "<n>", "items": 1}, {"id": 2}, {}],
    "table": lambda: {"name": "dict's", "items": "own items", "a b": [1, 2], 3: "three", "nested": {"name": [None]}},
    "odd_table": lambda: Table(name="key", other=1),
    "default": lambda: defaultdict(list, name=[1]),
    "ordered": lambda: OrderedDict(b=1, a=2),
    "words": lambda: ["z", "a <", "M"],
    "mixed": lambda: [1, "<s>", Markup("<m>"), None, 2.5],
    "pairs": lambda: [("k", 1), ("<l>", [2])],
    "nest": lambda: [{"name": "x", "children": [{"name": "<y>", "children": []}]}, {"name": "z", "children": []}],
    "point": lambda: Point(1, "<y>"),
    "answering": Answering,
    "items": Items,
    "html": Html,
    "bad_html": BadHtml,
    "unprintable": Unprintable,
    "callable1": Callable1,
    "in_call": ContextCallable,
    "lazy": Lazy,
    "space": lambda: SimpleNamespace(name="<space>", row=Row(9)),
    "counting": lambda: counting,
    "failing": lambda: failing,
    "stream": lambda: counting(),
    "stops": lambda: stops,
    "fails": lambda: fails,
    "plain": lambda: plain,
    "in_context": lambda: in_context,
    "in_eval_context": lambda: in_eval_context,
    "in_environment": lambda: in_environment,
    "part_of": lambda: partial(plain, 1, k=2),
    "part_in_context": lambda: partial(in_context, "given"),
    "cls": lambda: Row,
    "builtin": lambda: len,
    "method": lambda: Row(5).method,
    "seen": lambda: Row(6).seen,
    "gone": lambda: Undefined(name="gone"),
    "empty": lambda: [],
}


def values() -> dict[str, Any]:
    return {name: make() for name, make in MAKE.items()}
