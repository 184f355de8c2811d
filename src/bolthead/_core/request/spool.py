"""The temporary files of uploads: what Werkzeug's own stream factory makes, filled in one go."""

from __future__ import annotations

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

from ..primitives.objects import new

SPOOL = 500 * 1024
"""The most bytes held in memory; larger contents go into a file on disk."""

_FILLED = {"_file", "_max_size", "_rolled", "_TemporaryFileArgs"}
_frames: list[dict[str, Any]] = []


def _empty() -> Any:
    return SpooledTemporaryFile(SPOOL, "rb+")


def frame() -> dict[str, Any]:
    """The attributes of a new spooled file, if they have the known shape; else an empty dict."""
    made = _empty()
    found = dict(vars(made))
    made.close()
    if found.keys() == _FILLED and type(found["_file"]) is BytesIO and type(found["_TemporaryFileArgs"]) is dict:
        return found
    return {}


def spooled(data: bytes) -> Any:
    """A spooled file of *data*, which fits in memory, positioned at its start."""
    if not _frames:
        _frames.append(frame())
    known = _frames[0]
    if not known:
        made = _empty()
        made.write(data)
        made.seek(0)
        return made
    # FAST (multipart): the state after the constructor, one write and a seek, without copying the data.
    made = new(SpooledTemporaryFile)
    filled = made.__dict__
    filled.update(known)
    filled["_file"] = BytesIO(data)
    filled["_TemporaryFileArgs"] = known["_TemporaryFileArgs"].copy()
    return made


def spooled_on_disk() -> Any:
    """A spooled file that is empty and yet on the disk."""
    made = _empty()
    made.rollover()
    return made
