"""Form bodies: Werkzeug's parser classes over our scanners.

The hooks of Werkzeug's classes stay: a subclass may replace ``parse``, ``_parse_multipart``,
``_parse_urlencoded`` of :class:`FormDataParser`, and ``start_file_streaming``, ``get_part_charset`` and
``fail`` of :class:`MultiPartParser`.
"""

from __future__ import annotations

import typing as t
from enum import Enum
from tempfile import SpooledTemporaryFile

from werkzeug import formparser as _werkzeug
from werkzeug import urls as _urls  # noqa: F401  It registers the error handler named below.
from werkzeug.datastructures import FileStorage, Headers, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio import multipart as _events

from ._core import multipart
from ._core.headers import parse_options
from ._core.multipart import Scanner
from ._core.query import group, parse_pairs

if t.TYPE_CHECKING:
    from werkzeug.formparser import t_parse_result

default_stream_factory = _werkzeug.default_stream_factory

ERRORS = "werkzeug.url_quote"
"""How bytes that are no UTF-8 are decoded: they stay percent-encoded."""

_CHARSETS = frozenset(("ascii", "us-ascii", "utf-8", "iso-8859-1"))


def multi_dict(cls: t.Any, pairs: list[tuple[t.Any, t.Any]]) -> t.Any:
    """*pairs* in the storage class *cls*, which may be any that takes them."""
    if cls is ImmutableMultiDict or cls is MultiDict:
        # FAST: Werkzeug's own constructor would do the same one pair at a time.
        made = cls.__new__(cls)
        dict.update(made, group(pairs))
        return made
    return cls(pairs)


class FormDataParser(_werkzeug.FormDataParser):
    """Turns a body into a form and files, by its media type."""

    def _parse_multipart(
        self, stream: t.IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> t_parse_result:
        parser = MultiPartParser(
            stream_factory=self.stream_factory,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
            cls=self.cls,
        )
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("Missing boundary")
        form, files = parser.parse(stream, boundary, content_length)
        return stream, form, files

    def _parse_urlencoded(
        self, stream: t.IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> t_parse_result:
        # The stream is limited already; by Werkzeug's decision of 3.1.9 no other limit applies here.
        text = stream.read().decode()
        return stream, multi_dict(self.cls, parse_pairs(text, ERRORS)), self.cls()


STOCK_PARSE = FormDataParser.parse
STOCK_URLENCODED = FormDataParser._parse_urlencoded


class MultiPartParser(_werkzeug.MultiPartParser):
    """Reads a multipart body in pieces of ``buffer_size`` into fields and files."""

    def parse(
        self, stream: t.IO[bytes], boundary: bytes, content_length: int | None
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        form = _Form(self, content_length)
        try:
            form.read(stream, Scanner(boundary))
        except BaseException:
            # Nobody will see the files that were complete by now. Only our own kind is closed: what closing
            # means for the streams of somebody else's factory, we cannot know.
            form.close()
            raise
        return multi_dict(self.cls, form.fields), multi_dict(self.cls, form.files)


class _Form:
    """A multipart body being read: what is complete, and the part that is not."""

    __slots__ = ("container", "content_type", "fields", "filename", "files", "headers", "length", "name", "parser")

    def __init__(self, parser: MultiPartParser, length: int | None) -> None:
        self.parser = parser
        self.length = length
        self.fields: list[tuple[str | None, str]] = []
        self.files: list[tuple[str | None, FileStorage]] = []
        self.container: t.Any = None
        self.headers: list[tuple[str, str]] = []
        self.name: str | None = None
        self.filename: str | None = None
        self.content_type: str | None = None

    def read(self, stream: t.IO[bytes], scanner: Scanner) -> None:
        limit = self.parser.max_form_memory_size
        most = self.parser.max_form_parts
        size = self.parser.buffer_size
        part = field_size = 0
        while not scanner.ended:
            chunk = stream.read(size)
            if not chunk:
                scanner.end()
            elif limit is not None and scanner.held() + len(chunk) > limit:
                # Before the piece is kept: this and what is held already are what memory it takes.
                raise RequestEntityTooLarge()
            else:
                scanner.feed(chunk if type(chunk) is bytes else bytes(chunk))
            while found := scanner.next():
                if found == multipart.DATA:
                    data = scanner.data
                    if self.filename is not None:
                        self.container.write(data)
                    else:
                        field_size += len(data)
                        if limit is not None and field_size > limit:
                            raise RequestEntityTooLarge()
                        self.container.append(data)
                    if not scanner.more:
                        self.finish()
                elif found == multipart.PART:
                    self.headers = scanner.headers
                    self.name, self.filename, self.content_type = describe(self.headers)
                    part += 1
                    if most is not None and part > most:
                        raise RequestEntityTooLarge()
                    field_size = 0
                    self.container = [] if self.filename is None else self.open()
                elif found == multipart.EPILOGUE:
                    return
        raise ValueError(f"Invalid form-data cannot parse beyond State.{scanner.state()}")

    def open(self) -> t.Any:
        event = _events.File(t.cast(str, self.name), t.cast(str, self.filename), as_headers(self.headers))
        return self.parser.start_file_streaming(event, self.length)

    def finish(self) -> None:
        if self.filename is None:
            charset = "utf-8"
            if self.content_type:
                charset = self.parser.get_part_charset(as_headers(self.headers))
            self.fields.append((self.name, b"".join(self.container).decode(charset, "replace")))
        else:
            self.container.seek(0)
            file = FileStorage(self.container, self.filename, self.name, headers=as_headers(self.headers))
            self.files.append((self.name, file))
        self.container = None

    def close(self) -> None:
        for stream in [self.container, *[file.stream for _, file in self.files]]:
            if isinstance(stream, SpooledTemporaryFile):
                stream.close()


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


def as_headers(pairs: list[tuple[str, str]]) -> Headers:
    """*pairs* as Werkzeug's headers; none can hold a line break, which its constructor would look for."""
    headers = Headers.__new__(Headers)
    headers._list = pairs
    return headers


class MultipartDecoder:
    """Werkzeug's sans-IO decoder over our scanner: the same events, for any cutting of the body."""

    def __init__(
        self, boundary: bytes, max_form_memory_size: int | None = None, *, max_parts: int | None = None
    ) -> None:
        self.boundary = boundary
        self.max_form_memory_size = max_form_memory_size
        self.max_parts = max_parts
        self._scanner = Scanner(boundary)
        self._parts = 0

    @property
    def complete(self) -> bool:
        return self._scanner.ended

    @property
    def state(self) -> Enum:
        return _events.State[self._scanner.state()]

    def receive_data(self, data: bytes | None) -> None:
        """Take more of the body, None at its end."""
        if data is None:
            self._scanner.end()
            return
        limit = self.max_form_memory_size
        if limit is not None and self._scanner.held() + len(data) > limit:
            raise RequestEntityTooLarge()
        self._scanner.feed(bytes(data))

    def next_event(self) -> _events.Event:
        """The next event, NEED_DATA when there is none yet; ValueError when there can be none."""
        scanner = self._scanner
        found = scanner.next()
        if found == multipart.DATA:
            return _events.Data(scanner.data, bool(scanner.more))
        if found == multipart.PART:
            return self._part()
        if found == multipart.PREAMBLE:
            return _events.Preamble(scanner.data)
        if found == multipart.EPILOGUE:
            return _events.Epilogue(scanner.data)
        if scanner.ended:
            raise ValueError(f"Invalid form-data cannot parse beyond {self.state}")
        return _events.NEED_DATA

    def _part(self) -> _events.Event:
        headers = self._scanner.headers
        name, filename, _ = describe(headers)
        self._parts += 1
        if self.max_parts is not None and self._parts > self.max_parts:
            raise RequestEntityTooLarge()
        if filename is None:
            return _events.Field(t.cast(str, name), as_headers(headers))
        return _events.File(t.cast(str, name), filename, as_headers(headers))
