"""Form bodies: Werkzeug's parser classes over our scanners.

The hooks of Werkzeug's classes stay: a subclass may replace ``parse``, ``_parse_multipart``,
``_parse_urlencoded`` of :class:`FormDataParser`, and ``start_file_streaming``, ``get_part_charset`` and
``fail`` of :class:`MultiPartParser`.
"""

from __future__ import annotations

import typing as t
from enum import Enum

from werkzeug import datastructures
from werkzeug import formparser as _werkzeug
from werkzeug import urls as _urls  # noqa: F401  It registers the error handler named below.
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio import multipart as _events

from ._compat.multi_dict import ImmutableMultiDict
from ._core.http.headers import bare_headers, parse_int
from ._core.http.query import multi_dict, parse_pairs
from ._core.request import multipart
from ._core.request.form import too_large
from ._core.request.form_reader import FormReader, describe, split_headers
from ._core.request.multipart import Scanner

if t.TYPE_CHECKING:
    from werkzeug.formparser import t_parse_result

default_stream_factory = _werkzeug.default_stream_factory

ERRORS = "werkzeug.url_quote"
"""How bytes that are no UTF-8 are decoded: they stay percent-encoded."""

STOCK_MULTI_DICTS = frozenset((ImmutableMultiDict, datastructures.ImmutableMultiDict, MultiDict))
"""The storage classes that are filled without calling their constructor."""


class FormDataParser(_werkzeug.FormDataParser):
    """Turns a body into a form and files, by its media type: urlencoded, or multipart by `MultiPartParser`.

    ``parse`` returns the stream, the form and the files. Limits are in bytes and parts; beyond one it raises
    ``RequestEntityTooLarge`` (413). Malformed bodies give an empty form, with ``silent=False`` a ValueError.
    """

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
        return stream, multi_dict(self.cls, parse_pairs(text, ERRORS), STOCK_MULTI_DICTS), self.cls()


class MultiPartParser(_werkzeug.MultiPartParser):
    """Reads a multipart body (RFC 7578) in pieces of ``buffer_size`` bytes into fields and files.

    *stream_factory* makes the file that an upload is written to: in memory up to 500 kB, beyond that on the disk,
    unless ``Request._get_file_stream`` is overridden.
    """

    def start_file_streaming(self, event: _events.File, total_content_length: int | None) -> t.IO[bytes]:
        """The stream that a file is written to: what ``stream_factory`` returns for its name, type and declared length.

        For subclasses that put uploads elsewhere. *total_content_length* is the length of the whole body, None where it
        is not known; a part's own length is seldom declared.
        """
        headers = event.headers
        length = headers.get("content-length")
        return self.stream_factory(
            total_content_length=total_content_length,
            filename=event.filename,
            content_type=headers.get("content-type"),
            content_length=_part_length(length),
        )

    def parse(
        self, stream: t.IO[bytes], boundary: bytes, content_length: int | None
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Read the whole of *stream* and return the form's fields and its files, each a `MultiDict` of class ``cls``.

        *boundary* is from the content type, as bytes. RequestEntityTooLarge (413) beyond ``max_form_memory_size`` bytes
        of one field or ``max_form_parts`` parts, ValueError for a malformed body.
        """

        def open_file(name: str | None, filename: str, headers: list[tuple[str, str]]) -> t.IO[bytes]:
            event = _events.File(t.cast(str, name), filename, bare_headers(headers))
            return self.start_file_streaming(event, content_length)

        def charset_of(headers: list[tuple[str, str]]) -> str:
            return self.get_part_charset(bare_headers(headers))

        reader = FormReader(open_file, charset_of, too_large)
        try:
            reader.read(
                Scanner(boundary),
                stream.read,
                self.buffer_size,
                self.max_form_memory_size,
                self.max_form_parts,
            )
        except BaseException:
            reader.drop()
            raise
        files = [
            (name, FileStorage(file, filename, name, headers=bare_headers(headers)))
            for name, filename, headers, file in reader.files
        ]
        return multi_dict(self.cls, reader.fields, STOCK_MULTI_DICTS), multi_dict(self.cls, files, STOCK_MULTI_DICTS)


def _part_length(text: str | None) -> int:
    """The length that a part declares, which may be negative; 0 without one, or for what is no number."""
    try:
        return 0 if text is None else parse_int(text)
    except ValueError:
        return 0


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
        headers = split_headers(self._scanner.data)
        name, filename, _ = describe(headers)
        self._parts += 1
        if self.max_parts is not None and self._parts > self.max_parts:
            raise RequestEntityTooLarge()
        if filename is None:
            return _events.Field(t.cast(str, name), bare_headers(headers))
        return _events.File(t.cast(str, name), filename, bare_headers(headers))
