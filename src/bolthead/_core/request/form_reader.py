"""Multipart forms: the parts that a `Scanner` finds, as fields and files."""

from __future__ import annotations

from collections.abc import Callable
from sys import maxsize
from tempfile import SpooledTemporaryFile
from typing import Any

from ..http.headers import parse_options
from ..primitives.bytes_search import is_literal
from .multipart import DATA, EPILOGUE, NEED, PART, Scanner
from .spool import SPOOL, spooled, spooled_on_disk

_SPACE = (b" ", b"\t")


def split_headers(block: bytes) -> list[tuple[str, str]]:
    """A block of header lines as pairs; a line that begins with a space or tab continues the one before.

    A line without a colon is a name with an empty value. UnicodeDecodeError where it is no UTF-8.
    """
    lines = block.splitlines()
    headers: list[tuple[str, str]] = []
    count = len(lines)
    at = 0
    while at < count:
        line = lines[at]
        at += 1
        while at < count and lines[at].startswith(_SPACE):
            line += b" " + lines[at][1:]
            at += 1
        line = line.strip(b" \t")
        if line:
            text = line.decode()
            colon = text.find(":")
            if colon < 0:
                headers.append((text, ""))
            else:
                headers.append((text[:colon].strip(" \t"), text[colon + 1 :].strip(" \t")))
    return headers


_SIMPLE_NAME = b'Content-Disposition: form-data; name="'


def simple_field_name(block: bytes) -> str | None:
    """The name of a field whose headers are the one line that browsers write; None for any other headers.

    FAST (multipart): what :func:`split_headers` and :func:`describe` would return.
    """
    start = len(_SIMPLE_NAME)
    stop = len(block) - 1
    if stop < start or block[stop] != 34 or not block.startswith(_SIMPLE_NAME) or not is_literal(block, start, stop):
        return None
    return block[start:stop].decode("ascii")


def describe(headers: list[tuple[str, str]]) -> tuple[str | None, str | None, str | None]:
    """The name, the file name and the media type of a part; ValueError if it has no Content-Disposition."""
    disposition = content_type = None
    for name, value in headers:
        name = name.lower()
        if name == "content-disposition":
            if disposition is None:
                disposition = value
        elif name == "content-type" and content_type is None:
            content_type = value
    if disposition is None:
        raise ValueError("Missing Content-Disposition header")
    options = parse_options(disposition)[1]
    return options.get("name"), options.get("filename"), content_type


_CHARSETS = frozenset(("ascii", "us-ascii", "utf-8", "iso-8859-1"))


def part_charset(content_type: str) -> str:
    """The charset that a field's media type names, if it is one of the few that any browser sends; else UTF-8."""
    charset = parse_options(content_type)[1].get("charset", "").lower()
    return charset if charset in _CHARSETS else "utf-8"


class FormReader:
    """Reads a whole multipart body into fields and files.

    *open_file* gets name, file name and headers of a file and returns a stream to write to; where it is None, files
    are spooled as Werkzeug's own factory does it. *charset_of* gets the headers of a field that has a media type;
    where it is None, the charset is that of the type. *too_large* is called beyond a limit, and raises.

    ``fields`` are pairs; ``files`` are (name, file name, headers, stream), with the stream at its start.
    """

    __slots__ = (
        "_charset_of",
        "_content_type",
        "_filename",
        "_headers",
        "_name",
        "_open_file",
        "_pieces",
        "_size",
        "_too_large",
        "fields",
        "files",
        "stream",
    )

    def __init__(
        self,
        open_file: Callable[[str | None, str, list[tuple[str, str]]], Any] | None,
        charset_of: Callable[[list[tuple[str, str]]], str] | None,
        too_large: Callable[[], Any],
    ) -> None:
        self._open_file = open_file
        self._charset_of = charset_of
        self._too_large = too_large
        self.fields: list[tuple[str | None, str]] = []
        self.files: list[tuple[str | None, str, list[tuple[str, str]], Any]] = []
        self.stream: Any = None
        self._headers: list[tuple[str, str]] = []
        self._name: str | None = None
        self._filename: str | None = None
        self._content_type: str | None = None
        self._pieces: list[Any] = []
        self._size = 0

    def read(
        self, scanner: Scanner, read: Callable[[int], bytes], size: int, most_bytes: int | None, most_parts: int | None
    ) -> None:
        """Read pieces of *size* until the last delimiter; ValueError for a malformed body."""
        # Either may be any number: 1e6, `inf`, 10 ** 20.
        limit = maxsize if most_bytes is None else most_bytes
        most = maxsize if most_parts is None else most_parts
        parts = 0
        while not scanner.ended:
            chunk = read(size)
            if not chunk:
                scanner.end()
            elif scanner.held() + len(chunk) > limit:
                # Checked before the piece is stored: it and what is buffered already are the memory used.
                self._too_large()
            else:
                scanner.feed(chunk if type(chunk) is bytes else bytes(chunk))
            while True:
                found = scanner.next()
                if found == NEED:
                    break
                if found == DATA:
                    self._add(scanner.data, limit)
                    if not scanner.more:
                        self._finish()
                elif found == PART:
                    parts += 1
                    self._start(scanner.data)
                    if parts > most:
                        self._too_large()
                    scanner.views = False
                    if self._filename is not None:
                        if self._open_file is not None:
                            self.stream = self._open_file(self._name, self._filename, self._headers)
                        else:
                            scanner.views = True
                elif found == EPILOGUE:
                    return
        raise ValueError(f"Invalid form-data cannot parse beyond State.{scanner.state()}")

    def _start(self, block: bytes) -> None:
        self._name = simple_field_name(block)
        if self._name is not None:
            self._filename = self._content_type = None
        else:
            self._headers = split_headers(block)
            self._name, self._filename, self._content_type = describe(self._headers)
        self._pieces = []
        self._size = 0

    def _add(self, data: Any, limit: int) -> None:
        if self._filename is not None and (self._open_file is not None or self.stream is not None):
            self.stream.write(data)
            return
        self._size += len(data)
        self._pieces.append(data)
        if self._filename is None:
            # FAST (multipart): a single piece was within the limit when it was read.
            if len(self._pieces) > 1 and self._size > limit:
                self._too_large()
        elif self._size > SPOOL:
            # FAST (bodies): from here on each piece goes to the disk from where it was read to.
            self.stream = spooled_on_disk()
            for piece in self._pieces:
                self.stream.write(piece)
            self._pieces = []

    def _finish(self) -> None:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 and type(pieces[0]) is bytes else b"".join(pieces)
        if self._filename is not None:
            stream = self.stream
            if stream is None and self._open_file is None:
                stream = spooled(data)
            else:
                stream.seek(0)
            self.files.append((self._name, self._filename, self._headers, stream))
            self.stream = None
            return
        if self._content_type:
            charset = part_charset(self._content_type) if self._charset_of is None else self._charset_of(self._headers)
            self.fields.append((self._name, data.decode(charset, "replace")))
        else:
            self.fields.append((self._name, data.decode("utf-8", "replace")))

    def drop(self) -> None:
        """Close the files of a form that failed. Only stock ones: closing others may have effects of its own."""
        for stream in [self.stream, *[file[3] for file in self.files]]:
            if isinstance(stream, SpooledTemporaryFile):
                stream.close()
