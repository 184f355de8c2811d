"""Objects to JSON text: ``json.dumps`` with the arguments that a provider passes.

The compiled version, ``writer.pyx``, writes into one buffer; ``tests/core/json/test_reader_and_writer.py`` compares
both with the standard library.
"""

from __future__ import annotations

import json as _json
import json.encoder as _encoder
from collections.abc import Callable
from sys import getrecursionlimit
from typing import Any

ENCODER = _json.JSONEncoder
STANDARD_DUMPS = _json.dumps
# None where the interpreter has no accelerator (PyPy).
MAKE: Any = getattr(_encoder, "c_make_encoder", None)
ESCAPE_ALL = _encoder.encode_basestring_ascii
ESCAPE = _encoder.encode_basestring
DEEP = 5000
"""The most levels that surely fit on the stack of a thread."""
INIT = ENCODER.__init__
ENCODE = ENCODER.encode
ITERENCODE = ENCODER.iterencode
ITEM, KEY = ENCODER.item_separator, ENCODER.key_separator


class Writer:
    """One set of arguments. It has no state between calls, so threads may share it.

    ``compact``: no spaces.
    """

    __slots__ = ("_options", "_write", "compact", "default", "ensure_ascii", "sort_keys")

    def __init__(self, default: Callable[[Any], Any] | None, ensure_ascii: Any, sort_keys: Any, compact: bool) -> None:
        self.default = default
        self.ensure_ascii = ensure_ascii
        self.sort_keys = sort_keys
        self.compact = compact
        item, key = (",", ":") if compact else (", ", ": ")
        self._options: dict[str, Any] = {"default": default, "ensure_ascii": ensure_ascii, "sort_keys": sort_keys}
        if compact:
            self._options["separators"] = (item, key)
        self._write: Any = None
        if MAKE is not None and default is not None:
            escape = ESCAPE_ALL if ensure_ascii else ESCAPE
            # FAST (json-body): without its dict of open containers the encoder can be reused. A circular value is found
            # by its depth, and passed to the standard library.
            self._write = MAKE(None, default, escape, None, key, item, sort_keys, False, True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as None: it is derived from a provider, and made again."""
        return type(None), ()

    def text(self, obj: Any) -> str:
        write = self._write
        if (
            write is not None
            and getrecursionlimit() <= DEEP
            and _encoder.c_make_encoder is MAKE  # type: ignore[attr-defined]
            and _encoder.encode_basestring_ascii is ESCAPE_ALL
            and _encoder.encode_basestring is ESCAPE
            and _json.dumps is STANDARD_DUMPS
            and _json.JSONEncoder is ENCODER
            and ENCODER.__init__ is INIT
            and ENCODER.encode is ENCODE
            and ENCODER.iterencode is ITERENCODE
            and (self.compact or (ENCODER.item_separator is ITEM and ENCODER.key_separator is KEY))
            # The encoder asks its class whether a whole value is text, which a proxy of one only says.
            and (type(obj) is dict or not isinstance(obj, str))
        ):
            try:
                return "".join(write(obj, 0))
            except RecursionError:
                pass
        return _json.dumps(obj, **self._options)

    def line(self, obj: Any) -> bytes:
        """:meth:`text` with a line feed, as a response has it."""
        return f"{self.text(obj)}\n".encode()
