"""The usual heads: of a request into a WSGI ``environ``, and of a response into text."""

from __future__ import annotations

import re
from typing import Any

from .names import DATE, HOP, LENGTH, NAMES, learn

IN_DOUBT = -1
LINES_SIZE = 4096
"""Bytes of header lines that are usual."""
LENGTH_DIGITS = 15
"""As many digits as a usual length has."""
LINE = re.compile(rb"(?!CONNECT )([A-Z]{3,20}) (/(?!/)[!\"$->@-~]*)(\?[!\"$-~]*)? HTTP/1\.([01])")
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def parse_head(data: bytes, environ: dict[str, Any], limit_line: int, limit_fields: int, limit_size: int) -> int:
    """Put the head that begins *data* into *environ*; how many bytes it took, or ``IN_DOUBT``.

    In doubt is a head that is not complete, comes near a limit, names a header twice or with more than letters,
    digits and hyphens, has another target than a path, or is anything else but the usual. What *environ* holds then
    is of no use. The limits are gunicorn's, in bytes and number.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return IN_DOUBT
    lines = data[:end].split(b"\r\n")
    first = LINE.fullmatch(lines[0])
    if first is None or len(lines[0]) + 2 > limit_line or len(lines) > limit_fields:
        return IN_DOUBT
    method, path, query, minor = first.groups()
    environ["REQUEST_METHOD"] = method.decode("ascii")
    environ["PATH_INFO"] = path.decode("ascii")
    environ["RAW_URI"] = (path + (query or b"")).decode("ascii")
    environ["QUERY_STRING"] = query[1:].decode("ascii") if query else ""
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if minor == b"1" else "HTTP/1.0"
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        key = NAMES.get(name) or learn(name)
        if key is None or not colon or key in environ or len(line) + 2 > limit_size or CONTROL.search(value):
            return IN_DOUBT
        environ[key] = value.strip(b" \t").decode("latin-1")
    return end + 4


def usual_lines(headers: Any, names: dict[str, int]) -> tuple[str, int, bool] | None:
    """The lines of a response's *headers*, the length of the body by them (-1: unknown), and whether they have a date.

    None where there is more to do: one is not in *names*, concerns the connection, has anything but printable ASCII or
    spaces around it, or is no plain ``str``; or they are long.
    """
    if type(headers) is not list:
        return None
    text = ""
    length = -1
    dated = False
    for pair in headers:
        if type(pair) is not tuple or len(pair) != 2:
            return None
        name, value = pair
        if type(name) is not str or type(value) is not str:
            return None
        kind = names.get(name, HOP)
        if kind > DATE or not (value.isascii() and value.isprintable()) or value[:1] == " " or value[-1:] == " ":
            return None
        if kind == LENGTH:
            if not value.isdigit() or len(value) > LENGTH_DIGITS:
                return None
            length = int(value)
        elif kind == DATE:
            dated = True
        text += f"{name}: {value}\r\n"
        if len(text) > LINES_SIZE:
            return None
    return text, length, dated
