"""JSON and tagged JSON, on Flask and here: the same bytes, the same refusals."""

from __future__ import annotations

import dataclasses
import decimal
import io
import json
import sys
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.local import LocalProxy

from oracle import FRAMEWORKS, Framework, alike, both, shown


@dataclasses.dataclass
class Point:
    x: int
    y: Any


class Html:
    def __html__(self) -> str:
        return "<b>own</b>"


class Text(str):
    pass


VALUES: list[Any] = [
    None,
    True,
    1,
    -1.5,
    float("inf"),
    float("nan"),
    1e300,
    "text",
    "grün \u2028 </script> \U0001f600",
    Text("sub"),
    [],
    {},
    {"b": 1, "a": [1, {"d": 2, "c": 3}]},
    {1: "a", 2: "b"},
    {True: 1},
    {None: 1},
    (1, (2, 3)),
    date(2020, 1, 2),
    datetime(2020, 1, 2, 3, 4, 5, 678),
    datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5))),
    decimal.Decimal("1.10"),
    uuid.UUID(int=5),
    Point(1, [Point(2, date(2020, 1, 1))]),
    Html(),
    Markup("<i>"),
    {"deep": {"date": datetime(2021, 1, 1, tzinfo=UTC), "d": decimal.Decimal(2)}},
]
WRONG: list[Any] = [object(), {1: 1, "a": 2}, {(1, 2): 3}, {1, 2}, b"bytes", Point, 1j, [object], range(3)]


def circular() -> Any:
    value: list[Any] = [1]
    value.append({"again": value})
    return value


OPTIONS: list[dict[str, Any]] = [
    {},
    {"separators": (",", ":")},
    {"separators": [",", ":"]},
    {"separators": None},
    {"separators": (" , ", " : ")},
    {"indent": 2},
    {"indent": 1, "separators": (",", ":")},
    {"sort_keys": False},
    {"ensure_ascii": False},
    {"default": str},
    {"default": None},
    {"skipkeys": True},
    {"allow_nan": False},
    {"check_circular": False},
    {"cls": json.JSONEncoder},
    {"separators": (",",)},
    {"separators": (",", 1)},
    {"nonsense": 1},
]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"sort_keys": False},
    {"ensure_ascii": False},
    {"ensure_ascii": 0, "sort_keys": 0},
    {"default": staticmethod(lambda o: f"<{type(o).__name__}>")},
    {"default": None},
]


def outcome(function: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__, str(error)


def provider(fw: Framework, attributes: dict[str, Any]) -> Any:
    base = fw.mod("json.provider").DefaultJSONProvider
    return type("Own", (base,), attributes)(fw.app())


@pytest.mark.parametrize("attributes", SETTINGS, ids=str)
def test_dumps(attributes: dict[str, Any]) -> None:
    """Each value with each set of arguments, one provider for all: what it keeps must not leak."""

    def scenario(fw: Framework) -> Any:
        app = fw.app()
        base = fw.mod("json.provider").DefaultJSONProvider
        app.json = made = type("Own", (base,), attributes)(app)
        found = []
        for _ in range(2):
            for value in VALUES + WRONG + [circular()]:
                for options in OPTIONS:
                    found.append(outcome(made.dumps, value, **options))
                with app.app_context():
                    found.append(outcome(fw.json.dumps, value, separators=(",", ":")))
        return found

    both(scenario)


@alike
def test_without_an_application(fw: Framework) -> Any:
    found = [outcome(fw.json.dumps, value, **options) for value in VALUES + WRONG for options in OPTIONS[:5]]
    out = io.StringIO()
    fw.json.dump({"b": date(2020, 1, 1), "a": 1}, out)
    read = [fw.json.loads("[1]"), fw.json.loads(b'{"a": "\xc3\xbc"}'), fw.json.load(io.StringIO("2"))]
    return found, out.getvalue(), read, fw.error(fw.json.loads, "{"), fw.json.loads("[1.5]", parse_float=str)


@alike
def test_attributes_changed_between_calls(fw: Framework) -> Any:
    """The attributes count at each call, on the instance and on the class."""
    app = fw.app()
    cls = type("Own", (fw.mod("json.provider").DefaultJSONProvider,), {})
    app.json = made = cls(app)
    value = {"b": "ü", "a": date(2020, 1, 1)}
    found = [made.dumps(value)]
    made.sort_keys = False
    found.append(made.dumps(value))
    made.ensure_ascii = False
    found.append(made.dumps(value))
    cls.default = staticmethod(lambda o: "class")
    found.append(made.dumps(value))
    made.default = lambda o: "instance"
    found.append(made.dumps(value))
    del made.default, made.sort_keys
    found.append(made.dumps(value))
    with app.test_request_context():
        for compact in (None, True, False):
            made.compact = compact
            for debug in (False, True):
                app.config["DEBUG"] = debug
                found.append(shown(made.response(value)))
        made.mimetype = "application/own+json"
        found.append(shown(fw.jsonify(value)))
    return found


@alike
def test_default_as_a_method(fw: Framework) -> Any:
    class Own(fw.mod("json.provider").DefaultJSONProvider):  # type: ignore[name-defined, misc]
        count = 0

        def default(self, o: Any) -> Any:
            self.count += 1
            return f"{type(o).__name__} {self.count}"

    made = Own(fw.app())
    return [made.dumps([object(), object()]) for _ in range(3)], made.count


@alike
def test_encoder_after_an_error(fw: Framework) -> Any:
    """A failed call must leave nothing that a later one trips over."""
    made = fw.app().json
    shared: list[Any] = [object()]
    nested = {"x": shared, "y": [shared]}
    found: list[Any] = []
    for _ in range(3):
        found.append(outcome(made.dumps, nested)[0])
        shared[0] = 1
        found.append(made.dumps(nested))
        shared[0] = object()
    return found, outcome(made.dumps, circular()), made.dumps([1])


def deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.skipif(sys.platform == "emscripten", reason="the depth of WebAssembly's stack is set outside")
def test_too_deep() -> None:
    both(lambda fw: [fw.error(fw.app().json.dumps, deep(100_000))[0], len(fw.app().json.dumps(deep(500)))])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=20,
)
APPS = [fw.app() for fw in FRAMEWORKS]


@given(value=json_values)
@settings(deadline=None)
def test_same_bytes(value: Any) -> None:
    theirs, ours = (app.json for app in APPS)
    assert ours.dumps(value) == theirs.dumps(value)
    assert ours.dumps(value, separators=(",", ":")) == theirs.dumps(value, separators=(",", ":"))
    for app in APPS:
        app.json.compact = True
    assert ours.response(value).get_data() == theirs.response(value).get_data()


@alike
def test_jsonify_arguments(fw: Framework) -> Any:
    with fw.app().test_request_context():
        made = [fw.jsonify(), fw.jsonify(1), fw.jsonify(1, 2), fw.jsonify(a=1, b=2), fw.jsonify([]), fw.jsonify({})]
        return [shown(r) for r in made], fw.error(fw.jsonify, 1, a=2), type(made[0]) is fw.Response


@alike
def test_base_provider(fw: Framework) -> Any:
    base = fw.mod("json.provider").JSONProvider

    class Own(base):  # type: ignore[valid-type, misc]
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            return f"dumped {obj!r} {kwargs}"

        def loads(self, s: Any, **kwargs: Any) -> Any:
            return f"loaded {s!r} {kwargs}"

    app = fw.app()
    app.json = own = Own(app)
    out = io.StringIO()
    own.dump([1], out, a=1)
    bare = base(app)
    with app.test_request_context(data="{}", content_type="application/json"):
        found = [
            out.getvalue(),
            own.load(io.StringIO("x"), b=2),
            shown(own.response(1)),
            shown(fw.jsonify(a=1)),
            fw.json.loads("y", c=3),
            fw.json.dumps("z", d=4),
        ]
        out2 = io.StringIO()
        fw.json.dump("w", out2, e=5)
        found += [out2.getvalue(), fw.json.load(io.BytesIO(b"v"))]
    app.add_url_rule("/", "v", lambda: {"a": 1})
    app.add_url_rule("/in", "in", lambda: str(fw.request.json), methods=["POST"])
    client = app.test_client()
    return (
        found,
        fw.error(bare.dumps, 1),
        fw.error(bare.loads, "1"),
        shown(client.get("/")),
        shown(client.post("/in", json={"a": 1})),
        client.get("/").get_json(force=True),
    )


@alike
def test_provider_that_outlives_its_application(fw: Framework) -> Any:
    import gc

    made = fw.mod("json.provider").DefaultJSONProvider(fw.app())
    gc.collect()
    return made.dumps([1]), fw.error(made.response, 1)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("body", [b"{}", b"{", b"", b"\xff", b'"\xc3\xbc"', b"null"])
@pytest.mark.parametrize("content_type", ["application/json", "application/x+json", "text/plain"])
def test_json_of_a_request(body: bytes, content_type: str, debug: bool) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        app.debug = debug
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.add_url_rule("/a", "a", lambda: repr(fw.request.json), methods=["POST"])
        app.add_url_rule("/b", "b", lambda: repr(fw.request.get_json(silent=True)), methods=["POST"])
        app.add_url_rule("/c", "c", lambda: repr(fw.request.get_json(force=True)), methods=["POST"])
        return [fw.get(app, path, "POST", data=body, content_type=content_type) for path in ("/a", "/b", "/c")]

    both(scenario)


# Tagged JSON ------------------------------------------------------------------------------------------------

TAGGED: list[Any] = [
    *VALUES[:14],
    {"a": (1, [2, (3,)])},
    {" t": 1},
    {" t__": 1},
    {" di": {" t": (1,)}},
    {" t": 1, "x": 2},
    {"x": {" b": b"bytes"}},
    b"\x00\xff",
    Markup("<b>"),
    Html(),
    uuid.UUID(int=7),
    datetime(2020, 1, 2, 3, 4, 5, 999999),
    datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
    [(), [], {}, b"", Markup("")],
]


@pytest.mark.parametrize("value", TAGGED, ids=repr)
def test_tagged(value: Any) -> None:
    def scenario(fw: Framework) -> Any:
        made = fw.mod("json.tag").TaggedJSONSerializer()
        text = outcome(made.dumps, value)
        again = outcome(made.loads, text) if isinstance(text, str) else None
        with fw.app().app_context():
            inside = outcome(made.dumps, value)
        return text, repr(again), type(again).__name__, inside

    both(scenario)


@given(
    value=st.recursive(
        json_values | st.binary() | st.uuids(),
        lambda x: st.tuples(x) | st.dictionaries(st.sampled_from([" t", " b", "k"]), x),
    )
)
@settings(deadline=None)
def test_tagged_alike(value: Any) -> None:
    theirs, ours = (fw.mod("json.tag").TaggedJSONSerializer() for fw in FRAMEWORKS)
    text = outcome(theirs.dumps, value)
    assert outcome(ours.dumps, value) == text
    if isinstance(text, str):
        assert repr(outcome(ours.loads, text)) == repr(outcome(theirs.loads, text))


@given(
    text=st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from([" t", " b", " m", " u", " d", " di", "k"]), x),
    ).map(json.dumps)
)
@settings(deadline=None)
def test_untagging_what_others_wrote(text: str) -> None:
    theirs, ours = (fw.mod("json.tag").TaggedJSONSerializer() for fw in FRAMEWORKS)
    assert repr(outcome(ours.loads, text)) == repr(outcome(theirs.loads, text))


@alike
def test_own_tags(fw: Framework) -> Any:
    tag = fw.mod("json.tag")

    class TagSet(tag.JSONTag):  # type: ignore[name-defined, misc]
        __slots__ = ()
        key = " s"

        def check(self, value: Any) -> bool:
            return isinstance(value, (set, frozenset))

        def to_json(self, value: Any) -> Any:
            return self.serializer.tag(sorted(value))

        def to_python(self, value: Any) -> Any:
            return set(value)

    class First(TagSet):
        key = " f"

    made = tag.TaggedJSONSerializer()
    made.register(TagSet)
    refused = fw.error(made.register, TagSet)
    made.register(First, index=0)
    made.register(TagSet, force=True, index=-1)
    order = [type(item).__name__ for item in made.order]

    class Silent(tag.JSONTag):  # type: ignore[name-defined, misc]
        def check(self, value: Any) -> bool:
            return value == "stop"

        def to_json(self, value: Any) -> Any:
            return value

        tag = to_json

    made.register(Silent, index=0)
    bare = tag.JSONTag(made)
    return (
        order,
        refused,
        made.dumps([{1, 2}, "stop"]),
        made.loads('[{" s":[1,2]},{" f":[3]}]'),
        sorted(made.tags),
        [fw.error(getattr(bare, name), 1) for name in ("check", "to_json", "to_python", "tag")],
        [item.__name__ for item in tag.TaggedJSONSerializer.default_tags],
        made.untag({"a": 1, "b": 2}),
        hasattr(made, "__dict__"),
    )


# Steps that were replaced -----------------------------------------------------------------------------------


def json_site(fw: Framework, **options: Any) -> Any:
    app = fw.app(**options)

    @app.route("/dict", endpoint="dict")
    def as_dict() -> Any:
        return {"b": date(2020, 1, 1), "a": "ü"}

    @app.route("/list", endpoint="list")
    def as_list() -> Any:
        return [1, {"b": 2, "a": 1}]

    @app.route("/pair", endpoint="pair")
    def as_pair() -> Any:
        return {"a": 1}, 201, {"X-A": "b"}

    app.add_url_rule("/jsonify", "jsonify", lambda: fw.jsonify(b=1, a=2))
    app.add_url_rule("/in", "in", lambda: repr(fw.request.get_json()), methods=["POST"])
    app.add_url_rule("/silent", "silent", lambda: repr(fw.request.get_json(silent=True)), methods=["POST"])
    app.add_url_rule("/force", "force", lambda: repr(fw.request.get_json(True, cache=False)), methods=["POST"])
    return app


def json_answers(fw: Framework, app: Any) -> Any:
    found = [fw.get(app, path) for path in ("/dict", "/list", "/pair", "/jsonify")]
    for path in ("/in", "/silent", "/force"):
        for body, content_type in (
            (b'{"a": 1.5}', "application/json"),
            (b"[", "application/json"),
            (b"[", "application/json; charset=x"),
            (b"\xef\xbb\xbf[]", "Application/JSON"),
            (b"[1]", "text/plain"),
        ):
            found.append(fw.get(app, path, "POST", data=body, content_type=content_type))
    return found


def own_default(o: Any) -> Any:
    return f"<{type(o).__name__}>"


PROVIDER_CHANGES: dict[str, Any] = {
    "dumps": lambda self, obj, **kwargs: f"dumped {sorted(kwargs)}",
    "loads": lambda self, s, **kwargs: ["loaded", s, kwargs],
    "response": lambda self, *args, **kwargs: self._app.response_class(f"responded {args} {kwargs}"),
    "_prepare_response_obj": lambda self, args, kwargs: ["prepared", args, kwargs],
    "default": lambda self, o: own_default(o),
    "sort_keys": False,
    "ensure_ascii": False,
    "compact": False,
    "mimetype": "application/own+json",
}


@pytest.mark.parametrize("name", PROVIDER_CHANGES)
@pytest.mark.parametrize("where", ["subclass", "class", "instance", "stock class"])
@pytest.mark.parametrize("served", [False, True])
def test_provider_step_replaced(name: str, where: str, served: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    value = PROVIDER_CHANGES[name]

    def scenario(fw: Framework) -> Any:
        app = json_site(fw)
        found = []
        stock = fw.mod("json.provider").DefaultJSONProvider
        if where == "class":
            app.json = type("Own", (stock,), {})(app)
        if served:
            found.append(json_answers(fw, app))
        with monkeypatch.context() as patch:
            if where == "subclass":
                app.json = type("Own", (stock,), {name: value})(app)
            elif where == "instance":
                bound = value.__get__(app.json) if callable(value) else value
                patch.setattr(app.json, name, bound)
            else:
                patch.setattr(type(app.json), name, value)
            found.append(json_answers(fw, app))
        found.append(json_answers(fw, app))
        return found

    both(scenario)


REQUEST_CHANGES: dict[str, Any] = {
    "get_data": lambda self, *args, **kwargs: b'{"own": "data"}',
    "is_json": property(lambda self: True),
    "mimetype": property(lambda self: "application/x+json"),
    "json_module": type("Module", (), {"loads": staticmethod(lambda s: ["module", s])}),
    "on_json_loading_failed": lambda self, e: f"failed {type(e).__name__}",
}


@pytest.mark.parametrize("name", REQUEST_CHANGES)
@pytest.mark.parametrize("patched", [False, True])
def test_request_step_replaced(name: str, patched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    value = REQUEST_CHANGES[name]

    def scenario(fw: Framework) -> Any:
        app = json_site(fw)
        app.request_class = cls = type("Own", (fw.Request,), {} if patched else {name: value})
        found = [json_answers(fw, app)]
        if patched:
            monkeypatch.setattr(cls, name, value)
            found.append(json_answers(fw, app))
        return found

    both(scenario)


@alike
def test_json_of_a_request_after_other_looks(fw: Framework) -> Any:
    """What was read, set or changed before `get_json` counts."""
    app = fw.app()
    options: dict[str, Any] = {"method": "POST", "data": b'{"a": 1}', "content_type": "application/json"}
    found = []
    for look in (
        lambda r: r.get_data(),
        lambda r: r.get_data(cache=False),
        lambda r: r.stream.read(3),
        lambda r: r.stream.read(),
        lambda r: r.mimetype,
        lambda r: r.form,
        lambda r: r.get_json(),
        lambda r: r.get_json(cache=False),
        lambda r: r.get_json(silent=True),
        lambda r: r.environ.__setitem__("CONTENT_TYPE", "text/plain"),
        lambda r: (r.mimetype, r.environ.__setitem__("CONTENT_TYPE", "text/plain")),
        lambda r: setattr(r, "headers", {"Content-Type": "text/plain"}),
        lambda r: setattr(r, "json_module", json),
        lambda r: setattr(r, "_cached_json", (5, 6)),
        lambda r: setattr(r, "max_content_length", 3),
        lambda r: setattr(r, "shallow", True),
    ):
        for end in (
            lambda r: r.get_json(),
            lambda r: r.json,
            lambda r: r.get_json(force=True, silent=True),
            lambda r: r.get_json(cache=False),
        ):
            with app.test_request_context(**options):
                request = fw.request._get_current_object()
                found.append((outcome(lambda: str(look(request)))[:40], outcome(end, request), outcome(end, request)))  # noqa: B023
    return found


@alike
def test_json_of_a_request_without_an_application(fw: Framework) -> Any:
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "2"}
    request = fw.Request({**environ, "wsgi.input": io.BytesIO(b"[]")})
    broken = fw.Request({**environ, "wsgi.input": io.BytesIO(b"[[")})
    return request.get_json(), outcome(broken.get_json), request.get_json() is request.get_json()


@alike
def test_debug_of_an_application_of_its_own(fw: Framework) -> Any:
    class Own(fw.Flask):  # type: ignore[name-defined, misc]
        debug = property(lambda self: True)  # type: ignore[assignment]

    app = Own("own", root_path="/nowhere", instance_path="/nowhere/instance")
    app.add_url_rule("/", "v", lambda: {"a": [1]})
    other = json_site(fw)
    found = [fw.get(app), fw.get(other, "/dict")]
    other.config["DEBUG"] = True
    return found, fw.get(other, "/dict")


@alike
def test_default_that_wants_more_than_a_text(fw: Framework) -> Any:
    """What is done while the JSON is written counts for the response."""
    app = fw.app()
    asked = [""]

    class Own(fw.mod("json.provider").DefaultJSONProvider):  # type: ignore[name-defined, misc]
        def default(self, o: Any) -> Any:
            kind = asked[0]
            if kind == "session":
                fw.session["a"] = 1
            elif kind == "after":
                fw.after_this_request(lambda response: fw.Response("another"))
            elif kind == "mimetype":
                self.mimetype = "text/own"
            elif kind == "hook":
                app.after_request_funcs.setdefault(None, []).append(lambda response: fw.Response("hooked"))
            elif kind == "error":
                raise LookupError("no")
            elif kind == "abort":
                fw.abort(418)
            return "o"

    app.json = Own(app)
    app.add_url_rule("/", "v", lambda: {"a": object()})
    app.add_url_rule("/list", "w", lambda: [object()])
    app.register_error_handler(LookupError, lambda error: ("handled", 400))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    found = []
    for asked[0] in ("", "session", "after", "mimetype", "error", "abort", "hook", ""):
        found += [fw.get(app), fw.get(app, "/list"), fw.get(app, "/", "HEAD")]
    app.json.mimetype = None
    return found, fw.get(app)


@alike
def test_values_that_only_say_that_they_are_text(fw: Framework) -> Any:
    app = fw.app()
    app.json.default = lambda o: f"default {type(o).__name__}"
    texts = {"text": LocalProxy(lambda: "text"), "number": LocalProxy(lambda: 1), "list": LocalProxy(lambda: [1])}
    found = []
    with app.app_context():
        for app.json.ensure_ascii in (True, False):
            for value in texts.values():
                found += [outcome(lambda made=made: fw.json.dumps(made)) for made in (value, [value], {"a": value})]
                found.append(outcome(lambda value=value: fw.jsonify(value).get_data()))
    return found


@alike
def test_standard_library_changed(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "read", lambda: repr(fw.request.get_json()), methods=["POST"])
    client = app.test_client()
    own = json.JSONDecoder(parse_float=decimal.Decimal)

    def answers() -> list[Any]:
        with app.app_context():
            found = [outcome(lambda made=made: fw.json.dumps(made)) for made in ("a", [1, 2], {"a": 1})]
            found += [fw.jsonify([1, 2], a := {"b": 1}, a).get_data(), repr(fw.json.loads("[1.5]"))]
        sent = client.post("/", data="[1.5]", content_type="application/json")
        return [*found, sent.status, sent.get_data(as_text=True)]

    found = answers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json, "_default_decoder", own)
        found += answers()
    for name in ("item_separator", "key_separator"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json.JSONEncoder, name, f" {name} ")
            found += answers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json, "dumps", lambda obj, **options: f"{sorted(options)}")
        found += answers()
    return [*found, *answers()]


@alike
def test_view_that_returns_json_wrongly(fw: Framework) -> Any:
    app = fw.app()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.add_url_rule("/object", "a", lambda: {"a": object()})
    app.add_url_rule("/circle", "b", circular)
    app.add_url_rule("/keys", "c", lambda: {1: 1, "a": 2})
    app.add_url_rule("/surrogate", "d", lambda: ["\ud800"])
    client = app.test_client()
    found = [fw.error(client.get, path) for path in ("/object", "/circle", "/keys")]
    found.append(client.get("/surrogate").data)
    app.json.ensure_ascii = False
    return found, fw.error(client.get, "/surrogate")


ODD_SETTINGS: dict[str, list[Any]] = {
    "sort_keys": [False, True, 0, None, "", "x", []],
    "ensure_ascii": [False, True, 0, None, "x", []],
    "compact": [True, False, None, 0, "x", []],
    "mimetype": ["text/x", "text/\xe9", "a\nb", "a\rb", "", None, 5, b"a/b", "application/json"],
    "default": [lambda o: type(o).__name__, None, 5, staticmethod(lambda o: "static"), vars],
}


@pytest.mark.parametrize("name", ODD_SETTINGS)
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("on_class", [False, True])
def test_settings_while_it_runs(name: str, debug: bool, on_class: bool) -> None:
    """Each setting of a provider, changed and taken back between requests."""
    bodies = [{"b": 1, "a": "é"}, {"a": {1: 2, "b": 3}}, {"a": type}, [], [1.5, None]]

    def site(fw: Framework) -> Any:
        app = fw.app()
        app.json = type("Own", (fw.mod("json.provider").DefaultJSONProvider,), {})(app)
        app.config.update(DEBUG=debug, PROPAGATE_EXCEPTIONS=False)
        app.add_url_rule("/plain/<int:nth>", "plain", lambda nth: bodies[nth])
        app.add_url_rule("/made/<int:nth>", "made", lambda nth: (fw.jsonify(bodies[nth]), 201))
        app.add_url_rule("/text/<int:nth>", "text", lambda nth: fw.json.dumps(bodies[nth]))
        return app

    def answers(fw: Framework) -> Any:
        client = apps[fw].test_client()
        paths = [f"/{way}/{nth}" for way in ("plain", "made", "text") for nth in range(len(bodies))]
        return [outcome(lambda path=path: shown(client.get(path))) for path in paths]

    apps = {fw: site(fw) for fw in FRAMEWORKS}
    for value in ODD_SETTINGS[name]:
        targets = [type(app.json) if on_class else app.json for app in apps.values()]
        for target in targets:
            setattr(target, name, value)
        both(answers)
        for target in targets:
            delattr(target, name)
        both(answers)
