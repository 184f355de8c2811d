"""The rules of matching that are easy to get wrong, on Werkzeug and on both builds: `bolthead._core.routing.search`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import werkzeug.routing
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound

import builds
from routing import maps

RuleSpec = tuple[str, dict[str, Any]]


def both(
    load: Callable[[str], ModuleType], rules: list[RuleSpec | str], call: Callable[[Any], Any], **options: Any
) -> Any:
    """The outcome of *call* on an adapter, which must be Werkzeug's."""
    found = []
    for routing in (werkzeug.routing, load("bolthead.routing")):
        table = routing.Map(converters=maps.CUSTOM, **options)
        own = []
        for spec in rules:
            text, settings = (spec, {}) if isinstance(spec, str) else spec
            own.append(routing.Rule(text, **{"endpoint": text, **settings}))
            table.add(own[-1])
        found.append(maps.outcome(lambda: call(table.bind("example.com")), own))  # noqa: B023
    assert found[1] == found[0]
    return found[0]


MATCHING: dict[str, tuple[list[RuleSpec | str], str, str, Any]] = {
    "a refused text ends the search": (["/<int(max=5):n>", "/<word>"], "/9", "GET", "NotFound"),
    "a pattern that does not match does not": (["/<int(max=5):n>", "/<word>"], "/x", "GET", "/<word>"),
    "slash redirect beats a dynamic sibling": (["/a/", "/<word>"], "/a", "GET", "http://example.com/a/"),
    "slash redirect needs the method": ([("/a/", {"methods": ["POST"]})], "/a", "GET", "NotFound"),
    "slash redirect with the method": (
        [("/a/", {"methods": ["POST"]})], "/a", "POST", "http://example.com/a/",
    ),
    "not strict, slash missing": ([("/a/", {"strict_slashes": False})], "/a", "GET", "/a/"),
    "not strict, slash too many": ([("/a", {"strict_slashes": False})], "/a/", "GET", "/a"),
    "strict, slash too many": (["/a"], "/a/", "GET", "NotFound"),
    "a wrong method goes on to the next rule": (
        [("/a/b", {"methods": ["POST"]}), "/a/<word>"], "/a/b", "GET", "/a/<word>",
    ),
    "405 before a protocol mismatch": (
        [("/a", {"methods": ["POST"]}), ("/a", {"websocket": True})], "/a", "GET", "MethodNotAllowed",
    ),
    "only the other protocol": ([("/a", {"websocket": True})], "/a", "GET", "WebsocketMismatch"),
    "runs of slashes are merged": (["/a/b"], "/a///b", "GET", "http://example.com/a/b"),
    "and at the end": (["/a/"], "/a//", "GET", "http://example.com/a/"),
    "a run at the start is one": (["/a"], "///a", "GET", "/a"),
    "not merged by the rule": ([("/a/b", {"merge_slashes": False})], "/a//b", "GET", "NotFound"),
    "a refused text after merging": (["/a/<int(max=5):n>"], "/a//9", "GET", "http://example.com/a/9"),
    "a literal in the segment before a bare variable": (["/<word>", "/x-<word>"], "/x-y", "GET", "/x-<word>"),
    "the longer literal": (["/x<word>", "/xy<word>"], "/xyz", "GET", "/xy<word>"),
    "a path with more behind it": (["/<path:p>", "/<path:p>/edit"], "/a/b/edit", "GET", "/<path:p>/edit"),
    "a number before a word": (["/<word>", "/<int:n>"], "/12", "GET", "/<int:n>"),
    "digits of any script": (["/<int:n>"], "/٣٤", "GET", "/<int:n>"),
    "no other numbers": (["/<int:n>"], "/²", "GET", "NotFound"),
    "the lighter converter": (["/<word>", "/<fussy:w>"], "/ab", "GET", "/<fussy:w>"),
    "ties by arrival": (["/<string(length=2):a>", "/<string(minlength=2):b>"], "/ab", "GET", "/<string(length=2):a>"),
    "line feeds in a word": (["/<word>"], "/a\nb", "GET", "/<word>"),
    "no line feeds in a path": (["/<path:p>"], "/a\nb", "GET", "NotFound"),
    "a path ends in a slash": (["/<path:p>/"], "/a/b", "GET", "http://example.com/a/b/"),
    "a path starts with no slash": (["/x/<path:p>", "/x"], "/x//a", "GET", "http://example.com/x/a"),
    "an empty path": (["/"], "", "GET", "http://example.com/"),
    "a null": (["/<word>"], "/\x00", "GET", "/<word>"),
    "HEAD with GET": ([("/a", {"methods": ["GET"]})], "/a", "HEAD", "/a"),
    "a method in small letters": ([("/a", {"methods": ["GET"]})], "/a", "get", "/a"),
    "the other host is no redirect": (["/"], "//evil.com", "GET", "NotFound"),
    "eleven variables": (
        ["/" + "-".join(f"<v{n}>" for n in range(11))], "/" + "-".join(map(str, range(11))), "GET", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MATCHING)
def test_matching(load: Callable[[str], ModuleType], case: str) -> None:
    rules, path, method, wanted = MATCHING[case]
    found = both(load, rules, lambda adapter: adapter.match(path, method))
    if wanted is None:
        return
    if isinstance(found, tuple):
        assert found[0] == wanted
    else:
        assert wanted in (found[0], found[1].strip("'"))


def test_allowed_methods_are_those_of_every_rule_that_fits(load: Callable[[str], ModuleType]) -> None:
    rules: list[RuleSpec | str] = [
        ("/a/<int:n>", {"methods": ["PUT"]}),
        ("/a/<word>", {"methods": ["DELETE"]}),
        ("/a/1", {"methods": ["POST"]}),
        ("/b", {"methods": ["PATCH"]}),
    ]
    found = both(load, rules, lambda adapter: adapter.allowed_methods("/a/1"))
    assert found == ["DELETE", "POST", "PUT"]


def test_defaults_redirect_to_the_rule_without_the_variable(load: Callable[[str], ModuleType]) -> None:
    rules: list[RuleSpec | str] = [
        ("/all/", {"endpoint": "all", "defaults": {"page": 1}}),
        ("/all/page/<int:page>", {"endpoint": "all"}),
        ("/old/<int:page>", {"endpoint": "all", "alias": True}),
    ]
    moved = both(load, rules, lambda adapter: adapter.match("/all/page/1", query_args={"q": "ü"}))
    assert moved[1] == "'http://example.com/all/?q=%C3%BC'"
    assert both(load, rules, lambda adapter: adapter.match("/all/page/2"))[1] == {"page": ("int", "2")}
    assert both(load, rules, lambda adapter: adapter.match("/old/3"))[1] == "'http://example.com/all/page/3'"
    found = both(load, rules, lambda adapter: adapter.match("/all/page/1"), redirect_defaults=False)
    assert found[0] == "all"


def test_a_name_may_stand_twice_if_it_has_a_default(load: Callable[[str], ModuleType]) -> None:
    rules: list[RuleSpec | str] = [("/<int:p>/x/<p>", {"endpoint": "e", "defaults": {"p": "a"}})]
    assert both(load, rules, lambda adapter: adapter.build("e")) == "/a/x/a"
    assert both(load, rules, lambda adapter: adapter.match("/7/x/b"))[1] == {"p": ("str", "a")}


BUILT: list[tuple[RuleSpec | str, dict[str, Any]]] = [
    ("/<word>", {"word": "/x"}),
    ("/<word>", {"word": ""}),
    ("/<word>", {"word": "a b/ü?&=+", "q": "a b/ü?&=+"}),
    ("/<word>", {"word": maps.CUSTOM}),
    ("/<word>", {"word": "\ud800"}),
    ("/<word>/<int:n>", {"word": "x", "n": "7"}),
    ("/<word>/<int:n>", {"word": "x", "n": "seven"}),
    ("/<int:n>/<word>", {"n": "seven", "q": 1}),
    ("/<int:n>/<word>", {"n": "seven", "word": "w"}),
    ("/<int:n>/<word>", {"n": True, "word": 1.5}),
    ("/<int:n>/<word>", {"n": 10**30, "word": None}),
    ("/<a>-<b>/c", {"a": "1", "b": "2", "c": [3, "4"], "d": None, "e": b"\xff", "f": 1.5, "ü": "ü"}),
    ("/<word>", {"word": "w", 7: 8}),
    (("//a/<word>", {"merge_slashes": False}), {"word": "w"}),
    (("/<word>", {"methods": ["POST"]}), {"word": "w"}),
    (("/<word>", {"subdomain": "api"}), {"word": "w"}),
    (("/<word>", {"subdomain": "<sub>"}), {"word": "w", "sub": "api"}),
    (("/<word>", {"websocket": True}), {"word": "w"}),
    (("/<word>", {"defaults": {"n": 1}}), {"word": "w", "n": 1}),
    (("/<word>", {"defaults": {"n": 1}}), {"word": "w", "n": 2}),
]


@pytest.mark.parametrize(("rule", "values"), BUILT, ids=str)
@pytest.mark.parametrize("script_name", ["/", "/app", "//app//"])
@pytest.mark.parametrize("options", [{}, {"sort_parameters": True}, {"default_subdomain": "api"}], ids=str)
def test_building_once_and_again(
    load: Callable[[str], ModuleType],
    rule: RuleSpec | str,
    values: dict[str, Any],
    script_name: str,
    options: dict[str, Any],
) -> None:
    """The second URL of an endpoint may be made another way."""
    text, settings = (rule, {}) if isinstance(rule, str) else rule
    found: list[Any] = []
    for routing in (werkzeug.routing, load("bolthead.routing")):
        table = routing.Map([routing.Rule(text, endpoint="e", **settings)], **options)
        adapter = table.bind("example.com", script_name)
        outcomes = []
        for method in (None, None, "GET", "POST"):
            outcomes.append(maps.outcome(lambda: adapter.build("e", values, method), []))  # noqa: B023
        found.append(outcomes)
    assert found[1] == found[0]


@pytest.mark.parametrize("stock", [werkzeug.routing.BaseConverter, werkzeug.routing.IntegerConverter])
@pytest.mark.parametrize("where", ["own", "base"])
def test_a_class_that_is_changed_after_the_first_url(
    load: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, stock: Any, where: str
) -> None:
    def scenario(routing: Any) -> Any:
        own = type("Own", (stock,), {})
        table = routing.Map([routing.Rule("/<own:n>", endpoint="e")], converters={"own": own})
        adapter = table.bind("x")
        found = [adapter.build("e", {"n": 7}), adapter.build("e", {"n": 7})]
        changed = own if where == "own" else stock
        with monkeypatch.context() as patch:
            patch.setattr(changed, "to_url", lambda self, value: f"late-{value}", raising=False)
            found += [adapter.build("e", {"n": 7}), adapter.build("e", {"n": 7, "q": 1})]
        return [*found, adapter.build("e", {"n": 7})]

    assert scenario(load("bolthead.routing")) == scenario(werkzeug.routing)


def test_rules_and_settings_that_change_between_urls(load: Callable[[str], ModuleType]) -> None:
    def scenario(routing: Any) -> list[Any]:
        table = routing.Map([routing.Rule("/a/<n>", endpoint="e")])
        adapter = table.bind("x")
        found: list[Any] = []

        def ask() -> None:
            for values in ({"n": 1, "b": 2, "a": 3}, {"m": 1}):
                found.append(maps.outcome(lambda: adapter.build("e", values), []))  # noqa: B023

        ask()
        table.sort_parameters = True
        ask()
        table.sort_key = lambda pair: -ord(pair[0])
        ask()
        table.add(routing.Rule("/b/<n>/<a>", endpoint="e"))
        ask()
        table.add(routing.Rule("/c/<m>", endpoint="e", methods=["POST"]))
        ask()
        table._rules_by_endpoint["e"].pop(0)
        ask()
        adapter.script_name = "/mounted/"
        ask()
        adapter.subdomain = "other"
        ask()
        table._rules_by_endpoint = {"e": table._rules_by_endpoint["e"][1:]}
        ask()
        del table._rules_by_endpoint["e"]
        ask()
        return found

    assert scenario(load("bolthead.routing")) == scenario(werkzeug.routing)


def test_a_replaced_converter_is_used(load: Callable[[str], ModuleType]) -> None:
    for routing in (werkzeug.routing, load("bolthead.routing")):
        table = routing.Map(converters={"int": maps.SignedConverter})
        table.add(routing.Rule("/<int:n>", endpoint="n"))
        assert table.bind("x").match("/+5") == ("n", {"n": 5})


def test_one_instance_may_change_its_conversion(load: Callable[[str], ModuleType]) -> None:
    """A converter with its own ``to_python`` on the instance is asked, though its class is stock."""
    routing = load("bolthead.routing")

    class Odd(routing.BaseConverter):  # type: ignore[name-defined, misc]
        def __init__(self, table: Any) -> None:
            super().__init__(table)
            self.to_python = lambda value: value[::-1]
            self.to_url = lambda value: f"[{value}]"

    table = routing.Map([routing.Rule("/<odd:w>", endpoint="w")], converters={"odd": Odd})
    assert table.bind("x").match("/abc") == ("w", {"w": "cba"})
    assert table.bind("x").build("w", {"w": "z"}) == "/[z]"


@pytest.mark.parametrize("isolating", [None, True, False])
@pytest.mark.parametrize("regex", [werkzeug.routing.PathConverter.regex, "[^/]+", "a|b", "(a)(b)", "a/b"])
def test_a_converter_says_whether_it_stays_in_its_segment(
    load: Callable[[str], ModuleType], regex: str, isolating: bool | None
) -> None:
    found = []
    for routing in (werkzeug.routing, load("bolthead.routing")):
        own = {"regex": regex} if isolating is None else {"regex": regex, "part_isolating": isolating}
        converter = type("Own", (routing.BaseConverter,), own)
        for rule in ("/<own:w>", "/<own:w>/", "/x/<own:w>/y", "/<own:w>-z"):
            adapter = routing.Map([routing.Rule(rule, endpoint=rule)], converters={"own": converter}).bind("h")
            for path in ("/a", "/ab", "/a/b", "/a/", "/a/b/", "/x/a/y", "/x/a/b/y", "/a-z", "/a/b-z"):
                found.append(maps.outcome(lambda: adapter.match(path), []))  # noqa: B023
    half = len(found) // 2
    assert found[half:] == found[:half]


# Live maps


def test_a_rule_added_after_a_match_is_found(load: Callable[[str], ModuleType]) -> None:
    routing = load("bolthead.routing")
    table = routing.Map([routing.Rule("/<word>", endpoint="word")])
    adapter = table.bind("x")
    assert adapter.match("/new")[0] == "word"
    with pytest.raises(routing.BuildError):
        adapter.build("new")
    table.add(routing.Rule("/new", endpoint="new"))
    assert adapter.match("/new")[0] == "new"
    assert adapter.build("new") == "/new"
    table.add(routing.Rule("/new-<int:n>", endpoint="new"))
    assert adapter.build("new", {"n": 3}) == "/new-3"
    assert adapter.match("/new-3")[0] == "new"


def test_settings_of_a_bound_rule_may_change(load: Callable[[str], ModuleType]) -> None:
    routing = load("bolthead.routing")
    rule = routing.Rule("/a", endpoint="a", methods=["GET"])
    adapter = routing.Map([rule]).bind("x")
    assert adapter.match("/a")[0] == "a"
    assert adapter.build("a") == "/a"
    rule.methods = {"POST"}
    assert adapter.allowed_methods("/a") == ["POST"]
    with pytest.raises(routing.BuildError):
        adapter.build("a", method="GET")
    rule.methods.add("GET")
    assert adapter.match("/a")[0] == "a"
    rule.endpoint = "b"
    assert adapter.match("/a")[0] == "b"


METHODS = st.sampled_from(["GET", "HEAD", "POST", "PATCH", "get", "Own"])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["add", "discard"]), METHODS.map(str.upper)),
    # Enough of them for a larger table.
    st.tuples(st.just("update"), st.sets(st.integers(0, 99).map(str), max_size=30)),
    st.tuples(st.just("clear")),
    st.tuples(st.just("match"), METHODS),
)


@given(st.lists(METHODS, max_size=3), st.lists(STEPS, max_size=30))
def test_the_methods_of_a_rule_may_change_in_place(methods: list[str], steps: list[tuple[Any, ...]]) -> None:
    found: list[list[Any]] = []
    for routing in (werkzeug.routing, *(builds.load(name, "bolthead.routing") for name in builds.NAMES)):
        rules = [routing.Rule(text, endpoint=text, methods=methods) for text in ("/a/b", "/<x>")]
        adapter = routing.Map(rules).bind("x")
        found.append([])
        for step, *values in steps:
            if step == "match":
                for path in ("/a/b", "/b"):
                    found[-1].append(maps.outcome(lambda: adapter.match(path, *values), rules))  # noqa: B023
            else:
                for rule in rules:
                    getattr(rule.methods, step)(*values)
    assert found[1:] == found[:1] * len(builds.NAMES)


def test_werkzeugs_own_rules_are_welcome(load: Callable[[str], ModuleType]) -> None:
    routing = load("bolthead.routing")
    foreign = werkzeug.routing.Rule("/f/<int:n>-<word>", endpoint="f", methods=["GET"], subdomain="<s>")
    table = routing.Map(
        [foreign, routing.Rule("/f/<int:n>-<other>", endpoint="own", methods=["POST"], subdomain="<t>")]
    )
    adapter = table.bind("x", subdomain="sub")
    assert adapter.match("/f/1-a", return_rule=True) == (foreign, {"s": "sub", "n": 1, "word": "a"})
    assert adapter.match("/f/1-a", method="POST")[0] == "own"
    assert sorted(adapter.allowed_methods("/f/1-a")) == ["GET", "HEAD", "POST"]
    assert adapter.build("f", {"s": "sub", "n": 2, "word": "b", "q": 1}) == "/f/2-b?q=1"


def test_our_rules_work_in_werkzeugs_map(load: Callable[[str], ModuleType]) -> None:
    routing = load("bolthead.routing")
    rule = routing.Rule("/f//<int:n>-<word>/", endpoint="f", subdomain="<s>")
    adapter = werkzeug.routing.Map([rule]).bind("x", subdomain="sub")
    assert adapter.match("/f/1-a/", return_rule=True) == (rule, {"s": "sub", "n": 1, "word": "a"})
    assert adapter.build("f", {"s": "sub", "n": 2, "word": "b", "q": 1}) == "/f/2-b/?q=1"
    assert repr(rule) == "<Rule '<s>|/f/<n>-<word>/' -> f>"


def test_a_subclass_may_build_in_its_own_way(load: Callable[[str], ModuleType]) -> None:
    routing = load("bolthead.routing")

    class Loud(routing.Rule):  # type: ignore[name-defined, misc]
        def build(self, values: Any, append_unknown: bool = True) -> Any:
            domain, path = super().build(values, append_unknown)
            return domain, path.upper()

    class Curt(routing.Rule):  # type: ignore[name-defined, misc]
        def suitable_for(self, values: Any, method: str | None = None) -> bool:
            return False

    class Coded(routing.Rule):  # type: ignore[name-defined, misc]
        def _encode_query_vars(self, query_vars: Any) -> str:
            return "&".join(sorted(query_vars))

    table = routing.Map([Loud("/a", endpoint="a"), Curt("/b", endpoint="b"), Coded("/c", endpoint="c")])
    adapter = table.bind("x")
    assert adapter.build("a") == "/A"
    assert adapter.build("c", {"q": 1, "p": 2}) == "/c?p&q"
    with pytest.raises(routing.BuildError):
        adapter.build("b")


def test_adding_and_matching_from_several_threads(load: Callable[[str], ModuleType]) -> None:
    """Whatever was there when a thread began is found, and what a thread has added it finds at once."""
    routing = load("bolthead.routing")
    table = routing.Map([routing.Rule(f"/s{n}/<int:n>", endpoint=f"s{n}") for n in range(20)])
    errors: list[BaseException] = []

    def add(mark: int) -> None:
        try:
            adapter = table.bind("x")
            for n in range(60):
                form = n % 3
                text = (f"/t{mark}/{n}", f"/t{mark}/i{n}-<int:k>", f"/<word>/t{mark}-{n}/<path:p>")[form]
                path = (f"/t{mark}/{n}", f"/t{mark}/i{n}-7", f"/w/t{mark}-{n}/a/b")[form]
                table.add(routing.Rule(text, endpoint=(mark, n)))
                assert adapter.match(path)[0] == (mark, n)
                assert adapter.build((mark, n), {"k": 7, "word": "w", "p": "a/b"}, append_unknown=False) == path
        except BaseException as error:
            errors.append(error)

    def match() -> None:
        try:
            adapter = table.bind("x")
            for n in range(1500):
                assert adapter.match(f"/s{n % 20}/5") == (f"s{n % 20}", {"n": 5})
                assert adapter.build(f"s{n % 20}", {"n": n}) == f"/s{n % 20}/{n}"
                with pytest.raises(NotFound):
                    adapter.match(f"/nothing/{n}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=add, args=(mark,)) for mark in range(3)]
    threads += [threading.Thread(target=match) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    assert len(list(table.iter_rules())) == 20 + 3 * 60


def test_a_thousand_siblings_are_indexed(load: Callable[[str], ModuleType]) -> None:
    """Few are tried, whichever end of the segment the literal is at, and the order is still that of weights."""
    routing, tree = load("bolthead.routing"), load("bolthead._core.routing.tree")
    table = routing.Map()
    for n in range(1000):
        table.add(routing.Rule(f"/a/item{n}-<int:id>", endpoint=f"head{n}"))
        table.add(routing.Rule(f"/b/<int:id>-item{n}", endpoint=f"tail{n}"))
    table.add(routing.Rule("/a/<word>", endpoint="word"))
    adapter = table.bind("x")
    assert adapter.match("/a/item77-5") == ("head77", {"id": 5})
    assert adapter.match("/b/5-item77") == ("tail77", {"id": 5})
    assert adapter.match("/a/item77-x") == ("word", {"word": "item77-x"})
    with pytest.raises(NotFound):
        adapter.match("/b/x-item77")
    home = table._tree.roots[0].static[""].static[""]
    assert isinstance(home, tree.State)
    for name in "ab":
        index = home.static[name].index
        assert len(index.prefix_sizes) + len(index.suffix_sizes) <= 3


def test_registering_compiles_nothing(load: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    routing = load("bolthead.routing")

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("compiled at registration")

    monkeypatch.setattr(werkzeug.routing.Rule, "_compile_builder", refuse)
    monkeypatch.setattr(werkzeug.routing.Rule, "_parse_rule", refuse)
    table = routing.Map([routing.Rule("/<int:a>-<b>/<path:c>/", endpoint="e", subdomain="<s>")])
    adapter = table.bind("x", subdomain="t")
    assert adapter.match("/1-b/c/d/")[1] == {"s": "t", "a": 1, "b": "b", "c": "c/d"}
    assert adapter.build("e", {"s": "t", "a": 1, "b": "b", "c": "c/d"}) == "/1-b/c/d/"


def test_a_suggestion_is_made_when_it_is_read(load: Callable[[str], ModuleType]) -> None:
    routing = load("bolthead.routing")
    adapter = routing.Map([routing.Rule("/<int:n>", endpoint="number")]).bind("x")
    with pytest.raises(routing.BuildError) as caught:
        adapter.build("numbre", {"n": 1})
    assert "suggested" not in caught.value.__dict__
    assert "Did you mean 'number' instead?" in str(caught.value)
    assert caught.value.suggested.endpoint == "number"


@pytest.mark.parametrize("name", [name for name in dir(werkzeug.routing) if name[0].isupper()])
def test_every_name_is_there(load: Callable[[str], ModuleType], name: str) -> None:
    theirs, ours = getattr(werkzeug.routing, name), getattr(load("bolthead.routing"), name)
    assert issubclass(ours, theirs)


# security.md


def test_cve_2020_28724(load: Callable[[str], ModuleType]) -> None:
    """Redirects stay on the own host."""
    for path, wanted in (
        ("//foo", "http://example.com/foo/"),
        ("///a//b", "http://example.com/a/b"),
        ("//evil.com", None),
        ("/\\evil.com/..//foo", None),
    ):
        found = both(load, ["/foo/", "/a/b"], lambda adapter: adapter.match(path))  # noqa: B023
        assert found[1] == repr(wanted)


def test_werkzeug_3121_and_2834(load: Callable[[str], ModuleType]) -> None:
    """Any run of slashes is merged; without merging it is a 404 and no redirect."""
    for run in ("//", "///", "/" * 50):
        path = f"/a{run}b"
        assert both(load, ["/a/b"], lambda adapter: adapter.match(path))[1] == "'http://example.com/a/b'"  # noqa: B023
        found = both(load, ["/a/b"], lambda adapter: adapter.match(path), merge_slashes=False)  # noqa: B023
        assert found[0] == "NotFound"


def test_conversion_error_is_404(load: Callable[[str], ModuleType]) -> None:
    """A number that cannot be converted is no server error."""
    for rule in ("/<int:n>", "/<int(signed=True):n>", "/<float:n>"):
        for text in ("9" * 5000, "-" + "9" * 5000, "9" * 5000 + ".0"):
            both(load, [rule], lambda adapter: adapter.match(f"/{text}"))  # noqa: B023
