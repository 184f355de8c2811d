# shelf/covers.py
"""Cover pictures: told by their first bytes, stored under names of our own."""

import secrets
from pathlib import Path

from bolthead import Blueprint, current_app, send_from_directory

bp = Blueprint("covers", __name__)

KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


class NotAPicture(ValueError):
    pass


def keep(upload):
    """Store an upload and return its name; None when there was none."""
    if upload is None or not upload.filename:
        return None
    head = upload.stream.read(8)
    upload.stream.seek(0)
    kind = next((kind for magic, kind in KINDS.items() if head.startswith(magic)), None)
    if kind is None:
        raise NotAPicture("A cover is a PNG or JPEG picture.")
    folder = Path(current_app.config["COVERS"])
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{secrets.token_hex(8)}.{kind}"
    upload.save(folder / name)
    return name


def discard(name):
    if name is not None:
        Path(current_app.config["COVERS"], name).unlink(missing_ok=True)


@bp.get("/covers/<name>")
def show(name):
    return send_from_directory(current_app.config["COVERS"], name, max_age=31536000)
