"""Answers made for an ASGI server against what a WSGI server would get of the same response."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Load = Callable[[str], ModuleType]
NAME = "bolthead._core.lifecycle.asgi_send"

BODIES: dict[str, Callable[[], Any]] = {
    "bytes": lambda: b"text",
    "list": lambda: [b"a", b"b"],
    "text": lambda: ["é"],
    "empty": list,
    "generator": lambda: (part for part in (b"a", "b")),
}


def environ(method: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": method, "wsgi.url_scheme": "http", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("code", [200, 204, 304, 404])
@pytest.mark.parametrize("body", BODIES)
def test_answers(load: Load, body: str, code: int, method: str) -> None:
    module, cls = load(NAME), load("bolthead").Response
    started: list[Any] = []
    wanted = cls(BODIES[body](), code)(environ(method), lambda *given: started.append(given))
    sent = b"".join(wanted)
    wanted_code, wanted_pairs = int(started[0][0][:3]), sorted(started[0][1])
    response = cls(BODIES[body](), code)
    for answer in (module.whole_answer(True, response, method == "HEAD"), module.answer_of(response, environ(method))):
        if answer is None:
            assert body in ("text", "generator") or code in (204, 304), "it is in memory"
            continue
        data = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
        code_and_pairs = (
            (answer.code, answer.pairs) if answer.start is None else (answer.start.code, answer.start.pairs)
        )
        assert (code_and_pairs[0], sorted(code_and_pairs[1]), data) == (wanted_code, wanted_pairs, sent)


def test_a_wsgi_application(load: Load) -> None:
    """What is written goes before what is returned; a second start takes the place of the first."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-First", "1")])
        write = start_response("500 ERROR", [("X-Second", "1")], (None, None, None))
        write(b"written ")
        return [b"returned"]

    answer = load(NAME).answer_of(app, environ("GET"))
    assert (answer.code, answer.pairs, answer.body) == (500, [("X-Second", "1")], b"written returned")


def test_an_async_body_is_not_iterated(load: Load) -> None:
    async def parts() -> Any:
        yield b"a"

    for method, bodiless in (("GET", False), ("HEAD", True)):
        response = load("bolthead").Response()
        response.response = parts()
        answer = load(NAME).answer_of(response, environ(method))
        assert answer.is_async and answer.bodiless is bodiless and answer.response is response


class Sender:
    """What `path_of` asks of an exchange."""

    scope = {"extensions": {"http.response.pathsend": {}}}


def test_files_that_the_server_sends(load: Load, tmp_path: Path) -> None:
    """By path as long as it is still that file, from its beginning."""
    path_of = load(NAME).path_of
    path = tmp_path / "file"
    path.write_bytes(b"content")
    app = load("bolthead").Flask("site_under_test", root_path="/nowhere")
    with app.test_request_context(), path.open("rb") as opened:
        by_name = load("bolthead").send_file(str(path), mimetype="text/plain").response
        by_file = load("bolthead").send_file(opened, mimetype="text/plain").response
        for body in (by_name, by_file):
            assert path_of(Sender, body) == str(path)
        other = type("Other", (), {"scope": {}})
        assert [path_of(other, by_name), path_of(Sender, [b"content"])] == [None, None]
        opened.seek(1)
        assert path_of(Sender, by_file) is None
        opened.seek(0)
        path.rename(tmp_path / "moved")
        assert [path_of(Sender, body) for body in (by_name, by_file)] == [None, None]
        path.write_bytes(b"another")
        assert [path_of(Sender, body) for body in (by_name, by_file)] == [None, None]
        by_name.close()
        assert path_of(Sender, by_name) is None


def test_not_while_sending_is_overridden(load: Load) -> None:
    assert load(NAME).whole_answer(False, load("bolthead").Response("x"), False) is None
