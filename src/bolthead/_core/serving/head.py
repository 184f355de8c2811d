"""The head of a request into a WSGI ``environ``, where it leaves no doubt about what it means."""

from __future__ import annotations

import re
from typing import Any

from .names import NAMES, learn

IN_DOUBT = -1
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
