"""The messages: a page that shows the last ones, and a websocket by which new ones come and go."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import count
from time import time
from typing import Any
from urllib.parse import urlsplit

from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from bolthead import Blueprint, Flask, current_app, redirect, render_template, request, url_for, websocket

LONGEST = 500
"""Characters of a message."""
SHOWN = 50
WAITING = 100
"""Messages that wait for one reader; who is further behind is sent away, and connects again."""
TRY_AGAIN = 1013

bp = Blueprint("messages", __name__)


class Room:
    """The last messages, and a queue for each reader. Only the event loop touches a queue, so it needs no lock."""

    def __init__(self) -> None:
        self.messages: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        # Numbers go on growing when the server starts again, since a page asks for those after its last one.
        self.numbers = count(int(time() * 1000))
        self.readers: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def say(self, author: str, text: str) -> None:
        message = {"id": next(self.numbers), "author": author, "text": text[:LONGEST]}
        self.messages.append(message)
        for reader in list(self.readers):
            if reader.qsize() < WAITING:
                reader.put_nowait(message)
            else:
                self.readers.discard(reader)
                reader.put_nowait(None)

    def since(self, number: int) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["id"] > number]


def init_app(app: Flask) -> None:
    app.extensions["room"] = Room()
    app.register_blueprint(bp)


def room() -> Room:
    found: Room = current_app.extensions["room"]
    return found


@bp.get("/")
@login_required
async def index() -> str:
    reports = [report for report in current_app.extensions["reports"].values() if report.owner == current_user.id]
    return render_template("index.html", messages=room().messages, reports=reports[::-1], longest=LONGEST)


@bp.post("/")
@login_required
async def say() -> Response:
    """For a browser without JavaScript, and for a site that is served over WSGI."""
    if text := request.form["text"].strip():
        room().say(current_user.id, text)
    return redirect(url_for(".index"))


@bp.before_websocket
async def check() -> tuple[str, int] | None:
    """A page of any site may open a websocket here, and the browser adds our cookie: so the page must be ours."""
    if urlsplit(websocket.headers.get("Origin", "")).netloc != websocket.host:
        return "Open this from the site's own page.", 403
    if not current_user.is_authenticated:
        return "Log in first.", 401
    return None


@bp.websocket("/room")
async def talk() -> None:
    """Send the messages since ``?since=``, then each new one; take what the user says."""
    here, name = room(), current_user.id
    missed = here.since(websocket.args.get("since", 0, int))
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    here.readers.add(queue)
    try:
        await websocket.accept()
        async with asyncio.TaskGroup() as group:
            group.create_task(deliver(missed, queue))
            while True:
                said = await websocket.receive()
                if isinstance(said, str) and (text := said.strip()):
                    here.say(name, text)
    finally:
        here.readers.discard(queue)


async def deliver(missed: list[dict[str, Any]], queue: asyncio.Queue[dict[str, Any] | None]) -> None:
    for message in missed:
        await websocket.send_json(message)
    while (message := await queue.get()) is not None:
        await websocket.send_json(message)
    await websocket.close(TRY_AGAIN, "Too far behind.")
