"""JSON text to objects: ``json.loads`` without arguments.

The compiled version, ``reader.pyx``, has its own parser; ``tests/core/json/test_reader_and_writer.py`` compares
both with the standard library, which parses every text that is not certainly valid.
"""

from __future__ import annotations

import json as _json
from json import scanner as _scanner
from typing import Any

STANDARD_LOADS = _json.loads
DECODER = _json.JSONDecoder
DECODE = DECODER.decode
RAW_DECODE = DECODER.raw_decode
STANDARD: dict[str, Any] = vars(_json)
DEFAULT = "_default_decoder"
"""What `loads` decodes with, where the library has that name."""
STANDARD_DECODER: Any = STANDARD.get(DEFAULT)
# It has no state between calls, so threads may share it. None where the interpreter has no accelerator: PyPy's own
# `loads` is quicker than the library's scanner in Python, which also takes escapes such as `\u+001`.
SCAN: Any = DECODER().scan_once if getattr(_scanner, "c_make_scanner", None) else None  # type: ignore[attr-defined]
SPACES = " \t\n\r"


def parse(text: str | bytes) -> Any:
    if (
        SCAN is not None
        and _json.loads is STANDARD_LOADS
        and STANDARD.get(DEFAULT) is STANDARD_DECODER
        and DECODER.decode is DECODE
        and DECODER.raw_decode is RAW_DECODE
    ):
        try:
            source = text
            # FAST (json-body): with no NUL among the first two bytes and no mark before them it can only be UTF-8.
            if type(source) is bytes and len(source) > 1 and 0 < source[0] < 128 and source[1]:
                source = str(source, "utf-8", "surrogatepass")
            if type(source) is str:
                source = source.strip(SPACES)
                found, end = SCAN(source, 0)
                if end == len(source):
                    return found
        except (ValueError, StopIteration):
            # For the standard library's error, whose positions count from the beginning of the text.
            pass
    return _json.loads(text)
