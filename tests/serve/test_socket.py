"""``bolthead serve`` over a real socket: what reaches the application, and what is refused before it.

The names carry the id of the attack, in whatever software it was found.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import serving

pytest.importorskip("gunicorn")

APP = """
from bolthead import Flask, Response, request

app = Flask(__name__)
closed = []

@app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT"])
@app.route("/<path:path>", methods=["GET", "POST", "PUT"])
def echo(path):
    environ = request.environ
    return {
        "path": request.path,
        "url": request.url,
        "host": request.host,
        "body": request.get_data(as_text=True),
        "headers": dict(request.headers),
        "environ": {key: repr(value) for key, value in environ.items()},
    }

@app.post("/form")
def form():
    return {"form": request.form, "files": [file.filename for file in request.files.values()]}

@app.post("/deaf")
def deaf():
    return "heard nothing"

@app.route("/stream")
def stream():
    count = int(request.args["n"])

    def parts():
        try:
            for number in range(count):
                yield f"{number} " * 2000
        finally:
            closed.append(1)
    return Response(parts())

@app.route("/closed")
def how_many_closed():
    return str(len(closed))

@app.route("/written")
def written():
    def old_style(environ, start_response):
        write = start_response("202 Accepted", [("X-Own", "yes")])
        write(b"old ")
        return [b"style"]
    return old_style

@app.route("/raw")
def raw():
    return "x"

def outer(environ, start_response, inner=app.wsgi_app):
    if environ["PATH_INFO"] == "/split":
        start_response("200 OK", [("X-A", "b\\r\\nSet-Cookie: evil=1")])
        return [b"split"]
    if environ["PATH_INFO"] == "/written-raw":
        start_response("202 Accepted", [("X-Own", "yes")])(b"old ")
        return [b"style"]
    if environ["PATH_INFO"] == "/raise":
        raise RuntimeError("before any response")
    return inner(environ, start_response)

app.wsgi_app = outer
"""
LIMIT = 100_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("serve")
    (folder / "site.py").write_text("")
    (folder / "served.py").write_text(APP)
    running = serving.Server(
        folder, "served", "--workers", "1", "--max-body", str(LIMIT), env={"HTTP_EVIL": "from the environment"}
    )
    yield running
    running.close()


HEAD = b"Host: site.test\r\nConnection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: site.test\r\n\r\n"


def get(target: bytes = b"/", headers: bytes = HEAD, version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + b"\r\n" + headers + b"\r\n"


def post(headers: bytes, content: bytes = b"", path: bytes = b"/post") -> bytes:
    return b"POST " + path + b" HTTP/1.1\r\n" + HEAD + headers + b"\r\n" + content


def seen(answer: bytes) -> dict:
    assert serving.status(answer) == 200, answer
    return json.loads(serving.body(answer))


def test_environ(server):
    environ = seen(server.get("/a%20b/%C3%A9?x=%20y"))["environ"]
    assert environ["PATH_INFO"] == repr("/a b/Ã©")
    assert environ["QUERY_STRING"] == repr("x=%20y")
    assert environ["REQUEST_METHOD"] == "'GET'"
    assert environ["SCRIPT_NAME"] == "''"
    assert environ["SERVER_PORT"] == repr(str(server.port))
    assert environ["REMOTE_ADDR"] == "'127.0.0.1'"
    assert environ["wsgi.input_terminated"] == "True"
    assert environ["wsgi.url_scheme"] == "'http'"
    assert environ["wsgi.version"] == "(1, 0)"
    assert environ["wsgi.multiprocess"] == "False"
    assert environ["wsgi.multithread"] == "True"
    # Nothing of the process's own environment, which may hold secrets and look like headers.
    assert "HTTP_EVIL" not in environ
    assert "PATH" not in environ


def test_headers_said_twice_are_joined(server):
    headers = seen(server.get(extra="X-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\n"))["headers"]
    assert headers["X-A"] == "1,2"
    # As gunicorn joins them; a client sends one (RFC 6265, 5.4).
    assert headers["Cookie"] == "a=1,b=2"


@pytest.mark.parametrize(
    "length", ["+1_0", "+5", "-1", "1_0", "0x5", "5,5", "", "\u0665", "5 5", "99999999999999999999"]
)
def test_werkzeug_2716_content_length(server, length):
    answer = server.talk(post(f"Content-Length: {length}\r\n".encode(), b"0123456789"))
    assert serving.status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1


def test_two_different_content_lengths(server):
    assert serving.status(server.talk(post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"012345"))) == 400


@pytest.mark.parametrize(
    "coding",
    [
        "foo",
        "",
        "chunked, gzip",
        ",chunked",
        "chunked,chunked",
        "identity",
        "chunked\r\nTransfer-Encoding: chunked",
    ],
)
def test_CVE_2024_1135_transfer_encoding(server, coding):
    answer = server.talk(post(f"Transfer-Encoding: {coding}\r\n".encode(), b"1\r\na\r\n0\r\n\r\n") + SMUGGLED)
    assert serving.status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("coding", [b"chunked", b"ChUnKeD", b" \t chunked", b"gzip, chunked"])
def test_werkzeug_3134_chunked_in_a_list(server, coding):
    answer = server.talk(post(b"Transfer-Encoding: " + coding + b"\r\n", b"3\r\nabc\r\n0\r\n\r\n"))
    assert seen(answer)["body"] == "abc"


def test_chunked_is_refused_on_http_1_0(server):
    request = b"POST / HTTP/1.0\r\n" + HEAD + CHUNKED + b"\r\n1\r\na\r\n0\r\n\r\n"
    assert serving.status(server.talk(request)) == 400


@pytest.mark.parametrize(
    "header",
    [
        b"Transfer-\r\nEncoding: chunked",
        b"Content-Length\x85: 5",
        b"Content-Length\xa0: 5",
        b"Content-Length : 5",
        b": x",
        b"X: a\0b",
        b"X: a\rb",
        b"X\xff: a",
        b"X: a\r\n folded",
        b'G=":<>(e): a',
    ],
)
def test_malformed_headers(server, header):
    answer = server.talk(get(headers=HEAD + header + b"\r\n"))
    assert serving.status(answer) == 400
    assert b"connection: close" in answer.lower()


def test_a_blank_before_the_first_header(server):
    assert serving.status(server.talk(b"GET / HTTP/1.1\r\n Host: x\r\n\r\n")) == 400


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.32",
        b"GET / HTTP/4294967295.255",
        b"GET /",
        b'G=":<>(e) / HTTP/1.1',
        b"GET !  HTTP/1.1",
        b"GET /\nHTTP/1.1",
        b" GET / HTTP/1.1",
        b"GET /a b HTTP/1.1",
    ],
)
def test_malformed_request_lines(server, line):
    assert serving.status(server.talk(line + b"\r\n" + HEAD + b"\r\n")) == 400


@pytest.mark.parametrize("target", [b"@evil.test", b"evil.test", b"!", b"*", b"a:80", b"evil.test/path"])
def test_CVE_2026_54282_target_without_a_slash(server, target):
    answer = server.talk(get(target))
    assert serving.status(answer) == 400
    assert b"evil.test" not in answer


def test_options_star(server):
    assert serving.status(server.talk(b"OPTIONS * HTTP/1.1\r\n" + HEAD + b"\r\n")) in (200, 404)


def test_connect_ends_the_connection(server):
    request = b"CONNECT evil.test:80 HTTP/1.1\r\nHost: evil.test:80\r\n\r\n"
    answer = server.talk(request + SMUGGLED)
    assert serving.status(answer) in (404, 405)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_absolute_target(server):
    found = seen(server.talk(get(b"http://evil.test/p?x=1")))
    assert (found["path"], found["host"]) == ("/p", "site.test")


def test_slashes_do_not_make_another_host(server):
    answer = server.talk(get(b"//evil.test/x"))
    assert b"location: //" not in answer.lower()
    assert b"location: http://evil" not in answer.lower()


def test_CVE_2026_34525_two_hosts(server):
    two = b"Host: site.test\r\nHost: evil.test\r\nConnection: close\r\n"
    assert serving.status(server.talk(get(headers=two))) == 400


@pytest.mark.parametrize("host", [b"", b"Host: \r\n"])
def test_no_host(server, host):
    """gunicorn takes a request without one; the application sees that there is none."""
    for version in (b"HTTP/1.1", b"HTTP/1.0"):
        assert seen(server.talk(get(headers=host + b"Connection: close\r\n", version=version)))["url"] in (
            "http:///",
            f"http://127.0.0.1:{server.port}/",
        )


@pytest.mark.parametrize("host", [b"a/admin?x=", b"a/../b", b"user@evil", b"a b", b"a#b", b"[::1]evil"])
def test_CVE_2026_48710_host_never_reaches_the_path(server, host):
    answer = server.talk(get(b"/p", b"Host: " + host + b"\r\nConnection: close\r\n"))
    if serving.status(answer) != 400:
        found = seen(answer)
        assert (found["path"], found["host"], found["url"]) == ("/p", "", "http:///p")


def test_CVE_2022_29361_an_unread_body_is_no_request(server):
    inner = SMUGGLED.ljust(80)
    first = b"POST /deaf HTTP/1.1\r\nHost: site.test\r\nContent-Length: 80\r\n\r\n" + inner
    answer = server.talk(first + get(b"/second"))
    assert b"heard nothing" in answer
    assert b"/smuggled" not in answer


@pytest.mark.parametrize("content", [b"zz\r\n", b"1\r\naXX0\r\n\r\n", b"1_0\r\n", b"-1\r\n", b"+1\r\na\r\n", b"\r\n"])
def test_CVE_2025_43859_a_broken_chunk_ends_the_connection(server, content):
    request = b"POST /post HTTP/1.1\r\nHost: site.test\r\n" + CHUNKED + b"\r\n" + content + SMUGGLED
    answer = server.talk(request)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"/smuggled" not in answer


@pytest.mark.parametrize("size", [b"0x2_e", b"0_2e", b"-0x0", b" 1", b"\t1", b"1;a\rb", b"1;a\nb", b"F" * 17, b"1\n"])
def test_CVE_2024_52304_chunk_sizes(server, size):
    request = b"POST /post HTTP/1.1\r\nHost: site.test\r\n" + CHUNKED + b"\r\n" + size + b"\r\na\r\n0\r\n\r\n"
    answer = server.talk(request + SMUGGLED)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert (serving.status(answer) == 413) == size.startswith(b"F")
    assert b"/smuggled" not in answer


def test_CVE_2026_22815_trailers(server):
    found = seen(server.talk(post(CHUNKED, b"1\r\na\r\n0\r\nX-Evil: yes\r\n\r\n")))
    assert found["body"] == "a"
    assert "X-Evil" not in found["headers"]
    for name in (b"Host", b"Content-Length", b"Transfer-Encoding"):
        answer = server.talk(post(CHUNKED, b"1\r\na\r\n0\r\n" + name + b": 1\r\n\r\n") + SMUGGLED)
        assert (serving.status(answer), answer.count(b"HTTP/1.1 ")) == (400, 1)
    many = b"X: 1\r\n" * 1_000_000
    assert serving.status(server.talk(post(CHUNKED, b"1\r\na\r\n0\r\n" + many + b"\r\n"))) in (0, 400, 413, 431)


def test_CVE_2026_69243_nothing_follows_an_upgrade_with_a_body(server):
    request = post(b"Upgrade: websocket\r\nContent-Length: 3\r\n", b"abc" + SMUGGLED)
    answer = server.talk(request)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"101 " not in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("headers", [b"".join(b"X-%d: 1\r\n" % i for i in range(1000)), b"X: " + b"a" * 1_000_000])
def test_headers_are_bounded(server, headers):
    assert serving.status(server.talk(get(headers=HEAD + headers + b"\r\n"))) in (0, 400, 431)


def test_targets_are_bounded(server):
    assert serving.status(server.talk(get(b"/" + b"a" * 70_000))) == 414


def test_CVE_2026_34519_a_response_header_is_not_split(server):
    answer = server.get("/split")
    assert b"evil=1" not in answer
    assert b"x-a" not in answer.lower()


def test_an_error_before_any_response(server):
    assert serving.status(server.get("/raise")) == 500
    assert serving.status(server.get("/")) == 200


# The body limit


@pytest.mark.parametrize("path", [b"/post", b"/deaf", b"/form"])
def test_413_before_the_body_is_read(server, path):
    answer = server.talk(post(b"Content-Length: %d\r\nExpect: 100-continue\r\n" % (LIMIT + 1), b"", path))
    assert serving.status(answer) == 413
    assert b"connection: close" in answer.lower()
    server.until_said("Invalid request from ip=127.0.0.1: the body is larger than --max-body allows")


def test_413_and_nothing_after_it(server):
    request = b"POST /post HTTP/1.1\r\nHost: site.test\r\nContent-Length: 999999999\r\n\r\n"
    answer = server.talk(request + SMUGGLED)
    assert serving.status(answer) == 413
    assert answer.count(b"HTTP/1.1 ") == 1


def chunks(content: bytes, size: int) -> bytes:
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [7919, LIMIT * 2])
@pytest.mark.parametrize("over", [0, 1, 50_000])
def test_a_chunked_body_is_limited(server, size, over):
    content = b"a" * (LIMIT + over)
    answer = server.talk(post(CHUNKED, chunks(content, size)))
    if over:
        assert serving.status(answer) == 413
    else:
        assert seen(answer)["body"] == content.decode()


def test_the_limit_itself_passes(server):
    content = b"a" * LIMIT
    assert seen(server.talk(post(b"Content-Length: %d\r\n" % LIMIT, content)))["body"] == content.decode()


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n' + b"c" * 70_000 + b"\r\n--x--\r\n"
)


@pytest.mark.parametrize("chunked", [True, False])
def test_upload(server, chunked):
    headers = b"Content-Type: multipart/form-data; boundary=x\r\n"
    if chunked:
        request = post(headers + CHUNKED, chunks(MULTIPART, 4096), b"/form")
    else:
        request = post(headers + b"Content-Length: %d\r\n" % len(MULTIPART), MULTIPART, b"/form")
    assert seen(server.talk(request)) == {"form": {"a": "b"}, "files": ["f.txt"]}


@pytest.mark.parametrize("path", [b"/post", b"/form"])
def test_half_a_body_is_not_taken_for_a_whole_one(server, path):
    headers = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n"
    answer = server.talk(post(headers, b"amount=1", path), half_close=True)
    assert serving.status(answer) in (0, 400)


# Responses


def test_head_has_no_body(server):
    answer = server.talk(b"HEAD /raw HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert serving.status(answer) == 200
    assert b"content-length: 1\r\n" in answer.lower()
    assert serving.body(answer) == b""


def test_streams_and_closes(server):
    before = int(serving.body(server.get("/closed")))
    answer = server.get("/stream?n=3")
    assert b"transfer-encoding: chunked" in answer.lower()
    assert answer.count(b"0 ") >= 2000 and answer.count(b"2 ") >= 2000
    assert int(serving.body(server.get("/closed"))) == before + 1


def test_a_client_that_leaves_ends_the_stream(server):
    before = int(serving.body(server.get("/closed")))
    client = server.connect()
    client.sendall(get(b"/stream?n=1000000"))
    client.recv(1000)
    client.close()
    for _ in range(600):
        if int(serving.body(server.get("/closed"))) > before:
            return
    pytest.fail("the stream was not closed")


@pytest.mark.parametrize("path", ["/written", "/written-raw"])
def test_the_old_way_to_write(server, path):
    answer = server.get(path)
    assert serving.status(answer) == 202
    assert b"old " in answer
    assert b"style" in answer
    assert b"x-own: yes" in answer.lower()


def test_keep_alive(server):
    request = b"GET /raw HTTP/1.1\r\nHost: site.test\r\n\r\n"
    answer = server.talk(request * 3 + get(b"/raw"))
    assert answer.count(b"HTTP/1.1 200") == 4


# What is ambiguous


@pytest.mark.parametrize(
    "headers",
    [
        CHUNKED + b"Content-Length: 5\r\n",
        b"Content-Length: 5\r\n" + CHUNKED,
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"X: a\nY: b\r\n",
        b"X: y\n\nGET /smuggled HTTP/1.1\r\n",
    ],
)
def test_ambiguous_framing(server, headers):
    answer = server.talk(post(headers, b"0\r\n\r\n") + SMUGGLED)
    assert (serving.status(answer), answer.count(b"HTTP/1.1 ")) == (400, 1)
    assert b"/smuggled" not in answer


@pytest.mark.parametrize("content", [b"5\r\nabcde\r\n", b"5\r\nab", b"5\r\nabcde\r\n0\r\n", b"1 \r\na\r\n0\r\n\r\n"])
def test_a_broken_chunked_body_is_no_whole_one(server, content):
    assert serving.status(server.talk(post(CHUNKED, content), half_close=True)) == 400


def test_a_header_with_an_underscore_is_none(server):
    found = seen(server.get(extra="X_Forwarded_For: 6.6.6.6\r\nContent_Length: 5\r\n"))
    assert not {"X-Forwarded-For", "Content-Length"} & found["headers"].keys()


@pytest.mark.parametrize("value", ["José", "\xff", "a\x80b"])
def test_every_byte_of_a_header_arrives(server, value):
    found = seen(server.get(extra=f"Cookie: name={value}; session=abc\r\nX-Forwarded-For: {value}\r\n"))
    assert found["environ"]["HTTP_COOKIE"] == repr(f"name={value}; session=abc")
    assert found["environ"]["HTTP_X_FORWARDED_FOR"] == repr(value)


@pytest.mark.parametrize("method", [b"delete", b"Get", b"G", b"get"])
def test_a_method_in_lower_case_is_refused(server, method):
    assert serving.status(server.talk(method + b" / HTTP/1.1\r\n" + HEAD + b"\r\n")) == 400
