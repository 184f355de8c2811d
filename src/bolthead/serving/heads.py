"""Heads of requests read by gunicorn's own code, and the quick reader set up to agree with it."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.http import message, wsgi
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData

from .._core.serving.connection import Connection
from .._core.serving.request import CHUNKED, HeadReader, Request
from .body import Source


class ExactReader:
    """Reads a head with gunicorn's ``Request``, whose verdict counts, and makes gunicorn's ``environ`` of it."""

    def __init__(self, cfg: Any, multithread: bool) -> None:
        self.cfg = cfg
        self.multithread = multithread

    def __call__(self, data: bytes, connection: Connection) -> Request | None:
        """The request that begins *data*, or None while its head is not complete; gunicorn's exceptions."""
        source = Source(data)
        try:
            exact = message.Request(self.cfg, source, connection.peer, connection.count + 1)
        except (NoMoreData, StopIteration):
            return None
        site = connection.site
        expects = exact._expected_100_continue
        # It would be sent at once.
        exact._expected_100_continue = False
        proxied = wsgi.proxy_environ(exact)
        if proxied:
            connection.proxied = proxied
        _, environ = wsgi.create(exact, connection.sock, connection.peer, site.address, self.cfg)
        if connection.proxied is not None:
            environ.update(connection.proxied)
        environ["wsgi.multithread"] = self.multithread
        request = Request(environ, len(data) - len(source.take_buffered()))
        request.exact = exact
        request.expects = expects
        request.keep_alive = not exact.should_close()
        request.modern = exact.version >= (1, 1)
        reader = exact.body.reader
        request.length = CHUNKED if isinstance(reader, message.ChunkedReader) else reader.length
        return request


def make_reader(cfg: Any, multithread: bool) -> HeadReader:
    """The reader of heads under the settings of *cfg*."""
    line, fields, size = cfg.limit_request_line, cfg.limit_request_fields, cfg.limit_request_field_size
    limits = (
        1024 * 1024 if line == 0 else min(line, message.MAX_REQUEST_LINE) if line > 0 else message.MAX_REQUEST_LINE,
        fields if 0 < fields <= message.MAX_HEADERS else message.MAX_HEADERS,
        size if size > 0 else message.DEFAULT_MAX_HEADERFIELD_SIZE,
    )
    return HeadReader(
        ExactReader(cfg, multithread),
        too_large,
        limits,
        not os.environ.get("SCRIPT_NAME"),
        [("HTTP_" + name.upper().replace("-", "_"), value) for name, value in cfg.secure_scheme_headers.items()],
        cfg.proxy_protocol != "off",
    )


def too_large() -> LimitRequestHeaders:
    return LimitRequestHeaders("max buffer headers")
