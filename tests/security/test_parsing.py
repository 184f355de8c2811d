"""Known attacks on request parsers, and what each must get. Confirmed advisories are in the tests' names."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder

import bolthead
from bolthead import Flask, request

HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
MULTIPART = "multipart/form-data; boundary=b"
Ask = Callable[..., Any]


@pytest.fixture
def ask() -> Ask:
    """``ask(view, path, **options)``: what a request to *view*, which may return any value, leads to.

    That is the value, or the status of an error.
    """

    def made(view: Callable[[], Any], path: str = "/", **options: Any) -> Any:
        app = Flask("site_under_test", root_path="/nowhere")
        app.config.update(options.pop("config", {}))
        seen = []
        app.add_url_rule(
            "/",
            "page",
            lambda: seen.append(view()) or "",
            methods=["GET", "POST"],  # type: ignore[func-returns-value]
        )
        answer = app.test_client(use_cookies=False).open(path, **options)
        return seen[0] if seen else answer.status_code

    return made


class Endless(io.RawIOBase):
    """A body without end, which counts what is taken of it."""

    def __init__(self, start: bytes, more: bytes) -> None:
        self.start = io.BytesIO(start)
        self.more = more
        self.taken = 0
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert 0 <= size <= 1 << 20, "asked for more than a piece"
        data = self.start.read(size)
        if not data:
            at = self.given % len(self.more)
            data = (self.more * (size // len(self.more) + 2))[at : at + size]
            self.given += size
        self.taken += len(data)
        return data


def endless(start: bytes, more: bytes, view: Callable[[], Any], **config: Any) -> tuple[int, int]:
    """The status that reading an endless multipart body gives, and how much of it was read."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.config.update(config)
    app.add_url_rule("/", "page", lambda: str(view()), methods=["POST"])
    body = Endless(start, more)
    environ = EnvironBuilder(method="POST").get_environ()
    environ.update({"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_TYPE": MULTIPART})
    started: list[Any] = []
    b"".join(app(environ, lambda *args: started.append(args)))
    return int(started[0][0][:3]), body.taken


# --- cookies and headers --------------------------------------------------------------------------------------


def test_CVE_2023_23934_nameless_cookie(ask: Ask) -> None:
    """``=__Host-x=bad`` is no cookie of any name."""
    seen = ask(lambda: request.cookies.to_dict(False), headers={"Cookie": "=__Host-x=bad; a=1; =; ==x"})
    assert seen == {"a": ["1"]}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('a="open; b=1', {"b": ["1"]}),
        ('a=x y; b=1; "c"=2; d e=3', {"b": ["1"]}),
        ('f=\'"x\'; g="q"', {"g": ["q"]}),
        ("%61=1", {"%61": ["1"]}),
        ("a=\x0b1\x0b", {"a": ["\x0b1\x0b"]}),
        (" \ta = 1\t; \xa0b=2", {"a": ["1"], "\xa0b": ["2"]}),
    ],
)
def test_malformed_cookies_are_left_out(ask: Ask, header: str, expected: Any) -> None:
    environ = {"HTTP_COOKIE": header}
    assert ask(lambda: request.cookies.to_dict(False), environ_overrides=environ) == expected


def test_bytes_minus_zero_is_no_range(ask: Ask) -> None:
    assert ask(lambda: (request.range,), headers={"Range": "bytes=-0"}) == (None,)


def test_etags(ask: Ask) -> None:
    """A star stands for all only by itself."""
    assert ask(lambda: request.if_match.star_tag, headers={"If-Match": "*"}) is True
    assert ask(lambda: request.if_match.star_tag, headers={"If-Match": '"a", *'}) is False


def test_basic_auth_of_bad_base64(ask: Ask) -> None:
    assert ask(lambda: (request.authorization,), headers={"Authorization": "Basic YTpi!!!!"}) == (None,)


# --- hosts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["a/admin?x=", "a@b", "a b", "a\\b", "[::1]evil", "a#", "a:99999", "a:0x50", ""])
def test_CVE_2026_48710_host_never_moves_the_path(ask: Ask, host: str) -> None:
    """A Host that is none counts as empty: neither the path nor the URL can be changed through it."""
    seen = ask(lambda: (request.host, request.path, request.url), headers={"Host": host})
    assert seen == ("", "/", "http:///")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("good.com", 200),
        ("good.com:8080", 200),
        ("a.good.org", 200),
        ("GOOD.COM", 400),
        ("evil.com", 400),
        ("good.com.evil.com", 400),
        ("good.com@evil.com", 400),
        ("xgood.org", 400),
        ("[::ffff:6.6.6.6]", 400),
        ("[2001:db8::2]", 400),
    ],
)
def test_trusted_hosts(host: str, status: int) -> None:
    """Compared whole and case-sensitively, the port apart."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.config["TRUSTED_HOSTS"] = ["good.com", ".good.org", "[::1]", "[2001:db8::1]"]
    app.add_url_rule("/", "page", lambda: request.host)
    assert app.test_client().get("/", headers={"Host": host}).status_code == status


def test_forwarded_headers_are_ignored(ask: Ask) -> None:
    """No number of trusted proxies is configured, so none is trusted."""
    headers = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil.com",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=6.6.6.6;host=evil.com",
    }
    seen = ask(lambda: (request.remote_addr, request.host, request.scheme, request.root_path), headers=headers)
    assert seen == ("127.0.0.1", "localhost", "http", "")


def test_forwarded_headers_count_from_the_right() -> None:
    """With a number of proxies configured, what a client put before theirs is not looked at."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=2, x_host=1, x_proto=1)  # type: ignore[method-assign]
    app.add_url_rule("/", "page", lambda: [request.remote_addr, request.url])

    def seen(**headers: str) -> Any:
        told = {f"X-Forwarded-{name}": value for name, value in headers.items()}
        return app.test_client().get("/", headers=told).json

    assert seen(For="6.6.6.6, 2.2.2.2, 3.3.3.3", Host="evil, good", Proto="http, https") == ["2.2.2.2", "https://good/"]
    assert seen(For="9.9.9.9", Host="evil/admin?") == ["127.0.0.1", "http:///"]
    assert seen(For="\xff, 2.2.2.2") == ["\xff", "http://localhost/"]


# --- queries and urlencoded forms -----------------------------------------------------------------------------


def test_CVE_2021_23336_semicolon_is_no_separator(ask: Ask) -> None:
    assert ask(lambda: request.args.to_dict(), "/?a=1;b=2") == {"a": "1;b=2"}
    form = {"data": b"a=1;b=2", "content_type": "application/x-www-form-urlencoded", "method": "POST"}
    assert ask(lambda: request.form.to_dict(), **form) == {"a": "1;b=2"}


def test_CVE_2026_54283_urlencoded_bodies_have_the_content_limit(ask: Ask) -> None:
    """As in Werkzeug since 3.1.9 the form limits are for multipart alone; MAX_CONTENT_LENGTH is for all."""
    form: dict[str, Any] = {
        "data": b"a=1&" * 2000,
        "content_type": "application/x-www-form-urlencoded",
        "method": "POST",
    }
    small = {"MAX_FORM_MEMORY_SIZE": 10, "MAX_FORM_PARTS": 1}
    assert ask(lambda: len(request.form.getlist("a")), config=small, **form) == 2000
    assert ask(lambda: request.form, config={"MAX_CONTENT_LENGTH": 7999}, **form) == 413


def test_bad_bytes_stay_percent_encoded(ask: Ask) -> None:
    assert ask(lambda: request.args["a"], "/?a=%ff%C3%A9%c3") == "%FFé%C3"


def test_an_error_while_reading_does_not_break_the_next_request() -> None:
    """A query that is no UTF-8 is an error of that request alone (as of Bottle's binding of requests)."""
    app = Flask("site_under_test", root_path="/nowhere")
    app.add_url_rule("/", "page", lambda: request.args.get("a", ""))
    app.logger.disabled = True
    client = app.test_client()
    for _ in range(3):
        assert client.get("/", environ_overrides={"QUERY_STRING": "a=\xff"}).status_code == 500
        assert client.get("/?a=1").text == "1"


# --- the length of a body -------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["+5", "-1", "1_0", "0x5", "\u0665", "5,5", "", "five", "5.0", "\xb2"])
def test_werkzeug_2716_content_length_is_ascii_digits(ask: Ask, length: str) -> None:
    """Any other is as if it were 0: nothing is read, which cannot be taken for a second request."""
    environ = {"CONTENT_LENGTH": length}
    seen = ask(
        lambda: (request.content_length, request.get_data()), method="POST", data=b"12345", environ_overrides=environ
    )
    assert seen == (0, b"")


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "gzip, CHUNKED", "chunked, identity"])
def test_werkzeug_3134_transfer_encoding_in_a_list(ask: Ask, coding: str) -> None:
    """Content-Length means nothing beside it, in whatever case and place of the list it stands."""
    environ = {"HTTP_TRANSFER_ENCODING": coding}
    seen = ask(
        lambda: (request.content_length, request.get_data()), method="POST", data=b"12345", environ_overrides=environ
    )
    assert seen == (None, b"")


def test_CVE_2026_33034_declared_length_takes_no_memory(ask: Ask) -> None:
    """The length a client declares is how much is read at most, and never how much is asked for at once."""
    asked = []

    class Body(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size)
            return super().read(size)

        readinto = None  # type: ignore[assignment]

    for view in (lambda: request.get_data(), lambda: request.form, lambda: request.stream.read()):
        body = Body(b"a=1")
        environ = {"wsgi.input": body, "CONTENT_LENGTH": str(10**15)}
        form = "application/x-www-form-urlencoded"
        assert ask(view, method="POST", content_type=form, environ_overrides=environ) == 400
    assert max(asked) <= 64 * 1024


def test_nothing_is_read_beyond_the_declared_length(ask: Ask) -> None:
    body = io.BytesIO(b"a=1GET /admin HTTP/1.1\r\n\r\n")
    environ = {"wsgi.input": body, "CONTENT_LENGTH": "3"}
    form = "application/x-www-form-urlencoded"
    assert ask(lambda: request.form.to_dict(), method="POST", content_type=form, environ_overrides=environ) == {
        "a": "1"
    }
    assert body.read().startswith(b"GET")


def test_content_limit_before_reading(ask: Ask) -> None:
    """413 by the declared length alone; where there is none, as soon as there is more than the limit."""
    limit = {"MAX_CONTENT_LENGTH": 100}
    assert ask(lambda: request.get_data(), method="POST", data=b"x" * 101, config=limit) == 413
    pieces = lambda: list(iter(lambda: request.stream.read(1000), b""))  # noqa: E731
    for view in (pieces, lambda: request.files):
        status, taken = endless(FILE, b"x", view, MAX_CONTENT_LENGTH=100_000)
        assert (status, taken) == (413, 100_000)


# --- JSON -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\xff" * 50_000, b"\x00" * 100_001, b"\xef\xbb\xbf\xef\xbb\xbf{}", '"é"'.encode("latin-1"), b"[" * 90],
)
def test_CVE_2018_1000656_json_in_a_wrong_encoding(ask: Ask, body: bytes) -> None:
    """400, in linear time and memory (also CVE-2019-1010083)."""
    assert ask(lambda: request.json, method="POST", data=body, content_type="application/json") == 400


# --- multipart ------------------------------------------------------------------------------------------------


def test_CVE_2023_25577_many_parts(ask: Ask) -> None:
    part = HEAD + b"x\r\n"
    body = {"method": "POST", "content_type": MULTIPART}
    assert ask(lambda: len(request.form.getlist("a")), data=part * 1000 + b"--b--", **body) == 1000
    assert ask(lambda: request.form, data=part * 1001 + b"--b--", **body) == 413
    status, taken = endless(b"", part, lambda: request.form)
    assert status == 413
    assert taken < 1001 * len(part) + 128 * 1024


@pytest.mark.parametrize("lead", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("fill", [b"a", b"\r\n", b"\r", b"\n", b"\r\n--", b"\r\n--b-", b"\r\n--c", b"-", b"\r\n--b x"])
def test_CVE_2023_46136_part_led_by_a_line_break(ask: Ask, lead: bytes, fill: bytes) -> None:
    """Nothing in a file's contents makes reading it slower than linear; a square of this size would not end."""
    content = lead + (fill * (4_000_000 // len(fill)))
    view = lambda: sum(map(len, iter(lambda: request.files["f"].read(65536), b"")))  # noqa: E731
    seen = ask(view, method="POST", content_type=MULTIPART, data=FILE + content + b"\r\n--b--\r\n")
    assert seen == len(content)


@pytest.mark.parametrize(
    ("start", "more"),
    [
        pytest.param(HEAD, b"x", id="field"),
        pytest.param(HEAD, b"\r\n", id="field of line breaks"),
        pytest.param(b"", b"x", id="preamble"),
        pytest.param(b"", b"-", id="preamble of dashes"),
        pytest.param(HEAD + b"x\r\n--b--\r\n", b"x", id="epilogue"),
        pytest.param(b"--b\r\n", b"X: y\r\n", id="headers"),
        pytest.param(b"--b\r\nX: ", b"y", id="header"),
        pytest.param(HEAD + b"x\r\n--b", b" ", id="delimiter"),
    ],
)
def test_CVE_2024_49767_limit_before_buffering(start: bytes, more: bytes) -> None:
    """Whatever is kept in memory is limited, and 413 comes before more than that has been read.

    The headers of a part (CVE-2026-42561, CVE-2026-34516), what stands before and after the parts
    (CVE-2026-40347), a field in pieces (CVE-2026-34517).
    """
    status, taken = endless(start, more, lambda: request.form)
    assert status == 413
    assert taken <= 500_000 + 128 * 1024


def test_limits_set_on_the_request() -> None:
    def view() -> Any:
        request.max_form_memory_size = 1000
        return request.form

    status, taken = endless(HEAD, b"x", view)
    assert status == 413
    assert taken <= 128 * 1024

    def parts() -> Any:
        request.max_form_parts = 2
        return request.form

    assert endless(b"", HEAD + b"x\r\n", parts)[0] == 413


def test_CVE_2026_24486_file_names_are_names(ask: Ask, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name a client gives a file decides nothing about where its contents are kept."""
    monkeypatch.chdir(tmp_path)
    name = "../../../evil.txt"
    body = FILE.replace(b'filename="f"', f'filename="{name}"'.encode()) + b"x" * 600_000 + b"\r\n--b--\r\n"
    seen = ask(
        lambda: (request.files["f"].filename, request.files["f"].stream.name),
        method="POST",
        content_type=MULTIPART,
        data=body,
    )
    assert seen[0] == name
    assert "evil" not in str(seen[1])
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("data", [b"", b"--b--", b"--b\r\n", HEAD, FILE + b"x", b"--b\r\nX: y\r\n\r\n\r\n--b--"])
def test_unfinished_bodies_are_empty_forms(ask: Ask, data: bytes) -> None:
    seen = ask(lambda: (len(request.form), len(request.files)), method="POST", content_type=MULTIPART, data=data)
    assert seen == (0, 0)


# --- responses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\nSet-Cookie: x=1", "\n"])
def test_line_breaks_in_response_headers(ask: Ask, value: str) -> None:
    """Refused where they are set (CVE-2026-34519, CVE-2026-34520 in another server)."""
    for set_header in (
        lambda: bolthead.Response("", headers={"X-A": value}),
        lambda: bolthead.Response("").headers.add("X-A", value),
        lambda: bolthead.make_response("", 200, {"X-A": value}),
        lambda: bolthead.make_response(("", [("X-A", value)])),
    ):
        with pytest.raises(ValueError, match="newline"):
            ask(set_header, config={"PROPAGATE_EXCEPTIONS": True})


def test_http_errors_are_answers(ask: Ask) -> None:
    """A parser's refusal is an HTTPException to the view, which may catch it."""

    def view() -> Any:
        try:
            return request.form
        except HTTPException as error:
            return error.code

    body = {"method": "POST", "content_type": MULTIPART, "data": HEAD + b"x" * 600_000}
    assert ask(view, **body) == 413
