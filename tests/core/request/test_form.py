"""Forms loaded by the core against Werkzeug's parser, and when the core leaves them alone."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from types import ModuleType
from typing import Any

import flask
import pytest
from werkzeug.datastructures import FileStorage, MultiDict

# Of a body that ends early Werkzeug leaves the files open.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True, scope="module")
def collected() -> Iterator[None]:
    """Once, since in a run of all tests it takes long."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


Load = Callable[[str], ModuleType]
NAME = "bolthead._core.request.form"
MULTIPART = "multipart/form-data; boundary=b"


def part(head: str, body: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + body + b"\r\n"


BODIES: dict[str, tuple[str, bytes]] = {
    "urlencoded": ("application/x-www-form-urlencoded", b"a=1&a=2&b=%C3%A9+x&=&c"),
    "in capitals, with options": ("Application/X-WWW-Form-URLEncoded; charset=latin-1", b"a=1"),
    "not utf-8": ("application/x-www-form-urlencoded", b"a=\xff"),
    "multipart": (MULTIPART, part('name="a"', b"1") + part('name="f"; filename="x"', b"data") + b"--b--\r\n"),
    "without an end": (MULTIPART, part('name="a"', b"1")),
    "without a boundary": ("multipart/form-data", part('name="a"', b"1")),
    "another type": ("text/plain", b"a=1"),
    "empty": ("application/x-www-form-urlencoded", b""),
}
LIMITS: dict[str, dict[str, Any]] = {
    "none": {},
    "content": {"MAX_CONTENT_LENGTH": 3},
    "memory": {"MAX_FORM_MEMORY_SIZE": 2},
    "parts": {"MAX_FORM_PARTS": 1},
    **{
        str(number): dict.fromkeys(("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS"), number)
        for number in (1.5, 1e6, float("inf"), 10**20, -(10**20))
    },
    "memory in words": {"MAX_FORM_MEMORY_SIZE": "5"},
    "parts in words": {"MAX_FORM_PARTS": "5"},
}


def environ(kind: str, body: bytes, declared: int = 0) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body) + declared),
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
    }


def outcome(framework: Any, limits: dict[str, Any], on_request: bool, made: dict[str, Any]) -> Any:
    app = framework.Flask("site", root_path="/nowhere")
    request = framework.Request(made)
    if on_request:
        for key, limit in limits.items():
            setattr(request, key.lower(), limit)
    else:
        app.config.update(limits)
    with app.app_context():
        try:
            files = [(key, [file.filename, file.read()]) for key, file in request.files.items(multi=True)]
            return type(request.form).__name__, list(request.form.items(multi=True)), files, request.get_data()
        except Exception as error:
            return type(error).__name__, str(error)
        finally:
            request.close()


@pytest.mark.parametrize("on_request", [False, True], ids=["config", "request"])
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("body", BODIES)
def test_as_flask(load: Load, body: str, limit: str, on_request: bool) -> None:
    """The limits are the same wherever they are set, and of a body that is shorter than it says."""
    for missing in (0, 5):
        found = [
            outcome(framework, LIMITS[limit], on_request, environ(*BODIES[body], missing))
            for framework in (flask, load("bolthead"))
        ]
        assert found[0] == found[1]


def test_one_limit_logic(load: Load) -> None:
    """A request's own limit, then the configuration, then the default: for the property and for both loaders."""
    limit_of, bolthead = load("bolthead._core.request.body").limit_of, load("bolthead")
    app = bolthead.Flask("site", root_path="/nowhere")
    for key in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS"):
        app.config[key] = 7
        assert limit_of(None, key, 1) == 1 and limit_of(3, key, 1) == 3
        request = bolthead.Request(environ("text/plain", b""))
        assert getattr(request, key.lower()) == getattr(flask.Request(environ("text/plain", b"")), key.lower())
        with app.app_context():
            assert limit_of(None, key, 1) == 7 == getattr(request, key.lower())
            assert limit_of(0, key, 1) == 0
            setattr(request, key.lower(), 3)
            assert getattr(request, key.lower()) == 3


def test_when_it_is_left_to_the_parser_classes(load: Load) -> None:
    bolthead, forms = load("bolthead"), load("bolthead.wrappers").forms
    kind, body = BODIES["urlencoded"]
    app = bolthead.Flask("site", root_path="/nowhere")
    request = bolthead.Request(environ(kind, body))
    assert not forms.fill(request, True), "outside of an application"
    with app.app_context():
        child: Any = type("Child", (bolthead.Request,), {"get_data": lambda self: b""})
        assert not forms.fill(child(environ(kind, body)), True), "a step is overridden"
        request.make_form_data_parser = None
        assert not forms.fill(request, True), "on the instance as well"
        assert not forms.fill(bolthead.Request(environ("text/plain", body)), True)
        app.debug = True
        assert not forms.fill(bolthead.Request(environ(kind, body)), True), "debug mode has more to do"
        assert forms.fill(bolthead.Request(environ(kind, body)), False)
        app.debug = False
        fresh = bolthead.Request(environ(kind, body))
        assert forms.fill(fresh, True) and {"form", "files"} <= fresh.__dict__.keys()


def test_files(load: Load) -> None:
    module, forms = load(NAME), load("bolthead.wrappers").forms
    stream = BytesIO(b"data")
    [(name, file)] = module.as_files([("n", "f.txt", [("Content-Type", "a/b")], stream)])
    wanted = FileStorage(stream, "f.txt", "n", "a/b")
    assert name == "n" and vars(file).keys() == vars(wanted).keys()
    assert (file.stream, file.filename, file.name, file.content_type) == (stream, "f.txt", "n", "a/b")
    assert list(file.headers) == list(wanted.headers)
    assert forms.close(MultiDict([(name, file)])) and stream.closed
    other: Any = type("Other", (MultiDict,), {})
    assert not forms.close(other())
    with pytest.raises(module.RequestEntityTooLarge):
        module.too_large()
