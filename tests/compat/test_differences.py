"""What ``docs/as_flask.md`` lists as different: it is so, on both sides. A row that no longer holds goes from there."""

from __future__ import annotations

import contextvars
import logging
import subprocess
import sys
from typing import Any
from unittest import mock

import pytest
from itsdangerous import Serializer
from werkzeug.datastructures import EnvironHeaders, Headers, MultiDict
from werkzeug.routing import MapAdapter
from werkzeug.test import EnvironBuilder, run_wsgi_app

from oracle import FRAMEWORKS, Framework

FLASK, OURS = FRAMEWORKS


def outcome(fw: Framework, **environ: Any) -> str:
    """The status of an answer, or the name of the exception that left the application."""
    app = fw.app()
    app.logger.setLevel(logging.CRITICAL + 1)
    app.add_url_rule("/", "view", lambda: f"{fw.request.args} {fw.request.cookies}")
    try:
        return run_wsgi_app(app, EnvironBuilder("/").get_environ() | environ)[1].partition(" ")[0]
    except Exception as error:
        return type(error).__name__
    finally:
        app.logger.setLevel(logging.NOTSET)


ROWS: list[tuple[dict[str, Any], str, str]] = [
    ({"QUERY_STRING": None}, "AttributeError", "500"),
    ({"QUERY_STRING": b"a=b"}, "AttributeError", "500"),
    ({"HTTP_COOKIE": None}, "500", "200"),
    ({"PATH_INFO": b"/"}, "AttributeError", "TypeError"),
]


@pytest.mark.parametrize(("environ", "theirs", "ours"), ROWS)
def test_environs_that_wsgi_forbids(environ: dict[str, Any], theirs: str, ours: str) -> None:
    assert (outcome(FLASK, **environ), outcome(OURS, **environ)) == (theirs, ours)


ALIKE: list[dict[str, Any]] = [
    {"REQUEST_METHOD": b"GET"},
    {"REQUEST_METHOD": None},
    {"REQUEST_METHOD": 5},
    {"HTTP_COOKIE": b"a=b"},
    {"PATH_INFO": None},
    {"SCRIPT_NAME": None},
    {"HTTP_HOST": None},
    {"CONTENT_TYPE": None},
    {"CONTENT_LENGTH": None},
]


@pytest.mark.parametrize("environ", ALIKE, ids=str)
def test_other_such_environs_are_answered_alike(environ: dict[str, Any]) -> None:
    assert outcome(OURS, **environ) == outcome(FLASK, **environ)


@pytest.mark.parametrize("name", ["wsgi.url_scheme", "QUERY_STRING", "SCRIPT_NAME", "SERVER_NAME", "wsgi.input"])
def test_environs_that_lack_something_are_answered_alike(name: str) -> None:
    found = []
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/", "view", lambda fw=fw: fw.request.path)
        environ = EnvironBuilder("/").get_environ()
        environ.pop(name)
        environ.pop("HTTP_HOST", None)
        try:
            found.append(run_wsgi_app(app, environ)[1])
        except Exception as error:
            found.append(type(error).__name__)
    assert found[0] == found[1]


def test_a_method_that_a_hook_changes_in_the_environ() -> None:
    found = []
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/", "view", lambda fw=fw: fw.request.method)

        @app.before_request
        def change(fw: Framework = fw) -> None:
            fw.request.environ["REQUEST_METHOD"] = "POST"

        found.append(app.test_client().get("/").text)
    assert found == ["GET", "POST"]


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        ("path", ["None", "AttributeError"], ["AttributeError", "'/'"]),
        ("args", ["KeyError", "ImmutableMultiDict([])"], ["AttributeError", "ImmutableMultiDict([])"]),
    ],
)
def test_an_attribute_deleted_before_it_was_read(name: str, theirs: list[str], ours: list[str]) -> None:
    for fw, wanted in ((FLASK, theirs), (OURS, ours)):
        app, found = fw.app(), []
        app.add_url_rule("/", "view", lambda fw=fw, found=found: str(found.extend(deleted_and_read(fw.request, name))))
        app.test_client().get("/")
        assert found == wanted


def deleted_and_read(request: Any, name: str) -> list[str]:
    found = []
    for access in (delattr, getattr):
        try:
            found.append(repr(access(request._get_current_object(), name)))
        except Exception as error:
            found.append(type(error).__name__)
    return found


@pytest.mark.parametrize("name", ["method", "path", "headers", "remote_addr", "environ", "shallow"])
def test_a_mock_of_requests_has_more(name: str) -> None:
    assert hasattr(mock.Mock(spec=OURS.Request), name) >= hasattr(mock.Mock(spec=FLASK.Request), name)
    assert name == "environ" or hasattr(mock.Mock(spec=OURS.Request), name)


@pytest.mark.parametrize("args", [({},), ({}, None, None)], ids=len)
def test_an_application_called_as_an_asgi_server_does(args: tuple[Any, ...]) -> None:
    texts = []
    for fw in FRAMEWORKS:
        with pytest.raises(TypeError) as error:
            fw.app()(*args)
        texts.append(str(error.value))
    assert "positional argument" in texts[0]
    assert "'asgi_app'" in texts[1]


def test_a_close_that_is_set_on_one_request() -> None:
    called = []
    for fw in FRAMEWORKS:
        app = fw.app()
        with app.test_request_context() as ctx:
            ctx.request.close = lambda fw=fw: called.append(fw)
        app.request_class = type("Own", (fw.Request,), {"close": lambda self, fw=fw: called.append(fw)})
        with app.test_request_context():
            pass
    assert called == [FLASK, FLASK, OURS]


@pytest.mark.parametrize("name", ["cookies", "headers"])
def test_what_a_session_is_read_from_after_a_hook_has_replaced_it(name: str) -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/set", "set", lambda fw=fw: str(fw.session.update(a=1)))
        app.add_url_rule("/", "view", lambda fw=fw: str(fw.session.get("a", "none")))

        @app.before_request
        def replace(fw: Framework = fw) -> None:
            if fw.request.path == "/":
                setattr(fw.request, name, Headers() if name == "headers" else {})

        client = app.test_client()
        client.get("/set")
        assert client.get("/").text == ("1" if fw is FLASK else "none")


@pytest.mark.parametrize(("key", "value"), [("SECRET_KEY_FALLBACKS", 5), ("SESSION_COOKIE_NAME", ["a"])])
def test_settings_of_sessions_that_cannot_be(key: str, value: Any) -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.logger.setLevel(logging.CRITICAL + 1)
        app.config[key] = value
        app.add_url_rule("/", "view", lambda: "text")
        app.add_url_rule("/session", "session", lambda fw=fw: str(fw.session.get("a")))
        found = [app.test_client().get(path).status_code for path in ("/", "/session")]
        app.logger.setLevel(logging.NOTSET)
        assert found == ([500, 500] if fw is FLASK else [200, 500])


@pytest.mark.parametrize("key", ["SESSION_COOKIE_DOMAIN", "SECRET_KEY"])
def test_a_setting_taken_out(key: str) -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.logger.setLevel(logging.CRITICAL + 1)
        app.add_url_rule("/", "view", lambda: "text")
        app.add_url_rule("/session", "session", lambda fw=fw: fw.session.update(a=1) or "")
        del app.config[key]
        found = [app.test_client().get(path).status_code for path in ("/", "/session")]
        app.logger.setLevel(logging.NOTSET)
        assert found == ([500, 500] if fw is FLASK else [200, 500])


def test_a_server_name_that_cannot_be_bound_any_longer() -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/", "view", lambda: "text")
        environs = [EnvironBuilder("/").get_environ() for _ in range(2)]
        run_wsgi_app(app, environs[0])
        app.config["SERVER_NAME"] = ".site.test"
        app.logger.disabled = True
        if fw is FLASK:
            with pytest.raises(LookupError):
                run_wsgi_app(app, environs[1])
        else:
            assert run_wsgi_app(app, environs[1])[1] == "200 OK"
        app.logger.disabled = False


def test_a_json_provider_that_cannot_be() -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.logger.setLevel(logging.CRITICAL + 1)
        app.add_url_rule("/", "view", lambda: "text")
        app.add_url_rule("/json", "json", lambda: {"a": 1})
        app.json = 5
        found = [app.test_client().get(path).status_code for path in ("/", "/json")]
        app.logger.setLevel(logging.NOTSET)
        assert found == ([500, 500] if fw is FLASK else [200, 500])


@pytest.mark.parametrize("name", ["after_request_funcs", "process_response", "view_functions"])
def test_what_a_hook_replaces_on_the_application(name: str) -> None:
    for fw in FRAMEWORKS:
        new: dict[str, Any] = {
            "after_request_funcs": {None: [lambda response, fw=fw: fw.Response("new")]},
            "process_response": lambda response, fw=fw: fw.Response("new"),
            "view_functions": {"view": lambda: "new"},
        }
        app = fw.app()
        app.add_url_rule("/", "view", lambda: "old")
        app.before_request(lambda app=app, new=new: setattr(app, name, new[name]))
        found = [app.test_client().get("/").text for _ in range(2)]
        assert found == (["new", "new"] if fw is FLASK else ["old", "new"])


def test_a_method_of_one_context_that_is_replaced_in_its_request() -> None:
    called = []
    for fw in FRAMEWORKS:
        app = fw.app()

        def view(fw: Framework = fw) -> str:
            context = fw.mod("globals").request_ctx._get_current_object()
            pop = context.pop
            context.pop = lambda exc=None: called.append(fw) or pop(exc)
            return "text"

        app.add_url_rule("/", "view", view)
        app.test_client().get("/")
        with app.test_request_context() as context:
            context.pop = lambda exc=None, pop=context.pop, fw=fw: called.append(fw) or pop(exc)
    assert called == [FLASK, FLASK, OURS]


def test_the_application_of_a_context_that_is_replaced_in_its_request() -> None:
    for name in ("request_ctx", "app_ctx"):
        for fw in FRAMEWORKS:
            app = fw.app()
            app.add_url_rule(
                "/", "view", lambda fw=fw, name=name: str(setattr(getattr(fw.mod("globals"), name), "app", None))
            )
            if fw is FLASK:
                with pytest.raises(AttributeError, match="do_teardown_"):
                    # Its contexts stay.
                    contextvars.copy_context().run(app.test_client().get, "/")
            else:
                assert app.test_client().get("/").text == "None"


@pytest.mark.parametrize("name", ["files", "environ"])
def test_what_ends_a_request_without_an_upload(name: str) -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/", "view", lambda fw=fw: str(setattr(fw.request, name, 5)))
        if fw is FLASK:
            with pytest.raises(TypeError):
                contextvars.copy_context().run(app.test_client().get, "/")
        else:
            assert app.test_client().get("/").text == "None"


def test_a_class_of_cookies_and_trusted_hosts_set_by_a_hook() -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/", "view", lambda fw=fw: f"{fw.session.get('a')} {fw.request.host}")
        settings: list[Any] = []
        app.before_request(lambda fw=fw, settings=settings: setattr(fw.request, *settings) if settings else None)
        client = app.test_client()
        client.get("/")
        for setting, code in ((("dict_storage_class", 5), 500), (("trusted_hosts", ["other"]), 400)):
            settings[:] = setting
            app.logger.disabled = True
            found = client.get("/").status_code
            app.logger.disabled = False
            assert found == (200 if fw is FLASK else code)


def test_a_method_of_the_map_that_fails() -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/", "view", lambda: "text")
        client = app.test_client()
        client.get("/")
        app.logger.disabled = True
        with mock.patch.object(app.url_map, "bind_to_environ", side_effect=KeyError):
            if fw is FLASK:
                with pytest.raises(KeyError):
                    client.get("/")
            else:
                assert client.get("/").status_code == 500
        app.logger.disabled = False


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        *((Headers, name) for name in ("add", "set", "__setitem__", "to_wsgi_list")),
        *((EnvironHeaders, "__init__"), (MultiDict, "__init__"), (MapAdapter, "__init__"), (Serializer, "__init__")),
    ],
    ids=str,
)
def test_methods_of_classes_that_the_core_does_not_call(cls: Any, name: str) -> None:
    original = getattr(cls, name)
    for fw in FRAMEWORKS:
        app = fw.app()
        app.add_url_rule("/", "view", lambda fw=fw: fw.session.get("a", "text"))
        environs = [EnvironBuilder("/").get_environ() for _ in range(2)]
        run_wsgi_app(app, environs[0])
        calls = []

        def wrapper(*args: Any, calls: list[str] = calls, **kwargs: Any) -> Any:
            calls.append(name)
            return original(*args, **kwargs)

        with mock.patch.object(cls, name, wrapper):
            assert b"".join(app(environs[1], lambda *args: None)) == b"text"
        assert bool(calls) is (fw is FLASK)


def test_url_for_with_an_option_and_too_many_arguments() -> None:
    told = [fw.error(fw.url_for, "a", "b", _anchor="c")[1] for fw in FRAMEWORKS]
    first = "url_for() takes 1 positional argument but 2 "
    assert told == [f"{first}positional arguments (and 1 keyword-only argument) were given", f"{first}were given"]


FIELDS = [
    ("app_context", "app"),
    ("app_context", "url_adapter"),
    ("test_request_context", "flashes"),
    ("test_request_context", "request"),
]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_fields_of_contexts_are_not_deleted_nor_set_through_vars(kind: str, name: str) -> None:
    for fw in FRAMEWORKS:
        context = getattr(fw.app(), kind)()
        vars(context)[name] = "put there"
        assert (getattr(context, name) == "put there") is (fw is FLASK)
        try:
            delattr(context, name)
            found = getattr(context, name)
        except AttributeError:
            # In the pure build as in Flask.
            continue
        assert (fw, found) == (OURS, None)


def test_a_group_of_commands_deleted() -> None:
    for owner in ("app", "blueprint"):
        for fw in FRAMEWORKS:
            made = getattr(fw, owner)()
            made.cli = made.cli
            del made.cli
            assert hasattr(made, "cli") is (fw is OURS)


def test_other_attributes_deleted() -> None:
    for fw in FRAMEWORKS:
        response, rules = fw.Response(direct_passthrough=True), fw.Flask.url_map_class()
        del response.direct_passthrough
        assert getattr(response, "direct_passthrough", None) is (None if fw is FLASK else False)
        if fw is FLASK:
            del rules.host_matching
        else:
            with pytest.raises(AttributeError, match="no deleter"):
                del rules.host_matching


def test_vars() -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        request, rules = app.request_class(EnvironBuilder("/").get_environ()), app.url_map
        found = [
            "path" in vars(request),
            "direct_passthrough" in vars(fw.Response()),
            "host_matching" in vars(rules),
            "server_name" in vars(rules.bind("host")),
        ]
        assert found == [fw is FLASK] * 4


@pytest.mark.parametrize("name", ["request_started", "request_ctx", "_cv_request"])
def test_names_of_the_module_that_are_replaced(name: str) -> None:
    for fw in FRAMEWORKS:
        app = fw.app()
        app.testing = True
        app.add_url_rule("/", "view", lambda fw=fw: fw.url_for("view"))
        with mock.patch.object(fw.mod("app"), name, None):
            if fw is FLASK:
                with pytest.raises((AttributeError, TypeError)):
                    app.test_client().get("/")
            else:
                assert app.test_client().get("/").text == "/"


LESS = {"email", "html", "http", "importlib"}
"""The packages named in ``docs/start/from_flask.md``."""
ZIPFILE = {"compression"}
"""What `zipfile` uses from Python 3.14 on."""


def test_submodules_of_the_standard_library_without_as_flask() -> None:
    """Those that the import of Flask brings for its own needs, and that of bolthead does not. Of no other package."""
    found = []
    for package in ("flask", "bolthead"):
        code = f"import sys; from {package} import Flask; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        found.append({name for name in done.stdout.split() if name.partition(".")[0] in sys.stdlib_module_names})
    assert "http.client" in found[0] - found[1]
    missing = {name.partition(".")[0] for name in found[0] - found[1] if "." in name and "._" not in name}
    missing.discard("encodings")  # codecs, which are looked up by name
    assert LESS <= missing <= LESS | ZIPFILE
