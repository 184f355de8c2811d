"""The application's logger and the stream it writes to when logging is not configured."""

from __future__ import annotations

import logging
import sys
import typing as t

from werkzeug.local import LocalProxy

from .globals import _cv_request
from .globals import request as request

if t.TYPE_CHECKING:
    from .sansio.app import App


@LocalProxy
def wsgi_errors_stream() -> t.TextIO:
    """The server's error stream during a request, ``sys.stderr`` elsewhere; found anew at each write."""
    ctx = _cv_request.get(None)
    if ctx is None:
        return sys.stderr
    return ctx.request.environ["wsgi.errors"]  # type: ignore[no-any-return]


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether some handler, of *logger* or on the way to the root, takes the records that *logger* lets through.

    That is one whose level is not above the logger's effective level. :func:`create_logger` asks it, so that an
    application whose logging is configured gets no second handler.
    """
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current:
        for handler in current.handlers:
            if handler.level <= level:
                return True
        current = current.parent if current.propagate else None
    return False


default_handler = logging.StreamHandler(t.cast(t.TextIO, wsgi_errors_stream))
default_handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s"))


def create_logger(app: App) -> logging.Logger:
    """The logger named after the application, ``app.name``; ``app.logger`` is made by it, once.

    In debug mode its level becomes DEBUG unless one is set; without a handler for its level it gets
    :data:`default_handler`, which writes to the server's error stream. Configure logging before the first use of
    ``app.logger``.
    """
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
