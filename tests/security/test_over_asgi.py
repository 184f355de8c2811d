"""The rows of attacks on a request, over ASGI on bolthead beside WSGI on Flask: what the view sees is the same."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest

import bolthead
from over_asgi import Loop, ask

HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="../../x"\r\n\r\n'
MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"

See = Callable[[Any], Any]
SEE: dict[str, See] = {
    "form": lambda request: (
        {name: [len(text) for text in texts] for name, texts in request.form.lists()},
        [(file.filename, len(file.read())) for file in request.files.values()],
    ),
    "host": lambda request: (request.host, request.url, request.path, request.root_url),
    "cookies": lambda request: request.cookies.to_dict(False),
    "etags": lambda request: (request.if_match.star_tag, sorted(request.if_match.as_set(True))),
    "range": lambda request: request.range and (request.range.units, request.range.ranges),
    "authorization": lambda request: request.authorization and dict(request.authorization.parameters),
    "type": lambda request: (request.mimetype, sorted(request.mimetype_params.items())),
    "json": lambda request: request.get_json(),
    "args": lambda request: request.args.to_dict(False),
    "forwarded": lambda request: (request.remote_addr, request.scheme, request.root_path, request.access_route),
}
BODIES: dict[str, tuple[str, bytes]] = {
    "many parts": (MULTIPART, (HEAD + b"x\r\n") * 1001 + b"--b--"),
    "a large field": (MULTIPART, HEAD + b"x" * 600_000 + b"\r\n--b--"),
    "a large preamble": (MULTIPART, b"x" * 600_000 + b"\r\n" + HEAD + b"x\r\n--b--"),
    "a large epilogue": (MULTIPART, HEAD + b"x\r\n--b--\r\n" + b"x" * 600_000),
    "a large header": (MULTIPART, b"--b\r\nX: " + b"y" * 600_000 + b"\r\n\r\nx\r\n--b--"),
    "a part led by a line break": (MULTIPART, FILE + b"\r" + b"a" * 1_000_000 + b"\r\n--b--"),
    "unfinished": (MULTIPART, HEAD + b"x"),
    "no boundary": ("multipart/form-data", HEAD + b"x\r\n--b--"),
    "a large urlencoded field": (URLENCODED, b"a=" + b"x" * 600_000),
    "semicolons": (URLENCODED, b"a=1;b=2"),
}
ROWS: list[tuple[str, str, dict[str, str], str, bytes]] = [
    *(("form", "/", {}, kind, body) for kind, body in BODIES.values()),
    *(
        ("host", "/p?x=1", {"HTTP_HOST": host}, "", b"")
        for host in ("a/admin?x=", "a@b", "a b", "[::1]evil", "[::1]:80", "[::ffff:6.6.6.6]", "a:0", "a:65536", "A.COM")
    ),
    *(
        ("cookies", "/", {"HTTP_COOKIE": text}, "", b"")
        for text in ("=__Host-x=bad; a=1", 'a="open; b=1', "a=x y; b=1", "f='\"x'", "%61=1", "a=1; a=2")
    ),
    *(("etags", "/", {"HTTP_IF_MATCH": text}, "", b"") for text in ("*", '"a", *', 'W/"a", "b"', '"a')),
    *(
        ("range", "/", {"HTTP_RANGE": text}, "", b"")
        for text in ("bytes=-0", "bytes=+0-1", "bytes=5-6,0-1", ",".join(["bytes=0-1"] * 20_000))
    ),
    *(
        ("authorization", "/", {"HTTP_AUTHORIZATION": text}, "", b"")
        for text in ("Basic YTpi", "Basic YTpi!!!!", "Basic w6k6eA==", 'Digest a="b')
    ),
    *(
        ("type", "/", {}, text, b"x")
        for text in (
            'a/b; x="' + "y" * 100_000,
            "a/b;" + "x*0=y;" * 5000,
            "a/b; x*=utf-8''%C3%A9; x*1=b",
            "a/b;" + "'" * 9999,
        )
    ),
    *(
        ("json", "/", {}, "application/json", body)
        for body in (
            b"\xff\xfe\xff" * 50_000,
            b"\x00" * 100_001,
            b"\xef\xbb\xbf{}",
            b"[" * 100_000,
            '"é"'.encode("latin-1"),
        )
    ),
    *(("args", f"/?{query}", {}, "", b"") for query in ("a=1;b=2", "a=%ff%C3%A9%c3", "a=%", "a=%00", "&&a&=b")),
    ("forwarded", "/", {"HTTP_X_FORWARDED_FOR": "6.6.6.6", "HTTP_X_FORWARDED_PROTO": "https"}, "", b""),
    *(("host", path, {}, "", b"") for path in ("//foo", "///a//b", "//evil.com", "//evil.com/", "/foo", "/a%0d%0ab")),
]


def answer(framework: Any, see: See, call: Callable[[Any], Any]) -> Any:
    app = framework.Flask("site_under_test", root_path="/nowhere")
    app.logger.disabled = True
    seen: list[Any] = []

    def view(**values: Any) -> str:
        seen.append((values, see(framework.request)))
        return ""

    for number, rule in enumerate(("/", "/p", "/foo/", "/a/b", "/<name>/")):
        app.add_url_rule(rule, f"view{number}", view, methods=["GET", "POST"])
    return call(app), seen


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.mark.parametrize("number", range(len(ROWS)), ids=lambda number: f"{number}-{ROWS[number][0]}")
def test_row(loop: Loop, number: int) -> None:
    see, target, headers, kind, body = ROWS[number]

    def environ(framework: Any) -> dict[str, Any]:
        client = framework.Flask("site_under_test", root_path="/nowhere").test_request_context(
            target, method="POST" if body else "GET", data=body, content_type=kind or None
        )
        made: dict[str, Any] = client.request.environ | {"HTTP_HOST": "localhost", "PATH_INFO": target.split("?")[0]}
        made.pop("werkzeug.request", None)
        return made | headers | {"REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(body)}

    def by_wsgi(app: Any) -> Any:
        started: list[Any] = []
        data = b"".join(app(environ(flask), lambda status, headers: started.append((status, headers))))
        status, found = started[-1]
        return int(status[:3]), dict(found).get("Location"), data

    def by_asgi(app: Any) -> Any:
        status, found, data = ask(loop, app, environ(bolthead), body, number)
        return status, {name.title(): value for name, value in found}.get("Location"), data

    assert answer(bolthead, SEE[see], by_asgi) == answer(flask, SEE[see], by_wsgi)
