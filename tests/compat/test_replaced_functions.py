"""A function of a module that a test replaces is reached as in Flask: clocks, files, signatures, JSON and others."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import io
import itertools
import json
import logging
import os
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import freezegun
import pytest
import werkzeug.sansio.request
import werkzeug.sansio.response
import werkzeug.wrappers
from itsdangerous import (
    BadSignature,
    HMACAlgorithm,
    Serializer,
    SignatureExpired,
    Signer,
    TimestampSigner,
    URLSafeTimedSerializer,
)
from werkzeug.test import EnvironBuilder, run_wsgi_app

from oracle import Framework, alike, shown

LATER = time.time() + 40 * 86400


def site(fw: Framework, folder: Path) -> Any:
    app = fw.app(static_folder=str(folder))

    @app.get("/login")
    def login() -> str:
        fw.session.permanent = True
        fw.session["u"] = 1
        return "in"

    @app.get("/who")
    def who() -> str:
        return str(fw.session.get("u"))

    @app.get("/file")
    def file() -> Any:
        return fw.send_file(folder / "a.txt")

    @app.get("/file-as-text")
    def file_as_text() -> Any:
        return fw.send_file(str(folder / "a.txt"), max_age=60)

    @app.get("/cookie")
    def cookie() -> Any:
        response = fw.make_response("x")
        response.set_cookie("a", "b", max_age=60)
        response.set_cookie("c", "d", expires=1_700_000_000)
        response.delete_cookie("e")
        return response

    @app.route("/json", methods=["GET", "POST"])
    def as_json() -> Any:
        return {"a": fw.request.get_json(silent=True), "id": uuid.UUID(int=5)}

    @app.get("/tagged")
    def tagged() -> Any:
        fw.session["t"] = (1, b"x", uuid.UUID(int=5), datetime(2020, 1, 1, tzinfo=timezone.utc))
        return repr(fw.session["t"])

    return app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("text")
    os.utime(tmp_path / "a.txt", (1_700_000_000, 1_700_000_000))
    return tmp_path


def fake(value: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: value


class Clock:
    """What a test puts in place of the module `time` in another module."""

    @staticmethod
    def time() -> float:
        return LATER


class Days(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime(2031, 1, 2, 3, 4, 5, tzinfo=tz)


def failing(*args: Any, **kwargs: Any) -> Any:
    raise ValueError("replaced")


real_hmac = hmac.new

PATCHES: dict[str, Callable[[], Any]] = {
    "time.time": lambda: mock.patch("time.time", fake(LATER)),
    "itsdangerous.timed.time": lambda: mock.patch("itsdangerous.timed.time", Clock),
    "itsdangerous.timed.time.time": lambda: mock.patch("itsdangerous.timed.time.time", fake(LATER)),
    "get_timestamp": lambda: mock.patch.object(TimestampSigner, "get_timestamp", fake(int(LATER))),
    "sign": lambda: mock.patch.object(TimestampSigner, "sign", fake(b"signed")),
    "unsign": lambda: mock.patch.object(TimestampSigner, "unsign", side_effect=SignatureExpired("x")),
    "derive_key": lambda: mock.patch.object(Signer, "derive_key", fake(b"key")),
    "get_signature of the signer": lambda: mock.patch.object(Signer, "get_signature", fake(b"sig")),
    "get_signature": lambda: mock.patch.object(HMACAlgorithm, "get_signature", fake(b"sig")),
    "verify_signature": lambda: mock.patch.object(Signer, "verify_signature", fake(False)),
    "loads": lambda: mock.patch.object(URLSafeTimedSerializer, "loads", side_effect=BadSignature("x")),
    "loads gives": lambda: mock.patch.object(URLSafeTimedSerializer, "loads", fake({"u": "loaded"})),
    "dumps": lambda: mock.patch.object(URLSafeTimedSerializer, "dumps", fake("dumped")),
    "dump_payload": lambda: mock.patch.object(URLSafeTimedSerializer, "dump_payload", fake(b"payload")),
    "dumps, as Flask calls it": lambda: mock.patch.object(URLSafeTimedSerializer, "dumps", lambda self, value: "x"),
    "loads, as Flask calls it": lambda: mock.patch.object(
        URLSafeTimedSerializer, "loads", lambda self, text, max_age: {"u": max_age}
    ),
    "load_payload": lambda: mock.patch.object(Serializer, "load_payload", fake({"u": "payload"})),
    "dump_payload of the serializer": lambda: mock.patch.object(Serializer, "dump_payload", fake(b"{}")),
    "iter_unsigners": lambda: mock.patch.object(Serializer, "iter_unsigners", fake([])),
    "unsign of the signer": lambda: mock.patch.object(Signer, "unsign", side_effect=BadSignature("x")),
    "timestamp_to_datetime": lambda: mock.patch.object(TimestampSigner, "timestamp_to_datetime", failing),
    "hmac.new": lambda: mock.patch("hmac.new", lambda key, msg=None, digestmod="": real_hmac(key, msg, "sha256")),
    "hmac.compare_digest": lambda: mock.patch("hmac.compare_digest", fake(False)),
    "hashlib.sha1": lambda: mock.patch("hashlib.sha1", lambda data=b"", **kwargs: hashlib.sha256(data)),
    "hashlib.sha1 for a test client": lambda: mock.patch("hashlib.sha1", failing),
    "zlib.compress": lambda: mock.patch("zlib.compress", fake(b"z")),
    "zlib.decompress": lambda: mock.patch("zlib.decompress", failing),
    "base64.urlsafe_b64encode": lambda: mock.patch("base64.urlsafe_b64encode", fake(b"abc")),
    "base64.urlsafe_b64decode": lambda: mock.patch("base64.urlsafe_b64decode", failing),
    "json.dumps": lambda: mock.patch("json.dumps", fake('{"u": "json"}')),
    "json.loads": lambda: mock.patch("json.loads", fake({"u": "json"})),
    "JSONEncoder.default": lambda: mock.patch.object(json.JSONEncoder, "encode", fake("[]")),
    "uuid.UUID": lambda: mock.patch("uuid.UUID.__str__", fake("id")),
    "builtins.open": lambda: mock.patch("builtins.open", mock.mock_open(read_data=b"fake")),
    "os.path.isfile": lambda: mock.patch("os.path.isfile", fake(False)),
    "os.stat": lambda: mock.patch("os.stat", side_effect=FileNotFoundError("x")),
    "os.path.join": lambda: mock.patch("os.path.join", fake("/nowhere/at/all")),
    "safe_join": lambda: mock.patch("werkzeug.utils.safe_join", fake(None)),
    "send_file": lambda: mock.patch("werkzeug.utils.send_file", fake("sent")),
    "send_from_directory": lambda: mock.patch("werkzeug.utils.send_from_directory", fake("sent")),
    "werkzeug.utils.time": lambda: mock.patch("werkzeug.utils.time", fake(LATER)),
    "adler32": lambda: mock.patch("werkzeug.utils.adler32", fake(5)),
    "mimetypes.guess_type": lambda: mock.patch("mimetypes.guess_type", fake(("a/b", None))),
    "http_date": lambda: mock.patch("werkzeug.http.http_date", fake("a date")),
    "http_date of responses": lambda: mock.patch("werkzeug.sansio.response.http_date", fake("a date")),
    "werkzeug.http.datetime": lambda: mock.patch("werkzeug.http.datetime", Days),
    "werkzeug.http.dump_cookie": lambda: mock.patch("werkzeug.http.dump_cookie", fake("a cookie")),
    "dump_cookie of responses": lambda: mock.patch("werkzeug.sansio.response.dump_cookie", fake("a cookie")),
    "freezegun": lambda: freezegun.freeze_time("2031-01-02"),
    "freezegun, past": lambda: freezegun.freeze_time("2021-01-02"),
    "freezegun, ignoring": lambda: freezegun.freeze_time("2031-01-02", ignore=["itsdangerous"]),
    "freezegun, ignoring werkzeug": lambda: freezegun.freeze_time("2031-01-02", ignore=["werkzeug"]),
    "time_machine": lambda: pytest.importorskip("time_machine").travel("2031-01-02", tick=False),
    "getLogger": lambda: mock.patch("logging.getLogger", fake(logging.Logger("replaced"))),
}
PATHS = ["/login", "/who", "/file", "/file-as-text", "/static/a.txt", "/cookie", "/json", "/tagged", "/none"]


def answer(client: Any, path: str, **options: Any) -> Any:
    try:
        with client.open(path, **options) as response:
            return shown(response)
    except Exception as error:
        return type(error).__name__, str(error)


# Some of them fail between opening a file and closing it.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", PATCHES)
def test_what_is_replaced_is_reached(name: str, folder: Path) -> None:
    @alike
    def scenario(fw: Framework) -> Any:
        app = site(fw, folder)
        fw.mod("templating")  # Whatever is imported late is not what this is about.
        client = app.test_client()
        found = [answer(client, "/login"), answer(client, "/who")]
        with PATCHES[name]():
            found += [answer(client, path) for path in PATHS]
            body = {"data": '{"a": 1}', "content_type": "application/json"}
            found += [answer(client, "/json", method="POST", **body), app.logger.name]
        return [*found, answer(client, "/who"), answer(client, "/file"), answer(client, "/cookie")]

    scenario()


@alike
def test_the_serializer_of_the_module(fw: Framework) -> Any:
    """Its class is looked up in the module of sessions each time."""
    app = site(fw, Path("/nowhere"))
    client = app.test_client()
    found = [answer(client, "/login"), answer(client, "/who")]
    made = []

    class Own(URLSafeTimedSerializer):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            made.append((args, sorted(kwargs)))
            super().__init__(*args, **kwargs)

        def loads(self, *args: Any, **kwargs: Any) -> Any:
            return {"u": "own"}

    with mock.patch(f"{fw.package}.sessions.URLSafeTimedSerializer", Own):
        found += [answer(client, "/who"), answer(client, "/login"), made[0]]
    return [*found, answer(client, "/who"), bool(made)]


@alike
def test_a_frozen_session_of_an_application_that_ignores_itsdangerous(fw: Framework) -> Any:
    client = site(fw, Path("/nowhere")).test_client()
    client.get("/login")
    with freezegun.freeze_time("2021-01-01", ignore=["itsdangerous"]):
        return client.get("/who").text


WAYS_TO_OWN_TEXTS = [
    "loads of the class",
    "dumps of the class",
    "tag of the class",
    "loads of the module",
    "dumps of the module",
    "loads of the provider",
    "dumps of the provider",
    "loads of one provider",
    "dumps of one provider",
    "a tag of its own",
    "another serializer",
]


@pytest.mark.parametrize("way", WAYS_TO_OWN_TEXTS)
@alike
def test_what_a_session_is_written_and_read_with(fw: Framework, way: str) -> Any:
    """Each step of the tagged serializer, of its module and of the provider below it, replaced and restored."""
    app = site(fw, Path("/nowhere"))
    tag, provider = fw.mod("json.tag"), type(app.json)
    interface = type(app.session_interface)
    calls: list[str] = []

    def counted(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(way)
            return function(*args, **kwargs)

        return call

    class Upper(tag.JSONTag):  # type: ignore[name-defined,misc]
        key = "u"

        def check(self, value: Any) -> bool:
            return isinstance(value, int)

        def to_json(self, value: Any) -> Any:
            return str(value)

        def to_python(self, value: Any) -> Any:
            return f"number {value}"

    name, _, owner = way.partition(" of ")
    owners = {"the class": tag.TaggedJSONSerializer, "the module": tag, "the provider": provider}
    if owner in owners:
        patch = mock.patch.object(owners[owner], name, counted(getattr(owners[owner], name)))
    elif owner == "one provider":
        patch = mock.patch.object(app.json, name, counted(getattr(app.json, name)))
    else:
        own = tag.TaggedJSONSerializer()
        if way == "a tag of its own":
            own.register(Upper, index=0)
        else:
            own = type("Own", (tag.TaggedJSONSerializer,), {"loads": lambda self, text: {"u": text}})()
        patch = mock.patch.object(interface, "serializer", own)
    found = []
    client = app.test_client()
    for context in (mock.patch("os.sep", "/"), patch, mock.patch("os.sep", "/")):
        with context:
            found += [client.get(path).text for path in ("/login", "/who", "/tagged", "/who")]
            found.append(len(client.get_cookie("session").value))
        # How often is another matter: itsdangerous tries each serializer that it is given.
        found.append(bool(calls))
        calls.clear()
    return found


TAGS = ["JSONTag", "TagDict", "PassDict", "TagTuple", "PassList", "TagBytes", "TagMarkup", "TagUUID", "TagDateTime"]
STEPS = ["check", "tag", "to_json", "to_python"]


@pytest.mark.parametrize(
    ("owner", "name"), [*itertools.product(TAGS, STEPS), (Signer, "__init__"), (HMACAlgorithm, "__init__")], ids=str
)
@alike
def test_a_wrapper_around_what_a_session_is_written_with(fw: Framework, owner: Any, name: str) -> Any:
    """Around a session without types of its own, which no tag but those of dicts and lists would write."""
    app = fw.app()
    app.add_url_rule("/set", "set", lambda: fw.session.update(a=1, b=[{"c": "d"}]) or "")
    app.add_url_rule("/get", "get", lambda: str(dict(fw.session)))
    cls = getattr(fw.mod("json.tag"), owner) if isinstance(owner, str) else owner
    original, calls, found = getattr(cls, name), [], []

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return original(*args, **kwargs)

    client = app.test_client()
    for patch in (contextlib.nullcontext(), mock.patch.object(cls, name, wrapper), contextlib.nullcontext()):
        with patch:
            found += [client.get(path).text for path in ("/set", "/get")]
        found.append(bool(calls))
        calls.clear()
    return found


# Werkzeug's classes ---------------------------------------------------------------------------------------

INHERITED = sorted(
    name
    for cls in (werkzeug.wrappers.Request, werkzeug.sansio.request.Request)
    for name, value in vars(cls).items()
    if not name.startswith("_") and isinstance(value, property)
)


def asked(fw: Framework) -> Any:
    """An application that says what it reads of a request, by the query's name, and sets a cookie."""
    app = fw.app()

    @app.route("/", methods=["GET", "POST"])
    def read() -> Any:
        response = fw.make_response(repr(getattr(fw.request, fw.request.environ["QUERY_STRING"])))
        response.set_cookie("c", "d", httponly=True)
        return response

    @app.route("/parsed", methods=["POST"])
    def parsed() -> Any:
        fw.session["a"] = 1
        return [fw.request.get_json(), fw.request.get_data(as_text=True)]

    return app


@pytest.mark.parametrize("base", [werkzeug.wrappers.Request, werkzeug.sansio.request.Request])
@pytest.mark.parametrize("name", INHERITED)
@alike
def test_an_attribute_of_a_base_class(fw: Framework, name: str, base: type) -> Any:
    if not hasattr(base, name):
        return "only in the other"
    app = asked(fw)
    # A session looks for its cookie.
    value = {"mock": "value"} if name == "cookies" else ["mock"]
    found = [fw.get(app, f"/?{name}")]
    with mock.patch.object(base, name, new_callable=mock.PropertyMock, return_value=value):
        found.append(fw.get(app, f"/?{name}"))
    with mock.patch.object(base, name, value):
        found.append(fw.get(app, f"/?{name}"))
    found.append(fw.get(app, f"/?{name}"))
    # The stream has an address.
    return found[1:3] if name == "stream" else found


STEPS: list[tuple[type, str]] = [
    (werkzeug.wrappers.Request, "__init__"),
    (werkzeug.sansio.request.Request, "__init__"),
    (werkzeug.sansio.request.Request, "_parse_content_type"),
    (werkzeug.wrappers.Response, "__init__"),
    (werkzeug.sansio.response.Response, "__init__"),
    (werkzeug.wrappers.Response, "set_data"),
    (werkzeug.wrappers.Response, "_is_range_request_processable"),
]


@pytest.mark.parametrize(("cls", "name"), STEPS, ids=lambda value: getattr(value, "__module__", value))
@alike
def test_a_step_of_a_base_class(fw: Framework, folder: Path, cls: type, name: str) -> Any:
    """Each call is seen, past the client's own; taken back and put on again, too."""
    app = site(fw, folder)
    app.logger.disabled = True
    app.add_url_rule("/error", "error", lambda: 1 / 0)
    app.add_url_rule("/form", "form", lambda: [fw.request.form, sorted(fw.request.headers)], methods=["POST"])
    found: list[Any] = []
    original = getattr(cls, name)

    def step(self: Any, *args: Any, **options: Any) -> Any:
        found.append((type(self).__name__, len(args), sorted(options)))
        return original(self, *args, **options)

    def ask() -> None:
        for path in ("/login", "/file", "/json", "/error", "/none", "/form", "/cookie"):
            data = {"a": "b"} if path == "/form" else None
            builder = EnvironBuilder(path, method="POST" if data else "GET", data=data)
            environ = builder.get_environ()
            start = len(found)
            body, status, headers = run_wsgi_app(app, environ, buffered=True)
            found[start:] = [(b"".join(body), status, len(headers), found[start:])]

    for _ in range(2):
        with mock.patch.object(cls, name, step):
            ask()
        ask()
    return found


@alike
def test_methods_of_the_base_classes(fw: Framework) -> Any:
    app = asked(fw)
    client = app.test_client()
    found: list[Any] = [client.post("/parsed", json={"a": 1}).json]
    with mock.patch.object(werkzeug.wrappers.Request, "get_json", return_value="mock") as called:
        found += [client.post("/parsed", data="x").json, called.mock_calls]
    with mock.patch.object(werkzeug.wrappers.Request, "get_data", return_value="[2]") as called:
        found += [client.post("/parsed", json={"a": 1}).json, len(called.mock_calls)]
    with mock.patch.object(werkzeug.wrappers.Request, "close") as called:
        client.post("/parsed", data="x")
        found.append(len(called.mock_calls))
    with mock.patch.object(werkzeug.wrappers.Response, "set_cookie") as called:
        response = client.get("/?path")
        found += [response.headers.getlist("Set-Cookie"), called.mock_calls[:]]
        client.post("/parsed", json={"a": 1})
        found.append([call.args[0] for call in called.mock_calls])
    found.append(client.post("/parsed", json={"a": 1}).json)
    return [*found, client.get("/?path").headers.getlist("Set-Cookie")]


@alike
def test_a_base_class_replaced_while_ours_is(fw: Framework) -> Any:
    app = asked(fw)
    found = []
    with mock.patch.object(fw.Request, "host", "ours"):
        found.append(fw.get(app, "/?host")[2])
        with mock.patch.object(werkzeug.sansio.request.Request, "host", "base"):
            found.append(fw.get(app, "/?host")[2])
        found.append(fw.get(app, "/?host")[2])
    return [*found, fw.get(app, "/?host")[2]]


@alike
def test_the_function_that_opens_uploads(fw: Framework) -> Any:
    app = fw.app()
    app.add_url_rule("/", "read", lambda: fw.request.files["f"].read(), methods=["POST"])
    found = []
    for _ in range(2):
        found.append(fw.get(app, method="POST", data={"f": (io.BytesIO(b"body"), "f.txt")})[2])
        with mock.patch(
            "werkzeug.wrappers.request.default_stream_factory", side_effect=lambda **_: io.BytesIO()
        ) as made:
            found.append(fw.get(app, method="POST", data={"f": (io.BytesIO(b"body"), "f.txt")})[2])
            found.append(len(made.mock_calls))
    return found
