"""The access log: gunicorn's formats and JSON, with a request id, in lines that no request can forge."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

ID_KEY = "bolthead.request_id"
"""Where a request's id is in its ``environ``."""
GOOD_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape(text: str) -> str:
    """*text* without line breaks, control characters or quotes of its own."""
    if text.isascii() and text.isprintable() and '"' not in text:
        return text
    return UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text.replace('"', '\\"'))


class Atoms(Mapping[str, Any]):
    """What a format can name, found when it is named: gunicorn's atoms, headers and variables of the ``environ``."""

    def __init__(self, log: Any, environ: dict[str, Any], response: Any, seconds: float) -> None:
        self.log = log
        self.environ = environ
        self.response = response
        self.seconds = seconds

    def __getitem__(self, key: str) -> Any:
        if key.startswith("{"):
            found = self._variable(key[1:-2].lower(), key[-1:])
        else:
            method = getattr(self, f"_{key}", None) if len(key) == 1 else None
            found = method() if method is not None else None
        if found is None:
            return "-"
        return escape(found) if isinstance(found, str) else found

    def __iter__(self) -> Iterator[str]:
        return iter(("h", "l", "u", "t", "r", "s", "m", "U", "q", "H", "b", "B", "f", "a", "T", "D", "M", "L", "p"))

    def __len__(self) -> int:
        return 19

    def _variable(self, name: str, kind: str) -> str | None:
        if kind == "i":
            key = name.upper().replace("-", "_")
            found = self.environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}")
        elif kind == "o":
            found = next((value for header, value in self.response.headers if header.lower() == name), None)
        elif kind == "e":
            found = next((value for key, value in self.environ.items() if key.lower() == name), None)
        else:
            found = None
        return None if found is None else str(found)

    def _h(self) -> Any:
        return self.environ.get("REMOTE_ADDR", "-")

    def _u(self) -> Any:
        return self.log._get_user(self.environ)

    def _t(self) -> str:
        return time.strftime("[%d/%b/%Y:%H:%M:%S %z]")

    def _r(self) -> str:
        environ = self.environ
        return f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {environ['SERVER_PROTOCOL']}"

    def _s(self) -> str:
        return str(self.response.status or "500").partition(" ")[0]

    def _m(self) -> Any:
        return self.environ["REQUEST_METHOD"]

    def _U(self) -> Any:
        return self.environ["PATH_INFO"]

    def _q(self) -> Any:
        return self.environ["QUERY_STRING"]

    def _H(self) -> Any:
        return self.environ["SERVER_PROTOCOL"]

    def _b(self) -> str:
        return str(self.response.sent)

    def _B(self) -> Any:
        return self.response.sent

    def _f(self) -> Any:
        return self.environ.get("HTTP_REFERER", "-")

    def _a(self) -> Any:
        return self.environ.get("HTTP_USER_AGENT", "-")

    def _T(self) -> int:
        return int(self.seconds)

    def _D(self) -> int:
        return int(self.seconds * 1_000_000)

    def _M(self) -> int:
        return int(self.seconds * 1000)

    def _L(self) -> str:
        return f"{self.seconds:.6f}"

    def _p(self) -> str:
        return f"<{os.getpid()}>"


def as_json(environ: dict[str, Any], response: Any, seconds: float) -> str:
    """A request as one line of JSON."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return json.dumps(
        {
            "time": f"{stamp}.{int(now % 1 * 1000):03d}Z",
            "remote": environ.get("REMOTE_ADDR"),
            "method": environ["REQUEST_METHOD"],
            "target": environ["RAW_URI"],
            "protocol": environ["SERVER_PROTOCOL"],
            "host": environ.get("HTTP_HOST"),
            "status": response.code or 500,
            "bytes": response.sent,
            "seconds": round(seconds, 6),
            "referer": environ.get("HTTP_REFERER"),
            "user_agent": environ.get("HTTP_USER_AGENT"),
            "request_id": environ.get(ID_KEY),
            "pid": os.getpid(),
        }
    )


def give_id(environ: dict[str, Any], header: str, trusted: bool) -> None:
    """Give a request its id: that of *header* where a trusted proxy sent a good one, else a new one.

    The application finds it under ``bolthead.request_id``, and as that header.
    """
    key = "HTTP_" + (header or "X-Request-ID").upper().replace("-", "_")
    found = environ.get(key) if header and trusted else None
    if found is None or GOOD_ID.fullmatch(found) is None:
        found = os.urandom(16).hex()
    environ[ID_KEY] = found
    environ[key] = found
