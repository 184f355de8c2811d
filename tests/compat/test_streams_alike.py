"""Bodies on their way to the server, on Flask and here: chunks, headers, and who is closed when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from oracle import Framework, alike, both

CHUNKS = st.lists(st.sampled_from(["line\n", "", "grüße", b"bytes", b"", 7, None, StopIteration, KeyError]), max_size=4)


class Source:
    """An iterator that notes what is done with it, and raises where it holds an exception."""

    def __init__(self, chunks: list[Any], notes: list[str]) -> None:
        self.chunks = iter(chunks)
        self.notes = notes

    def __iter__(self) -> Source:
        self.notes.append("iter")
        return self

    def __next__(self) -> Any:
        chunk = next(self.chunks)
        self.notes.append(f"next {chunk!r}")
        if isinstance(chunk, type):
            raise chunk
        return chunk

    def close(self) -> None:
        self.notes.append("close")


def generator(chunks: list[Any], notes: list[str]) -> Iterator[Any]:
    try:
        for chunk in chunks:
            if isinstance(chunk, type):
                raise KeyError("in the middle")
            yield chunk
    finally:
        notes.append("generator closed")


def body_of(kind: str, chunks: list[Any], notes: list[str]) -> Any:
    if kind == "source":
        return Source(chunks, notes)
    if kind == "generator":
        return generator(chunks, notes)
    whole = [chunk for chunk in chunks if isinstance(chunk, (str, bytes))]
    return {"list": whole, "tuple": tuple(whole), "iter": iter(whole), "nothing": None}[kind]


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["source", "source", "generator", "list", "tuple", "iter", "nothing"]),
    chunks=CHUNKS,
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    status=st.sampled_from([200, 200, 204, 304, 100, 199, 404, 99, "299 Own", 205]),
    callbacks=st.integers(0, 2),
    passthrough=st.booleans(),
    headers=st.lists(
        st.sampled_from(
            [
                ("Content-Length", "3"),
                ("content-length", "4"),
                ("Location", "/next"),
                ("Location", "/grüße"),
                ("Content-Location", "/as"),
                ("Allow", "GET"),
                ("Last-Modified", "x"),
                ("Expires", "y"),
                ("X-Own", "z"),
            ]
        ),
        max_size=3,
        unique_by=lambda pair: pair[0],
    ),
    reads=st.integers(0, 5),
    closes=st.integers(1, 2),
)
@example("generator", ["a", b"b"], "GET", 200, 1, False, [], 1, 1)
@example("list", ["a"], "GET", 204, 0, False, [("Content-Length", "1")], 5, 1)
def test_sending(
    kind: str,
    chunks: list[Any],
    method: str,
    status: Any,
    callbacks: int,
    passthrough: bool,
    headers: list[tuple[str, str]],
    reads: int,
    closes: int,
) -> None:
    def scenario(fw: Framework) -> Any:
        notes: list[str] = []
        app = fw.app()

        @app.route("/", methods=["GET", "POST"])
        def index() -> Any:
            response = fw.Response(
                body_of(kind, chunks, notes), status, headers, direct_passthrough=passthrough, mimetype="text/plain"
            )
            for number in range(callbacks):
                response.call_on_close(partial(notes.append, f"callback {number}"))
            return response

        environ = EnvironBuilder(method=method).get_environ()
        body = app(environ, lambda status, headers, exc_info=None: notes.append(f"{status} {headers}"))
        if kind not in ("source", "generator"):
            # A server gets the same from a list as from an iterator.
            return notes, list(body)
        for _ in range(reads):
            try:
                notes.append(f"sent {next(body)!r}")
            except Exception as error:
                notes.append(f"raised {type(error).__name__}")
        for _ in range(closes):
            if hasattr(body, "close"):
                body.close()
        return notes

    both(scenario)


@pytest.mark.parametrize("status", [200, 404])
def test_chunks_of_a_streamed_view(status: int) -> None:
    def scenario(fw: Framework) -> Any:
        app = fw.app()
        notes: list[str] = []

        @app.get("/")
        def index() -> Any:
            return fw.stream_with_context(generator(["a", "ü", b"c"], notes)), status

        @app.teardown_request
        def leave(error: Any) -> None:
            notes.append("teardown")

        with app.test_client() as client:
            response = client.get("/", buffered=False)
            return response.status, list(response.headers), list(response.iter_encoded()), notes

    both(scenario)


STEPS = ["close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response", "iter_encoded", "set_cookie", "set_data"]


@pytest.mark.parametrize("kind", ["text", "chunks", "stream", "empty", "moved", "error"])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_one_response(step: str, kind: str) -> None:
    """An attribute of the instance counts as one of its class would, whoever sets it: the view or a hook."""

    def scenario(fw: Framework, early: bool) -> Any:
        app = fw.app()
        called: list[str] = []

        def replace(response: Any) -> Any:
            stock = getattr(response, step)

            def own(*args: Any, **kwargs: Any) -> Any:
                called.append(step)
                return stock(*args, **kwargs)

            setattr(response, step, own)
            return response

        @app.get("/")
        def view() -> Any:
            fw.session["a"] = 1
            made = {
                "text": lambda: fw.make_response("text"),
                "chunks": lambda: fw.Response([b"a", "b"]),
                "stream": lambda: fw.Response(iter(["a", b"b"])),
                "empty": lambda: fw.Response(status=204),
                "moved": lambda: fw.redirect("/there"),
                "error": lambda: fw.make_response(fw.make_response("no", 404)),
            }[kind]()
            return replace(made) if early else made

        if not early:
            app.after_request(replace)
        answer = fw.get(app)
        return answer, called

    for early in (True, False):
        both(scenario, early)


class Ended:
    """An input that fails where it is read past its end."""

    def __init__(self, body: bytes) -> None:
        self.left = body

    def read(self, size: int = -1) -> bytes:
        data, self.left = self.left, b""
        if not data:
            raise OSError("read again")
        return data


@pytest.mark.parametrize("terminated", [False, True])
@alike
def test_the_stream_of_a_form_whose_body_was_kept(fw: Framework, terminated: bool) -> Any:
    app = fw.app()
    headers = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "3"}
    found = []
    for body in (b"a=1", b"a=\xff"):
        environ = {"wsgi.input": Ended(body), **headers, **({"wsgi.input_terminated": True} if terminated else {})}
        with app.test_request_context(method="POST", environ_overrides=environ):
            found += [fw.request.get_data(), fw.request.form, fw.request.stream.read(7), fw.request.stream.read()]
    return found
