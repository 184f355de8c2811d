"""Forms: every step of loading one that can be replaced, in every way, on Flask and on bolthead."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
import werkzeug.datastructures
from werkzeug.datastructures import FileStorage, Headers, MultiDict

from oracle import Framework, alike

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--b\r\nContent-Disposition: form-data; name="b"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe9\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: x/y\r\n\r\nfile\r\n--b--\r\n'
)
BODIES = {"urlencoded": (URLENCODED, b"a=1&b=%C3%A9&b=+"), "multipart": (MULTIPART, PARTS)}


class Own(io.BytesIO):
    pass


class Shouting(MultiDict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        return (super().__getitem__(key), "!")


def parser_class(fw: Framework) -> Any:
    base: Any = fw.Request.form_data_parser_class

    class Parser(base):  # type: ignore[misc]
        def parse(self, *args: Any, **kwargs: Any) -> Any:
            stream, form, files = super().parse(*args, **kwargs)
            return stream, self.cls([*form.items(), ("seen", str(self.max_form_parts))]), files

    return Parser


CHANGES: dict[str, Callable[[Framework], Any]] = {
    "_get_file_stream": lambda fw: lambda self=None, *args, **kwargs: Own(),
    "_get_stream_for_parsing": lambda fw: lambda self=None: io.BytesIO(b"a=9"),
    "_parsed_content_type": lambda fw: ("multipart/form-data", {"boundary": "b"}),
    "_parsed_content_type as text": lambda fw: "text/plain",
    "_load_form_data": lambda fw: lambda self=None: (self or fw.request).__dict__.update(form={"a": "no"}, files={}),
    "form_data_parser_class": parser_class,
    "headers": lambda fw: Headers({"Content-Type": "text/plain"}),
    "make_form_data_parser": lambda fw: lambda self=None: parser_class(fw)(silent=False),
    "max_content_length": lambda fw: 3,
    "max_form_memory_size": lambda fw: 3,
    "max_form_parts": lambda fw: 1,
    "mimetype": lambda fw: "text/plain",
    "mimetype_params": lambda fw: {"boundary": "other"},
    "parameter_storage_class": lambda fw: Shouting,
    "stream": lambda fw: io.BytesIO(b"a=7"),
    "want_form_data_parsed": lambda fw: False,
    "shallow": lambda fw: True,
    "nothing": lambda fw: None,
}


def site(fw: Framework, request_class: Any = None, before: Callable[[Any], Any] | None = None) -> Any:
    app = fw.app()
    if request_class is not None:
        app.request_class = request_class

    @app.before_request
    def prepare() -> None:
        if before is not None:
            before(fw.request._get_current_object())

    @app.post("/")
    def index() -> Any:
        request = fw.request
        seen: list[Any] = [fw.error(lambda: repr(request.form)) if request.shallow else type(request.form).__name__]
        if not request.shallow:
            seen += [(key, request.form[key]) for key in request.form]
            for name, file in request.files.items():
                seen += [name, type(file).__name__, type(file.stream).__name__, file.name, file.filename]
                seen += [list(file.headers), sorted(vars(file)), file.read()]
            seen += [type(request.files).__name__, request.stream.read(), request.get_data()]
        return repr(seen)

    return app


def posts(fw: Framework, app: Any) -> list[Any]:
    return [
        fw.get(app, method="POST", data=body, content_type=kind, environ_overrides=more)
        for kind, body in [*BODIES.values(), (f"{URLENCODED}; charset=utf-8", b"a=1"), ("", b"a=1")]
        for more in ({}, {"wsgi.input_terminated": True}, {"HTTP_TRANSFER_ENCODING": "chunked"})
    ]


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    missing = object()
    before = vars(owner).get(name, missing)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


ON_CLASSES = [name for name in CHANGES if name not in ("headers", "shallow") and not name.startswith("_parsed")]
"""Flask sets the others on each instance, so a class has no say."""


@pytest.mark.parametrize("name", ON_CLASSES)
@alike
def test_in_a_subclass(fw: Framework, name: str) -> Any:
    return posts(fw, site(fw, type("Request", (fw.Request,), {name: CHANGES[name](fw)})))


@pytest.mark.parametrize("name", ON_CLASSES)
@alike
def test_on_the_class_after_the_first_request(fw: Framework, name: str) -> Any:
    app = site(fw)
    seen = [posts(fw, app)]
    with patched(fw.Request, name, CHANGES[name](fw)):
        seen.append(posts(fw, app))
    return [*seen, posts(fw, app)]


PROPERTIES = ("mimetype", "mimetype_params", "want_form_data_parsed")


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in PROPERTIES])
@alike
def test_on_the_instance(fw: Framework, name: str) -> Any:
    return posts(fw, site(fw, before=lambda request: setattr(request, name.split()[0], CHANGES[name](fw))))


@pytest.mark.parametrize("owner", [FileStorage, SpooledTemporaryFile])
@alike
def test_in_the_classes_of_files(fw: Framework, owner: Any) -> Any:
    made = []
    stock = owner.__init__

    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        made.append(type(self).__name__)
        stock(self, *args, **kwargs)

    app = site(fw)
    posts(fw, app)
    with patched(owner, "__init__", noted):
        return posts(fw, app), [name for name in made if name == owner.__name__][:3]


@pytest.mark.parametrize("look", ["data", "mimetype", "content_length", "json", "get_data", "stream", "headers"])
@alike
def test_after_a_look(fw: Framework, look: str) -> Any:
    def before(request: Any) -> None:
        if look == "get_data":
            request.get_data(cache=False)
        elif look == "json":
            request.get_json(silent=True)
        else:
            getattr(request, look)

    return posts(fw, site(fw, before=before))


@pytest.mark.parametrize("size", [0, 1, 65536, 500 * 1024, 500 * 1024 + 1, 1_200_000])
@pytest.mark.parametrize("contents", [b"\r\n", b"x", b"\r\n--"])
@alike
def test_uploaded_files(fw: Framework, size: int, contents: bytes) -> Any:
    """Where a file is, and what it can do, is what Werkzeug's own has."""
    app = fw.app()
    body = (contents * size)[:size]

    @app.post("/")
    def index() -> Any:
        file = fw.request.files["f"]
        stream = file.stream
        seen: list[Any] = [stream.tell(), stream._rolled, type(stream._file).__name__, sorted(vars(stream))]
        seen += [stream.mode]
        seen += [file.read(5), stream.read() == body[5:], stream.write(b"more"), stream.tell(), stream.seek(size)]
        seen += [stream.read(), stream.truncate(2), stream.seek(0), stream.read(), stream.fileno() > 0, stream._rolled]
        fw.g.stream = stream
        return repr(seen)

    @app.after_request
    def after(response: Any) -> Any:
        streams.append(fw.g.stream)
        return response

    streams: list[Any] = []
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="n"\r\n\r\n'
    answer = fw.get(app, method="POST", data=head + body + b"\r\n--b--\r\n", content_type=MULTIPART)
    return answer, [stream.closed for stream in streams]


@alike
def test_a_property_of_a_subclass(fw: Framework) -> Any:
    """It is asked once more when the form is loaded through it, and each time it gets the one form."""

    class Request(fw.Request):  # type: ignore[misc,name-defined]
        @property
        def form(self) -> Any:
            found = super().form
            seen.append(type(found).__name__)
            return {**found, "times": str(len(seen)), "same": str(super().form is found)}

    seen: list[str] = []
    return posts(fw, site(fw, Request)), seen


@alike
def test_a_form_of_ones_own(fw: Framework) -> Any:
    def before(request: Any) -> None:
        request.form = {"a": "own"}
        request.files = {}

    return posts(fw, site(fw, before=before))


@alike
def test_the_debug_mode_explains(fw: Framework) -> Any:
    app = site(fw)
    app.debug = True

    @app.post("/file")
    def file() -> Any:
        return fw.request.files["a"]

    return posts(fw, app), fw.error(app.test_client().post, "/file", data={"a": "b"})


@alike
def test_a_file_that_cannot_be_closed(fw: Framework) -> Any:
    class Stuck:
        def read(self) -> bytes:
            return b"stuck"

        def close(self) -> None:
            raise OSError("stuck")

    def before(request: Any) -> None:
        file = request.files["f"]
        file.stream.close()
        file.stream = Stuck()

    app = site(fw, before=before)
    return fw.get(app, method="POST", data=PARTS, content_type=MULTIPART)


@alike
def test_other_files_are_closed(fw: Framework) -> Any:
    closed = []

    class File(FileStorage):
        def close(self) -> None:
            closed.append(self.name)
            super().close()

    app = fw.app()

    @app.post("/")
    def index() -> str:
        files = [("x", File(io.BytesIO(b"1"), name="x")), ("y", FileStorage(io.BytesIO(b"2"), name="y"))]
        fw.request.files = werkzeug.datastructures.ImmutableMultiDict(files)
        return "done"

    return fw.get(app, method="POST", data=PARTS, content_type=MULTIPART), closed


ASKED = ["content_length", "max_content_length", "max_form_memory_size", "max_form_parts"]
ASKED += ["mimetype", "mimetype_params"]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("body", BODIES)
@alike
def test_a_property_that_refuses(fw: Framework, body: str, name: str) -> Any:
    """As one that knows the visitor, and is asked for forms of each kind."""
    app = fw.app()
    app.request_class = type("Own", (fw.Request,), {name: property(lambda request: fw.abort(403))})
    app.add_url_rule("/", "index", lambda: fw.request.form, methods=["POST"])
    kind, data = BODIES[body]
    return fw.get(app, method="POST", data=data, content_type=kind)


@alike
def test_cookies_without_a_storage_class(fw: Framework) -> Any:
    app = fw.app()
    app.request_class = type("Own", (fw.Request,), {"dict_storage_class": None})
    app.add_url_rule("/", "index", lambda: repr(fw.request.cookies))
    return fw.get(app, headers={"Cookie": "a=b; a=c; d=e"})
