"""Random WSGI requests, sound and malformed, and all that an application can see of one.

A case is made from a number alone, so a difference can be looked at again: ``make_case(number)``.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import Accept, CombinedMultiDict, FileStorage, Headers, MultiDict

METHODS = ["GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "post", "HEAD", "OPTIONS"]

NAMES = """
args form files values cookies headers data stream json is_json mimetype mimetype_params
content_type content_length content_encoding content_md5 accept_mimetypes accept_languages
accept_encodings accept_charsets authorization cache_control if_match if_none_match if_range
if_modified_since if_unmodified_since range referrer user_agent origin date remote_addr access_route
host host_url url base_url root_url url_root full_path path root_path script_root query_string
scheme is_secure method server trusted_hosts url_rule view_args endpoint blueprint blueprints
routing_exception max_content_length max_form_memory_size max_form_parts want_form_data_parsed
pragma max_forwards remote_user is_multithread is_multiprocess is_run_once
access_control_request_headers access_control_request_method shallow
"""
ATTRIBUTES = NAMES.split()
CALLS: dict[str, Callable[[Any], Any]] = {
    "get_data()": lambda r: r.get_data(),
    "get_data(cache=False)": lambda r: r.get_data(cache=False),
    "get_data(as_text)": lambda r: r.get_data(as_text=True),
    "get_data(parse)": lambda r: r.get_data(parse_form_data=True),
    "get_json(force)": lambda r: r.get_json(force=True),
    "get_json(silent)": lambda r: r.get_json(silent=True),
    "get_json(force, silent)": lambda r: r.get_json(force=True, silent=True),
    "get_json(cache=False)": lambda r: r.get_json(cache=False),
    "stream.read(7)": lambda r: r.stream.read(7),
    "stream.readline()": lambda r: r.stream.readline(),
    "args['a']": lambda r: r.args["a"],
    "form['a']": lambda r: r.form["a"],
    "files['a']": lambda r: r.files["a"],
    "headers['X-A']": lambda r: r.headers["X-A"],
    "headers.get('Content-Length')": lambda r: r.headers.get("content-length", type=int),
    "repr": repr,
}
PROBES: dict[str, Callable[[Any], Any]] = {
    **{name: (lambda r, name=name: getattr(r, name)) for name in ATTRIBUTES},
    **CALLS,
}

TEXT = ["a", "b", "é", "=", "&", ";", "+", "%41", "%C3%A9", "%ff", "%", "%2", "\xc3\xa9", "\xff", " ", '"', "\\"]
PATHS = ["/", "/a/b", "//a//b", "", "/\xc3\xa9", "/\xff/", "/a%2Fb", "/a b", "/;x?y", "/static/", "/p/"]
VALUES = {
    "HTTP_HOST": ["localhost", "example.com:80", "a/admin?x=", "[::1]:5000", "exa mple", "evil.com", "é", ""],
    "HTTP_COOKIE": ["a=1; b=2", 'a="x\\073y"; b', "=x; y", 'q="open; z=1', "a=b c; d=e", "\xc3\xa9=\xff", ";;"],
    "HTTP_X_A": ["1", "", "\xe9"],
    "HTTP_ACCEPT": ["text/html;q=0.5, */*", "a/b;q=x, c", 'text/*;p="a,b";q=1', ",,", '"'],
    "HTTP_ACCEPT_LANGUAGE": ["de, en;q=0.7", "de_AT;q=2", "*"],
    "HTTP_ACCEPT_ENCODING": ["gzip, br;q=0", "identity;q=0.0001", ""],
    "HTTP_ACCEPT_CHARSET": ["utf-8", "x;q=-1"],
    "HTTP_AUTHORIZATION": ["Basic YTpi", "Basic YTpi!", "Bearer x", 'Digest username="a", nc=1', "Basic", "x"],
    "HTTP_CACHE_CONTROL": ["no-cache, max-age=5", "max-age=x", 'private="a, b"', "="],
    "HTTP_PRAGMA": ["no-cache", '"'],
    "HTTP_IF_MATCH": ['"a", W/"b"', "*", "a"],
    "HTTP_IF_NONE_MATCH": ['W/"a"', '"', "*, a"],
    "HTTP_IF_MODIFIED_SINCE": ["Sat, 21 Nov 2026 08:00:00 GMT", "yesterday", "Sat, 99 Nov 2026 08:00:00 GMT"],
    "HTTP_IF_UNMODIFIED_SINCE": ["Sat, 21 Nov 2026 08:00:00 GMT", ""],
    "HTTP_IF_RANGE": ['"a"', "Sat, 21 Nov 2026 08:00:00 GMT", 'W/"a"'],
    "HTTP_RANGE": ["bytes=0-4", "bytes=-0", "bytes=5-1", "bytes=0-1,3-4,-5", "x", "bytes=\xb2-"],
    "HTTP_REFERER": ["http://a/", "\xff"],
    "HTTP_USER_AGENT": ["curl/8", ""],
    "HTTP_ORIGIN": ["http://a"],
    "HTTP_DATE": ["Sat, 21 Nov 2026 08:00:00 GMT", "x"],
    "HTTP_MAX_FORWARDS": ["5", "x", "\u0665"],
    "HTTP_X_FORWARDED_FOR": ["1.1.1.1, 2.2.2.2", '"a', ""],
    "HTTP_CONTENT_ENCODING": ["gzip"],
    "HTTP_CONTENT_MD5": ["x"],
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": ["X-A, X-B"],
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": ["PUT"],
    "HTTP_TRANSFER_ENCODING": ["chunked", "gzip, Chunked", "x", ""],
    "REMOTE_ADDR": ["127.0.0.1", ""],
    "REMOTE_USER": ["me"],
    "SERVER_PORT": ["80", "443", "0", "x", ""],
    "wsgi.url_scheme": ["https", "ws"],
}
TYPES = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=latin-1",
    "Application/X-WWW-Form-Urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=\"b\"; x*=utf-8''%C3%A9",
    "multipart/form-data",
    "multipart/form-data; boundary=\xe9",
    "multipart/form-data; boundary*0=b",
    "application/json",
    "application/json",
    "application/problem+json; charset=utf-8",
    "text/plain",
    "",
]
JSON = [b"{}", b'{"a": [1, 2.5, null]}', b"[", b"\xff", b'"\xc3\xa9"', b"\xef\xbb\xbf{}", b"NaN", b"", b'{"a":1}x']
PARTS = [
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n',
    b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe9\r\n',
    b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n\xff\r\n',
    b'--b\r\nContent-Disposition: form-data; name="a"; filename="n\xc3\xa9.txt"\r\n\r\nfile\r\n--bx\r\n\r\n',
    b'--b\r\nContent-Disposition: form-data; name="b"; filename=""\r\nContent-Type: x/y\r\n\r\n\r\n',
    b"--b\r\nContent-Disposition: form-data\r\nContent-Length: +5\r\n\r\nno name\r\n",
    b"--b\r\nContent-Disposition: form-data; name=c;\r\n filename*=utf-8''%C3%A9.bin\r\n\r\n\x00\xff\r\n",
]
BROKEN = [
    *(b"\r", b"\n", b"\r\n", b"--b", b"\r\n--b\r\n", b"--b--", b"\r\n\r\n", b"x", b"--b\r\nX: \xff\r\n\r\n"),
    *(b"--b\nContent-Disposition: form-data; name=a\n\nlf\n", b"--b\r\nX: y\r\n\r\nnone\r\n", b"preamble\r\n"),
]


BROKEN_MARKS = [b"X: \xff", b"X: y"]


class Slow:
    """An input that gives no more than a few bytes to a read of some, and may fail at its end."""

    def __init__(self, body: bytes, most: int, fails: bool) -> None:
        self.body = io.BytesIO(body)
        self.most = most
        self.fails = fails

    def read(self, size: int = -1) -> bytes:
        data = self.body.read(size if size < 0 else min(size, self.most))
        if not data and self.fails:
            raise OSError("connection reset")
        return data

    def readline(self) -> bytes:
        return self.body.readline()


@dataclass
class Case:
    number: int
    environ: dict[str, Any]
    body: bytes
    most: int | None
    fails: bool
    config: dict[str, Any]
    debug: bool
    own_limits: dict[str, int]
    probes: list[str]
    ending: str | None
    seen: list[Any] = field(default_factory=list)

    def input(self, cut: bool) -> Any:
        """The body's stream, *cut* or whole.

        Flask gets it whole: cut between the two dashes that end a multipart body, Werkzeug takes the CR before
        them for contents.
        """
        most = self.most if cut and self.most else 1 << 30
        return Slow(self.body, most, self.fails) if cut or self.fails else io.BytesIO(self.body)


def make_case(number: int) -> Case:
    rng = random.Random(number)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": rng.choice(METHODS),
        "SCRIPT_NAME": rng.choice(["", "", "", "/app", "/\xc3\xa9/"]),
        "PATH_INFO": rng.choice(PATHS) if rng.random() < 0.3 else "/p/x",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": rng.random() < 0.5,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": "localhost",
    }
    if rng.random() < 0.7:
        environ["QUERY_STRING"] = "".join(rng.choices(TEXT, k=rng.randrange(10)))
        if not rng.randrange(4):
            environ["QUERY_STRING"] = "a=1&b=2&a=3"
    for name in rng.sample(list(VALUES), rng.randrange(8)):
        environ[name] = rng.choice(VALUES[name])
    if not rng.randrange(20):
        del environ[rng.choice(["HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "PATH_INFO", "SCRIPT_NAME"])]
        environ.setdefault("SERVER_NAME", "localhost")
    body = make_body(rng, environ)
    most = rng.choice([None, None, 1, 2, 3, 7, 50])
    fails = not rng.randrange(12)
    config: dict[str, Any] = {}
    own: dict[str, int] = {}
    limits = {"content_length": (0, 300), "form_memory_size": (0, 120), "form_parts": (0, 4)}
    if not rng.randrange(4):
        for name, (low, high) in limits.items():
            if rng.random() < 0.5:
                config[f"MAX_{name}".upper()] = rng.choice([None, rng.randint(low, high)])
            elif not rng.randrange(3):
                own[f"max_{name}"] = rng.randint(low, high)
        # How much is held at once depends on how the body is cut, so a limit is only compared uncut.
        most = None
    if not rng.randrange(10):
        config["TRUSTED_HOSTS"] = rng.choice([["localhost"], [".example.com", "localhost"], []])
    probes = rng.sample(list(PROBES), rng.choice([1, 2, 4, 10, len(PROBES)]))
    if "stream.read(7)" in probes or any(token in body for token in BROKEN_MARKS):
        # A read of the stream gives what one read of the input gives; and where parsing stops early, what is
        # left to read depends on the cuts. (That broken bodies are parsed alike is in test_multipart.py.)
        most = None
    ending = rng.choice([None, None, *probes])
    return Case(number, environ, body, most, fails, config, not rng.randrange(5), own, probes, ending)


def make_body(rng: random.Random, environ: dict[str, Any]) -> bytes:
    kind = rng.choice(TYPES)
    if rng.random() < 0.85:
        environ["CONTENT_TYPE"] = kind
    if "json" in kind:
        body = rng.choice(JSON)
    elif "multipart" in kind:
        tokens = PARTS if rng.random() < 0.6 else PARTS + BROKEN
        body = b"".join(rng.choices(tokens, k=rng.randrange(5))) + rng.choice([b"--b--\r\n", b"--b--", b""])
    elif "form" in kind.lower():
        body = "".join(rng.choices(TEXT, k=rng.randrange(14))).encode(rng.choice(["utf-8", "latin-1"]), "replace")
    else:
        body = rng.randbytes(rng.randrange(20))
    length = str(len(body))
    told = rng.random()
    if told < 0.75:
        environ["CONTENT_LENGTH"] = length
    elif told < 0.9:
        wrong = [str(len(body) + 3), str(len(body) // 2), "", "-1", "+5", "1_0", "\u0665", "5,5", f" {length}\t", "0x5"]
        environ["CONTENT_LENGTH"] = rng.choice(wrong)
    if rng.random() < 0.15:
        environ["wsgi.input_terminated"] = True
    return body


def plain(value: Any) -> Any:
    """A value as data that can be compared across two frameworks."""
    if isinstance(value, CombinedMultiDict):
        return type(value).__name__, [(key, [plain(v) for v in values]) for key, values in value.lists()]
    if isinstance(value, MultiDict):
        lists = [(key, [plain(v) for v in values]) for key, values in value.lists()]
        return type(value).__name__, lists
    if isinstance(value, FileStorage):
        value.stream.seek(0)
        facts = (value.name, value.filename, value.content_type, value.content_length, value.mimetype_params)
        return type(value.stream).__name__, facts, list(value.headers), value.stream.read()
    if isinstance(value, Headers):
        return type(value).__name__, list(value), value.get("content-type"), "x-a" in value, len(value)
    if isinstance(value, Accept):
        return type(value).__name__, list(value), value.best
    if hasattr(value, "read"):
        return "stream", plain_stream(value)
    if hasattr(value, "rule") and hasattr(value, "endpoint"):
        return value.rule, value.endpoint
    if isinstance(value, Exception):
        return plain_error(value)
    return repr(value)


def plain_stream(stream: Any) -> Any:
    try:
        return stream.read(), stream.read(1)
    except Exception as error:
        return plain_error(error)


def plain_error(error: Exception) -> Any:
    # PyPy's formatter fails on some requests, for both sides, with an address in its text.
    text = re.sub(r" at 0x[0-9a-f]+", "", str(error))
    return [cls.__name__ for cls in type(error).__mro__], text, getattr(error, "description", None)


def look(case: Case, request: Any) -> list[Any]:
    """What the probes of *case* show; they are made in its order, each keeps its error."""
    for name, value in case.own_limits.items():
        setattr(request, name, value)
    seen = []
    for name in case.probes:
        try:
            value = plain(PROBES[name](request))
        except Exception as error:
            value = plain_error(error)
        seen.append((name, value))
    return seen
