"""Template filters: how long ago, and the colour of a name."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zlib import crc32

from bolthead import Flask

STEPS = ((60, "minute"), (3600, "hour"), (86400, "day"))


def init_app(app: Flask) -> None:
    app.add_template_filter(ago)
    app.add_template_filter(iso)
    app.add_template_filter(shade)
    app.add_template_filter(size)


def ago(moment: int, now: float | None = None) -> str:
    """``3 hours ago``, and the date from a week on."""
    seconds = int((time.time() if now is None else now) - moment)
    if seconds < 60:
        return "just now"
    if seconds >= 7 * 86400:
        return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y").lstrip("0")
    length, unit = [step for step in STEPS if seconds >= step[0]][-1]
    count = seconds // length
    return f"{count} {unit}{'s' if count > 1 else ''} ago"


def iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def size(count: int) -> str:
    """``6 MB`` for a number of bytes."""
    for unit in ("bytes", "kB"):
        if count < 1024:
            return f"{count} {unit}"
        count //= 1024
    return f"{count} MB"


def shade(name: str) -> str:
    """One of the stylesheet's eight colours, the same for the same name."""
    return f"shade-{crc32(name.lower().encode()) % 8}"
