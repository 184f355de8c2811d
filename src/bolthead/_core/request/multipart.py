# cython: nonecheck=True
"""Multipart bodies: bytes in, events out, whichever way the bytes are cut.

The events are those of Werkzeug's parser for the whole body at once, and do not depend on the cuts: a decision that the
next byte could change is deferred until it arrives. Time is linear in the body.
"""

from __future__ import annotations

from typing import Any

from ..primitives.bytes_search import Finder, cut, find_byte

NEED, PREAMBLE, PART, DATA, EPILOGUE = range(5)
"""What :meth:`Scanner.next` found; NEED: it needs more bytes."""

STATES = ("PREAMBLE", "PART", "DATA_START", "DATA", "EPILOGUE", "COMPLETE")
_PREAMBLE, _PART, _DATA_START, _DATA, _EPILOGUE, _COMPLETE = range(6)

_SMALL = 1024
_WORTH_A_VIEW = 4096


class Scanner:
    """Finds the parts of a body whose parts are divided by *boundary*.

    :meth:`feed` bytes, then call :meth:`next` until it returns NEED; after :meth:`end` it returns NEED only
    for a body that is cut off. The event's contents are in ``data`` (for PART the block of its headers) and ``more``.
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
        # What is held is copied and searched again only when as much has arrived: amortised linear time.
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
                outcome = self._after_token(at + len(self._token))
                if outcome:
                    self._start = start
                    return outcome
            at += 1 if first else self._step

    def _after_token(self, at: int) -> int:
        """As :meth:`_find`, for what follows ``--boundary``: ``--``, or spaces and a line break."""
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
        while at < size and buffer[at] in b" \t\v\f":
            at += 1
        self._after = at
        if at == size:
            return unknown
        byte = buffer[at]
        if byte == 13:
            self._after = at + 1
            if at + 1 == size:
                return 1 if self.ended else -1
            if buffer[at + 1] == 10:
                self._after = at + 2
        elif byte == 10:
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
        """Return the bytes that are certainly contents.

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
        outcome = self._find(self._at, False)
        if outcome > 0:
            self.data = self._contents(begin, self._start)
            self.more = False
            self._pass_delimiter()
            return DATA
        if outcome < 0:
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
