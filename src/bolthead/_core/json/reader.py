"""JSON text to objects: ``json.loads`` without arguments.

There is a twin, ``jsonread.pyx``, with a parser of its own; ``tests/core/test_jsontext.py`` holds the two and the
standard library together. Whatever is not plainly right goes to the standard library, whose errors are wanted.
"""

from __future__ import annotations

import json as _json
from typing import Any

LOADS = _json.loads
DECODER = _json.JSONDecoder
DECODE = DECODER.decode
RAW_DECODE = DECODER.raw_decode
# It keeps nothing between calls, so threads may share it.
SCAN: Any = DECODER().scan_once  # type: ignore[attr-defined]
SPACES = " \t\n\r"


def parse(text: str | bytes) -> Any:
    if _json.loads is LOADS and DECODER.decode is DECODE and DECODER.raw_decode is RAW_DECODE:
        try:
            source = text
            # FAST: json-body; with no NUL among the first two bytes and no mark before them it can only be UTF-8.
            if type(source) is bytes and len(source) > 1 and 0 < source[0] < 128 and source[1]:
                source = str(source, "utf-8", "surrogatepass")
            if type(source) is str:
                source = source.strip(SPACES)
                found, end = SCAN(source, 0)
                if end == len(source):
                    return found
        except (ValueError, StopIteration):
            # For the error's own words, which count from the beginning of the text.
            pass
    return _json.loads(text)
