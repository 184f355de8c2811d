"""Multipart bodies: bytes in, events out, whichever way the bytes are cut.

What is found is what Werkzeug finds when it gets the whole body at once, and does not depend on the cuts: a
decision that the next byte could change is put off until it is there. Time is linear in the body.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import maxsize
from tempfile import SpooledTemporaryFile
from typing import Any

from ..http.headers import parse_options
from ..primitives.bytes_search import Finder, cut, find_byte
from .spool import SPOOL, spooled, spooled_on_disk

NEED, PREAMBLE, PART, DATA, EPILOGUE = range(5)
"""What :meth:`Scanner.next` found; NEED asks for more bytes."""

STATES = ("PREAMBLE", "PART", "DATA_START", "DATA", "EPILOGUE", "COMPLETE")
_PREAMBLE, _PART, _DATA_START, _DATA, _EPILOGUE, _COMPLETE = range(6)

_SPACE = (b" ", b"\t")
_SMALL = 1024
_WORTH_A_VIEW = 4096


class Scanner:
    """Finds the parts of a body whose parts are divided by *boundary*.

    :meth:`feed` bytes, then call :meth:`next` until it says NEED; after :meth:`end` it says NEED only where
    the body is cut off. The event's contents are in ``data`` (for PART the block of its headers) and ``more``.
    Line breaks may be CRLF, LF or CR. With ``views`` set, large contents are views of what was fed, not copies.
    """

    __slots__ = (
        "_after",
        "_at",
        "_buffer",
        "_dry",
        "_finder",
        "_last",
        "_queue",
        "_queued",
        "_start",
        "_state",
        "_step",
        "_token",
        "data",
        "ended",
        "more",
        "views",
    )

    def __init__(self, boundary: bytes) -> None:
        self._token = b"--" + boundary
        self._finder = Finder(self._token)
        # A delimiter begins with a line break, so none begins inside another, unless the boundary has one.
        self._step = 1 if b"\n" in boundary or b"\r" in boundary else len(self._token)
        self._state = _PREAMBLE
        self._buffer = b""
        self._at = 0
        self._queue: list[bytes] = []
        self._queued = 0
        self._dry = True
        self._start = 0
        self._after = 0
        self._last = False
        self.ended = False
        self.data: Any = b""
        self.more = False
        self.views = False

    def feed(self, chunk: bytes) -> None:
        held = len(self._buffer) - self._at
        if held == 0 and not self._queued:
            self._buffer = chunk
            self._at = 0
            self._dry = False
            return
        self._queue.append(chunk)
        self._queued += len(chunk)
        # What is held is copied and searched again only when as much has come: linear, amortised.
        if held <= _SMALL or self._queued >= held:
            self._join()

    def end(self) -> None:
        """No more bytes will come."""
        self.ended = True
        self._join()

    def held(self) -> int:
        """How many bytes were fed and not yet given out."""
        return len(self._buffer) - self._at + self._queued

    def state(self) -> str:
        return STATES[self._state]

    def next(self) -> int:
        if self._dry:
            return NEED
        state = self._state
        found = NEED
        if state in (_DATA, _DATA_START):
            found = self._next_data(state == _DATA_START)
        elif state == _PART:
            found = self._next_part()
        elif state == _PREAMBLE:
            if self._find(self._at, True) > 0:
                self.data = cut(self._buffer, self._at, self._start)
                self._pass_delimiter()
                found = PREAMBLE
        elif state == _EPILOGUE and self.ended:
            self.data = cut(self._buffer, self._at, len(self._buffer))
            self._at = len(self._buffer)
            self._state = _COMPLETE
            found = EPILOGUE
        if found == NEED:
            self._dry = True
            if self._queued and self._queued >= len(self._buffer) - self._at:
                self._join()
                return self.next()
        return found

    def _join(self) -> None:
        if self._queued:
            self._queue.insert(0, self._buffer[self._at :])
            self._buffer = b"".join(self._queue)
            self._at = 0
            self._queue = []
            self._queued = 0
        self._dry = False

    def _pass_delimiter(self) -> None:
        self._state = _EPILOGUE if self._last else _PART
        self._at = self._after

    def _find(self, at: int, first: bool) -> int:
        """Look for a delimiter: 1 found, 0 none, -1 if only more bytes can tell.

        Sets where it starts (its line break included), where what follows it starts, and whether it is the
        last one. The *first* of a body needs no line break before it.
        """
        buffer = self._buffer
        begin = self._at
        while True:
            at = self._finder.find(buffer, at)
            if at < 0:
                return 0
            start = at
            if start > begin and buffer[start - 1] == 10:
                start -= 1
            if start > begin and buffer[start - 1] == 13:
                start -= 1
            if start < at or first:
                told = self._after_token(at + len(self._token))
                if told:
                    self._start = start
                    return told
            at += 1 if first else self._step

    def _after_token(self, at: int) -> int:
        """As :meth:`_find`, for what stands after ``--boundary``: ``--``, or spaces and a line break."""
        buffer = self._buffer
        size = len(buffer)
        unknown = 0 if self.ended else -1
        self._last = False
        if at < size and buffer[at] == 45:
            if at + 1 == size:
                return unknown
            if buffer[at + 1] != 45:
                return 0
            self._last = True
            unknown = 1 if self.ended else -1
            at += 2
        while at < size and (buffer[at] == 32 or buffer[at] == 9 or buffer[at] == 11 or buffer[at] == 12):
            at += 1
        self._after = at
        if at == size:
            return unknown
        if buffer[at] == 13:
            self._after = at + 1
            if at + 1 == size:
                return 1 if self.ended else -1
            if buffer[at + 1] == 10:
                self._after = at + 2
        elif buffer[at] == 10:
            self._after = at + 1
        elif not self._last:
            return 0
        return 1

    def _next_part(self) -> int:
        buffer = self._buffer
        begin = self._at
        at = begin
        size = len(buffer)
        while True:
            line_feed = find_byte(buffer, 10, at, size)
            stop = size if line_feed < 0 else line_feed
            # A CR that the LF does not follow is rare enough to be looked at twice.
            if find_byte(buffer, 13, at, stop - 1) >= 0:
                start = buffer.find(b"\r\r", at, stop)
                if start >= 0:
                    body = start + 1
                    break
            if line_feed < 0:
                return NEED
            at = line_feed + 1
            if at < size and buffer[at] == 10:
                start = line_feed
                body = at
                break
            if (
                line_feed > begin
                and at + 1 < size
                and buffer[at] == 13
                and buffer[at + 1] == 10
                and buffer[line_feed - 1] == 13
            ):
                start = line_feed - 1
                body = at
                break
        self.data = cut(buffer, begin, start)
        self._at = body
        self._state = _DATA_START
        return PART

    def _next_data(self, opening: bool) -> int:
        """Return what is certainly contents.

        The break that ends the headers may be the one that begins the next delimiter: then there are none.
        """
        buffer = self._buffer
        size = len(buffer)
        begin = self._at
        if opening:
            if buffer[begin] == 13:
                if begin + 1 == size and not self.ended:
                    return NEED
                begin += 2 if buffer[begin + 1 : begin + 2] == b"\n" else 1
            else:
                begin += 1
        told = self._find(self._at, False)
        if told > 0:
            self.data = self._contents(begin, self._start)
            self.more = False
            self._pass_delimiter()
            return DATA
        if told < 0:
            stop = self._start
        elif opening and size - begin < len(self._token) and self._token.startswith(buffer[begin:]):
            stop = self._at
        else:
            stop = self._partial(begin, size)
        if stop < begin:
            # Undecided; at the end of a truncated body there is only the line break.
            if not self.ended:
                return NEED
            stop = begin
        if opening:
            self._state = _DATA
        elif stop == begin:
            return NEED
        self.data = self._contents(begin, stop)
        self.more = True
        self._at = stop
        return DATA

    def _contents(self, begin: int, stop: int) -> Any:
        if begin == 0 and stop == len(self._buffer):
            return self._buffer
        if self.views and stop - begin > _WORTH_A_VIEW:
            return memoryview(self._buffer)[begin:stop]
        # The break before the delimiter may be the one that ended the headers.
        return cut(self._buffer, begin if begin < stop else stop, stop)

    def _partial(self, begin: int, size: int) -> int:
        """Where the buffer's end may be the start of a delimiter, else *size*."""
        # The longest start of one that is not found yet: CR, LF, and the token but for a byte.
        window = size - len(self._token) - 1
        if window < begin:
            window = begin
        stop = size
        if self._step == 1:
            # A boundary that has line breaks: the first in the window may be the delimiter's, not the last.
            line_feed = self._buffer.find(b"\n", window)
            carriage = self._buffer.find(b"\r", window)
        else:
            line_feed = self._buffer.rfind(b"\n", window)
            carriage = self._buffer.rfind(b"\r", window)
        if line_feed >= 0:
            stop = line_feed
        if 0 <= carriage < stop:
            stop = carriage
        return stop


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

    FAST (multipart): it is what :func:`split_headers` and :func:`describe` would say, without making what leads there.
    """
    start = len(_SIMPLE_NAME)
    stop = len(block) - 1
    if stop < start or block[stop] != 34 or not block.startswith(_SIMPLE_NAME):
        return None
    at = start
    while at < stop:
        byte = block[at]
        # What ends the line or the name, or has to be decoded.
        if byte > 126 or byte < 32 or byte == 34 or byte == 92 or byte == 37:
            return None
        at += 1
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
    where it is None, the type says. *too_large* is called where a limit is passed, and raises.

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
        """Read pieces of *size* until the last delimiter; ValueError where the body is not sound."""
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
            if self._size > limit:
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
        for unseen in [self.stream, *[file[3] for file in self.files]]:
            if isinstance(unseen, SpooledTemporaryFile):
                unseen.close()
