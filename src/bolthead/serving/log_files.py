"""Log files that cannot be opened again, as when logrotate left none that this user may write."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import loggers


def can_be_reopened(log: Any) -> bool:
    """Whether all files that are written to can be opened; *log* says why not.

    gunicorn closes them first. A server without log files would end at its next line.
    """
    for logger in loggers():
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                try:
                    open(handler.baseFilename, "a").close()
                except OSError as error:
                    log.error("The log files are not opened again: %s", error)
                    return False
    return True
