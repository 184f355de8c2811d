"""What the worker can be told besides gunicorn's own settings, and where it is told."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

PREFIX = "BOLTHEAD_"
SIZES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def parse_size(text: str) -> int:
    """A size in bytes, or with k, M or G behind it (powers of 1024)."""
    match = re.fullmatch(r"([0-9]+)([kmg]?)b?", text.strip(), re.IGNORECASE | re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not a size; write bytes, or as in 500k, 16M, 2G.")
    return int(match[1]) * SIZES[match[2].lower()]


def parse_seconds(text: str) -> float:
    """A time in seconds, not negative; 0 means that there is no limit."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text.strip(), re.ASCII) is None:
        raise ValueError(f"{text!r} is not a time; write seconds, as in 10 or 0.5.")
    return float(text)


def parse_switch(text: str) -> bool:
    """``1``, ``true``, ``yes``, ``on`` or their opposites."""
    word = text.strip().lower()
    if word not in ("1", "true", "yes", "on", "0", "false", "no", "off", ""):
        raise ValueError(f"{text!r} is neither on nor off.")
    return word in ("1", "true", "yes", "on")


@dataclass(frozen=True)
class Options:
    """Limits of the worker: times in seconds, sizes in bytes, 0 for none.

    gunicorn refuses settings that it does not know, so that they are given as environment variables:
    ``BOLTHEAD_MAX_BODY=16M``, ``BOLTHEAD_REQUEST_TIMEOUT=30``. ``bolthead serve`` has an option for each.
    """

    max_body: int = 0
    """The largest request body; above it the answer is 413."""
    head_timeout: float = 20
    """From a connection to its first byte, and from the first byte of a head to its end."""
    body_timeout: float = 30
    """Between two pieces of a body, and what a body may take besides the time that ``body_rate`` allows it."""
    body_rate: int = 500
    """The least number of bytes per second in which a body has to come."""
    write_timeout: float = 60
    """How long a client may take nothing of a response, and what it may take besides the time of ``write_rate``."""
    write_rate: int = 500
    """The least number of bytes per second that a client has to take."""
    request_timeout: float = 0
    """How long a view may take before its worker is replaced."""
    request_id_header: str = ""
    """A header from a trusted proxy with the request's id; it is made where there is none."""
    access_json: bool = False
    """Write the access log as JSON, one object per line."""
    admin_bind: str = ""
    """Where ``/healthz`` and ``/metrics`` are answered."""

    def __post_init__(self) -> None:
        if self.request_id_header and re.fullmatch(r"[A-Za-z0-9-]+", self.request_id_header, re.ASCII) is None:
            raise ValueError(f"{self.request_id_header!r} is not the name of a header.")
        if self.admin_bind.startswith("fd:"):
            raise ValueError(f"{self.admin_bind!r} is no place for the admin's answers; write host:port or unix:/path.")


PARSERS: dict[str, Any] = {"int": parse_size, "float": parse_seconds, "bool": parse_switch, "str": str.strip}


def from_environ(environ: Mapping[str, str] = os.environ) -> Options:
    """The options that the environment's ``BOLTHEAD_*`` variables give; ValueError names the wrong one."""
    given = {}
    for field in fields(Options):
        variable = PREFIX + field.name.upper()
        if variable in environ:
            try:
                given[field.name] = PARSERS[str(field.type)](environ[variable])
            except ValueError as error:
                raise ValueError(f"{variable}: {error}") from None
    return Options(**given)
