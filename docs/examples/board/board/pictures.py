"""Pictures: told by their first bytes, kept under a name of our own, and shown again."""

from __future__ import annotations

import secrets
from pathlib import Path

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from bolthead import Blueprint, current_app, send_from_directory

bp = Blueprint("pictures", __name__, url_prefix="/pictures")


class NotAPicture(ValueError):
    pass


def kind_of(head: bytes) -> str | None:
    """The file name extension for what starts with these bytes."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


def keep(upload: FileStorage | None) -> str | None:
    """Store an upload and return its name; None when the form had none."""
    if upload is None or not upload.filename:
        return None
    kind = kind_of(upload.stream.read(16))
    if kind is None:
        raise NotAPicture("Only PNG, JPEG, GIF and WebP pictures can be shown.")
    upload.stream.seek(0)
    folder = Path(current_app.config["PICTURES"])
    folder.mkdir(parents=True, exist_ok=True)
    # Never the visitor's file name: it may be a path, or another visitor's picture.
    name = f"{secrets.token_hex(16)}.{kind}"
    upload.save(folder / name)
    return name


def discard(name: str | None) -> None:
    if name is not None:
        (Path(current_app.config["PICTURES"]) / name).unlink(missing_ok=True)


@bp.get("/<name>")
def show(name: str) -> Response:
    return send_from_directory(current_app.config["PICTURES"], name, max_age=31536000)
