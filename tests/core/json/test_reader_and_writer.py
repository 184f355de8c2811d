"""JSON text, read and written: both builds beside the standard library, errors included."""

from __future__ import annotations

import enum
import json
import math
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import builds

Load = Callable[[str], ModuleType]
READ = "bolthead._core.json.reader"
WRITE = "bolthead._core.json.writer"
BUILDS = [builds.load(build, READ).parse for build in builds.NAMES]
WRITERS = [builds.load(build, WRITE).Writer for build in builds.NAMES]


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """What a call gives, with the types of what is in it; or its error, as far as one can look at that."""
    try:
        return typed(function(*args))
    except RecursionError as error:
        return "too deep", str(error)
    except Exception as error:
        found = [type(error).__name__, str(error)]
        if isinstance(error, json.JSONDecodeError):
            found += [error.msg, error.doc, error.pos, error.lineno, error.colno]
        elif isinstance(error, UnicodeDecodeError):
            found += [error.encoding, error.object, error.start, error.end, error.reason]
        return found


def typed(value: Any) -> Any:
    if isinstance(value, dict):
        return "dict", [(key, typed(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return "list", [typed(inner) for inner in value]
    if isinstance(value, float):
        return "float", struct.pack("d", value)
    return type(value).__name__, value


def check_read(text: Any) -> None:
    wanted = outcome(json.loads, text)
    for parse in BUILDS:
        assert outcome(parse, text) == wanted


# --- reading --------------------------------------------------------------------------------------------------

TEXTS = [
    "", " ", "null", "true", "false", "nul", "nullx", "truefalse", "NaN", "Infinity", "-Infinity", "-Inf", "-", "N",
    "0", "-0", "00", "01", "-01", "1", "1.", ".1", "1.5", "-1.5", "1e5", "1E+5", "1e-5", "1e", "1e+", "1.e5", "+1",
    "0.0", "-0.0", "-0e0", "1e400", "-1e400", "1e-400", "1e99999999999999999999", "0e99999999999", "1_000", "1.0_0",
    "0x10", "9007199254740993.0", "9007199254740992e22", "1e22", "1e23", "123456789012345678", "1234567890123456789",
    "12345678901234567890", "-9223372036854775808", "18446744073709551616", "0.30000000000000004", "5e-324",
    "2.2250738585072011e-308", "1" * 400, "1" * 5000, "-" + "9" * 4301, "1." + "1" * 400, "0." + "0" * 400 + "1",
    "[]", "[ ]", "[1]", "[1,]", "[,1]", "[1 2]", "[1", "[", "]", "[[]]", "[1]]", " [ 1 , 2 ] ", "\ufeff[]", "[\x0b]",
    "{}", "{ }", '{"a":1}', '{"a" : 1 , "b" : 2 }', '{"a":1,}', '{,"a":1}', '{"a"}', '{"a":}', '{"a":1', '{"a',
    "{1:2}",
    '{"a":1,"a":2,"b":3,"a":4}', '{"a":{"a":{"a":{}}}}', '{"":0}', '{"a":1 "b":2}', "{'a':1}", "{", "}", '{"a":1}x',
    '""', '"a"', '"', '"a', '"\\', '"\\"', '"\\"x"', '"\\/\\b\\f\\n\\r\\t\\\\"', '"\\x"', '"\\u"', '"\\u12"',
    '"\\u123"',
    '"\\u1234"', '"\\u12 4"', '"\\uD83D\\uDE00"', '"\\ud83d"', '"\\ude00"', '"\\ud83d\\u0041"',
    '"\\ud83d\\ud83d\\ude00"',
    '"\\ud83d\\', '"\\ud83d\\u"', '"\\ud83d\\udg00"', '"\\ud83dx"', '"\\u0000"', '"\x00"', '"\x1f"', '"\x7f"', '"\n"',
    '"\\ud83d\ude00"', '"\ud83d"', '"\ud83d\ude00"', "ü", '"ü"', '"€\\n"', '"😀"', '{"ü":1,"ü":2}',
    '{"\\u00fc":1,"ü":2}',
    "\0[]", "[\0]", "[]\0", '["12345678', '["1234567\\', '["12345678\\n12345678", "x"]', '"' + "x" * 1000 + '"',
    "\t\r\n [\t\r\n 1\t\r\n ,\t\r\n 2\t\r\n ]\t\r\n ", "\u00a0[]", "[]\u2028", '{"k":1,"k\\u0000":2}',
    "[" * 99 + "]" * 99,
    "[" * 101 + "]" * 101, "[" * 300 + "]" * 300, '{"a":' * 150 + "1" + "}" * 150, "[" * 100_000, '{"a":' * 100_000,
    '[{"a":1,"b":[1,2,{}]},{"a":2,"b":[[],[1]]},' + '{"a":3,"bb":"c"},' * 50 + "[" + "1," * 300 + "1]]",
]  # fmt: skip


def spellings(text: str) -> Iterator[Any]:
    yield text
    yield text.encode("utf-8", "surrogatepass")
    yield bytearray(text.encode("utf-8", "surrogatepass"))
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        yield text.encode(encoding, "surrogatepass")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:30]))
def test_read(text: str) -> None:
    for spelled in spellings(text):
        check_read(spelled)


class Str(str):
    pass


class Bytes(bytes):
    pass


def test_read_other_types() -> None:
    for text in [Str("[1]"), Bytes(b"[1]"), memoryview(b"[1]"), None, 1]:
        check_read(text)
    for text in [b"\xff", b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b'"\xc3\xbc\\n\xc3"', b"[1]\xff"]:
        check_read(text)


def test_constants_are_the_standard_library_s() -> None:
    for parse in BUILDS:
        for name in ("NaN", "Infinity", "-Infinity"):
            assert parse(name) is json.loads(name)
        first, second = parse('[{"key": 1}, {"key": 2}]')
        assert next(iter(first)) is next(iter(second))


values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=25,
)


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_read_what_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    check_read(text)
    check_read(text.encode("utf-8", "surrogatepass"))


SIGNS = '"\\/u{}[]:,.eE+-019tfnNI \t\n\r\x00\x1f\x7fü€😀'
ODD = st.sampled_from([*SIGNS, "\\u", "\\ud83d", "\\ude00", "\ud83d", "\ude00"])


@st.composite
def mutated(draw: Any) -> str:
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.just("") | ODD) + text[at + draw(st.integers(0, 2)) :]
    return text


@given(mutated())
@example('["\\u+001"]')
@example('["\\u00 1"]')
@example('{"\\ud835\\udd0\t": 1}')
def test_read_what_is_not_quite_right(text: str) -> None:
    check_read(text)
    check_read(text.encode("utf-8", "surrogatepass"))


@given(mutated(), st.data())
def test_read_bytes_that_are_not_quite_right(text: str, data: Any) -> None:
    spelled = text.encode("utf-8", "surrogatepass")
    at = data.draw(st.integers(0, len(spelled)))
    check_read(spelled[:at] + bytes([data.draw(st.integers(0, 255))]) + spelled[at + 1 :])


numbers = st.from_regex(r"\A-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?\Z")


@given(numbers)
@example("9007199254740993e0")
@example("9007199254740992e-22")
@example("0.000000000000000000001")
@example("1844674407370955161.5")
@example("9999999999999999999.0")
def test_read_numbers(text: str) -> None:
    check_read(text)
    check_read(f"[{text},{text}]".encode())


def test_read_with_a_replaced_library(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = load(READ).parse
    assert parse("[1]") == [1]
    with monkeypatch.context() as patch:
        patch.setattr(json, "loads", lambda text: f"own {text}")
        assert parse("[1]") == "own [1]"
    with monkeypatch.context() as patch:
        patch.setattr(json.JSONDecoder, "decode", lambda self, text: f"decoded {text}")
        # PyPy's own `json.loads` asks no decoder.
        assert parse("[1]") == json.loads("[1]")
    assert parse("[1]") == [1]


# --- writing --------------------------------------------------------------------------------------------------


def refuse(value: Any) -> Any:
    raise TypeError(f"no {type(value).__name__}")


def check_written(value: Any, default: Any = refuse) -> None:
    for ensure_ascii in (True, False):
        for sort_keys in (True, False):
            for compact in (True, False):
                options = {
                    "default": default,
                    "ensure_ascii": ensure_ascii,
                    "sort_keys": sort_keys,
                    "separators": (",", ":") if compact else (", ", ": "),
                }
                wanted = outcome(lambda options=options: json.dumps(value, **options))
                line = outcome(lambda options=options: f"{json.dumps(value, **options)}\n".encode())
                for writer in WRITERS:
                    made = writer(default, ensure_ascii, sort_keys, compact)
                    assert outcome(made.text, value) == wanted
                    assert outcome(made.line, value) == line


class Int(int):
    def __repr__(self) -> str:
        return "own"

    __str__ = __repr__


class Float(float):
    def __repr__(self) -> str:
        return "own"


class Colour(enum.IntEnum):
    RED = 1


class Word(enum.StrEnum):
    ONE = "one"


class Pairs(dict[Any, Any]):
    def items(self) -> Any:
        return [("z", 1), ("own", 2), ("a", 3)]


class NoPairs(Pairs):
    def items(self) -> Any:
        return [("a", 1), "ab", (1,)]


class NoItems(Pairs):
    def items(self) -> Any:
        return []


class List(list[Any]):
    def __iter__(self) -> Any:
        return iter(["own"])


class NoList(list[Any]):
    __iter__ = None  # type: ignore[assignment]


class Tuple(tuple[Any, ...]):
    pass


class Backwards(str):
    def __lt__(self, other: Any) -> bool:
        return str.__gt__(self, other)


def circle() -> Any:
    value: dict[str, Any] = {"a": [1]}
    value["a"].append((value,))
    return value


def deep(levels: int) -> Any:
    value: Any = 0
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


VALUES: list[Any] = [
    None, True, False, 0, -1, 1 << 62, 1 << 63, -(1 << 63), (1 << 63) - 1, 1 << 64, 10**400, -(10**400), 10**5000,
    0.0, -0.0, 1.0, 1e15, 1e16, 1e17, 123456789.125, 999999999.999999, 1e9, 0.1, 0.0001, 0.00001, 1.5e-5, 0.000123,
    5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 0.1 + 0.2, 1 / 3, 2.5, 1234.5678901, -7.25,
    "", "a", "text", "\x00\x1f\x7f\"\\/\b\f\n\r\t", "ü", "€", "😀", "\ud83d", "\ude00", "\ud83d\ude00", "abcdefg\x7fh",
    "a" * 5000, "a" * 7 + '"', "a" * 8 + '"', "é" * 5000, "\n" * 5000, "\U0010ffff", "\uffff", "ü\"\\\n\x7f",
    Str("sub"), Str("süb"), Int(5), Int(10**30), Float(1.5), Float("nan"), Colour.RED, Word.ONE, Tuple((1, 2)),
    [], (), {}, [[]], [{}], [[], []], {"a": []}, (1, (2,)), [None, True, [False]], ["x"] * 2000, [[1]] * 100,
    {"b": 1, "a": 2}, {"ü": 1, "u": 2, "v": 3}, {"😀": 1, "\uffff": 2, "z": 3}, {str(n): n for n in range(24, -1, -1)},
    {str(n): n for n in range(200)}, {str(-n): {"b": n, "a": [n]} for n in range(30)}, {n: n for n in range(30)},
    {1: 2}, {"a": 1, 2: 3}, {1.5: 1, float("nan"): 2}, {None: 1}, {True: 1, False: 2}, {Str("k"): 1, "a": 2},
    {Backwards("a"): 1, Backwards("b"): 2}, {Colour.RED: 1, 5: 2}, {Word.ONE: 1}, {Int(7): 1}, {10**5000: 1},
    {(1, 2): 3}, {b"x": 1}, {frozenset(): 1}, {"a": 1, (1,): 2}, {int: 1},
    OrderedDict(b=1, a=2), OrderedDict(), Pairs(), Pairs(a=1), NoPairs(a=1), NoItems(a=1), List([1]), List(),
    NoList([1]),
    object(), b"bytes", {1, 2}, [object()], {"a": {"b": object()}}, 1j, range(3), {"a": 1, "b": object},
    deep(50), deep(300),
]  # fmt: skip


def named(value: Any) -> str:
    return type(value).__name__


@pytest.mark.parametrize("value", VALUES, ids=named)
def test_written(value: Any) -> None:
    check_written(value)


@pytest.mark.parametrize("value", VALUES, ids=named)
def test_written_with_a_default(value: Any) -> None:
    check_written([value, {"a": value}], lambda value: {"type": str(type(value)), "in it": [1, "ü"]})
    check_written(value, None)


class Other:
    pass


class Dict(dict[str, Any]):
    pass


@pytest.mark.parametrize(
    ("value", "default"),
    [
        ([1, {"a": (2, Other())}], refuse),
        ({"a": [{1: Other()}]}, refuse),
        (Dict({"a": [Other()]}), refuse),
        ({str(n): n for n in range(200)} | {"z": Other()}, refuse),
        ([Other()], lambda value: {"of": [object()]} if isinstance(value, Other) else refuse(value)),
        ([circle()], refuse),
        ({"a": [float("nan"), {(): 1}]}, refuse),
        ([Other(), {"surrogate": Other()}], lambda value: 1 / 0),
    ],
    ids=range(8),
)
def test_an_error_says_where_as_this_python_does(value: Any, default: Any) -> None:
    """From 3.14 on an error has a note for each list, dict and object around the place where it happened."""
    with pytest.raises(Exception) as wanted:
        json.dumps(value, default=default, sort_keys=True, separators=(",", ":"))
    for writer in WRITERS:
        with pytest.raises(type(wanted.value)) as found:
            writer(default, True, True, True).text(value)
        assert str(found.value) == str(wanted.value)
        assert getattr(found.value, "__notes__", None) == getattr(wanted.value, "__notes__", None)


def test_circles() -> None:
    for writer in WRITERS:
        made = writer(refuse, True, True, True)
        for value in (circle(), [circle()]):
            with pytest.raises(ValueError) as told:
                made.text(value)
            assert str(told.value) == "Circular reference detected"
        shared = [1]
        assert made.text([shared, shared, {"a": shared}]) == '[[1],[1],{"a":[1]}]'
        turning = writer(lambda value: [value], True, True, True)
        with pytest.raises(ValueError) as told:
            turning.text(object())
        assert str(told.value) == "Circular reference detected"
        endless = writer(lambda value: object(), True, True, True)
        for value in (deep(100_000), [deep(100_000)]):
            # How deep is too deep is the interpreter's matter: under Pyodide this is not.
            try:
                json.dumps(value)
            except RecursionError:
                with pytest.raises(RecursionError):
                    made.text(value)
        with pytest.raises(RecursionError):
            endless.text(object())
        assert made.text([1]) == "[1]"


@pytest.mark.parametrize("depth", [10, 62, 63, 64, 65, 66, 67, 130, 300])
def test_deep_circles(depth: int) -> None:
    """Those far inside are looked for in another way: a circle back to any level, and what only stands there twice."""
    levels: list[Any] = [[]]
    while len(levels) < depth:
        levels.append([{"a": levels[-1]}] if len(levels) % 3 else [1, (levels[-1],)])
    inmost = levels[0]
    shared = {"a": [[1], (2,)]}
    inmost.extend([shared, [shared], {"b": shared}, [], {}])
    for writer in WRITERS:
        made = writer(lambda value: [inmost[0]], True, True, True)
        assert made.text(levels[-1]) == json.dumps(levels[-1], separators=(",", ":"))
        for back in {0, 1, 40, depth // 2, depth - 2, depth - 1} & set(range(depth)):
            inmost.append(levels[back])
            with pytest.raises(ValueError) as wanted:
                json.dumps(levels[-1])
            with pytest.raises(ValueError) as found:
                made.text(levels[-1])
            assert str(found.value) == str(wanted.value) == "Circular reference detected"
            assert getattr(found.value, "__notes__", None) == getattr(wanted.value, "__notes__", None)
            inmost.pop()
        inmost.append(object())
        wrapped = json.dumps(levels[-1], default=made.default, separators=(",", ":"))
        assert made.text(levels[-1]) == wrapped
        inmost.pop()


def test_written_deeper_than_usual() -> None:
    """With more levels allowed, a circle is still one, not the end of the stack."""
    usual = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(100_000)
        for writer in WRITERS:
            with pytest.raises(ValueError) as told:
                writer(refuse, True, True, True).text(circle())
            assert str(told.value) == "Circular reference detected"
    finally:
        sys.setrecursionlimit(usual)


def test_default_is_asked_once_for_each() -> None:
    for writer in WRITERS:
        asked: list[Any] = []

        def default(value: Any, asked: list[Any] = asked) -> Any:
            asked.append(value)
            return [len(asked)]

        one, other = object(), object()
        made = writer(default, True, True, True)
        assert made.line({"b": one, "a": [other, one], "c": {1: other}}) == b'{"a":[[1],[2]],"b":[3],"c":{"1":[4]}}\n'
        assert asked == [other, one, one, other]
        assert (made.default, made.ensure_ascii, made.sort_keys, made.compact) == (default, True, True, True)


def test_list_that_changes_meanwhile() -> None:
    for writer in WRITERS:
        items: list[Any] = []

        def default(value: Any, items: list[Any] = items) -> Any:
            if len(items) < 5:
                items.append(len(items))
            else:
                items.clear()
            return "seen"

        items[:] = [object()]
        assert writer(default, True, True, True).text(items) == '["seen",1]'
        items[:] = [1, 2, 3, 4, object(), 6]
        assert writer(default, True, True, True).text([items, items]) == '[[1,2,3,4,"seen"],[]]'


def test_error_of_the_default_itself() -> None:
    for writer in WRITERS:
        with pytest.raises(KeyError):
            writer(lambda value: {}[value], True, True, True).text({"a": [1, {"b": 1j}]})


@given(values)
def test_written_alike(value: Any) -> None:
    check_written(value)


@given(st.floats() | numbers.map(float) | st.decimals(-1e10, 1e10, places=3).map(float) | st.floats(-1e10, 1e10))
def test_floats(value: float) -> None:
    for writer in WRITERS:
        assert writer(refuse, True, True, True).text(value) == json.dumps(value)


@given(st.integers() | st.integers(-(1 << 64), 1 << 64))
def test_integers(value: int) -> None:
    for writer in WRITERS:
        assert writer(refuse, True, True, True).text([value]) == f"[{value}]"


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=40))
def test_order_of_keys(value: dict[str, int]) -> None:
    check_written(value)


class Own(json.JSONEncoder):
    def encode(self, o: Any) -> str:
        return "own"


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (json, "dumps", lambda *args, **kwargs: "own"),
        (json, "JSONEncoder", Own),
        (json.JSONEncoder, "encode", lambda *args: "own"),
        (json.JSONEncoder, "iterencode", lambda *args, **kwargs: ["own"]),
        (json.encoder, "c_make_encoder", lambda *args: lambda *args: ["own"]),
        (json.encoder, "encode_basestring_ascii", lambda text: "own"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_written_with_a_replaced_library(
    load: Load, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, value: Any
) -> None:
    made = load(WRITE).Writer(refuse, True, True, True)
    assert made.text("x") == '"x"'
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, value)
        assert made.text("x" if name == "encode_basestring_ascii" else ["x"]) == "own"
        assert made.line("x" if name == "encode_basestring_ascii" else ["x"]) == b"own\n"
    assert made.text("x") == '"x"'
