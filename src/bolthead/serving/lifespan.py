"""The lifespan of an application in a WSGI worker: on an event loop in its own thread."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

UNANSWERED = "what is around 'asgi_app' does not hand on a scope of type 'lifespan'"


class StartupFailed(Exception):
    """What the application runs before it serves has raised; the message says what."""


class Lifespan:
    """The ASGI lifespan of *app*, begun before the worker serves, or with the first background task."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.begun = False
        self.loop: Any = None
        self._lock = threading.Lock()
        self._events: Any = None
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def begin(self) -> None:
        """Run the application's startup, once. Raises `StartupFailed`."""
        with self._lock:
            if self.begun:
                return
            self.loop = asyncio.new_event_loop()
            self._events = asyncio.Queue()
            # Anew: of an attempt that has failed there may be more in it.
            self._answers = queue.SimpleQueue()
            self._events.put_nowait({"type": "lifespan.startup"})
            threading.Thread(target=self._run, name="bolthead-lifespan", daemon=True).start()
            answer = self._answers.get()
            if answer["type"] != "lifespan.startup.complete":
                raise StartupFailed(answer.get("message") or "it does not say why")
            self.begun = True

    def end(self, seconds: float, waiting: Callable[[], None]) -> bool:
        """Run the application's shutdown, if it was begun; whether it ended in time. Its errors are logged by it.

        *waiting* is called again and again meanwhile.
        """
        if not self.begun:
            return True
        self.begun = False
        try:
            self.loop.call_soon_threadsafe(self._events.put_nowait, {"type": "lifespan.shutdown"})
        except RuntimeError:
            # Closed: middleware around the application has ended its lifespan.
            return True
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                self._answers.get(timeout=0.1)
                return True
            except queue.Empty:
                waiting()
        return False

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        answers = self._answers

        async def send(message: dict[str, Any]) -> None:
            answers.put(message)

        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            await self.app.asgi_app(scope, self._events.get, send)
        except BaseException as error:
            # Of middleware around it: what its own functions raise the application logs and answers.
            self.app.logger.error("Error in the application's lifespan", exc_info=error)
            answers.put({"type": "lifespan.failed", "message": f"{type(error).__name__}: {error}"})
        else:
            # Read only where nothing else was sent.
            answers.put({"type": "lifespan.failed", "message": UNANSWERED})
