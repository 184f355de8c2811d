"""Headers in an environ, and header values: media types and other values with options, numbers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from werkzeug.datastructures import Headers

from ..primitives.bytes_search import token_end
from ..primitives.objects import new

_MISSING = object()
_CHARSETS = frozenset(("ascii", "us-ascii", "utf-8", "iso-8859-1"))


def parse_options(header: str | None) -> tuple[str, dict[str, str]]:
    """A header such as Content-Type as its value and a dict of its options, names in lower case.

    Malformed options are skipped; an unclosed quote ends the header. RFC 2231's ``name*=`` with a
    charset and ``name*0=`` continuations are put together.
    """
    if header is None:
        return "", {}
    return _split(str(header))


def _split(header: str) -> tuple[str, dict[str, str]]:
    semicolon = header.find(";")
    if semicolon < 0:
        return header.strip(" \t"), {}
    value = header[:semicolon].strip(" \t")
    rest = header[semicolon + 1 :].strip(" \t")
    if not value or not rest:
        return value, {}
    return value, _merge(_scan(rest))


def _scan(text: str) -> list[tuple[str, str]]:
    """The options, with their quotes and escapes."""
    found: list[tuple[str, str]] = []
    size = len(text)
    start = 0
    while start < size:
        equals = token_end(text, start, size)
        if equals > start and equals < size and text[equals] == "=":
            name = text[start:equals].lower()
            start = equals + 1
            stop = token_end(text, start, size)
            if stop > start:
                found.append((name, text[start:stop]))
            elif start < size and text[start] == '"':
                stop = _quoted_end(text, start + 1, size)
                if stop < 0:
                    break
                found.append((name, text[start:stop]))
                start = stop
        start = text.find(";", start) + 1
        if start == 0:
            break
        while start < size and (text[start] == " " or text[start] == "\t"):
            start += 1
    return found


def _quoted_end(text: str, at: int, size: int) -> int:
    """The index after the closing quote, -1 where there is none."""
    quote = text.find('"', at, size)
    while quote >= 0:
        slash = text.find("\\", at, quote)
        if slash < 0:
            return quote + 1
        at = slash + 1
        # Only a quote and a backslash can be escaped: browsers send bare backslashes in file names.
        if text[at] == "\\" or text[at] == '"':
            at += 1
        if quote < at:
            quote = text.find('"', at, size)
    return -1


def _merge(found: list[tuple[str, str]]) -> dict[str, str]:
    options: dict[str, str] = {}
    pieces: dict[str, list[str]] | None = None
    for name, text in found:
        if "*" in name:
            # RFC 2231 is rare: the maps it needs are made when its mark is seen.
            if pieces is None:
                pieces = {}
                charsets: dict[str, str] = {}
            _merge_extended(name, text, options, pieces, charsets)
        else:
            if pieces is not None and name in pieces:
                del pieces[name]
                charsets.pop(name, None)
            options[name] = unquote_value(text).replace("%22", '"')
    if pieces:
        for name, texts in pieces.items():
            options[name] = "".join(texts)
    return options


def _merge_extended(
    name: str, text: str, options: dict[str, str], pieces: dict[str, list[str]], charsets: dict[str, str]
) -> None:
    has_charset = name.endswith("*")
    if has_charset:
        name = name[:-1]
    bare = name.rstrip("0123456789")
    continues = len(bare) < len(name) and bare.endswith("*")
    if continues:
        name = bare[:-1]
    charset = ""
    if has_charset:
        charset, text = _split_charset(text)
        if not charset and continues:
            charset = charsets.get(name, "")
        if charset in _CHARSETS:
            text = unquote(text, charset)
    else:
        text = unquote_value(text).replace("%22", '"')
    if continues:
        options.pop(name, None)
        pieces.setdefault(name, []).append(text)
        if charset:
            charsets[name] = charset
    else:
        if name in pieces:
            del pieces[name]
            charsets.pop(name, None)
        options[name] = text


def _split_charset(text: str) -> tuple[str, str]:
    """``charset'language'value`` as charset (lower case) and value; of another form, no charset and all."""
    charset, quote, rest = text.partition("'")
    _, second, value = rest.partition("'")
    if not quote or not second or not value or text.startswith('"'):
        return "", text
    return charset.lower(), value


def unquote_value(text: str) -> str:
    """*text* without its quotes, if it has any, and without the backslash before any escaped character."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
        if "\\" in text:
            return re.sub(r"\\(.)", r"\1", text)
    return text


def parse_int(text: str) -> int:
    """*text* as a number, for which only ASCII digits and one ``-`` will do; else ValueError.

    ``int`` would take ``+1``, ``1_0`` and digits of other scripts, which no header may have.
    """
    text = text.strip(" \t")
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError
    return int(text)


# --- headers of an environ -------------------------------------------------------------------------------------

_ENVIRON_KEYS: dict[str, str] = {}
_MOST_KEYS = 512


def environ_key(name: str) -> str:
    """The key of the header *name* in an environ."""
    found = _ENVIRON_KEYS.get(name)
    if found is None:
        found = name.upper().replace("-", "_")
        if found != "CONTENT_TYPE" and found != "CONTENT_LENGTH":
            found = f"HTTP_{found}"
        # Bounded: a name may come from a client.
        if len(_ENVIRON_KEYS) < _MOST_KEYS:
            _ENVIRON_KEYS[str(name)] = found
    return found


def header(self: Any, key: Any) -> Any:
    """The header *key* of ``self.environ``; KeyError where there is none."""
    if not isinstance(key, str):
        return self._no_name(key)
    known = _ENVIRON_KEYS.get(key)
    return self.environ[environ_key(key) if known is None else known]


def get(self: Any, key: Any, default: Any = None, type: Any = None) -> Any:
    """The header *key*, through *type*; *default* where there is none or *type* raises ValueError."""
    if not isinstance(key, str):
        return default
    known = _ENVIRON_KEYS.get(key)
    value = self.environ.get(environ_key(key) if known is None else known, _MISSING)
    if value is _MISSING:
        return default
    if type is None:
        return value
    try:
        return type(value)
    except ValueError:
        return default


def bare_headers(pairs: list[tuple[str, str]]) -> Any:
    """``Headers`` that hold *pairs*, which must be valid."""
    headers = new(Headers)
    headers._list = pairs
    return headers
