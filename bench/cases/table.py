"""The table of cases, in the order of the documentation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from email.utils import formatdate
from functools import cached_property
from pathlib import Path

from .asks import Ask, Environ

HERE = Path(__file__).parent
SECRET = "not a secret, only a bench"
STATIC = HERE / "static" / "one.txt"
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "----WebKitFormBoundaryq3XJ9ZbTn0vYhB2c"


@dataclass(frozen=True)
class Case:
    """One row: requests sent in turn, and the ratios to Flask that are aimed at on either build."""

    key: str
    title: str
    asks: tuple[Ask, ...]
    compiled: float
    pure: float

    @cached_property
    def jobs(self) -> list[tuple[Environ, bytes | None]]:
        return [(ask.environ(), ask.body) for ask in self.asks]


def multipart() -> bytes:
    """A form of nine fields and a file of two kilobytes, as a browser writes it."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="field{n}"\r\n\r\nthe value of field {n}\r\n'
        for n in range(9)
    ]
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="notes.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    )
    return "".join(parts).encode() + b"0123456789abcdef" * 128 + f"\r\n--{BOUNDARY}--\r\n".encode()


def objects() -> bytes:
    """Twenty objects as JSON."""
    things = [
        {"id": n, "name": f"thing {n}", "price": n * 1.25, "tags": ["a", "b", "c"], "stock": n % 2 == 0}
        for n in range(20)
    ]
    return json.dumps(things, separators=(",", ":")).encode()


def session_cookie(value: dict[str, object]) -> str:
    """*value* signed as Flask's sessions are, with the bench's key."""
    from itsdangerous import URLSafeTimedSerializer

    signer = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
    return str(URLSafeTimedSerializer(SECRET, salt="cookie-session", signer_kwargs=signer).dumps(value))


def cases() -> list[Case]:
    """All cases; made when asked for, since the signed cookie and the static file's date belong to the run."""
    fields = b"name=Ada+Lovelace&mail=ada%40example.org&town=London&note=first+of+them&agree=on"
    signed = {"HTTP_COOKIE": f"session={session_cookie({'user': 7, 'name': 'Ada'})}"}
    unchanged = {"HTTP_IF_MODIFIED_SINCE": formatdate(STATIC.stat().st_mtime, usegmt=True)}
    return [
        Case("string", "one route, string", (Ask("/"),), 26, 14),
        Case("json", "dict → JSON", (Ask("/"),), 15, 11),
        Case("int", "`/item/<int:id>`", (Ask("/item/4711"),), 25, 13),
        Case("query", "two query values", (Ask("/", query="name=Ada+Lovelace&page=3"),), 20, 10),
        Case(
            "headers",
            "two headers, one cookie",
            (Ask("/", headers={"HTTP_COOKIE": "theme=dark; lang=en", "HTTP_X_REQUEST_ID": "6f1c9a"}),),
            18,
            9,
        ),
        Case("form", "urlencoded form of 5 fields", (Ask("/", "POST", content_type=FORM, body=fields),), 16, 6),
        Case(
            "json-body",
            "JSON body of 20 objects in, JSON out",
            (Ask("/", "POST", content_type="application/json", body=objects()),),
            8,
            6,
        ),
        Case(
            "multipart",
            "multipart, 9 fields and a 2 kB file",
            (Ask("/", "POST", content_type=f"multipart/form-data; boundary={BOUNDARY}", body=multipart()),),
            13,
            3,
        ),
        Case("session-read", "read a signed session", (Ask("/", headers=signed),), 9, 6),
        Case("session-write", "write a signed session", (Ask("/"),), 7, 5),
        Case("template", "template with 21 `url_for` and a 20-row loop", (Ask("/"),), 6, 3),
        Case("page-rows", "page: 40 rows, 5 attributes of objects each", (Ask("/"),), 2.6, 1.9),
        Case("page-include", "page: layout, an include per row with URL, filters, a method", (Ask("/"),), 2.6, 1.9),
        Case("page-form", "page: layout, flashed message, 12 fields by an imported macro", (Ask("/"),), 2.6, 1.9),
        Case("page-methods", "page: methods, properties, `g`, `config`, `request` per row", (Ask("/"),), 2.6, 1.9),
        Case("page-filters", "page: `upper`, `e`, `length`, `default`, `join` per row", (Ask("/"),), 2.6, 1.9),
        Case("url-for", "50 × `url_for`", (Ask("/"),), 10, 5),
        Case(
            "errors",
            "redirect, `abort(403)`, 404, 405",
            (
                Ask("/redirect", same_body=False),
                Ask("/abort", same_body=False),
                Ask("/nowhere", same_body=False),
                Ask("/abort", "POST", same_body=False),
            ),
            15,
            8,
        ),
        Case("make-response", "`make_response` with header and cookie", (Ask("/"),), 10, 6),
        Case("stream", "streamed generator", (Ask("/"),), 14, 8),
        Case(
            "static",
            "static file of 1 kB, full and 304",
            (Ask("/static/one.txt"), Ask("/static/one.txt", headers=unchanged)),
            7,
            4,
        ),
        Case("blueprint", "blueprint with 2 before, 2 after, 1 teardown hooks and `g`", (Ask("/shop/basket"),), 16, 8),
        Case("rules", "60 rules, 4-variable path", (Ask("/api/ada/engine/issues/1843/comments/42"),), 20, 9),
        Case("async", "async view (with asgiref installed)", (Ask("/"),), 5, 4),
    ]
