"""Reports: a task that takes a while beside the requests, and its progress as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from bolthead import Blueprint, Flask, abort, current_app, redirect, render_template, request, url_for

STEPS = 20
RETRY = 1000
"""Milliseconds after which a browser asks again where a stream has ended."""
MOST = 20
"""Reports that are kept of all."""

bp = Blueprint("reports", __name__, url_prefix="/reports")


class Report:
    """How many words each author wrote, counted slowly. ``changed`` is notified at each step."""

    def __init__(self, number: int, owner: str) -> None:
        self.number = number
        self.owner = owner
        self.step = 0
        self.words: Counter[str] = Counter()
        self.changed = asyncio.Condition()

    @property
    def is_done(self) -> bool:
        return self.step == STEPS

    @property
    def percent(self) -> int:
        return 100 * self.step // STEPS

    @property
    def result(self) -> str | None:
        """What was counted; None before the end."""
        if not self.is_done:
            return None
        return ", ".join(f"{author}: {count}" for author, count in self.words.most_common()) or "No words yet."

    async def make(self, messages: list[dict[str, Any]], pause: float) -> None:
        for step in range(STEPS):
            await asyncio.sleep(pause)
            for message in messages[step::STEPS]:
                self.words[message["author"]] += len(message["text"].split())
            async with self.changed:
                self.step += 1
                self.changed.notify_all()

    def event(self) -> str:
        """The state as an event; its id is the step, which the browser sends back when it connects again."""
        data = json.dumps({"percent": self.percent, "result": self.result})
        return f"id: {self.step}\nretry: {RETRY}\ndata: {data}\n\n"

    async def events(self, seen: int, heartbeat: float) -> AsyncIterator[str]:
        """Each state after step *seen*, and a comment after each *heartbeat* seconds in which nothing happens."""
        while True:
            if self.step > seen:
                seen = self.step
                yield self.event()
            if self.is_done:
                return
            try:
                async with asyncio.timeout(heartbeat), self.changed:
                    if self.step <= seen:
                        await self.changed.wait()
            except TimeoutError:
                yield ": still here\n\n"


class Reports(dict[int, Report]):
    """The reports of all, by number."""

    def __init__(self) -> None:
        self.numbers = count(1)


def init_app(app: Flask) -> None:
    app.extensions["reports"] = Reports()
    app.register_blueprint(bp)


def own(number: int) -> Report:
    report = current_app.extensions["reports"].get(number)
    if report is None or report.owner != current_user.id:
        abort(404)
    found: Report = report
    return found


@bp.post("")
@login_required
async def create() -> Response:
    reports = current_app.extensions["reports"]
    report = Report(next(reports.numbers), current_user.id)
    messages = list(current_app.extensions["room"].messages)
    try:
        current_app.add_background_task(report.make, messages, current_app.config["STEP"])
    except RuntimeError as error:
        # There is no loop on which it could run: a WSGI server other than `bolthead serve`.
        abort(501, str(error))
    reports[report.number] = report
    while len(reports) > MOST:
        reports.pop(min(list(reports)), None)
    return redirect(url_for("messages.index"))


@bp.get("/<int:number>")
@login_required
async def show(number: int) -> str:
    return render_template("report.html", report=own(number))


@bp.get("/<int:number>/events")
@login_required
async def events(number: int) -> Any:
    report = own(number)
    seen = request.headers.get("Last-Event-ID", -1, int)
    if seen >= STEPS:
        # The browser knows the end, and asks again unless it is told not to.
        return "", 204
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    if "asgi.scope" in request.environ:
        return report.events(seen, current_app.config["HEARTBEAT"]), headers
    # Under WSGI a stream would hold a thread. One event is sent, and the browser asks again after `retry`.
    return report.event(), headers
