"""Form bodies: Werkzeug's parser classes over our scanners.

The hooks of Werkzeug's classes stay: a subclass may replace ``parse``, ``_parse_multipart``,
``_parse_urlencoded`` of :class:`FormDataParser`, and ``start_file_streaming``, ``get_part_charset`` and
``fail`` of :class:`MultiPartParser`.
"""

from __future__ import annotations

import typing as t
from enum import Enum

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
        scanner = Scanner(boundary)
        limit = self.max_form_memory_size
        fields: list[tuple[str | None, str]] = []
        files: list[tuple[str | None, FileStorage]] = []
        part = _Part(self, 0, [], content_length)
        read = stream.read
        while True:
            chunk = read(self.buffer_size)
            if chunk:
                # Checked before it is kept: what is held and this piece together are what memory it takes.
                if limit is not None and scanner.held() + len(chunk) > limit:
                    raise RequestEntityTooLarge()
                scanner.feed(chunk if type(chunk) is bytes else bytes(chunk))
            else:
                scanner.end()
            while (found := scanner.next()) != multipart.NEED:
                if found == multipart.DATA:
                    part.add(scanner.data, limit)
                    if not scanner.more:
                        part.close(self, fields, files)
                elif found == multipart.PART:
                    part = _Part(self, part.number + 1, scanner.headers, content_length)
                elif found == multipart.EPILOGUE:
                    return multi_dict(self.cls, fields), multi_dict(self.cls, files)
            if scanner.ended:
                raise ValueError(f"Invalid form-data cannot parse beyond State.{scanner.state()}")


class _Part:
    """The part of a multipart body that is being read."""

    __slots__ = ("container", "content_type", "disposition", "filename", "headers", "name", "number", "size")

    def __init__(
        self,
        parser: MultiPartParser,
        number: int,
        headers: list[tuple[str, str]],
        content_length: int | None,
    ) -> None:
        self.number = number
        self.headers = headers
        self.size = 0
        if not number:
            return
        self.name, self.filename, self.content_type = describe(headers)
        most = parser.max_form_parts
        if most is not None and number > most:
            raise RequestEntityTooLarge()
        self.container: t.Any
        if self.filename is None:
            self.container = []
        else:
            event = _events.File(t.cast(str, self.name), self.filename, as_headers(headers))
            self.container = parser.start_file_streaming(event, content_length)

    def add(self, data: bytes, limit: int | None) -> None:
        if self.filename is not None:
            self.container.write(data)
            return
        if limit is not None:
            self.size += len(data)
            if self.size > limit:
                raise RequestEntityTooLarge()
        self.container.append(data)

    def close(
        self,
        parser: MultiPartParser,
        fields: list[tuple[str | None, str]],
        files: list[tuple[str | None, FileStorage]],
    ) -> None:
        if self.filename is None:
            charset = "utf-8"
            if self.content_type:
                charset = parser.get_part_charset(as_headers(self.headers))
            fields.append((self.name, b"".join(self.container).decode(charset, "replace")))
        else:
            self.container.seek(0)
            file = FileStorage(self.container, self.filename, self.name, headers=as_headers(self.headers))
            files.append((self.name, file))


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
